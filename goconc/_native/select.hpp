// select: one of several sends and receives, at one moment (SEL-12). By Go's algorithm: lock every channel, look at every case, else
// queue on all of them; the claim lets exactly one partner serve it; afterwards the other entries are unlinked (SEL-14, SEL-15).
//
// Locks are taken in order of address, each once, so selects never wait for each other in a circle (SEL-13), and the same channel may
// stand in several cases (SEL-07, SEL-08). Entries are queued only after every case was looked at, so a select never meets itself.
#pragma once
#include "timer_channel.hpp"
#include <new>

namespace goconc {

struct SelectCase {
    Channel *channel = nullptr;       // null: never ready
    TimerChannel *timer = nullptr;    // set if the channel is a timer's
    bool sends = false;
    Waiter waiter;                    // its `value` is the value to send, or the one received
};

// A small, fast random source for fair choices; one per thread or worker. xorshift64*, state never 0.
class Dice {
    uint64_t state_;

  public:
    explicit Dice(uint64_t seed = 0x9e3779b97f4a7c15u) noexcept : state_(seed ? seed : 1) {}
    void seed(uint64_t seed) noexcept { state_ = seed ? seed : 1; }
    uint32_t next() noexcept {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return uint32_t((state_ * 0x2545f4914f6cdd1du) >> 32);
    }
    uint32_t below(uint32_t n) noexcept { return uint32_t((uint64_t(next()) * n) >> 32); }
};

class Select {
    SelectCase *cases_;
    uint32_t count_;
    AttachedLock **locks_; // as many slots as cases
    uint32_t lock_count_ = 0;

    void sort_locks() noexcept {
        for (uint32_t i = 0; i < count_; i++) {
            if (!cases_[i].channel) continue;
            AttachedLock *lock = cases_[i].channel->lock;
            // Binary search: the cost of a wide select stays n log n comparisons, plus moves of a small array.
            uint32_t low = 0, high = lock_count_;
            while (low < high) {
                uint32_t middle = (low + high) / 2;
                if (locks_[middle] < lock) low = middle + 1;
                else high = middle;
            }
            if (low < lock_count_ && locks_[low] == lock) continue;
            for (uint32_t j = lock_count_; j > low; j--) locks_[j] = locks_[j - 1];
            locks_[low] = lock;
            lock_count_++;
        }
    }
    void lock_all() noexcept {
        for (uint32_t i = 0; i < lock_count_; i++) locks_[i]->lock();
    }
    void unlock_all() noexcept {
        for (uint32_t i = lock_count_; i > 0; i--) locks_[i - 1]->unlock();
    }

    static bool ready(SelectCase &c) noexcept {
        if (!c.channel) return false;
        if (c.timer) {
            c.timer->settle();
            return c.timer->pending;
        }
        return c.sends ? c.channel->can_send() : c.channel->can_receive();
    }
    static Op act(SelectCase &c, Sleeper *&wake) noexcept {
        if (c.timer) return c.timer->try_receive(c.waiter.value);
        if (c.sends) return c.channel->try_send(c.waiter.value, wake);
        return c.channel->try_receive(c.waiter.value, wake);
    }

  public:
    Select(SelectCase *cases, uint32_t count, AttachedLock **locks) noexcept : cases_(cases), count_(count), locks_(locks) {
#ifndef GOCONC_GIL
        sort_locks();
#endif
    }

    // Acts on one ready case, chosen uniformly, and tells which in `chosen`; else queues on every case if `self` is given.
    // `look_again`: an armed timer is earlier than sleeping workers know.
    Op enter(Sleeper *self, Dice &dice, uint32_t &chosen, Sleeper *&wake, bool &look_again) noexcept {
        lock_all();
        for (;;) {
            uint32_t found = 0;
            for (uint32_t i = 0; i < count_; i++)
                if (ready(cases_[i]) && (++found == 1 || dice.below(found) == 0)) chosen = i;
            if (!found) break;
            Op op = act(cases_[chosen], wake);
            if (op == Op::would_block) continue; // its only partner was claimed by another thread just now
            unlock_all();
            return op;
        }
        if (!self) {
            unlock_all();
            return Op::would_block;
        }
        Ticket ticket = self->claim.open();
        for (uint32_t i = 0; i < count_; i++) {
            SelectCase &c = cases_[i];
            if (!c.channel) continue;
            c.waiter.sleeper = self;
            c.waiter.ticket = ticket;
            c.waiter.index = i;
            (c.sends ? c.channel->senders : c.channel->receivers).append(&c.waiter);
            if (c.timer && c.timer->follow()) look_again = true;
        }
        unlock_all();
        return Op::parked;
    }

    // After the wait, however it ended: no entry of it stays on any line.
    void leave() noexcept {
        lock_all();
        for (uint32_t i = 0; i < count_; i++) {
            SelectCase &c = cases_[i];
            if (!c.channel) continue;
            if (c.waiter.linked) c.waiter.line->unlink(&c.waiter);
            if (c.timer) c.timer->follow();
        }
        unlock_all();
    }
};

// Room for one select: a few cases in place, more on the heap. It must not move while it is entered.
class SelectRoom {
    static constexpr uint32_t in_place = 4;
    alignas(SelectCase) unsigned char small_cases_[in_place * sizeof(SelectCase)];
    AttachedLock *small_locks_[in_place];
    void *heap_ = nullptr;
    AttachedLock **locks_ = nullptr;

  public:
    SelectCase *cases = nullptr;
    uint32_t count = 0;

    SelectRoom() noexcept {}
    ~SelectRoom() { clear(); }
    SelectRoom(const SelectRoom &) = delete;
    SelectRoom &operator=(const SelectRoom &) = delete;

    // False when memory has run out.
    bool prepare(uint32_t n) noexcept {
        if (n <= in_place) {
            cases = reinterpret_cast<SelectCase *>(small_cases_);
            locks_ = small_locks_;
        } else {
            heap_ = std::malloc(n * (sizeof(SelectCase) + sizeof(AttachedLock *)));
            if (!heap_) return false;
            cases = static_cast<SelectCase *>(heap_);
            locks_ = reinterpret_cast<AttachedLock **>(cases + n);
        }
        for (uint32_t i = 0; i < n; i++) new (&cases[i]) SelectCase;
        count = n;
        return true;
    }
    void clear() noexcept { // the cases hold nothing that needs destroying
        std::free(heap_);
        heap_ = nullptr;
        count = 0;
    }
    Op enter(Sleeper *self, Dice &dice, uint32_t &chosen, Sleeper *&wake, bool &look_again) noexcept {
        return Select(cases, count, locks_).enter(self, dice, chosen, wake, look_again);
    }
    void leave() noexcept {
        Select(cases, count, locks_).leave();
    }
};

} // namespace goconc
