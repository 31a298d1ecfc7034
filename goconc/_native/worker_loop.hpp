// What a worker does when it finds nothing to run, and how it comes by a processor: the sleep protocol (IDLE.md) from the worker's side.
//
// The half that knows Python, or a test, is the `Host`. Its functions are called by the worker, attached to Python:
//   fire_deadlines(w, now)  what is due
//   looks_on(w)             if it may_spin(), looks at the queues for a moment, detached. True: there may be something
//   sleep(w)                after lie_down() has said that it may: detached, until it is woken or the first deadline is due
//   woke(w, why)            what else a sleeper is woken for. True: it is to come back, whether there is work or not
//   wait_in_line(w)         detached, until it is unparked
//   start_helper()          nobody is there to take a processor on
// `Sched` is a Scheduler, or a test's with a mistake in it.
// Neither function is noexcept: as the interpreter exits, CPython up to 3.13 ends other threads by unwinding them where they attach again.
#pragma once
#include "scheduler.hpp"

namespace goconc {

struct Host {
    void (*fire_deadlines)(Worker *, int64_t now);
    bool (*looks_on)(Worker *);
    Woken (*sleep)(Worker *);
    bool (*woke)(Worker *, Woken);
    void (*wait_in_line)(Worker *);
    void (*start_helper)();
};

// Returns once `w` has a processor.
template <class Sched, class Host> void get_processor(Sched &s, Host &host, Worker *w) {
    if (s.acquire(w, true)) return;
    do host.wait_in_line(w);
    while (!s.has_processor(w)); // it may have been unparked for another reason
}

// Sleeps until there may be something to do; `w` has a processor to do it with then.
template <class Sched, class Host> void idle(Sched &s, Host &host, Worker *w) {
    for (;;) {
        int64_t due = s.deadlines.next_due.load();
        if (due != forever) {
            int64_t now = now_ns();
            if (due <= now) {
                s.acquire(w, false);
                host.fire_deadlines(w, now);
                if (w->processor) return;
            }
        }
        if (host.looks_on(w)) return;
        if (w->locked && s.short_of_helpers.load_relaxed()) host.start_helper(); // who else runs what this one may not?
        Woken why = s.lie_down(w) ? host.sleep(w) : Woken::token;
        s.get_up(w);
        bool comes_back = host.woke(w, why);
        if (comes_back || s.has_reason(w)) {
            get_processor(s, host, w);
            if (!w->scope && s.short_of_helpers.load_relaxed()) host.start_helper(); // this one may get stuck
            return;
        }
    }
}

} // namespace goconc
