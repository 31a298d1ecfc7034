// How a thread that is not ours waits: wait_thread of goconc/_cython/waiting.pxi, without signals.
#pragma once
#include "../../goconc/_native/scheduler.hpp"
#include "../../goconc/_native/sync.hpp"

namespace goconc {

// For the wait that was opened. Whoever wins the claim has unparked the thread when this returns, or has been beaten.
inline Outcome wait_thread(ThreadSleeper &thread, int64_t deadline) {
    for (;;) {
        Woken why = thread.parker.park(deadline);
        if (why == Woken::token) return thread.outcome;
        if (why == Woken::timed_out) {
            if (thread.claim.take_any()) return Outcome::timed_out;
            deadline = forever; // served just now: the token is on its way
        }
    }
}

inline void wake(Sleeper *s) {
    if (s) static_cast<ThreadSleeper *>(s)->parker.unpark();
}
inline void wake_all(WakeList &wakes) {
    while (Sleeper *s = wakes.pop()) wake(s);
}
// Ends the wait that `thread` is in, if it still is in one. The caller knows that it has not gone.
inline bool cancel(ThreadSleeper &thread) {
    if (!thread.claim.take_any()) return false;
    thread.outcome = Outcome::canceled;
    thread.parker.unpark();
    return true;
}

inline void leave_line(Channel &channel, Waiter *w) {
    Held<AttachedLock> hold(*channel.lock);
    if (w->linked) w->line->unlink(w);
}

// Whole operations for threads. Op::would_block: the wait ended by time-out or cancellation, and nothing has moved.
inline Op send_thread(Channel &channel, void *value, ThreadSleeper &thread, int64_t deadline = forever) {
    Sleeper *woken = nullptr;
    Op op = channel.send(value, &thread, &thread.waiter, woken);
    wake(woken);
    if (op != Op::parked) return op;
    if (wait_thread(thread, deadline) == Outcome::handed) return thread.waiter.ok ? Op::done : Op::closed;
    leave_line(channel, &thread.waiter);
    return Op::would_block;
}
inline Op receive_thread(Channel &channel, void *&value, ThreadSleeper &thread, int64_t deadline = forever) {
    Sleeper *woken = nullptr;
    Op op = channel.receive(value, &thread, &thread.waiter, woken);
    wake(woken);
    if (op != Op::parked) return op;
    if (wait_thread(thread, deadline) == Outcome::handed) {
        value = thread.waiter.value;
        return thread.waiter.ok ? Op::done : Op::closed;
    }
    leave_line(channel, &thread.waiter);
    return Op::would_block;
}
// A select over cases that were filled in; `index` tells which case. Op::done with a closed channel's receive: Op::closed.
inline Op select_thread(SelectRoom &room, ThreadSleeper &thread, Dice &dice, uint32_t &index, int64_t deadline = forever) {
    Sleeper *woken = nullptr;
    bool look_again = false;
    Op op = room.enter(&thread, dice, index, woken, look_again);
    wake(woken);
    if (op != Op::parked) return op;
    Outcome outcome = wait_thread(thread, deadline);
    room.leave();
    if (outcome != Outcome::handed) return Op::would_block;
    index = thread.winner->index;
    return thread.winner->ok ? Op::done : Op::closed;
}

// wait_at of goconc/_cython/sync_points.pxi. False: the wait ended by time-out or cancellation.
inline bool wait_thread_at(WaitPoint &point, ThreadSleeper &thread, int64_t deadline = forever) {
    if (point.enter(&thread, &thread.waiter)) return true;
    for (;;) {
        if (wait_thread(thread, deadline) != Outcome::handed) {
            WakeList wakes;
            point.leave(&thread.waiter, false, wakes);
            wake_all(wakes);
            return false;
        }
        if (point.go_on(&thread.waiter)) return true;
    }
}

} // namespace goconc
