# A worker that has nothing to do: sleeping, Python's signal handlers, and whether anybody can ever run again.

cdef enum:
    FOREIGN_LOOK = 500_000_000         # ns between looks whether threads that could wake somebody are still there


cdef void idle(Worker *w) noexcept:
    """Sleeps until there may be something to do. The protocol is in scheduler.hpp."""
    cdef int64_t due = sched.deadlines.next_due.load()
    cdef int64_t until = due
    cdef int64_t now
    cdef Woken why = Woken.token
    if due != forever:
        now = now_ns()
        if due <= now:
            fire_deadlines(w, now)
            return
    sched.release(w)
    w.asleep.store(True)
    if not sched.has_work(w) and sched.deadlines.next_due.load() == due:
        if due == forever and active_scopes and sched.all_asleep():
            # In this order: what threads did before they were all seen asleep is seen by the second look at the queues.
            if foreign_threads() or not sched.all_asleep():
                until = now_ns() + FOREIGN_LOOK
            else:
                report_deadlock()
        if w.on_main_thread:
            until = min(until, now_ns() + <int64_t>SIGNAL_SLICE)
        with nogil:
            why = w.parker.park(until)
    w.asleep.store(False)
    get_processor(w)
    if w.on_main_thread and why != Woken.token:
        handle_signals(w)


cdef void handle_signals(Worker *w) noexcept:
    """Python's signal handlers, run on the main thread's worker while nobody runs there. What they raise goes to main."""
    try:
        PyErr_CheckSignals()
    except BaseException as error:
        if w.scope != NULL:
            raise_in_main(<Scope>w.scope, error)
        else:
            report_exception(error, None)


cdef void raise_in_main(Scope scope, object error) noexcept:
    cdef Goroutine target = scope.root if scope.ending or scope.main is None else scope.main
    raise_in(target, error)


cdef int foreign_threads() noexcept:
    """How many Python threads could still wake somebody: not workers, not waiting without limit in goconc."""
    cdef uint64_t before = sched.sleep_changes.load()
    cdef int others
    try:
        alive = set(_sys._current_frames())
        for thread in _threading.enumerate():
            alive.add(thread.ident)  # None: about to start
        others = len(alive) - <int>sched.worker_count() - <int>sched.sleeping_threads.load()
        return others if sched.sleep_changes.load() == before else 1  # not one moment: look again later
    except BaseException:
        return 1


cdef void report_deadlock() noexcept:
    """Nothing can ever run again: raised in every main (GO-40)."""
    cdef Scope scope
    for scope in list(active_scopes):
        if scope.main is None or (scope.ending and scope.root is None):
            continue
        if scope.ending:
            raise_in(scope.root, GoroutineExit("nothing left to wait for"))
            continue
        if scope.root is not None and scope.main.g.state.is_done():
            error = deadlock_of(scope, "no goroutines (main called goexit) - deadlock!")
            target = scope.root
        else:
            error = deadlock_of(scope, "all goroutines are asleep - deadlock!\n\n" + safe_dump())
            target = scope.main
        raise_in(target, error)


cdef object deadlock_of(Scope scope, str text):
    """What run() raises for it: the exception that nobody has asked for yet, if there is one."""
    error = oldest_stored(scope)
    if error is None:
        return Deadlock(text)
    try:
        error.add_note(text)
    except Exception:
        pass
    return error


cdef str safe_dump():
    """The report must come, whatever the dump runs into."""
    try:
        return dump_text()
    except Exception as error:
        return f"(no dump: {error!r})"


cdef object oldest_stored(Scope scope):
    """The exception of an ended goroutine that nobody has asked for: the likely reason of a deadlock."""
    cdef Goroutine go
    for key in sorted(scope.stored or ()):
        go = scope.stored[key]()
        if go is not None and not go.retrieved:
            go.mark_retrieved()
            return go.error()
    return None
