# Goroutines started outside any run(): their worker, the end of the interpreter, fork, and what is settled at import.

import atexit as _atexit
import os as _os

from goconc import _engines, _settings

cdef enum:
    MAXPROCS_MOST = 1024

cdef object background_ready = None   # an event: the first helper is there
cdef unsigned long starter = 0        # the thread that starts it, meanwhile
cdef list helper_roots = []        # what stands on the threads' own stacks
cdef list helper_threads = []
cdef Attached[uint32_t] helpers_started
cdef uint32_t max_threads = 256
cdef Sysmon sysmon
sysmon.detached = thread_is_detached


cdef int ensure_background() except -1:
    """There is a worker for goroutines, and timers, of threads that are in no run()."""
    global background_ready, starter
    cdef unsigned long me = PyThread_get_thread_ident()
    cdef bint starts, is_starter
    check_open()
    while sched.background == NULL:
        ready = _threading.Event()
        with cython.critical_section(starting):
            starts = background_ready is None
            if starts:
                background_ready = ready
                starter = me
            ready = background_ready
            is_starter = starter == me
        if starts:
            start_background(ready)
        elif is_starter:
            return 0  # a signal handler or finalizer, called while this thread starts it: it will be there
        ready.wait()
    return 0


cdef int start_background(object ready) except -1:
    global background_ready, starter
    sched.short_of_helpers.exchange(False)
    try:
        new_helper(ready)
        starter = 0
    except BaseException:
        starter = 0
        background_ready = None
        ready.set()  # whoever waits tries it itself
        raise
    return 0


cdef void start_helper() noexcept:
    """One more sleeping worker, for processors that stuck workers lose and for those that nobody holds. Not if there are too many."""
    if not sched.short_of_helpers.exchange(False) or closing:  # in any case: who is locked asks until it is false
        return
    if helpers_started.load() >= max_threads:
        return
    try:
        new_helper(None)
    except BaseException as error:
        report_exception(error, None)


cdef int new_helper(object ready) except -1:
    number = helpers_started.fetch_add(1) + 1
    thread = _threading.Thread(target=_run_helper, args=(ready,), name=f"goconc-worker-{number}", daemon=True)
    sysmon.start(sched)
    try:
        thread.start()
    except BaseException:
        helpers_started.fetch_sub(1)
        raise
    helper_threads.append(thread)
    return 0


def _run_helper(ready):
    """A helper's thread: its root waits until the interpreter ends, goroutines run meanwhile."""
    cdef Goroutine root = new_goroutine(_wait_for_main, (), None)
    cdef Worker *w = new_worker(NULL)
    root.scope = background
    root.g.state.start()
    root.g.started = True
    root.g.home = w
    w.current = &root.g
    if sched.background == NULL:
        sched.background = w
        background.root = root
    helper_roots.append(root)
    if ready is not None:
        ready.set()
    while not w.stopping:
        root.g.claim.open()
        wait_plain(w, &root.g, WaitReason.none, forever)
        root.g.requests.fetch_and(0)
    w.current = NULL
    sched.leave(w)
    set_this_worker(NULL)


def _stop_background():
    """Goroutines of the background are left where they are: not unwound, not resumed (PY-09)."""
    global closing
    cdef Goroutine go
    cdef int64_t until = now_ns() + 1_000_000_000
    closing = True
    report_unclaimed()
    for go in list(helper_roots):
        go.g.home.stopping = True
        request(go, REQUEST_RAISE)
    for thread in list(helper_threads):
        thread.join(max(0, until - now_ns()) / 1e9)
    until = now_ns() + <int64_t>10_000_000_000
    with nogil:
        await_ending_threads(until)
    sysmon.stop()


_atexit.register(_stop_background)


def _configure():
    global max_threads, quit_setting
    choose_engine()
    find_frames(PyThreadState_Get())
    size = _settings.number("GOCONC_STACK", 65536, 67108864, "a number of bytes")
    if size is not None and not configure_stack(size):
        raise ValueError(f"GOCONC_STACK: no stacks of {size} bytes can be had")
    procs = _settings.number("GOCONC_MAXPROCS", 1, MAXPROCS_MOST, "a number")
    if not sched.resize(procs or _settings.default_procs()):
        raise MemoryError("no memory for the processors")
    max_threads = _settings.number("GOCONC_MAXTHREADS", 1, 100_000, "a number") or 256
    quit_setting = _settings.choice("GOCONC_SIGQUIT", ("exit", "dump", "off"))
    warn = _settings.seconds("GOCONC_BLOCKED_WARN")
    if warn is not None:
        sysmon.warn_after = <int64_t>(warn * 1e9)


_configure()


# ---- fork ----

cdef int forks = 0                 # between this process and the one that imported goconc


def _before_fork():
    with nogil:
        sysmon.hold()


def _after_fork_in_parent():
    sysmon.let_go()


def _after_fork():
    """In the child there is one thread, and no goroutine: whoever called fork goes on as an ordinary thread, and all else starts afresh.
    What the parent's goroutines wait for and clean up is the parent's."""
    global background, background_ready, starter, starting, interrupting, bells_lock, main_thread, procs_askers, forks
    cdef Worker *w = this_worker()
    forks += 1
    set_this_worker(NULL)
    sysmon.start_afresh()
    engine_after_fork()
    fiber_threads.clear()
    ending_threads.store_relaxed(0)
    sched.forget_threads(PyThread_get_thread_ident())
    for scope in [background, *active_scopes]:
        forget_goroutines(scope)
    forget_unclaimed()
    active_scopes.clear()
    background = Scope.__new__(Scope)
    background.background = True
    sched.start_afresh(w)
    starting = object()
    interrupting = object()
    bells_lock = _threading.Lock()
    main_thread = _threading.main_thread().ident
    background_ready = None
    starter = 0
    procs_askers = 0
    helper_threads.clear()
    helper_roots.clear()
    helpers_started.store(0)
    looking_for_deadlock.store(0)
    give_sigquit()


cdef void forget_goroutines(Scope scope) noexcept:
    """They are never resumed here, and what they wait on passes them over."""
    cdef Goroutine go
    scope.closed = scope.ending = True
    scope.main = None
    for go in goroutines_of(scope):
        Py_INCREF(go)  # its frames stay as they are
        go.g.requests.store(REQUEST_ABANDON)
        go.g.claim.take_any()


cdef void forget_unclaimed() noexcept:
    """The parent reports them."""
    cdef Goroutine go
    for go in held_unclaimed():
        go.mark_retrieved()
    unclaimed.clear()


cdef void end_in_child(Worker *w, Goroutine go, PyObject *result) noexcept:
    """A coroutine has ended, in a child process that it has forked. If it is main, and run() stands on this thread, that returns. Else the
    process ends."""
    if not (go.is_main and w.scope == <void *>go.scope):
        leave_child(None if result != NULL else taken(take_exception()))
    go.failed = result == NULL
    go.ended = taken(take_exception() if go.failed else result)
    go.coro = None
    drop_context(<PyThreadState *>w.thread_state)
    go.g.state.finish()
    go.scope.root.g.outcome = Outcome.handed
    if w.fiber != w.root_fiber:
        switch_fiber(<PyThreadState *>w.thread_state, w.fiber, w.root_fiber)


def leave_child(error):
    """Ends a child process in which a goroutine, or a call on a helper thread, has come to its end, as Python's main thread would end it:
    other threads are waited for, and the exit code says how it went. For goconc's own modules."""
    code = 0
    try:
        if isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
            code = error.code or 0
        elif error is not None:
            code = 1
            report_exception(error, None)
        _threading._shutdown()
    except BaseException as raised:
        code = 1
        report_exception(raised, None)
    for stream in (_sys.stdout, _sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    _os._exit(code & 0xff)


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
