# A scope: the goroutines started, directly or not, from one run(). The background's scope holds those started outside any.


cdef Scheduler sched
cdef Attached[uint64_t] last_id
cdef Scope background = Scope.__new__(Scope)
background.background = True
cdef list active_scopes = []        # those of run() calls under way
cdef bint closing = False           # the interpreter is on its way out


cdef inline Scope scope_of(G *g):
    return (<Goroutine>g.object).scope


cdef void scope_add(Scope scope, G *g, bint is_main) noexcept:
    (<Goroutine>g.object).scope = scope
    g.scope = NULL if scope.background else <void *>scope
    scope.lock.lock()
    g.scope_previous = NULL
    g.scope_next = scope.first
    if scope.first != NULL:
        scope.first.scope_previous = g
    scope.first = g
    if not is_main:
        scope.count += 1
    scope.lock.unlock()
    sched.goroutines.fetch_add(1)


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
    # References are taken under the lock, which allocates nothing; lists are built outside it. The list only grows at its head, so a
    # goroutine is remembered to go on from by its id.
    cdef uint64_t below = <uint64_t>-1
    while True:
        n = 0
        scope.lock.lock()
        g = scope.first
        while g != NULL and n < 64:
            if (<Goroutine>g.object).id < below:
                refs[n] = <PyObject *>g.object
                Py_INCREF(<object>refs[n])
                n += 1
            g = g.scope_next
        scope.lock.unlock()
        if n == 0:
            break
        for i in range(n):
            found.append(<object>refs[i])
            if (<Goroutine>refs[i]).id < below:
                below = (<Goroutine>refs[i]).id
            Py_DECREF(<object>refs[i])
    found.sort(key=_by_id)
    return found


def _by_id(Goroutine g):
    return g.id


cdef object fail_scope(Scope scope, object error, Goroutine go):
    """An exception nobody will ask for: stops the run() it belongs to, or is reported where there is none."""
    if scope.main is not None and error is scope.main.error():
        return  # it came to a goroutine that joined main: run() raises it
    if scope.background or scope.ending or scope.main is None:
        report_exception(error, go)
        return
    text = f"{go.describe()}: {error!r}"
    with cython.critical_section(scope):
        if scope.more_failures is None:
            scope.more_failures = []
            first = True
        else:
            scope.more_failures.append(text if len(scope.more_failures) < 3 else None)
            first = False
    if not first:
        return
    if not isinstance(error, (SystemExit, KeyboardInterrupt)):
        try:
            error.add_note(f"in {go.describe()}")
        except Exception:
            pass
    scope.failure = error
    if scope.main.g.state.is_done():  # it called goexit; what stands on its thread waits for the others
        raise_in(scope.root, GoroutineExit("a goroutine has failed"))
    else:
        request(scope.main, REQUEST_KILL)


cdef object report_exception(object error, Goroutine go):
    package = _sys.modules.get("goconc")  # looked up each time: users assign to goconc.excepthook
    try:
        package.excepthook(package.ExceptHookArgs(type(error), error, error.__traceback__, go))
    except BaseException as broken:
        _sys.excepthook(type(broken), broken, broken.__traceback__)
