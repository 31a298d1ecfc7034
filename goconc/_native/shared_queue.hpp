// Queues that several threads put goroutines into: the one all workers share, and each worker's inbox; and the Sleeper of a thread that is
// not ours. Only attached threads touch them.
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

class SharedQueue {
    AttachedLock lock_;
    GList list_;
    Attached<uint32_t> count_;           // written under the lock; read by anybody, to pass by an empty queue
    Attached<uint64_t> pushed_, popped_; // how many ever; the same

  public:
    uint32_t count() const noexcept { return count_.load(); }
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
    template <class Wanted> bool has(Wanted wanted) noexcept {
        if (!count()) return false;
        Held<AttachedLock> hold(lock_);
        for (G *g = list_.head; g; g = g->link)
            if (wanted(g)) return true;
        return false;
    }
    uint64_t pushed() const noexcept { return pushed_.load_relaxed(); }
    // Everything that stood in it when `pushed()` was `stamp` has left it.
    bool has_passed(uint64_t stamp) const noexcept { return !count() || popped_.load_relaxed() >= stamp; }
    bool has_before(uint64_t stamp) const noexcept { return !has_passed(stamp); }
    // The first that may be started. The others never leave the queue, so that nobody looks at it in vain meanwhile.
    template <class Wanted> G *pop_if(Wanted wanted) noexcept {
        if (!count()) return nullptr;
        Held<AttachedLock> hold(lock_);
        G *g = list_.pop_if(wanted);
        if (g) popped_.store_relaxed(popped_.load_relaxed() + 1);
        count_.store(list_.count());
        return g;
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
