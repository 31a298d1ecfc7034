# The native half of the runtime, as Cython sees it. The headers say what each piece promises.
from cpython.object cimport PyObject, PyTypeObject, visitproc, inquiry, traverseproc
from libcpp cimport bool as cppbool
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from "_cpython/build.hpp" nogil:
    ctypedef struct PyThreadState:
        pass

cdef extern from "_native/platform.hpp" namespace "goconc" nogil:
    void yield_thread() noexcept
    void sleep_thread(int64_t ns) noexcept

cdef extern from "_native/clock.hpp" namespace "goconc" nogil:
    const int64_t forever
    int64_t now_ns() noexcept
    int64_t deadline_after(int64_t now, int64_t delay) noexcept
    ctypedef struct ThreadClock:
        pass
    ThreadClock own_thread_clock() noexcept
    cdef cppclass ClockHint:
        bint worth_reading() noexcept

cdef extern from "_native/lock.hpp" namespace "goconc" nogil:
    cdef cppclass AttachedLock:
        void lock() noexcept
        void unlock() noexcept

cdef extern from "_native/atomic.hpp" namespace "goconc" nogil:
    cdef cppclass Atomic[T]:
        T load() noexcept
        T load_relaxed() noexcept
        void store(T) noexcept
        void store_relaxed(T) noexcept
        T exchange(T) noexcept
        T fetch_add(T) noexcept
        T fetch_sub(T) noexcept
    cdef cppclass Attached[T]:
        T load() noexcept
        T load_relaxed() noexcept
        T load_acquire() noexcept
        void store(T) noexcept
        void store_relaxed(T) noexcept
        T exchange(T) noexcept
        void store_release(T) noexcept
        T fetch_add(T) noexcept
        T fetch_sub(T) noexcept
        T fetch_or(T) noexcept
        T fetch_and(T) noexcept
        bint compare_exchange(T &expected, T desired) noexcept

cdef extern from "_native/parker.hpp" namespace "goconc" nogil:
    cdef enum class Woken(int):
        token
        timed_out
        interrupted
    cdef cppclass Parker:
        Woken park(int64_t deadline) noexcept
        void unpark() noexcept

cdef extern from "_native/wait_line.hpp" namespace "goconc" nogil:
    ctypedef uint64_t Ticket
    cdef enum class SleeperKind(unsigned char):
        plain
        coroutine
        thread
        task
    cdef enum class Outcome(unsigned char):
        handed
        timed_out
        canceled
    cdef cppclass Claim:
        Ticket open() noexcept
        Ticket ticket() noexcept
        bint take(Ticket) noexcept
        bint is_open(Ticket) noexcept
        bint take_any() noexcept
    cdef cppclass Sleeper:
        Claim claim
        SleeperKind kind
        Outcome outcome
        Waiter *winner
    cdef cppclass WaitLine:
        bint empty() noexcept
        void append(Waiter *) noexcept
        void unlink(Waiter *) noexcept
        Waiter *take_first() noexcept
    cdef cppclass Waiter:
        Sleeper *sleeper
        Ticket ticket
        void *value
        uint32_t index
        bint linked
        WaitLine *line
        bint ok
    cdef cppclass WakeList:
        void add(Sleeper *) noexcept
        Sleeper *pop() noexcept
    void serve(Waiter *, void *value, bint ok) noexcept

cdef extern from "_native/deadlines.hpp" namespace "goconc" nogil:
    cdef enum class DeadlineKind(unsigned char):
        wake
        channel
        function
    cdef cppclass Deadline:
        int64_t when
        DeadlineKind kind
        void *owner
        Ticket ticket
        bint armed() noexcept
    cdef cppclass Deadlines:
        AttachedLock lock
        Attached[int64_t] next_due
        int32_t count() noexcept
        int32_t take_functions(Ticket run, Deadline **taken, int32_t room) noexcept

cdef extern from "_native/channel.hpp" namespace "goconc" nogil:
    cdef enum class Op(int):
        done
        parked
        would_block
        closed
        no_memory
    cdef cppclass ValueRing:
        size_t count() noexcept
    cdef cppclass Channel:
        AttachedLock *lock
        size_t capacity
        bint closed
        ValueRing ring
        WaitLine receivers
        WaitLine senders
        void park(WaitLine &, Waiter *, Sleeper *, void *) noexcept
        Op send(void *value, Sleeper *who, Waiter *waiter, Sleeper *&wake) noexcept
        Op receive(void *&value, Sleeper *who, Waiter *waiter, Sleeper *&wake) noexcept
        bint close(WakeList &) noexcept
        size_t length() noexcept

cdef extern from "_native/timer_channel.hpp" namespace "goconc" nogil:
    cdef cppclass TimerChannel:
        Channel channel
        bint active
        bint pending
        int64_t when
        int64_t period
        void bind(Deadlines *) noexcept
        Op try_receive(void *&value) noexcept
        bint follow() noexcept
        bint reset(int64_t at, int64_t every, cppbool *look_again) noexcept
        bint stop() noexcept

        @staticmethod
        int64_t event_of(void *) noexcept

cdef extern from "_native/select.hpp" namespace "goconc" nogil:
    cdef cppclass Dice:
        void seed(uint64_t) noexcept
        uint32_t next() noexcept
    cdef cppclass SelectCase:
        Channel *channel
        TimerChannel *timer
        bint sends
        Waiter waiter
    cdef cppclass SelectRoom:
        SelectCase *cases
        uint32_t count
        bint prepare(uint32_t count) noexcept
        void clear() noexcept
        Op enter(Sleeper *who, Dice &, uint32_t &chosen, Sleeper *&wake, cppbool &look_again) noexcept
        void leave() noexcept

cdef extern from "_native/task_sleeper.hpp" namespace "goconc" nogil:
    cdef cppclass TaskSleeper(Sleeper):
        Waiter waiter
        Deadline deadline
        Bell *bell
        void *future
        void *kept_in
        const void *task
    cdef cppclass Bell:
        AttachedLock lock
        Dice dice
        int reader
        Bell *hold() noexcept
        void let_go() noexcept
        void hear() noexcept
        TaskSleeper *pop() noexcept
        bint settled(TaskSleeper *) noexcept

cdef extern from "_native/context_tree.hpp" namespace "goconc" nogil:
    cdef cppclass ContextNode:
        ContextNode *next
        AttachedLock *lock
        ContextNode *origin
        Channel *done
        void *owner
        Attached[uint32_t] ended
        bint linked
        bint link(ContextNode *parent) noexcept
        bint detach() noexcept
        void end(WakeList &) noexcept
        bint has_ended() noexcept

cdef extern from "_native/goroutine.hpp" namespace "goconc" nogil:
    cdef enum class WaitReason(unsigned char):
        none
        chan_send
        chan_receive
        chan_send_nil
        chan_receive_nil
        select
        select_no_cases
        sleep
        join
        sync_mutex_lock
        sync_rwmutex_rlock
        sync_rwmutex_lock
        sync_waitgroup_wait
        sync_cond_wait
    const char *words(WaitReason) noexcept
    cdef cppclass Fiber:
        void *owner
        Fiber *next
    cdef cppclass Operation
    cdef cppclass GState:
        void start() noexcept
        bint park() noexcept
        void give_way "yield"() noexcept
        bint ready() noexcept
        void finish() noexcept
        bint is_done() noexcept
        bint is_parked() noexcept
        bint is_runnable() noexcept
        const char *name() noexcept
    Atomic[int64_t] coarse_now
    cdef cppclass G(Sleeper):
        GState state
        WaitReason reason
        Attached[int64_t] since
        void waits_for(WaitReason) noexcept
        bint started
        Worker *home
        Fiber *fiber
        void *spare
        Worker *last
        bint guest
        uint32_t locks
        Attached[Operation *] waiting
        void *object
        void *scope
        G *scope_next
        G *scope_previous
        Attached[uint32_t] requests
        Waiter waiter
        Deadline deadline
        WaitLine joiners
        AttachedLock join_lock
    cdef cppclass GList:
        void push(G *) noexcept
        G *pop() noexcept
        bint empty() noexcept

cdef extern from "_native/sync.hpp" namespace "goconc" nogil:
    cdef cppclass WaitPoint:
        WaitReason reason
        bint acquires
        bint enter(Sleeper *, Waiter *) noexcept
        bint go_on(Waiter *) noexcept
        void leave(Waiter *, bint served, WakeList &) noexcept
        const char *complaint() noexcept
    cdef cppclass NativeMutex "goconc::Mutex"(WaitPoint):
        bint try_lock() noexcept
        bint unlock(WakeList &) noexcept
        bint is_locked() noexcept
    cdef cppclass NativeRWMutex "goconc::RWMutex":
        WaitPoint *reading() noexcept
        WaitPoint *writing() noexcept
        bint try_lock() noexcept
        bint try_rlock() noexcept
        bint unlock(WakeList &) noexcept
        bint runlock(WakeList &) noexcept
    cdef cppclass NativeWaitGroup "goconc::WaitGroup"(WaitPoint):
        bint add(int64_t delta, WakeList &) noexcept
    cdef cppclass NativeNotice "goconc::Notice"(WaitPoint):
        void give(WakeList &) noexcept

cdef extern from "_native/sysmon.hpp" namespace "goconc" nogil:
    cdef cppclass Sysmon:
        Sysmon()
        bint (*detached)(void *) noexcept
        int64_t warn_after
        bint start(Scheduler &) noexcept
        void stop() noexcept
        void hold() noexcept
        void let_go() noexcept
        void start_afresh() noexcept
    cdef cppclass Processor
    cdef cppclass Worker:
        Processor *processor
        G *current
        Fiber *fiber
        GList pinned
        Atomic[bint] asleep
        Parker parker
        void *scope
        Attached[uint32_t] tick
        Attached[cppbool] running
        bint spinning
        uint32_t locked
        uint64_t stolen
        bint has_own_work() noexcept
        ClockHint clock_hint
        Dice dice
        uint64_t parked
        void *thread_state
        Fiber *idle_fibers
        uint32_t idle_count
        Fiber *root_fiber
        void *hooked
        Fiber *async_fiber
        uint32_t guests
        bint on_main_thread
        bint stopping
        unsigned long thread
        Attached[G *] interrupted
        ThreadClock cpu_clock
        Worker *reuse_link
    cdef cppclass Scheduler:
        SharedSize shared
        Deadlines deadlines
        Atomic[cppbool] short_of_helpers
        Atomic[Worker *] held_up
        Worker *background
        Attached[uint64_t] goroutines
        Attached[uint64_t] sleep_changes
        Attached[uint32_t] sleeping_threads
        void start_afresh(Worker *) noexcept
        void forget_threads(unsigned long but) noexcept
        void begin_waiting(ThreadSleeper *) noexcept
        void end_waiting(ThreadSleeper *) noexcept
        bint resize(uint32_t) noexcept
        uint32_t size() noexcept
        bint acquire(Worker *, bint line_up) noexcept
        bint has_processor(Worker *) noexcept
        void release(Worker *) noexcept
        void set_thread(Worker *, Fiber *stack, void *thread_state, unsigned long identity) noexcept
        void join(Worker *) noexcept
        void leave(Worker *) noexcept
        void push_back(Worker *, G *) noexcept
        void push_next(Worker *, G *) noexcept
        void push_last(Worker *, G *) noexcept
        void flush(Worker *) noexcept
        void queue(Worker *, G *) noexcept
        void offer(G *) noexcept
        bint bring_forward(Worker *, G *) noexcept
        void make_ready(Worker *, Sleeper *) noexcept
        bint all_asleep() noexcept
        uint32_t worker_count() noexcept
        Worker *worker_on_stack_of(G *) noexcept
        Worker *worker_under(G *) noexcept
        void count(ThreadSleeper *) noexcept
        void uncount(ThreadSleeper *) noexcept
        Deadline *fire_due(int64_t now, WakeList &) noexcept
        bint arm(Worker *, Deadline *) noexcept
        bint disarm(Deadline *) noexcept
        bint rearm(Worker *, Deadline *, int64_t when, cppbool *ok) noexcept
        void wake_keeper(Worker *) noexcept
        G *find(Worker *) noexcept
        bint may_spin(Worker *) noexcept
        bint spin(Worker *, int64_t until) noexcept
        bint lie_down(Worker *) noexcept
        int64_t sleep_until(Worker *) noexcept
        Woken sleep(Worker *, int64_t until, bint deadline_only) noexcept
        void get_up(Worker *) noexcept
        bint has_reason(Worker *) noexcept
    cdef cppclass ThreadSleeper(Sleeper):
        Parker parker
        Waiter waiter
        SelectRoom *room
        unsigned long thread
    cdef cppclass SharedSize "goconc::SharedQueue":
        uint32_t count() noexcept

cdef extern from "_native/worker_loop.hpp" namespace "goconc":
    cdef cppclass Host:
        void (*fire_deadlines)(Worker *, int64_t) noexcept
        cppbool (*looks_on)(Worker *) noexcept
        Woken (*sleep)(Worker *) noexcept
        cppbool (*woke)(Worker *, Woken) noexcept
        void (*wait_in_line)(Worker *) noexcept
        void (*start_helper)() noexcept
    void get_processor(Scheduler &, Host &, Worker *) noexcept
    void idle(Scheduler &, Host &, Worker *) noexcept

cdef extern from "_cpython/engine.hpp" namespace "goconc" nogil:
    cdef enum class Engine(unsigned char):
        native
        greenlet
        threads
    Engine engine
    const bint native_engine_built
    bint configure_stack(size_t) noexcept
    void engine_after_fork() noexcept

cdef extern from "_cpython/engine.hpp" namespace "goconc":
    ctypedef void (*FiberBody)(Fiber *) noexcept
    ctypedef void (*SwitchFiber)(Fiber *, Fiber *) noexcept
    SwitchFiber switch_by_engine
    bint native_engine_works(PyThreadState *) noexcept
    Fiber *native_fiber(PyThreadState *, FiberBody) noexcept
    void adopt_native(Fiber *, PyThreadState *) noexcept
    void recycle_native(Fiber *) noexcept
    PyObject *native_frame(PyThreadState *, Fiber *) noexcept
    void switch_fiber(PyThreadState *, Fiber *, Fiber *) noexcept
    void reset_fiber(Fiber *, PyThreadState *) noexcept

cdef extern from "_cpython/thread_fiber.hpp" namespace "goconc" nogil:
    cdef cppclass ThreadFiber(Fiber):
        Parker baton
        Worker *worker
        unsigned long thread
        PyThreadState *state
        bint retired
    ThreadFiber *as_thread(Fiber *) noexcept
    Atomic[int32_t] ending_threads
    Fiber *thread_fiber(Worker *, FiberBody) noexcept
    void retire_thread_fiber(Fiber *) noexcept
    void await_ending_threads(int64_t) noexcept

cdef extern from "_cpython/greenlet_fiber.hpp" namespace "goconc":
    cdef cppclass GreenletFiber(Fiber):
        bint retired
    cdef cppclass Greenlets:
        bint load() noexcept
    Greenlets greenlets
    GreenletFiber *as_greenlet(Fiber *) noexcept
    bint adopt_greenlet(Fiber *) noexcept
    void release_greenlet(Fiber *) noexcept
    Fiber *greenlet_fiber(Fiber *root, FiberBody) noexcept
    void switch_greenlets(Fiber *, Fiber *) noexcept
    void retire_greenlet(Fiber *) noexcept
    PyObject *greenlet_frame(Fiber *) noexcept

cdef extern from "_cpython/stopped_world.hpp" namespace "goconc":
    cdef cppclass Insides:
        PyObject *(*coroutine)(G *) noexcept
        PyObject *(*channel)(G *) noexcept
        PyObject *(*base)(G *) noexcept
    void find_frames(PyThreadState *) noexcept
    cdef cppclass StoppedWorld:
        StoppedWorld(Scheduler &, Insides &)
        void expect(G *) except +
        PyObject *stop_and_look() except? NULL

cdef extern from "_native/quit_request.hpp" namespace "goconc" nogil:
    bint quit_take() noexcept
    void quit_done() noexcept

cdef extern from "_cpython/quit_signal.hpp" namespace "goconc":
    bint quit_is_default() noexcept
    bint quit_is_ours() noexcept
    void quit_install(bint ends_process) noexcept

cdef extern from "_cpython/detached.hpp" namespace "goconc" nogil:
    bint thread_is_detached(void *) noexcept

cdef extern from "_cpython/this_worker.hpp" namespace "goconc" nogil:
    Worker *this_worker() noexcept
    void set_this_worker(Worker *) noexcept

cdef extern from "_cpython/awaitable.hpp" namespace "goconc":
    int awaitable_setup() except -1
    PyObject *iternext_result(PyObject *stolen) noexcept
    bint held_n_times(PyObject *, int) noexcept
    PyObject *take_exception() noexcept
    void raise_exception(PyObject *stolen) noexcept

cdef extern from "_cpython/operation.hpp" namespace "goconc":
    cdef enum class Wants(unsigned char):
        send
        recv
        recv_ok
        next
        select
        sleep
        join
        give_way
        point
    cdef enum class Phase(unsigned char):
        spent
        fresh
        begun
        suspended
    const int slow_way
    PyObject *park_token
    PyObject *give_way_token
    AttachedLock pairing
    cdef cppclass Operation:
        Wants wants
        Attached[Phase] phase
        bint bare
        bint has_default
        PyObject *chan
        Channel *native
        PyObject *value
        WaitPoint *point
        PyObject *ctx
        SelectRoom *room
        PyObject *cases
        Attached[Sleeper *] me
        TaskSleeper *task
        int64_t deadline
        bint take(Phase) noexcept
        void suspend(G *) noexcept
        void suspend_task "suspend"(TaskSleeper *) noexcept
        void leave_to(Operation &) noexcept
        void spend() noexcept
    Waiter *waiter_of(Sleeper *) noexcept
    Deadline *limit_of(Sleeper *) noexcept
    void never_awaited(Operation &) noexcept
    int quick_step(Operation &, Scheduler &, PyObject **) noexcept

cdef extern from "_cpython/selected.hpp" namespace "goconc":
    int selected_setup() except -1
    PyTypeObject selected_type
    object make_selected "goconc::new_selected"(PyObject *index, PyObject *value, PyObject *ok, PyObject *chan)

cdef extern from "_cpython/lifetime.hpp" namespace "goconc":
    void count_together(PyObject *) noexcept
    void forget_finalized(PyObject *) noexcept
    void make_by(PyTypeObject *, PyObject *(*)(PyTypeObject *, PyObject *, PyObject *) except NULL) noexcept

cdef extern from "_cpython/frames.hpp" namespace "goconc":
    PyObject *calling_code(PyThreadState *, int *lasti) noexcept
    PyObject *take_context(PyThreadState *) noexcept
    void give_context(PyThreadState *, PyObject *owned) noexcept
    void drop_context(PyThreadState *) noexcept
    PyObject *copied_context(PyThreadState *) noexcept
    int line_of(PyObject *code, int lasti) noexcept
    bint makes_coroutine(PyObject *) noexcept
    bint makes_async_generator(PyObject *) noexcept
