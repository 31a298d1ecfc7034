// One thread's sleep and wake token. unpark() before park() is not lost: it makes the next park() return at once.
// Who may call: park() only the owner, detached from Python; unpark() anybody.
//
// States: empty, token (unparked and not yet consumed), asleep. Transitions: owner empty->asleep, token->empty, asleep->empty (time
// out); others any->token. The kernel is entered only from asleep.
// Orderings: unpark's exchange pairs with park's fetch_sub: what the waker wrote before unpark() is seen after park() returns.
#pragma once
#include "atomic.hpp"
#include "clock.hpp"
#include <new>
#if GOCONC_FUTEX
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <chrono>
#include <condition_variable>
#include <mutex>
#endif

namespace goconc {

enum class Woken : int { token, timed_out, interrupted };

class Parker {
    static constexpr int32_t empty = 0, token = 1, asleep = -1;
    Atomic<int32_t> state_;

#if defined(GOCONC_EXPLORE)
    Woken sleep(int64_t deadline) noexcept { return explore::sleep(&state_, asleep, deadline) ? Woken::token : Woken::timed_out; }
    void rouse() noexcept { explore::rouse(&state_); }
    void settle() noexcept {}
#elif GOCONC_FUTEX
    int32_t *address() noexcept { return reinterpret_cast<int32_t *>(&state_); }

    Woken sleep(int64_t deadline) noexcept {
        timespec at{};
        timespec *until = nullptr;
        if (deadline != forever) {
            if (deadline < 0) deadline = 0;
            at.tv_sec = time_t(deadline / 1000000000);
            at.tv_nsec = long(deadline % 1000000000);
            until = &at;
        }
        long got = syscall(SYS_futex, address(), FUTEX_WAIT_BITSET_PRIVATE, asleep, until, nullptr, FUTEX_BITSET_MATCH_ANY);
        if (got == 0 || errno == EAGAIN) return Woken::token; // the caller re-reads the state: it may be a stray wake
        return errno == ETIMEDOUT ? Woken::timed_out : Woken::interrupted;
    }
    void rouse() noexcept { syscall(SYS_futex, address(), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }
    void settle() noexcept {}
#else
    std::mutex mutex_;
    std::condition_variable changed_;

    // Signals do not end this sleep: Python's main thread sleeps in slices by itself. The caller re-reads the state, and comes again.
    Woken sleep(int64_t deadline) noexcept {
        constexpr int64_t longest = 3600 * int64_t{1000000000}; // libraries add it to a clock of their own: no overflow
        std::unique_lock<std::mutex> hold(mutex_);
        if (state_.load() != asleep) return Woken::token;
        if (deadline == forever) {
            changed_.wait(hold);
            return Woken::token;
        }
        int64_t left = deadline - now_ns();
        if (left <= 0) return Woken::timed_out;
        changed_.wait_for(hold, std::chrono::nanoseconds(left < longest ? left : longest));
        return Woken::token;
    }
    void settle() noexcept { std::lock_guard<std::mutex> hold(mutex_); }
#endif

  public:
    // In a forked child, whose parent's threads may sleep here. Not destroyed first: a condition variable waits for its sleepers to leave.
    void start_afresh() noexcept { new (this) Parker; }

    // Sleeps until unpark(), the deadline (monotonic ns) or, with a futex, a signal. A token that arrives together with one of the others wins.
    Woken park(int64_t deadline) noexcept {
        if (state_.fetch_sub(1) != token) {
            Woken why = Woken::token;
            while (state_.load() == asleep && why == Woken::token) why = sleep(deadline);
            if (state_.exchange(empty) != token) return why;
        }
        settle(); // with a token in hand: its giver may still be inside unpark()
        return Woken::token;
    }
    void unpark() noexcept {
#if GOCONC_FUTEX || defined(GOCONC_EXPLORE)
        if (state_.exchange(token) == asleep) rouse(); // only the address is used from here on: the owner may be gone already
#else
        std::lock_guard<std::mutex> hold(mutex_); // the owner leaves through this mutex, so it cannot be gone before we are
        if (state_.exchange(token) == asleep) changed_.notify_one();
#endif
    }
};

} // namespace goconc
