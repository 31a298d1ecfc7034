// The scheduler with real threads and no Python: workers that sleep whenever they can, goroutines that wait and sleep and give way,
// threads from outside that wake them and start new ones, workers that come and go. Nothing is lost, nobody sleeps while work waits.
#define GOCONC_QUEUE_SLOTS 4
#include "check.hpp"
#include "sleeping.hpp"
#include "../../goconc/_native/sysmon.hpp"
#include "worker_loop.hpp"

#include <atomic>
#include <memory>
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace goconc;
using check::Random;

namespace {

struct Settings {
    int runs = 1;            // workers of run() calls, beside the background's
    int drivers = 2;         // threads from outside
    int waiting_each = 2;    // goroutines that only their driver and other goroutines wake
    int wakes = 1000;        // of each driver
    int sleepers = 2;        // goroutines that wait for deadlines
    bool comes_and_goes = false;
    bool gets_stuck = false; // a step now and then takes longer than sysmon lets pass
    uint32_t procs = 1;
    bool resizes = false;    // and the number of processors changes all the time
};

// What a goroutine does: one step each time it is run.
struct TestG : G {
    enum Kind { waits, sleeps, once } kind_of = waits;
    Random random{0};
    std::atomic<bool> running{false}, ended{false};
    std::atomic<long> steps{0};
    std::atomic<int> *count = nullptr; // once: told when it has run; then it is deleted
};

class World {
    Settings settings_;
    Scheduler scheduler_;
    Sysmon sysmon_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::unique_ptr<TestG>> waiting_, sleepers_;
    std::vector<int> scopes_;
    std::atomic<bool> stop_{false};
    std::atomic<long> progress_{0}, deadlines_fired_{0};
    std::atomic<int> drivers_left_{0}, comings_{0};

    // True: it has given the thread up and belongs to somebody else from here on.
    bool step(Worker *w, TestG *g) {
        for (;;) {
            CHECK(!g->running.exchange(true));
            CHECK(!g->home || g->home == w);
            if (g->G::kind == SleeperKind::plain) {
                CHECK(g->home || !w->scope || w->scope == g->scope);
                g->home = w; // from here on it has a stack there
            }
            w->current = g;
            g->steps++;
            if (settings_.gets_stuck && g->random.one_in(400)) std::this_thread::sleep_for(std::chrono::milliseconds(25));
            if (g->kind_of == TestG::once || stop_) {
                g->state.finish();
                g->running = false;
                if (g->kind_of != TestG::once) {
                    g->ended = true;
                    return true;
                }
                std::atomic<int> *count = g->count;
                delete g;
                (*count)++;
                return true;
            }
            if (g->random.one_in(4)) {
                g->running = false;
                g->state.yield();
                scheduler_.push_last(w, g);
                return true;
            }
            if (g->random.one_in(4)) { // wakes another one, as a send would
                TestG *other = waiting_[g->random.below(uint32_t(waiting_.size()))].get();
                if (other != g) wake(w, other);
            }
            Ticket ticket = g->claim.open();
            if (g->kind_of == TestG::sleeps) {
                g->deadline.when = now_ns() + g->random.below(300000);
                g->deadline.kind = DeadlineKind::wake;
                g->deadline.ticket = ticket;
                CHECK(scheduler_.arm(w, &g->deadline));
            }
            w->current = nullptr;
            g->running = false;
            if (g->state.park()) return true;
            // Its wait is over already: it goes on here.
        }
    }
    bool wake(Worker *me, TestG *g) {
        if (!g->claim.take_any()) return false;
        g->outcome = Outcome::canceled;
        scheduler_.make_ready(me, g);
        return true;
    }

    void work(Worker *w, const std::function<bool()> &stopping) {
        WorkerLoop<> loop(scheduler_, w);
        loop.stopping = stopping;
        loop.join();
        while (G *g = loop.find_next()) {
            TestG *test = static_cast<TestG *>(g);
            if (test->kind_of == TestG::sleeps && test->steps > 0) {
                if (g->outcome == Outcome::timed_out) deadlines_fired_++;
                scheduler_.disarm(&g->deadline);
            }
            g->state.start();
            step(w, test);
        }
        loop.leave();
    }
    // A run() after another: each waits for one plain goroutine of its own, which only it may start.
    void come_and_go(Worker *w) {
        Random random(check::seed() + 77);
        while (drivers_left_ > 0) {
            int scope = 0;
            w->scope = &scope;
            std::atomic<int> done{0};
            std::thread outside([&] {
                for (uint32_t spin = random.below(20000); spin > 0; spin--) cpu_relax();
                start(SleeperKind::plain, &scope, done);
            });
            work(w, [&] { return done == 1; });
            outside.join();
            comings_++;
        }
    }
    void start(SleeperKind kind, void *scope, std::atomic<int> &count) {
        TestG *g = new TestG;
        g->kind_of = TestG::once;
        g->G::kind = kind;
        g->scope = scope;
        g->count = &count;
        scheduler_.queue(nullptr, g);
    }
    // Wakes its goroutines one after another, each as soon as it waits again; in between starts new ones and waits for their ends.
    void drive(int me) {
        Random random(check::seed() + 100 + uint64_t(me));
        for (int i = 0; i < settings_.wakes; i++) {
            TestG *g = waiting_[size_t(me * settings_.waiting_each) + random.below(uint32_t(settings_.waiting_each))].get();
            while (!wake(nullptr, g)) std::this_thread::yield(); // it waits, unless it was lost
            if (random.one_in(2)) {
                std::atomic<int> ended{0};
                int n = 1 + int(random.below(3));
                for (int k = 0; k < n; k++) {
                    if (random.one_in(2)) start(SleeperKind::coroutine, nullptr, ended);
                    else start(SleeperKind::plain, random_scope(random), ended);
                }
                while (ended < n) std::this_thread::yield();
            }
            if (random.one_in(3)) { // a thread that is not ours waits for a deadline
                ThreadSleeper thread;
                Deadline deadline;
                deadline.owner = static_cast<Sleeper *>(&thread);
                deadline.ticket = thread.claim.open();
                deadline.when = now_ns() + random.below(100000);
                CHECK(scheduler_.arm(nullptr, &deadline));
                CHECK(wait_thread(thread, forever) == Outcome::timed_out);
                CHECK(now_ns() >= deadline.when && !deadline.armed());
            }
            if (settings_.resizes && random.one_in(10)) CHECK(scheduler_.resize(1 + random.below(settings_.procs)));
            progress_++;
        }
        drivers_left_--;
        progress_++;
    }
    void *random_scope(Random &random) {
        uint32_t i = random.below(uint32_t(settings_.runs) + 1);
        return i ? &scopes_[i - 1] : nullptr;
    }
    TestG *persistent(std::vector<std::unique_ptr<TestG>> &list, TestG::Kind kind, Random &random) {
        list.emplace_back(new TestG);
        TestG *g = list.back().get();
        g->kind_of = kind;
        g->G::kind = random.one_in(2) ? SleeperKind::coroutine : SleeperKind::plain;
        g->scope = random_scope(random);
        g->random = Random(random.next());
        return g;
    }
    // Those that sleep go on and on, so what counts is how far the drivers have come.
    void watch() {
        long seen = -1;
        int idle = 0;
        while (drivers_left_ > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            for (auto &g : waiting_) { // as a dump does, and the end of a run()
                scheduler_.worker_under(g.get());
                scheduler_.worker_on_stack_of(g.get());
            }
            long now = progress_;
            idle = now == seen ? idle + 1 : 0;
            seen = now;
            CHECK(idle < 2000);
        }
    }

  public:
    explicit World(const Settings &settings) : settings_(settings), scopes_(size_t(settings.runs)) {
        Random random(check::seed());
        for (int i = 0; i < settings.drivers * settings.waiting_each; i++) persistent(waiting_, TestG::waits, random);
        for (int i = 0; i < settings.sleepers; i++) persistent(sleepers_, TestG::sleeps, random);
        for (int i = 0; i < settings.runs + 2; i++) {
            workers_.emplace_back(new Worker);
            workers_.back()->thread_state = workers_.back().get();
            workers_.back()->dice.seed(random.next());
            if (i >= 1 && i <= settings.runs) workers_.back()->scope = &scopes_[size_t(i) - 1];
        }
        CHECK(scheduler_.resize(settings.procs));
        scheduler_.background = workers_[0].get();
        sysmon_.detached = [](void *) { return true; }; // whoever is in one goroutine for long does nothing but wait
        sysmon_.warn_after = 0;
        CHECK(sysmon_.start(scheduler_));
        drivers_left_ = settings.drivers;
        check::dump() = [this] {
            std::fprintf(stderr, "progress %ld, drivers left %d, shared queue %u, wanting %u, in service %u, idle %u, spinning %u, next due %lld, now %lld\n",
                         progress_.load(), drivers_left_.load(), scheduler_.shared.count(), scheduler_.wanting.load(),
                         scheduler_.in_service.load(), scheduler_.idle_count.load(), scheduler_.spinning.load(), (long long)scheduler_.deadlines.next_due.load(), (long long)now_ns());
            for (auto &w : workers_)
                std::fprintf(stderr, "worker: asleep %d, inbox empty %d, fresh %u, tick %u\n", w->asleep.load(), w->inbox.empty(),
                             w->fresh.count(), w->tick.load());
            for (auto &g : waiting_) std::fprintf(stderr, "goroutine: %s, %ld steps\n", g->state.name(), g->steps.load());
        };
    }
    void run() {
        std::vector<std::thread> workers, drivers;
        auto stopping = [this] { return stop_.load(); };
        for (int i = 0; i <= settings_.runs; i++)
            workers.emplace_back([this, i, stopping] { work(workers_[size_t(i)].get(), stopping); });
        while (scheduler_.worker_count() <= uint32_t(settings_.runs)) std::this_thread::yield();
        for (auto *list : {&waiting_, &sleepers_})
            for (auto &g : *list) scheduler_.queue(nullptr, g.get());
        std::thread watcher([this] { watch(); }), guest;
        for (int i = 0; i < settings_.drivers; i++) drivers.emplace_back([this, i] { drive(i); });
        if (settings_.comes_and_goes) guest = std::thread([this] { come_and_go(workers_.back().get()); });
        for (std::thread &thread : drivers) thread.join();
        if (guest.joinable()) guest.join();
        stop_ = true;
        for (auto &w : workers_) w->parker.unpark();
        for (std::thread &thread : workers) thread.join();
        watcher.join();
        sysmon_.stop();
        CHECK(scheduler_.worker_count() == 0 && scheduler_.wanting.load() == 0 && scheduler_.spinning.load() == 0);
        CHECK(scheduler_.in_service.load() == scheduler_.size() && scheduler_.idle_count.load() == scheduler_.size());
        CHECK(settings_.sleepers == 0 || deadlines_fired_ > 0);
        CHECK(!settings_.comes_and_goes || comings_ > 0);
    }
};

void world(const char *name, const Settings &settings) {
    check::test(name, [&] { World(settings).run(); });
}

#if !defined(_WIN32)
// The watcher's thread sleeps in the parent; in the child its place to sleep is made anew while it still looks taken.
void a_forked_child_starts_afresh() {
    Scheduler scheduler;
    Sysmon sysmon;
    CHECK(sysmon.start(scheduler));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    sysmon.hold();
    std::fflush(nullptr);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20); // ends it, should it hang
        sysmon.start_afresh();
        scheduler.start_afresh(nullptr);
        std::_Exit(0);
    }
    sysmon.let_go();
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    sysmon.stop();
}
#endif

} // namespace

int main() {
#if !defined(_WIN32)
    check::test("a forked child starts afresh", a_forked_child_starts_afresh);
#endif
    Settings s;
    s.wakes = check::scaled(4000);
    s.sleepers = 0;
    s.runs = 0;
    s.drivers = 1;
    world("one worker, one thread from outside", s);
    s.drivers = 3;
    world("one worker, three threads from outside", s);
    s.runs = 2;
    world("three workers of different rights", s);
    s.wakes = check::scaled(2000);
    s.sleepers = 3;
    world("three workers, and deadlines", s);
    s.comes_and_goes = true;
    world("workers that come and go", s);
    s.procs = 3;
    world("workers that come and go, three processors", s);
    s.resizes = true;
    world("a number of processors that changes", s);
    s.gets_stuck = true;
    s.wakes = check::scaled(300);
    world("workers that get stuck, and all of that", s);
    s.procs = 1;
    s.resizes = false;
    world("workers that get stuck, one processor", s);
    return check::summary("sleep_test");
}
