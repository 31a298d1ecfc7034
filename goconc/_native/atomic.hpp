// Every atomic word of the runtime, and the only file that names std::atomic.
//
// Three kinds, by who may touch the word:
//   Atomic<T>    any thread, attached to Python or not: always a real atomic.
//   Attached<T>  changed only by threads that are attached to Python. With the GIL (GOCONC_GIL defined) at most one thread is attached,
//                and taking the GIL orders everything before it, so the word costs what plain memory costs; a thread that is not
//                attached (sysmon) may read it, and sees some value that it had. Without the GIL it is an Atomic<T>.
//   Watched<T>   written by one thread at a time; others may look.
// Orders are spelled in the method's name, so that a reader of a protocol sees them where they matter. No fences: ThreadSanitizer
// cannot follow them, so an order always sits on an operation.
#pragma once
#include "platform.hpp"
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace goconc {

#ifdef GOCONC_EXPLORE // tests/native/explore.hpp, included first: every access is a point where another task may go on
template <class T> using AtomicWord = explore::Word<T>;
#else
template <class T> using AtomicWord = std::atomic<T>;
#endif

template <class T> class Atomic {
    AtomicWord<T> word_;

  public:
    constexpr Atomic() noexcept : word_(T{}) {}
    constexpr explicit Atomic(T value) noexcept : word_(value) {}
    Atomic(const Atomic &) = delete;
    Atomic &operator=(const Atomic &) = delete;

    T load_relaxed() const noexcept { return word_.load(std::memory_order_relaxed); }
    T load_acquire() const noexcept { return word_.load(std::memory_order_acquire); }
    T load() const noexcept { return word_.load(std::memory_order_seq_cst); }
    void store_relaxed(T value) noexcept { word_.store(value, std::memory_order_relaxed); }
    void store_release(T value) noexcept { word_.store(value, std::memory_order_release); }
    void store(T value) noexcept { word_.store(value, std::memory_order_seq_cst); }
    T exchange(T value) noexcept { return word_.exchange(value, std::memory_order_seq_cst); }
    T fetch_add(T value) noexcept { return word_.fetch_add(value, std::memory_order_seq_cst); }
    T fetch_sub(T value) noexcept { return word_.fetch_sub(value, std::memory_order_seq_cst); }
    T fetch_or(T value) noexcept { return word_.fetch_or(value, std::memory_order_seq_cst); }
    T fetch_and(T value) noexcept { return word_.fetch_and(value, std::memory_order_seq_cst); }
    // On failure `expected` holds what was there. Sequentially consistent.
    bool compare_exchange(T &expected, T desired) noexcept { return word_.compare_exchange_strong(expected, desired); }
};

#ifdef GOCONC_GIL
template <class T> class Attached {
    AtomicWord<T> word_;

    T get() const noexcept { return word_.load(std::memory_order_relaxed); }
    void set(T value) noexcept { word_.store(value, std::memory_order_relaxed); }
    T swap(T value) noexcept {
        T old = get();
        set(value);
        return old;
    }

  public:
    constexpr Attached() noexcept : word_(T{}) {}
    constexpr explicit Attached(T value) noexcept : word_(value) {}
    Attached(const Attached &) = delete;
    Attached &operator=(const Attached &) = delete;

    T load_relaxed() const noexcept { return get(); }
    T load_acquire() const noexcept { return get(); }
    T load() const noexcept { return get(); }
    void store_relaxed(T value) noexcept { set(value); }
    void store_release(T value) noexcept { set(value); }
    void store(T value) noexcept { set(value); }
    T exchange(T value) noexcept { return swap(value); }
    T fetch_add(T value) noexcept { return swap(get() + value); }
    T fetch_sub(T value) noexcept { return swap(get() - value); }
    T fetch_or(T value) noexcept { return swap(get() | value); }
    T fetch_and(T value) noexcept { return swap(get() & value); }
    bool compare_exchange(T &expected, T desired) noexcept {
        T seen = get();
        if (seen == expected) {
            set(desired);
            return true;
        }
        expected = seen;
        return false;
    }
};
#else
template <class T> using Attached = Atomic<T>;
#endif

// One thread's word, which it uses like a plain one; others may look at it, and see what was written before it.
template <class T> class Watched {
#ifdef GOCONC_EXPLORE
    T word_{};

  public:
    operator T() const noexcept { return word_; }
    Watched &operator=(T value) noexcept {
        word_ = value;
        return *this;
    }
#else
    std::atomic<T> word_{T{}};

  public:
    operator T() const noexcept { return word_.load(std::memory_order_acquire); }
    Watched &operator=(T value) noexcept {
        word_.store(value, std::memory_order_release);
        return *this;
    }
#endif
    Watched() noexcept = default;
    Watched(const Watched &) = delete;
    Watched &operator=(const Watched &) = delete;
    T operator->() const noexcept { return *this; }
};

// Told to the processor inside a spin loop.
inline void cpu_relax() noexcept {
#if defined(GOCONC_EXPLORE)
    explore::spin();
#else
    relax_processor();
#endif
}

} // namespace goconc
