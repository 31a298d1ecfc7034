// What differs between systems and compilers, under one name each. The other headers are standard C++17; apart from what is for GCC and
// Clang on Linux and macOS only (fiber/, _cpython/fiber.hpp), the futex in parker.hpp and the signals in _cpython/quit_signal.hpp.
//
// Switches, for tests of what other systems get:
//     GOCONC_FUTEX=0    sleep as where the kernel has no futex: on a mutex and a condition variable
#pragma once
#include <cstdint>

#ifndef GOCONC_FUTEX
#if defined(__linux__)
#define GOCONC_FUTEX 1
#else
#define GOCONC_FUTEX 0
#endif
#endif

#if defined(_MSC_VER)
#include <intrin.h>
#elif defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

#if defined(_WIN32)
#include <chrono>
#include <io.h>
#include <thread>
#else
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#endif

// A few bytes of static TLS are always left for libraries loaded later; this makes the look-up one instruction.
#if defined(__GLIBC__)
#define GOCONC_STATIC_TLS __attribute__((tls_model("initial-exec")))
#else
#define GOCONC_STATIC_TLS
#endif

namespace goconc {

// Told to the processor inside a spin loop.
inline void relax_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
    _mm_pause();
#elif defined(_MSC_VER) && defined(_M_ARM64)
    __yield();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

// A counter that can be read in a few nanoseconds, and how much of it passes in about 50 us or less. 0: there is none.
#if defined(__x86_64__) || defined(_M_X64)
constexpr uint64_t ticks_in_a_while = 100000; // 25 to 50 us on machines of 2 to 4 GHz
inline uint64_t ticks() noexcept { return __rdtsc(); }
#elif defined(__aarch64__) && !defined(_MSC_VER)
constexpr uint64_t ticks_in_a_while = 1000; // the generic timer ticks at 24 MHz to 1 GHz
inline uint64_t ticks() noexcept {
    uint64_t t;
    asm volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
}
#else
constexpr uint64_t ticks_in_a_while = 0;
inline uint64_t ticks() noexcept { return 0; }
#endif

// Nanoseconds on the clock of Python's time.monotonic() (on Windows: of Python 3.13 and later).
inline int64_t monotonic_ns() noexcept {
#if defined(_WIN32)
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
#elif defined(__APPLE__)
    return int64_t(clock_gettime_nsec_np(CLOCK_UPTIME_RAW)); // CLOCK_MONOTONIC goes on while the machine sleeps, Python's does not
#else
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
#endif
}

// A clock of the processor time of one thread. Where there is none, time that goes by stands for it.
#if defined(__linux__)
using ThreadClock = clockid_t;
inline ThreadClock own_thread_clock() noexcept {
    clockid_t clock;
    return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? clock : CLOCK_MONOTONIC;
}
inline int64_t thread_clock_ns(ThreadClock clock) noexcept {
    timespec t{};
    clock_gettime(clock, &t);
    return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}
#else
struct ThreadClock {};
inline ThreadClock own_thread_clock() noexcept { return {}; }
inline int64_t thread_clock_ns(ThreadClock) noexcept { return monotonic_ns(); }
#endif

// Lets another thread have this one's core.
inline void yield_thread() noexcept {
#if defined(_WIN32)
    std::this_thread::yield();
#else
    sched_yield();
#endif
}

// Sleeps so long, or until a signal.
inline void sleep_thread(int64_t ns) noexcept {
#if defined(_WIN32)
    std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
#else
    timespec t{};
    t.tv_sec = time_t(ns / 1000000000);
    t.tv_nsec = long(ns % 1000000000);
    nanosleep(&t, nullptr);
#endif
}

// A pipe's ends, as Python's os.pipe() numbers them.
inline bool write_byte(int descriptor) noexcept {
#if defined(_WIN32)
    return _write(descriptor, "", 1) == 1;
#else
    return ::write(descriptor, "", 1) == 1;
#endif
}
// How many bytes came; less than 0: none, and why is in errno.
inline int read_bytes(int descriptor, char *into, unsigned most) noexcept {
#if defined(_WIN32)
    return _read(descriptor, into, most);
#else
    return int(::read(descriptor, into, most));
#endif
}
inline void close_descriptor(int descriptor) noexcept {
#if defined(_WIN32)
    _close(descriptor);
#else
    ::close(descriptor);
#endif
}

} // namespace goconc
