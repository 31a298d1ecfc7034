// The runtime's clock: monotonic, in nanoseconds; the same clock as Python's time.monotonic().
#pragma once
#include <cstdint>
#if defined(_WIN32)
#include <chrono>
#else
#include <pthread.h>
#include <time.h>
#endif
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace goconc {

constexpr int64_t forever = INT64_MAX; // a deadline that never comes

inline int64_t now_ns() noexcept {
#if defined(GOCONC_EXPLORE)
    return explore::time();
#elif defined(_WIN32)
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
#else
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
#endif
}

// `now + delay`, where too long a delay means for ever.
inline int64_t deadline_after(int64_t now, int64_t delay) noexcept {
    return delay > forever - now ? forever : now + delay;
}

// A thread's processor time, which others may ask for while it lives.
#if defined(__linux__) && !defined(GOCONC_EXPLORE)
using ThreadClock = clockid_t;
inline ThreadClock own_thread_clock() noexcept {
    clockid_t clock;
    return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? clock : CLOCK_MONOTONIC;
}
inline int64_t cpu_time(ThreadClock clock) noexcept {
    timespec t{};
    clock_gettime(clock, &t);
    return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}
#else
struct ThreadClock {}; // not known: time that goes by stands for it
inline ThreadClock own_thread_clock() noexcept { return {}; }
inline int64_t cpu_time(ThreadClock) noexcept { return now_ns(); }
#endif

// Decides cheaply whether enough time may have passed to make reading the clock worth while: a cycle counter where one can be read
// in a few nanoseconds, else a count of calls. It may say yes too often, and is never more than about 50 us late.
class ClockHint {
    uint64_t last_ = 0;

  public:
    bool worth_reading() noexcept {
#if defined(GOCONC_EXPLORE)
        uint64_t t = 0; // always
#elif defined(__x86_64__)
        uint64_t t = __rdtsc();
        if (t - last_ < 100000) return false; // 25 to 50 us on machines of 2 to 4 GHz
#elif defined(__aarch64__)
        uint64_t t;
        asm volatile("mrs %0, cntvct_el0" : "=r"(t));
        if (t - last_ < 1000) return false; // the generic timer ticks at 24 MHz to 1 GHz
#else
        uint64_t t = last_ + 1;
        if (t % 16 != 0) {
            last_ = t;
            return false;
        }
#endif
        last_ = t;
        return true;
    }
};

} // namespace goconc
