// Waiters in order of arrival, removable from the middle, and the Sleeper each of them stands for.
//
// A Sleeper is whoever can wait: a goroutine of either kind, a thread that is not ours, or a task of an event loop. It has one Claim and, while it waits, one
// Waiter on the line of each thing it waits for (select: several). A line is guarded by the lock of what it belongs to.
//
// Invariants:
//   1. `linked` says whether the waiter is on its line; both change only under the line's lock.
//   2. Whoever wins the claim fills in the winning waiter and `outcome`, then makes the sleeper ready, and touches it no more.
//   3. A sleeper returns to its caller only when none of its waiters is linked (SEL-15).
#pragma once
#include "claim.hpp"
#include "lock.hpp"

namespace goconc {

struct Waiter;

enum class SleeperKind : uint8_t { plain, coroutine, thread, task };
enum class Outcome : uint8_t { handed, timed_out, canceled }; // what ended a wait

struct Sleeper {
    Claim claim;
    SleeperKind kind = SleeperKind::thread;
    Outcome outcome = Outcome::handed; // written by the winner of the claim
    Waiter *winner = nullptr;          // with Outcome::handed: the waiter that was served
    Sleeper *wake_link = nullptr;      // a winner's list of sleepers to make ready once its locks are released
};

struct WaitLine;

struct Waiter {
    Waiter *previous = nullptr, *next = nullptr;
    Sleeper *sleeper = nullptr;
    Ticket ticket = 0;
    void *value = nullptr; // a send's value on the way out, a receive's on the way in; owned by whoever holds the waiter
    WaitLine *line = nullptr;
    uint32_t index = 0; // which case of a select
    bool linked = false;
    bool ok = false; // served by a hand-off (true) or by a close (false)
};

struct WaitLine {
    Waiter *head = nullptr, *tail = nullptr;

    bool empty() const noexcept { return head == nullptr; }

    void append(Waiter *w) noexcept {
        w->line = this;
        w->linked = true;
        w->next = nullptr;
        w->previous = tail;
        if (tail) tail->next = w;
        else head = w;
        tail = w;
    }

    void prepend(Waiter *w) noexcept {
        w->line = this;
        w->linked = true;
        w->previous = nullptr;
        w->next = head;
        if (head) head->previous = w;
        else tail = w;
        head = w;
    }

    void unlink(Waiter *w) noexcept {
        if (w->previous) w->previous->next = w->next;
        else head = w->next;
        if (w->next) w->next->previous = w->previous;
        else tail = w->previous;
        w->linked = false;
    }

    // The first waiter that still waits. Entries of selects that were served elsewhere are dropped on the way (SEL-14).
    Waiter *first_open() noexcept {
        while (head && !head->sleeper->claim.is_open(head->ticket)) unlink(head);
        return head;
    }

    // Claims and unlinks the first waiter that can be claimed; nullptr if there is none.
    Waiter *take_first() noexcept {
        while (Waiter *w = head) {
            unlink(w);
            if (w->sleeper->claim.take(w->ticket)) return w;
        }
        return nullptr;
    }
};

// Sleepers whose claim was won under a lock, to be made ready after it is released.
struct WakeList {
    Sleeper *head = nullptr;
    Sleeper **tail = &head;

    WakeList() noexcept = default;
    WakeList(const WakeList &) = delete;
    WakeList &operator=(const WakeList &) = delete;

    void add(Sleeper *s) noexcept {
        s->wake_link = nullptr;
        *tail = s;
        tail = &s->wake_link;
    }
    Sleeper *pop() noexcept {
        Sleeper *s = head;
        if (s) {
            head = s->wake_link;
            if (!head) tail = &head;
        }
        return s;
    }
};

inline void serve(Waiter *w, void *value, bool ok) noexcept {
    w->value = value;
    w->ok = ok;
    w->sleeper->outcome = Outcome::handed;
    w->sleeper->winner = w;
}

} // namespace goconc
