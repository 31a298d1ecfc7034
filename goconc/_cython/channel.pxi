# Chan and its two views: the native channel, the references in it, and waiting on it.


cdef extern from "_cpython/containers.hpp" namespace "goconc":
    void drop_ring(Channel *) noexcept
    void collect_ring(PyTypeObject *, Channel *(*)(PyObject *) noexcept) noexcept


cdef Channel *native_channel(PyObject *self) noexcept:
    return &(<Chan>self).own


@cython.final
@cython.trashcan(True)
cdef class Chan:
    """A typed conduit between goroutines, threads and event loops. (Go: ``make(chan T, capacity)``)

    ``capacity`` 0 is a rendezvous: a send completes when a receiver has taken the value. ``capacity`` n buffers up to n values.
    """

    def __cinit__(self, capacity=0):
        self.ch = &self.own
        self.timer = NULL
        cdef int overflow = 0
        cdef int64_t n = whole_number(capacity, "capacity", overflow)
        if n < 0 or overflow or n > <int64_t>PY_SSIZE_T_MAX:
            raise ValueError(f"capacity must be between 0 and {_sys.maxsize}, not {number_text(capacity)}")
        self.own.capacity = n

    def __dealloc__(self):
        if self.timer != NULL:
            free_timer(self)
        else:
            drop_ring(&self.own)

    __class_getitem__ = classmethod(_GenericAlias)

    def __repr__(self):
        state = " closed" if self.ch.closed else ""
        return f"<goconc.Chan {len(self)}/{self.cap}{state} at {<size_t><void *>self:#x}>"

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a channel")

    def __len__(self):
        return self.ch.length()

    def __bool__(self):
        return True

    @property
    def cap(self) -> int:
        """How many values it buffers."""
        return self.ch.capacity

    @property
    def closed(self) -> bool:
        """Whether it was closed. Another goroutine may close it right after."""
        return self.ch.closed

    @property
    def sender(self):
        """The send-only view of it."""
        return send_view(self)

    @property
    def receiver(self):
        """The receive-only view of it."""
        return receive_view(self)

    def send(self, value, *, timeout=None, ctx=None) -> None:
        """Sends ``value``; waits while there is no room or, without a buffer, until a receiver takes it. (Go: ``ch <- value``)

        ``timeout`` in seconds: ``TimeoutError``. ``ctx``: its ``err()`` once it is done. ``ChannelClosed`` if it is or gets closed.
        Whenever this raises, the value was not sent.
        """
        cdef Worker *w = plain_caller()
        if w != NULL and timeout is None and ctx is None and self.timer == NULL:
            send_plain(w, self, value, forever)
        else:
            send(self, value, timeout, ctx)

    def recv(self, *, timeout=None, ctx=None):
        """Receives the next value; waits for one. (Go: ``<-ch``) ``ChannelClosed`` once it is closed and empty.

        ``timeout`` in seconds: ``TimeoutError``. ``ctx``: its ``err()`` once it is done.
        """
        cdef Worker *w = plain_caller()
        cdef void *value = NULL
        if w == NULL or timeout is not None or ctx is not None or self.timer != NULL:
            return receive(self, Wants.recv, timeout, ctx)
        if receive_plain(w, self, value, forever):
            return taken(value)
        raise ChannelClosed("receive from closed channel")

    def recv_ok(self, *, timeout=None, ctx=None):
        """``(value, True)``, or ``(None, False)`` once it is closed and empty. (Go: ``v, ok := <-ch``)"""
        return receive(self, Wants.recv_ok, timeout, ctx)

    def send_nowait(self, value) -> None:
        """Sends if that takes no waiting; else raises ``WouldBlock``."""
        cdef Sleeper *wake = NULL
        cdef Op op
        refuse_send_on_timer(self)
        op = self.ch.send(owned(value), NULL, NULL, wake)
        if wake != NULL:
            make_ready(this_worker(), wake)
        if op != Op.done:
            drop(<void *>value)
            if op == Op.would_block:
                raise WouldBlock("send would block")
            raise_send(op)

    def recv_nowait(self):
        """Receives if a value is there; else raises ``WouldBlock``."""
        cdef void *value = NULL
        cdef Op op = try_receive(self, value)
        if op == Op.done:
            return received(self, value)
        if op == Op.would_block:
            raise WouldBlock("receive would block")
        raise ChannelClosed("receive from closed channel")

    def asend(self, value, *, timeout=None, ctx=None):
        """The awaitable twin of ``send``."""
        cdef Await a = new_await(Wants.send)
        refuse_send_on_timer(self)
        if timeout is not None or ctx is not None:
            limit(a, timeout, ctx)
        else:
            a.op.bare = True
        a.op.chan = <PyObject *>owned(self)
        a.op.native = self.ch
        a.op.value = <PyObject *>owned(value)
        return complete(a)

    def arecv(self, *, timeout=None, ctx=None):
        """The awaitable twin of ``recv``."""
        return await_receive(self, Wants.recv, timeout, ctx)

    def arecv_ok(self, *, timeout=None, ctx=None):
        """The awaitable twin of ``recv_ok``."""
        return await_receive(self, Wants.recv_ok, timeout, ctx)

    def close(self) -> None:
        """No more sends. Values in the buffer can still be received. A second close raises ``ChannelClosed``. (Go: ``close(ch)``)"""
        if not close_if_open(self):
            raise ChannelClosed("close of closed channel")

    def __iter__(self):
        return self

    def __next__(self):
        return receive(self, Wants.next, None, None)

    def __aiter__(self):
        return self

    def __anext__(self):
        return await_receive(self, Wants.next, None, None)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        close_if_open(self)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        close_if_open(self)


@cython.final
cdef class SendChan:
    """The send-only view of a channel: ``ch.sender``. It equals its channel."""

    __class_getitem__ = classmethod(_GenericAlias)

    def __repr__(self):
        return f"<sender of {self.chan!r}>"

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a channel")

    def __hash__(self):
        return hash(self.chan)

    def __eq__(self, other):
        return same_channel(self.chan, other)

    def __len__(self):
        return self.chan.ch.length()

    def __bool__(self):
        return True

    @property
    def cap(self) -> int:
        """How many values it buffers."""
        return self.chan.ch.capacity

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self.chan.ch.closed

    @property
    def sender(self):
        """Itself."""
        return self

    def send(self, value, *, timeout=None, ctx=None) -> None:
        """See ``Chan.send``."""
        send(self.chan, value, timeout, ctx)

    def send_nowait(self, value) -> None:
        """See ``Chan.send_nowait``."""
        self.chan.send_nowait(value)

    def asend(self, value, *, timeout=None, ctx=None):
        """See ``Chan.asend``."""
        return self.chan.asend(value, timeout=timeout, ctx=ctx)

    def close(self) -> None:
        """See ``Chan.close``."""
        self.chan.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        close_if_open(self.chan)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        close_if_open(self.chan)


@cython.final
cdef class RecvChan:
    """The receive-only view of a channel: ``ch.receiver``. It equals its channel."""

    __class_getitem__ = classmethod(_GenericAlias)

    def __repr__(self):
        return f"<receiver of {self.chan!r}>"

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a channel")

    def __hash__(self):
        return hash(self.chan)

    def __eq__(self, other):
        return same_channel(self.chan, other)

    def __len__(self):
        return self.chan.ch.length()

    def __bool__(self):
        return True

    @property
    def cap(self) -> int:
        """How many values it buffers."""
        return self.chan.ch.capacity

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self.chan.ch.closed

    @property
    def receiver(self):
        """Itself."""
        return self

    def recv(self, *, timeout=None, ctx=None):
        """See ``Chan.recv``."""
        return receive(self.chan, Wants.recv, timeout, ctx)

    def recv_ok(self, *, timeout=None, ctx=None):
        """See ``Chan.recv_ok``."""
        return receive(self.chan, Wants.recv_ok, timeout, ctx)

    def recv_nowait(self):
        """See ``Chan.recv_nowait``."""
        return self.chan.recv_nowait()

    def arecv(self, *, timeout=None, ctx=None):
        """See ``Chan.arecv``."""
        return await_receive(self.chan, Wants.recv, timeout, ctx)

    def arecv_ok(self, *, timeout=None, ctx=None):
        """See ``Chan.arecv_ok``."""
        return await_receive(self.chan, Wants.recv_ok, timeout, ctx)

    def __iter__(self):
        return self

    def __next__(self):
        return receive(self.chan, Wants.next, None, None)

    def __aiter__(self):
        return self

    def __anext__(self):
        return await_receive(self.chan, Wants.next, None, None)


cdef bint close_if_open(Chan chan) except? 0:
    """False if it was closed already."""
    cdef WakeList wakes
    refuse_send_on_timer(chan)
    if not chan.ch.close(wakes):
        return False
    make_all_ready(this_worker(), wakes)
    return True


cdef SendChan send_view(Chan chan):
    cdef SendChan view = SendChan.__new__(SendChan)
    view.chan = chan
    return view


cdef RecvChan receive_view(Chan chan):
    cdef RecvChan view = RecvChan.__new__(RecvChan)
    view.chan = chan
    return view


cdef object same_channel(Chan chan, object other):
    cdef Chan theirs = channel_of(other)
    if theirs is None:
        return NotImplemented
    return chan is theirs


cdef inline Chan channel_of(object thing):
    """The channel behind a Chan or a view; None for anything else."""
    if type(thing) is Chan:
        return <Chan>thing
    if type(thing) is RecvChan:
        return (<RecvChan>thing).chan
    if type(thing) is SendChan:
        return (<SendChan>thing).chan
    return None


# ---- the operations ----

cdef inline Worker *plain_caller() noexcept:
    """The worker, if a plain goroutine calls."""
    cdef Worker *w = this_worker()
    return w if w != NULL and w.current != NULL and w.current.kind == SleeperKind.plain else NULL


cdef inline object received(Chan chan, void *value):
    if chan.timer != NULL:
        return TimerChannel.event_of(value) * 1e-9
    return taken(value)


cdef int raise_send(Op op) except -1:
    if op == Op.no_memory:
        raise MemoryError("no memory for the channel's buffer")
    raise ChannelClosed("send on closed channel")


cdef inline int refuse_send_on_timer(Chan chan) except -1:
    if chan.timer != NULL:
        raise TypeError("this channel belongs to a timer: it cannot be sent on or closed")
    return 0


cdef inline void leave_line(Chan chan, Waiter *waiter) noexcept:
    """After a wait that did not end by a hand-off."""
    chan.ch.lock.lock()
    if waiter.linked:
        waiter.line.unlink(waiter)
    if chan.timer != NULL:
        chan.timer.follow()
    chan.ch.lock.unlock()


cdef int send(Chan chan, object value, object timeout, object ctx) except -1:
    cdef Worker *w = blocking_caller("asend()")
    cdef int64_t deadline = forever if timeout is None else deadline_of(timeout)
    refuse_send_on_timer(chan)
    if ctx is not None:
        with_context(w, chan, True, value, deadline, ctx)
        return 0
    if w != NULL:
        return send_plain(w, chan, value, deadline)
    return send_thread(chan, value, deadline)


cdef int send_plain(Worker *w, Chan chan, object sent, int64_t deadline) except -1:
    cdef void *value = owned(sent)
    cdef G *g = w.current
    cdef Sleeper *wake = NULL
    cdef Outcome outcome
    cdef Op op
    while True:
        op = chan.ch.send(value, g, &g.waiter, wake)
        if op == Op.done:
            if wake != NULL:
                make_ready(w, wake)
            return 0
        if op != Op.parked:
            drop(value)
            return raise_send(op)
        outcome = wait_plain(w, g, WaitReason.chan_send, deadline)
        if outcome == Outcome.handed and g.waiter.ok:
            return 0
        if outcome != Outcome.handed:
            leave_line(chan, &g.waiter)
        drop(value)
        if outcome == Outcome.handed:
            raise_send(Op.closed)
        if outcome == Outcome.timed_out:
            raise TimeoutError("send timed out")
        raise_requests(<Goroutine>g.object)
        value = owned(sent)


cdef int send_thread(Chan chan, object sent, int64_t deadline) except -1:
    cdef void *value = owned(sent)
    cdef ThreadSleeper thread
    cdef Sleeper *wake = NULL
    cdef Outcome outcome = Outcome.canceled
    cdef Op op = chan.ch.send(value, &thread, &thread.waiter, wake)
    if wake != NULL:
        make_ready(this_worker(), wake)
    if op == Op.done:
        return 0
    if op != Op.parked:
        drop(value)
        raise_send(op)
    try:
        outcome = wait_thread(&thread, deadline)
    finally:
        if outcome != Outcome.handed:
            leave_line(chan, &thread.waiter)
            drop(value)
    if outcome == Outcome.timed_out:
        raise TimeoutError("send timed out")
    if not thread.waiter.ok:
        drop(value)
        raise_send(Op.closed)
    return 0


cdef object receive(Chan chan, Wants wants, object timeout, object ctx):
    cdef Worker *w = blocking_caller("arecv()")
    cdef int64_t deadline = forever if timeout is None else deadline_of(timeout)
    cdef void *value = NULL
    cdef bint ok
    if ctx is not None:
        return receive_with_context(w, chan, wants, deadline, ctx)
    if chan.timer != NULL:
        ok = receive_timer(w, chan, value, deadline)
    elif w != NULL:
        ok = receive_plain(w, chan, value, deadline)
    else:
        ok = receive_thread(chan, value, deadline)
    return receive_result(chan, wants, value, ok)


cdef inline object receive_result(Chan chan, Wants wants, void *value, bint ok):
    if wants == Wants.recv_ok:
        return (received(chan, value), True) if ok else (None, False)
    if ok:
        return received(chan, value)
    if wants == Wants.next:
        raise StopIteration
    raise ChannelClosed("receive from closed channel")


cdef bint receive_plain(Worker *w, Chan chan, void *&value, int64_t deadline) except? 0:
    cdef G *g = w.current
    cdef Sleeper *wake = NULL
    cdef Outcome outcome
    cdef Op op
    while True:
        op = chan.ch.receive(value, g, &g.waiter, wake)
        if op == Op.done:
            if wake != NULL:
                make_ready(w, wake)
            return True
        if op == Op.closed:
            return False
        outcome = wait_plain(w, g, WaitReason.chan_receive, deadline)
        if outcome == Outcome.handed:
            (&value)[0] = g.waiter.value
            return g.waiter.ok
        leave_line(chan, &g.waiter)
        if outcome == Outcome.timed_out:
            raise TimeoutError("receive timed out")
        raise_requests(<Goroutine>g.object)


cdef bint receive_thread(Chan chan, void *&value, int64_t deadline) except? 0:
    cdef ThreadSleeper thread
    cdef Sleeper *wake = NULL
    cdef Outcome outcome = Outcome.canceled
    cdef Op op = chan.ch.receive(value, &thread, &thread.waiter, wake)
    if wake != NULL:
        make_ready(this_worker(), wake)
    if op != Op.parked:
        return op == Op.done
    try:
        outcome = wait_thread(&thread, deadline)
    finally:
        if outcome != Outcome.handed:
            leave_line(chan, &thread.waiter)
    if outcome == Outcome.timed_out:
        raise TimeoutError("receive timed out")
    (&value)[0] = thread.waiter.value
    return thread.waiter.ok


cdef Op enter_timer(Chan chan, void *&value, Sleeper *sleeper, Waiter *waiter) noexcept:
    """Receives from a timer's channel, or parks ``waiter`` on it."""
    cdef bint look_again = False
    cdef Op op
    chan.ch.lock.lock()
    op = chan.timer.try_receive(value)
    if op == Op.would_block and waiter != NULL:
        chan.ch.park(chan.ch.receivers, waiter, sleeper, NULL)
        look_again = chan.timer.follow()
        op = Op.parked
    chan.ch.lock.unlock()
    if look_again:
        sched.wake_keeper(this_worker())
    return op


cdef bint receive_timer(Worker *w, Chan chan, void *&value, int64_t deadline) except? 0:
    cdef ThreadSleeper thread
    cdef Sleeper *sleeper = <Sleeper *>&thread if w == NULL else <Sleeper *>w.current
    cdef Waiter *waiter = &thread.waiter if w == NULL else &w.current.waiter
    cdef Outcome outcome
    cdef WaitReason reason = WaitReason.chan_receive_nil if is_never(chan) else WaitReason.chan_receive
    if w == NULL and not is_never(chan):
        ensure_background()  # somebody has to fire it
    while True:
        if enter_timer(chan, value, sleeper, waiter) == Op.done:
            return True
        outcome = Outcome.canceled
        try:
            outcome = wait_here(w, &thread, reason, deadline)
        finally:
            if outcome != Outcome.handed:
                leave_line(chan, waiter)
        if outcome == Outcome.handed:
            (&value)[0] = waiter.value
            return True
        if outcome == Outcome.timed_out:
            raise TimeoutError("receive timed out")


cdef Op try_receive(Chan chan, void *&value) noexcept:
    cdef Sleeper *wake = NULL
    cdef Op op
    if chan.timer != NULL:
        return enter_timer(chan, value, NULL, NULL)
    op = chan.ch.receive(value, NULL, NULL, wake)
    if wake != NULL:
        make_ready(this_worker(), wake)
    return op


collect_ring(<PyTypeObject *>Chan, native_channel)
