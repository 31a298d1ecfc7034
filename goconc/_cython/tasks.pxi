# Where no goroutine runs but an event loop does, a task of asyncio awaits. It is a sleeper of its own kind: see _native/task_sleeper.hpp.
#
# While it waits the task waits for a future. Who wakes it runs no Python: the loop is told by its bell, and completes the future itself.

import _thread
import weakref as _weakref

cdef object bells = _weakref.WeakKeyDictionary()    # of the loops that have been awaited in; a bell lives as long as its loop
cdef object bells_lock = _threading.Lock()
cdef object last_bell = _threading.local()          # `.of_loop`: of the loop that ran on this thread last, weakly
cdef object current_task = None                     # asyncio's
cdef object CancelledError = None
cdef double for_good = 100 * 365 * 86400            # seconds


cdef extern from *:
    """
    static inline goconc::Bell *goconc_new_bell(int writer, uint64_t seed) {
        return new (std::nothrow) goconc::Bell(writer, seed);
    }
    static inline goconc::TaskSleeper *goconc_new_task_sleeper(goconc::Bell *bell) {
        return new (std::nothrow) goconc::TaskSleeper(bell->hold());
    }
    static inline void goconc_delete_task_sleeper(goconc::TaskSleeper *s) { delete s; }
    """
    Bell *new_bell "goconc_new_bell"(int, uint64_t) noexcept
    TaskSleeper *new_task_sleeper "goconc_new_task_sleeper"(Bell *) noexcept
    void delete_task_sleeper "goconc_delete_task_sleeper"(TaskSleeper *) noexcept


@cython.final
cdef class _LoopBell:
    """What an event loop calls when its bell was rung."""
    cdef object __weakref__
    cdef Bell *bell
    cdef object loop           # weakly
    cdef object waiting        # the futures of tasks that wait, weakly: the loop itself owns the set, and nobody else may hold such a task

    def __dealloc__(self):
        if self.bell != NULL:
            self.bell.let_go()

    def __call__(self, waiting):
        self.bell.hear()
        while True:
            future = self.next_future()
            if future is None:
                return
            if not future.done():  # the task may have been cancelled meanwhile
                future.set_result(None)

    def tell(self):
        """From another thread: has the loop do this."""
        loop, waiting = self.loop(), self.waiting()
        if loop is not None and waiting is not None:
            try:
                loop.call_soon_threadsafe(self, waiting)
            except Exception as error:
                if not loop.is_closed():
                    report_exception(error, None)

    cdef object next_future(self):
        cdef TaskSleeper *s
        cdef PyObject *future = NULL
        self.bell.lock.lock()
        s = self.bell.pop()
        if s != NULL:
            future = <PyObject *>owned(<object>s.future)  # runs nothing; once the lock is released the sleeper may be gone
        self.bell.lock.unlock()
        return None if future == NULL else taken(future)


cdef _LoopBell bell_of(object loop):
    cdef object known = getattr(last_bell, "of_loop", None)
    cdef _LoopBell bell = None if known is None else known()
    if bell is not None and bell.loop() is loop:
        return bell
    with bells_lock:
        bell = bells.get(loop)
        if bell is None:
            bell = hang_bell(loop)
            bells[loop] = bell
    last_bell.of_loop = PyWeakref_NewRef(bell, None)
    return bell


cdef _LoopBell hang_bell(object loop):
    global current_task, CancelledError
    import asyncio
    current_task = asyncio.current_task
    CancelledError = asyncio.CancelledError
    cdef _LoopBell bell = _LoopBell.__new__(_LoopBell)
    waiting = set()
    bell.loop = PyWeakref_NewRef(loop, None)
    bell.waiting = PyWeakref_NewRef(waiting, None)
    reader, writer = _os.pipe()
    bell.bell = new_bell(writer, <uint64_t>now_ns() ^ <uint64_t><size_t><PyObject *>bell)
    if bell.bell == NULL:
        _os.close(reader)
        _os.close(writer)
        raise MemoryError("no memory for an event loop's bell")
    try:
        if can_watch(loop, reader, bell, waiting):
            _os.set_blocking(reader, False)
            _os.set_blocking(writer, False)
            bell.bell.reader = reader
        else:
            keeper = loop.call_later(for_good, list, waiting)  # never called: this way too the loop owns the set
            try:
                _thread.start_new_thread(_listen, (reader, PyWeakref_NewRef(bell, None)))
            except BaseException:
                keeper.cancel()
                raise
    except BaseException:
        _os.close(reader)
        raise
    return bell


cdef bint can_watch(object loop, int reader, _LoopBell bell, object waiting) except -1:
    """Has the loop watch the pipe. False: it cannot; Windows' own watch sockets, if anything."""
    if _os.name == "nt":
        return False
    try:
        loop.add_reader(reader, bell, waiting)
    except NotImplementedError:
        return False
    return True


def _listen(reader, bell):
    """For a loop that cannot watch a pipe: tells it whenever its bell was rung, until nobody can ring any more."""
    try:
        while _os.read(reader, 16):
            if (rung := bell()) is not None:
                rung.tell()
            rung = None
    finally:
        _os.close(reader)


cdef int step_in_task(Await a, PyObject **result) except -1:
    # To all others its thread is no worker, even if a goroutine runs the loop: who is made ready here must not wait for it.
    cdef object loop = loop_here()
    if loop is None:
        if a.op.take(Phase.fresh):
            over(a)
        raise RuntimeError("this can be awaited in an async goroutine (one that goconc.go or goconc.run has started), "
                           "or in a task of asyncio")
    if a.op.take(Phase.fresh):
        if a.op.wants == Wants.give_way:
            a.op.phase.store_release(Phase.suspended)
            result[0] = <PyObject *>owned(None)  # asyncio's own way to let others run
            return PYGEN_NEXT
        return in_earnest(begin_in_task, a, NULL, NULL, result)
    if a.op.take(Phase.suspended):
        if a.op.wants == Wants.give_way:
            return finished(a, None, result)
        if not waits_here(a.op.task):
            a.op.phase.store_release(Phase.suspended)
            raise RuntimeError("this is being awaited by another " + ("goroutine" if a.op.task == NULL else "task"))
        if a.op.task.claim.is_open(a.op.task.claim.ticket()) or not a.op.task.bell.settled(a.op.task):
            return yield_future(a, result)  # resumed by hand, and too early
        return in_earnest(resume_in_task, a, NULL, a.op.task, result)
    refuse_step(a)


cdef bint waits_here(TaskSleeper *s) except -1:
    """Whether the task that runs is the one that it stands for."""
    task = current_task()
    return s != NULL and s.task == <void *>task


cdef int begin_in_task(Await a, Worker *w, Sleeper *_, PyObject **result) except -1:
    cdef _LoopBell bell = bell_of(loop_here())
    if a.op.deadline != forever or (a.op.chan != NULL and (<Chan>a.op.chan).timer != NULL):
        ensure_background()  # somebody has to fire it
    a.op.task = new_task_sleeper(bell.bell)
    if a.op.task == NULL:
        raise MemoryError("no memory to wait")
    task = current_task()
    a.op.task.task = <void *>task
    return begin(a, w, a.op.task, result)


cdef int suspend_task(Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    cdef TaskSleeper *task = <TaskSleeper *>s
    cdef cppbool ok = True
    if a.op.deadline == 0 and s.claim.take_any():
        s.outcome = Outcome.timed_out
        return conclude(a, w, s, result)
    try:
        keep_future(task, loop_here())
        if a.op.deadline != forever:
            task.deadline.ticket = s.claim.ticket()
            sched.rearm(w, &task.deadline, a.op.deadline, &ok)
            if not ok:
                raise MemoryError("no memory for a timer")
        return yield_future(a, result)
    except BaseException:
        a.op.suspend_task(task)
        end_suspended(&a.op)
        raise


cdef int keep_future(TaskSleeper *task, object loop) except -1:
    # As a queue of asyncio's does for who waits in it: the task may have been started by somebody who does not hold it.
    future = loop.create_future()
    waiting = bell_of(loop).waiting()
    task.future = owned(future)
    if waiting is not None:  # the loop is not closed
        waiting.add(future)
        task.kept_in = owned(waiting)
    return 0


cdef int yield_future(Await a, PyObject **result) except -1:
    future = <object>a.op.task.future
    future._asyncio_future_blocking = True
    a.op.suspend_task(a.op.task)
    result[0] = <PyObject *>owned(future)
    return PYGEN_NEXT


cdef int resume_in_task(Await a, Worker *w, Sleeper *s, PyObject **result) except -1:
    if a.op.deadline != forever:
        sched.disarm(limit_of(s))
    return conclude(a, w, s, result)


cdef void settle(TaskSleeper *s) noexcept:
    """Its claim was won by another. Whoever it was is about to ring, in a step that runs no Python."""
    while not s.bell.settled(s):
        yield_detached()


cdef void free_sleeper(Operation *op) noexcept:
    cdef void *future = op.task.future
    cdef void *kept_in = op.task.kept_in
    delete_task_sleeper(op.task)
    op.task = NULL
    if kept_in != NULL:
        (<set><object>kept_in).discard(<object>future)
    drop(future)
    drop(kept_in)


cdef bint cancel_task(Await a, object error, PyObject **result) except -1:
    """A task that waits in ``a`` is cancelled. True if the operation had happened before: then it has its result, and the cancellation
    comes again, when the task suspends next."""
    cdef TaskSleeper *s
    cdef bint moved = False
    if CancelledError is None or not isinstance(error, CancelledError):
        return False
    task = current_task() if loop_here() is not None else None
    if task is None or not a.op.take(Phase.suspended):
        return False
    s = a.op.task
    if not waits_here(s):
        a.op.phase.store_release(Phase.suspended)
        return False
    if not end_claim(s) and s.outcome == Outcome.handed:
        if a.op.room == NULL:
            moved = s.waiter.ok and a.op.wants != Wants.join
        else:
            moved = s.winner.ok and (a.op.ctx == NULL or s.winner.index != a.op.room.count - 1)
    if not moved:
        if a.op.deadline != forever:
            sched.disarm(&s.deadline)
        leave_lines(a, &s.waiter)
        over(a)
        return False
    in_earnest(resume_in_task, a, NULL, s, result)
    loop_here().call_soon(_cancel_again, task, task.cancelling(), error.args[0] if error.args else None)
    return True


def _cancel_again(task, requests, message):
    """Unless the task has ended, or whoever wanted it cancelled has taken that back (a time limit whose block was left)."""
    if task.done():
        return
    if requests:
        if not task.cancelling():
            return
        task.uncancel()  # it is the same request
    task.cancel(message)
