// Go's sysmon: a thread of its own, never attached to Python, that watches over the workers while any holds a processor.
//
// A worker that sits in one goroutine while others wait is *written off*: its processor is no longer one of the gomaxprocs() in service,
// and another takes its place, for whoever stands in line or for a sleeping helper, which steals what the stuck one has queued. The
// stuck worker keeps its processor object, so nothing of its own is touched; it learns of it at its next dispatch (Scheduler::answer_recall).
//
// How long it has: a worker that is detached from Python sits in a call that blocks or computes outside Python, or waits for a lock: it has
// 10 ms. With a GIL it may as well wait for just that: it has the more the more there are written off, since workers that only wait for
// each other's GIL gain nothing. One that is attached runs Python code: it has 10 ms of its processor time, so
// that a thread which the operating system does not run is not taken for one that runs too long.
//
// It also ripens what waits in a processor's `next` (two looks 50 us apart at the same goroutine: its worker does something else), sends
// a sleeper to deadlines that nobody comes to, and says when pinned goroutines are held up for long.
#pragma once
#include "scheduler.hpp"
#include <new>
#include <system_error>
#include <thread>

namespace goconc {

class Sysmon {
  protected: // tests/native looks by hand
    static constexpr int64_t us = 1000, ms = 1000 * us;
    static constexpr int64_t shortest = 200 * us, longest = 5 * ms;
    static constexpr int64_t grace = 50 * us;        // a hand-off takes less
    static constexpr int64_t slice = 10 * ms;        // what a goroutine may take before others go ahead elsewhere (SCH-10)
    static constexpr int64_t rest_after = 100 * ms;  // without a processor in use

    Scheduler *s_ = nullptr;
    std::thread thread_;
    Atomic<bool> started_, stopping_;
    int64_t seen_busy_ = 0;
    Lock inside_; // held by the thread while it touches anything of the scheduler's

    struct Look {
        bool busy = false;   // somebody holds a processor
        bool acted = false;  // changed something: more may follow soon
        bool unripe = false; // something waits in a `next`, and a processor is idle
    };

    static bool is_in_goroutine(Worker *w, int64_t now) {
        uint32_t tick = w->tick.load_relaxed();
        if (tick != w->seen_tick || !w->running.load_relaxed()) {
            w->seen_tick = tick;
            w->seen_since = now;
            w->seen_cpu = -1;
            w->seen_detached = 0;
            w->reported = false;
            return false;
        }
        if (w->seen_cpu < 0) w->seen_cpu = cpu_time(w->cpu_clock);
        return true;
    }
    bool is_detached(Worker *w) const { return detached && w->thread_state && detached(w->thread_state); }

    // There is something to run, and nobody to run it while no processor is idle.
    bool is_work_waiting(int64_t now) const {
        if (s_->wanting.load() || s_->shared.count() || s_->deadlines.next_due.load() <= now) return true;
        for (Processor *p = s_->processors.load_acquire(); p; p = p->all_link)
            if (!p->queue.empty() || p->next.load_relaxed()) return true;
        for (Worker *other = s_->workers_; other; other = other->all_link)
            if (other->fresh_count.load()) return true;
        return false;
    }
    static bool is_over_time(Worker *w, int64_t now, uint32_t written_off) {
#ifdef GOCONC_GIL
        int64_t most = slice * (1 + written_off);
        if (w->seen_detached) return now - w->seen_detached >= most;
#else
        int64_t most = slice;
        if (w->seen_detached) return now - w->seen_detached >= most;
        (void)written_off;
#endif
        if (now - w->seen_since < most) return false;
        return now - w->seen_since >= 20 * most || cpu_time(w->cpu_clock) - w->seen_cpu >= most;
    }
    // Under the lock.
    bool write_off(Worker *w) {
        Worker *heir = nullptr;
        bool sleeper = false;
        for (Worker *other = s_->workers_; other; other = other->all_link) sleeper = sleeper || (other->asleep.load() && !other->locked);
        if (!s_->wanting.load() && !sleeper) {
            s_->short_of_helpers.store(true);
            return false; // nobody could take over
        }
        Processor *p = s_->spare_;
        if (!p) return false;
        s_->spare_ = p->link;
        w->processor->in_service = false;
        w->processor->recalled.store(true);
        s_->in_service.store(s_->in_service.load_relaxed() - 1);
        s_->put_in_service(p);
        if ((heir = s_->next_in_line())) {
            s_->give(heir, p);
            heir->parker.unpark();
        } else {
            s_->to_idle(p);
            send_somebody();
        }
        return true;
    }
    // Under the lock. A sleeping worker gets the idle processor, unless one is on its way.
    bool send_somebody() { return s_->rouse_with_processor(SleeperKind::coroutine, nullptr, nullptr); }

    Look look(int64_t now) {
        Held<Lock> inside(inside_);
        Look seen;
        if (!s_->has_spare()) s_->add_spare(); // nothing is allocated under the lock
        Held<Lock> hold(s_->lock_);
        uint32_t written_off = 0;
        for (Worker *w = s_->workers_; w; w = w->all_link) {
            if (!w->processor) continue;
            seen.busy = true;
            if (!w->processor->in_service) written_off++;
            if (is_detached(w)) {
                if (!w->seen_detached) w->seen_detached = now;
            } else {
                w->seen_detached = 0;
            }
        }
        for (Worker *w = s_->workers_; w; w = w->all_link) {
            if (!w->processor) continue;
            Processor *p = w->processor;
            G *next = p->next.load_relaxed();
            if (!is_in_goroutine(w, now)) {
                if (next && s_->idle_) seen.unripe = true;
                continue;
            }
            int64_t stuck = now - w->seen_since;
            if (next && stuck >= grace) p->ripe.store(next);
            else if (next && s_->idle_) seen.unripe = true;
            if (s_->idle_ && ((next && stuck >= grace) || !p->queue.empty() || s_->shared.count())) seen.acted = send_somebody() || seen.acted;
            if (warn_after && stuck >= warn_after && !w->reported && holds_up(w)) {
                w->reported = true;
                report(w);
            }
            if (p->in_service && !s_->idle_ && is_over_time(w, now, written_off) && is_work_waiting(now) && write_off(w)) {
                seen.acted = true;
                written_off++;
            }
        }
        if (s_->idle_ && s_->deadlines.next_due.load() <= now - shortest) seen.acted = send_somebody() || seen.acted;
        return seen;
    }
    static bool holds_up(Worker *w) { return !w->inbox.empty() || w->pinned.count() || w->yielded.count() || w->next.load_relaxed(); }
    // Somebody who is attached has to say it: a sleeping helper, woken without a processor.
    void report(Worker *w) {
        for (Worker *other = s_->workers_; other; other = other->all_link)
            if (!other->scope && other->asleep.load()) {
                s_->held_up.store(w);
                other->parker.unpark();
                return;
            }
    }

    void watch() {
        int64_t period = shortest;
        int quiet = 0;
        while (!stopping_.load()) {
            int64_t now = now_ns();
            Look seen = look(now);
            if (seen.unripe) {
                s_->watcher.park(now + grace);
                Look again = look(now_ns());
                seen.acted = seen.acted || again.acted;
            }
            if (seen.busy) seen_busy_ = now;
            if (!seen.busy && now - seen_busy_ > rest_after) {
                rest();
                period = shortest;
                quiet = 0;
                continue;
            }
            if (seen.acted) {
                period = shortest;
                quiet = 0;
            } else if (++quiet > 20 && period < longest) {
                period *= 2;
            }
            int64_t until = now + (period < longest ? period : longest), due = s_->deadlines.next_due.load();
            if (seen.busy && due != forever && due + shortest < until) until = due + shortest > now + shortest ? due + shortest : now + shortest;
            s_->watcher.park(until);
        }
    }
    // Until a processor is given to somebody: who gives stores the holder, then reads `resting`, both under the lock.
    void rest() {
        {
            Held<Lock> inside(inside_);
            Held<Lock> hold(s_->lock_);
            for (Worker *w = s_->workers_; w; w = w->all_link)
                if (w->processor) return;
            s_->resting.store(true);
        }
        if (!stopping_.load()) s_->watcher.park(forever);
        s_->resting.store(false);
    }

  public:
    bool (*detached)(void *thread_state) = nullptr; // asks whether a thread is detached from Python; may be called by any thread
    int64_t warn_after = 1000 * ms;                 // 0: never

    ~Sysmon() {
        if (thread_.joinable()) thread_.detach(); // the process is on its way out
    }

    // Once. False if there can be no thread now.
    bool start(Scheduler &s) noexcept {
        if (started_.exchange(true)) return true;
        s_ = &s;
        try {
            thread_ = std::thread([this] { watch(); });
            return true;
        } catch (const std::system_error &) {
            started_.store(false);
            return false;
        }
    }
    void stop() noexcept {
        if (!thread_.joinable()) return;
        stopping_.store(true);
        s_->watcher.unpark();
        thread_.join();
    }
    // Around a fork, detached from Python: the thread, which Python cannot stop, is not inside anything meanwhile. (The scheduler's own lock would
    // not do: hooks run Python while it is held, and others who want it wait for it without giving up the GIL.)
    void hold() noexcept { inside_.lock(); }
    void let_go() noexcept { inside_.unlock(); }

    // In a forked child there is no such thread.
    void start_afresh() noexcept {
        auto ask = detached;
        int64_t warn = warn_after;
        Sysmon *again = new (this) Sysmon; // the old one's thread is not ours to end
        again->detached = ask;
        again->warn_after = warn;
    }
};

} // namespace goconc
