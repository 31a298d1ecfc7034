// The runtime's clock: monotonic, in nanoseconds; the same clock as Python's time.monotonic().
#pragma once
#include "platform.hpp"

namespace goconc {

constexpr int64_t forever = INT64_MAX; // a deadline that never comes

inline int64_t now_ns() noexcept {
#if defined(GOCONC_EXPLORE)
    return explore::time();
#else
    return monotonic_ns();
#endif
}

// `now + delay`, where too long a delay means for ever.
inline int64_t deadline_after(int64_t now, int64_t delay) noexcept {
    return delay > forever - now ? forever : now + delay;
}

// How much processor time a thread has had; others may ask while it lives.
inline int64_t cpu_time(ThreadClock clock) noexcept {
#if defined(GOCONC_EXPLORE)
    static_cast<void>(clock);
    return explore::time();
#else
    return thread_clock_ns(clock);
#endif
}

// Decides cheaply whether enough time may have passed to make reading the clock worth while: a cycle counter where one can be read
// in a few nanoseconds, else a count of calls. It may say yes too often, and is never more than about 50 us late.
class ClockHint {
    uint64_t last_ = 0;

  public:
    bool worth_reading() noexcept {
#if defined(GOCONC_EXPLORE)
        return true;
#else
        if constexpr (ticks_in_a_while == 0) {
            return ++last_ % 16 == 0;
        } else {
            uint64_t t = ticks();
            if (t - last_ < ticks_in_a_while) return false;
            last_ = t;
            return true;
        }
#endif
    }
};

} // namespace goconc
