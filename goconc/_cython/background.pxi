# Goroutines started outside any run(): their worker, the end of the interpreter, fork, and what is settled at import.

import atexit as _atexit
import os as _os

from goconc import _settings

cdef enum:
    MAXPROCS_MOST = 1024

cdef object background_ready = None   # set once the first helper is there
cdef list helper_roots = []        # what stands on the threads' own stacks
cdef list helper_threads = []
cdef Attached[uint32_t] helpers_started
cdef uint32_t max_threads = 256
cdef Sysmon sysmon
sysmon.detached = thread_is_detached


cdef int ensure_background() except -1:
    """There is a worker for goroutines, and timers, of threads that are in no run()."""
    global background_ready
    check_open()
    if sched.background != NULL:
        return 0
    with starting:
        ready = background_ready
        if ready is None:
            ready = background_ready = _threading.Event()
            sched.short_of_helpers.exchange(False)
            try:
                new_helper(ready)
            except BaseException:
                background_ready = None
                raise
    ready.wait()
    return 0


cdef void start_helper() noexcept:
    """One more sleeping worker, for processors that stuck workers lose and for those that nobody holds. Not if there are too many."""
    if closing or not sched.short_of_helpers.exchange(False):
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
    sysmon.stop()


_atexit.register(_stop_background)


def _configure():
    global max_threads
    if not fiber_engine_matches(PyThreadState_Get()):
        raise ImportError("goconc was built for another patch release of this Python: reinstall it from source "
                          "(pip install --no-binary goconc goconc)")
    size = _settings.number("GOCONC_STACK", 65536, 67108864, "a number of bytes")
    if size is not None and not fiber_stack_configure(size):
        raise ValueError(f"GOCONC_STACK: no stacks of {size} bytes can be had")
    procs = _settings.number("GOCONC_MAXPROCS", 1, MAXPROCS_MOST, "a number")
    if not sched.resize(procs or _settings.default_procs()):
        raise MemoryError("no memory for the processors")
    max_threads = _settings.number("GOCONC_MAXTHREADS", 1, 100_000, "a number") or 256
    warn = _settings.seconds("GOCONC_BLOCKED_WARN")
    if warn is not None:
        sysmon.warn_after = <int64_t>(warn * 1e9)


_configure()


def _after_fork():
    """In the child there is one thread. If it is not a worker, it starts afresh: the parent's goroutines are not its own."""
    global background, background_ready, starting, main_thread
    sysmon.let_go()
    fiber_after_fork()
    starting = _threading.Lock()
    main_thread = _threading.main_thread().ident
    background_ready = None
    helper_threads.clear()
    helper_roots.clear()
    helpers_started.store(0)
    sysmon.start_afresh()
    if this_worker() == NULL:
        background = Scope.__new__(Scope)
        background.background = True
        active_scopes.clear()
        unclaimed.clear()
        procs = sched.size()
        sched.start_afresh()
        sched.resize(procs)


def _before_fork():
    with nogil:
        sysmon.hold()  # sysmon, which is no thread of Python's, must not be inside when the memory is copied


def _after_fork_in_parent():
    sysmon.let_go()


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
