// A worker's loop without Python: find_next of goconc/_cython/worker.pxi, idle of idle.pxi, get_processor of thread.pxi, statement by statement.
// Keep it like them. `Rules` can take a step out of the protocol, to see that the tests then fail.
#pragma once
#include "../../goconc/_native/scheduler.hpp"
#include <functional>

namespace goconc {

struct Rules {
    bool looks_again = true;        // has_work after asleep was stored
    bool asleep_before_look = true; // asleep is stored before, not after, that look
    bool releases = true;           // an idle worker hands its processor over
    bool keeps_queue = true;        // a processor with work queued on it is handed over, and never laid aside
    bool patient = true;            // who wants a processor looks after a while whether anybody comes by
};

class WorkerLoop {
    Scheduler &s_;
    Worker *w_;
    Rules rules_;

    void get_processor() {
        if (s_.acquire(w_)) return;
        uint64_t seen = s_.progress();
        for (;;) {
            w_->parker.park(rules_.patient ? deadline_after(clock(), 10000000) : forever);
            if (s_.has_processor(w_)) return;
            uint64_t now = s_.progress();
            if (rules_.patient && now == seen && s_.take_spare(w_)) return;
            seen = now;
        }
    }
    void fire_deadlines(int64_t now) {
        WakeList wakes;
        s_.fire_due(now, wakes); // no functions in these tests
        while (Sleeper *s = wakes.pop()) s_.make_ready(w_, s);
    }
    void idle() {
        int64_t due = s_.deadlines.next_due.load();
        if (due != forever) {
            int64_t now = clock();
            if (due <= now) {
                fire_deadlines(now);
                return;
            }
        }
        if (rules_.releases) s_.release(w_);
        if (rules_.asleep_before_look) w_->asleep.store(true);
        if ((!rules_.looks_again || !s_.has_work(w_)) && s_.deadlines.next_due.load() == due) {
            if (!rules_.asleep_before_look) w_->asleep.store(true);
            if (w_->parker.park(due) == Woken::timed_out && time_passed) time_passed(due);
        }
        w_->asleep.store(false);
        get_processor();
    }

  public:
    std::function<bool()> stopping;                // find_next then gives up
    std::function<int64_t()> clock = now_ns;
    std::function<void(int64_t)> time_passed;      // a clock of a model's own
    std::function<bool()> clock_is_worth_reading;  // the same

    WorkerLoop(Scheduler &s, Worker *w, Rules rules = Rules()) : s_(s), w_(w), rules_(rules) {}

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
            if (w_->tick.load_relaxed() % 61 == 60 && s_.wanting.load_relaxed() != 0) {
                s_.flush(w_);
                if (rules_.keeps_queue) {
                    if (s_.hand_over(w_)) get_processor();
                } else {
                    s_.release(w_);
                    get_processor();
                }
            }
            if (s_.surplus.load_relaxed() != 0) s_.shed();
            if (G *g = s_.pick(w_)) return g;
            idle();
        }
    }
};

} // namespace goconc
