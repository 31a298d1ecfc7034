# A thread becomes a worker and stops being one.

cdef Worker *spare_workers = NULL      # of ended run() calls; workers are never freed
cdef object starting = object()        # its critical section guards what threads share that become workers, or have them started


cdef Worker *new_worker(void *scope) except NULL:
    """Makes the calling thread a worker without a processor, for a run()'s scope or (NULL) a helper. It stands on its own stack."""
    global spare_workers
    cdef Worker *w
    with cython.critical_section(starting):
        w = spare_workers
        if w != NULL:
            spare_workers = w.reuse_link
    if w == NULL:
        w = make_worker()
        if w == NULL:
            raise MemoryError("no memory for a worker")
        w.dice.seed(<uint64_t>now_ns() ^ <uint64_t><size_t>w)
    if not adopt_root(w):
        keep_for_reuse(w)
        raise MemoryError("no memory for a worker")
    w.cpu_clock = own_thread_clock()
    stand_here(w, w.root_fiber)
    w.current = NULL
    w.scope = scope
    w.stopping = False
    set_this_worker(w)
    coarse_now.store_relaxed(now_ns())
    sched.join(w)
    return w


cdef void retire_worker(Worker *w) noexcept:
    """The thread stops being a worker. Nothing is suspended on its fibers any more, or is given up."""
    cdef Fiber *idle
    if w.async_fiber != NULL and w.async_fiber != w.root_fiber:
        recycle_fiber(w.async_fiber)
    while w.idle_fibers != NULL:
        idle = w.idle_fibers
        w.idle_fibers = idle.next
        recycle_fiber(idle)
    w.idle_count = 0
    release_root(w)
    sched.leave(w)
    set_this_worker(NULL)
    keep_for_reuse(w)


cdef void keep_for_reuse(Worker *w) noexcept:
    global spare_workers
    with cython.critical_section(starting):
        w.reuse_link = spare_workers
        spare_workers = w


cdef extern from *:
    """
    static inline goconc::Worker *goconc_make_worker() {
        goconc::Worker *w = new (std::nothrow) goconc::Worker;
        if (w) w->root_fiber = goconc::new_root_fiber();
        return w && w->root_fiber ? w : nullptr;
    }
    """
    Worker *make_worker "goconc_make_worker"() noexcept
