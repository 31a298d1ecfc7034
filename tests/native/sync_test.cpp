// Package sync: first the rules in one thread, then many threads at once, then goroutines on several processors.
#define GOCONC_QUEUE_SLOTS 4
#include "check.hpp"
#include "sleeping.hpp"
#include "worker_loop.hpp"

#include <atomic>
#include <memory>

using namespace goconc;
using check::Random;

namespace {

// ---- one thread ----

struct Waits { // somebody, without a thread
    Sleeper sleeper;
    Waiter waiter;

    bool enter(WaitPoint &point) { return point.enter(&sleeper, &waiter); }
    bool give_up(WaitPoint &point) {
        bool mine = sleeper.claim.take_any();
        WakeList wakes;
        point.leave(&waiter, !mine, wakes);
        return wakes.head == nullptr;
    }
};

template <class M> std::vector<Sleeper *> unlocked(M &mutex) {
    WakeList wakes;
    CHECK(mutex.unlock(wakes));
    std::vector<Sleeper *> woken;
    while (Sleeper *s = wakes.pop()) woken.push_back(s);
    return woken;
}
using Sleepers = std::vector<Sleeper *>;

void mutex_competes() { // MU-05, MU-08
    PatientMutex<forever> mutex;
    Waits a, b, c;
    WakeList nobody;
    CHECK(!mutex.unlock(nobody) && !mutex.is_locked());
    CHECK(mutex.try_lock() && !mutex.try_lock() && mutex.is_locked());
    CHECK(!a.enter(mutex) && !b.enter(mutex));
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper});
    CHECK(mutex.try_lock());                 // a newcomer is quicker
    CHECK(!c.enter(mutex));
    CHECK(!mutex.go_on(&a.waiter));          // back to the front
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper});
    CHECK(mutex.try_lock() && unlocked(mutex).empty()); // nobody else is woken as long as `a` is on its way
    CHECK(mutex.go_on(&a.waiter) && mutex.is_locked());
    CHECK(unlocked(mutex) == Sleepers{&b.sleeper} && mutex.go_on(&b.waiter));
    CHECK(unlocked(mutex) == Sleepers{&c.sleeper} && mutex.go_on(&c.waiter));
    CHECK(unlocked(mutex).empty() && mutex.try_lock());
}

void mutex_starves() { // MU-06
    PatientMutex<-1> mutex;
    Waits a, b, c;
    CHECK(mutex.try_lock() && !a.enter(mutex));
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper} && mutex.try_lock());
    CHECK(!mutex.go_on(&a.waiter) && !b.enter(mutex)); // it has lost, and had waited too long
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper});
    CHECK(a.waiter.ok && mutex.is_locked() && !mutex.try_lock() && !c.enter(mutex)); // handed over: newcomers queue
    CHECK(mutex.go_on(&a.waiter));
    CHECK(unlocked(mutex) == Sleepers{&b.sleeper} && b.waiter.ok && mutex.go_on(&b.waiter));
    CHECK(unlocked(mutex) == Sleepers{&c.sleeper} && c.waiter.ok && mutex.go_on(&c.waiter)); // the last one: normal again
    CHECK(!a.enter(mutex));
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper} && !a.waiter.ok && !mutex.is_locked() && mutex.go_on(&a.waiter));
}

void mutex_passes_on() {
    PatientMutex<forever> mutex;
    Waits a, b, task;
    task.sleeper.kind = SleeperKind::task;
    CHECK(mutex.try_lock() && !a.enter(mutex) && !task.enter(mutex) && !b.enter(mutex));
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper});
    CHECK(!a.give_up(mutex)); // woken, and does not come: the next one is woken
    CHECK(task.waiter.ok && mutex.is_locked());
    CHECK(!task.give_up(mutex)); // handed to a task that does not want it
    CHECK(!b.waiter.ok && mutex.go_on(&b.waiter));
    CHECK(!a.enter(mutex) && a.give_up(mutex) && !a.waiter.linked); // gives up before its time: nobody is woken
    CHECK(unlocked(mutex).empty() && mutex.try_lock());
}

void mutex_waits_for_nobody_too_long() {
    PatientMutex<-1> mutex;
    Waits a, b;
    CHECK(mutex.try_lock() && !a.enter(mutex) && !b.enter(mutex));
    CHECK(unlocked(mutex) == Sleepers{&a.sleeper} && mutex.try_lock());
    CHECK(unlocked(mutex) == Sleepers{&b.sleeper}); // `a` is late: the next one comes instead
    CHECK(mutex.go_on(&b.waiter) && unlocked(mutex).empty());
    CHECK(mutex.go_on(&a.waiter) && unlocked(mutex).empty());
}

void rw_rules() { // RW-02, RW-03, RW-06
    RWMutex rw;
    Waits w0, r0, w1, r1;
    WakeList nobody;
    CHECK(!rw.unlock(nobody) && !rw.runlock(nobody));
    CHECK(rw.try_rlock() && rw.try_rlock() && !rw.try_lock() && !rw.unlock(nobody));
    CHECK(rw.runlock(nobody) && rw.runlock(nobody) && !nobody.head);
    CHECK(rw.try_lock() && !rw.try_lock() && !rw.try_rlock() && !rw.runlock(nobody));
    CHECK(!w0.enter(*rw.writing()) && !r0.enter(*rw.reading()) && !w1.enter(*rw.writing()) && !r1.enter(*rw.reading()));
    CHECK((unlocked(rw) == Sleepers{&r0.sleeper, &r1.sleeper}));
    CHECK(!rw.try_rlock()); // writers wait
    WakeList wakes;
    CHECK(rw.runlock(wakes) && !wakes.head && rw.runlock(wakes) && wakes.pop() == &w0.sleeper && !wakes.pop());
    CHECK(unlocked(rw) == Sleepers{&w1.sleeper} && unlocked(rw).empty());
    CHECK(rw.try_rlock() && !w0.enter(*rw.writing()) && !r0.enter(*rw.reading()));
    CHECK(!w0.give_up(*rw.writing()) && r0.waiter.ok); // its leaving lets the reader in
    CHECK(rw.runlock(nobody) && rw.runlock(nobody) && !nobody.head && rw.try_lock());
    CHECK(!r0.enter(*rw.reading()) && unlocked(rw) == Sleepers{&r0.sleeper});
    CHECK(r0.give_up(*rw.reading()) && rw.try_lock()); // let in, and does not come
}

void group_rules() { // WG-01, WG-02, WG-04
    WaitGroup group;
    Waits a, b;
    WakeList wakes;
    CHECK(a.enter(group) && !group.add(-1, wakes) && group.add(2, wakes) && !group.add(-3, wakes));
    CHECK(!group.add(INT64_MAX, wakes) && group.add(INT64_MAX - 2, wakes) && group.add(2 - INT64_MAX, wakes));
    CHECK(!group.add(INT64_MIN, wakes) && !a.enter(group) && !b.enter(group));
    CHECK(group.add(-1, wakes) && !wakes.head && group.add(-1, wakes));
    CHECK(wakes.pop() == &a.sleeper && wakes.pop() == &b.sleeper && !wakes.pop() && !group.complaint());
    CHECK(group.add(1, wakes) && group.complaint());
}

void notice_rules() { // CO-04
    Notice notice;
    Waits a, b;
    WakeList wakes;
    CHECK(!a.enter(notice));
    notice.give(wakes);
    CHECK(wakes.pop() == &a.sleeper && b.enter(notice)); // it stays given
}

// ---- what is guarded ----

// Everything of the package that is to be shared; its data are plain, so that ThreadSanitizer sees what the locks order.
struct Guarded {
    Mutex mutex;
    PatientMutex<20000> impatient;
    RWMutex rw;
    WaitGroup group;
    long counts[3] = {};       // under mutex, impatient and rw
    bool busy[3] = {};
    std::atomic<int> readers{0};
    long done[3] = {};         // under the same

    enum Kind { locks, locks_impatient, writes, reads, joins, kinds };

    WaitPoint &point(int kind) {
        if (kind == locks) return mutex;
        if (kind == locks_impatient) return impatient;
        if (kind == writes) return *rw.writing();
        if (kind == reads) return *rw.reading();
        return group;
    }
    void begin(int kind, WakeList &wakes) {
        if (kind <= writes) {
            CHECK(!busy[kind] && (kind != writes || readers == 0));
            busy[kind] = true;
            counts[kind]++;
            CHECK(group.add(1, wakes) && !wakes.head);
        } else if (kind == reads) {
            readers++;
            CHECK(!busy[writes] && counts[writes] == done[writes]);
        }
    }
    void end(int kind, WakeList &wakes) {
        if (kind <= writes) {
            CHECK(busy[kind]);
            busy[kind] = false;
            done[kind]++;
            CHECK(group.add(-1, wakes));
        }
        if (kind == locks) CHECK(mutex.unlock(wakes));
        if (kind == locks_impatient) CHECK(impatient.unlock(wakes));
        if (kind == writes) CHECK(rw.unlock(wakes));
        if (kind == reads) {
            CHECK(!busy[writes] && counts[writes] == done[writes]);
            readers--;
            CHECK(rw.runlock(wakes));
        }
    }
    void check(const std::atomic<long> *through) {
        CHECK(mutex.try_lock() && impatient.try_lock() && rw.try_lock() && readers == 0);
        WakeList wakes;
        CHECK(!group.add(-1, wakes));
        for (int kind : {locks, locks_impatient, writes}) CHECK(counts[kind] == through[kind] && done[kind] == through[kind]);
    }
};

// No progress for 20 seconds: somebody sleeps for ever.
void watch(std::atomic<long> &progress, std::atomic<bool> &over) {
    long seen = -1;
    for (int idle = 0; !over; idle = progress == seen ? idle + 1 : 0, seen = progress) {
        CHECK(idle < 2000);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

// ---- many threads ----

void threads(int n, int rounds, bool limits, bool cancels) {
    Guarded all;
    std::atomic<long> through[Guarded::kinds] = {}, progress{0};
    std::atomic<bool> over{false};
    struct Slot { // where a canceller finds who waits
        std::mutex mutex;
        ThreadSleeper *thread = nullptr;
    };
    std::vector<Slot> slots{size_t(n)};
    auto body = [&](int me) {
        Random random(check::seed() + uint64_t(me));
        for (int i = 0; i < rounds; i++) {
            ThreadSleeper thread; // on this frame, as in the runtime: it is gone right after
            if (random.one_in(4)) thread.kind = SleeperKind::task; // always handed the mutex
            {
                std::lock_guard<std::mutex> hold(slots[size_t(me)].mutex);
                slots[size_t(me)].thread = &thread;
            }
            int kind = int(random.below(Guarded::kinds));
            if (wait_thread_at(all.point(kind), thread, limits && random.one_in(3) ? now_ns() + random.below(60000) : forever)) {
                WakeList wakes;
                all.begin(kind, wakes);
                if (random.one_in(8)) std::this_thread::yield();
                all.end(kind, wakes);
                wake_all(wakes);
                through[kind]++;
            }
            CHECK(!thread.waiter.linked);
            progress++;
            std::lock_guard<std::mutex> hold(slots[size_t(me)].mutex);
            slots[size_t(me)].thread = nullptr;
        }
    };
    std::vector<std::thread> bodies;
    std::thread watcher([&] { watch(progress, over); }), canceller;
    for (int i = 0; i < n; i++) bodies.emplace_back(body, i);
    if (cancels)
        canceller = std::thread([&] {
            Random random(check::seed() + 1000);
            while (!over) {
                Slot &slot = slots[random.below(uint32_t(n))];
                {
                    std::lock_guard<std::mutex> hold(slot.mutex);
                    if (slot.thread) cancel(*slot.thread);
                }
                if (random.one_in(4)) std::this_thread::yield();
            }
        });
    for (std::thread &thread : bodies) thread.join();
    over = true;
    watcher.join();
    if (canceller.joinable()) canceller.join();
    all.check(through);
    if (!limits && !cancels) CHECK(through[0] + through[1] + through[2] + through[3] + through[4] == long(n) * rounds);
}

// ---- goroutines on several processors ----

struct TestG : G {
    Random random{0};
    int left = 0; // operations to come
    int kind_of = 0;
    enum Where { outside, waiting, inside } where = outside;
};

class World {
    static constexpr int goroutines = 12, threads = 3;
    Guarded all_;
    Scheduler scheduler_;
    Worker workers_[threads];
    TestG gs_[goroutines];
    std::atomic<long> through_[Guarded::kinds] = {}, progress_{0};
    std::atomic<int> alive_{goroutines};
    std::atomic<bool> over_{false};

    void make_ready(Worker *w, WakeList &wakes) {
        while (Sleeper *s = wakes.pop()) scheduler_.make_ready(w, s);
    }
    // The wait that was opened. False: it goes on here.
    bool park(Worker *w, TestG *g) {
        g->where = TestG::waiting;
        g->deadline.when = forever;
        if (g->random.one_in(3)) {
            g->deadline.when = now_ns() + g->random.below(100000);
            g->deadline.kind = DeadlineKind::wake;
            g->deadline.ticket = g->claim.ticket();
            CHECK(scheduler_.arm(w, &g->deadline));
        }
        w->current = nullptr;
        return g->state.park();
    }
    // After a wait: whether it is through.
    bool served(Worker *w, TestG *g) {
        WaitPoint &point = all_.point(g->kind_of);
        if (g->deadline.when != forever) scheduler_.disarm(&g->deadline);
        bool handed = g->outcome == Outcome::handed;
        if (handed && g->random.below(8)) {
            if (point.go_on(&g->waiter)) return true;
            return false; // it stands in line again
        }
        WakeList wakes; // it has waited in vain; or it does not want any more what it was given
        point.leave(&g->waiter, handed, wakes);
        make_ready(w, wakes);
        g->where = TestG::outside;
        return false;
    }
    void begin(Worker *w, TestG *g) {
        WakeList wakes;
        all_.begin(g->kind_of, wakes);
        make_ready(w, wakes);
        g->where = TestG::inside;
    }
    void end(Worker *w, TestG *g) {
        WakeList wakes;
        all_.end(g->kind_of, wakes);
        make_ready(w, wakes);
        through_[g->kind_of]++;
        g->where = TestG::outside;
    }
    void run(Worker *w, TestG *g) {
        for (;;) {
            w->current = g;
            if (g->where == TestG::waiting) {
                if (served(w, g)) begin(w, g);
                else if (g->where == TestG::waiting) {
                    if (park(w, g)) return;
                    continue;
                }
            }
            if (g->where == TestG::inside) {
                if (g->random.one_in(4)) { // others run while it is inside
                    w->current = nullptr;
                    g->state.yield();
                    scheduler_.push_last(w, g);
                    return;
                }
                end(w, g);
            }
            progress_++;
            if (g->left-- == 0) break;
            g->kind_of = int(g->random.below(Guarded::kinds));
            if (all_.point(g->kind_of).enter(g, &g->waiter)) begin(w, g);
            else if (park(w, g)) return;
        }
        w->current = nullptr;
        g->state.finish();
        if (--alive_ == 0) {
            over_ = true;
            for (Worker &other : workers_) other.parker.unpark();
        }
    }
    void work(Worker *w) {
        WorkerLoop<> loop(scheduler_, w);
        loop.stopping = [this] { return over_.load(); };
        loop.join();
        while (G *g = loop.find_next()) {
            g->state.start();
            run(w, static_cast<TestG *>(g));
        }
        loop.leave();
    }
    void cancel_some() {
        Random random(check::seed() + 5);
        while (!over_) {
            TestG &g = gs_[random.below(goroutines)];
            if (g.claim.take_any()) {
                g.outcome = Outcome::canceled;
                scheduler_.make_ready(nullptr, &g);
            }
            std::this_thread::yield();
        }
    }

  public:
    World(uint32_t procs, int rounds) {
        CHECK(scheduler_.resize(procs));
        Random random(check::seed());
        for (Worker &w : workers_) {
            w.thread_state = &w;
            w.dice.seed(random.next());
        }
        for (TestG &g : gs_) {
            g.kind = SleeperKind::coroutine;
            g.random = Random(random.next());
            g.left = rounds;
            scheduler_.queue(nullptr, &g);
        }
        check::dump() = [this] {
            for (TestG &g : gs_) std::fprintf(stderr, "goroutine: %s, kind %d, at %d, %d to go\n", g.state.name(), g.kind_of, g.where, g.left);
        };
    }
    void run() {
        std::vector<std::thread> workers;
        std::thread watcher([this] { watch(progress_, over_); });
        for (Worker &w : workers_) workers.emplace_back([this, &w] { work(&w); });
        std::thread canceller([this] { cancel_some(); });
        for (std::thread &thread : workers) thread.join();
        canceller.join();
        watcher.join();
        all_.check(through_);
        for (auto &count : through_) CHECK(count > 0);
    }
};

} // namespace

int main() {
    check::test("mutex: the woken compete", mutex_competes);
    check::test("mutex: starvation", mutex_starves);
    check::test("mutex: what came for one that gives up", mutex_passes_on);
    check::test("mutex: one that is late keeps nobody waiting", mutex_waits_for_nobody_too_long);
    check::test("rwmutex", rw_rules);
    check::test("wait group", group_rules);
    check::test("notice", notice_rules);
    int rounds = check::scaled(20000);
    check::test("threads", [&] { threads(6, rounds, false, false); });
    check::test("threads, with limits", [&] { threads(6, rounds, true, false); });
    check::test("threads, with limits and cancellation", [&] { threads(6, rounds, true, true); });
    check::test("goroutines, one processor", [&] { World(1, rounds / 4).run(); });
    check::test("goroutines, three processors", [&] { World(3, rounds / 4).run(); });
    return check::summary("sync_test");
}
