# Waiting for what is no channel: mutexes, wait groups (_native/sync.hpp says what a WaitPoint promises). The owner of the point must
# live as long as the wait.

cdef int wait_at(WaitPoint *point, Worker *w, int64_t deadline) except -1:
    """For plain goroutines and threads. If it raises nothing has happened, and nothing is held."""
    cdef ThreadSleeper thread
    cdef Sleeper *s = <Sleeper *>&thread if w == NULL else <Sleeper *>w.current
    cdef Waiter *waiter = &thread.waiter if w == NULL else &w.current.waiter
    cdef Outcome outcome
    if point.enter(s, waiter):
        return pass_by(point, w)
    while True:
        outcome = Outcome.canceled
        try:
            outcome = wait_here(w, &thread, point.reason, deadline)
        finally:
            if outcome != Outcome.handed:
                leave_point(point, waiter, False)
        if outcome == Outcome.handed:
            if point.go_on(waiter):
                return complain(point)
        elif outcome == Outcome.timed_out:
            raise TimeoutError(f"{point_name(point)} timed out")
        elif point.enter(s, waiter):
            return 0


cdef inline int pass_by(WaitPoint *point, Worker *w) except -1:
    """Through without a wait. Whoever holds nothing now hears of a request: an exception that ends the run() may have come before the
    end that was to be waited for (WG-06)."""
    if not point.acquires and w != NULL and w.current.requests.load() != 0:
        raise_requests(<Goroutine>w.current.object)
    return 0


cdef void leave_point(WaitPoint *point, Waiter *waiter, bint served) noexcept:
    cdef WakeList wakes
    point.leave(waiter, served, wakes)
    make_all_ready(this_worker(), wakes)


cdef str point_name(WaitPoint *point):
    return words(point.reason).decode()


cdef int complain(WaitPoint *point) except -1:
    cdef const char *complaint = point.complaint()
    if complaint != NULL:
        raise RuntimeError(complaint.decode())
    return 0


cdef object await_point(object owner, WaitPoint *point, object timeout):
    cdef int64_t deadline = deadline_of(timeout)
    cdef Await a = new_await(Wants.point)
    a.op.deadline = deadline
    a.op.bare = deadline == forever
    a.op.value = <PyObject *>owned(owner)
    a.op.point = point
    return complete(a)
