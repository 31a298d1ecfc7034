// Every order of small programs over the whole scheduler, within two preemptions; and the same programs with a mistake, which has to be
// found. Workers are servers: what is started has to run once, on one worker at a time, and nobody may sleep while it waits.
#define GOCONC_QUEUE_SLOTS 4
#include "models.hpp"
#include "sleeping.hpp"
#include "worker_loop.hpp"

#include "../../goconc/_native/sysmon.hpp"

using namespace goconc;
using explore::expect;
using explore::Tasks;
using models::right;
using models::wrong;

namespace {

constexpr int64_t ms = 1000000;

template <class Sched = Scheduler> struct World {
    static constexpr int most_workers = 3, most = 5;
    Sched s;
    Worker workers[most_workers];
    G gs[most];
    std::function<void(Worker *)> bodies[most]; // of those that do something
    bool begun[most] = {}, inside[most] = {};
    int runs[most] = {}, used = 0, joined = 0;
    bool spins = false;

    explicit World(uint32_t procs) {
        s.resize(procs);
        for (G &g : gs) g.kind = SleeperKind::coroutine;
        for (int i = 0; i < most_workers; i++) workers[i].thread = (unsigned long)i;
    }
    ~World() {
        for (Processor *p = s.processors.load(), *next; (next = p->all_link); p = next) delete p;
    }
    WorkerLoop<Sched> loop_of(int i) {
        WorkerLoop<Sched> loop(s, &workers[i]);
        loop.looks_on_in_vain = spins;
        return loop;
    }
    void run(Worker *w, G *g) {
        int i = int(g - gs);
        g->state.start();
        w->current = g;
        g->last = w;
        expect(!inside[i], "it runs on two workers at once");
        expect(runs[i] == 0, "it ran twice");
        begun[i] = inside[i] = true;
        explore::step();
        if (bodies[i]) bodies[i](w);
        inside[i] = false;
        runs[i]++;
        w->current = nullptr;
        g->state.finish();
    }
    void work(int i) {
        WorkerLoop<Sched> loop = loop_of(i);
        loop.join();
        joined++;
        for (;;) run(&workers[i], loop.find_next());
    }
    void add_worker(Tasks &t, int i) {
        static const char *const names[] = {"worker1", "worker2", "worker3"};
        t.add_server(names[i], [this, i] { work(i); });
    }
    void wait_until_begun(int i) {
        explore::wait_for([this, i] { return begun[i]; });
    }
    // At the end everybody sleeps.
    void check() {
        for (int i = 0; i < used; i++) expect(runs[i] == 1, "everybody sleeps, and work waits");
        expect(s.spinning.load() == 0, "somebody is counted as spinning");
        expect(s.in_service.load() == s.size(), "not gomaxprocs() processors are in service");
        expect(s.idle_count.load() <= s.in_service.load(), "more are idle than in service");
    }
};

// ---- schedulers with a mistake ----

struct WithSysmon : Scheduler { // which is not there to look: what it would be sent for has to be found by somebody else
    WithSysmon() { watched.store(true); }
};
template <class Base> struct NoSecondLook : Base {
    bool lie_down(Worker *w) {
        Base::lie_down(w);
        return true;
    }
};
struct AsleepLate : Scheduler { // stored after the second look
    bool lie_down(Worker *w) {
        stop_spinning(w);
        if (w->processor) release(w);
        bool nothing = !w->has_own_work() && !(idle_count.load() && has_common_work(w));
        w->asleep.store(true);
        return nothing;
    }
};
struct SpinsOn : Scheduler { // counted as spinning until after the second look
    bool lie_down(Worker *w) {
        bool spun = w->spinning;
        w->spinning = false;
        bool nothing = Scheduler::lie_down(w);
        if (spun) spinning.fetch_sub(1);
        return nothing;
    }
};
struct KeepsProcessor : Scheduler { // sleeps with it
    bool lie_down(Worker *w) {
        w->asleep.store(true);
        return !w->has_own_work() && !has_common_work(w);
    }
};
template <class Base> struct PassesNothingOn : Base { // what it may not run, or has not waited long, is not its business
    bool lie_down(Worker *w) {
        this->stop_spinning(w);
        if (w->processor) this->release(w);
        w->asleep.store(true);
        return !w->has_own_work() && !(this->idle_count.load() && this->has_common_work(w));
    }
};
struct EarlyCounter : Scheduler { // counts one as spinning before it knows that there is one
    void queue(Worker *, G *g) {
        shared.push(g);
        if (idle_count.load() == 0 || spinning.load() != 0) return;
        uint32_t none = 0;
        if (!spinning.compare_exchange(none, 1)) return;
        bool found = false;
        {
            Held<Lock> hold(lock_);
            for (Worker *w = workers_; w && idle_ && !found; w = w->all_link) {
                if (!w->asleep.load() || w->processor || w->wants) continue;
                give(w, from_idle());
                w->spinning = found = true;
                w->asleep.store(false);
                w->parker.unpark();
            }
        }
        if (!found) spinning.fetch_sub(1);
    }
};
struct SilentFinder : Scheduler { // finds work, and has nobody woken for the rest
    G *find(Worker *w) {
        bool spun = w->spinning;
        w->spinning = false;
        G *g = Scheduler::find(w);
        if (spun && g) spinning.fetch_sub(1);
        else w->spinning = spun;
        return g;
    }
};
struct SilentTaker : Scheduler { // says nothing of what it takes along
    G *find(Worker *w) {
        bool looks_on = w->spinning;
        if (!looks_on) spinning.fetch_add(1); // wake_for relies on that one
        G *g = Scheduler::find(w);
        if (!looks_on) spinning.fetch_sub(1);
        return g;
    }
};
struct LinesUpLate : Scheduler { // sees that no processor is idle, and does not look again when it stands in line
    bool acquire(Worker *w, bool line_up) {
        bool any = idle_count.load() != 0;
        Held<Lock> hold(lock_);
        if (w->processor) return true;
        if (w->wants) return false;
        if (any && idle_) {
            give(w, from_idle());
            return true;
        }
        if (line_up) stand_in_line(w);
        return false;
    }
};
struct HandsOverSilently : Scheduler { // does not say so
    G *find(Worker *w) {
        if (w->tick.load_relaxed() % 61 == 60 && wanting.load_relaxed() != 0) {
            Held<Lock> hold(lock_);
            give(next_in_line(), w->processor);
            w->processor = nullptr;
            return nullptr;
        }
        return Scheduler::find(w);
    }
};
struct ForgetsHeld : Scheduler { // takes processors for gone that somebody holds
    bool resize(uint32_t n) {
        if (n >= in_service.load()) return Scheduler::resize(n);
        Held<Lock> hold(lock_);
        target_ = n;
        while (idle_) lay_aside(from_idle());
        in_service.store(n);
        return true;
    }
};
struct KeepsDeadlines : Scheduler { // leaves, and nobody else looks at them
    void leave(Worker *w) {
        drain(w);
        release(w);
        Held<Lock> hold(lock_);
        Worker **at = &workers_;
        while (*at != w) at = &(*at)->all_link;
        *at = w->all_link;
    }
};
struct WakesNoKeeper : Scheduler {
    bool rearm(Worker *, Deadline *d, int64_t when, bool *ok) {
        bool earliest = false;
        Held<AttachedLock> hold(deadlines.lock);
        d->when = when;
        *ok = deadlines.arm(d, &earliest);
        return false;
    }
};
struct CallsNobody : WithSysmon { // for a stray
    void offer(G *g) {
        strays.push(g);
        wake_for(SleeperKind::plain, nullptr, nullptr);
    }
};
struct LateKeeper : Scheduler { // reads when it has to wake before it says that it will
    int64_t seen[3] = {forever, forever, forever};
    bool lie_down(Worker *w) {
        int64_t due = deadlines.next_due.load();
        bool nothing = Scheduler::lie_down(w);
        seen[w->thread] = due;
        return nothing;
    }
    int64_t sleep_until(Worker *w) { return keeper.load() == w ? seen[w->thread] : forever; }
};

// ---- work that comes from outside ----

template <class Sched, int workers_used, int offers, int procs, bool looks_on = false> struct Offers : World<Sched> {
    Offers() : World<Sched>(procs) {}
    void tasks(Tasks t) {
        this->used = offers;
        this->spins = looks_on;
        for (int i = 0; i < workers_used; i++) this->add_worker(t, i);
        for (int i = 0; i < offers; i++)
            t.add(i ? "outside2" : "outside1", [this, i] { this->s.queue(nullptr, &this->gs[i]); });
    }
};

// One that comes after another; the second is left to whoever the first has woken.
template <class Sched> struct OfferAgain : World<Sched> {
    OfferAgain() : World<Sched>(1) {}
    void tasks(Tasks t) {
        this->used = 2;
        this->add_worker(t, 0);
        t.add("outside1", [this] { this->s.queue(nullptr, &this->gs[0]); });
        t.add("outside2", [this] {
            explore::wait_for([this] { return this->runs[0] == 1; });
            this->s.queue(nullptr, &this->gs[1]);
        });
    }
};

// ---- work that a worker starts, and stealing ----

// The first starts others, and waits until they have begun, as they wait for each other: all have to be taken by others at once.
template <class Sched, int others, int quick = 0, bool looks_on = false> struct Barrier : World<Sched> {
    Barrier() : World<Sched>(others + 1) {}
    void meet() {
        for (int i = 0; i <= others; i++) this->wait_until_begun(i);
    }
    void tasks(Tasks t) {
        this->used = 1 + others + quick;
        this->spins = looks_on;
        this->bodies[0] = [this](Worker *w) {
            for (int i = others + quick; i > 0; i--) this->s.push_back(w, &this->gs[i]);
            meet();
        };
        for (int i = 1; i <= others; i++) this->bodies[i] = [this](Worker *) { meet(); };
        for (int i = 0; i <= others; i++) this->add_worker(t, i);
        t.add("outside", [this] { this->s.queue(nullptr, &this->gs[0]); });
    }
};

// What was made ready last waits in `next`. The worker does not come back to it until it has run: a thief takes it, once it is ripe.
// Or the worker comes back just then.
struct HandLook : Sysmon {
    explicit HandLook(Scheduler &s) { s_ = &s; }
    void look_at(int64_t now) { look(now); }
};
template <bool comes_back> struct Ripe : World<> {
    HandLook sysmon{s};
    bool put = false;

    Ripe() : World(2) {
        for (Worker &w : workers) w.thread_state = this;
        sysmon.detached = [](void *) { return true; };
    }
    void tasks(Tasks t) {
        used = 3;
        bodies[0] = [this](Worker *w) {
            s.push_next(w, &gs[1]);
            put = true;
            if (!comes_back) wait_until_begun(1);
            s.push_next(w, &gs[2]); // puts the other in line, if it is still there
        };
        add_worker(t, 0);
        add_worker(t, 1);
        t.add("outside", [this] {
            s.queue(nullptr, &gs[0]);
            explore::wait_for([this] { return put && (comes_back || workers[0].asleep.load() || workers[1].asleep.load()); });
            sysmon.look_at(1 * ms);
            sysmon.look_at(2 * ms);
        });
    }
};

// What a worker has queued goes to another once it has waited: sysmon, not who queues it, has somebody woken.
template <bool looks> struct Ripens : World<WithSysmon> {
    HandLook sysmon{s};
    bool put = false;

    Ripens() : World(2) {
        for (Worker &w : workers) w.thread_state = this;
        sysmon.detached = [](void *) { return true; };
    }
    void tasks(Tasks t) {
        used = 2;
        bodies[0] = [this](Worker *w) {
            s.push_back(w, &gs[1]);
            put = true;
            wait_until_begun(1);
        };
        add_worker(t, 0);
        add_worker(t, 1);
        t.add("outside", [this] {
            s.queue(nullptr, &gs[0]);
            explore::wait_for([this] { return put && (workers[0].asleep.load() || workers[1].asleep.load()); });
            for (int64_t now = ms; looks && now <= 3 * ms; now += ms) sysmon.look_at(now);
        });
    }
};

// A helper leaves what it has queued to those that remain at work, of whom the last is just lying down.
template <class Sched> struct Withdraws : World<Sched> {
    Withdraws() : World<Sched>(2) {}
    void tasks(Tasks t) {
        this->used = 3;
        this->bodies[0] = [this](Worker *w) {
            for (int i = 1; i < 3; i++) this->s.push_back(w, &this->gs[i]);
            this->s.withdraw(w);
        };
        for (int i = 0; i < 2; i++) this->add_worker(t, i);
        t.add("outside", [this] { this->s.queue(nullptr, &this->gs[0]); });
    }
};

// sysmon looks no more as often when nothing has waited for a while; just then something is queued, by somebody who sees that it does look.
struct CalmsDown : HandLook {
    using HandLook::HandLook;
    void calm_down() {
        seen_queued_ = 1;
        stay_alert(Look(), 1 + calm_after);
    }
};
struct CalmsDownBlindly : HandLook {
    using HandLook::HandLook;
    void calm_down() { s_->alert.store(false); }
};
template <class Watcher> struct Alerts : World<WithSysmon> {
    Watcher sysmon{s};

    Alerts() : World(2) {}
    void tasks(Tasks t) {
        s.join(&workers[0]);
        s.acquire(&workers[0], true);
        s.alert.store(true);
        t.add("worker1", [this] { s.push_back(&workers[0], &gs[0]); });
        t.add("sysmon", [this] { sysmon.calm_down(); });
    }
    void check() { expect(s.alert.load(), "something waits, and sysmon is calm"); }
};

// Something is queued while no processor is idle, so that nobody is told; then a worker lies down beside it.
template <class Sched> struct LiesDownBeside : World<Sched> {
    bool lay_down = false;

    LiesDownBeside() : World<Sched>(2) {}
    void tasks(Tasks t) {
        for (int i = 0; i < 2; i++) {
            this->s.join(&this->workers[i]);
            this->s.acquire(&this->workers[i], true);
        }
        t.add("worker1", [this] { this->s.push_back(&this->workers[0], &this->gs[0]); });
        t.add("worker2", [this] { lay_down = this->s.lie_down(&this->workers[1]); });
    }
    void check() { expect(!lay_down || this->s.alert.load(), "something waits, a processor is idle, and sysmon was not told"); }
};

// The same word by itself: its holder and two thieves.
struct LooseNext {
    static G *take(Processor &p) {
        G *g = p.next.load();
        if (g) p.next.store(nullptr);
        return g;
    }
};
struct TightNext {
    static G *take(Processor &p) { return Scheduler::take_ripe(&p); }
};
template <class Next> struct NextModel {
    Processor p;
    G gs[2];
    int seen[2] = {};

    void take(G *g) {
        if (g) seen[g - gs]++;
    }
    void tasks(Tasks t) {
        t.add("holder", [this] {
            p.next.store_release(&gs[0]);
            p.ripe.store(&gs[0]);
            take(Scheduler::take_next(&p));
            p.next.store_release(&gs[1]);
        });
        t.add("thief1", [this] { take(Next::take(p)); });
        t.add("thief2", [this] { take(Next::take(p)); });
    }
    void check() {
        take(Scheduler::take_next(&p));
        expect(seen[0] == 1 && seen[1] == 1, "a goroutine was lost or doubled");
    }
};

// A thief that takes more than one along, without looking on, while others lie down.
template <class Sched> struct Loot : World<Sched> {
    Loot() : World<Sched>(3) {}
    void tasks(Tasks t) {
        this->used = 5;
        this->bodies[0] = [this](Worker *w) {
            for (int i = 1; i < 4; i++) this->s.push_back(w, &this->gs[i]);
            this->wait_until_begun(1);
            this->wait_until_begun(2);
            this->wait_until_begun(3);
        };
        this->bodies[1] = this->bodies[2] = [this](Worker *) {
            this->wait_until_begun(1);
            this->wait_until_begun(2);
        };
        for (int i = 0; i < 3; i++) this->add_worker(t, i);
        t.add("outside", [this] {
            this->s.queue(nullptr, &this->gs[0]);
            this->s.queue(nullptr, &this->gs[4]);
        });
    }
};

// A worker takes its share of a far queue along, while another looks everywhere for the last time: the shared one, or plain functions that
// somebody has left with it.
template <class Sched, SleeperKind kind> struct Shares : World<Sched> {
    Shares() : World<Sched>(2) {}
    void tasks(Tasks t) {
        this->used = 3;
        for (int i = 1; i < 3; i++) this->gs[i].kind = kind;
        this->bodies[0] = [this](Worker *w) {
            this->s.background = w;
            if (kind == SleeperKind::coroutine) {
                GList batch;
                for (int i = 1; i < 3; i++) batch.push(&this->gs[i]);
                this->s.shared.push_all(batch);
                this->s.wake_for(kind, nullptr, nullptr);
            } else {
                for (int i = 1; i < 3; i++) this->s.offer(&this->gs[i]);
            }
        };
        this->bodies[1] = this->bodies[2] = [this](Worker *) {
            this->wait_until_begun(1);
            this->wait_until_begun(2);
        };
        for (int i = 0; i < 2; i++) this->add_worker(t, i);
        t.add("outside", [this] { this->s.queue(nullptr, &this->gs[0]); });
    }
};

// ---- goroutines at home on a worker, and those that move ----

// One waits at home; the outside claims it and makes it ready. Another worker has nothing to do.
template <class Sched, bool rouses> struct Mail : World<Sched> {
    int woken = 0, waits = 0;
    G g;

    Mail() : World<Sched>(1) {}
    void tasks(Tasks t) {
        Worker &worker = this->workers[0];
        g.kind = SleeperKind::plain;
        g.home = &worker;
        t.add_server("worker1", [this, &worker] {
            WorkerLoop<Sched> loop = this->loop_of(0);
            loop.join();
            for (;;) {
                g.state.start();
                worker.current = &g;
                if (++waits == 3) break;
                g.claim.open();
                if (g.state.park()) expect(loop.find_next() == &g, "another goroutine");
            }
            g.state.finish();
            loop.find_next();
        });
        this->add_worker(t, 1);
        t.add("outside", [this, &worker] {
            while (woken < 2) {
                explore::wait_for([this] { return g.claim.is_open(g.claim.ticket()); });
                if (!g.claim.take_any()) continue;
                woken++;
                if (rouses) this->s.make_ready(nullptr, &g);
                else if (g.state.ready()) worker.inbox.push(&g);
            }
        });
    }
    void check() {
        expect(waits == 3, "it sleeps although it was made ready");
        World<Sched>::check();
    }
};

// A coroutine waits three times, and is made ready by the outside, and by a goroutine of another worker.
struct Moves : World<> {
    int waits = 0;

    Moves() : World(2) {}
    void work_moving(int i) {
        WorkerLoop<> loop = loop_of(i);
        loop.join();
        for (;;) {
            G *g = loop.find_next();
            if (g != &gs[0]) {
                run(&workers[i], g);
                continue;
            }
            g->state.start();
            do {
                workers[i].current = g;
                expect(!inside[0], "it runs on two workers at once");
                inside[0] = true;
                if (++waits == 4) {
                    g->state.finish();
                    runs[0]++;
                    inside[0] = false;
                    break;
                }
                if (waits == 2) s.push_back(&workers[i], &gs[1]);
                g->claim.open();
                inside[0] = false;
                workers[i].current = nullptr;
            } while (!g->state.park());
        }
    }
    void wake(Worker *by, int wait) {
        explore::wait_for([this, wait] { return gs[0].claim.is_open(Ticket(wait) * 2); });
        expect(gs[0].claim.take_any(), "somebody else has claimed it");
        s.make_ready(by, &gs[0]);
    }
    void tasks(Tasks t) {
        used = 2;
        bodies[1] = [this](Worker *w) { wake(w, 2); };
        t.add_server("worker1", [this] { work_moving(0); });
        t.add_server("worker2", [this] { work_moving(1); });
        t.add("outside", [this] {
            s.queue(nullptr, &gs[0]);
            wake(nullptr, 1);
            wake(nullptr, 3);
        });
    }
};

// ---- who may run what ----

// A run()'s worker, another's, and a helper; plain goroutines of the first and of a run() that is gone, and a coroutine.
template <class Sched> struct Rights : World<Sched> {
    int scope[3] = {};

    Rights() : World<Sched>(2) {}
    void tasks(Tasks t) {
        this->used = 3;
        this->workers[0].scope = &scope[0];
        this->workers[1].scope = &scope[1];
        for (int i = 0; i < 2; i++) this->gs[i].kind = SleeperKind::plain;
        this->gs[0].scope = &scope[0];
        this->gs[1].scope = &scope[2];
        for (int i = 0; i < 3; i++) this->add_worker(t, i);
        t.add("outside", [this] {
            explore::wait_for([this] { return this->joined == 3; });
            this->s.queue(nullptr, &this->gs[2]);
            this->s.queue(nullptr, &this->gs[1]);
            this->s.queue(nullptr, &this->gs[0]);
        });
    }
};

// A goroutine takes its thread for itself; what is queued on its processor is for others.
template <class Sched> struct Locked : World<Sched> {
    Locked() : World<Sched>(1) {}
    void tasks(Tasks t) {
        this->used = 2;
        this->gs[0].home = &this->workers[0];
        this->bodies[0] = [this](Worker *w) {
            w->locked = 1;
            this->s.push_back(w, &this->gs[1]);
        };
        this->add_worker(t, 0);
        this->add_worker(t, 1);
        t.add("outside", [this] { this->s.queue(nullptr, &this->gs[0]); });
    }
};

// ---- processors passed round ----

// A worker with work queued on its processor comes by its 61st tick while another stands in line.
template <class Sched> struct InLine : World<Sched> {
    InLine() : World<Sched>(1) {}
    void tasks(Tasks t) {
        this->used = 4;
        this->workers[0].tick.store(59);
        this->s.join(&this->workers[0]);
        this->s.acquire(&this->workers[0], true);
        for (int i = 0; i < 3; i++) this->s.push_back(&this->workers[0], &this->gs[i]);
        this->gs[3].kind = SleeperKind::plain;
        this->gs[3].home = &this->workers[1];
        t.add_server("worker1", [this] {
            WorkerLoop<Sched> loop = this->loop_of(0);
            for (;;) this->run(&this->workers[0], loop.find_next());
        });
        this->add_worker(t, 1);
        t.add("outside", [this] { this->s.queue(nullptr, &this->gs[3]); });
    }
};

// A plain function comes whose own worker is locked to a goroutine, while a helper lies down. No processor is idle, and who holds the only one
// may not start it: somebody has to stand in line.
template <class Sched> struct Stray : World<Sched> {
    int scope = 0;

    Stray() : World<Sched>(1) {}
    void tasks(Tasks t) {
        Worker &holder = this->workers[0], &owner = this->workers[1], &helper = this->workers[2];
        this->used = 2;
        this->s.join(&owner);
        this->s.background = &owner;
        owner.locked = 1;
        this->s.join(&holder);
        holder.scope = &scope;
        holder.tick.store(59); // it asks itself next whether others want its processor
        this->s.acquire(&holder, true);
        this->s.push_back(&holder, &this->gs[0]);
        this->bodies[0] = [this](Worker *) { explore::wait_for([this] { return this->s.wanting.load() != 0; }); };
        this->gs[1].kind = SleeperKind::plain;
        this->s.join(&helper);
        for (Worker *w : {&holder, &helper}) {
            t.add_server(w == &holder ? "holder" : "helper", [this, w] {
                WorkerLoop<Sched> loop(this->s, w);
                for (;;) this->run(w, loop.find_next());
            });
        }
        t.add("outside", [this] { this->s.offer(&this->gs[1]); });
    }
};

// A worker is stuck in a goroutine whose end needs what is queued behind it; sysmon writes it off. Then it goes on, and pushes more.
struct SharesQueue : Scheduler { // lets another hold the same processor
    void share() {
        Held<Lock> hold(lock_);
        Worker *heir = workers_, *stuck = heir->all_link; // the one that joined last, and the first
        if (heir->wants) next_in_line();
        give(heir, stuck->processor);
        heir->asleep.store(false);
        heir->parker.unpark();
    }
};
struct Sharer {
    SharesQueue &s;
    void look_at(int64_t) { s.share(); }
};
template <class Sched, class Watcher, bool resizes = false> struct Stuck : World<Sched> {
    Watcher sysmon{this->s};
    bool waits = false;

    Stuck() : World<Sched>(1) {}
    void tasks(Tasks t) {
        Sched &s = this->s;
        this->used = 5;
        this->bodies[0] = [this, &s](Worker *w) {
            s.push_back(w, &this->gs[1]);
            s.push_back(w, &this->gs[2]);
            waits = true;
            this->wait_until_begun(1);
            s.push_back(w, &this->gs[3]);
            s.push_back(w, &this->gs[4]);
        };
        s.join(&this->workers[0]);
        s.acquire(&this->workers[0], true);
        s.push_back(&this->workers[0], &this->gs[0]);
        t.add_server("worker1", [this] {
            WorkerLoop<Sched> loop = this->loop_of(0);
            for (;;) this->run(&this->workers[0], loop.find_next());
        });
        this->add_worker(t, 1);
        t.add_server("sysmon", [this] { // looks whenever the other has nothing, until it has come to help
            for (int64_t now = 100 * ms;; now += 100 * ms) {
                explore::wait_for([this] { return waits && !this->begun[1] && (this->workers[1].asleep.load() || this->workers[1].wants); });
                sysmon.look_at(now);
            }
        });
        if (resizes)
            t.add("resizer", [this, &s] {
                explore::wait_for([this] { return waits; });
                s.resize(2);
                s.resize(1);
            });
    }
};

// Fewer and more processors while work comes.
template <class Sched> struct Resizes : World<Sched> {
    Resizes() : World<Sched>(2) {}
    void tasks(Tasks t) {
        this->used = 3;
        this->bodies[0] = [this](Worker *w) { this->s.push_back(w, &this->gs[1]); };
        this->add_worker(t, 0);
        this->add_worker(t, 1);
        t.add("outside", [this] {
            this->s.queue(nullptr, &this->gs[0]);
            this->s.queue(nullptr, &this->gs[2]);
        });
        t.add("resizer", [this] {
            this->s.resize(1);
            this->s.resize(3);
            this->s.resize(1);
        });
    }
};
// More processors, for what one worker has queued: it waits until others have begun it.
struct Grows : World<> {
    Grows() : World(1) {}
    void tasks(Tasks t) {
        used = 2;
        bodies[0] = [this](Worker *w) {
            s.push_back(w, &gs[1]);
            s.resize(2);
            wait_until_begun(1);
        };
        add_worker(t, 0);
        add_worker(t, 1);
        t.add("outside", [this] { s.queue(nullptr, &gs[0]); });
    }
};

// ---- deadlines ----

// Threads from outside wait for deadlines, the later one's first. Whoever sleeps until the later has to be told of the earlier.
template <class Sched, int procs, int workers_used> struct Deadlined : World<Sched> {
    ThreadSleeper threads[2];
    Deadline deadlines[2];
    bool fired[2] = {}, armed[2] = {}, late = false;

    Deadlined() : World<Sched>(procs) {}
    void wait(int i, int64_t due) {
        bool ok = true;
        deadlines[i].owner = static_cast<Sleeper *>(&threads[i]);
        deadlines[i].ticket = threads[i].claim.open();
        this->s.rearm(nullptr, &deadlines[i], due, &ok);
        armed[i] = true;
        fired[i] = wait_thread(threads[i], forever) == Outcome::timed_out;
    }

    void tasks(Tasks t) {
        t.when_all_sleep([this](int64_t until) { // not longer than until what is armed
            for (int i = 0; i < 2; i++) late = late || (armed[i] && deadlines[i].armed() && deadlines[i].when < until);
        });
        for (int i = 0; i < workers_used; i++) this->add_worker(t, i);
        t.add("outside1", [this] { wait(0, 1000); });
        t.add("outside2", [this] { wait(1, 500); });
    }
    void check() {
        expect(fired[0] && fired[1], "a deadline was not fired");
        expect(!late, "a deadline was fired too late");
        World<Sched>::check();
    }
};

// A deadline is armed while two workers sleep; then one of them leaves, with work queued. The other has to see to both.
template <class Sched> struct Leaves : World<Sched> {
    G main;
    ThreadSleeper thread;
    Deadline deadline;
    int scope = 0;
    bool left = false, fired = false;

    Leaves() : World<Sched>(1) {}
    void tasks(Tasks t) {
        this->used = 1;
        this->add_worker(t, 0);
        this->workers[1].scope = &scope;
        t.add("run", [this] {
            WorkerLoop<Sched> loop = this->loop_of(1);
            loop.join();
            main.kind = SleeperKind::plain;
            main.home = &this->workers[1];
            main.state.start();
            main.claim.open();
            if (main.state.park()) expect(loop.find_next() == &main, "another goroutine");
            main.state.start();
            this->s.push_next(&this->workers[1], &this->gs[0]);
            loop.leave();
            left = true;
        });
        t.add("outside", [this] {
            explore::wait_for([this] { return main.claim.is_open(2); });
            bool ok = true;
            deadline.owner = static_cast<Sleeper *>(&thread);
            deadline.ticket = thread.claim.open();
            this->s.rearm(nullptr, &deadline, 1000, &ok);
            if (main.claim.take_any()) this->s.make_ready(nullptr, &main);
            fired = wait_thread(thread, forever) == Outcome::timed_out;
        });
    }
    void check() {
        expect(left && fired, "the deadline was not fired");
        World<Sched>::check();
    }
};

} // namespace

int main() {
    using S = Scheduler;
    right<Offers<S, 1, 2, 1>>("sleep: one worker, two from outside");
    right<Offers<S, 2, 2, 2>>("sleep: two workers, two from outside", 1);
    right<Offers<S, 2, 2, 2, true>>("sleep: two workers that look on, two from outside", 1);
    right<Offers<S, 2, 1, 2, true>>("sleep: two workers that look on, one from outside");
    right<OfferAgain<S>>("sleep: one after another");
    right<Offers<WithSysmon, 2, 2, 2>>("sleep: two workers, two from outside, watched", 1);
    right<OfferAgain<WithSysmon>>("sleep: one after another, watched");
    wrong<Offers<NoSecondLook<S>, 1, 1, 1>>("sleep without a second look");
    wrong<Offers<AsleepLate, 1, 1, 1>>("asleep stored after the second look");
    wrong<Offers<SpinsOn, 2, 2, 2, true>>("spinning until after the second look");
    wrong<OfferAgain<EarlyCounter>>("spinning counted before there is anybody");

    right<Barrier<S, 1>>("two that wait for each other");
    right<Barrier<S, 1, 1, true>>("two that wait for each other, workers that look on");
    right<Barrier<S, 2>>("three that wait for each other", 1);
    wrong<Barrier<SilentFinder, 2>>("a finder that has nobody woken for the rest");
    right<Loot<S>>("a thief takes several", 1);
    right<Shares<S, SleeperKind::coroutine>>("a share of the shared queue");
    right<Shares<S, SleeperKind::plain>>("a share of what was left with a worker");
    wrong<Shares<SilentTaker, SleeperKind::coroutine>>("a share that nobody is told of");
    right<Ripe<false>>("next: a thief takes what is ripe");
    right<Ripens<true>>("a thief comes for what has waited");
    wrong<Ripens<false>>("nobody says that it has waited");
    right<Withdraws<WithSysmon>>("a helper withdraws while another lies down");
    wrong<Withdraws<NoSecondLook<WithSysmon>>>("who withdraws does not look again");
    right<Alerts<CalmsDown>>("sysmon calms down while something is queued");
    wrong<Alerts<CalmsDownBlindly>>("sysmon calms down and does not look again");
    right<LiesDownBeside<WithSysmon>>("a worker lies down beside what waits");
    wrong<LiesDownBeside<PassesNothingOn<WithSysmon>>>("who lies down beside what waits tells nobody");
    right<Ripe<true>>("next: its worker comes back to it", 1);
    right<NextModel<TightNext>>("next: its holder and two thieves");
    wrong<NextModel<LooseNext>>("next taken without compare-and-swap");

    right<Mail<S, true>>("sleep: wake-up of a goroutine at home");
    wrong<Mail<S, false>>("inbox without a wake-up");
    wrong<Mail<AsleepLate, true>>("inbox: asleep stored after the second look");
    wrong<Mail<KeepsProcessor, true>>("a processor that a sleeping worker keeps");
    right<Moves>("a goroutine that moves between workers", 1);

    right<Rights<S>>("who may run what", 1);
    wrong<Rights<PassesNothingOn<S>>>("what it may not run is not passed on");
    right<Locked<S>>("a thread that is one goroutine's own");
    wrong<Locked<PassesNothingOn<S>>>("what a locked thread has queued is not passed on");

    right<InLine<S>>("a processor handed over with its queue");
    right<InLine<WithSysmon>>("a processor handed over with its queue, watched");
    right<Stray<WithSysmon>>("a stray, and a helper that lies down");
    wrong<Stray<NoSecondLook<WithSysmon>>>("a helper lies down, and does not look for strays again");
    wrong<Stray<CallsNobody>>("a stray that nobody is called for");
    wrong<Mail<LinesUpLate, true>>("a processor that has become idle, and who stands in line does not look");
    wrong<InLine<HandsOverSilently>>("a processor handed over, and the heir sleeps on");
    right<Stuck<S, HandLook>>("sysmon writes a stuck worker off");
    right<Stuck<S, HandLook, true>>("sysmon writes off while gomaxprocs changes", 1);
    wrong<Stuck<SharesQueue, Sharer>>("a stuck worker's processor given to another as well");
    right<Resizes<S>>("gomaxprocs changes", 1);
    wrong<Resizes<ForgetsHeld>>("gomaxprocs forgets who holds processors");
    right<Grows>("gomaxprocs grows for what is queued");

    right<Deadlined<S, 1, 1>>("deadlines: one worker");
    right<Deadlined<S, 1, 2>>("deadlines: two workers, one processor", 1);
    right<Deadlined<S, 2, 2>>("deadlines: two workers", 1);
    wrong<Deadlined<WakesNoKeeper, 1, 2>>("an earlier deadline, and nobody is told");
    wrong<Deadlined<LateKeeper, 1, 2>>("a keeper that has read the deadlines too early");

    right<Leaves<S>>("deadlines: who looks at them leaves");
    wrong<Leaves<KeepsDeadlines>>("who leaves tells nobody");
    return models::summary("scheduler_models_test");
}
