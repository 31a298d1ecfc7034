// Go's P: the right to run goroutines, with the queue of those that any worker may run. And Go's M, the Worker: a thread that runs them.
//
// Goroutines that have a C stack belong to their worker (`home`): they wait in its own lists, which no other thread touches, and another
// thread that makes one ready leaves it in the worker's inbox. Everything else waits on the processor, where thieves find it.
#pragma once
#include "local_queue.hpp"
#include "select.hpp"
#include "shared_queue.hpp"

namespace goconc {

struct Processor {
    LocalQueue queue; // coroutines: any worker may take them
    LocalQueue plain; // plain functions that have not started: helpers may; the holder too, unless they came with the processor
    // Go's runnext: what was made ready last runs first. Put in by the holder; taken out, by a CAS, by the holder or a thief.
    Attached<G *> next;
    Atomic<G *> ripe;          // has been in `next` for longer than a hand-off takes (says sysmon): thieves may take it
    // sysmon's own: what stood in `next` when it looked last, and since when.
    G *seen_next = nullptr;
    int64_t seen_next_since = 0;
    Atomic<bool> recalled;     // its holder comes to the scheduler before it runs anything else; set under the scheduler's lock
    Processor *all_link = nullptr; // every processor there ever was; written before it is published
    // Under the scheduler's lock:
    bool in_service = false;   // one of the gomaxprocs() that run; else spare, or written off while its holder is stuck
    Processor *link = nullptr; // among the idle, or the spare

    bool has_queued() const noexcept { return !queue.empty() || !plain.empty(); }
};

struct Worker {
    Watched<Processor *> processor; // written under the scheduler's lock, by whoever gives it; read by the worker itself
    Watched<G *> current;           // what it runs; null while it looks for work
    Watched<Fiber *> fiber;         // the stack it stands on
    Attached<G *> next;             // as the processor's, for goroutines at home here; owner only. At most one of the two is set
    GList pinned;                   // ready, and at home here; owner only
    GList yielded;                  // the same, of those that gave way: Go's global queue, for goroutines that may not leave
    Inbox inbox;
    Atomic<bool> asleep;
    Parker parker;
    void *scope = nullptr;          // a run()'s worker: starts plain goroutines of this scope only; null: a helper, which starts any
    SharedQueue fresh;              // plain functions that it may start and some others may not; put in under the scheduler's lock
    Attached<uint32_t> tick;        // how often it has looked for work; written by the owner
    Attached<bool> running;         // it is inside a goroutine; for sysmon
    bool spinning = false;          // counted in Scheduler::spinning; given with a processor, or by the owner
    bool relied_on = false;         // it was spinning just now: it has others woken once it has found work
    uint32_t lock_waits = 0;        // how often it had waited for a lock 61 ticks ago
    int64_t spins_until = 0;        // since it began to look on; 0: not begun
    uint32_t turn = 0;              // which of its near queues was served last
    bool fresh_turn = false;        // the same of its far ones
    bool handed_over = false;       // it gave its processor to one in line, and has run nothing since
    Watched<uint32_t> locked;       // goroutines that hold this thread (lock_os_thread): it runs none but those at home here
    ClockHint clock_hint;
    Dice dice;
    Worker *want_link = nullptr, *all_link = nullptr;
    bool wants = false;             // stands in the FIFO; under the scheduler's lock
    uint64_t parked = 0;            // how many times a goroutine parked here
    uint64_t stolen = 0;            // how many it took from other processors
    // sysmon's own:
    uint32_t seen_tick = 0;
    int64_t seen_since = 0, seen_cpu = -1, seen_detached = 0; // 0: was attached
    bool reported = false;
    // Kept here for the half that knows Python:
    void *thread_state = nullptr;
    Fiber *idle_fibers = nullptr;   // stacks at rest, the warmest first
    uint32_t idle_count = 0;
    Fiber *root_fiber = nullptr;    // stands for the thread's own stack
    Fiber *async_fiber = nullptr;   // where coroutines run, on an engine that gives them a thread (engines.pxi)
    bool stopping = false;
    void *hooked = this;            // for whose async generators the hooks of the thread are, as in G::scope; itself: nobody's
    uint32_t guests = 0;            // coroutines interrupted in mid-step: their frames stand on stacks of this thread
    bool on_main_thread = false;    // signals are handled here
    unsigned long thread = 0;       // its identity for Python
    ThreadClock cpu_clock{};        // of its thread; set by itself before others see it
    int64_t cpu_before = 0;         // processor time of threads that it had before, less what this one had used by then
    Attached<G *> interrupted;      // an exception is on its way to this thread that is for this goroutine only
    Worker *reuse_link = nullptr;   // workers are never freed: a late rouse() may still look at one

    int64_t cpu_time() const noexcept { return goconc::cpu_time(cpu_clock) + cpu_before; }
    bool has_own_work() const noexcept {
        return next.load_relaxed() || !inbox.empty() || !pinned.empty() || !yielded.empty() || fresh.count();
    }
};

} // namespace goconc
