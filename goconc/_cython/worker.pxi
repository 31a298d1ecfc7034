# One thread that runs goroutines: finds work, runs it on the stack it needs, sleeps.
#
# A parking goroutine picks its successor itself and switches straight to it. What comes next is: itself (no switch); one suspended on a
# stack (one switch); or one without a stack, a coroutine or a fresh plain function, which an idle fiber takes. A fiber's body is a
# loop that runs one such goroutine after another, so a goroutine that never parks, and every step of a coroutine, costs a call and no
# switch. Nothing is ever run on top of another goroutine's frames.

cdef enum:
    IDLE_FIBERS_KEPT = 64   # a worker's own; more go back to the pool of all

cdef object PARK = object()
cdef object GIVE_WAY = object()
park_token = <PyObject *>PARK
give_way_token = <PyObject *>GIVE_WAY


cdef void fiber_body(Fiber *self) noexcept:
    cdef Worker *w = this_worker()
    cdef G *g
    while True:
        g = <G *>self.owner
        self.owner = NULL
        if g.kind == SleeperKind.coroutine:
            resume_coroutine(w, g)
        else:
            run_plain(w, g)
            reset_fiber(self, <PyThreadState *>w.thread_state)
        g = find_next(w)
        if g.fiber == NULL:
            self.owner = <void *>g
            continue
        rest_fiber(w, self)
        switch_to(w, self, g)
        if is_retired(self):
            return


cdef void rest_fiber(Worker *w, Fiber *self) noexcept:
    """Lays the running fiber by; it is switched away from next. The pool gets another one if there are many."""
    cdef Fiber *surplus
    if w.idle_count >= IDLE_FIBERS_KEPT:
        surplus = w.idle_fibers
        w.idle_fibers = surplus.next
        w.idle_count -= 1
        recycle_fiber(surplus)
    self.next = w.idle_fibers
    w.idle_fibers = self
    w.idle_count += 1


cdef void switch_to(Worker *w, Fiber *here, G *g) noexcept:
    """Leaves ``here`` for ``g``. Returns when somebody switches back to ``here``, or at once if ``g`` is suspended on it."""
    cdef Fiber *target = g.fiber
    if target == NULL:
        target = stack_for(w, g)
        if target == here:
            if here.owner != NULL:
                drive_coroutines(w, here)
            return
    elif target == here:
        return
    w.fiber = target
    switch_fiber(<PyThreadState *>w.thread_state, here, target)


cdef inline Fiber *stack_for(Worker *w, G *g) noexcept:
    """A fiber for ``g``, which becomes its owner. If there is no memory for one, that of some other goroutine that comes first then."""
    cdef Fiber *fiber = free_fiber(w, g)
    if fiber == NULL:
        return first_stack(w, g)
    fiber.owner = <void *>g
    return fiber


cdef Fiber *first_stack(Worker *w, G *g) noexcept:
    """There is no stack for ``g``: those that have one go on until one is free."""
    cdef Fiber *fiber
    sched.push_back(w, g)
    while True:
        g = find_next(w)
        if g.fiber != NULL:
            return g.fiber
        fiber = free_fiber(w, g)
        if fiber != NULL:
            fiber.owner = <void *>g
            return fiber
        fail_start(w, g)


cdef inline Fiber *free_fiber(Worker *w, G *g) noexcept:
    cdef Fiber *fiber = w.idle_fibers
    if engine == Engine.threads and g.kind == SleeperKind.coroutine:
        return async_fiber_of(w)
    if fiber == NULL:
        return new_fiber(w)
    w.idle_fibers = fiber.next
    w.idle_count -= 1
    return fiber


cdef void fail_start(Worker *w, G *g) noexcept:
    cdef Goroutine go = <Goroutine>g.object
    g.state.start()
    go.coro = go.fn = go.args = go.kwargs = None
    finish(w, go, None, MemoryError("no memory for a goroutine's stack"))
    go = None
    let_go(w, g)


cdef G *find_next(Worker *w) noexcept:
    """The next goroutine to run on ``w``; sleeps until there is one."""
    cdef G *g
    w.current = NULL
    if w.interrupted.load() != NULL:
        take_interrupt_back(w)
    while True:
        if sched.deadlines.next_due.load_relaxed() != forever and w.clock_hint.worth_reading():
            fire_deadlines(w, now_ns())
        g = sched.find(w)
        if g == NULL:
            idle(sched, host, w)
        elif g.requests.load_relaxed() & REQUEST_ABANDON:
            continue
        else:
            return g


cdef void run_plain(Worker *w, G *g) noexcept:
    """Runs a fresh plain goroutine from beginning to end on the fiber that the caller stands on."""
    cdef Goroutine go
    cdef PyThreadState *ts = <PyThreadState *>w.thread_state
    cdef PyObject *result
    cdef PyObject *kwargs = NULL
    g.state.start()
    g.home = w
    w.current = g
    if never_starts(w, g):
        return
    go = <Goroutine>g.object
    g.started = True
    give_context(ts, go.context)
    go.context = NULL
    if go.kwargs is not None:
        kwargs = <PyObject *>go.kwargs
    result = PyObject_Call(<PyObject *>go.fn, <PyObject *>go.args, kwargs)
    if this_worker() != w:  # it has forked, and this is the child
        leave_child(None if result != NULL else taken(take_exception()))
    end_plain(w, go, result)
    if result != NULL and go.coro is not None:
        # It was a callable that gave a coroutine: that is its body.
        go.context = take_context(ts)
        w.current = NULL
        g.kind = SleeperKind.coroutine
        if g.locks == 0:
            g.home = NULL
        g.state.give_way()
        sched.push_next(w, g)
        return
    go = None
    let_go(w, g)


cdef void end_plain(Worker *w, Goroutine go, PyObject *result) noexcept:
    cdef object error = None
    cdef object value = None
    if result != NULL:
        value = taken(result)
        if PyCoro_CheckExact(<PyObject *>value):
            go.coro = value
            go.fn = go.args = go.kwargs = None
            return
    else:
        error = taken(take_exception())
    go.fn = go.args = go.kwargs = None
    drop_context(<PyThreadState *>w.thread_state)  # it runs still: what this sets off may wait
    finish(w, go, value, error)


cdef bint never_starts(Worker *w, G *g) noexcept:
    """It was cancelled, or its run() has ended, before it began."""
    cdef Goroutine go = <Goroutine>g.object
    if not go.g.requests.load() & (REQUEST_CANCEL | REQUEST_KILL):
        return False
    if go.starts_anyway:
        return False
    if go.coro is not None:
        try:
            go.coro.close()
        except BaseException as error:
            report_exception(error, go)
    go.coro = go.fn = go.args = go.kwargs = None
    finish(w, go, None, GoroutineExit("cancelled before it started"))
    go = None
    let_go(w, g)
    return True


cdef void resume_coroutine(Worker *w, G *g) noexcept:
    """Runs a coroutine until it waits, gives way or ends. Once it has parked, another worker may be running it already."""
    cdef Goroutine go
    cdef PyThreadState *ts = <PyThreadState *>w.thread_state
    cdef PyObject *result
    cdef int status
    g.state.start()
    g.last = w
    w.current = g
    if not g.started:
        if never_starts(w, g):
            return
        g.started = True
    go = <Goroutine>g.object
    give_context(ts, go.context)
    go.context = NULL
    if w.hooked != g.scope:
        hook_async_generators(w, go)
    status = send_none(w, go, &result)
    while status == PYGEN_NEXT:
        if result == park_token or result == give_way_token:
            Py_XDECREF(result)
            go.context = take_context(ts)
            leaves_stack(w, g)
            if is_past_hope(go):
                leave_behind(w, go)
                w.current = NULL
                return
            w.current = NULL
            if result == give_way_token:
                g.state.give_way()
                sched.push_last(w, g)
                return
            if g.state.park():
                return
            w.current = g  # what it waits for has happened meanwhile
            give_context(ts, go.context)
            go.context = NULL
            status = send_none(w, go, &result)
        else:
            status = refuse(go, taken(result), &result)
    if this_worker() != w:
        return  # main, in a child process, on a stack that run() returns on
    end_coroutine(w, go, result if status == PYGEN_RETURN else NULL)
    go = None
    let_go(w, g)


cdef inline int send_none(Worker *w, Goroutine go, PyObject **result) noexcept:
    cdef int status = PyIter_Send(<PyObject *>go.coro, Py_None, result)
    if this_worker() != w:  # it has forked, and this is the child
        while status == PYGEN_NEXT:
            status = refuse(go, taken(result[0]), result)
        end_in_child(w, go, result[0] if status == PYGEN_RETURN else NULL)
    return status


cdef inline void leaves_stack(Worker *w, G *g) noexcept:
    """A coroutine's step is over. If it was interrupted on the way it was at home here until now."""
    if g.guest:
        g.guest = False
        w.guests -= 1
        if g.locks == 0:
            g.home = NULL


cdef int refuse(Goroutine go, object yielded, PyObject **result) noexcept:
    """Raises RuntimeError where the coroutine awaits something that is not goconc's."""
    cdef object value
    try:
        value = go.coro.throw(RuntimeError(
            f"an async goroutine can await goconc's operations only, not {type(yielded).__name__} of {type(yielded).__module__}"))
    except StopIteration as stop:
        result[0] = <PyObject *>owned(stop.value)
        return PYGEN_RETURN
    except BaseException as error:
        result[0] = NULL
        raise_exception(<PyObject *>owned(error))
        return PYGEN_ERROR
    result[0] = <PyObject *>owned(value)
    return PYGEN_NEXT


cdef void end_coroutine(Worker *w, Goroutine go, PyObject *result) noexcept:
    cdef object error = None
    cdef object value = None
    if result != NULL:
        value = taken(result)
    else:
        error = taken(take_exception())
    coro, go.coro = go.coro, None  # in two steps: what the end of it sets off may look at its stack
    coro = None
    drop_context(<PyThreadState *>w.thread_state)
    leaves_stack(w, &go.g)
    finish(w, go, value, error)


cdef void give_way_plain(Worker *w, G *g) noexcept:
    """The running goroutine lets all that is ready go first. Its frames stand on this stack, so it is pinned to it, a coroutine too."""
    cdef Fiber *here = w.fiber
    if g.kind == SleeperKind.coroutine and not g.guest:
        g.guest = True
        w.guests += 1
    g.fiber = here
    g.home = w
    g.state.give_way()
    sched.push_last(w, g)
    switch_to(w, here, find_next(w))
    came_back(w, g)


cdef inline void came_back(Worker *w, G *g) noexcept:
    g.state.start()
    g.fiber = NULL
    w.current = g
