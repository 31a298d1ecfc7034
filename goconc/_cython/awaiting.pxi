# What the `a` twins return: one operation, done at its first `await` in an `async def` goroutine or in a task of asyncio.
#
# It acts when it is awaited, not when it is called. If it has to wait it yields through the coroutine: PARK to a worker, a future to an
# event loop (tasks.pxi). Once resumed it reads what happened from the sleeper, which is the goroutine's or the task's. The slots that
# `await` uses are set from C: see _cpython/awaitable.hpp.

cdef extern from "_cpython/awaitable.hpp" namespace "goconc":
    void awaitable_slots(
        PyTypeObject *, int (*)(PyObject *, PyObject *, PyObject **) except -1, PyObject *(*)(PyObject *) except? NULL) noexcept

cdef extern from "_cpython/operation.hpp" namespace "goconc":
    void collect_operations(PyTypeObject *, Operation *(*)(PyObject *) noexcept) noexcept


@cython.final
@cython.trashcan(True)
@cython.freelist(64)
cdef class Await:
    """An operation to be awaited."""

    def __dealloc__(self):
        if self.op.take(Phase.fresh):
            never_awaited(self.op)
            self.op.spend()
        else:
            end_suspended(&self.op)

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an operation")

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)  # as a method; for `next` it is replaced by await_next

    def send(self, value):
        """Part of the coroutine protocol."""
        cdef PyObject *result = NULL
        if step(self, &result) == PYGEN_NEXT:
            return taken(result)
        raise StopIteration(taken(result))

    def throw(self, error, value=None, traceback=None):
        """Part of the coroutine protocol: ends the wait, and raises. What had been received is dropped.

        But if an asyncio task is cancelled after the operation has happened, it returns the result, and the cancellation comes again.
        """
        cdef PyObject *result = NULL
        if isinstance(error, type):
            error = error() if value is None else value if isinstance(value, BaseException) else error(value)
        if not isinstance(error, BaseException):
            raise TypeError(f"throw() argument 'error' must be an exception, not {type(error).__name__}")
        if traceback is not None:
            error = error.with_traceback(traceback)
        if cancel_task(self, error, &result):
            raise StopIteration(taken(result))
        give_up(self)
        raise error

    def close(self):
        """Part of the coroutine protocol: ends the wait."""
        give_up(self)


cdef Operation *native_operation(PyObject *self) noexcept:
    return &(<Await>self).op


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
    cdef G *g = <G *>NULL if w == NULL else w.current
    cdef Await a
    if g == NULL or g.kind != SleeperKind.coroutine:
        a = Await.__new__(Await)
    elif g.spare != NULL and (<Await>g.spare).op.phase.load_relaxed() == Phase.spent and held_n_times(<PyObject *>g.spare, 1):
        a = <Await>g.spare
        a.op.bare = a.op.has_default = False
        a.op.deadline = forever
    else:
        a = another_await(g)
    a.op.wants = wants
    return a  # still spent: complete() it once nothing can fail any more


cdef Await another_await(G *g):
    """A new one, and the goroutine's own from now on, if nobody has the one it had."""
    cdef void *unused = NULL
    if g.spare != NULL and held_n_times(<PyObject *>g.spare, 1):
        unused = g.spare
        g.spare = NULL
        drop(unused)  # says that it was never awaited, which may run anything
    cdef Await a = Await.__new__(Await)
    if g.spare == NULL:
        g.spare = owned(a)
    return a


cdef inline Await complete(Await a):
    a.op.phase.store_release(Phase.fresh)
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
    if ctx is not None:
        a.op.ctx = <PyObject *>owned(ctx)
    return 0


def aselect(*cases, default=False, timeout=None, ctx=None):
    """The awaitable twin of ``select``."""
    cdef bint has_default = default
    cdef Await a = new_await(Wants.select)
    cdef SelectRoom probe
    fill_room(&probe, cases)  # complains now
    empty_room(&probe, -1)
    limit(a, timeout, ctx)
    a.op.value = <PyObject *>owned(cases)
    a.op.has_default = has_default
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
    cdef G *g = <G *>NULL if w == NULL else w.current
    if g == NULL or g.kind != SleeperKind.coroutine:
        return step_in_task(a, result)
    if a.op.take(Phase.fresh):
        return in_earnest(begin, a, w, g, result)
    if a.op.phase.load() == Phase.suspended:
        if a.op.wants != Wants.give_way:
            if a.op.me.load() != <Sleeper *>g:
                raise RuntimeError("this is being awaited by another goroutine")
            if g.claim.is_open(g.claim.ticket()):
                result[0] = <PyObject *>owned(PARK)  # resumed by hand, and too early
                return PYGEN_NEXT
        if a.op.take(Phase.suspended):
            return in_earnest(resume, a, w, g, result)
    refuse_step(a)


cdef int refuse_step(Await a) except -1:
    if a.op.phase.load() == Phase.spent:
        raise RuntimeError("cannot reuse an operation that was awaited already")
    raise RuntimeError("this is being awaited already")


ctypedef int (*Way)(Await, Worker *, Sleeper *, PyObject **) except -1


cdef inline int in_earnest(Way way, Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    """The caller owns the operation, which is spent if this raises."""
    try:
        return way(a, w, s, result)
    except BaseException:
        over(a)
        raise


cdef inline void over(Await a) noexcept:
    if a.op.task != NULL:
        free_sleeper(&a.op)
    a.op.spend()


cdef inline int finished(Await a, object value, PyObject **result) except -1:
    over(a)
    result[0] = <PyObject *>owned(value)
    return PYGEN_RETURN


cdef int begin(Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    cdef Wants wants = a.op.wants
    cdef Waiter *waiter = waiter_of(s)
    cdef Sleeper *wake = NULL
    cdef void *value = NULL
    cdef Op op
    if wants == Wants.give_way:
        return begin_give_way(a, <G *>s, result)
    if a.op.ctx != NULL or wants == Wants.select:
        return begin_select(a, w, s, result)
    refuse_second_wait(s)
    if wants == Wants.send:
        op = a.op.native.send(a.op.value, s, waiter, wake)
        if wake != NULL:
            make_ready(w, wake)
        if op == Op.done or op == Op.parked:
            a.op.value = NULL  # it has moved
        if op == Op.done:
            return finished(a, None, result)
        if op == Op.parked:
            return suspend(a, w, s, WaitReason.chan_send, result)
        raise_send(op)
    elif wants == Wants.sleep:
        if a.op.deadline == 0:
            return finished(a, None, result)
        s.claim.open()
        return suspend(a, w, s, WaitReason.sleep, result)
    elif wants == Wants.join:
        if <Sleeper *>&(<Goroutine>a.op.value).g == s:
            raise RuntimeError("a goroutine cannot join itself")
        if not join_line_enter(<Goroutine>a.op.value, waiter, s):
            return finished(a, (<Goroutine>a.op.value).outcome(), result)
        return suspend(a, w, s, WaitReason.join, result)
    elif wants == Wants.point:
        if a.op.point.enter(s, waiter):
            pass_by(a.op.point, w)
            return finished(a, None, result)
        return suspend(a, w, s, a.op.point.reason, result)
    if (<Chan>a.op.chan).timer != NULL:
        op = enter_timer(<Chan>a.op.chan, value, s, waiter)
    else:
        op = a.op.native.receive(value, s, waiter, wake)
    if wake != NULL:
        make_ready(w, wake)
    if op == Op.parked:
        return suspend(a, w, s, WaitReason.chan_receive_nil if is_never(<Chan>a.op.chan) else WaitReason.chan_receive, result)
    return got(a, value, op == Op.done, result)


cdef int begin_give_way(Await a, G *g, PyObject **result) except -1:
    if g.requests.load() != 0:
        raise_requests(<Goroutine>g.object)
    a.op.phase.store_release(Phase.suspended)
    result[0] = <PyObject *>owned(GIVE_WAY)
    return PYGEN_NEXT


cdef inline int refuse_second_wait(Sleeper *s) except -1:
    if s.kind == SleeperKind.coroutine and (<G *>s).waiting.load_acquire() != NULL:
        raise RuntimeError("this goroutine waits in another operation already, which was stepped by hand")
    return 0


cdef int begin_select(Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    cdef Sleeper *wake = NULL
    cdef uint32_t chosen = 0
    cdef cppbool look_again = False
    cdef tuple cases
    cdef Op op
    if a.op.wants == Wants.select:
        cases = <tuple>a.op.value
    elif a.op.wants == Wants.send:
        cases = ((<object>a.op.chan, <object>a.op.value),)
    else:
        cases = (<object>a.op.chan,)
    if a.op.ctx != NULL:
        cases = cases + (done_of(<object>a.op.ctx),)
    refuse_second_wait(s)  # the context's doing
    a.op.room = new_room()
    if a.op.room == NULL:
        raise MemoryError("no memory for a select")
    try:
        fill_room(a.op.room, cases)
        if s.kind == SleeperKind.task and watches_timer(a.op.room):
            ensure_background()
    except BaseException:
        empty_room(a.op.room, -1)
        forget_room(a)
        raise
    op = a.op.room.enter(<Sleeper *>NULL if a.op.has_default else s, dice_of(w, s)[0], chosen, wake, look_again)
    if wake != NULL:
        make_ready(w, wake)
    if op == Op.done or op == Op.closed:
        return selected_in_await(a, cases, chosen, op == Op.done, result)
    if op == Op.would_block:
        empty_room(a.op.room, -1)
        forget_room(a)
        return finished(a, new_selected(-1, None, False, None), result)
    if op == Op.no_memory:
        empty_room(a.op.room, -1)
        forget_room(a)
        raise MemoryError("no memory for the channel's buffer")
    if look_again:
        sched.wake_keeper(w)
    drop(<void *>a.op.cases)
    a.op.cases = <PyObject *>owned(cases)
    return suspend(a, w, s, WaitReason.select_no_cases if none_ever_ready(a.op.room) else WaitReason.select, result)


cdef inline Dice *dice_of(Worker *w, Sleeper *s) noexcept:
    return &(<TaskSleeper *>s).bell.dice if s.kind == SleeperKind.task else &w.dice


cdef void forget_room(Await a) noexcept:
    delete_room(a.op.room)
    a.op.room = NULL


cdef int selected_in_await(Await a, tuple cases, uint32_t chosen, bint ok, PyObject **result) except -1:
    cdef Wants wants = a.op.wants
    try:
        s = selected(a.op.room, cases, chosen, ok)
    finally:
        forget_room(a)
    if a.op.ctx != NULL and chosen == len(cases) - 1:
        raise_error_of(<object>a.op.ctx)
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


cdef int suspend(Await a, Worker *w, Sleeper *s, WaitReason reason, PyObject **result) except -1:
    cdef G *g
    if s.kind == SleeperKind.task:
        return suspend_task(a, w, s, result)
    g = <G *>s
    if g.requests.load() != 0 and has_request(<Goroutine>g.object) and g.claim.take_any():  # after opening: see Claim
        g.outcome = Outcome.canceled
        return conclude(a, w, g, result)
    g.waits_for(reason)
    if a.op.deadline != forever:
        begin_limit(g, a.op.deadline)
    w.parked += 1
    a.op.suspend(g)
    result[0] = <PyObject *>owned(PARK)
    return PYGEN_NEXT


cdef int resume(Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    """The wait is over: what came of it."""
    cdef G *g = <G *>s
    if a.op.wants == Wants.give_way:
        if g.requests.load() != 0:
            raise_requests(<Goroutine>g.object)
        return finished(a, None, result)
    g.waiting.store_relaxed(NULL)
    g.reason = WaitReason.none
    if a.op.deadline != forever:
        sched.disarm(&g.deadline)
    return conclude(a, w, g, result)


cdef int conclude(Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    cdef Wants wants = a.op.wants
    cdef Waiter *waiter = waiter_of(s)
    if s.outcome == Outcome.handed:
        if s.kind == SleeperKind.coroutine and (<G *>s).requests.load_relaxed() & REQUEST_RAISE:
            interrupt_again(<Goroutine>(<G *>s).object)
        if a.op.room != NULL:
            a.op.room.leave()
            return selected_in_await(a, <tuple>a.op.cases, s.winner.index, s.winner.ok, result)
        if wants == Wants.send:
            if not waiter.ok:
                a.op.value = <PyObject *>waiter.value
                raise_send(Op.closed)
            return finished(a, None, result)
        if wants == Wants.join:
            return finished(a, (<Goroutine>a.op.value).outcome(), result)
        if wants == Wants.point:
            if not a.op.point.go_on(waiter):
                return suspend(a, w, s, a.op.point.reason, result)
            complain(a.op.point)
            return finished(a, None, result)
        return got(a, waiter.value, waiter.ok, result)
    leave_lines(a, waiter)
    if s.outcome == Outcome.timed_out:
        if wants == Wants.sleep:
            return finished(a, None, result)
        raise TimeoutError(f"{wait_name(&a.op)} timed out")
    raise_requests(<Goroutine>(<G *>s).object)  # nobody else cancels
    return begin(a, w, s, result)  # nothing to raise after all


cdef str wait_name(Operation *op):
    if op.wants == Wants.select:
        return "select"
    if op.wants == Wants.join:
        return "join"
    if op.wants == Wants.point:
        return point_name(op.point)
    return "send" if op.wants == Wants.send else "receive"


cdef void leave_lines(Await a, Waiter *waiter) noexcept:
    """Undoes what begin() has queued, after a wait that was not served. A send has its value back."""
    unlink(&a.op, waiter)
    if a.op.room != NULL:
        empty_room(a.op.room, -1)
        forget_room(a)
    elif a.op.wants == Wants.send:
        a.op.value = <PyObject *>waiter.value


cdef void unlink(Operation *op, Waiter *waiter) noexcept:
    """Off every line that it stands in. A partner that had come first has written what it had to write by then."""
    if op.room != NULL:
        op.room.leave()
    elif op.wants == Wants.join:
        join_line_leave(<Goroutine>op.value, waiter)
    elif op.wants == Wants.point:
        leave_point(op.point, waiter, waiter.sleeper.outcome == Outcome.handed)
    elif op.chan != NULL:
        leave_line(<Chan>op.chan, waiter)


# ---- ended from outside: closed, thrown into or dropped while it waits, or left behind by a coroutine that has ended ----

cdef int give_up(Await a) except -1:
    """Ends it. What it was to send and was not taken, and what it had received and nobody will see, is dropped."""
    if a.op.take(Phase.fresh):
        over(a)
        return 0
    if a.op.phase.load() == Phase.begun:
        raise RuntimeError("this is being awaited already")
    end_suspended(&a.op)


cdef void end_suspended(Operation *op) noexcept:
    """Its holder ends it, if it waits."""
    while op.phase.load() != Phase.spent:
        if take_pair(op):
            end_wait(op)
            return
        yield_detached()  # its goroutine has ended, and is ending it


cdef void end_waiting(G *g) noexcept:
    """The goroutine, which has come to its end, ends the operation that it left open."""
    cdef Operation *op
    while True:
        pairing.lock()
        op = g.waiting.load()
        if op == NULL or op.take(Phase.suspended):
            pairing.unlock()
            break
        pairing.unlock()
        yield_detached()  # its holder is ending it
    if op != NULL:
        end_wait(op)


cdef bint take_pair(Operation *op) noexcept:
    cdef bint mine
    pairing.lock()
    mine = op.take(Phase.suspended)
    pairing.unlock()
    return mine


cdef void end_wait(Operation *op) noexcept:
    """The caller owns it. The goroutine and the operation hold out until the pairing is undone; after that neither is touched."""
    cdef Operation rest
    cdef Sleeper *s = NULL
    cdef Goroutine go = None
    cdef bint won = False
    if op.wants != Wants.give_way:
        s = op.me.load()
        if s.kind == SleeperKind.coroutine:
            go = <Goroutine>(<G *>s).object
        won = end_claim(s)
        if op.deadline != forever:
            sched.disarm(limit_of(s))
        unlink(op, waiter_of(s))
        if op.room == NULL and op.chan != NULL and (<Chan>op.chan).timer == NULL:
            op.value = <PyObject *>waiter_of(s).value  # not sent, or received
    op.leave_to(rest)
    pairing.lock()
    if go is not None:
        go.g.waiting.store_release(NULL)
    op.phase.store_release(Phase.spent)
    pairing.unlock()
    if go is not None and won and not runs_here(&go.g):
        make_ready(this_worker(), s)
    if rest.room != NULL:
        discard_room(rest.room)
    if rest.task != NULL:
        free_sleeper(&rest)
    rest.spend()


cdef bint end_claim(Sleeper *s) noexcept:
    """Takes the claim. False if somebody had won it, who is through with the sleeper then."""
    if s.claim.take_any():
        s.outcome = Outcome.canceled
        return True
    if s.kind == SleeperKind.task:
        settle(<TaskSleeper *>s)
    elif FREE_THREADED:
        let_winner_pass()
    return False


cdef inline bint runs_here(G *g) noexcept:
    cdef Worker *w = this_worker()
    return w != NULL and w.current == g


cdef void discard_room(SelectRoom *room) noexcept:
    """After unlink(): drops the values that were not sent, and the one that was received."""
    cdef uint32_t i
    for i in range(room.count):
        if room.cases[i].timer == NULL:
            drop(room.cases[i].waiter.value)
    delete_room(room)


cdef void let_winner_pass() noexcept:
    """Whoever has won the claim is on its way to make the sleeper ready, in a step that runs no Python. A pause of all threads, which
    this look at their frames makes, comes when it is through."""
    try:
        _sys._current_frames()
    except BaseException:
        pass


cdef void yield_detached() noexcept:
    with nogil:
        yield_thread()


awaitable_setup()
awaitable_slots(<PyTypeObject *>Await, await_send, await_next)
collect_operations(<PyTypeObject *>Await, native_operation)
