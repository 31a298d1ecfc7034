// A worker without Python: find_next of goconc/_cython/worker.pxi without interrupts, and a host for goconc/_native/worker_loop.hpp that has
// no signals, no deadlocks to report and no helpers to start.
#pragma once
#include "../../goconc/_native/worker_loop.hpp"
#include <functional>

namespace goconc {

template <class Sched = Scheduler> class WorkerLoop {
    Sched &s_;
    Worker *w_;

  public:
    std::function<bool()> stopping; // find_next then gives up
    bool looks_on_in_vain = false;  // before it sleeps

    WorkerLoop(Sched &s, Worker *w) : s_(s), w_(w) {}

    void join() {
        s_.join(w_);
        get_processor(s_, *this, w_);
    }
    void leave() { s_.leave(w_); }
    G *find_next() {
        w_->current = nullptr;
        for (;;) {
            if (stopping && stopping()) return nullptr;
            if (s_.deadlines.next_due.load_relaxed() != forever && w_->clock_hint.worth_reading()) fire_deadlines(w_, now_ns());
            if (G *g = s_.find(w_)) return g;
            idle(s_, *this, w_);
        }
    }

    void fire_deadlines(Worker *w, int64_t now) {
        WakeList wakes;
        s_.fire_due(now, wakes); // no functions in these tests
        while (Sleeper *s = wakes.pop()) s_.make_ready(w, s);
    }
    bool looks_on(Worker *w) {
        if (looks_on_in_vain) s_.may_spin(w);
        return false;
    }
    Woken sleep(Worker *w) { return s_.sleep(w, s_.sleep_until(w), true); }
    bool woke(Worker *, Woken) { return stopping && stopping(); }
    void wait_in_line(Worker *w) { w->parker.park(forever); }
    void start_helper() {}
};

} // namespace goconc
