# The end of a run() for goroutines that run on other threads at that moment, and look at no request.
#
# One that runs Python code is interrupted there, as by PyThreadState_SetAsyncExc. That exception belongs to a thread, so it must not be
# left to whatever the thread runs next: who interrupts first says so in `interrupted`, gives that a millisecond to be seen, and then looks
# again whether the goroutine still runs; a worker that finds `interrupted` set at its next dispatch takes the exception back.
# One that stays in a call outside Python is left to itself, with what is pinned to its thread.

cdef enum:
    INTERRUPTED_AFTER = 50_000_000     # ns after the request
    LEFT_ALONE_AFTER = 2_000_000_000
    SEEN_AFTER = 1_000_000

cdef object interrupting = object()  # whose critical section guards `interrupted` and the thread's exception together

cdef object _nothing = eval("lambda: None")  # Python code, in which what is pending for the thread is raised

cdef extern from "Python.h":
    int PyThreadState_SetAsyncExc(unsigned long thread, PyObject *error) noexcept


cdef int wait_for_running(Worker *w, Scope scope) except -1:
    """Until no goroutine of the scope runs on another thread: they end, or are left alone."""
    cdef Goroutine go
    cdef int64_t start = now_ns()
    cdef list others, left_alone = []
    wait_for_others(w, scope, start + <int64_t>INTERRUPTED_AFTER)
    while scope.count != 0:
        others = [go for go in goroutines_of(scope) if go is not scope.main and is_stuck_elsewhere(go, w, left_alone)]
        if not others:
            break
        for go in others:
            if now_ns() - start < LEFT_ALONE_AFTER:
                interrupt_running(go)
            elif leave_alone(go, w):
                left_alone.append(go)
        wait_for_others(w, scope, now_ns() + <int64_t>INTERRUPTED_AFTER)
    if left_alone:
        warn_of_abandoned([go.describe() for go in left_alone])
    return 0


cdef bint is_stuck_elsewhere(Goroutine go, Worker *w, list left_alone) noexcept:
    """It runs on another thread, or is to run on one that one of ``left_alone`` does not give away."""
    cdef Worker *home = go.g.home
    cdef Worker *under = sched.worker_under(&go.g)
    cdef Goroutine other
    if go.shields.load() != 0 or go.kills:
        return False  # it knows, and cleans up
    if under != NULL:
        return under != w
    if home != NULL and home != w and go.g.state.is_runnable():
        for other in left_alone:
            if sched.worker_under(&other.g) == home:
                return True
    return False


cdef void interrupt_running(Goroutine go) noexcept:
    cdef Worker *w = sched.worker_under(&go.g)
    if w != NULL and not go.interrupted:
        go.interrupted = interrupt_with(w, &go.g, <PyObject *>GoroutineExit)


cdef bint interrupt_with(Worker *w, G *g, PyObject *error) noexcept:
    """Raises ``error`` in ``g``, if it still runs on ``w``."""
    with cython.critical_section(interrupting):
        if w.interrupted.load() != NULL:
            return False
        w.interrupted.store(g)
    with nogil:
        sleep_thread(SEEN_AFTER)
    with cython.critical_section(interrupting):
        if w.interrupted.load() != g:
            return False
        if w.current == g:
            PyThreadState_SetAsyncExc(w.thread, error)
            return True
        w.interrupted.store(NULL)
        return False


cdef void take_interrupt_back(Worker *w) noexcept:
    """By the worker itself, at a dispatch: what was meant for the goroutine that has just stopped."""
    with cython.critical_section(interrupting):
        w.interrupted.store(NULL)
    # Clearing the exception would leave CPython's mark that there is one, for ever on 3.11 and 3.12. It is raised and dropped instead.
    try:
        _nothing()
    except GoroutineExit:
        pass
    except BaseException as error:  # of a signal handler
        if isinstance(error, KeyboardInterrupt) and not w.on_main_thread:
            return  # of handle_signals_aside()
        if w.scope != NULL:
            raise_in_main(<Scope>w.scope, error)
        else:
            report_exception(error, None)


cdef bint leave_alone(Goroutine go, Worker *w) noexcept:
    """Its run() no longer waits for it. False if it has come to its end meanwhile."""
    if go.g.requests.fetch_or(REQUEST_ABANDON) & (REQUEST_ABANDON | REQUEST_OVER):
        return False
    tell_joiners(w, go)
    scope_remove(go.scope, &go.g)
    scope_leave(go.scope, w)
    return True
