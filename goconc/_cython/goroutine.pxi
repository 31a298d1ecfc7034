# A goroutine: what it runs, how it ends, who waits for it.

cdef enum:
    REQUEST_CANCEL = 1     # Goroutine.cancel(): once
    REQUEST_KILL = 2       # its run() is over: at every suspension from now on
    REQUEST_RAISE = 4      # `pending` holds an exception for it
    REQUEST_ABANDON = 8    # never resume it; nobody waits for it
    REQUEST_OVER = 16      # set by itself: it has come to its end
    SWALLOWED_MOST = 1000  # a goroutine that ignores the end of its run() so often is given up


@cython.trashcan(True)
@cython.freelist(256)
cdef class Goroutine:
    """A started goroutine, as returned by ``go()``. Await it, or ``join()`` it, for its result."""

    def __cinit__(self):
        self.g.object = <void *>self
        count_together(<PyObject *>self)
        forget_finalized(<PyObject *>self)
        self.context = NULL
        self.code = NULL

    def __dealloc__(self):
        Py_XDECREF(self.context)
        Py_XDECREF(self.code)
        Py_XDECREF(<PyObject *>self.g.spare)

    def __del__(self):
        # A finalizer, not part of __dealloc__: the collector calls it before it takes the exception to pieces.
        if self.failed and not self.retrieved:
            self.mark_retrieved()
            fail_scope(self.scope, self.ended, self)

    __class_getitem__ = classmethod(_GenericAlias)

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a Goroutine")

    def __repr__(self):
        return f"<Goroutine {self.id} {self.name!r} {self.status()}>"

    @property
    def name(self) -> str:
        """Its name; may be set. Without one of its own, it is called after its number."""
        label = label_of(self)
        return f"goroutine-{self.id}" if label is None else label

    @name.setter
    def name(self, value):
        if not isinstance(value, str):
            raise TypeError(f"name must be a str, not {type(value).__name__}")
        with cython.critical_section(self):
            before, self.label = self.label, value  # dropped outside

    @name.deleter
    def name(self):
        raise AttributeError("a goroutine has a name: set another one")

    cdef str status(self):
        """Go's words for what it does: running, runnable, done, or what it waits on."""
        if self.g.state.is_parked() and self.g.reason != WaitReason.none:
            return words(self.g.reason).decode()
        return self.g.state.name().decode()

    cdef object created_at(self):
        """(file, line, function) of the ``go`` that started it, or None."""
        if self.code == NULL:
            return None
        code = <object>self.code
        return code.co_filename, line_of(self.code, self.lasti), code.co_name

    cdef str describe(self):
        at = self.created_at()
        where = f', created at File "{at[0]}", line {at[1]}, in {at[2]}' if at else ""
        label = label_of(self)
        name = "" if label is None else f" ({label})"
        return f"goroutine {self.id}{name}{where}"

    def done(self) -> bool:
        """Whether it has ended, or was given up for ignoring the end of its run()."""
        return has_ended(self)

    def cancel(self) -> None:
        """Raises ``GoroutineExit`` in it at its next suspension, or at the one it is in. One that has ended is left alone."""
        if not self.g.state.is_done():
            request(self, REQUEST_CANCEL)

    def join(self, *, timeout=None):
        """Waits for its end; returns its result, or raises what it raised.

        ``Canceled`` if it was cancelled; None if it called ``goexit``. ``timeout`` in seconds: ``TimeoutError``.
        """
        cdef int64_t deadline = deadline_of(timeout)
        cdef Worker *w = blocking_caller("Goroutine.ajoin()")
        if w != NULL and w.current == &self.g:
            raise RuntimeError("a goroutine cannot join itself")
        if not has_ended(self):
            wait_for_end(w, self, deadline)
        return self.outcome()

    def ajoin(self, *, timeout=None):
        """The awaitable twin of ``join``."""
        cdef Await a = new_await(Wants.join)
        a.op.deadline = deadline_of(timeout)
        a.op.value = <PyObject *>owned(self)
        return complete(a)

    def __await__(self):
        return self.ajoin()

    cdef void mark_retrieved(self) noexcept:
        self.retrieved = True
        unclaimed.pop(self.id, None)

    cdef object error(self):
        return self.ended if self.g.state.is_done() and self.failed else None

    cdef object outcome(self):
        if not self.g.state.is_done():
            raise Canceled(f"goroutine {self.id} was given up when its run() ended, or is the parent's of a fork")
        if not self.failed:
            return self.ended
        self.mark_retrieved()
        if isinstance(self.ended, GoroutineExit):
            if isinstance(self.ended, _Goexit):
                return None
            raise Canceled(f"goroutine {self.id} was cancelled") from self.ended
        raise self.ended

    def stack(self) -> list:
        """Its frames now, outermost first, as ``traceback.FrameSummary``. Empty if it has not started or has ended."""
        return stack_of(self)


cdef object label_of(Goroutine go):
    with cython.critical_section(go):
        label = go.label
    return label


cdef inline bint has_ended(Goroutine go) noexcept:
    """Nobody need wait for it."""
    # Given up as it came to its end: it is about to be done, with a result.
    return go.g.state.is_done() or (go.g.requests.load() & (REQUEST_ABANDON | REQUEST_OVER)) == REQUEST_ABANDON


cdef bint join_line_enter(Goroutine other, Waiter *waiter, Sleeper *sleeper) noexcept:
    """False if it has ended; else ``waiter`` stands in line for its end."""
    other.g.join_lock.lock()
    if has_ended(other):
        other.g.join_lock.unlock()
        return False
    waiter.sleeper = sleeper
    waiter.ticket = sleeper.claim.open()
    waiter.value = NULL
    other.g.joiners.append(waiter)
    other.g.join_lock.unlock()
    return True


cdef void join_line_leave(Goroutine other, Waiter *waiter) noexcept:
    other.g.join_lock.lock()
    if waiter.linked:
        other.g.joiners.unlink(waiter)
    other.g.join_lock.unlock()


cdef int wait_for_end(Worker *w, Goroutine other, int64_t deadline) except -1:
    cdef ThreadSleeper thread
    cdef Waiter *waiter
    cdef Outcome outcome
    while True:
        if w == NULL:
            if not join_line_enter(other, &thread.waiter, &thread):
                return 0
            waiter = &thread.waiter
        else:
            if not join_line_enter(other, &w.current.waiter, w.current):
                return 0
            waiter = &w.current.waiter
        try:
            outcome = wait_here(w, &thread, WaitReason.join, deadline)
        finally:
            join_line_leave(other, waiter)
        if outcome == Outcome.handed:
            return 0
        if outcome == Outcome.timed_out:
            raise TimeoutError(f"goroutine {other.id} did not end in time")


cdef str GO_FN = "go() argument 'fn'"


cdef Goroutine new_goroutine(object fn, tuple args, dict kwargs, str argument=GO_FN):
    cdef Goroutine go = Goroutine.__new__(Goroutine)
    prepare(go, <PyObject *>fn, args, kwargs, argument)
    return go


cdef int prepare(Goroutine go, PyObject *fn, tuple args, dict kwargs, str argument=GO_FN) except -1:
    """Tells a goroutine, which is in no queue yet, what to run. A coroutine function is called here: a wrong call is the caller's error."""
    cdef PyThreadState *ts = PyThreadState_Get()
    if makes_coroutine(fn):
        go.coro = (<object>fn)(*args, **kwargs) if kwargs else (<object>fn)(*args)
        go.g.kind = SleeperKind.coroutine
    else:
        check_runnable(argument, <object>fn, True if args or kwargs else False)
        if PyCoro_CheckExact(fn):
            go.coro = <object>fn
            go.g.kind = SleeperKind.coroutine
        else:
            go.fn = <object>fn
            go.args = args
            go.kwargs = kwargs
            go.g.kind = SleeperKind.plain
    go.id = last_id.fetch_add(1) + 1
    go.context = copied_context(ts)
    go.code = calling_code(ts, &go.lasti)
    return 0


cpdef int check_runnable(str argument, object fn, bint given=False) except -1:
    """Refuses what no goroutine can run; ``given``: with arguments. For goconc's own modules too."""
    if PyCoro_CheckExact(<PyObject *>fn):
        if given:
            raise TypeError(f"{argument} is a coroutine object, which has been called already and takes no arguments")
    elif not callable(fn):
        raise TypeError(f"{argument} must be callable or a coroutine, not {type(fn).__name__}")
    elif makes_async_generator(<PyObject *>fn):
        raise TypeError(f"{argument} must not be an async generator function: nobody would iterate over what it makes")
    return 0


cpdef int check_callable(str name, object fn) except -1:
    """For goconc's own modules too."""
    if not callable(fn):
        raise TypeError(f"{name} must be callable, not {type(fn).__name__}")
    return 0


def makes_coroutine_function(fn) -> bool:
    """Whether ``fn`` is an ``async def`` function, as ``go`` sees it. For goconc's own modules."""
    return makes_coroutine(<PyObject *>fn)


# `go` is a bare C function: a def with *args and **kwargs would build a dictionary for every goroutine.

cdef extern from "_cpython/go_function.hpp" namespace "goconc":
    object make_go_function(PyObject *(*)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *) except NULL)


cdef PyObject *go_vector(PyObject *module, PyObject *const *given, Py_ssize_t count, PyObject *names) except NULL:
    return start_vector(given, count, names, NULL)


cdef inline PyObject *start_vector(PyObject *const *given, Py_ssize_t count, PyObject *names, PyObject *group) except NULL:
    """Starts a goroutine, which ``group`` counts, if there is one. A new reference to it."""
    cdef tuple args
    cdef dict kwargs = None
    cdef Py_ssize_t i
    cdef Goroutine g
    cdef Scope scope
    if count < 1:
        raise TypeError("go() needs a function or a coroutine to run")
    args = PyTuple_New(count - 1)
    for i in range(1, count):
        Py_INCREF(<object>given[i])
        PyTuple_SET_ITEM(args, i - 1, <object>given[i])
    if names != NULL:
        kwargs = {}
        for i in range(len(<tuple>names)):
            kwargs[(<tuple>names)[i]] = <object>given[count + i]
    scope = scope_for_new()
    g = Goroutine.__new__(Goroutine)
    prepare(g, given[0], args, kwargs)
    if sched.short_of_helpers.load_relaxed():
        start_helper()
    if group != NULL:
        join_group(g, <object>group)
    if not start_in(g, scope, this_worker()):
        if group != NULL:
            leave_group(g)
        raise_ending()
    return <PyObject *>owned(g)


go = make_go_function(go_vector)


cdef Scope scope_for_new():
    """The scope that goroutines started here belong to."""
    cdef Worker *w = this_worker()
    cdef Scope scope
    if w == NULL:
        ensure_background()
        return background
    if w.current != NULL:
        scope = scope_of(w.current)
    else:
        scope = background if w.scope == NULL else <Scope>w.scope
    if scope.ending:
        raise_ending()
    return scope


cdef int raise_ending() except -1:
    raise RuntimeError("cannot start a goroutine: its run() is ending")


cdef bint start_in(Goroutine g, Scope scope, Worker *w) noexcept:
    """False: its run() is over."""
    if not scope_add(scope, &g.g, False):
        return False
    if scope.ending:
        g.g.requests.fetch_or(REQUEST_KILL)  # the end began meanwhile, and may not have found it
    Py_INCREF(g)  # the runtime's own reference, until it has ended (invariant 7)
    sched.queue(holder(w), &g.g)
    return True


cdef inline Worker *holder(Worker *w) noexcept:
    """``w`` if it may put things into its processor's queue."""
    return w if w != NULL and w.processor != NULL else NULL


cdef inline void make_ready(Worker *w, Sleeper *sleeper) noexcept:
    """The winner of the claim, once, after releasing its locks."""
    sched.make_ready(w, sleeper)


cdef inline void make_all_ready(Worker *w, WakeList &wakes) noexcept:
    cdef Sleeper *sleeper = wakes.pop()
    while sleeper != NULL:
        make_ready(w, sleeper)
        sleeper = wakes.pop()


cdef void request(Goroutine go, uint32_t what) noexcept:
    """Sets a request, and ends the wait that ``go`` is in. It then looks at its requests and raises, or waits again."""
    go.g.requests.fetch_or(what)
    if go.shields.load() != 0 and not (what & REQUEST_RAISE):
        return
    if go.g.claim.take_any():
        go.g.outcome = Outcome.canceled
        make_ready(this_worker(), &go.g)


cdef object exchange_pending(Goroutine go, object error):
    """Sets what is to be raised in it, from any thread; returns what was set before."""
    with cython.critical_section(go):
        before = go.pending
        go.pending = error
    return before


cdef void raise_in(Goroutine go, object error) noexcept:
    """Raises ``error`` in it at its next suspension, or at the one it is in."""
    exchange_pending(go, error)
    request(go, REQUEST_RAISE)


cdef void interrupt_again(Goroutine go) noexcept:
    """Ctrl-C came for it when its wait was over already: it must not have to wait again to hear of it."""
    cdef object error = None
    cdef bint other = False
    go.g.requests.fetch_and(~<uint32_t>REQUEST_RAISE)
    with cython.critical_section(go):
        if isinstance(go.pending, KeyboardInterrupt):
            error, go.pending = go.pending, None
        other = go.pending is not None
    if other:
        go.g.requests.fetch_or(REQUEST_RAISE)
    if error is not None:
        PyErr_SetInterrupt()


cdef inline bint has_request(Goroutine go) noexcept:
    cdef uint32_t wanted = go.g.requests.load()
    if wanted == 0 or is_past_hope(go):
        return False
    return wanted & REQUEST_RAISE or go.shields.load() == 0


cdef inline bint is_past_hope(Goroutine go) noexcept:
    """It has ignored the end of its run() too often, and will be left at its next suspension: see resume_coroutine()."""
    return go.kills > SWALLOWED_MOST


cdef int raise_requests(Goroutine go) except -1:
    """Raises what was asked for, if anything."""
    cdef uint32_t wanted = go.g.requests.load()
    if is_past_hope(go):
        return 0
    if wanted & REQUEST_RAISE:
        go.g.requests.fetch_and(~<uint32_t>REQUEST_RAISE)
        error = exchange_pending(go, None)
        if error is not None:
            raise error
    if go.shields.load() != 0:
        return 0
    if wanted & REQUEST_KILL:
        go.kills += 1
        if is_past_hope(go):
            if engine == Engine.threads and go.g.kind == SleeperKind.coroutine:
                return 0  # the stack it runs on may be the one that its run() stands on
            abandon_running(this_worker(), go)
        raise GoroutineExit("the run() it belongs to is ending")
    if wanted & REQUEST_CANCEL:
        go.g.requests.fetch_and(~<uint32_t>REQUEST_CANCEL)
        raise GoroutineExit("cancelled")
    return 0


cdef void finish(Worker *w, Goroutine go, object result, object error) noexcept:
    """It has ended: keeps its result and wakes its joiners."""
    cdef WakeList wakes
    if go.g.locks:
        ends_locked(w, &go.g)
    go.left_alone = go.g.requests.fetch_or(REQUEST_OVER) & REQUEST_ABANDON != 0
    if go.g.waiting.load_acquire() != NULL:
        end_waiting(&go.g)
    if error is not None:
        if isinstance(error, GoroutineExit) or go.is_main:
            go.retrieved = True
        elif isinstance(error, (SystemExit, KeyboardInterrupt)):
            go.retrieved = True
            fail_scope(go.scope, error, go)
        else:
            keep_for_later(go)
    go.failed = error is not None
    go.ended = error if go.failed else result
    if not go.left_alone:
        scope_remove(go.scope, &go.g)  # whoever joins it no longer finds it counted
    go.g.join_lock.lock()
    go.g.state.finish()
    serve_joiners(go, wakes)
    go.g.join_lock.unlock()
    make_all_ready(w, wakes)


cdef void keep_for_later(Goroutine go) noexcept:
    unclaimed[go.id] = PyWeakref_NewRef(go, None)


cdef void serve_joiners(Goroutine go, WakeList &wakes) noexcept:
    """Under its join_lock, in the same section in which it became so that nobody joins it any more."""
    cdef Waiter *waiter = go.g.joiners.take_first()
    while waiter != NULL:
        serve(waiter, NULL, True)
        wakes.add(waiter.sleeper)
        waiter = go.g.joiners.take_first()


cdef void let_go(Worker *w, G *g) noexcept:
    """The runtime's reference to a goroutine that has finished. Its exception may turn out to be nobody's here."""
    cdef Scope scope = (<Goroutine>g.object).scope
    cdef bint is_main = (<Goroutine>g.object).is_main
    cdef bint left_alone = (<Goroutine>g.object).left_alone
    cdef object group = (<Goroutine>g.object).group  # its WaitGroup hears of the end after the run() has heard of the exception (WG-06)
    if group is not None:
        group = taken_group(<Goroutine>g.object)
    w.current = NULL
    Py_XDECREF(<PyObject *>g.object)
    if group is not None:
        count_off(w, group)
    if not is_main and not left_alone:
        scope_leave(scope, w)
