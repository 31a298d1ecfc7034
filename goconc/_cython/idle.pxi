# A worker that has nothing to do: sleeping, Python's signal handlers, and whether anybody can ever run again.

cdef enum:
    FOREIGN_LOOK = 500_000_000         # ns between looks whether threads that could wake somebody are still there
    SPIN = 10_000                      # ns that a worker looks on before it sleeps, on builds without a GIL


cdef Host host                         # what _native/worker_loop.hpp asks of this half
host.fire_deadlines = fire_deadlines
host.looks_on = looks_on
host.sleep = sleep_detached
host.woke = woke
host.wait_in_line = wait_in_line
host.start_helper = start_helper


cdef cppbool looks_on(Worker *w) noexcept:
    cdef bint seen
    if this_worker() != w:
        leave_child(None)  # a finalizer or signal handler that it ran has forked
    if not FREE_THREADED or not sched.may_spin(w):
        return False
    with nogil:
        seen = sched.spin(w, now_ns() + <int64_t>SPIN)
    return seen


cdef Woken sleep_detached(Worker *w) noexcept:
    cdef bint looks_again = (active_scopes and sched.deadlines.next_due.load() == forever and sched.all_asleep()
                             and not report_if_deadlock())
    cdef int64_t until = sched.sleep_until(w)  # only now: the report runs Python, which may have set a deadline
    cdef bint deadline_only = True
    cdef Woken why
    if looks_again:
        until = min(until, now_ns() + <int64_t>FOREIGN_LOOK)
        deadline_only = False
    if w.on_main_thread:
        until = min(until, now_ns() + <int64_t>SIGNAL_SLICE)
        deadline_only = False
    with nogil:
        why = sched.sleep(w, until, deadline_only)
    coarse_now.store_relaxed(now_ns())
    return why


cdef cppbool woke(Worker *w, Woken why) noexcept:
    """What a sleeper is woken for beside goroutines."""
    if w.on_main_thread and why != Woken.token:
        handle_signals(w)
    if not w.on_main_thread:
        answer_quit()
    if sched.held_up.load_relaxed() != NULL:
        report_held_up()
    return False


cdef void wait_in_line(Worker *w) noexcept:
    sysmon.start(sched)  # those that hold processors may be stuck
    with nogil:
        w.parker.park(forever)


cdef Attached[uint32_t] looking_for_deadlock


cdef bint report_if_deadlock() noexcept:
    """True if there was one. Workers come to this at the same time, and what one of them has told a main changes everything: so one looks
    at a time, at all of it."""
    cdef bint found = False
    if looking_for_deadlock.exchange(1):
        return False
    # In this order: what threads did before they were all seen asleep is seen by the second look at the queues.
    if foreign_threads() == 0 and sched.all_asleep() and sched.deadlines.next_due.load() == forever:
        report_deadlock()
        found = True
    looking_for_deadlock.store(0)
    return found


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
    cdef Goroutine target = spokesman(scope)
    if target is None:
        report_exception(error, None)
    else:
        raise_in(target, error)


cdef int foreign_threads() noexcept:
    """How many Python threads could still wake somebody: not workers, not waiting without limit in goconc."""
    cdef uint64_t before = sched.sleep_changes.load()
    cdef int others
    try:
        alive = set(_sys._current_frames())
        alive.update(thread.ident for thread in _threading.enumerate())  # None: about to start
        alive -= fiber_threads
        others = len(alive) - <int>sched.worker_count() - <int>sched.sleeping_threads.load()
        return others if sched.sleep_changes.load() == before else 1  # not one moment: look again later
    except BaseException:
        return 1


cdef void report_deadlock() noexcept:
    """Nothing can ever run again: raised in every main (GO-40)."""
    cdef Scope scope
    cdef Goroutine target
    cdef object error
    text = "all goroutines are asleep - deadlock!\n\n" + safe_dump()
    told = []
    for scope in list(active_scopes):
        target = spokesman(scope)
        if target is None:
            continue
        if scope.ending:
            error = GoroutineExit("nothing left to wait for")
        else:
            error = deadlock_of(scope, text if target.is_main else GOEXIT_DEADLOCK)
        told.append((target, error))
    for target, error in told:  # only now: who is told runs
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
    for go in held_unclaimed():
        if go.scope is scope:
            return claim_error(go)
    return None


cdef void report_held_up() noexcept:
    """sysmon has found a worker that sits in one goroutine while others, pinned to it, are ready."""
    cdef Worker *w = sched.held_up.exchange(NULL)
    cdef Scope scope
    cdef Goroutine go
    if w == NULL:
        return
    try:
        holder = "a goroutine"
        waiting = []
        for scope in [background, *active_scopes]:
            for go in goroutines_of(scope):
                if w.current == &go.g:
                    holder = texts_of([go])
                elif go.g.home == w and go.g.state.is_runnable():
                    waiting.append(go.describe())
        if waiting:
            shown = "; ".join(waiting[:10]) + ("" if len(waiting) <= 10 else f"; and {len(waiting) - 10} more")
            _warnings.warn(f"a goroutine that does not give its thread away holds up {len(waiting)} that can run on this thread only "
                           f"(use goconc.blocking() for long calls)\nheld up: {shown}\nby {holder}", RuntimeWarning, stacklevel=1)
    except BaseException as error:
        report_exception(error, None)
