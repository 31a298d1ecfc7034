// What the C++ tests share: CHECK, a seed that is printed, a watchdog, and one line for each test that passed.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#define CHECK(condition)                                                                      \
    do {                                                                                      \
        if (!(condition)) check::failed(__FILE__, __LINE__, #condition);                      \
    } while (0)

namespace check {

inline uint64_t seed() {
    static const uint64_t value = [] {
        const char *text = std::getenv("GOCONC_SEED");
        return text ? std::strtoull(text, nullptr, 0) : uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
    }();
    return value;
}

// How often to do something: GOCONC_SCALE percent of it (ThreadSanitizer is ten times slower).
inline int scaled(int times) {
    const char *text = std::getenv("GOCONC_SCALE");
    return text ? int(int64_t(times) * std::atoi(text) / 100) : times;
}

inline const char *&running() {
    static const char *name = "";
    return name;
}
// More to say when a test fails: how far its threads have come.
inline std::function<void()> &dump() {
    static std::function<void()> function;
    return function;
}

[[noreturn]] inline void failed(const char *file, int line, const char *what) {
    static std::mutex once;
    once.lock(); // the first failure is reported, the others wait for the end
    std::fprintf(stderr, "%s:%d: in %s: failed: %s (GOCONC_SEED=%llu)\n", file, line, running(), what,
                 static_cast<unsigned long long>(seed()));
    if (dump()) dump()();
    std::fflush(nullptr);
    std::_Exit(1);
}

inline int &passed() {
    static int count = 0;
    return count;
}
inline double milliseconds(std::chrono::steady_clock::time_point since) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since).count();
}

template <class Test> void test(const char *name, Test body) {
    running() = name;
    auto start = std::chrono::steady_clock::now();
    body();
    dump() = nullptr;
    passed()++;
    std::printf("ok %s (%.0f ms)\n", name, milliseconds(start));
    std::fflush(stdout);
}
inline int summary(const char *program) {
    std::printf("%s: %d passed, seed %llu\n", program, passed(), static_cast<unsigned long long>(seed()));
    return 0;
}

// Random numbers for tests: splitmix64.
class Random {
    uint64_t state_;

  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next() {
        uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    uint32_t below(uint32_t n) { return uint32_t(next() % n); }
    bool one_in(uint32_t n) { return below(n) == 0; }
};

} // namespace check
