// What the scheduler knows of a goroutine (Go's g): its state word, where it may run, what it waits on. Python parts hang on `object`.
//
// The state word:
//     runnable --start--> running --park--> parked --ready--> runnable ... running --> done
// with a mark, `notified`, that says that the wait it began is over. ready() may come while the goroutine is still on its way to parked
// (a coroutine is still inside its resume; a fiber has not switched away): it then only leaves the mark, and park() turns back.
//
// Invariants:
//   1. A goroutine is in one place: running on one worker, in one queue, parked, or done. Whoever moves parked -> runnable puts it
//      into a queue; nobody else does. So no goroutine is queued twice or runs on two threads at once.
//   2. Exactly one ready() follows every claim that was won.
//   3. `fiber` and `home` are written by the worker that runs the goroutine, before its state leaves running.
// Orderings: park's CAS (running -> parked) publishes the suspended goroutine; ready's CAS (parked -> runnable) pairs with it.
#pragma once
#include "deadlines.hpp"
#include "wait_line.hpp"

namespace goconc {

struct Fiber;
struct Operation;
struct Worker;

// Why a goroutine waits; the words are Go's (GO-35).
enum class WaitReason : uint8_t {
    none, chan_send, chan_receive, chan_send_nil, chan_receive_nil, select, select_no_cases, sleep, join,
    sync_mutex_lock, sync_rwmutex_rlock, sync_rwmutex_lock, sync_waitgroup_wait, sync_cond_wait
};

inline const char *words(WaitReason reason) noexcept {
    static const char *const texts[] = {"", "chan send", "chan receive", "chan send (nil chan)", "chan receive (nil chan)",
        "select", "select (no cases)", "sleep", "goroutine join",
        "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait", "sync.Cond.Wait"};
    return texts[int(reason)];
}

// The time, roughly: sysmon stores it at each look, and a worker when it begins and when it wakes. So a park that wants to say since when
// it lasts loads a word, and reads no clock. Behind by the 5 ms between looks, at most, while sysmon is there.
inline Atomic<int64_t> coarse_now;

class GState {
    static constexpr uint32_t runnable = 0, running = 1, parked = 2, done = 3, kind = 3, notified = 4;
    Attached<uint32_t> word_{runnable};

  public:
    // Worker: takes it off a queue to run it.
    void start() noexcept { word_.exchange(running); }

    // Running goroutine (or the worker, once a coroutine was suspended): gives up the thread. False: it was notified meanwhile and
    // goes on running.
    bool park() noexcept {
        uint32_t expected = running;
        if (word_.compare_exchange(expected, parked)) return true;
        word_.store_relaxed(running); // it was running | notified: the mark is consumed; nobody else writes until the next wait
        return false;
    }
    void yield() noexcept { word_.store_release(runnable); } // running -> runnable: the caller queues it

    // The winner of the claim, once. True: it was parked, the caller has to queue it.
    bool ready() noexcept {
        uint32_t seen = word_.load();
        for (;;) {
            bool was_parked = (seen & kind) == parked;
            uint32_t next = (was_parked ? runnable : seen & kind) | notified;
            if (word_.compare_exchange(seen, next)) return was_parked;
        }
    }
    void finish() noexcept { word_.store_release(done); }

    bool is_done() const noexcept { return (word_.load_acquire() & kind) == done; }
    bool is_runnable() const noexcept { return (word_.load_acquire() & kind) == runnable; }
    bool is_parked() const noexcept { return (word_.load_acquire() & kind) == parked; }
    const char *name() const noexcept {
        static const char *const names[] = {"runnable", "running", "waiting", "done"};
        return names[word_.load_acquire() & kind];
    }
};

struct G : Sleeper {
    GState state;
    WaitReason reason = WaitReason::none;
    Attached<int64_t> since;      // when it began to wait, by coarse_now
    bool started = false;
    Worker *home = nullptr;       // the only worker that may run it, once it has a stack there; null: any
    Worker *last = nullptr;       // where it ran last: woken from outside, it had best run there again
    bool guest = false;           // a coroutine interrupted in mid-step: `home` is where its frames stand
    uint32_t locks = 0;           // lock_os_thread() calls not undone; `home` stays as it is meanwhile
    Fiber *fiber = nullptr;       // where it is suspended, if on a stack
    G *link = nullptr;            // in a queue
    uint32_t shared_stamp = 0, fresh_stamp = 0; // in the list of those that gave way: how much had been put into these queues by then
    void *spare = nullptr;        // an awaitable to use again, owned; the goroutine itself only
    Attached<Operation *> waiting; // the awaited operation that uses `waiter` and `deadline`: see operation.hpp
    void *object = nullptr;       // the Goroutine; a reference owned by the runtime until the goroutine is done
    void *scope = nullptr;        // the run() it belongs to
    G *scope_next = nullptr, *scope_previous = nullptr;
    Attached<uint32_t> requests;  // cancellation etc.; set by anybody, read by the goroutine before and after it opens a wait
    Waiter waiter;                // for waits on one thing
    Deadline deadline;            // for sleeps and time limits
    WaitLine joiners;             // guarded by join_lock, with the step to done
    AttachedLock join_lock;

    G() noexcept { deadline.owner = static_cast<Sleeper *>(this); }

    // The goroutine itself, before it parks.
    void waits_for(WaitReason why) noexcept {
        reason = why;
        since.store_relaxed(coarse_now.load_relaxed());
    }
};

// A FIFO of goroutines linked through themselves. One owner at a time, or under a lock; its size may be read by anybody.
struct GList {
    G *head = nullptr, *tail = nullptr;
    Attached<uint32_t> size;

    bool empty() const noexcept { return !head; }
    uint32_t count() const noexcept { return size.load_relaxed(); }
    void push(G *g) noexcept {
        g->link = nullptr;
        if (tail) tail->link = g;
        else head = g;
        tail = g;
        size.store_relaxed(count() + 1);
    }
    G *pop() noexcept {
        G *g = head;
        if (g) {
            head = g->link;
            if (!head) tail = nullptr;
            size.store_relaxed(count() - 1);
        }
        return g;
    }
    // False if it is not in it.
    bool remove(G *g) noexcept {
        GList others;
        bool found = false;
        while (G *each = pop()) {
            if (each == g) found = true;
            else others.push(each);
        }
        append(others);
        return found;
    }
    // One processor's share of it, and one more (SCH-04), `most` at most, from the front.
    void take_share(uint32_t processors, uint32_t most, GList &out) noexcept {
        uint32_t share = count() / (processors ? processors : 1) + 1;
        for (uint32_t n = share < most ? share : most; n && head; n--) out.push(pop());
    }
    void append(GList &other) noexcept {
        if (other.empty()) return;
        if (tail) tail->link = other.head;
        else head = other.head;
        tail = other.tail;
        size.store_relaxed(count() + other.count());
        other.head = other.tail = nullptr;
        other.size.store_relaxed(0);
    }
};

} // namespace goconc
