# run(), the background's worker, what a worker does when there is nothing to do, and the ends of both.

import atexit as _atexit
import signal as _signal
import warnings as _warnings

cdef Worker *spare_workers = NULL      # of ended run() calls; workers are never freed
cdef object background_thread = None
cdef Worker *background_worker = NULL
cdef object starting = _threading.Lock()

cdef enum:
    PATIENCE = 10_000_000              # ns without any progress, after which who wants a processor takes a spare one
    FOREIGN_LOOK = 500_000_000         # ns between looks whether threads that could wake somebody are still there


cdef Worker *new_worker(void *scope) except NULL:
    """Makes the calling thread a worker, for a run()'s scope or (NULL) the background's. It stands on its own stack."""
    global spare_workers
    cdef Worker *w
    cdef PyThreadState *ts = PyThreadState_Get()
    with starting:
        w = spare_workers
        if w != NULL:
            spare_workers = w.reuse_link
    if w == NULL:
        w = make_worker()
        if w == NULL:
            raise MemoryError("no memory for a worker")
        w.dice.seed(<uint64_t>now_ns() ^ <uint64_t><size_t>w)
    w.thread_state = <void *>ts
    w.thread = PyThread_get_thread_ident()
    fiber_adopt(w.root_fiber, ts)
    w.fiber = w.root_fiber
    w.current = NULL
    w.scope = scope
    w.stopping = False
    w.on_main_thread = PyThread_get_thread_ident() == main_thread
    set_this_worker(w)
    sched.join(w)
    get_processor(w)
    return w


cdef void retire_worker(Worker *w) noexcept:
    """The thread stops being a worker. Nothing is suspended on its fibers any more, or is given up."""
    global spare_workers
    cdef NativeFiber *idle
    while w.idle_fibers != NULL:
        idle = <NativeFiber *>w.idle_fibers
        w.idle_fibers = <Fiber *>idle.next
        fiber_recycle(<Fiber *>idle)
    w.idle_count = 0
    sched.leave(w)
    set_this_worker(NULL)
    with starting:
        w.reuse_link = spare_workers
        spare_workers = w


cdef extern from *:
    """
    static inline goconc::Worker *goconc_make_worker() {
        goconc::Worker *w = new (std::nothrow) goconc::Worker;
        if (w) w->root_fiber = new (std::nothrow) goconc::Fiber;
        return w && w->root_fiber ? w : nullptr;
    }
    """
    Worker *make_worker "goconc_make_worker"() noexcept


cdef void get_processor(Worker *w) noexcept:
    """Waits for the right to run goroutines."""
    cdef uint64_t seen, now
    if sched.acquire(w):
        return
    seen = sched.progress()
    while True:
        with nogil:
            w.parker.park(now_ns() + <int64_t>PATIENCE)
        if sched.has_processor(w):
            return
        now = sched.progress()
        if now == seen and sched.take_spare(w):
            return
        seen = now


# ---- nothing to do ----

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
            error = Deadlock("no goroutines (main called goexit) - deadlock!")
            target = scope.root
        else:
            error = Deadlock("all goroutines are asleep - deadlock!\n\n" + safe_dump())
            target = scope.main
        stored = oldest_stored(scope)
        if stored is not None:
            try:
                stored.add_note(str(error))
            except Exception:
                pass
            error = stored
        raise_in(target, error)


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


# ---- run ----

def run(main, /, *args, procs=None, debug=None):
    """Runs ``main(*args)`` as the first goroutine, on this thread, and returns its result once it returns.

    ``main`` is a plain or an ``async def`` function. Goroutines that are still alive when it returns get ``GoroutineExit``, so that their
    ``finally`` blocks run. Raises ``Deadlock`` when nothing can ever run again, and what a goroutine raised that nobody joins. Ctrl-C
    raises ``KeyboardInterrupt`` in ``main``. ``procs`` is how many goroutines may run at once, at most; this version uses one processor.
    """
    cdef Worker *w
    cdef Scope scope
    cdef Goroutine first, root
    if this_worker() != NULL:
        raise RuntimeError("run() was called inside a goroutine; use go()")
    blocking_caller("goconc's awaitable calls in a goroutine started by go()")
    check_open()
    scope = Scope.__new__(Scope)
    scope.procs = check_procs(procs)
    first = new_goroutine(main, args, None)
    scope.main = first
    if first.g.kind == SleeperKind.coroutine:
        root = new_goroutine(_wait_for_main, (), None)
        root.scope = scope
    else:
        root = first
    w = new_worker(<void *>scope)
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
            error = Deadlock("no goroutines (main called goexit) - deadlock!")
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


cdef int wait_for_others(Worker *w, Scope scope) except -1:
    """Until every goroutine of the scope but main has ended. Raises what is raised in its root meanwhile."""
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
        outcome = wait_plain(w, g, WaitReason.join, forever)
        if outcome == Outcome.handed:
            return 0
        scope.lock.lock()
        if g.waiter.linked:
            scope.emptied.unlink(&g.waiter)
        scope.lock.unlock()
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


cdef object check_procs(object procs):
    cdef Scope other
    if procs is None:
        return None
    if isinstance(procs, bool) or not isinstance(procs, int):
        raise TypeError(f"procs must be an int, not {type(procs).__name__}")
    if procs < 1:
        raise ValueError(f"procs must be at least 1, not {procs}")
    for other in list(active_scopes):
        if other.procs is not None and other.procs != procs:
            raise RuntimeError(f"run(procs={procs}) beside a run(procs={other.procs}) in another thread")
    return procs


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


# ---- the background: goroutines started outside any run() ----

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


# ---- once, at import ----

import os as _os


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


# ---- the rest of the runtime's calls ----

def current():
    """The running goroutine, or None outside one."""
    cdef Worker *w = this_worker()
    if w == NULL or w.current == NULL:
        return None
    return <Goroutine>w.current.object


def goexit():
    """Ends the running goroutine: its ``finally`` blocks run, ``join()`` gives None. (Go: ``runtime.Goexit``)"""
    if current() is None:
        raise RuntimeError("goexit() outside a goroutine")
    raise _Goexit("goexit")


def num_goroutine() -> int:
    """How many goroutines exist in this process. (Go: ``runtime.NumGoroutine``)"""
    return sched.goroutines.load()


def gomaxprocs(n=None) -> int:
    """How many goroutines run at once, at most. (Go: ``runtime.GOMAXPROCS``) This version has one processor: the answer is 1."""
    if n is not None and (isinstance(n, bool) or not isinstance(n, int)):
        raise TypeError(f"n must be an int, not {type(n).__name__}")
    return 1


class shield:
    """``with shield():`` in a goroutine: cancellation waits until the block is left, so that clean-up code may block."""

    __slots__ = ("_goroutine",)

    def __init__(self):
        self._goroutine = None

    def __enter__(self):
        cdef Goroutine go = current()
        if go is None:
            raise RuntimeError("shield() outside a goroutine")
        if self._goroutine is not None:
            raise RuntimeError("this shield() is in use already")
        go.shields += 1
        self._goroutine = go
        return self

    def __exit__(self, *exc):
        cdef Goroutine go = self._goroutine
        self._goroutine = None
        go.shields -= 1


shield.__module__ = "goconc"
