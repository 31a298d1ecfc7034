// Deadlines by due time: a 4-ary heap in which every entry knows its place, so that a wait that ends early takes its entry away at once.
//
// One lock guards the heap, every entry and everything that fires (timer channels use it as their channel lock), and firing happens
// under it. So once an owner has removed its entry, nothing still on its way can touch it.
// `next_due` is read without the lock, to see cheaply that there is nothing to do.
#pragma once
#include "clock.hpp"
#include "lock.hpp"
#include "wait_line.hpp"
#include <cstdlib>
#include <utility>

namespace goconc {

constexpr Ticket of_contexts = 0; // those of contexts belong to no run()

enum class DeadlineKind : uint8_t { wake, channel, function };

struct Deadline {
    int64_t when = 0;
    int32_t place = -1; // index in the heap; -1: not in it
    DeadlineKind kind = DeadlineKind::wake;
    void *owner = nullptr;    // wake: the Sleeper; channel: the TimerChannel; function: a reference owned by the heap while the entry is in it
    Ticket ticket = 0;        // wake: the wait that this ends; function: a number for the run() in which it is to be called, or `of_contexts`

    bool armed() const noexcept { return place >= 0; }
};

class Deadlines {
    Deadline **heap_ = nullptr;
    int32_t count_ = 0, room_ = 0;

    void put(Deadline *d, int32_t at) noexcept {
        heap_[at] = d;
        d->place = at;
    }
    void sift_up(Deadline *d, int32_t at) noexcept {
        while (at > 0) {
            int32_t parent = (at - 1) / 4;
            if (heap_[parent]->when <= d->when) break;
            put(heap_[parent], at);
            at = parent;
        }
        put(d, at);
    }
    void sift_down(Deadline *d, int32_t at) noexcept {
        for (;;) {
            int32_t first = at * 4 + 1;
            if (first >= count_) break;
            int32_t least = first, end = first + 4 < count_ ? first + 4 : count_;
            for (int32_t i = first + 1; i < end; i++)
                if (heap_[i]->when < heap_[least]->when) least = i;
            if (heap_[least]->when >= d->when) break;
            put(heap_[least], at);
            at = least;
        }
        put(d, at);
    }
    void publish() noexcept { next_due.store(count_ ? heap_[0]->when : forever); }

  public:
    AttachedLock lock;
    Attached<int64_t> next_due{forever}; // written under the lock; read by anybody

    ~Deadlines() { std::free(heap_); }

    int32_t count() const noexcept { return count_; }

    // Takes over those of contexts, and the heap's references to them, from another heap that nobody else uses any more. Whatever else is in
    // that one is armed no more; its owners are not told.
    void inherit(Deadlines &old) noexcept {
        std::swap(heap_, old.heap_);
        std::swap(room_, old.room_);
        int32_t there = std::exchange(old.count_, 0);
        for (int32_t i = 0; i < there; i++) {
            Deadline *d = heap_[i];
            d->place = -1;
            if (d->kind == DeadlineKind::function && d->ticket == of_contexts) sift_up(d, count_++); // count_ <= i: in the same array
        }
        publish();
    }

    // Under the lock. False when memory has run out. `*earliest` tells that sleeping workers now sleep too long.
    bool arm(Deadline *d, bool *earliest) noexcept {
        if (count_ == room_) {
            int32_t room = room_ ? room_ * 2 : 64;
            void *grown = std::realloc(heap_, size_t(room) * sizeof(Deadline *));
            if (!grown) return false;
            heap_ = static_cast<Deadline **>(grown);
            room_ = room;
        }
        sift_up(d, count_++);
        *earliest = d->place == 0;
        if (*earliest) publish();
        return true;
    }

    // Under the lock. True if the entry was in the heap.
    bool disarm(Deadline *d) noexcept {
        int32_t at = d->place;
        if (at < 0) return false;
        d->place = -1;
        Deadline *last = heap_[--count_];
        if (last != d) {
            sift_down(last, at);
            if (last->place == at) sift_up(last, at);
        }
        if (at == 0) publish();
        return true;
    }

    // Under the lock: takes functions of one run() out of the heap, `room` at most; how many. The heap's references are the caller's then.
    int32_t take_functions(Ticket run, Deadline **taken, int32_t room) noexcept {
        int32_t found = 0;
        for (int32_t at = 0; at < count_ && found < room; at++)
            if (heap_[at]->kind == DeadlineKind::function && heap_[at]->ticket == run) taken[found++] = heap_[at];
        for (int32_t i = 0; i < found; i++) disarm(taken[i]);
        return found;
    }

    // Under the lock: takes the first entry that is due out of the heap; nullptr if none is.
    Deadline *take_due(int64_t now) noexcept {
        if (!count_ || heap_[0]->when > now) return nullptr;
        Deadline *d = heap_[0];
        disarm(d);
        return d;
    }
};

} // namespace goconc
