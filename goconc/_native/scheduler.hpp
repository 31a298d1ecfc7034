// Who runs what where, without knowing Python: finding work, passing processors round, sleeping and waking. Words: processor.hpp.
//
// A worker without a processor runs nothing. gomaxprocs() processors are in service. The sleep protocol is in IDLE.md; in short: who
// brings work publishes it, then looks for an idle processor (or, if only one worker will do, at that worker's `asleep`); who found
// nothing gives its processor back, stores `asleep`, then looks at everything again. Stores before loads on both sides, sequentially
// consistent: one of the two sees the other. The parker's token covers the gap between the look and the sleep.
//
// A worker that has work only it can do, and no processor, stands in a FIFO; holders hand over on every 61st tick and when they are idle.
#pragma once
#include "processor.hpp"
#include "task_sleeper.hpp"

namespace goconc {

class Scheduler {
    friend class Sysmon;

  protected: // tests/native derives schedulers with a mistake from it
    Lock lock_; // processors' places, the FIFO of wanting workers, the list of all workers, their fresh lists
    Processor first_;
    Processor *idle_ = nullptr, *spare_ = nullptr;
    uint32_t target_ = 1;
    static constexpr int64_t calm = 50000000; // ns
    Worker *want_head_ = nullptr, *want_tail_ = nullptr;
    Worker *workers_ = nullptr;

    // ---- under the lock ----

    void to_idle(Processor *p) noexcept {
        p->link = idle_;
        idle_ = p;
        idle_count.store(idle_count.load_relaxed() + 1);
    }
    Processor *from_idle() noexcept {
        Processor *p = idle_;
        idle_ = p->link;
        idle_count.store(idle_count.load_relaxed() - 1);
        return p;
    }
    void lay_aside(Processor *p) noexcept {
        p->in_service = false;
        p->link = spare_;
        spare_ = p;
    }
    void put_in_service(Processor *p) noexcept {
        p->in_service = true;
        p->recalled.store(false);
        in_service.store(in_service.load_relaxed() + 1);
    }
    void give(Worker *w, Processor *p) noexcept {
        w->processor = p;
        for (LocalQueue *queue : {&p->queue, &p->plain})
            if (queue->marked_at) queue->marked_cpu = w->cpu_time(); // what stood on another's clock says nothing on this one's
        if (resting.load()) watcher.unpark(); // from here on there is something to watch over
    }
    void stand_in_line(Worker *w) noexcept {
        w->wants = true;
        w->want_link = nullptr;
        if (want_tail_) want_tail_->want_link = w;
        else want_head_ = w;
        want_tail_ = w;
        wanting.store(wanting.load_relaxed() + 1);
    }
    Worker *next_in_line() noexcept {
        Worker *heir = want_head_;
        if (!heir) return nullptr;
        want_head_ = heir->want_link;
        if (!want_head_) want_tail_ = nullptr;
        heir->wants = false;
        wanting.store(wanting.load_relaxed() - 1);
        return heir;
    }
    // Takes a processor that nothing is queued on from its holder. Who got it, to be unparked; null: nobody.
    Worker *give_back(Worker *w) noexcept {
        Processor *p = w->processor;
        w->processor = nullptr;
        if (!p->in_service && in_service.load_relaxed() < target_) put_in_service(p);
        if (!p->in_service) {
            lay_aside(p);
            return nullptr;
        }
        if (in_service.load_relaxed() > target_) {
            in_service.store(in_service.load_relaxed() - 1);
            lay_aside(p);
            return nullptr;
        }
        Worker *heir = next_in_line();
        if (heir) give(heir, p);
        else to_idle(p);
        return heir;
    }
    Worker *with_ripe_fresh(uint32_t looking) noexcept {
        Worker *w = workers_;
        while (w && !is_ripe(w->fresh, looking)) w = w->all_link;
        return w;
    }
    // An idle processor goes to the sleeping worker that will best do for such a goroutine. It is then a spinning one. That is counted
    // here, in one step with the gift: whoever sees `spinning` relies on a worker that holds a processor and will look at the queues.
    bool rouse_with_processor(SleeperKind kind, const void *scope, Worker *preferred) noexcept {
        if (!idle_ || spinning.load() != 0) return false;
        Worker *best = nullptr;
        int best_rank = 0, helpers = 0;
        for (Worker *w = workers_; w; w = w->all_link) {
            if (!w->asleep.load() || w->processor || w->wants || w->locked) continue;
            if (!w->scope) helpers++;
            if (!may_start(w, kind, scope)) continue;
            int rank = w == preferred ? 3 : !w->scope ? 2 : 1;
            if (rank > best_rank) best = w, best_rank = rank;
        }
        if (helpers - (best && !best->scope) <= 0) short_of_helpers.store(true);
        if (!best) return false;
        give(best, from_idle());
        best->spinning = true;
        spinning.fetch_add(1);
        best->asleep.store(false);
        best->parker.unpark();
        return true;
    }

    // A plain function that has not started waits with the worker that is sure to start it, its run()'s or the background's; helpers may
    // take it from there. If there is none, or its thread is one goroutine's own, it is a stray, and a helper comes for it. Whoever is to come
    // gets up: no processor may be idle, and those that hold them may never come for it. False: that worker is up already.
    bool leave_with_owner(G *g) noexcept {
        Worker *owner = background;
        if (g->scope) {
            owner = nullptr;
            for (Worker *w = workers_; w && !owner; w = w->all_link)
                if (w->scope == g->scope) owner = w;
        }
        bool stray = !owner || owner->locked;
        SharedQueue &queue = stray ? strays : owner->fresh;
        queue.push(g);
        queue.ripen(); // who left it knows nothing of who will come to it
        if (!stray) return rouse(owner);
        send_helper(owner);
        return true;
    }
    // For a stray. Where no processor is idle it stands in line for one. If none sleeps, more are needed: who is locked starts one.
    void send_helper(Worker *locked) noexcept {
        if (rouse_with_processor(SleeperKind::plain, nullptr, nullptr)) return;
        Worker *helper = workers_;
        while (helper && (helper->scope || helper->locked || !helper->asleep.load())) helper = helper->all_link;
        if (helper) return helper->parker.unpark();
        short_of_helpers.store(true);
        if (locked) rouse(locked);
    }

    // Those who hold processors are to look again whether they may keep them.
    void recall_all() noexcept {
        for (Worker *w = workers_; w; w = w->all_link)
            if (w->processor) w->processor->recalled.store(true);
    }

  public:
    SharedQueue shared; // coroutines
    SharedQueue strays; // plain functions that only helpers can start: none of them sleeps while there are any
    Deadlines deadlines;
    Atomic<Processor *> processors;  // all there ever were; grows at its head
    Atomic<uint32_t> processor_count;
    Atomic<uint32_t> in_service;     // processors that somebody holds or may take; the goal is gomaxprocs(). Written under the lock
    Atomic<uint32_t> idle_count;     // of these, those that nobody holds; the same
    Atomic<uint32_t> wanting;        // workers in the FIFO; the same
    Atomic<uint32_t> spinning;       // workers with a processor that look for work, or are on their way to; bounds wake-ups to one at a time
    Atomic<bool> short_of_helpers{true}; // no helper sleeps that could take a processor on: somebody attached starts one
    Atomic<Worker *> keeper;         // the sleeping worker that wakes for deadlines, if any
    Atomic<bool> watched;            // sysmon is there: it says what has waited for so long that others are to come for it
    Atomic<bool> alert;              // it looks at the queues twice a millisecond now
    Atomic<int64_t> calm_until;      // a worker has found that sharing does not pay: nobody is sent for what merely waits
    Atomic<bool> resting;            // sysmon sleeps until a processor is given to somebody
    Parker watcher;                  // where it sleeps
    Atomic<Worker *> held_up;        // it holds up goroutines pinned to it for long: a helper that gets up says so
    Attached<uint64_t> goroutines;   // started and not done
    Attached<uint64_t> sleep_changes;    // how often the next one has changed
    Attached<uint32_t> sleeping_threads; // threads that are not ours, waiting without limit in goconc
    ThreadSleeper *waiting_threads = nullptr; // all threads that wait, guarded by the next one
    AttachedLock waiting_lock;
    Worker *background = nullptr;    // the first helper: owns the plain goroutines started outside any run()

    Scheduler() noexcept {
        processors.store(&first_);
        processor_count.store(1);
        put_in_service(&first_);
        to_idle(&first_);
    }

    // In a forked child: nothing of the parent's is left to run, nor any of its workers. `w`, if the thread is one, is no worker any more.
    // Contexts keep their deadlines.
    void start_afresh(Worker *w) noexcept {
        uint32_t procs = target_;
        ThreadSleeper *own = waiting_threads;
        if (w) w->processor = nullptr;
        Deadlines kept;
        kept.inherit(deadlines);
        watcher.start_afresh();
        this->~Scheduler();
        new (this) Scheduler;
        deadlines.inherit(kept);
        waiting_threads = own;
        resize(procs);
    }

    // Before that: other threads are gone, and their stacks will be used again. They leave the lines that they stood in.
    void forget_threads(unsigned long but) noexcept {
        for (ThreadSleeper *t = waiting_threads, *next; t; t = next) {
            next = t->next;
            if (t->thread == but) continue;
            if (t->waiter.linked) t->waiter.line->unlink(&t->waiter);
            for (uint32_t i = 0; t->room && i < t->room->count; i++)
                if (Waiter &waiter = t->room->cases[i].waiter; waiter.linked) waiter.line->unlink(&waiter);
            end_waiting(t);
        }
    }
    void begin_waiting(ThreadSleeper *t) noexcept {
        Held<AttachedLock> hold(waiting_lock);
        t->previous = nullptr;
        t->next = waiting_threads;
        if (waiting_threads) waiting_threads->previous = t;
        waiting_threads = t;
    }
    void end_waiting(ThreadSleeper *t) noexcept {
        Held<AttachedLock> hold(waiting_lock);
        if (t->previous) t->previous->next = t->next;
        else waiting_threads = t->next;
        if (t->next) t->next->previous = t->previous;
    }

    // ---- processors ----

    // How many goroutines may run at once from now on; sleeping workers are woken as far as there is work. False: no memory.
    bool resize(uint32_t n) noexcept {
        uint32_t there;
        {
            Held<Lock> hold(lock_);
            there = in_service.load_relaxed();
            for (Processor *p = spare_; p; p = p->link) there++;
        }
        for (; there < n; there++)
            if (!add_spare()) return false;
        uint32_t woken = 0;
        {
            Held<Lock> hold(lock_);
            target_ = n;
            while (in_service.load_relaxed() < target_ && spare_) {
                Processor *p = spare_;
                spare_ = p->link;
                put_in_service(p);
                if (Worker *heir = next_in_line()) {
                    give(heir, p);
                    heir->parker.unpark();
                } else {
                    to_idle(p);
                    woken++;
                }
            }
            while (in_service.load_relaxed() > target_ && idle_) {
                in_service.store(in_service.load_relaxed() - 1);
                lay_aside(from_idle());
            }
            if (in_service.load_relaxed() > target_) recall_all();
        }
        if (woken) wake_more();
        return true;
    }
    uint32_t size() noexcept {
        Held<Lock> hold(lock_);
        return target_;
    }
    bool add_spare() noexcept {
        Processor *p = new (std::nothrow) Processor;
        if (!p) return false;
        Held<Lock> hold(lock_);
        lay_aside(p);
        p->all_link = processors.load_relaxed();
        processors.store(p);
        processor_count.store(processor_count.load_relaxed() + 1);
        return true;
    }

    bool has_spare() noexcept {
        Held<Lock> hold(lock_);
        return spare_ != nullptr;
    }

    // True if `w` holds a processor now. Else, if it is to stand in line, it will be unparked with one.
    bool acquire(Worker *w, bool line_up = true) noexcept {
        Held<Lock> hold(lock_);
        if (w->processor) return true;
        if (w->wants) return false;
        if (idle_) {
            give(w, from_idle());
            return true;
        }
        if (line_up) stand_in_line(w);
        return false;
    }
    bool has_processor(Worker *w) noexcept {
        Held<Lock> hold(lock_);
        return w->processor != nullptr;
    }
    // Gives the processor, and what is queued on it, to the first worker in line. False if there is none: it is kept.
    bool hand_over(Worker *w) noexcept {
        Worker *heir = nullptr;
        {
            Held<Lock> hold(lock_);
            if (!w->processor->in_service || !(heir = next_in_line())) return false;
            give(heir, w->processor);
            w->processor = nullptr;
        }
        heir->parker.unpark();
        return true;
    }
    void release(Worker *w) noexcept {
        Worker *heir = nullptr;
        {
            Held<Lock> hold(lock_);
            heir = give_back(w);
        }
        if (heir) heir->parker.unpark();
    }
    // The holder of a recalled processor: keeps it if there is room, or gives it back, and what is queued on it to everybody.
    void answer_recall(Worker *w) noexcept {
        Processor *p = w->processor;
        {
            Held<Lock> hold(lock_);
            if (!p->in_service && (in_service.load_relaxed() < target_ || idle_)) {
                if (in_service.load_relaxed() >= target_) { // an idle one makes room
                    in_service.store(in_service.load_relaxed() - 1);
                    lay_aside(from_idle());
                }
                put_in_service(p);
            }
            p->recalled.store(false);
            if (p->in_service && in_service.load_relaxed() <= target_) return;
        }
        drain(w);
        release(w);
    }
    // What is queued on its processor, for everybody.
    void drain(Worker *w) noexcept {
        if (leave_queue(w)) wake_for(shared.count() ? SleeperKind::coroutine : SleeperKind::plain, nullptr, nullptr);
    }
    bool leave_queue(Worker *w) noexcept {
        flush(w);
        GList rest, plain;
        while (G *g = w->processor->queue.pop()) rest.push(g);
        while (G *g = w->processor->plain.pop()) plain.push(g);
        if (rest.empty() && plain.empty()) return false;
        if (!rest.empty()) shared.push_all(rest);
        put_by(nullptr, plain);
        return true;
    }
    // Plain functions that leave their processor: they stay with `w`, if it may start them.
    void put_by(Worker *w, GList &plain) noexcept {
        if (plain.empty()) return;
        Held<Lock> hold(lock_);
        while (G *g = plain.pop()) {
            if (w && may_start(w, g)) w->fresh.push(g);
            else leave_with_owner(g);
        }
    }

    // The calling thread, with the stack it is on, is the worker's from now on. Others look at these under the lock. The thread they were of
    // before is still there, and may end later. The worker's processor time goes on from where it was.
    void set_thread(Worker *w, Fiber *stack, void *thread_state, unsigned long identity) noexcept {
        Held<Lock> hold(lock_);
        w->fiber = stack;
        w->thread_state = thread_state;
        w->thread = identity;
        ThreadClock clock = own_thread_clock();
        w->cpu_before += cpu_time(w->cpu_clock) - cpu_time(clock);
        w->cpu_clock = clock;
    }
    void join(Worker *w) noexcept {
        // It is inside a goroutine, its thread's own. Another tick: what sysmon has seen of an earlier life does not count.
        w->running.store_relaxed(true);
        w->tick.store_relaxed(w->tick.load_relaxed() + 1);
        Held<Lock> hold(lock_);
        w->all_link = workers_;
        workers_ = w;
    }
    // The worker leaves: nobody finds it any more, and what it held for everybody goes to the shared queue.
    void leave(Worker *w) noexcept {
        stop_spinning(w);
        if (w->processor) { // none: a helper that was to stop before it came to run
            drain(w);
            release(w);
        }
        {
            Held<Lock> hold(lock_);
            Worker **at = &workers_;
            while (*at != w) at = &(*at)->all_link;
            *at = w->all_link;
            if (background == w) background = nullptr;
            GList left;
            w->fresh.take_share(1, ~0u, left);
            while (G *g = left.pop()) leave_with_owner(g);
            // It may have been the one that looked at deadlines: somebody else does from now on.
            Worker *other = workers_;
            while (other && !other->asleep.load()) other = other->all_link;
            if (other) other->parker.unpark();
        }
        if (shared.count()) wake_for(SleeperKind::coroutine, nullptr, nullptr);
        else wake_more(); // it may have been relied on
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
        SleeperKind kind = g->kind; // once it is in the queue it may run, and end
        const void *scope = g->scope;
        Worker *last = g->last;
        bool plain = kind != SleeperKind::coroutine;
        LocalQueue &queue = plain ? me->processor->plain : me->processor->queue;
        while (!queue.push(g)) {
            GList half;
            queue.spill(half);
            if (plain) put_by(me, half);
            else if (!half.empty()) shared.push_all(half);
        }
        announce(kind, scope, last);
    }
    // Behind everything that is ready here now (GO-30).
    void push_last(Worker *me, G *g) noexcept {
        if (g->home) {
            g->shared_stamp = shared.pushed();
            g->fresh_stamp = me->fresh.pushed();
            me->yielded.push(g);
            return;
        }
        shared.push(g);
        bool runs_others_first = me->has_own_work() || me->processor->next.load_relaxed() || me->processor->has_queued();
        if (runs_others_first || shared.count() > 1) announce(SleeperKind::coroutine, nullptr, nullptr);
    }
    void push_next(Worker *me, G *g) noexcept {
        if (me->next.load_relaxed() || me->processor->next.load_relaxed()) flush(me);
        if (g->home) me->next.store_relaxed(g);
        else me->processor->next.store_release(g);
    }
    // Its worker's next find() gives `g`, which is ready, if it is at home there or in `next`; be it the turn of the far ends of the queues.
    // False: it is at home there and has not come yet. Another thread has won its claim and is about to mail it.
    bool bring_forward(Worker *me, G *g) noexcept {
        if (me->tick.load_relaxed() % 61 == 60) me->tick.store_relaxed(me->tick.load_relaxed() + 1);
        if (g->home != me || me->next.load_relaxed() == g) return true;
        me->inbox.drain_into(me->pinned);
        if (!me->pinned.remove(g) && !me->yielded.remove(g)) return false;
        if (G *before = take_own_next(me)) me->pinned.push(before);
        me->next.store_relaxed(g);
        return true;
    }
    void flush(Worker *me) noexcept {
        if (G *g = take_own_next(me)) me->pinned.push(g);
        if (G *g = take_next(me->processor)) push_back(me, g);
    }
    static G *take_own_next(Worker *w) noexcept {
        G *g = w->next.load_relaxed();
        if (g) w->next.store_relaxed(nullptr);
        return g;
    }
    static G *take_next(Processor *p) noexcept {
        G *g = p->next.load_acquire();
        return g && p->next.compare_exchange(g, nullptr) ? g : nullptr;
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
        if (s->kind == SleeperKind::task) {
            TaskSleeper *task = static_cast<TaskSleeper *>(s);
            task->bell->ring(task);
            return;
        }
        G *g = static_cast<G *>(s);
        if (g->state.ready()) queue(me && me->processor ? me : nullptr, g);
    }
    void mail(Worker *home, G *g) noexcept {
        home->inbox.push(g);
        rouse(home);
    }
    // For any worker that may start it. A plain goroutine that some workers may not start goes to the one that is sure to come.
    void offer(G *g) noexcept {
        SleeperKind kind = g->kind; // once it is in a queue it may run, and end
        const void *scope = g->scope;
        Worker *last = g->last;
        if (kind == SleeperKind::coroutine) {
            shared.push(g);
        } else {
            Held<Lock> hold(lock_);
            if (leave_with_owner(g)) return;
        }
        wake_for(kind, scope, last);
    }
    // Nothing runs and nothing is about to: asked by a worker that has stored `asleep`.
    bool all_asleep() noexcept {
        Held<Lock> hold(lock_);
        if (want_head_) return false;
        for (Worker *w = workers_; w; w = w->all_link)
            if (!w->asleep.load() || !w->inbox.empty() || w->fresh.count()) return false;
        return shared.count() == 0 && strays.count() == 0;
    }
    // The worker that stands on the stack of `g` right now, running it or looking for work; null if none does. A snapshot.
    Worker *worker_on_stack_of(const G *g) noexcept {
        Held<Lock> hold(lock_);
        for (Worker *w = workers_; w; w = w->all_link)
            if (w->current == g || (g->fiber && g->fiber == w->fiber)) return w;
        return nullptr;
    }
    // The worker that runs `g` right now, if any. A snapshot.
    Worker *worker_under(const G *g) noexcept {
        Held<Lock> hold(lock_);
        for (Worker *w = workers_; w; w = w->all_link)
            if (w->current == g) return w;
        return nullptr;
    }
    uint32_t worker_count() noexcept {
        Held<Lock> hold(lock_);
        uint32_t n = 0;
        for (Worker *w = workers_; w; w = w->all_link) n++;
        return n;
    }
    // False: it is up.
    bool rouse(Worker *w) noexcept {
        if (!w->asleep.load()) return false;
        w->parker.unpark();
        return true;
    }
    // There is work for anybody who may start such a goroutine, and perhaps an idle processor: then a sleeping worker gets it. One at
    // a time: the one that is on its way will see this work too, and has others woken if it finds more than it can do.
    void wake_for(SleeperKind kind, const void *scope, Worker *preferred) noexcept {
        if (idle_count.load() == 0 || spinning.load() != 0) return;
        Held<Lock> hold(lock_);
        rouse_with_processor(kind, scope, preferred);
    }
    // There is work for others, which the caller, or others that are at work, may come to themselves, and most often at once. It is worth
    // somebody's way only if it waits (moved work runs on cold caches, and pinned goroutines talk across threads ever after): sysmon decides.
    void announce(SleeperKind kind, const void *scope, Worker *preferred) noexcept {
        if (idle_count.load() == 0) return;
        if (!watched.load_relaxed()) return wake_for(kind, scope, preferred);
        if (!alert.load() && !alert.exchange(true)) watcher.unpark();
    }
    // For what is queued already: whoever was relied upon has found something else to do, or may not run it.
    void wake_more() noexcept {
        if (idle_count.load() == 0 || spinning.load() != 0) return;
        if (has_stealable(false) || is_ripe(shared)) wake_for(SleeperKind::coroutine, nullptr, nullptr);
        else if (has_stealable(true) || has_fresh()) wake_for(SleeperKind::plain, nullptr, nullptr);
        else if (watched.load_relaxed() && has_unripe()) announce(SleeperKind::coroutine, nullptr, nullptr);
    }

    // ---- finding work ----

    // The next goroutine for `w`. Null: there is none, or `w` has no processor (any more).
    G *find(Worker *w) noexcept {
        if (w->processor && w->processor->recalled.load_relaxed()) answer_recall(w);
        if (!w->processor) return nullptr;
        if (w->tick.load_relaxed() % 61 == 60 && yields_processor(w)) return nullptr;
        w->handed_over = false;
        G *g = w->locked ? pick_own(w) : pick(w);
        if (!g && !w->locked) g = steal(w);
        if (!g) return nullptr;
        found_work(w);
        w->running.store_relaxed(true);
        return g;
    }
    // What a worker asks itself now and then: others want its processor, or it shares work that would go faster without it.
    bool yields_processor(Worker *w) noexcept {
        if (is_crowded(w) && withdraw(w)) return true;
        // Back with a processor, it runs one goroutine first: two that want it would hand it to and fro else.
        if (w->handed_over || wanting.load_relaxed() == 0) return false;
        flush(w);
        return w->handed_over = hand_over(w);
    }
    // In every second goroutine that it has run lately it waited for another worker: they share what would go faster on one core.
    static bool is_crowded(Worker *w) noexcept {
        uint32_t before = w->lock_waits;
        w->lock_waits = lock_waits();
        return w->lock_waits - before > 30;
    }
    // A helper leaves what it has to those that remain at work, and sysmon lets them for a while.
    bool withdraw(Worker *w) noexcept {
        if (w->scope || w->locked || !watched.load_relaxed()) return false;
        calm_until.store(deadline_after(now_ns(), calm));
        {
            Held<Lock> hold(lock_);
            if (!w->processor->in_service || in_service.load_relaxed() - idle_count.load_relaxed() < 2) return false;
        }
        leave_queue(w);
        release(w);
        return true;
    }
    // Order after Go's findRunnable (SCH-04); every 61st call looks at what others would be starved of: the far ends of the queues
    // before the one made ready last (SCH-03).
    G *pick(Worker *w) noexcept {
        bool far = next_tick(w);
        G *g = nullptr;
        if (far) {
            flush(w);
            if ((g = take_far(w, 1))) return g;
        }
        if ((g = take_own_next(w))) return g;
        if (w->processor->next.load_relaxed() && (g = take_next(w->processor))) return g;
        if ((g = take_near(w))) return g;
        return take_far(w, LocalQueue::half);
    }
    // Its three queues take turns at being first: none starves another.
    G *take_near(Worker *w) noexcept {
        G *g = nullptr;
        for (int tries = 0; tries < 3 && !g; tries++) {
            w->turn = w->turn == 2 ? 0 : w->turn + 1;
            g = w->turn == 0 ? w->pinned.pop() : w->turn == 1 ? w->processor->queue.pop() : take_plain(w);
        }
        return g;
    }
    G *take_plain(Worker *w) noexcept {
        while (G *g = w->processor->plain.pop()) {
            if (may_start(w, g)) return g;
            offer(g);
        }
        return nullptr;
    }
    // Of a worker whose thread is one goroutine's own: only those at home on it, and the rest is for others.
    G *pick_own(Worker *w) noexcept {
        next_tick(w);
        if (G *g = take_own_next(w)) return g;
        if (G *g = w->pinned.pop()) return g;
        if (G *g = w->yielded.pop()) return g;
        if (w->fresh.count()) {
            GList left;
            w->fresh.take_share(1, ~0u, left);
            put_by(nullptr, left);
        }
        drain(w);
        return nullptr;
    }
    static bool next_tick(Worker *w) noexcept {
        uint32_t tick = w->tick.load_relaxed() + 1;
        w->tick.store_relaxed(tick);
        w->inbox.drain_into(w->pinned);
        return tick % 61 == 0;
    }
    // Those that gave way stand in one FIFO with the shared queue and with what others have left here; these two take turns. If `most` is
    // more than one, its near queues are empty, and take the rest of what it gets.
    G *take_far(Worker *w, uint32_t most) noexcept {
        G *first = w->yielded.head;
        if (first && shared.has_passed(first->shared_stamp) && w->fresh.has_passed(first->fresh_stamp)) return w->yielded.pop();
        bool fresh_first = w->fresh_turn = !w->fresh_turn;
        G *g = fresh_first ? take_fresh(w, most) : take_shared(w, most);
        if (!g) g = fresh_first ? take_shared(w, most) : take_fresh(w, most);
        return g ? g : w->yielded.pop();
    }
    G *take_shared(Worker *w, uint32_t most) noexcept {
        G *first = w->yielded.head;
        if (first && !shared.has_passed(first->shared_stamp)) most = least(most, shared.before(first->shared_stamp));
        return take_share(shared, w->processor->queue, most, SleeperKind::coroutine);
    }
    G *take_fresh(Worker *w, uint32_t most) noexcept {
        G *first = w->yielded.head;
        if (first && !w->fresh.has_passed(first->fresh_stamp)) most = least(most, w->fresh.before(first->fresh_stamp));
        SharedQueue &from = w->fresh.count() || w->scope ? w->fresh : strays;
        return take_share(from, w->processor->plain, most, SleeperKind::plain);
    }
    static uint32_t least(uint32_t a, uint32_t b) noexcept { return a < b ? a : b; }
    // One to be run; the rest goes into `near`. It was out of sight for a moment: somebody may have looked just then, and sleep.
    G *take_share(SharedQueue &from, LocalQueue &near, uint32_t most, SleeperKind kind) noexcept {
        GList batch;
        from.take_share(in_service.load_relaxed(), most, batch);
        G *g = batch.pop();
        if (!batch.empty()) {
            near.push_all(batch);
            announce(kind, nullptr, nullptr);
        }
        return g;
    }
    // Half of another processor's queue in which some have waited for long, beginning with any; else one that has waited in a `next`; else,
    // for a helper, plain functions whose own worker has not come to them.
    G *steal(Worker *w) noexcept {
        Processor *mine = w->processor, *from = processors.load_acquire();
        for (uint32_t n = w->dice.below(processor_count.load()); n && from->all_link; n--) from = from->all_link;
        for (int pass = 0; pass < 2; pass++) {
            Processor *p = from;
            do {
                if (p != mine) {
                    G *g = pass == 0 ? steal_half(w, p) : take_ripe(p);
                    if (g) w->stolen++;
                    if (g && may_start(w, g)) return g;
                    if (g) offer(g);
                }
                p = p->all_link ? p->all_link : processors.load_acquire();
            } while (p != from);
        }
        if (w->scope) return nullptr;
        Worker *late;
        {
            Held<Lock> hold(lock_);
            late = with_ripe_fresh(1);
        }
        return late ? take_share(late->fresh, mine->plain, LocalQueue::half, SleeperKind::plain) : nullptr;
    }
    G *steal_half(Worker *w, Processor *from) noexcept {
        Processor *mine = w->processor;
        G *g = is_ripe(from->queue, 1) ? from->queue.steal_into(mine->queue) : nullptr;
        bool plain = !g && !w->scope && is_ripe(from->plain, 1);
        if (plain) g = from->plain.steal_into(mine->plain);
        // What it took along was out of sight for a moment: see take_share.
        if (g && mine->has_queued()) announce(plain ? SleeperKind::plain : SleeperKind::coroutine, nullptr, nullptr);
        return g;
    }
    static G *take_ripe(Processor *p) noexcept {
        G *g = p->next.load_acquire();
        return g && g == p->ripe.load() && p->next.compare_exchange(g, nullptr) ? g : nullptr;
    }
    // While it was on its way nobody else was woken: there may be more work than it takes.
    void found_work(Worker *w) noexcept {
        bool was_relied_on = w->spinning ? stop_spinning(w) : w->relied_on;
        w->relied_on = false;
        if (was_relied_on) wake_more();
    }
    // True if it was the last.
    bool stop_spinning(Worker *w) noexcept {
        if (!w->spinning) return false;
        w->spinning = false;
        w->spins_until = 0;
        return spinning.fetch_sub(1) == 1;
    }
    bool has_strays(Worker *w) noexcept { return !w->scope && !w->locked && strays.count(); }
    // Something that `w`, among others, could run, and that others are not about to.
    bool has_common_work(Worker *w) noexcept {
        if (w->locked) return false;
        return is_ripe(shared) || has_stealable(false) || (!w->scope && (has_stealable(true) || has_fresh()));
    }
    // Without sysmon, and while nobody is at work, whatever waits has waited for long enough. `looking`: 1 if the caller holds a processor to
    // look for work with; else what it saw as it lay down would be gone once it is up, and it would get up for it again and again.
    bool is_anything_ripe(uint32_t looking) noexcept { return !watched.load_relaxed() || idle_count.load() + looking >= in_service.load(); }
    template <class Queue> bool is_ripe(const Queue &queue, uint32_t looking = 0) noexcept {
        return queue.has_before(queue.ripe_to.load_relaxed()) || (!queue.empty() && is_anything_ripe(looking));
    }
    bool has_unripe() noexcept {
        if (shared.count()) return true;
        for (Processor *p = processors.load_acquire(); p; p = p->all_link)
            if (p->has_queued()) return true;
        return false;
    }
    bool has_stealable(bool plain) noexcept {
        for (Processor *p = processors.load_acquire(); p; p = p->all_link) {
            if (is_ripe(plain ? p->plain : p->queue)) return true;
            G *g = plain ? nullptr : p->next.load();
            if (g && g == p->ripe.load()) return true;
        }
        return false;
    }
    bool has_fresh() noexcept {
        if (strays.count()) return true;
        Held<Lock> hold(lock_);
        return with_ripe_fresh(0) != nullptr;
    }

    // ---- sleeping ----

    // Whether `w`, which found nothing, may look on for a moment before it sleeps: no more than half as many as are at work.
    bool may_spin(Worker *w) noexcept {
        if (!w->processor || w->locked) return false;
        if (w->spinning) return true;
        uint32_t there = in_service.load_relaxed(), idle = idle_count.load();
        if (there < 2 || 2 * spinning.load() >= there - (idle < there ? idle : there)) return false;
        w->spinning = true;
        spinning.fetch_add(1);
        return true;
    }
    // Detached from Python (there is no GIL): until there seems to be work, for some microseconds at most. What it sees may be work that it
    // may not run, so the limit holds until it has found something or lies down.
    bool spin(Worker *w, int64_t until) noexcept {
        if (!w->spins_until) w->spins_until = until;
        while (now_ns() < w->spins_until) {
            for (int i = 0; i < 20; i++) cpu_relax();
            if (!w->inbox.empty() || shared.count()) return true;
            for (Processor *p = processors.load_acquire(); p; p = p->all_link)
                if (is_ripe(p->queue) || (!w->scope && is_ripe(p->plain))) return true;
        }
        return false;
    }
    // Gives the processor back and says so. True: there is nothing to do, it may park. In both cases get_up() follows.
    // It may have been relied on, while it was spinning, for more than it is going to do, or for what it may not run.
    bool lie_down(Worker *w) noexcept {
        w->running.store_relaxed(false);
        stop_spinning(w);
        if (w->processor) release(w);
        w->asleep.store(true);
        // Without an idle processor, those that hold them look at the deadlines. Else the last to lie down keeps watch: it knows of the
        // deadlines that it has set itself, and those who lay down before do not.
        bool room = idle_count.load() != 0;
        if (room) keeper.store(w);
        if (w->has_own_work() || has_strays(w) || (room && has_common_work(w))) {
            w->relied_on = true;
            return false;
        }
        // Who left a stray did not unpark it if it came before `asleep` was set: then nobody but this one starts a helper.
        if (w->locked && short_of_helpers.load() && strays.count()) return false;
        if (room && (w->scope || w->locked)) wake_more();
        if (room && watched.load_relaxed() && has_unripe()) announce(SleeperKind::coroutine, nullptr, nullptr);
        return true;
    }
    // How long it may sleep. After lie_down: who sets an earlier deadline then sees the keeper, and unparks it.
    int64_t sleep_until(Worker *w) noexcept { return keeper.load() == w ? deadlines.next_due.load() : forever; }
    // Parks. Whoever is the keeper no longer when its time has come sleeps on.
    Woken sleep(Worker *w, int64_t until, bool deadline_only) noexcept {
        Woken why = w->parker.park(until);
        if (why == Woken::timed_out && deadline_only && keeper.load() != w) why = w->parker.park(forever);
        return why;
    }
    void get_up(Worker *w) noexcept {
        w->asleep.store(false);
        Worker *me = w;
        if (keeper.load_relaxed() == w) keeper.compare_exchange(me, nullptr);
    }
    // Whether it needs a processor, now that it is up.
    bool has_reason(Worker *w) noexcept {
        return has_processor(w) || w->has_own_work() || has_strays(w) || (idle_count.load() && has_common_work(w));
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
    // `me`: the calling worker, if the caller is one.
    bool arm(Worker *me, Deadline *d) noexcept {
        bool earliest = false;
        {
            Held<AttachedLock> hold(deadlines.lock);
            if (!deadlines.arm(d, &earliest)) return false;
        }
        if (earliest) wake_keeper(me);
        return true;
    }
    // Puts it into the heap, or at another place in it, in one step. True if it was in it. `ok` false: memory has run out; it is not in it.
    bool rearm(Worker *me, Deadline *d, int64_t when, bool *ok) noexcept {
        bool earliest = false, was;
        {
            Held<AttachedLock> hold(deadlines.lock);
            was = deadlines.disarm(d);
            d->when = when;
            *ok = deadlines.arm(d, &earliest);
        }
        if (earliest) wake_keeper(me);
        return was;
    }
    bool disarm(Deadline *d) noexcept {
        Held<AttachedLock> hold(deadlines.lock);
        return deadlines.disarm(d);
    }
    // A deadline became the earliest: whoever sleeps until the one before sleeps too long. `me`, the calling worker if it is one, will look
    // at the deadlines itself before it sleeps; should it be long in coming to that, sysmon sends somebody.
    void wake_keeper(Worker *me) noexcept {
        if (me) return;
        if (Worker *w = keeper.load()) rouse(w);
    }
};

} // namespace goconc
