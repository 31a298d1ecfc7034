# What the `a` twins return: one operation, done at its first `await` in an `async def` goroutine.
#
# It acts when it is awaited, not when it is called. If it has to wait it yields PARK through the coroutine to the worker; once resumed
# it reads what happened from the goroutine. The slots that `await` uses are set from C: see _cpython/awaitable.hpp.

cdef extern from "_cpython/awaitable.hpp" namespace "goconc":
    void awaitable_slots(PyTypeObject *, int (*)(PyObject *, PyObject *, PyObject **) noexcept, PyObject *(*)(PyObject *) noexcept) noexcept


@cython.final
@cython.freelist(64)
cdef class Await:
    """An operation to be awaited."""

    def __cinit__(self):
        self.phase = FRESH
        self.deadline = forever
        self.room = NULL

    def __dealloc__(self):
        if self.room != NULL:
            delete_room(self.room)

    def __init__(self):
        raise TypeError("made by the awaitable twins of blocking calls")

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an operation")

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise NotImplementedError  # replaced by await_next

    def send(self, value):
        """Part of the coroutine protocol."""
        cdef PyObject *result = NULL
        if step(self, &result) == PYGEN_NEXT:
            return taken(result)
        raise StopIteration(taken(result))

    def throw(self, error, value=None, traceback=None):
        """Part of the coroutine protocol: ends the wait, unless the operation has happened, and raises."""
        give_up(self)
        if isinstance(error, type):
            error = error() if value is None else value if isinstance(value, BaseException) else error(value)
        if traceback is not None:
            error = error.with_traceback(traceback)
        raise error

    def close(self):
        """Part of the coroutine protocol: ends the wait."""
        give_up(self)


from collections.abc import Coroutine as _Coroutine
_Coroutine.register(Await)


cdef extern from *:
    """
    static inline goconc::SelectRoom *goconc_new_room() { return new (std::nothrow) goconc::SelectRoom; }
    static inline void goconc_delete_room(goconc::SelectRoom *r) { delete r; }
    """
    SelectRoom *new_room "goconc_new_room"() noexcept
    void delete_room "goconc_delete_room"(SelectRoom *) noexcept


cdef int await_send(PyObject *self, PyObject *value, PyObject **result) noexcept:
    result[0] = NULL
    try:
        return step(<Await>self, result)
    except BaseException as error:
        raise_exception(<PyObject *>owned(error))
        return PYGEN_ERROR


cdef PyObject *await_next(PyObject *self) noexcept:
    cdef PyObject *result = NULL
    cdef int status = await_send(self, Py_None, &result)
    if status == PYGEN_RETURN:
        return iternext_result(result)
    return result


cdef inline Await new_await(Wants wants):
    cdef Await a = Await.__new__(Await)
    a.wants = wants
    return a


cdef object await_receive(Chan chan, Wants wants, object timeout, object ctx):
    cdef Await a = new_await(wants)
    a.chan = chan
    if timeout is not None:
        a.deadline = deadline_of(timeout)
    if ctx is not None:
        await_with_context(a, ctx)
    return a


cdef int await_with_context(Await a, object ctx) except -1:
    """Turns it into a select with the context's done channel, looked up when it is awaited."""
    a.ctx = ctx
    return 0


def aselect(*cases, default=False, timeout=None, ctx=None):
    """The awaitable twin of ``select``."""
    cdef Await a = new_await(WANT_SELECT)
    cdef SelectRoom probe
    fill_room(&probe, cases)  # complains now
    empty_room(&probe, -1)
    a.cases = cases
    a.default = default
    a.ctx = ctx
    if timeout is not None:
        a.deadline = deadline_of(timeout)
    return a


def asleep(seconds):
    """The awaitable twin of ``sleep``; the time counts from the call."""
    cdef Await a = new_await(WANT_SLEEP)
    cdef int64_t delay = nanoseconds(seconds, "seconds")
    a.deadline = deadline_after(now_ns(), delay) if delay > 0 else 0
    return a


def agosched():
    """The awaitable twin of ``gosched``."""
    return new_await(WANT_YIELD)


cdef int step(Await a, PyObject **result) except -1:
    cdef Worker *w = this_worker()
    cdef G *g = NULL
    if w != NULL:
        g = w.current
    if g == NULL or g.kind != SleeperKind.coroutine:
        raise RuntimeError("this can be awaited in an async goroutine only (one that goconc.go or goconc.run has started)")
    if a.phase == SUSPENDED:
        if a.me is not <Goroutine>g.object:
            raise RuntimeError("this is being awaited by another goroutine")
        if g.claim.is_open(g.claim.ticket()) and a.wants != WANT_YIELD:
            result[0] = <PyObject *>owned(PARK)  # resumed by hand, and too early
            return PYGEN_NEXT
        return resume(a, w, g, result)
    if a.phase == SPENT:
        raise RuntimeError("cannot reuse an operation that was awaited already")
    a.me = <Goroutine>g.object
    return begin(a, w, g, result)


cdef inline int finished(Await a, object value, PyObject **result) except -1:
    a.phase = SPENT
    a.me = None
    result[0] = <PyObject *>owned(value)
    return PYGEN_RETURN


cdef int begin(Await a, Worker *w, G *g, PyObject **result) except -1:
    cdef Sleeper *wake = NULL
    cdef void *value = NULL
    cdef Op op
    if a.ctx is not None or a.wants == WANT_SELECT:
        return begin_select(a, w, g, result)
    if a.wants == WANT_SEND:
        value = owned(a.value)
        op = a.chan.ch.send(value, g, &g.waiter, wake)
        if wake != NULL:
            make_ready(w, wake)
        if op == Op.done:
            return finished(a, None, result)
        if op == Op.parked:
            return suspend(a, w, g, WaitReason.chan_send, result)
        a.phase = SPENT
        drop(value)
        raise_send(op)
    elif a.wants <= WANT_NEXT:
        if a.chan.timer != NULL:
            op = enter_timer(a.chan, value, g, &g.waiter)
        else:
            op = a.chan.ch.receive(value, g, &g.waiter, wake)
        if wake != NULL:
            make_ready(w, wake)
        if op == Op.parked:
            return suspend(a, w, g, WaitReason.chan_receive_nil if is_never(a.chan) else WaitReason.chan_receive, result)
        return got(a, value, op == Op.done, result)
    elif a.wants == WANT_SLEEP:
        if a.deadline == 0:
            return finished(a, None, result)
        g.claim.open()
        return suspend(a, w, g, WaitReason.sleep, result)
    elif a.wants == WANT_JOIN:
        if a.other is a.me:
            raise RuntimeError("a goroutine cannot join itself")
        if not join_line_enter(a.other, &g.waiter, g):
            a.phase = SPENT
            return finished(a, a.other.outcome(), result)
        return suspend(a, w, g, WaitReason.join, result)
    if g.requests.load() != 0:
        raise_requests(a.me)
    a.phase = SUSPENDED
    result[0] = <PyObject *>owned(GIVE_WAY)
    return PYGEN_NEXT


cdef int begin_select(Await a, Worker *w, G *g, PyObject **result) except -1:
    cdef Sleeper *wake = NULL
    cdef uint32_t chosen = 0
    cdef cppbool look_again = False
    cdef tuple cases = a.cases
    cdef Op op
    if a.wants != WANT_SELECT:
        cases = ((a.chan, a.value),) if a.wants == WANT_SEND else (a.chan,)
    if a.ctx is not None and a.room == NULL:
        a.cases = cases + (done_of(a.ctx),)
    elif a.room == NULL:
        a.cases = cases
    cases = a.cases
    if a.room == NULL:
        a.room = new_room()
        if a.room == NULL:
            raise MemoryError("no memory for a select")
        try:
            fill_room(a.room, cases)
        except:
            forget_room(a)
            raise
    op = a.room.enter(<Sleeper *>NULL if a.default else <Sleeper *>g, w.dice, chosen, wake, look_again)
    if wake != NULL:
        make_ready(w, wake)
    if op == Op.done or op == Op.closed:
        return selected_in_await(a, chosen, op == Op.done, result)
    if op == Op.would_block:
        empty_room(a.room, -1)
        forget_room(a)
        return finished(a, new_selected(-1, None, False, None), result)
    if op == Op.no_memory:
        empty_room(a.room, -1)
        forget_room(a)
        raise MemoryError("no memory for the channel's buffer")
    if look_again:
        sched.wake_for_deadline()
    return suspend(a, w, g, WaitReason.select_no_cases if none_ever_ready(a.room) else WaitReason.select, result)


cdef void forget_room(Await a) noexcept:
    delete_room(a.room)
    a.room = NULL


cdef int selected_in_await(Await a, uint32_t chosen, bint ok, PyObject **result) except -1:
    cdef tuple cases = a.cases
    a.phase = SPENT
    try:
        s = selected(a.room, cases, chosen, ok)
    finally:
        forget_room(a)
    if a.ctx is not None and chosen == len(cases) - 1:
        raise_err(a.ctx)
    if a.wants == WANT_SELECT:
        return finished(a, s, result)
    if a.wants == WANT_SEND:
        return finished(a, None, result)
    if a.wants == WANT_RECV_OK:
        return finished(a, (s[1], s[2]), result)
    if not s[2]:
        raise ChannelClosed("receive from closed channel")
    return finished(a, s[1], result)


cdef int got(Await a, void *value, bint ok, PyObject **result) except -1:
    """The end of a receive."""
    a.phase = SPENT
    if a.wants == WANT_RECV_OK:
        return finished(a, (received(a.chan, value), True) if ok else (None, False), result)
    if ok:
        if a.chan.timer != NULL:
            return finished(a, received(a.chan, value), result)
        a.me = None
        result[0] = <PyObject *>value  # the reference moves on
        return PYGEN_RETURN
    if a.wants == WANT_NEXT:
        raise StopAsyncIteration
    raise ChannelClosed("receive from closed channel")


cdef int suspend(Await a, Worker *w, G *g, WaitReason reason, PyObject **result) except -1:
    g.reason = reason
    a.phase = SUSPENDED
    if g.requests.load() != 0 and has_request(a.me) and g.claim.take_any():  # after opening: see Claim
        g.outcome = Outcome.canceled
        return resume(a, w, g, result)
    if a.deadline != forever:
        begin_limit(g, a.deadline)
    w.parked += 1
    Py_INCREF(PARK)
    result[0] = <PyObject *>PARK
    return PYGEN_NEXT


cdef int resume(Await a, Worker *w, G *g, PyObject **result) except -1:
    """The wait is over: what came of it."""
    cdef Outcome outcome = g.outcome
    if a.wants == WANT_YIELD:
        a.phase = SPENT
        if g.requests.load() != 0:
            raise_requests(a.me)
        return finished(a, None, result)
    g.reason = WaitReason.none
    if a.deadline != forever:
        sched.disarm(&g.deadline)
    if outcome == Outcome.handed:
        if a.room != NULL:
            a.room.leave()
            return selected_in_await(a, g.winner.index, g.winner.ok, result)
        if a.wants == WANT_SEND:
            a.phase = SPENT
            if not g.waiter.ok:
                drop(g.waiter.value)
                raise ChannelClosed("send on closed channel")
            return finished(a, None, result)
        if a.wants == WANT_JOIN:
            a.phase = SPENT
            return finished(a, a.other.outcome(), result)
        return got(a, g.waiter.value, g.waiter.ok, result)
    leave_lines(a, g)
    a.phase = SPENT
    if outcome == Outcome.timed_out:
        if a.wants == WANT_SLEEP:
            return finished(a, None, result)
        raise TimeoutError(f"{'select' if a.wants == WANT_SELECT else 'join' if a.wants == WANT_JOIN else 'send' if a.wants == WANT_SEND else 'receive'} timed out")
    raise_requests(a.me)
    a.phase = FRESH
    if a.wants == WANT_SELECT and a.ctx is not None:
        a.cases = a.cases[:len(a.cases) - 1]
    return begin(a, w, g, result)  # nothing to raise after all


cdef void leave_lines(Await a, G *g) noexcept:
    """Undoes what begin() has queued, after a wait that was not served."""
    if a.room != NULL:
        a.room.leave()
        empty_room(a.room, -1)
        forget_room(a)
    elif a.wants == WANT_JOIN:
        join_line_leave(a.other, &g.waiter)
    elif a.chan is not None:
        leave_line(a.chan, &g.waiter)
        if a.wants == WANT_SEND:
            drop(g.waiter.value)


cdef void give_up(Await a) noexcept:
    """Ends the wait from outside, unless it was served already: then what it received is dropped with it."""
    cdef G *g
    if a.phase == SUSPENDED and a.me is not None and a.wants != WANT_YIELD:
        g = &a.me.g
        if g.claim.take_any():
            if a.deadline != forever:
                sched.disarm(&g.deadline)
            leave_lines(a, g)
    a.phase = SPENT
    a.me = None


awaitable_setup()
awaitable_slots(<PyTypeObject *>Await, await_send, await_next)
