// A worker's loop without Python, statement by statement: find_next of goconc/_cython/worker.pxi, idle and sleep_detached of idle.pxi,
// get_processor of thread.pxi, fire_deadlines of timers.pxi. Keep it like them. Left out: signals, deadlocks, starting of helpers.
// `Sched` is a Scheduler, or one with a mistake in it.
#pragma once
#include "../../goconc/_native/scheduler.hpp"
#include <functional>

namespace goconc {

template <class Sched = Scheduler> class WorkerLoop {
    Sched &s_;
    Worker *w_;

    void get_processor() {
        if (s_.acquire(w_, true)) return;
        for (;;) {
            w_->parker.park(forever);
            if (s_.has_processor(w_)) return;
        }
    }
    void fire_deadlines(int64_t now) {
        WakeList wakes;
        s_.fire_due(now, wakes); // no functions in these tests
        while (Sleeper *s = wakes.pop()) s_.make_ready(w_, s);
    }
    void idle() {
        for (;;) {
            int64_t due = s_.deadlines.next_due.load();
            if (due != forever) {
                int64_t now = clock();
                if (due <= now) {
                    s_.acquire(w_, false);
                    fire_deadlines(now);
                    if (w_->processor) return;
                }
            }
            if (spins && s_.may_spin(w_) && spins(w_)) return;
            if (s_.lie_down(w_)) {
                int64_t until = s_.sleep_until(w_);
                if (s_.sleep(w_, until, true) == Woken::timed_out && time_passed) time_passed(until);
            }
            s_.get_up(w_);
            if (s_.has_reason(w_) || (stopping && stopping())) {
                get_processor();
                return;
            }
        }
    }

  public:
    std::function<bool()> stopping;                // find_next then gives up
    std::function<bool(Worker *)> spins;           // how it looks on before it sleeps, if at all
    std::function<int64_t()> clock = now_ns;
    std::function<void(int64_t)> time_passed;      // a clock of a model's own
    std::function<bool()> clock_is_worth_reading;  // the same

    WorkerLoop(Sched &s, Worker *w) : s_(s), w_(w) {}

    void join() {
        s_.join(w_);
        get_processor();
    }
    void leave() { s_.leave(w_); }
    G *find_next() {
        w_->current = nullptr;
        for (;;) {
            if (stopping && stopping()) return nullptr;
            if (s_.deadlines.next_due.load_relaxed() != forever &&
                (clock_is_worth_reading ? clock_is_worth_reading() : w_->clock_hint.worth_reading()))
                fire_deadlines(clock());
            if (G *g = s_.find(w_)) return g;
            idle();
        }
    }
};

} // namespace goconc
