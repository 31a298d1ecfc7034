# What differs from engine to engine (_cpython/engine.hpp), and how one is chosen.
#
# The engine of threads: a switch passes the worker's baton to the thread of the other stack (_cpython/thread_fiber.hpp). Who has it is
# the worker: the worker's thread state, identity and clock are its own then.
#
# Coroutines have no stack, and yet a thread of theirs: all steps that a worker makes run on one, `async_fiber`, so that lock_os_thread()
# holds and an async main stays on the thread that called run(). That fiber is the root's, if a stand-in stands on it: it drives them from
# within its wait.

cdef set fiber_threads = set()       # identities of threads that are fibers: no strangers to a deadlock report

cdef enum:
    INSISTS_AFTER = 300_000_000      # ns after Ctrl-C that a goroutine has to let main come


cdef int choose_engine() except -1:
    """As GOCONC_FIBERS says, or else the best that there is here."""
    global engine, switch_by_engine
    chosen = _engines.choose(_settings.choice("GOCONC_FIBERS", _engines.ENGINES), native=native_engine_works(PyThreadState_Get()),
                             built=native_engine_built, load_greenlet=_load_greenlet)
    engine = Engine.native if chosen == "native" else Engine.greenlet if chosen == "greenlet" else Engine.threads
    switch_by_engine = switch_greenlets if engine == Engine.greenlet else switch_threads
    return 0


def _load_greenlet():
    """Returns what has kept it from being loaded, or None."""
    return None if greenlets.load() else taken(take_exception())


def fiber_engine() -> str:
    """On what plain goroutines run: "native", "greenlet" or "threads"."""
    return "native" if engine == Engine.native else "greenlet" if engine == Engine.greenlet else "threads"


cdef Fiber *new_fiber(Worker *w) noexcept:
    """A stack on which a goroutine of ``w`` will run; NULL if there can be none."""
    if engine == Engine.threads:
        return thread_fiber(w, thread_body)
    if engine == Engine.greenlet:
        return greenlet_fiber(w.root_fiber, fiber_body)
    return native_fiber(<PyThreadState *>w.thread_state, fiber_body)


cdef void recycle_fiber(Fiber *fiber) noexcept:
    if engine == Engine.threads:
        retire_thread_fiber(fiber)
    elif engine == Engine.greenlet:
        retire_greenlet(fiber)
    else:
        recycle_native(fiber)


cdef inline bint is_retired(Fiber *fiber) noexcept:
    return engine == Engine.greenlet and as_greenlet(fiber).retired


cdef bint adopt_root(Worker *w) noexcept:
    """The calling thread's own stack becomes the worker's root fiber. False: no memory."""
    w.async_fiber = NULL
    if engine == Engine.threads:
        as_thread(w.root_fiber).worker = w
        as_thread(w.root_fiber).thread = PyThread_get_thread_ident()
        as_thread(w.root_fiber).state = PyThreadState_Get()
    elif engine == Engine.native:
        adopt_native(w.root_fiber, PyThreadState_Get())
    else:
        return adopt_greenlet(w.root_fiber)
    return True


cdef void release_root(Worker *w) noexcept:
    """It is no worker's any more."""
    if engine == Engine.greenlet:
        release_greenlet(w.root_fiber)


cdef object frame_on(Fiber *fiber):
    """The innermost Python frame of a suspended fiber, or None."""
    cdef PyObject *found
    if engine == Engine.threads:
        return _sys._current_frames().get(as_thread(fiber).thread)
    if engine == Engine.greenlet:
        found = greenlet_frame(fiber)
    else:
        found = native_frame(PyThreadState_Get(), fiber)
    return None if found == NULL else taken(found)


cdef void thread_body(Fiber *self) noexcept:
    """`fiber_body` for a thread: of two kinds, one for plain goroutines and one for the steps of coroutines."""
    cdef Worker *w = as_thread(self).worker
    cdef G *g
    set_this_worker(w)
    stand_here(w, self)
    begin_thread()
    while True:
        g = <G *>self.owner
        self.owner = NULL
        if g.kind == SleeperKind.coroutine:
            resume_coroutine(w, g)
        else:
            run_plain(w, g)
        g = find_next(w)
        if g.fiber == NULL and (g.kind == SleeperKind.coroutine) == (self == w.async_fiber):
            self.owner = <void *>g
            continue
        if self != w.async_fiber:
            rest_fiber(w, self)
        switch_to(w, self, g)
        if as_thread(self).retired:
            break
    set_this_worker(NULL)
    end_thread()


cdef void begin_thread() noexcept:
    """As a thread of `threading` begins."""
    try:
        fiber_threads.add(_threading.get_ident())
        if _threading.gettrace() is not None:
            _sys.settrace(_threading.gettrace())
        if _threading.getprofile() is not None:
            _sys.setprofile(_threading.getprofile())
    except BaseException as error:
        report_exception(error, None)


cdef void end_thread() noexcept:
    """Up to 3.12 `threading` never forgets a thread that is not its own and has asked for its Thread object."""
    try:
        _threading._active.pop(_threading.get_ident(), None)
        fiber_threads.discard(_threading.get_ident())
    except BaseException as error:
        report_exception(error, None)


cdef void stand_here(Worker *w, Fiber *stack) noexcept:
    """The calling thread is the worker's from now on."""
    sched.set_thread(w, stack, <void *>PyThreadState_Get(), PyThread_get_thread_ident())
    w.on_main_thread = on_main_thread()


cdef Fiber *async_fiber_of(Worker *w) noexcept:
    """Where the worker's coroutines run; NULL if there can be no thread for it."""
    if w.async_fiber == NULL:
        w.async_fiber = new_fiber(w)
    return w.async_fiber


cdef void switch_threads(Fiber *here, Fiber *target) noexcept:
    cdef Worker *w = this_worker()
    pass_baton(w, here, target)
    if here == w.root_fiber and here.owner != NULL:
        drive_coroutines(w, here)


cdef void drive_coroutines(Worker *w, Fiber *root) noexcept:
    """On the root fiber, whose stand-in waits: makes the steps of coroutines until the stand-in goes on."""
    cdef PyThreadState *ts = <PyThreadState *>w.thread_state
    cdef PyObject *outer = take_context(ts)
    cdef Fiber *target
    cdef G *g
    while root.owner != NULL:
        g = <G *>root.owner
        root.owner = NULL
        resume_coroutine(w, g)
        if this_worker() != w:
            break  # main has ended in a child process
        g = find_next(w)
        target = stack_for(w, g) if g.fiber == NULL else g.fiber
        if target != root:
            pass_baton(w, root, target)
    give_context(ts, outer)


cdef void pass_baton(Worker *w, Fiber *here, Fiber *target) noexcept:
    """Python's main thread looks at signals while it has not the baton, as any thread might that is no worker."""
    cdef Woken why
    cdef bint on_main = w.on_main_thread
    cdef int64_t insist = forever
    cdef int64_t until = now_ns() + <int64_t>SIGNAL_SLICE if on_main else forever
    w.fiber = here  # as its thread state is, until the other thread has begun
    with nogil:
        as_thread(target).baton.unpark()
        why = as_thread(here).baton.park(until)
    while why != Woken.token:
        if on_main:
            insist = handle_signals_aside(w, insist)
            until = now_ns() + <int64_t>SIGNAL_SLICE
        with nogil:
            why = as_thread(here).baton.park(until)
    if not as_thread(here).retired:
        stand_here(w, here)


cdef int64_t handle_signals_aside(Worker *w, int64_t insist) noexcept:
    """Without the baton. What handlers raise is for main. If main has not come to it by ``insist``, whoever runs gets KeyboardInterrupt."""
    cdef G *g
    cdef int before = forks
    set_this_worker(NULL)
    try:
        PyErr_CheckSignals()
    except BaseException as error:
        if forks != before:
            leave_child(error)
        raise_in_main(<Scope>w.scope, error)
        if isinstance(error, KeyboardInterrupt):
            insist = now_ns() + <int64_t>INSISTS_AFTER
    if forks != before:
        leave_child(None)
    if now_ns() >= insist:
        insist = forever
        g = w.current
        if g != NULL:
            interrupt_with(w, g, <PyObject *>KeyboardInterrupt)
    set_this_worker(w)
    return insist
