// Queues that several threads put goroutines into: those that anybody takes from, and each worker's inbox; and the Sleeper of a thread that
// is not ours. Only attached threads touch them.
//
// Coroutines, which any worker may run, and plain functions are never in the same queue: nobody has to look for what he may start.
#pragma once
#include "goroutine.hpp"
#include "parker.hpp"

namespace goconc {

class SelectRoom;

// A thread that is not ours (main outside run(), a pool's), for as long as it waits; on its own stack.
struct ThreadSleeper : Sleeper {
    Parker parker;
    Waiter waiter;
    SelectRoom *room = nullptr; // where its other waiters are, if it waits in a select
    unsigned long thread = 0;   // who it is, for Python
    ThreadSleeper *previous = nullptr, *next = nullptr; // among all that wait
    // It is counted in Scheduler::sleeping_threads. Whoever turns this back to 0 lowers the count: its waker, so that a thread that has
    // been woken and has not run yet is not taken for one that can wake nobody, or the thread itself.
    Attached<uint32_t> counted;
};

// A FIFO that anybody may put into and take from: the coroutines of all workers, or the plain functions that others left with one.
class SharedQueue {
    AttachedLock lock_;
    GList list_;
    Attached<uint32_t> count_;           // written under the lock; read by anybody, to pass by an empty queue
    Attached<uint32_t> pushed_, popped_; // how many ever; the same

  public:
    Atomic<uint32_t> ripe_to;  // what was pushed before this stamp has waited for long (says sysmon): others may come for it
    uint32_t marked = 0;       // sysmon's own: how much had been pushed when it looked some time ago, and when
    int64_t marked_at = 0;

    uint32_t count() const noexcept { return count_.load(); }
    bool empty() const noexcept { return count() == 0; }
    void push(G *g) noexcept {
        Held<AttachedLock> hold(lock_);
        list_.push(g);
        count_.store(list_.count());
        pushed_.store_relaxed(pushed_.load_relaxed() + 1);
    }
    void push_all(GList &batch) noexcept {
        Held<AttachedLock> hold(lock_);
        pushed_.store_relaxed(pushed_.load_relaxed() + batch.count());
        list_.append(batch);
        count_.store(list_.count());
    }
    uint32_t pushed() const noexcept { return pushed_.load_relaxed(); }
    // Everything that stood in it when `pushed()` was `stamp` has left it.
    bool has_passed(uint32_t stamp) const noexcept { return !count() || int32_t(popped_.load_relaxed() - stamp) >= 0; }
    bool has_before(uint32_t stamp) const noexcept { return !has_passed(stamp); }
    // If it has not: how many of these are left.
    uint32_t before(uint32_t stamp) const noexcept { return stamp - popped_.load_relaxed(); }
    // All that is in it may be taken by anybody. Not by two threads at once.
    void ripen() noexcept { ripe_to.store(pushed()); }
    // Takes one processor's share, `most` at most, from the front.
    void take_share(uint32_t processors, uint32_t most, GList &out) noexcept {
        if (!count()) return;
        Held<AttachedLock> hold(lock_);
        list_.take_share(processors, most, out);
        popped_.store_relaxed(popped_.load_relaxed() + out.count());
        count_.store(list_.count());
    }
};

// A goroutine that another thread made ready, on its way to its home worker: a stack that the owner empties at once and turns round.
class Inbox {
    Attached<G *> top_;

  public:
    void push(G *g) noexcept {
        G *top = top_.load_relaxed();
        do g->link = top;
        while (!top_.compare_exchange(top, g)); // publishes g->link; pairs with the owner's exchange
    }
    bool empty() const noexcept { return !top_.load(); }
    void drain_into(GList &list) noexcept {
        if (!top_.load_relaxed()) return;
        G *newest = top_.exchange(nullptr), *oldest = nullptr;
        while (newest) {
            G *next = newest->link;
            newest->link = oldest;
            oldest = newest;
            newest = next;
        }
        while (oldest) {
            G *next = oldest->link;
            list.push(oldest);
            oldest = next;
        }
    }
};

} // namespace goconc
