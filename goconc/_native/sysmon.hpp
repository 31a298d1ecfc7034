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
// It also says what is ripe for thieves: what stands in a queue for two milliseconds, or for half a millisecond behind one and the same
// goroutine, and what waits in a processor's `next` behind one and the same for 200 us, more than a hand-off takes; and wakes a sleeper for
// it if a processor is idle. It sends one to deadlines that nobody comes to, too, and says when pinned goroutines are held up for long.
#pragma once
#include "quit_request.hpp"
#include "scheduler.hpp"
#include <new>
#include <system_error>
#include <thread>

namespace goconc {

class Sysmon {
  protected: // tests/native looks by hand
    static constexpr int64_t us = 1000, ms = 1000 * us;
    static constexpr int64_t shortest = 200 * us, longest = 5 * ms;
    static constexpr int64_t grace = 200 * us;       // a hand-off takes less
    static constexpr int64_t ripe_behind = 500 * us; // what waits for less in a queue is not worth another's way,
    static constexpr int64_t ripe_after = 2 * ms;    // nor are many that take a microsecond each
    static constexpr int64_t calm_after = 10 * ms;
    static constexpr int64_t slice = 10 * ms;        // what a goroutine may take before others go ahead elsewhere (SCH-10)
    static constexpr int64_t quit_patience = 200 * ms;
    static constexpr int64_t rest_after = 100 * ms;  // without a processor in use

    Scheduler *s_ = nullptr;
    std::thread thread_;
    Atomic<bool> started_, stopping_;
    Lock inside_; // while it is inside the scheduler: taken by the thread itself, and around a fork; before the scheduler's
    int64_t seen_busy_ = 0, seen_queued_ = 0, seen_quit_ = 0;

    struct Look {
        bool busy = false;   // somebody holds a processor
        bool acted = false;  // changed something: more may follow soon
        bool unripe = false; // something waits in a `next`, and a processor is idle
        bool queued = false; // the same of the queues
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
        if (w->seen_cpu < 0) w->seen_cpu = w->cpu_time();
        return true;
    }
    bool is_detached(Worker *w) const { return detached && w->thread_state && detached(w->thread_state); }

    // There is something to run, and nobody to run it while no processor is idle.
    bool is_work_waiting(int64_t now) const {
        if (s_->wanting.load() || s_->shared.count() || s_->strays.count() || s_->deadlines.next_due.load() <= now) return true;
        for (Processor *p = s_->processors.load_acquire(); p; p = p->all_link)
            if (p->has_queued() || p->next.load_relaxed()) return true;
        for (Worker *other = s_->workers_; other; other = other->all_link)
            if (other->fresh.count()) return true;
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
        return now - w->seen_since >= 20 * most || w->cpu_time() - w->seen_cpu >= most;
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
    bool send_somebody(SleeperKind kind = SleeperKind::coroutine) { return s_->rouse_with_processor(kind, nullptr, nullptr); }

    // It is in one goroutine for that long. A thread that the system does not run sits in nothing: thieves need the core that it waits for.
    bool sits(Worker *w, int64_t now, int64_t span) const {
        return now - w->seen_since >= span && (w->seen_detached || w->cpu_time() - w->seen_cpu >= span / 2);
    }
    int64_t patience(int64_t now) const { return now < s_->calm_until.load() ? forever : ripe_after; }
    // Whether thieves may come to its queue. An entry that is still there has waited for as long as the mark behind it is old.
    bool ripen(LocalQueue &queue, Worker *w, bool sitting, int64_t now) {
        if (queue.empty()) {
            queue.marked_at = 0;
        } else if (!queue.marked_at) {
            mark(queue, w, now);
        } else if (now - queue.marked_at >= (sitting ? ripe_behind : patience(now))) {
            if (w->seen_detached || w->cpu_time() - queue.marked_cpu >= ripe_behind / 2) {
                if (int32_t(queue.marked - queue.ripe_to.load_relaxed()) > 0) queue.ripe_to.store(queue.marked);
                mark(queue, w, now);
            }
        }
        return queue.has_before(queue.ripe_to.load_relaxed());
    }
    static void mark(LocalQueue &queue, Worker *w, int64_t now) {
        queue.marked = queue.end();
        queue.marked_at = now;
        queue.marked_cpu = w->cpu_time();
    }
    // Whether they may come for its `next`: not for good, since the same goroutine will be there again.
    bool ripen_next(Worker *w, bool in_goroutine, int64_t now) {
        Processor *p = w->processor;
        G *next = p->next.load_relaxed();
        if (next != p->seen_next || !in_goroutine) {
            p->seen_next = next;
            p->seen_next_since = now;
        }
        bool ripe = next && now - p->seen_next_since >= grace && sits(w, now, grace);
        p->ripe.store(ripe ? next : nullptr);
        return ripe;
    }
    bool ripen(SharedQueue &queue, bool sitting, int64_t now) {
        if (now - queue.marked_at >= (sitting ? ripe_behind : patience(now))) {
            if (int32_t(queue.marked - queue.ripe_to.load_relaxed()) > 0) queue.ripe_to.store(queue.marked);
            queue.marked = queue.pushed();
            queue.marked_at = now;
        }
        return queue.has_before(queue.ripe_to.load_relaxed());
    }

    Look look(int64_t now) {
        Held<Lock> inside(inside_);
        Look seen;
        if (!s_->has_spare()) s_->add_spare(); // nothing is allocated under the lock
        Held<Lock> hold(s_->lock_);
        uint32_t written_off = 0;
        bool waits = false, plain_waits = false, all_sit = true;
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
            bool in_goroutine = is_in_goroutine(w, now), ripe_next = ripen_next(w, in_goroutine, now);
            bool sitting = in_goroutine && sits(w, now, ripe_behind);
            waits = ripen(p->queue, w, sitting, now) || ripe_next || waits;
            plain_waits = ripen(p->plain, w, sitting, now) || plain_waits;
            plain_waits = ripen(w->fresh, sitting, now) || plain_waits;
            all_sit = all_sit && sitting;
            if (p->seen_next && !ripe_next && s_->idle_) seen.unripe = true;
            if (!in_goroutine) continue;
            int64_t stuck = now - w->seen_since;
            if (warn_after && stuck >= warn_after && !w->reported && holds_up(w)) {
                w->reported = true;
                report(w);
            }
            if (p->in_service && !s_->idle_ && is_over_time(w, now, written_off) && is_work_waiting(now) && write_off(w)) {
                seen.acted = true;
                written_off++;
            }
        }
        waits = ripen(s_->shared, all_sit, now) || waits;
        if (s_->idle_ && (waits || plain_waits)) seen.acted = send_somebody(waits ? SleeperKind::coroutine : SleeperKind::plain) || seen.acted;
        seen.queued = s_->idle_ && s_->has_unripe();
        if (s_->idle_ && s_->deadlines.next_due.load() <= now - shortest) seen.acted = send_somebody() || seen.acted;
        return seen;
    }
    static bool holds_up(Worker *w) { return !w->inbox.empty() || w->pinned.count() || w->yielded.count() || w->next.load_relaxed(); }
    // Somebody who is attached has to say it: a sleeping helper, woken without a processor.
    void report(Worker *w) {
        if (Worker *helper = sleeping_helper()) {
            s_->held_up.store(w);
            helper->parker.unpark();
        }
    }
    Worker *sleeping_helper() const {
        for (Worker *other = s_->workers_; other; other = other->all_link)
            if (!other->scope && other->asleep.load()) return other;
        return nullptr;
    }
    // Python's main thread has not come to answer SIGQUIT, since it sits in a call: a helper does.
    void pass_quit_on(int64_t now) {
        if (quit_request.load() != QuitRequest::asked) {
            seen_quit_ = 0;
        } else if (!seen_quit_) {
            seen_quit_ = now;
        } else if (now - seen_quit_ > quit_patience) {
            seen_quit_ = now;
            Held<Lock> inside(inside_);
            Held<Lock> hold(s_->lock_);
            if (Worker *helper = sleeping_helper()) helper->parker.unpark();
        }
    }

    // Who queues something reads `alert` then; after it is taken back the queues are read once more. With a GIL the queues are not written
    // in that order for a thread without it: then an ordinary look finds it, some milliseconds later.
    void stay_alert(const Look &seen, int64_t now) {
        if (seen.queued || !seen_queued_) seen_queued_ = now;
        if (now - seen_queued_ < calm_after) return;
        s_->alert.store(false);
        seen_queued_ = 0;
        if (s_->has_unripe()) s_->alert.store(true);
    }

    void watch() {
        int64_t period = shortest;
        int quiet = 0;
        while (!stopping_.load()) {
            int64_t now = now_ns();
            coarse_now.store_relaxed(now);
            pass_quit_on(now);
            Look seen = look(now);
            if (seen.unripe) {
                s_->watcher.park(now + grace);
                Look again = look(now_ns());
                seen.acted = seen.acted || again.acted;
            }
            if (s_->alert.load()) stay_alert(seen, now);
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
            if (s_->alert.load() && now + ripe_behind < until) until = now + ripe_behind;
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
            s.watched.store(true);
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
        s_->watched.store(false);
        s_->wake_more();
    }
    // Around a fork: it is not inside the scheduler when the memory is copied. Workers are not held up: on a free-threaded build they are
    // attached, and CPython stops them outside of sections, which would never come to pass if they waited for who forks. For the same
    // reason hold() is to be called detached: two threads may fork at once.
    void hold() noexcept { inside_.lock(); }
    void let_go() noexcept { inside_.unlock(); }

    // In a forked child there is no such thread.
    void start_afresh() noexcept {
        auto ask = detached;
        int64_t warn = warn_after;
        if (s_) s_->watched.store(false);
        Sysmon *again = new (this) Sysmon; // the old one's thread is not ours to end
        again->detached = ask;
        again->warn_after = warn;
    }
};

} // namespace goconc
