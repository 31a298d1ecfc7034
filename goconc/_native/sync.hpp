// What package sync waits for: mutexes, reader/writer mutexes, wait groups. No channel, but the same sleepers and the same claims.
// Who may call: any thread attached to Python.
//
// A WaitPoint is one thing to wait for. Its steps, for whoever waits (a Sleeper of any kind):
//     enter     it has happened at once (true), or the waiter stands in line
//     go_on     after it was served: it is through (true), or it stands in line again
//     leave     it will not go on, whether it was served or not: what it was given goes to another
// Invariants:
//   1. A sleeper that was served calls go_on() or leave(), once. So a lock that was handed over is never lost.
//   2. Whoever frees something claims its successor under the same lock; who has lost its claim (a timeout, a cancellation) is passed over.
#pragma once
#include "clock.hpp"
#include "goroutine.hpp"
#include "lock.hpp"

namespace goconc {

class WaitPoint {
  protected:
    // With the lock held.
    static void park(WaitLine &line, Sleeper *s, Waiter *w, void *value = nullptr) noexcept {
        w->sleeper = s;
        w->ticket = s->claim.open();
        w->value = value;
        line.append(w);
    }
    static void serve_all(WaitLine &line, WakeList &wakes) noexcept {
        while (Waiter *w = line.take_first()) {
            serve(w, nullptr, true);
            wakes.add(w->sleeper);
        }
    }

  public:
    const WaitReason reason;
    const bool acquires; // whoever is through holds something

    WaitPoint(WaitReason why, bool takes) noexcept : reason(why), acquires(takes) {}
    WaitPoint(const WaitPoint &) = delete;
    WaitPoint &operator=(const WaitPoint &) = delete;

    virtual bool enter(Sleeper *, Waiter *) noexcept = 0;
    virtual bool go_on(Waiter *) noexcept { return true; }
    virtual void leave(Waiter *, bool served, WakeList &) noexcept = 0;
    virtual const char *complaint() noexcept { return nullptr; } // a misuse that shows when the wait is over

  protected:
    ~WaitPoint() = default;
};

// Go's mutex. Normal mode: unlock() frees it and wakes the first in line, who competes with newcomers and goes back to the front if it
// loses (MU-05). Once somebody has waited longer than `patience` (in ns), unlock() hands the lock over in order of arrival, and newcomers
// queue (MU-06), until the taker is the last or has not waited so long. A task of an event loop is always handed it: its loop wakes late.
// A waiter's `value` is the moment since when it waits.
template <int64_t patience> class PatientMutex final : public WaitPoint {
    AttachedLock guard_;
    WaitLine line_;
    bool locked_ = false;
    bool starving_ = false; // then it is locked
    int64_t woken_at_ = 0;  // somebody was woken then to compete, and has not come yet; 0: nobody

    static int64_t since(const Waiter *w) noexcept { return int64_t(reinterpret_cast<intptr_t>(w->value)); }

    // Whoever is late may be pinned to a thread that computes, or may never come: the next one is woken too.
    bool expects_somebody() noexcept { return woken_at_ != 0 && now_ns() - woken_at_ <= patience; }

    void release(WakeList &wakes) noexcept {
        locked_ = false;
        if (line_.empty()) starving_ = false;
        else if (starving_ || !expects_somebody()) wake_first(wakes);
    }
    void wake_first(WakeList &wakes) noexcept {
        Waiter *w = line_.take_first();
        bool handed = w && (starving_ || w->sleeper->kind == SleeperKind::task);
        starving_ = starving_ && w && !line_.empty() && now_ns() - since(w) > patience;
        if (!w) return;
        if (handed) locked_ = true;
        else woken_at_ = now_ns();
        serve(w, w->value, handed);
        wakes.add(w->sleeper);
    }

  public:
    PatientMutex() noexcept : WaitPoint(WaitReason::sync_mutex_lock, true) {}

    bool try_lock() noexcept {
        Held<AttachedLock> hold(guard_);
        if (locked_) return false;
        return locked_ = true;
    }
    // False: it was not locked.
    bool unlock(WakeList &wakes) noexcept {
        Held<AttachedLock> hold(guard_);
        if (!locked_) return false;
        release(wakes);
        return true;
    }
    bool is_locked() noexcept {
        Held<AttachedLock> hold(guard_);
        return locked_;
    }

    bool enter(Sleeper *s, Waiter *w) noexcept override {
        Held<AttachedLock> hold(guard_);
        if (!locked_) return locked_ = true;
        park(line_, s, w, reinterpret_cast<void *>(intptr_t(now_ns())));
        return false;
    }
    bool go_on(Waiter *w) noexcept override {
        if (w->ok) return true;
        Held<AttachedLock> hold(guard_);
        woken_at_ = 0;
        if (!locked_) return locked_ = true;
        starving_ = starving_ || now_ns() - since(w) > patience;
        w->ticket = w->sleeper->claim.open();
        line_.prepend(w);
        return false;
    }
    void leave(Waiter *w, bool served, WakeList &wakes) noexcept override {
        Held<AttachedLock> hold(guard_);
        if (w->linked) line_.unlink(w);
        if (!served) return;
        if (w->ok) return release(wakes);
        woken_at_ = 0;
        if (!locked_) wake_first(wakes);
    }
};
using Mutex = PatientMutex<1000000>;

// Many readers or one writer. A writer that waits keeps new readers out (RW-02); when a writer leaves, all readers that have queued
// meanwhile enter together, before the next writer (RW-03).
class RWMutex {
    AttachedLock guard_;
    WaitLine reading_, writing_;
    uint64_t readers_ = 0;
    bool writer_ = false;

    bool admits_reader() noexcept { return !writer_ && !writing_.first_open(); }

    bool admit_readers(WakeList &wakes) noexcept {
        while (Waiter *r = reading_.take_first()) {
            readers_++;
            serve(r, nullptr, true);
            wakes.add(r->sleeper);
        }
        return readers_ != 0;
    }
    // Nobody is inside.
    bool admit_writer(WakeList &wakes) noexcept {
        Waiter *w = writing_.take_first();
        if (!w) return false;
        serve(w, nullptr, true);
        wakes.add(w->sleeper);
        return writer_ = true;
    }
    void release_reader(WakeList &wakes) noexcept {
        // Readers still wait if the writer for whom they stood back has given up and not left yet, or never will.
        if (--readers_ == 0 && !admit_writer(wakes)) admit_readers(wakes);
    }
    void release_writer(WakeList &wakes) noexcept {
        writer_ = false;
        if (!admit_readers(wakes)) admit_writer(wakes);
    }

    struct ReadSide final : WaitPoint {
        RWMutex &rw;
        explicit ReadSide(RWMutex &m) noexcept : WaitPoint(WaitReason::sync_rwmutex_rlock, true), rw(m) {}
        bool enter(Sleeper *s, Waiter *w) noexcept override {
            Held<AttachedLock> hold(rw.guard_);
            if (rw.admits_reader()) return ++rw.readers_;
            park(rw.reading_, s, w);
            return false;
        }
        void leave(Waiter *w, bool served, WakeList &wakes) noexcept override {
            Held<AttachedLock> hold(rw.guard_);
            if (w->linked) rw.reading_.unlink(w);
            if (served) rw.release_reader(wakes);
        }
    };
    struct WriteSide final : WaitPoint {
        RWMutex &rw;
        explicit WriteSide(RWMutex &m) noexcept : WaitPoint(WaitReason::sync_rwmutex_lock, true), rw(m) {}
        bool enter(Sleeper *s, Waiter *w) noexcept override {
            Held<AttachedLock> hold(rw.guard_);
            if (!rw.writer_ && !rw.readers_) return rw.writer_ = true;
            park(rw.writing_, s, w);
            return false;
        }
        void leave(Waiter *w, bool served, WakeList &wakes) noexcept override {
            Held<AttachedLock> hold(rw.guard_);
            if (w->linked) rw.writing_.unlink(w);
            if (served) rw.release_writer(wakes);
            else if (rw.admits_reader()) rw.admit_readers(wakes); // it alone had kept them out
        }
    };

    ReadSide read_{*this};
    WriteSide write_{*this};

  public:
    WaitPoint *reading() noexcept { return &read_; }
    WaitPoint *writing() noexcept { return &write_; }

    bool try_rlock() noexcept {
        Held<AttachedLock> hold(guard_);
        return admits_reader() && ++readers_;
    }
    bool try_lock() noexcept {
        Held<AttachedLock> hold(guard_);
        if (writer_ || readers_) return false;
        return writer_ = true;
    }
    // False: it was not locked so.
    bool runlock(WakeList &wakes) noexcept {
        Held<AttachedLock> hold(guard_);
        if (!readers_) return false;
        release_reader(wakes);
        return true;
    }
    bool unlock(WakeList &wakes) noexcept {
        Held<AttachedLock> hold(guard_);
        if (!writer_) return false;
        release_writer(wakes);
        return true;
    }
};

class WaitGroup final : public WaitPoint {
    AttachedLock guard_;
    WaitLine line_;
    int64_t count_ = 0;

  public:
    WaitGroup() noexcept : WaitPoint(WaitReason::sync_waitgroup_wait, false) {}

    // False: it would fall below zero, or is out of all bounds; nothing has changed.
    bool add(int64_t delta, WakeList &wakes) noexcept {
        Held<AttachedLock> hold(guard_);
        if (delta > 0 ? count_ > INT64_MAX - delta : count_ + delta < 0) return false;
        count_ += delta;
        if (count_ == 0) serve_all(line_, wakes);
        return true;
    }

    bool enter(Sleeper *s, Waiter *w) noexcept override {
        Held<AttachedLock> hold(guard_);
        if (count_ == 0) return true;
        park(line_, s, w);
        return false;
    }
    void leave(Waiter *w, bool, WakeList &) noexcept override {
        Held<AttachedLock> hold(guard_);
        if (w->linked) line_.unlink(w);
    }
    const char *complaint() noexcept override {
        Held<AttachedLock> hold(guard_);
        return count_ ? "WaitGroup is reused before previous wait has returned" : nullptr;
    }
};

// What one Cond.wait() waits for: that it is notified, which stays so.
class Notice final : public WaitPoint {
    AttachedLock guard_;
    WaitLine line_;
    bool given_ = false;

  public:
    Notice() noexcept : WaitPoint(WaitReason::sync_cond_wait, false) {}

    void give(WakeList &wakes) noexcept {
        Held<AttachedLock> hold(guard_);
        given_ = true;
        serve_all(line_, wakes);
    }

    bool enter(Sleeper *s, Waiter *w) noexcept override {
        Held<AttachedLock> hold(guard_);
        if (given_) return true;
        park(line_, s, w);
        return false;
    }
    void leave(Waiter *w, bool, WakeList &) noexcept override {
        Held<AttachedLock> hold(guard_);
        if (w->linked) line_.unlink(w);
    }
};

} // namespace goconc
