# A scope: the goroutines started, directly or not, from one run(). The background's scope holds those started outside any.


cdef Scheduler sched
cdef Attached[uint64_t] last_id
cdef Scope background = Scope.__new__(Scope)
background.background = True
cdef list active_scopes = []        # those of run() calls under way
cdef str GOEXIT_DEADLOCK = "no goroutines (main called goexit) - deadlock!"
cdef dict unclaimed = {}            # by id: weak references to ended goroutines whose exception nobody has asked for yet
cdef bint closing = False           # the interpreter is on its way out


cdef inline Scope scope_of(G *g):
    return (<Goroutine>g.object).scope


cdef Goroutine main_of(Scope scope):
    """None: its run() is over."""
    cdef Goroutine main
    with cython.critical_section(scope):
        main = scope.main
    return main


cdef Goroutine spokesman(Scope scope):
    """Whom what concerns the whole run() is raised in: main, or who stands in for it once it has ended. None: the run() is over."""
    cdef Goroutine main, root
    cdef bint ending
    with cython.critical_section(scope):
        main, root, ending = scope.main, scope.root, scope.ending
    if main is None or not (ending or main.g.state.is_done()):
        return main
    return root


cdef bint scope_add(Scope scope, G *g, bint is_main) noexcept:
    """False: its run() is over, and nobody is left to run it."""
    (<Goroutine>g.object).scope = scope
    g.scope = NULL if scope.background else <void *>scope
    scope.lock.lock()
    if scope.closed:
        scope.lock.unlock()
        return False
    scope.added += 1
    (<Goroutine>g.object).place = scope.added
    g.scope_previous = NULL
    g.scope_next = scope.first
    if scope.first != NULL:
        scope.first.scope_previous = g
    scope.first = g
    if not is_main:
        scope.count += 1
    scope.lock.unlock()
    sched.goroutines.fetch_add(1)
    return True


cdef void scope_remove(Scope scope, G *g) noexcept:
    scope.lock.lock()
    if g.scope_previous != NULL:
        g.scope_previous.scope_next = g.scope_next
    else:
        scope.first = g.scope_next
    if g.scope_next != NULL:
        g.scope_next.scope_previous = g.scope_previous
    scope.lock.unlock()
    sched.goroutines.fetch_sub(1)


cdef void scope_leave(Scope scope, Worker *w) noexcept:
    """A goroutine other than main is over and let go of: whatever its last reference set off has happened."""
    cdef Waiter *waiter = NULL
    scope.lock.lock()
    scope.count -= 1
    if scope.count == 0:
        waiter = scope.emptied.take_first()
        if waiter != NULL:
            serve(waiter, NULL, True)
    scope.lock.unlock()
    if waiter != NULL:
        make_ready(w, waiter.sleeper)


cdef list goroutines_of(Scope scope):
    """Its unfinished goroutines, oldest first."""
    cdef list found = []
    cdef list batch
    cdef G *g
    cdef PyObject *refs[64]
    cdef int n, i
    # References are taken under the lock, which allocates nothing; lists are built outside it. The list only grows at its head, so the
    # place of the last one tells where to go on.
    cdef uint64_t below = <uint64_t>-1
    while True:
        n = 0
        scope.lock.lock()
        g = scope.first
        while g != NULL and n < 64:
            if (<Goroutine>g.object).place < below:
                refs[n] = <PyObject *>g.object
                Py_INCREF(<object>refs[n])
                n += 1
            g = g.scope_next
        scope.lock.unlock()
        if n == 0:
            break
        for i in range(n):
            found.append(<object>refs[i])
            below = (<Goroutine>refs[i]).place
            Py_DECREF(<object>refs[i])
    found.reverse()
    return found


cdef object fail_scope(Scope scope, object error, Goroutine go):
    """An exception nobody will ask for: stops the run() it belongs to, or is reported where there is none."""
    cdef Goroutine main = main_of(scope)
    cdef bint stops = False, joins = False
    if main is not None and error is main.error():
        return  # it came to a goroutine that joined main: run() raises it
    text = f"{go.describe()}: {brief(error)}"
    # Either run() sees it after this, because it is not ending yet, or it is reported.
    with cython.critical_section(scope):
        if not (scope.background or scope.ending or scope.main is None):
            if scope.failure is None:
                scope.failure = error
                stops = True
            else:
                if scope.more_failures is None:
                    scope.more_failures = []
                scope.more_failures.append(text if len(scope.more_failures) < 3 else None)
                joins = True
    if joins:
        return
    if not stops:
        report_exception(error, go)
        return
    if not isinstance(error, (SystemExit, KeyboardInterrupt)):
        try:
            error.add_note(f"in {go.describe()}")
        except Exception:
            pass
    if main.g.state.is_done():  # it called goexit; what stands on its thread waits for the others, and is to look
        main = spokesman(scope)
        if main is not None:
            request(main, REQUEST_RAISE)
    else:
        request(main, REQUEST_KILL)


cdef str brief(object error):
    try:
        return repr(error)
    except Exception:
        return f"{type(error).__name__} (its repr fails)"


cdef object failure_of(Scope scope):
    with cython.critical_section(scope):
        failure = scope.failure
    return failure


cdef object report_exception(object error, Goroutine go):
    package = None if _sys is None else _sys.modules.get("goconc")  # looked up each time: users assign to goconc.excepthook
    if package is None:
        return  # the interpreter has been taken to pieces
    try:
        package.excepthook(package.ExceptHookArgs(type(error), error, error.__traceback__, go))
    except BaseException as broken:
        _sys.excepthook(type(broken), broken, broken.__traceback__)


cdef object report_unclaimed():
    """At the end of the interpreter: exceptions of goroutines that are held to the end. Nobody will ask now."""
    cdef Goroutine go
    for go in held_unclaimed():
        report_exception(claim_error(go), go)


cdef list held_unclaimed():
    """Oldest first."""
    cdef Goroutine go
    found = []
    for key in sorted(unclaimed):
        ref = unclaimed.get(key)
        go = None if ref is None else ref()
        if go is not None and not go.retrieved and go.error() is not None:
            found.append(go)
    return found


cdef object claim_error(Goroutine go):
    go.mark_retrieved()
    return go.error()
