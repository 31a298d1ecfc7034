# Waiting, for plain goroutines and for threads that are not ours. (Coroutines: awaiting.pxi.)

import threading as _threading

cdef unsigned long main_thread = _threading.main_thread().ident
cdef object running_loop = None    # asyncio's way to ask, once asyncio has been imported

cdef enum:
    SIGNAL_SLICE = 100_000_000  # ns: a signal that comes just before the main thread falls asleep is seen after this

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident() noexcept nogil
    object PyWeakref_NewRef(object, object)


cdef Worker *blocking_caller(str twin) except? NULL:
    """For a call that may block: the worker if a plain goroutine calls, NULL for an ordinary thread. Refuses coroutines and event loops."""
    cdef Worker *w = this_worker()
    if w != NULL and w.current != NULL:
        if w.current.kind == SleeperKind.coroutine:
            raise RuntimeError(f"this call would block the thread of an async goroutine; await {twin} instead")
        return w
    if w != NULL:
        return NULL
    if loop_here() is not None:
        raise RuntimeError(f"this call would block the thread of a running event loop; await {twin} instead")
    return NULL


cdef object loop_here():
    """The event loop that runs on this thread, or None."""
    global running_loop
    cdef dict loaded
    if running_loop is None:
        # Not by get(), which locks the dict: whoever forks while another thread is in it leaves it locked in the child.
        loaded = _sys.modules
        if "asyncio.events" in loaded:
            running_loop = getattr(loaded["asyncio.events"], "_get_running_loop", None)
    return None if running_loop is None else running_loop()


cdef Outcome wait_here(Worker *w, ThreadSleeper *thread, WaitReason reason, int64_t deadline) except *:
    """Waits, for the wait that was opened; may raise. Outcome.canceled: nothing to raise, begin again. The caller unlinks in every case."""
    cdef Outcome outcome
    if w == NULL:
        return wait_thread(thread, deadline)
    outcome = wait_plain(w, w.current, reason, deadline)
    if outcome == Outcome.canceled:
        raise_requests(<Goroutine>w.current.object)
    return outcome


cdef Outcome wait_plain(Worker *w, G *g, WaitReason reason, int64_t deadline) noexcept:
    """Parks the running plain goroutine until its wait is over. If that was not a hand-off the caller unlinks; then, if it was
    Outcome.canceled, calls raise_requests, and begins again if that raises nothing."""
    cdef Fiber *here = w.fiber
    g.waits_for(reason)
    if g.requests.load() != 0 and has_request(<Goroutine>g.object) and g.claim.take_any():  # after opening: see Claim
        return Outcome.canceled
    if deadline != forever:
        begin_limit(g, deadline)
    g.fiber = here
    w.parked += 1
    if g.state.park():
        switch_to(w, here, find_next(w))
        g.state.start()
    g.fiber = NULL
    w.current = g
    if deadline != forever:
        sched.disarm(&g.deadline)
    if g.requests.load_relaxed() & REQUEST_RAISE and g.outcome == Outcome.handed:
        interrupt_again(<Goroutine>g.object)
    return g.outcome


cdef inline void begin_limit(G *g, int64_t deadline) noexcept:
    """A time limit for the wait that ``g`` has opened."""
    g.deadline.when = deadline
    g.deadline.kind = DeadlineKind.wake
    g.deadline.ticket = g.claim.ticket()
    sched.arm(this_worker(), &g.deadline)


cdef void await_token(ThreadSleeper *thread) noexcept:
    """Somebody has won its claim and is about to unpark it: its stack must stay until then."""
    with nogil:
        while thread.parker.park(forever) != Woken.token:
            pass


cdef Outcome wait_thread(ThreadSleeper *thread, int64_t deadline) except *:
    if this_worker() != NULL:
        # A finalizer or signal handler that the scheduler itself runs: nobody else could run on this thread meanwhile.
        if not thread.claim.take_any():
            await_token(thread)  # served just now: the operation happened
            return thread.outcome
        raise RuntimeError("this call would block the scheduler (it was made by a finalizer or signal handler)")
    thread.thread = PyThread_get_thread_ident()
    sched.begin_waiting(thread)
    try:
        return sleep_in_thread(thread, deadline)
    finally:
        sched.end_waiting(thread)


cdef Outcome sleep_in_thread(ThreadSleeper *thread, int64_t deadline) except *:
    cdef Woken why
    cdef int64_t until
    cdef bint on_main = thread.thread == main_thread
    cdef bint counted
    while True:
        # A thread that waits without a limit can wake nobody: it does not hold a deadlock report off.
        counted = deadline == forever
        if counted:
            sched.count(thread)
        with nogil:
            until = deadline
            if on_main:
                until = min(deadline, now_ns() + <int64_t>SIGNAL_SLICE)
            why = thread.parker.park(until)
        if counted:
            sched.uncount(thread)
        if why == Woken.token:
            return thread.outcome
        try:
            PyErr_CheckSignals()
        except BaseException as error:
            if thread.claim.take_any():
                raise
            # It has been served: the operation happened. The interruption comes right after it.
            await_token(thread)
            if isinstance(error, KeyboardInterrupt):
                PyErr_SetInterrupt()
            else:
                _sys.excepthook(type(error), error, error.__traceback__)
            return thread.outcome
        if why == Woken.timed_out and now_ns() >= deadline:
            if thread.claim.take_any():
                return Outcome.timed_out
            await_token(thread)
            return thread.outcome


def in_plain_goroutine(str twin) -> bool:
    """Whether the caller may park. Refuses, naming the awaitable twin, where it must not block. For goconc's own modules."""
    return blocking_caller(twin) != NULL


def gosched() -> None:
    """Lets other goroutines run; returns when it is this one's turn again. (Go: ``runtime.Gosched``)

    In a thread that is not a goroutine it gives the core away. In an ``async def`` goroutine: ``await agosched()``.
    """
    cdef Worker *w = blocking_caller("agosched()")
    if w == NULL:
        with nogil:
            yield_thread()
        return
    cdef G *g = w.current
    if g.requests.load() != 0:
        raise_requests(<Goroutine>g.object)
    give_way_plain(w, g)
    if g.requests.load() != 0:
        raise_requests(<Goroutine>g.object)
