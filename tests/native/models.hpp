// How the tests of every order report: a model that has to be right, and one with a mistake that has to be found.
#pragma once
#include "explore.hpp"

#include "check.hpp"

namespace models {

inline long total = 0;
inline int bound() { // GOCONC_PREEMPTIONS=n widens the search
    const char *text = std::getenv("GOCONC_PREEMPTIONS");
    return text ? std::atoi(text) : 2;
}

inline explore::Result look(const char *name, explore::Result r, std::chrono::steady_clock::time_point start) {
    total += r.schedules;
    std::printf("   %-58s %7ld schedules%s%s%s (%.0f ms)\n", name, r.schedules, r.failed ? ", found: " : "", r.why,
                r.failed || r.complete ? "" : ", not all", check::milliseconds(start));
    std::fflush(stdout);
    return r;
}
template <class Model> void right(const char *name, int preemptions = bound(), long most = 2000000) {
    check::test(name, [&] {
        static explore::Explorer explorer;
        auto start = std::chrono::steady_clock::now();
        explore::Result r = look(name, explorer.run<Model>(preemptions, most), start);
        if (r.failed) {
            for (size_t i = 0, n; i < r.trace.size(); i += n) { // who took how many steps
                for (n = 1; i + n < r.trace.size() && r.trace[i + n] == r.trace[i];) n++;
                std::printf("%s %zu, ", explorer.name_of(r.trace[i]), n);
            }
            std::printf("\n");
        }
        CHECK(!r.failed);
        CHECK(r.complete);
    });
}
template <class Model> void wrong(const char *name, int preemptions = bound(), long most = 2000000) {
    check::test(name, [&] {
        static explore::Explorer explorer;
        auto start = std::chrono::steady_clock::now();
        explore::Result r = look(name, explorer.run<Model>(preemptions, most), start);
        CHECK(r.failed); // the mistake was not found
    });
}
inline int summary(const char *program) {
    std::printf("   all models: %ld schedules\n", total);
    return check::summary(program);
}

} // namespace models
