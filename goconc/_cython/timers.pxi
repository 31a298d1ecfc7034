# sleep, after, tick, Timer, Ticker, after_func: Go's time package over the deadlines' heap. Seconds, monotonic clock.

cdef Chan never_chan = None    # Go's nil channel, where one is to be received from


cdef inline bint is_never(Chan chan) noexcept:
    return chan is never_chan


cdef Chan new_timer_chan():
    cdef Chan chan = Chan.__new__(Chan)
    chan.timer = new_timer_channel()
    if chan.timer == NULL:
        raise MemoryError("no memory for a timer")
    chan.timer.bind(&sched.deadlines)
    chan.ch = &chan.timer.channel
    return chan


cdef extern from *:
    """
    static inline goconc::TimerChannel *goconc_new_timer_channel() { return new (std::nothrow) goconc::TimerChannel; }
    static inline void goconc_delete_timer_channel(goconc::TimerChannel *t) { delete t; }
    """
    TimerChannel *new_timer_channel "goconc_new_timer_channel"() noexcept
    void delete_timer_channel "goconc_delete_timer_channel"(TimerChannel *) noexcept


cdef void free_timer(Chan chan) noexcept:
    # Nobody waits on it any more, so its deadline is not in the heap.
    delete_timer_channel(chan.timer)
    chan.timer = NULL
    chan.ch = &chan.own


never_chan = new_timer_chan()
never = receive_view(never_chan)


cdef bint start_timer(Chan chan, int64_t delay, int64_t period) noexcept:
    """(Re)starts it; True if it was active."""
    cdef bint was
    cdef cppbool look_again = False
    cdef int64_t now = now_ns()
    chan.ch.lock.lock()
    was = chan.timer.reset(deadline_after(now, delay) if delay > 0 else now, period, &look_again)
    chan.ch.lock.unlock()
    if look_again:
        sched.wake_keeper(this_worker())
    return was


cdef bint stop_timer(Chan chan) noexcept:
    cdef bint was
    chan.ch.lock.lock()
    was = chan.timer.stop()
    chan.ch.lock.unlock()
    return was


def sleep(seconds) -> None:
    """Waits for at least ``seconds``; other goroutines run meanwhile. Zero and less return at once. (Go: ``time.Sleep``)

    In an ``async def`` goroutine: ``await asleep(seconds)``.
    """
    cdef ThreadSleeper thread
    cdef Worker *w = blocking_caller("asleep()")
    cdef int64_t delay = nanoseconds(seconds, "seconds")
    if delay <= 0:
        return
    cdef int64_t deadline = deadline_after(now_ns(), delay)
    while True:
        if w != NULL:
            w.current.claim.open()
        else:
            thread.claim.open()
        if wait_here(w, &thread, WaitReason.sleep, deadline) == Outcome.timed_out:
            return


def after(seconds):
    """A channel that delivers one value, the time it is due, ``seconds`` from now. (Go: ``time.After``)"""
    cdef int64_t delay = nanoseconds(seconds, "seconds")
    cdef Chan chan = new_timer_chan()
    start_timer(chan, delay, 0)
    return receive_view(chan)


def tick(seconds):
    """A channel that delivers the time every ``seconds``. Zero or less gives a channel that is never ready. (Go: ``time.Tick``)"""
    cdef int64_t period = nanoseconds(seconds, "seconds")
    if period <= 0:
        return never
    cdef Chan chan = new_timer_chan()
    start_timer(chan, period, period)
    return receive_view(chan)


@cython.final
cdef class Timer:
    """One event, ``seconds`` from now, on the channel ``.c``. (Go: ``time.NewTimer``)"""
    cdef object __weakref__
    cdef readonly RecvChan c

    def __init__(self, seconds):
        cdef int64_t delay = nanoseconds(seconds, "seconds")
        if self.c is not None:
            raise TypeError("a Timer is initialised once; use reset()")
        cdef Chan chan = new_timer_chan()
        start_timer(chan, delay, 0)
        self.c = receive_view(chan)

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a Timer")

    def stop(self) -> bool:
        """Prevents the event; True if it had not been received yet. Nothing stale is left in the channel."""
        need_init(self.c)
        return stop_timer(self.c.chan)

    def reset(self, seconds) -> bool:
        """Starts it afresh; True if it was still active."""
        need_init(self.c)
        return start_timer(self.c.chan, nanoseconds(seconds, "seconds"), 0)


@cython.final
cdef class Ticker:
    """The time every ``seconds`` on the channel ``.c``; a slow receiver misses ticks. (Go: ``time.NewTicker``)"""
    cdef object __weakref__
    cdef readonly RecvChan c

    def __init__(self, seconds):
        cdef int64_t period = period_of(seconds)
        if self.c is not None:
            raise TypeError("a Ticker is initialised once; use reset()")
        cdef Chan chan = new_timer_chan()
        start_timer(chan, period, period)
        self.c = receive_view(chan)

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a Ticker")

    def stop(self) -> None:
        """No more ticks. The channel is not closed."""
        need_init(self.c)
        stop_timer(self.c.chan)

    def reset(self, seconds) -> None:
        """A new period; the next tick comes after it."""
        need_init(self.c)
        cdef int64_t period = period_of(seconds)
        start_timer(self.c.chan, period, period)


cdef int need_init(RecvChan c) except -1:
    if c is None:
        raise RuntimeError("this timer was not initialised")
    return 0


cdef int64_t period_of(object seconds) except? -1:
    cdef int64_t period = nanoseconds(seconds, "seconds")
    if period <= 0:
        raise ValueError(f"seconds must be more than 0 for a ticker, not {number_text(seconds)}")
    return period


@cython.final
cdef class AfterFunc:
    """A call that is due; see ``after_func``."""
    cdef object __weakref__
    cdef Deadline deadline
    cdef object fn
    cdef Scope scope

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a timer")

    @property
    def c(self):
        """None: this timer has no channel."""
        return None

    def stop(self) -> bool:
        """Prevents the call; False if its goroutine was started already. Does not wait for it."""
        if not sched.disarm(&self.deadline):
            return False
        Py_DECREF(self)  # the heap's
        return True

    def reset(self, seconds) -> bool:
        """The call is made ``seconds`` from now, again if it was made before; True if it was still due."""
        return arm_function(self, nanoseconds(seconds, "seconds"))


cdef bint arm_function(AfterFunc timer, int64_t delay) except? 0:
    """True if it was due already."""
    cdef Scope scope = timer.scope
    cdef int64_t now = now_ns()
    cdef cppbool ok = True
    cdef bint was
    if scope.background:
        ensure_background()
    else:
        scope.timed.store(1)
    Py_INCREF(timer)  # the heap's
    was = sched.rearm(this_worker(), &timer.deadline, deadline_after(now, delay) if delay > 0 else now, &ok)
    if was:
        Py_DECREF(timer)  # it had one
    if not ok:
        Py_DECREF(timer)
        raise MemoryError("no memory for a timer")
    if scope.ending and sched.disarm(&timer.deadline):  # drop_functions may have looked already
        Py_DECREF(timer)
    return was


cdef void drop_functions(Scope scope) noexcept:
    """Its run() is ending: what after_func() was to call in it is not called any more, and nobody waits for it to become due."""
    cdef Deadline *taken[64]
    cdef int32_t count = 64
    cdef int32_t i
    if scope.timed.load() == 0:
        return
    while count == 64:
        sched.deadlines.lock.lock()
        count = sched.deadlines.take_functions(<Ticket><size_t><void *>scope, taken, 64)
        sched.deadlines.lock.unlock()
        for i in range(count):
            drop(taken[i].owner)


cdef int check_after_func(object fn) except -1:
    check_callable("after_func() argument 'fn'", fn)
    return check_runnable("after_func() argument 'fn'", fn)


def after_func(seconds, fn, /):
    """Calls ``fn()`` in a goroutine of its own, ``seconds`` from now. Returns a timer with ``stop()`` and ``reset(seconds)``.

    (Go: ``time.AfterFunc``)
    """
    cdef int64_t delay = nanoseconds(seconds, "seconds")
    cdef Worker *w = this_worker()
    check_after_func(fn)
    cdef AfterFunc timer = AfterFunc.__new__(AfterFunc)
    timer.deadline.kind = DeadlineKind.function
    timer.deadline.owner = <void *>timer
    timer.fn = fn
    if w == NULL:
        timer.scope = background
    elif w.current != NULL:
        timer.scope = scope_of(w.current)
    else:
        timer.scope = background if w.scope == NULL else <Scope>w.scope
    timer.deadline.ticket = <Ticket><size_t><void *>timer.scope
    arm_function(timer, delay)
    return timer


cdef void fire_deadlines(Worker *w, int64_t now) noexcept:
    """Wakes whose time has come, starts the functions that are due, and ends contexts."""
    cdef WakeList wakes
    cdef Deadline *due
    while True:
        due = sched.fire_due(now, wakes)
        make_all_ready(w, wakes)
        if due == NULL:
            return
        if type(<object>due.owner) is CancelContext:
            fire_context(<CancelContext>due.owner)
        else:
            start_function(w, <AfterFunc>due.owner)


cdef void start_function(Worker *w, AfterFunc timer) noexcept:
    try:
        if not timer.scope.ending:
            start_in(new_goroutine(timer.fn, (), None), timer.scope, w)
    except BaseException as error:
        report_exception(error, None)
    finally:
        Py_DECREF(timer)  # the heap's
