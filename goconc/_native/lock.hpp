// A lock for sections of a few dozen instructions that never run Python code (docs/architecture.md, invariant 5).
//
//   Lock          real on every build: for state that detached threads touch too (the scheduler's idle lists).
//   AttachedLock  for state that only attached threads touch (channels, timers): nothing at all when there is a GIL.
//
// Lock order, outermost first: trees of contexts, channels and the timers' lock (by address, for select), goroutine end lines, scope
// lists, scheduler, shared queue.
// Holders never block, never allocate Python objects and never switch fibers, so a waiter spins briefly and then gives its core away.
#pragma once
#include "atomic.hpp"

namespace goconc {

// How often this thread had to wait for a lock: its worker asks whether the work that it has come to share is worth sharing.
inline uint32_t &lock_waits() noexcept {
    static thread_local uint32_t waits;
    return waits;
}

#ifdef GOCONC_EXPLORE
class Lock {
    bool held_ = false;

  public:
    void lock() noexcept { explore::lock(&held_); }
    void unlock() noexcept { explore::unlock(&held_); }
};
#else
class Lock {
    Atomic<uint32_t> held_; // 1 while somebody is inside; taken by CAS, given back by a release store

    // Looks more and more seldom: every look takes the line away from the holder, who needs it.
    void wait() noexcept {
        lock_waits()++;
        for (int pauses = 1;; pauses += pauses < 64 ? pauses : 0) {
            for (int i = 0; i < pauses; i++) cpu_relax();
            if (held_.load_relaxed() == 0) {
                uint32_t free = 0;
                if (held_.compare_exchange(free, 1)) return;
            }
            if (pauses == 64) yield_thread(); // the holder was descheduled inside its few instructions
        }
    }

  public:
    void lock() noexcept {
        uint32_t free = 0;
        if (!held_.compare_exchange(free, 1)) wait();
    }
    void unlock() noexcept { held_.store_release(0); } // pairs with the CAS of the next holder
};
#endif

#ifdef GOCONC_GIL
class AttachedLock {
  public:
    void lock() noexcept {}
    void unlock() noexcept {}
};
#else
using AttachedLock = Lock;
#endif

template <class L> class Held {
    L &lock_;

  public:
    explicit Held(L &lock) noexcept : lock_(lock) { lock_.lock(); }
    ~Held() { lock_.unlock(); }
    Held(const Held &) = delete;
    Held &operator=(const Held &) = delete;
};

} // namespace goconc
