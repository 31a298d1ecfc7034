// The queues between workers, cut down so that every edge is reached: each goroutine that goes in comes out once.
#define GOCONC_QUEUE_SLOTS 4
#include "../../goconc/_native/scheduler.hpp"
#include "check.hpp"

#include <atomic>
#include <deque>
#include <memory>

using namespace goconc;
using check::Random;

namespace {

struct Counted {
    std::unique_ptr<G[]> gs;
    std::unique_ptr<std::atomic<int>[]> seen;
    int all;
    std::atomic<int> out{0};

    explicit Counted(int n) : gs(new G[size_t(n)]), seen(new std::atomic<int>[size_t(n)]()), all(n) {}
    void take(G *g) {
        if (!g) return;
        CHECK(g >= gs.get() && g < gs.get() + all);
        CHECK(seen[size_t(g - gs.get())].fetch_add(1) == 0);
        g->link = nullptr; // whoever has it may write to it
        g->shared_stamp++;
        out++;
    }
    void check() {
        CHECK(out == all);
        for (int i = 0; i < all; i++) CHECK(seen[size_t(i)] == 1);
    }
};

void local_alone() {
    LocalQueue queue, other;
    G gs[64];
    std::deque<G *> model;
    Random random(check::seed());
    int next = 0;
    for (int i = 0; i < 50000; i++) {
        if (random.below(100) < 60) {
            G *g = &gs[next];
            if (queue.push(g)) {
                model.push_back(g);
                next = (next + 1) % 64;
            } else {
                CHECK(model.size() == GOCONC_QUEUE_SLOTS);
                if (random.one_in(2)) {
                    GList out;
                    queue.spill(out);
                    CHECK(out.count() == GOCONC_QUEUE_SLOTS / 2);
                    while (G *spilled = out.pop()) { // the older half
                        CHECK(spilled == model.front());
                        model.pop_front();
                    }
                }
            }
        } else if (random.one_in(8)) {
            size_t n = model.size() - model.size() / 2;
            G *last = queue.steal_into(other);
            CHECK((last == nullptr) == model.empty());
            if (!last) continue;
            CHECK(other.count() == n - 1);
            for (; n > 1; n--) {
                CHECK(other.pop() == model.front());
                model.pop_front();
            }
            CHECK(last == model.front());
            model.pop_front();
        } else {
            G *g = queue.pop();
            CHECK(g == (model.empty() ? nullptr : model.front()));
            if (g) model.pop_front();
        }
        CHECK(queue.count() == model.size());
    }
}

G *take_one(SharedQueue &shared) {
    GList out;
    shared.take_share(1, 1, out);
    return out.pop();
}

// The owner pushes, spills and pops; thieves steal, also from one another.
void local_and_thieves(int n, int thieves) {
    Counted all(n);
    SharedQueue shared;
    std::vector<std::unique_ptr<LocalQueue>> queues;
    for (int i = 0; i <= thieves; i++) queues.emplace_back(new LocalQueue);
    std::vector<std::thread> threads;
    for (int me = 1; me <= thieves; me++)
        threads.emplace_back([&, me] {
            Random random(check::seed() + uint64_t(me));
            LocalQueue &mine = *queues[size_t(me)];
            while (all.out < n) {
                if (G *g = mine.pop()) {
                    all.take(g);
                    continue;
                }
                size_t victim = random.below(uint32_t(thieves) + 1);
                if (int(victim) != me) all.take(queues[victim]->steal_into(mine));
                if (random.one_in(4)) all.take(take_one(shared));
                if (random.one_in(16)) std::this_thread::yield();
            }
        });
    Random random(check::seed());
    LocalQueue &mine = *queues[0];
    for (int i = 0; i < n; i++) {
        while (!mine.push(&all.gs[size_t(i)])) {
            GList half;
            mine.spill(half);
            if (!half.empty()) shared.push_all(half);
        }
        if (random.one_in(3)) all.take(mine.pop());
    }
    while (all.out < n) {
        all.take(mine.pop());
        all.take(take_one(shared));
    }
    for (std::thread &thread : threads) thread.join();
    for (auto &queue : queues) CHECK(queue->count() == 0);
    CHECK(shared.count() == 0);
    all.check();
}

void inbox(int n, int pushers) {
    Counted all(n * pushers);
    Inbox box;
    CHECK(box.empty());
    std::vector<std::thread> threads;
    for (int p = 0; p < pushers; p++)
        threads.emplace_back([&, p] {
            for (int i = 0; i < n; i++) box.push(&all.gs[size_t(p * n + i)]);
        });
    std::vector<std::ptrdiff_t> last(size_t(pushers), -1);
    GList list;
    while (all.out < all.all) {
        box.drain_into(list);
        while (G *g = list.pop()) { // in the order of each pusher
            std::ptrdiff_t i = g - all.gs.get(), pusher = i / n;
            CHECK(last[size_t(pusher)] < i);
            last[size_t(pusher)] = i;
            all.take(g);
        }
    }
    for (std::thread &thread : threads) thread.join();
    CHECK(box.empty());
    all.check();
}

// One processor's share of what there is, and one more, up to a limit (SCH-04).
void shares() {
    G gs[11];
    SharedQueue shared;
    for (G &g : gs) shared.push(&g);
    size_t next = 0, left = 11;
    auto take = [&](uint32_t processors, uint32_t most, size_t expected) {
        GList out;
        shared.take_share(processors, most, out);
        CHECK(out.count() == expected && shared.count() == (left -= expected));
        while (G *g = out.pop()) CHECK(g == &gs[next++]);
        CHECK(shared.has_passed(uint32_t(next)) && (left == 0 || !shared.has_passed(uint32_t(next) + 1)) && shared.before(11) == left);
    };
    take(1, 1, 1);
    take(2, 3, 3);
    take(3, 128, 3);
    take(0, 2, 2);
    take(1, 128, 2);
    take(1, 128, 0);
}

// Takers of shares: what one gets is in the order in which it was pushed.
void shared_queue(int n) {
    Counted all(n * 2);
    SharedQueue shared;
    std::vector<std::thread> threads;
    std::atomic<int> pushed{0};
    for (int p = 0; p < 2; p++)
        threads.emplace_back([&, p] {
            GList batch;
            for (int i = p * n; i < (p + 1) * n; i++) {
                batch.push(&all.gs[size_t(i)]);
                if (i % 3 == 0 || i == (p + 1) * n - 1) shared.push_all(batch);
            }
            pushed++;
        });
    for (uint32_t most : {3u, 128u})
        threads.emplace_back([&, most] {
            std::ptrdiff_t last[2] = {-1, -1};
            for (bool done = false; !done || shared.count();) {
                done = pushed == 2;
                GList batch;
                shared.take_share(2, most, batch);
                CHECK(batch.count() <= most);
                while (G *g = batch.pop()) {
                    std::ptrdiff_t i = g - all.gs.get();
                    CHECK(last[i / n] < i);
                    last[i / n] = i;
                    all.take(g);
                }
            }
        });
    for (std::thread &thread : threads) thread.join();
    CHECK(shared.count() == 0 && shared.pushed() == uint32_t(n) * 2 && shared.has_passed(shared.pushed()));
    all.check();
}

// One scheduler and worker in one thread: what push_back, push_next and push_last promise about the order.
void order() {
    Scheduler scheduler;
    Worker w;
    scheduler.join(&w);
    CHECK(scheduler.acquire(&w));
    G gs[12];
    for (G &g : gs) g.kind = SleeperKind::coroutine;
    for (int i = 0; i < 10; i++) scheduler.push_back(&w, &gs[i]); // 4 slots: the older ones spill into the shared queue
    scheduler.push_next(&w, &gs[10]);
    scheduler.push_next(&w, &gs[11]); // the one made ready last runs first
    CHECK(scheduler.pick(&w) == &gs[11]);
    int seen[12] = {};
    while (G *g = scheduler.pick(&w)) seen[g - gs]++;
    for (int i = 0; i < 11; i++) CHECK(seen[i] == 1);
    // What gives way goes behind all that is ready, and the shared queue and the pinned ones that gave way make one FIFO.
    gs[0].home = gs[2].home = &w;
    scheduler.push_last(&w, &gs[0]);
    scheduler.push_last(&w, &gs[1]);
    scheduler.push_last(&w, &gs[2]);
    scheduler.push_last(&w, &gs[4]);
    scheduler.push_back(&w, &gs[3]);
    for (int i : {3, 0, 1, 2, 4}) CHECK(scheduler.pick(&w) == &gs[i]);
    CHECK(!scheduler.pick(&w) && !w.has_own_work() && !scheduler.has_common_work(&w));
    // Every 61st look begins at the far ends: whoever is made ready again and again does not starve the others.
    scheduler.shared.push(&gs[5]);
    bool came = false;
    for (int i = 0; i < 61 && !came; i++) {
        scheduler.push_next(&w, &gs[4]);
        came = scheduler.pick(&w) == &gs[5];
    }
    CHECK(came);
    while (scheduler.pick(&w)) {}
    // Nor do those that give way starve what others have started here, or that them.
    scheduler.background = &w;
    for (int i = 6; i < 9; i++) {
        gs[i].kind = SleeperKind::plain;
        scheduler.offer(&gs[i]);
    }
    scheduler.push_last(&w, &gs[0]);
    int turns[12] = {};
    for (int i = 0; i < 8; i++) {
        G *g = scheduler.pick(&w);
        turns[g - gs]++;
        if (g == &gs[0]) scheduler.push_last(&w, g);
    }
    CHECK(turns[6] == 1 && turns[7] == 1 && turns[8] == 1 && turns[0] == 5);
    CHECK(scheduler.pick(&w) == &gs[0]);
    scheduler.leave(&w);
}

// What does not fit into the ring of plain functions stays with its worker; what that gives up waits with its run()'s worker, or, if there
// is none, for helpers.
void owners() {
    Scheduler scheduler;
    Worker run, helper;
    int scope = 0, gone = 0;
    run.scope = &scope;
    scheduler.join(&run);
    scheduler.join(&helper);
    CHECK(scheduler.acquire(&helper));
    G gs[7];
    for (int i = 0; i < 7; i++) {
        gs[i].kind = SleeperKind::plain;
        gs[i].scope = i % 2 ? &gone : &scope;
        scheduler.push_back(&helper, &gs[i]);
    }
    CHECK(scheduler.shared.count() == 0 && helper.fresh.count() == 4 && run.fresh.count() == 0 && scheduler.strays.count() == 0);
    scheduler.drain(&helper);
    CHECK(scheduler.shared.count() == 0 && helper.fresh.count() == 4 && run.fresh.count() == 2 && scheduler.strays.count() == 1);
    CHECK(scheduler.has_common_work(&helper) && !scheduler.has_common_work(&run) && run.has_own_work());
    int n = 0;
    while (scheduler.find(&helper)) n++;
    CHECK(n == 7 && !scheduler.has_common_work(&helper) && !run.has_own_work());
    scheduler.leave(&helper);
    CHECK(scheduler.acquire(&run));
    scheduler.leave(&run);
}

// A worker that leaves gives up everything that others may run.
void leaving() {
    Scheduler scheduler;
    Worker first, second;
    scheduler.join(&first);
    scheduler.join(&second);
    CHECK(scheduler.acquire(&first) && !scheduler.acquire(&second) && scheduler.wanting.load() == 1);
    G gs[7];
    for (G &g : gs) {
        g.kind = SleeperKind::coroutine;
        scheduler.push_next(&first, &g);
    }
    scheduler.leave(&first);
    CHECK(scheduler.has_processor(&second) && scheduler.wanting.load() == 0 && scheduler.worker_count() == 1);
    CHECK(second.parker.park(forever) == Woken::token);
    int n = 0;
    while (scheduler.pick(&second)) n++;
    CHECK(n == 7);
    // A helper that was told to stop before it came to run has nothing to give.
    Worker third;
    scheduler.join(&third);
    scheduler.leave(&third);
    CHECK(scheduler.has_processor(&second) && scheduler.worker_count() == 1);
    scheduler.leave(&second);
}

} // namespace

int main() {
    check::test("local queue alone", local_alone);
    check::test("local queue, one thief", [] { local_and_thieves(check::scaled(100000), 1); });
    check::test("local queue, three thieves", [] { local_and_thieves(check::scaled(100000), 3); });
    check::test("inbox, three pushers", [] { inbox(check::scaled(50000), 3); });
    check::test("shares of the shared queue", shares);
    check::test("shared queue", [] { shared_queue(check::scaled(5000)); });
    check::test("order of one worker's queues", order);
    check::test("plain functions wait with their owners", owners);
    check::test("a worker leaves", leaving);
    return check::summary("queue_test");
}
