# run(): a scope begins, main runs, the others end; and Ctrl-C, which is main's.

import signal as _signal
import warnings as _warnings


def run(main, /, *args, procs=None, debug=None):
    """Runs ``main(*args)`` as the first goroutine, on this thread, and returns its result once it returns.

    ``main`` is a plain or an ``async def`` function. Goroutines that are still alive when it returns get ``GoroutineExit``, so that their
    ``finally`` blocks run. Raises ``Deadlock`` when nothing can ever run again, and what a goroutine raised that nobody joins. Ctrl-C
    raises ``KeyboardInterrupt`` in ``main``. ``procs`` sets ``gomaxprocs`` for as long as the call takes.
    """
    cdef Scope scope
    if this_worker() != NULL:
        raise RuntimeError("run() was called inside a goroutine; use go()")
    blocking_caller("goconc's awaitable calls in a goroutine started by go()")
    check_open()
    scope = Scope.__new__(Scope)
    scope.base = innermost_frame()
    begin_procs(procs)
    try:
        take_sigint()
        take_sigquit()
        return run_here(scope, main, args)
    finally:
        end_procs(procs)
        give_signals()


def _wait_for_main():
    pass  # names what stands on the thread's stack while an async main runs


cdef object run_here(Scope scope, object main, tuple args):
    """The calling thread is a worker meanwhile. A signal handler may raise anywhere in Python: none runs where that would skip a step."""
    cdef Worker *w
    cdef Goroutine first = new_goroutine(main, args, None, "run() argument 'main'")
    cdef Goroutine root = first
    if first.g.kind == SleeperKind.coroutine:
        root = new_goroutine(_wait_for_main, (), None)
        root.scope = scope
    first.is_main = True
    scope.main = first
    scope.root = root
    w = new_worker(<void *>scope)
    get_processor(sched, host, w)
    w.running.store(True)
    try:
        active_scopes.append(scope)
        return run_scope(w, scope)
    finally:
        if this_worker() == w:  # not in the child of a fork
            w.current = NULL
            if scope in active_scopes:
                active_scopes.remove(scope)
            retire_worker(w)
            restore_async_hooks(w, scope)


cdef object run_scope(Worker *w, Scope scope):
    cdef Goroutine first = scope.main
    cdef Goroutine root = scope.root
    cdef Goroutine main
    cdef object error, result, failure, base
    scope_add(scope, &first.g, True)
    Py_INCREF(first)
    stand_on(w, root)
    if first is root:
        error = run_main(w, scope, first)
    else:
        w.async_fiber = w.root_fiber
        error = wait_for_main(w, first)
    if this_worker() != w:  # the child of a fork in main
        if error is not None:
            raise error
        return first.ended
    if first is root:
        stand_in(w, scope)
    interrupt_again(first)  # what came too late for main is for the run()
    if isinstance(error, _Goexit):
        try:
            wait_for_others(w, scope)
            error = deadlock_of(scope, GOEXIT_DEADLOCK)
        except BaseException as raised:
            error = raised
    end_scope(w, scope)
    interruption = let_guests_go(w, scope)
    if interruption is not None:
        error = interruption
    result = first.ended
    w.current = NULL  # nobody runs here any more; what is dropped now may ask
    with cython.critical_section(scope):
        failure = scope.failure
        main, root, base = scope.main, scope.root, scope.base  # dropped outside
        generators, scope.generators = scope.generators, None
        scope.main = scope.root = scope.base = None
    if first is main and first.g.kind == SleeperKind.plain:
        Py_DECREF(first)
    if failure is not None and (error is None or isinstance(error, (GoroutineExit, Deadlock))):
        note_more_failures(scope)
        raise failure
    if error is not None:
        raise error
    return result


cdef void stand_on(Worker *w, Goroutine root) noexcept:
    """``root`` runs, on the thread's own stack."""
    root.g.state.start()
    root.g.started = True
    root.g.home = w
    w.current = &root.g


cdef object run_main(Worker *w, Scope scope, Goroutine first):
    """Runs a plain main to its end. Returns what it raised, or None."""
    cdef PyThreadState *ts = <PyThreadState *>w.thread_state
    cdef PyObject *outer = take_context(ts)
    cdef object error = None
    cdef object result = None
    give_context(ts, first.context)
    first.context = NULL
    try:
        result = call_main(w, scope, first)
    except BaseException as raised:
        error = raised
    first.fn = first.args = first.kwargs = None
    drop_context(ts)  # main runs still: what this sets off may wait
    give_context(ts, outer)
    if this_worker() != w:
        first.ended = result
        return error
    finish(w, first, result, error)
    w.current = NULL
    return error


cdef object wait_for_main(Worker *w, Goroutine first):
    """Waits for the end of an async main. Returns what it raised, or None."""
    sched.queue(w, &first.g)
    try:
        wait_for_end(w, first, forever)
    except BaseException as raised:
        return raised
    return first.error()


cdef object call_main(Worker *w, Scope scope, Goroutine first):
    cdef Goroutine inner
    value = first.fn(*first.args)
    if PyCoro_CheckExact(<PyObject *>value) and this_worker() == w:  # a callable that gives a coroutine
        if w.async_fiber == NULL:
            w.async_fiber = w.root_fiber  # nothing of main's own stands there any more
        inner = new_goroutine(value, (), None)
        start_in(inner, scope, w)
        wait_for_end(w, inner, forever)
        value = inner.outcome()
    return value


cdef void note_more_failures(Scope scope) noexcept:
    cdef Py_ssize_t n = len(scope.more_failures or ())
    if n and not isinstance(scope.failure, (SystemExit, KeyboardInterrupt)):
        try:
            some = [text for text in scope.more_failures if text is not None]
            more = "" if n == len(some) else f", and {n - len(some)} more"
            scope.failure.add_note("after it also failed: " + "; ".join(some) + more)
        except Exception as error:
            report_exception(error, None)


cdef void stand_in(Worker *w, Scope scope) noexcept:
    """Main has ended; from here on another goroutine stands on the thread's own stack, and waits."""
    cdef Goroutine root = new_goroutine(_wait_for_main, (), None)
    root.scope = scope
    with cython.critical_section(scope):
        before, scope.root = scope.root, root
    stand_on(w, root)


cdef int wait_for_others(Worker *w, Scope scope, int64_t deadline=forever) except -1:
    """Until every goroutine of the scope but main has ended, or the deadline; if it is ending, none comes after that. Raises what is
    raised in its root meanwhile, and GoroutineExit if the run() is stopped."""
    cdef Goroutine root = scope.root
    cdef Outcome outcome
    cdef G *g = &root.g
    while True:
        if not scope.ending and failure_of(scope) is not None:
            raise GoroutineExit("a goroutine has failed")
        if scope.ending and scope.count == 0 and start_closing_all(scope):
            continue
        scope.lock.lock()
        if scope.count == 0:
            scope.closed = scope.ending
            scope.lock.unlock()
            return 0
        g.waiter.sleeper = g
        g.waiter.ticket = g.claim.open()
        scope.emptied.append(&g.waiter)
        scope.lock.unlock()
        outcome = wait_plain(w, g, WaitReason.join, deadline)
        if outcome == Outcome.handed:
            continue
        scope.lock.lock()
        if g.waiter.linked:
            scope.emptied.unlink(&g.waiter)
        scope.lock.unlock()
        if outcome == Outcome.timed_out:
            return 0
        raise_requests(root)


cdef void end_scope(Worker *w, Scope scope) noexcept:
    """main is over: the others get GoroutineExit and are waited for; what ignores that is given up (GO-20)."""
    cdef Goroutine go
    with cython.critical_section(scope):
        scope.ending = True
    drop_functions(scope)
    for go in goroutines_of(scope):
        request(go, REQUEST_KILL)
    try:
        wait_for_running(w, scope)
        wait_for_others(w, scope)
    except BaseException as raised:
        if not isinstance(raised, (Deadlock, GoroutineExit)) and scope.failure is None:
            scope.failure = raised
        abandon(w, scope)


cdef object let_guests_go(Worker *w, Scope scope):
    """Coroutines of other scopes that Ctrl-C has interrupted here finish their step before the thread is given back. Returns what is
    raised meanwhile, or None."""
    error = None
    while w.guests != 0:
        give_way_plain(w, &scope.root.g)
        try:
            raise_requests(scope.root)
        except BaseException as raised:
            error = raised
    return error


cdef void abandon_running(Worker *w, Goroutine go) noexcept:
    """The running goroutine has ignored the end of its run() too often: it is left where it stands, with its stack. Never returns."""
    leave_behind(w, go)
    if go.g.kind == SleeperKind.coroutine:
        leaves_stack(w, &go.g)
    switch_to(w, w.fiber, find_next(w))


cdef void leave_behind(Worker *w, Goroutine go) noexcept:
    """Nobody resumes it, or waits for it, any more. It is leaked."""
    Py_INCREF(go)
    go.g.requests.fetch_or(REQUEST_ABANDON)
    go.g.claim.take_any()
    tell_joiners(w, go)
    warn_of_abandoned([go.describe()])
    scope_remove(go.scope, &go.g)
    scope_leave(go.scope, w)


cdef void abandon(Worker *w, Scope scope) noexcept:
    """Never resumes what is left; its stacks and objects are leaked on purpose, since nothing can unwind them."""
    cdef Goroutine go
    cdef list left
    scope.lock.lock()
    scope.closed = True
    scope.lock.unlock()
    left = []
    for go in goroutines_of(scope):
        if go.g.requests.fetch_or(REQUEST_ABANDON) & REQUEST_OVER:
            continue  # it is at its end on another thread
        Py_INCREF(go)
        go.g.claim.take_any()  # its entries on wait lines are passed over from now on
        left.append(go)
    for go in left:
        tell_joiners(w, go)
    if left:
        warn_of_abandoned([(<Goroutine>go).describe() for go in left])


cdef void tell_joiners(Worker *w, Goroutine go) noexcept:
    """It was marked as abandoned: nobody waits for its end any more."""
    cdef WakeList wakes
    go.g.join_lock.lock()
    serve_joiners(go, wakes)
    go.g.join_lock.unlock()
    make_all_ready(w, wakes)
    leave_group(go)


cdef void warn_of_abandoned(list names) noexcept:
    try:
        _warnings.warn("run() has ended, but these did not: " + "; ".join(names), RuntimeWarning, stacklevel=1)
    except BaseException as error:
        report_exception(error, None)


cdef int check_open() except -1:
    if closing:
        raise RuntimeError("goconc: the interpreter is shutting down")
    return 0


# ---- procs= ----

cdef uint32_t procs_asked = 0        # of the run() calls under way that say it, all alike
cdef uint32_t procs_askers = 0
cdef uint32_t procs_before = 0


cdef int begin_procs(object procs) except -1:
    """For the time of a run()."""
    global procs_asked, procs_askers, procs_before
    if procs is None:
        return 0
    cdef int overflow = 0
    cdef int64_t number = whole_number(procs, "procs", overflow)
    if number < 1 or number > MAXPROCS_MOST:
        raise ValueError(f"procs must be between 1 and {MAXPROCS_MOST}, not {number_text(procs)}")
    cdef uint32_t wanted = <uint32_t>number
    cdef bint agreed = True, resized = True
    with cython.critical_section(starting):
        if procs_askers:
            agreed = procs_asked == wanted
        else:
            procs_before = sched.size()
            resized = sched.resize(wanted)
            procs_asked = wanted
        if agreed and resized:
            procs_askers += 1
    if not agreed:
        raise RuntimeError(f"run(procs={procs}) beside a run(procs={procs_asked}) in another thread")
    if not resized:
        raise MemoryError("no memory for the processors")
    return 0


cdef void end_procs(object procs) noexcept:
    global procs_askers
    if procs is None:
        return
    with cython.critical_section(starting):
        if procs_askers != 0:  # in a child of a fork nobody is under way
            procs_askers -= 1
            if procs_askers == 0:
                sched.resize(procs_before)


# ---- Ctrl-C ----

cdef enum:
    MAIL_PATIENCE = 10_000_000  # ns


cdef int take_sigint() except -1:
    """On Python's main thread, with the default handler in place: Ctrl-C is for main, whoever runs when it comes."""
    if on_main_thread() and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _interrupt_main)
    return 0


cdef int give_signals() except -1:
    """Undoes what was done about signals, even if handlers raise here; then raises what they raised."""
    error = None
    for _ in range(100 if on_main_thread() else 0):
        try:
            give_sigquit()
            if _signal.getsignal(_signal.SIGINT) is _interrupt_main:
                _signal.signal(_signal.SIGINT, _signal.default_int_handler)
            break
        except BaseException as raised:
            error = raised
    if error is not None:
        raise error
    return 0


cdef inline bint on_main_thread() noexcept:
    return PyThread_get_thread_ident() == main_thread


cdef void bring_forward(Worker *w, Goroutine target) noexcept:
    cdef int64_t until = 0
    while not sched.bring_forward(w, &target.g):  # it is on its way, from a thread that runs
        if until == 0:
            until = now_ns() + <int64_t>MAIL_PATIENCE
        elif now_ns() >= until:
            return
        with nogil:
            yield_thread()


def _interrupt_main(signum, frame):
    cdef Worker *w = this_worker()
    cdef Goroutine target = None
    cdef Goroutine interrupted
    if w != NULL and w.scope != NULL:
        target = spokesman(<Scope>w.scope)
    if target is None or w.current == &target.g:
        raise KeyboardInterrupt
    if engine == Engine.threads and w.current != NULL:
        # What runs here is a step of a coroutine, on the stack that the run() stands on: it cannot be left.
        if target.g.requests.load() & REQUEST_RAISE:
            raise KeyboardInterrupt  # main has not come to the one before
        raise_in(target, KeyboardInterrupt())
        return
    raise_in(target, KeyboardInterrupt())
    if w.current != NULL:
        interrupted = <Goroutine>w.current.object
        bring_forward(w, target)  # whoever runs or waits here, main comes first now
        give_way_plain(w, w.current)
        raise_requests(interrupted)   # that may have been the end of the run
