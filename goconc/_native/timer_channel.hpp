// The channel of a Timer or Ticker, by Go 1.23's rules: it behaves as unbuffered, holds no stale value after stop or reset (TM-03),
// and its deadline is in the heap only while somebody waits on the channel (TM-06, GO-42). Whoever looks at it settles first what
// has become due meanwhile. Everything here is guarded by the deadlines' lock, which is also the channel's.
//
// Invariants: at most one event is pending (TM-08); an event stays pending only while nobody is parked on the
// channel (between its due time and its firing another receiver may come first); the deadline is armed
// only if a receiver is parked and the timer is active. The value of an event is its due time in ns, carried in the value word itself.
#pragma once
#include "channel.hpp"
#include "deadlines.hpp"

namespace goconc {

class TimerChannel {
  public:
    Channel channel;
    Deadline deadline;
    Deadlines *deadlines = nullptr;
    bool active = false, pending = false;
    int64_t when = 0, period = 0, event = 0;

    TimerChannel() noexcept {
        deadline.kind = DeadlineKind::channel;
        deadline.owner = this;
    }

    void bind(Deadlines *all) noexcept {
        deadlines = all;
        channel.lock = &all->lock;
    }

    static void *value_of(int64_t event) noexcept { return reinterpret_cast<void *>(static_cast<intptr_t>(event)); }
    static int64_t event_of(void *value) noexcept { return static_cast<int64_t>(reinterpret_cast<intptr_t>(value)); }

    // Makes what is due pending. Ticks stay on their grid; those nobody took are dropped.
    void settle(int64_t now) noexcept {
        if (!active || when > now) return;
        pending = true;
        event = when;
        if (period > 0) when = deadline_after(when, period * (1 + (now - when) / period));
        else active = false;
    }
    void settle() noexcept {
        if (active) settle(now_ns());
    }

    Op try_receive(void *&value) noexcept {
        settle();
        if (!pending) return Op::would_block;
        pending = false;
        value = value_of(event);
        return Op::done;
    }

    // After a receiver was parked or unlinked, and after when or active changed: arms or disarms to match.
    // Returns true if sleeping workers have to look again.
    bool follow() noexcept {
        bool wanted = active && !channel.receivers.empty(), earliest = false;
        if (deadline.armed() && (!wanted || deadline.when != when)) deadlines->disarm(&deadline);
        if (wanted && !deadline.armed()) {
            deadline.when = when;
            deadlines->arm(&deadline, &earliest);
        }
        return earliest;
    }

    // Its deadline was taken out of the heap because it is due: serves the first receiver.
    void fire(int64_t now, WakeList &wakes) noexcept {
        settle(now);
        if (pending) {
            if (Waiter *r = channel.receivers.take_first()) {
                pending = false;
                serve(r, value_of(event), true);
                wakes.add(r->sleeper);
            }
        }
        follow();
    }

    // Starts afresh. True if the timer was active, or an event was there that nobody had received.
    bool reset(int64_t at, int64_t every, bool *look_again) noexcept {
        bool was = active || pending;
        active = true;
        pending = false;
        when = at;
        period = every;
        *look_again = follow();
        return was;
    }
    bool stop() noexcept {
        bool was = active || pending;
        active = pending = false;
        follow();
        return was;
    }
};

} // namespace goconc
