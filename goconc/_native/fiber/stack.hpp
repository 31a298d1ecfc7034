// Stacks for fibers: reserves address space in slabs, cuts it into regions, guards their low ends, keeps those that come back.
// Any thread may call; knows nothing of Python. One region, from low to high addresses:
//
//     | guard | C stack, growing down <- ... | hot page: ... <- C stack | StackRegion, what the caller puts there -> | tail pages |
//                                                                      ^ split
//
// Invariants:
//   1. A stack that has not gone deep has touched one page, the hot one: the C stack begins at `split`, inside it, and what the caller
//      keeps (a Fiber and its frames of Python calls) grows upward from there.
//   2. The guard is, in this order: a guard marker (MADV_GUARD_INSTALL, Linux 6.13: costs no mapping), a page taken out by mprotect
//      while that leaves most of the process's mappings to others (each takes two of vm.max_map_count), or neither: `canary` is then
//      not null and check_canary must be called at each switch away.
//   3. A region on the warm list keeps its pages and its StackRegion. A cold one has given its pages back: nothing is kept inside
//      it, so cold ones are remembered in an array outside, large enough for every region there is (giving back never allocates).
//   4. The stride is an odd number of pages, and the split of neighbours differs by a cache line (eight colours). Else what a switch
//      touches would lie in the same few cache sets for every fiber: measured, 45 ns a switch among 1000 fibers instead of 23.
//   5. Geometry is fixed when the first region is cut.
//
// Rejected: one mmap a stack (3 microseconds, and mappings run out at 32 000 stacks); a canary with a pattern (writing it would touch a
// second page of every stack: untouched memory reads as zero, so zero is the pattern).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace goconc {

enum class StackGuard : uint8_t { marker, protect, canary };

struct StackRegion {
    char *low = nullptr;              // first byte above the guard
    StackRegion *next_free = nullptr; // the warm list's
    const uint64_t *canary = nullptr; // CANARY_WORDS words at `low` that must be zero; null where a guard stands
    uint8_t given_back = 0;           // counts trips through the pool, for trimming
};

class StackPool {
  public:
    static constexpr size_t SMALLEST = 64 << 10, LARGEST = 64 << 20;
    // Frames of Python calls: a thousand small calls deep, or sixty large ones, before CPython maps a chunk of its own.
    static constexpr size_t UPPER = 64 << 10;
    // More than a page, so that a function with a buffer of a few pages does not step over it.
    static constexpr size_t GUARD = 16 << 10;
    static constexpr int CANARY_WORDS = 8;
    static constexpr size_t COLOURS = 8; // at most 448 bytes of the hot page change sides
    static constexpr size_t WARM_LIMIT = 1024; // 4 MB of hot pages, plus what TRIM_EVERY lets pile up below them
    static constexpr uint8_t TRIM_EVERY = 32;  // a stack that once ran deep gives those pages back within so many trips
    static constexpr size_t SLAB = 32 << 20;

    // False if out of range, or too late.
    bool configure(size_t bytes) noexcept {
        if (bytes < SMALLEST || bytes > LARGEST) return false;
        Held held(*this);
        if (stride_) return bytes == wanted_;
        wanted_ = bytes;
        return true;
    }
    // For tests: begin with a lesser guard than this machine has.
    void begin_with(StackGuard guard) noexcept { guard_ = guard; }

    size_t stack_bytes(size_t fallback) noexcept {
        size_t page = page_size();
        return ((wanted_ ? wanted_ : fallback) + page - 1) / page * page;
    }

    // A region whose fields are set, or null when memory runs out. `fallback` is the stack size if none was configured.
    StackRegion *take(size_t fallback) noexcept {
        Held held(*this);
        if (StackRegion *region = warm_) {
            warm_ = region->next_free;
            warm_count_--;
            return region;
        }
        if (cold_count_) {
            Cold cold = cold_[--cold_count_];
            return lay_out(cold.base, cold.guard);
        }
        if (!stride_) measure(fallback);
        if (slab_left_ == 0 && !new_slab()) return nullptr;
        char *base = slab_;
        slab_ += stride_;
        slab_left_--;
        return lay_out(base, stand_guard(base));
    }

    void give(StackRegion *region) noexcept {
        char *base = region->low - guard_bytes_;
        bool trim = ++region->given_back % TRIM_EVERY == 0;
        if (trim) { // below the hot page, and above the one that follows it
            release(region->low, stack_ - page_);
            char *second = region->low + stack_;
            release(second, base + stride_ - second);
        }
        {
            Held held(*this);
            if (warm_count_ < WARM_LIMIT) {
                region->next_free = warm_;
                warm_ = region;
                warm_count_++;
                return;
            }
        }
        StackGuard guard = region->canary ? StackGuard::canary : StackGuard::marker; // here only whether to check
        release(base + guard_bytes_, stride_ - guard_bytes_);                       // guard markers stay as they are
        Held held(*this);
        cold_[cold_count_++] = {base, guard};
    }

    // The end of what may be used above a region's split.
    char *high(const StackRegion *region) const noexcept { return region->low - guard_bytes_ + stride_; }

    // In a forked child, before any other call: another thread may have been inside.
    void after_fork() noexcept { busy_.clear(std::memory_order_release); }

    static void check_canary(const StackRegion *region) noexcept {
        uint64_t written = 0;
        for (int i = 0; i < CANARY_WORDS; i++) written |= region->canary[i];
        if (__builtin_expect(written == 0, 1)) return;
        std::fputs("goconc: a goroutine's C stack overflowed and this machine has no guard page left for it. "
                   "Set GOCONC_STACK to a larger size.\n",
                   stderr);
        std::abort();
    }

  private:
    struct Cold {
        char *base;
        StackGuard guard;
    };
    struct Held {
        StackPool &pool;
        explicit Held(StackPool &p) noexcept : pool(p) {
            for (int spins = 0; pool.busy_.test_and_set(std::memory_order_acquire);)
                if (++spins > 40) sched_yield(); // the holder is in mmap, or was descheduled
        }
        ~Held() { pool.busy_.clear(std::memory_order_release); }
    };

    static size_t page_size() noexcept {
        long page = sysconf(_SC_PAGESIZE);
        return page > 0 ? static_cast<size_t>(page) : 4096;
    }

    static void release(char *from, size_t bytes) noexcept {
#if defined(__APPLE__)
        madvise(from, bytes, MADV_FREE); // DONTNEED is only a hint there
#else
        madvise(from, bytes, MADV_DONTNEED);
#endif
    }

    void measure(size_t fallback) noexcept {
        page_ = page_size();
        stack_ = stack_bytes(fallback);
        guard_bytes_ = GUARD > page_ ? GUARD : page_;
        size_t pages = (guard_bytes_ + stack_ + UPPER) / page_;
        if (pages % 2 == 0) pages++;
        split_ = page_ / 16 * 11; // 2.75 KB for the C frames of a shallow park, 1.25 KB for the fiber and its Python frames
#if defined(__linux__)
        long mappings = 65530;
        if (FILE *file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
            if (std::fscanf(file, "%ld", &mappings) != 1) mappings = 65530;
            std::fclose(file);
        }
        protect_left_ = mappings / 6; // a third of them, two a guard
        // Who agrees to what does not exist (qemu-user does) stands no marker either.
        if (guard_ == StackGuard::marker && madvise(nullptr, 0, -1) == 0) guard_ = StackGuard::protect;
#else
        protect_left_ = INT64_MAX;
#endif
        stride_ = pages * page_;
    }

    bool new_slab() noexcept {
        size_t count = SLAB / stride_;
        if (count < 16) count = 16;
        int flags = MAP_PRIVATE | MAP_ANON;
#if defined(MAP_NORESERVE)
        flags |= MAP_NORESERVE;
#endif
        size_t capacity = regions_ + count;
        Cold *cold = static_cast<Cold *>(std::realloc(cold_, capacity * sizeof(Cold)));
        if (!cold) return false;
        cold_ = cold;
        void *slab = mmap(nullptr, count * stride_, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (slab == MAP_FAILED) return false;
#if defined(MADV_NOHUGEPAGE)
        madvise(slab, count * stride_, MADV_NOHUGEPAGE); // a huge page would make each stack cost 2 MB
#endif
        slab_ = static_cast<char *>(slab);
        slab_left_ = count;
        regions_ = capacity;
        return true;
    }

    StackGuard stand_guard(char *base) noexcept {
#if defined(__linux__)
        if (guard_ == StackGuard::marker) {
            constexpr int guard_install = 102; // MADV_GUARD_INSTALL, not in older headers
            if (madvise(base, guard_bytes_, guard_install) == 0) return StackGuard::marker;
            guard_ = StackGuard::protect;
        }
#else
        if (guard_ == StackGuard::marker) guard_ = StackGuard::protect;
#endif
        if (guard_ == StackGuard::protect) {
            if (protect_left_ > 0 && mprotect(base, guard_bytes_, PROT_NONE) == 0) {
                protect_left_--;
                return StackGuard::protect;
            }
            guard_ = StackGuard::canary;
        }
        return StackGuard::canary;
    }

    StackRegion *lay_out(char *base, StackGuard guard) noexcept {
        char *low = base + guard_bytes_;
        size_t colour = reinterpret_cast<uintptr_t>(base) / stride_ % COLOURS * 64;
        StackRegion *region = reinterpret_cast<StackRegion *>(low + stack_ - page_ + split_ - colour);
        region->low = low;
        region->next_free = nullptr;
        region->canary = guard == StackGuard::canary ? reinterpret_cast<const uint64_t *>(low) : nullptr;
        region->given_back = 0;
        return region;
    }

    std::atomic_flag busy_ = ATOMIC_FLAG_INIT; // guards everything below; held for a few instructions, or one mmap
    StackGuard guard_ = StackGuard::marker;    // the best that has not failed yet
    size_t wanted_ = 0, page_ = 0, stack_ = 0, guard_bytes_ = 0, split_ = 0;
    size_t stride_ = 0; // 0 until the geometry is fixed
    int64_t protect_left_ = 0;
    char *slab_ = nullptr;
    size_t slab_left_ = 0, regions_ = 0;
    StackRegion *warm_ = nullptr;
    size_t warm_count_ = 0;
    Cold *cold_ = nullptr;
    size_t cold_count_ = 0;
};

__attribute__((visibility("hidden"))) inline StackPool stack_pool;

} // namespace goconc
