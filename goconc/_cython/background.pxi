# Goroutines started outside any run(): their worker, the end of the interpreter, fork, and what is settled at import.

import atexit as _atexit
import os as _os

cdef object background_thread = None
cdef Worker *background_worker = NULL


cdef int ensure_background() except -1:
    """There is a worker for goroutines, and timers, of threads that are in no run()."""
    global background_thread
    if background_worker != NULL:
        return 0
    check_open()
    ready = None
    with starting:
        if background_thread is None:
            ready = _threading.Event()
            background_thread = _threading.Thread(target=_run_background, args=(ready,), name="goconc-worker-1", daemon=True)
            try:
                background_thread.start()
            except BaseException:
                background_thread = None
                raise
    if ready is not None:
        ready.wait()
    return 0


def _run_background(ready):
    """The thread of the background's worker: its root waits until the interpreter ends, others run meanwhile."""
    global background_worker
    cdef Goroutine root = new_goroutine(_wait_for_main, (), None)
    cdef Worker *w = new_worker(NULL)
    root.scope = background
    background.root = root
    root.g.state.start()
    root.g.started = True
    root.g.home = w
    w.current = &root.g
    background_worker = w
    ready.set()
    while not w.stopping:
        root.g.claim.open()
        wait_plain(w, &root.g, WaitReason.none, forever)
        root.g.requests.fetch_and(0)
    background_worker = NULL
    w.current = NULL
    set_this_worker(NULL)


def _stop_background():
    """Goroutines of the background are left where they are: not unwound, not resumed (PY-09)."""
    global closing
    cdef Goroutine go
    closing = True
    for key in sorted(background.stored or ()):
        go = background.stored[key]()
        if go is not None and not go.retrieved:  # held to the end, and nobody will ask now
            go.mark_retrieved()
            report_exception(go.error(), go)
    if background_thread is not None and background_worker != NULL:
        background_worker.stopping = True
        request(background.root, REQUEST_RAISE)
        background_thread.join(1.0)


_atexit.register(_stop_background)


def _configure_stacks():
    if not fiber_engine_matches(PyThreadState_Get()):
        raise ImportError("goconc was built for another patch release of this Python: reinstall it from source "
                          "(pip install --no-binary goconc goconc)")
    text = _os.environ.get("GOCONC_STACK")
    if text is None:
        return
    try:
        size = int(text)
    except ValueError:
        size = 0
    if size <= 0 or not fiber_stack_configure(size):
        raise ValueError(f"GOCONC_STACK must be a number of bytes between 65536 and 67108864, not {text!r}")


_configure_stacks()


def _after_fork():
    """In the child there is one thread. If it is not a worker, it starts afresh: the parent's goroutines are not its own."""
    global background, background_thread, background_worker, starting, main_thread
    fiber_after_fork()
    starting = _threading.Lock()
    main_thread = _threading.main_thread().ident
    background_thread = None
    background_worker = NULL
    if this_worker() == NULL:
        background = Scope.__new__(Scope)
        background.background = True
        active_scopes.clear()
        sched.start_afresh()


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)
