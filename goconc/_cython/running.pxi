# run(): a scope begins, main runs, the others end; and Ctrl-C, which is main's.

import signal as _signal
import warnings as _warnings


def run(main, /, *args, procs=None, debug=None):
    """Runs ``main(*args)`` as the first goroutine, on this thread, and returns its result once it returns.

    ``main`` is a plain or an ``async def`` function. Goroutines that are still alive when it returns get ``GoroutineExit``, so that their
    ``finally`` blocks run. Raises ``Deadlock`` when nothing can ever run again, and what a goroutine raised that nobody joins. Ctrl-C
    raises ``KeyboardInterrupt`` in ``main``. ``procs`` sets ``gomaxprocs`` for as long as the call takes.
    """
    cdef Worker *w
    cdef Scope scope
    cdef Goroutine first, root
    if this_worker() != NULL:
        raise RuntimeError("run() was called inside a goroutine; use go()")
    blocking_caller("goconc's awaitable calls in a goroutine started by go()")
    check_open()
    scope = Scope.__new__(Scope)
    first = new_goroutine(main, args, None)
    scope.main = first
    if first.g.kind == SleeperKind.coroutine:
        root = new_goroutine(_wait_for_main, (), None)
        root.scope = scope
    else:
        root = first
    begin_procs(procs)
    w = new_worker(<void *>scope)
    get_processor(w)
    w.running.store(True)
    scope.worker = w
    scope.root = root
    scope.base = innermost_frame()
    active_scopes.append(scope)
    outer_handler = take_sigint(w)
    try:
        return run_scope(w, scope)
    finally:
        give_sigint(outer_handler)
        active_scopes.remove(scope)
        retire_worker(w)
        scope.worker = NULL
        end_procs(procs)


def _wait_for_main():
    pass  # names what stands on the thread's stack while an async main runs


cdef object run_scope(Worker *w, Scope scope):
    cdef Goroutine first = scope.main
    cdef Goroutine root = scope.root
    cdef PyThreadState *ts = <PyThreadState *>w.thread_state
    cdef PyObject *outer
    cdef object error = None
    scope_add(scope, &first.g, True)
    Py_INCREF(first)
    root.g.state.start()
    root.g.started = True
    root.g.home = w
    w.current = &root.g
    try:
        if first is root:
            outer = take_context(ts)
            give_context(ts, first.context)
            first.context = NULL
            try:
                finish_main(w, first, call_main(w, scope, first), None)
            finally:
                Py_XDECREF(take_context(ts))
                give_context(ts, outer)
        else:
            sched.queue(w, &first.g)
            wait_for_end(w, first, forever)
    except BaseException as raised:
        error = raised
        if first is root:
            finish_main(w, first, None, error)
    if first is root:
        stand_in(w, scope)
    elif error is None:
        error = first.error()
    if isinstance(error, _Goexit):
        error = None
        try:
            wait_for_others(w, scope)
            error = deadlock_of(scope, "no goroutines (main called goexit) - deadlock!")
        except BaseException as raised:
            error = raised
    end_scope(w, scope)
    try:
        let_guests_go(w, scope)
    except BaseException as raised:
        error = raised
    if first is root:
        Py_DECREF(first)
    scope.main = scope.root = scope.base = None
    if scope.failure is not None and (error is None or isinstance(error, (GoroutineExit, Deadlock))):
        note_more_failures(scope)
        raise scope.failure
    if error is not None:
        raise error
    return first.ended


cdef object call_main(Worker *w, Scope scope, Goroutine first):
    cdef Goroutine inner
    value = first.fn(*first.args)
    if PyCoro_CheckExact(<PyObject *>value):  # a callable that gives a coroutine
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


cdef void finish_main(Worker *w, Goroutine first, object result, object error) noexcept:
    first.fn = first.args = first.kwargs = None
    finish(w, first, result, error)


cdef void stand_in(Worker *w, Scope scope) noexcept:
    """Main has ended; from here on another goroutine stands on the thread's own stack, and waits."""
    cdef Goroutine root = new_goroutine(_wait_for_main, (), None)
    root.scope = scope
    root.g.state.start()
    root.g.started = True
    root.g.home = w
    scope.root = root
    w.current = &root.g


cdef int wait_for_others(Worker *w, Scope scope, int64_t deadline=forever) except -1:
    """Until every goroutine of the scope but main has ended, or the deadline. Raises what is raised in its root meanwhile."""
    cdef Goroutine root = scope.root
    cdef Outcome outcome
    cdef G *g = &root.g
    while True:
        scope.lock.lock()
        if scope.count == 0:
            scope.lock.unlock()
            return 0
        g.waiter.sleeper = g
        g.waiter.ticket = g.claim.open()
        scope.emptied.append(&g.waiter)
        scope.lock.unlock()
        outcome = wait_plain(w, g, WaitReason.join, deadline)
        if outcome == Outcome.handed:
            return 0
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
    cdef object error
    scope.ending = True
    for go in goroutines_of(scope):
        if go is not scope.main:
            request(go, REQUEST_KILL)
    try:
        wait_for_running(w, scope)
        wait_for_others(w, scope)
    except BaseException as raised:
        if not isinstance(raised, (Deadlock, GoroutineExit)) and scope.failure is None:
            scope.failure = raised
        abandon(scope)


cdef int let_guests_go(Worker *w, Scope scope) except -1:
    """Coroutines of other scopes that Ctrl-C has interrupted here finish their step before the thread is given back."""
    while w.guests != 0:
        give_way_plain(w, &scope.root.g)
        raise_requests(scope.root)


cdef void abandon_running(Worker *w, Goroutine go) noexcept:
    """The running goroutine has ignored the end of its run() too often: it is left where it stands, with its stack. Never returns."""
    Py_INCREF(go)
    go.g.requests.fetch_or(REQUEST_ABANDON)
    warn_of_abandoned([go.describe()])
    scope_remove(go.scope, &go.g)
    scope_leave(go.scope, w)
    switch_to(w, w.fiber, find_next(w))


cdef void abandon(Scope scope) noexcept:
    """Never resumes what is left; its stacks and objects are leaked on purpose, since nothing can unwind them."""
    cdef Goroutine go
    names = []
    for go in goroutines_of(scope):
        if go is scope.main:
            continue
        go.g.requests.fetch_or(REQUEST_ABANDON)
        go.g.claim.take_any()  # its entries on wait lines are passed over from now on
        names.append(go.describe())
        Py_INCREF(go)
    if names:
        warn_of_abandoned(names)


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

cdef object procs_asked = None       # of the run() calls under way that say it, all alike
cdef uint32_t procs_askers = 0
cdef uint32_t procs_before = 0


cdef int begin_procs(object procs) except -1:
    """For the time of a run()."""
    global procs_asked, procs_askers, procs_before
    if procs is None:
        return 0
    if isinstance(procs, bool) or not isinstance(procs, int):
        raise TypeError(f"procs must be an int, not {type(procs).__name__}")
    if not 1 <= procs <= MAXPROCS_MOST:
        raise ValueError(f"procs must be between 1 and {MAXPROCS_MOST}, not {procs}")
    with starting:
        if procs_askers and procs_asked != procs:
            raise RuntimeError(f"run(procs={procs}) beside a run(procs={procs_asked}) in another thread")
        if procs_askers == 0:
            procs_before = sched.size()
            if not sched.resize(procs):
                raise MemoryError("no memory for the processors")
            procs_asked = procs
        procs_askers += 1
    return 0


cdef void end_procs(object procs) noexcept:
    global procs_askers
    if procs is None:
        return
    with starting:
        procs_askers -= 1
        if procs_askers == 0:
            sched.resize(procs_before)


# ---- Ctrl-C ----

cdef object take_sigint(Worker *w):
    """On Python's main thread, with the default handler in place: Ctrl-C is for main, whoever runs when it comes."""
    if w.on_main_thread and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _interrupt_main)
        return _signal.default_int_handler
    return None


cdef int give_sigint(object handler) except -1:
    if handler is not None and _signal.getsignal(_signal.SIGINT) is _interrupt_main:
        _signal.signal(_signal.SIGINT, handler)
    return 0


def _interrupt_main(signum, frame):
    cdef Worker *w = this_worker()
    cdef Scope scope
    cdef Goroutine target, interrupted
    if w == NULL or w.scope == NULL:
        raise KeyboardInterrupt
    scope = <Scope>w.scope
    target = scope.root if scope.ending else scope.main
    if w.current == &target.g:
        raise KeyboardInterrupt
    raise_in_main(scope, KeyboardInterrupt())
    if w.current != NULL:
        interrupted = <Goroutine>w.current.object
        give_way_plain(w, w.current)  # whoever runs here, main comes first now
        raise_requests(interrupted)   # that may have been the end of the run
