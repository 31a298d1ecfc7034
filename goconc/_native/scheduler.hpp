// Who runs what where, without knowing Python: Go's M (Worker), P (Processor) and the queues between them.
//
// A Worker is an OS thread; a Processor is the right to run goroutines, with the queue of those that any worker may run. A worker without
// a processor runs none. Goroutines that have a C stack belong to their worker (`home`) and wait in its own `pinned` list; another thread
// that makes one ready leaves it in that worker's inbox.
//
// The sleep protocol (no wake-up is lost): a worker that found nothing
//   1. gives its processor back, 2. stores asleep = true, 3. looks at its inbox, the shared queue and the deadlines again, 4. parks.
// Whoever brings work 1. publishes it (inbox push, shared push, next_due), 2. reads asleep and, if set, unparks. Stores before loads
// on both sides, all sequentially consistent: one of the two sees the other. The parker's token covers the gap between 3 and 4.
//
// A worker that wants a processor and finds none stands in a FIFO; the holder hands over on every 61st tick and when it is idle. If no
// holder has come by in a while (all sit in one long call), the one that waits takes a spare processor instead; it goes out of service
// again once a holder comes by. So a stuck worker holds up what is pinned to it and what it has queued, and
// nobody else.
#pragma once
#include "local_queue.hpp"
#include "select.hpp"
#include "shared_queue.hpp"

namespace goconc {

struct Processor {
    LocalQueue queue;
    Processor *idle_link = nullptr;
};

struct Worker {
    Processor *processor = nullptr;
    G *current = nullptr;          // what it runs; null while it looks for work
    Fiber *fiber = nullptr;        // the stack it stands on
    G *next = nullptr;             // Go's runnext: the one made ready last runs first
    GList pinned;                  // ready, and at home here; owner only
    GList yielded;                 // the same, of those that gave way: Go's global queue, for goroutines that may not leave
    Inbox inbox;
    Atomic<bool> asleep;
    Parker parker;
    void *scope = nullptr;         // a run()'s worker: starts plain goroutines of this scope only; null: the background's worker
    GList fresh;                   // plain goroutines of its scope that other workers may not start; under the scheduler's lock
    Attached<uint32_t> fresh_count;
    Attached<uint32_t> tick;       // how often it has looked for work; written by the owner, read by whoever wants its processor
    bool pinned_turn = false;
    ClockHint clock_hint;
    Dice dice;
    Worker *want_link = nullptr, *all_link = nullptr;
    bool wants = false;            // stands in the FIFO; under the scheduler's lock
    uint64_t parked = 0;           // how many times a goroutine parked here
    // Kept here for the half that knows Python:
    void *thread_state = nullptr;
    Fiber *idle_fibers = nullptr;  // stacks at rest, the warmest first
    uint32_t idle_count = 0;
    Fiber *root_fiber = nullptr;   // stands for the thread's own stack
    bool stopping = false;
    uint32_t guests = 0;           // coroutines interrupted in mid-step: their frames stand on stacks of this thread
    bool on_main_thread = false;   // signals are handled here
    unsigned long thread = 0;      // its identity for Python
    Worker *reuse_link = nullptr;  // workers are never freed: a late rouse() may still look at one
};

class Scheduler {
    Lock lock_; // idle processors, the FIFO of wanting workers, the list of all workers, their fresh lists
    Processor *idle_ = nullptr, *spare_ = nullptr;
    Worker *want_head_ = nullptr, *want_tail_ = nullptr;
    Worker *workers_ = nullptr;

    void stand_in_line(Worker *w) noexcept {
        w->wants = true;
        w->want_link = nullptr;
        if (want_tail_) want_tail_->want_link = w;
        else want_head_ = w;
        want_tail_ = w;
        wanting.store(wanting.load_relaxed() + 1);
    }

    // Under the lock. The worker to be unparked, or null.
    Worker *pass_on(Worker *w) noexcept {
        Worker *heir = want_head_;
        if (!heir) return nullptr;
        want_head_ = heir->want_link;
        if (!want_head_) want_tail_ = nullptr;
        heir->wants = false;
        heir->processor = w->processor;
        w->processor = nullptr;
        wanting.store(wanting.load_relaxed() - 1);
        return heir;
    }

  public:
    SharedQueue shared;
    Deadlines deadlines;
    Processor only;                  // one processor so far
    Atomic<uint32_t> wanting;        // workers in the FIFO; written under the lock
    Atomic<uint32_t> surplus;        // processors beyond those there should be; written under the lock
    Attached<uint64_t> goroutines;   // started and not done
    Attached<uint64_t> sleep_changes;    // how often the next one has changed
    Attached<uint32_t> sleeping_threads; // threads that are not ours, waiting without limit in goconc

    Scheduler() noexcept { idle_ = &only; }

    // In a forked child whose one thread is no worker: nothing of the parent's is left to run.
    void start_afresh() noexcept {
        this->~Scheduler();
        new (this) Scheduler;
    }

    // ---- processors ----

    // True if `w` holds a processor now; false if it stands in line and will be unparked with one.
    bool acquire(Worker *w) noexcept {
        Held<Lock> hold(lock_);
        if (w->processor) return true;
        if (w->wants) return false;
        if (idle_) {
            w->processor = idle_;
            idle_ = idle_->idle_link;
            return true;
        }
        stand_in_line(w);
        return false;
    }
    bool has_processor(Worker *w) noexcept {
        Held<Lock> hold(lock_);
        return w->processor != nullptr;
    }
    // Gives the processor, and what is queued on it, to the first worker that wants one. False if none does: it is kept.
    bool hand_over(Worker *w) noexcept {
        Worker *heir = nullptr;
        {
            Held<Lock> hold(lock_);
            heir = pass_on(w);
        }
        if (heir) heir->parker.unpark();
        return heir != nullptr;
    }
    // The same, but lays it aside if nobody wants it. Nothing is queued on it.
    void release(Worker *w) noexcept {
        Worker *heir = nullptr;
        {
            Held<Lock> hold(lock_);
            heir = pass_on(w);
            if (!heir) {
                w->processor->idle_link = idle_;
                idle_ = w->processor;
                w->processor = nullptr;
            }
        }
        if (heir) heir->parker.unpark();
    }
    // A worker that comes by while there are more processors than there should be takes one that nobody uses out of service.
    void shed() noexcept {
        Held<Lock> hold(lock_);
        if (!surplus.load_relaxed() || !idle_) return;
        Processor *p = idle_; // its queue is empty: its last holder found nothing to do
        idle_ = p->idle_link;
        p->idle_link = spare_;
        spare_ = p;
        surplus.store(surplus.load_relaxed() - 1);
    }
    // How far all workers have come; unchanged over a while: those that hold processors are stuck.
    uint64_t progress() noexcept {
        Held<Lock> hold(lock_);
        uint64_t sum = 0;
        for (Worker *w = workers_; w; w = w->all_link) sum += w->tick.load_relaxed();
        return sum;
    }
    // `w` stands in line and nobody comes by: it leaves the line with a processor more. False if it has one by now, or memory has run out.
    bool take_spare(Worker *w) noexcept {
        Held<Lock> hold(lock_);
        if (w->processor) return false;
        Processor *p = spare_;
        if (p) spare_ = p->idle_link;
        else if (!(p = new (std::nothrow) Processor)) return false;
        surplus.store(surplus.load_relaxed() + 1);
        w->processor = p;
        w->wants = false;
        Worker **at = &want_head_;
        want_tail_ = nullptr;
        while (*at) {
            if (*at == w) *at = w->want_link;
            else {
                want_tail_ = *at;
                at = &(*at)->want_link;
            }
        }
        wanting.store(wanting.load_relaxed() - 1);
        return true;
    }

    void join(Worker *w) noexcept {
        Held<Lock> hold(lock_);
        w->all_link = workers_;
        workers_ = w;
    }
    // The worker leaves: nobody finds it any more, and what it held for everybody goes to the shared queue.
    void leave(Worker *w) noexcept {
        flush(w);
        GList rest;
        if (w->processor)
            while (G *g = w->processor->queue.pop()) rest.push(g);
        {
            Held<Lock> hold(lock_);
            Worker **at = &workers_;
            while (*at != w) at = &(*at)->all_link;
            *at = w->all_link;
        }
        if (!rest.empty()) shared.push_all(rest);
        if (w->processor) release(w);
        if (shared.count()) wake_all();
    }

    // ---- queues ----

    static bool may_start(const Worker *w, const G *g) noexcept {
        return g->home ? g->home == w : may_start(w, g->kind, g->scope);
    }
    static bool may_start(const Worker *w, SleeperKind kind, const void *scope) noexcept {
        return kind == SleeperKind::coroutine || !w->scope || w->scope == scope;
    }

    // Into the queue it belongs to, behind what is there. `me` holds a processor.
    void push_back(Worker *me, G *g) noexcept {
        if (g->home) {
            me->pinned.push(g);
            return;
        }
        while (!me->processor->queue.push(g)) {
            GList half;
            me->processor->queue.spill(half);
            shared.push_all(half);
        }
    }
    // Behind everything that is ready here now (GO-30).
    void push_last(Worker *me, G *g) noexcept {
        g->stamp = shared.pushed();
        if (g->home) me->yielded.push(g);
        else shared.push(g);
    }
    void push_next(Worker *me, G *g) noexcept {
        if (G *old = me->next) push_back(me, old);
        me->next = g;
    }
    void flush(Worker *me) noexcept {
        if (G *g = me->next) {
            me->next = nullptr;
            push_back(me, g);
        }
    }

    // Queues a goroutine that has just become runnable. `me`: the calling worker, if the caller is one that holds a processor.
    void queue(Worker *me, G *g) noexcept {
        if (g->home) {
            if (g->home == me) push_next(me, g);
            else mail(g->home, g);
        } else if (me && may_start(me, g)) {
            push_next(me, g);
        } else {
            offer(g);
        }
    }
    void uncount(ThreadSleeper *thread) noexcept {
        if (!thread->counted.exchange(0)) return;
        sleep_changes.fetch_add(1);
        sleeping_threads.fetch_sub(1);
    }
    // The thread is about to wait without limit. If it was claimed just now, its waker may not have seen that it is counted.
    void count(ThreadSleeper *thread) noexcept {
        sleep_changes.fetch_add(1);
        sleeping_threads.fetch_add(1);
        thread->counted.store(1);
        if (!thread->claim.is_open(thread->claim.ticket())) uncount(thread);
    }
    // The winner of the claim, once, after releasing its locks.
    void make_ready(Worker *me, Sleeper *s) noexcept {
        if (s->kind == SleeperKind::thread) {
            ThreadSleeper *thread = static_cast<ThreadSleeper *>(s);
            uncount(thread);
            thread->parker.unpark();
            return;
        }
        G *g = static_cast<G *>(s);
        if (g->state.ready()) queue(me && me->processor ? me : nullptr, g);
    }
    void mail(Worker *home, G *g) noexcept {
        home->inbox.push(g);
        rouse(home);
    }
    // For any worker that may start it.
    void offer(G *g) noexcept {
        if (g->kind != SleeperKind::coroutine && g->scope) {
            Worker *owner = nullptr;
            {
                Held<Lock> hold(lock_);
                for (Worker *w = workers_; w; w = w->all_link)
                    if (w->scope == g->scope) owner = w;
                if (owner) {
                    owner->fresh.push(g);
                    owner->fresh_count.store(owner->fresh.count);
                }
            }
            if (owner) {
                rouse(owner);
                return;
            }
        }
        SleeperKind kind = g->kind; // once it is in the queue it may run, and end
        const void *scope = g->scope;
        shared.push(g);
        wake_one([=](const Worker *w) { return may_start(w, kind, scope); });
    }
    // Nothing runs and nothing is about to: asked by a worker that has stored `asleep`.
    bool all_asleep() noexcept {
        Held<Lock> hold(lock_);
        if (want_head_) return false;
        for (Worker *w = workers_; w; w = w->all_link)
            if (!w->asleep.load() || !w->inbox.empty() || w->fresh_count.load()) return false;
        return shared.count() == 0;
    }
    // The thread on whose stack `g` is right now, running or looking for work; 0 if none. A snapshot.
    unsigned long thread_under(const G *g) noexcept {
        Held<Lock> hold(lock_);
        for (Worker *w = workers_; w; w = w->all_link)
            if (w->current == g || (g->fiber && g->fiber == w->fiber)) return w->thread;
        return 0;
    }
    uint32_t worker_count() noexcept {
        Held<Lock> hold(lock_);
        uint32_t n = 0;
        for (Worker *w = workers_; w; w = w->all_link) n++;
        return n;
    }
    void rouse(Worker *w) noexcept {
        if (w->asleep.load()) w->parker.unpark();
    }
    // Unparks one sleeping worker that will do.
    template <class WillDo> void wake_one(WillDo will_do) noexcept {
        Held<Lock> hold(lock_); // keeps the worker from leaving meanwhile
        for (Worker *w = workers_; w; w = w->all_link)
            if (w->asleep.load() && will_do(w)) {
                w->parker.unpark();
                return;
            }
    }
    // Everybody who sleeps looks again: a deadline became the earliest (one alone might leave, or get busy, before it is due), or a worker
    // has left what it held to the others.
    void wake_all() noexcept {
        Held<Lock> hold(lock_);
        for (Worker *w = workers_; w; w = w->all_link)
            if (w->asleep.load()) w->parker.unpark();
    }

    // ---- finding work ----

    // The next goroutine for `w`, which holds a processor; null if there is none. Order after Go's findRunnable (SCH-04); every
    // 61st call looks at what others would be starved of: the far ends of the queues before the one made ready last (SCH-03).
    G *pick(Worker *w) noexcept {
        uint32_t tick = w->tick.load_relaxed() + 1;
        w->tick.store_relaxed(tick);
        bool far = tick % 61 == 0;
        w->inbox.drain_into(w->pinned);
        G *g = nullptr;
        if (far) {
            flush(w);
            if ((g = take_far(w))) return g;
        }
        if ((g = w->next)) {
            w->next = nullptr;
            return g;
        }
        w->pinned_turn = !w->pinned_turn; // neither queue starves the other
        if (w->pinned_turn && (g = w->pinned.pop())) return g;
        while ((g = w->processor->queue.pop())) {
            if (may_start(w, g)) return g;
            offer(g);
        }
        if ((g = w->pinned.pop())) return g;
        return take_far(w);
    }
    G *take_far(Worker *w) noexcept {
        // Those that gave way and the shared queue make one FIFO together.
        if (w->yielded.head && shared.has_passed(w->yielded.head->stamp)) return w->yielded.pop();
        G *g = take_shared(w);
        return g ? g : w->yielded.pop();
    }
    G *take_shared(Worker *w) noexcept {
        if (w->fresh_count.load()) {
            Held<Lock> hold(lock_);
            G *g = w->fresh.pop();
            w->fresh_count.store(w->fresh.count);
            if (g) return g;
        }
        return shared.pop_if([=](const G *g) { return may_start(w, g); });
    }
    // Something `w` could run may have come. Asked with asleep already stored.
    bool has_work(Worker *w) noexcept {
        return !w->inbox.empty() || !w->pinned.empty() || !w->yielded.empty() || w->next || w->fresh_count.load() ||
               shared.has([=](const G *g) { return may_start(w, g); });
    }

    // ---- deadlines ----

    // Fires what is due. Sleepers to be made ready go to `wakes`. Stops at a function to be started and returns it, with the heap's
    // reference to its owner: it may be armed again as soon as the lock is released, so only one is ever under way. Call until null.
    Deadline *fire_due(int64_t now, WakeList &wakes) noexcept {
        Held<AttachedLock> hold(deadlines.lock);
        while (Deadline *d = deadlines.take_due(now)) {
            switch (d->kind) {
            case DeadlineKind::wake: {
                Sleeper *s = static_cast<Sleeper *>(d->owner);
                if (s->claim.take(d->ticket)) {
                    s->outcome = Outcome::timed_out;
                    wakes.add(s);
                }
                break;
            }
            case DeadlineKind::channel:
                static_cast<TimerChannel *>(d->owner)->fire(now, wakes);
                break;
            case DeadlineKind::function:
                return d;
            }
        }
        return nullptr;
    }
    bool arm(Deadline *d) noexcept {
        bool earliest = false;
        {
            Held<AttachedLock> hold(deadlines.lock);
            if (!deadlines.arm(d, &earliest)) return false;
        }
        if (earliest) wake_all();
        return true;
    }
    // Puts it into the heap, or at another place in it, in one step. True if it was in it. `ok` false: memory has run out; it is not in it.
    bool rearm(Deadline *d, int64_t when, bool *ok) noexcept {
        bool earliest = false, was;
        {
            Held<AttachedLock> hold(deadlines.lock);
            was = deadlines.disarm(d);
            d->when = when;
            *ok = deadlines.arm(d, &earliest);
        }
        if (earliest) wake_all();
        return was;
    }
    bool disarm(Deadline *d) noexcept {
        Held<AttachedLock> hold(deadlines.lock);
        return deadlines.disarm(d);
    }
};

} // namespace goconc
