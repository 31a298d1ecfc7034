# What the `a` twins return: one operation, done at its first `await` in an `async def` goroutine.
#
# It acts when it is awaited, not when it is called. If it has to wait it yields PARK through the coroutine to the worker; once resumed
# it reads what happened from the goroutine. The slots that `await` uses are set from C: see _cpython/awaitable.hpp.

cdef extern from "_cpython/awaitable.hpp" namespace "goconc":
    void awaitable_slots(
        PyTypeObject *, int (*)(PyObject *, PyObject *, PyObject **) except -1, PyObject *(*)(PyObject *) except? NULL) noexcept


@cython.final
@cython.freelist(64)
@cython.no_gc
cdef class Await:
    """An operation to be awaited."""

    def __cinit__(self):
        self.room = NULL

    def __dealloc__(self):
        if self.op.phase == Phase.fresh:
            never_awaited(self.op)
        self.op.spend()
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


# The slots. An exception is signalled by the return value, as everywhere in C.

cdef int await_send(PyObject *self, PyObject *value, PyObject **result) except -1:
    result[0] = NULL
    cdef int status = quick_step((<Await>self).op, sched, result)
    if status == slow_way:
        status = slow_step(<Await>self, result)
    return status


cdef PyObject *await_next(PyObject *self) except? NULL:
    cdef PyObject *result = NULL
    cdef int status = quick_step((<Await>self).op, sched, &result)
    if status == slow_way:
        status = slow_step(<Await>self, &result)
    if status == PYGEN_RETURN:
        return iternext_result(result)
    return result


cdef int slow_step(Await a, PyObject **result) except -1:
    try:
        return step(a, result)
    except StopIteration as error:
        # It would end the `await` as if it were a result (PEP 479).
        raise RuntimeError("what was awaited raised StopIteration") from error


cdef inline Await new_await(Wants wants):
    """The goroutine's own one, unless it is in use or somebody still holds it."""
    cdef Worker *w = this_worker()
    cdef PyObject *spare = NULL
    cdef Await a
    if w != NULL and w.current != NULL and w.current.kind == SleeperKind.coroutine:
        spare = <PyObject *>w.current.spare
        if spare == NULL:
            a = Await.__new__(Await)
            w.current.spare = owned(a)
            spare = <PyObject *>a
        elif (<Await>spare).op.phase == Phase.suspended or not held_n_times(spare, 1):
            spare = NULL
        elif (<Await>spare).op.phase == Phase.fresh:
            never_awaited((<Await>spare).op)
            (<Await>spare).op.spend()
    if spare != NULL:
        a = <Await>spare
        a.op.bare = a.op.has_default = False
        a.op.deadline = forever
        a.ctx = None
    else:
        a = Await.__new__(Await)
    a.op.wants = wants
    return a  # still spent: complete() it once nothing can fail any more


cdef inline Await complete(Await a):
    a.op.phase = Phase.fresh
    return a


cdef inline object await_receive(Chan chan, Wants wants, object timeout, object ctx):
    cdef Await a = new_await(wants)
    if timeout is not None or ctx is not None:
        limit(a, timeout, ctx)
    elif wants == Wants.recv or wants == Wants.next:
        a.op.bare = chan.timer == NULL
    a.op.chan = <PyObject *>owned(chan)
    a.op.native = chan.ch
    return complete(a)


cdef int limit(Await a, object timeout, object ctx) except -1:
    if timeout is not None:
        a.op.deadline = deadline_of(timeout)
    a.ctx = ctx
    return 0


def aselect(*cases, default=False, timeout=None, ctx=None):
    """The awaitable twin of ``select``."""
    cdef Await a = new_await(Wants.select)
    cdef SelectRoom probe
    fill_room(&probe, cases)  # complains now
    empty_room(&probe, -1)
    limit(a, timeout, ctx)
    a.op.value = <PyObject *>owned(cases)
    a.op.has_default = default
    return complete(a)


def asleep(seconds):
    """The awaitable twin of ``sleep``; the time counts from the call."""
    cdef int64_t delay = nanoseconds(seconds, "seconds")
    cdef Await a = new_await(Wants.sleep)
    a.op.deadline = deadline_after(now_ns(), delay) if delay > 0 else 0
    return complete(a)


def agosched():
    """The awaitable twin of ``gosched``."""
    cdef Await a = new_await(Wants.give_way)
    a.op.bare = True
    return complete(a)


cdef int step(Await a, PyObject **result) except -1:
    cdef Worker *w = this_worker()
    cdef G *g = NULL
    if w != NULL:
        g = w.current
    if g == NULL or g.kind != SleeperKind.coroutine:
        over(a)
        raise RuntimeError("this can be awaited in an async goroutine only (one that goconc.go or goconc.run has started)")
    if a.op.phase == Phase.suspended:
        if a.op.me != g:
            raise RuntimeError("this is being awaited by another goroutine")
        if a.op.wants != Wants.give_way and g.claim.is_open(g.claim.ticket()):
            result[0] = <PyObject *>owned(PARK)  # resumed by hand, and too early
            return PYGEN_NEXT
        return resume(a, w, g, result)
    if a.op.phase == Phase.spent:
        raise RuntimeError("cannot reuse an operation that was awaited already")
    a.op.me = g
    try:
        return begin(a, w, g, result)
    except BaseException:
        over(a)
        raise


cdef inline void over(Await a) noexcept:
    """It has come to its end, and keeps nothing alive."""
    a.op.spend()
    a.ctx = None


cdef inline int finished(Await a, object value, PyObject **result) except -1:
    over(a)
    result[0] = <PyObject *>owned(value)
    return PYGEN_RETURN


cdef int begin(Await a, Worker *w, G *g, PyObject **result) except -1:
    cdef Wants wants = a.op.wants
    cdef Sleeper *wake = NULL
    cdef void *value = NULL
    cdef Op op
    if a.ctx is not None or wants == Wants.select:
        return begin_select(a, w, g, result)
    if wants == Wants.send:
        op = a.op.native.send(a.op.value, g, &g.waiter, wake)
        if wake != NULL:
            make_ready(w, wake)
        if op == Op.done or op == Op.parked:
            a.op.value = NULL  # it has moved
        if op == Op.done:
            return finished(a, None, result)
        if op == Op.parked:
            return suspend(a, w, g, WaitReason.chan_send, result)
        raise_send(op)
    elif wants == Wants.recv or wants == Wants.recv_ok or wants == Wants.next:
        if (<Chan>a.op.chan).timer != NULL:
            op = enter_timer(<Chan>a.op.chan, value, g, &g.waiter)
        else:
            op = a.op.native.receive(value, g, &g.waiter, wake)
        if wake != NULL:
            make_ready(w, wake)
        if op == Op.parked:
            return suspend(a, w, g, WaitReason.chan_receive_nil if is_never(<Chan>a.op.chan) else WaitReason.chan_receive, result)
        return got(a, value, op == Op.done, result)
    elif wants == Wants.sleep:
        if a.op.deadline == 0:
            return finished(a, None, result)
        g.claim.open()
        return suspend(a, w, g, WaitReason.sleep, result)
    elif wants == Wants.join:
        if &(<Goroutine>a.op.value).g == g:
            raise RuntimeError("a goroutine cannot join itself")
        if not join_line_enter(<Goroutine>a.op.value, &g.waiter, g):
            return finished(a, (<Goroutine>a.op.value).outcome(), result)
        return suspend(a, w, g, WaitReason.join, result)
    if g.requests.load() != 0:
        raise_requests(<Goroutine>g.object)
    a.op.phase = Phase.suspended
    result[0] = <PyObject *>owned(GIVE_WAY)
    return PYGEN_NEXT


cdef int begin_select(Await a, Worker *w, G *g, PyObject **result) except -1:
    cdef Sleeper *wake = NULL
    cdef uint32_t chosen = 0
    cdef cppbool look_again = False
    cdef tuple cases
    cdef object ctx = a.ctx
    cdef Op op
    if a.op.wants == Wants.select:
        cases = <tuple>a.op.value
    elif a.op.wants == Wants.send:
        cases = ((<object>a.op.chan, <object>a.op.value),)
    else:
        cases = (<object>a.op.chan,)
    if ctx is not None:
        cases = cases + (done_of(ctx),)
    a.room = new_room()
    if a.room == NULL:
        raise MemoryError("no memory for a select")
    try:
        fill_room(a.room, cases)
    except BaseException:
        forget_room(a)
        raise
    op = a.room.enter(<Sleeper *>NULL if a.op.has_default else <Sleeper *>g, w.dice, chosen, wake, look_again)
    if wake != NULL:
        make_ready(w, wake)
    if op == Op.done or op == Op.closed:
        return selected_in_await(a, ctx, cases, chosen, op == Op.done, result)
    if op == Op.would_block:
        empty_room(a.room, -1)
        forget_room(a)
        return finished(a, new_selected(-1, None, False, None), result)
    if op == Op.no_memory:
        empty_room(a.room, -1)
        forget_room(a)
        raise MemoryError("no memory for the channel's buffer")
    if look_again:
        sched.wake_keeper(this_worker())
    a.ctx = (ctx, cases)
    return suspend(a, w, g, WaitReason.select_no_cases if none_ever_ready(a.room) else WaitReason.select, result)


cdef void forget_room(Await a) noexcept:
    delete_room(a.room)
    a.room = NULL
    if type(a.ctx) is tuple:
        a.ctx = (<tuple>a.ctx)[0]


cdef int selected_in_await(Await a, object ctx, tuple cases, uint32_t chosen, bint ok, PyObject **result) except -1:
    cdef Wants wants = a.op.wants
    try:
        s = selected(a.room, cases, chosen, ok)
    finally:
        forget_room(a)
    if ctx is not None and chosen == len(cases) - 1:
        raise_error_of(ctx)
    if wants == Wants.select:
        return finished(a, s, result)
    if wants == Wants.send:
        return finished(a, None, result)
    if wants == Wants.recv_ok:
        return finished(a, (s[1], s[2]), result)
    if s[2]:
        return finished(a, s[1], result)
    raise_closed(wants)


cdef int raise_closed(Wants wants) except -1:
    if wants == Wants.next:
        raise StopAsyncIteration
    raise ChannelClosed("receive from closed channel")


cdef int got(Await a, void *value, bint ok, PyObject **result) except -1:
    """The end of a receive."""
    if a.op.wants == Wants.recv_ok:
        return finished(a, (received(<Chan>a.op.chan, value), True) if ok else (None, False), result)
    if ok:
        return finished(a, received(<Chan>a.op.chan, value), result)
    raise_closed(a.op.wants)


cdef int suspend(Await a, Worker *w, G *g, WaitReason reason, PyObject **result) except -1:
    g.reason = reason
    a.op.phase = Phase.suspended
    if g.requests.load() != 0 and has_request(<Goroutine>g.object) and g.claim.take_any():  # after opening: see Claim
        g.outcome = Outcome.canceled
        return resume(a, w, g, result)
    if a.op.deadline != forever:
        begin_limit(g, a.op.deadline)
    w.parked += 1
    result[0] = <PyObject *>owned(PARK)
    return PYGEN_NEXT


cdef int resume(Await a, Worker *w, G *g, PyObject **result) except -1:
    """The wait is over: what came of it."""
    try:
        return conclude(a, w, g, result)
    except BaseException:
        over(a)
        raise


cdef int conclude(Await a, Worker *w, G *g, PyObject **result) except -1:
    cdef Wants wants = a.op.wants
    cdef Outcome outcome = g.outcome
    if wants == Wants.give_way:
        if g.requests.load() != 0:
            raise_requests(<Goroutine>g.object)
        return finished(a, None, result)
    g.reason = WaitReason.none
    if a.op.deadline != forever:
        sched.disarm(&g.deadline)
    if outcome == Outcome.handed:
        if g.requests.load_relaxed() & REQUEST_RAISE:
            interrupt_again(<Goroutine>g.object)
        if a.room != NULL:
            a.room.leave()
            entered = <tuple>a.ctx
            return selected_in_await(a, entered[0], entered[1], g.winner.index, g.winner.ok, result)
        if wants == Wants.send:
            if not g.waiter.ok:
                a.op.value = <PyObject *>g.waiter.value
                raise_send(Op.closed)
            return finished(a, None, result)
        if wants == Wants.join:
            return finished(a, (<Goroutine>a.op.value).outcome(), result)
        return got(a, g.waiter.value, g.waiter.ok, result)
    leave_lines(a, g)
    if outcome == Outcome.timed_out:
        if wants == Wants.sleep:
            return finished(a, None, result)
        raise TimeoutError(f"{wait_name(wants)} timed out")
    raise_requests(<Goroutine>g.object)
    a.op.phase = Phase.fresh
    return begin(a, w, g, result)  # nothing to raise after all


cdef str wait_name(Wants wants):
    if wants == Wants.select:
        return "select"
    if wants == Wants.join:
        return "join"
    return "send" if wants == Wants.send else "receive"


cdef void leave_lines(Await a, G *g) noexcept:
    """Undoes what begin() has queued, after a wait that was not served. A send has its value back."""
    if a.room != NULL:
        a.room.leave()
        empty_room(a.room, -1)
        forget_room(a)
    elif a.op.wants == Wants.join:
        join_line_leave(<Goroutine>a.op.value, &g.waiter)
    elif a.op.chan != NULL:
        leave_line(<Chan>a.op.chan, &g.waiter)
        if a.op.wants == Wants.send:
            a.op.value = <PyObject *>g.waiter.value


cdef void give_up(Await a) noexcept:
    """Ends the wait from outside, unless it was served already: then what it received is dropped with it."""
    cdef G *g = a.op.me
    if a.op.phase == Phase.suspended and a.op.wants != Wants.give_way:
        if g.claim.take_any():
            if a.op.deadline != forever:
                sched.disarm(&g.deadline)
            leave_lines(a, g)
        elif a.room == NULL and a.op.chan != NULL and a.op.wants != Wants.send and not FREE_THREADED:
            # Served already. (Without a GIL its server may still be writing: the value is leaked then.)
            if g.outcome == Outcome.handed and g.waiter.ok and (<Chan>a.op.chan).timer == NULL:
                drop(g.waiter.value)
    over(a)


awaitable_setup()
awaitable_slots(<PyTypeObject *>Await, await_send, await_next)
