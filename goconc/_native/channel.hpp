// A channel by Go's algorithm: a ring, a line of parked receivers and one of parked senders, under one small lock.
// Who may call: any thread attached to Python. Values are opaque owned references: the channel moves them and never looks at them.
//
// Invariants, under the lock (claimed entries that their owners have not unlinked yet do not count):
//   1. A receiver is parked only if the ring is empty; a sender only if it is full (a capacity of 0 is both). (CH-16)
//   2. So a value handed straight to a parked receiver overtakes nothing, and when a receive frees a slot the first parked sender's value
//      enters it in the same step. Values leave in the order in which their sends completed. (CH-12, CH-14, CH-15)
//   3. closed never goes back, and nobody is parked on a closed channel.
//   4. A value leaves a sender's hands only together with the sender's claim: a send that ends in any other way has moved nothing.
// A wake-up cannot be lost: looking for a partner, and registering as one, are one step under the lock.
// The winner of a claim is returned in `wake` or a WakeList, to be made ready once the lock is released.
#pragma once
#include "lock.hpp"
#include "value_ring.hpp"
#include "wait_line.hpp"

namespace goconc {

enum class Op : int { done, parked, would_block, closed, no_memory };

class Channel {
  public:
    AttachedLock own_lock;
    AttachedLock *lock = &own_lock; // a timer channel is guarded by the lock of its deadlines instead
    size_t capacity = 0;
    bool closed = false;
    ValueRing ring;
    WaitLine receivers, senders;

    Channel() noexcept = default;
    Channel(const Channel &) = delete;
    Channel &operator=(const Channel &) = delete;

    // The steps below want the lock held; select uses them too.

    bool can_send() noexcept { return closed || ring.count() < capacity || receivers.first_open(); }
    bool can_receive() noexcept { return ring.count() || closed || senders.first_open(); }

    Op try_send(void *value, Sleeper *&wake) noexcept {
        if (closed) return Op::closed;
        if (Waiter *r = receivers.take_first()) {
            serve(r, value, true);
            wake = r->sleeper;
            return Op::done;
        }
        if (ring.count() >= capacity) return Op::would_block;
        return ring.push(value) ? Op::done : Op::no_memory;
    }

    Op try_receive(void *&value, Sleeper *&wake) noexcept {
        if (ring.count()) {
            value = ring.pop();
            if (Waiter *s = senders.take_first()) {
                ring.push(s->value); // cannot fail: a slot was just freed
                serve(s, nullptr, true);
                wake = s->sleeper;
            }
            return Op::done;
        }
        if (Waiter *s = senders.take_first()) {
            value = s->value;
            serve(s, nullptr, true);
            wake = s->sleeper;
            return Op::done;
        }
        return closed ? Op::closed : Op::would_block;
    }

    void park(WaitLine &line, Waiter *w, Sleeper *s, void *value) noexcept {
        w->sleeper = s;
        w->ticket = s->claim.open();
        w->value = value;
        line.append(w);
    }

    // The whole operations. `waiter` null: do not wait.

    Op send(void *value, Sleeper *self, Waiter *waiter, Sleeper *&wake) noexcept {
        Held<AttachedLock> hold(*lock);
        Op op = try_send(value, wake);
        if (op != Op::would_block || !waiter) return op;
        park(senders, waiter, self, value);
        return Op::parked;
    }

    Op receive(void *&value, Sleeper *self, Waiter *waiter, Sleeper *&wake) noexcept {
        Held<AttachedLock> hold(*lock);
        Op op = try_receive(value, wake);
        if (op != Op::would_block || !waiter) return op;
        park(receivers, waiter, self, nullptr);
        return Op::parked;
    }

    // False if it was closed already. Parked receivers get (nothing, false), parked senders fail; waiters are woken in order of arrival.
    bool close(WakeList &wakes) noexcept {
        Held<AttachedLock> hold(*lock);
        if (closed) return false;
        closed = true;
        while (Waiter *r = receivers.take_first()) {
            serve(r, nullptr, false);
            wakes.add(r->sleeper);
        }
        while (Waiter *s = senders.take_first()) {
            serve(s, s->value, false); // the value stays the sender's
            wakes.add(s->sleeper);
        }
        return true;
    }

    size_t length() noexcept {
        Held<AttachedLock> hold(*lock);
        return ring.count();
    }
};

} // namespace goconc
