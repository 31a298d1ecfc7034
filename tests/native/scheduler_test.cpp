// What the scheduler decides, in one thread: who is woken for what, who may take what, what sysmon sees.
#define GOCONC_QUEUE_SLOTS 4
#include "../../goconc/_native/worker_loop.hpp"
#include "../../goconc/_native/sysmon.hpp"
#include "check.hpp"

using namespace goconc;

namespace {

constexpr int64_t ms = 1000000;

struct HandLook : Sysmon {
    explicit HandLook(Scheduler &s) {
        s_ = &s;
        detached = [](void *) { return true; }; // whoever is in one goroutine for long does nothing but wait
    }
    void look_at(int64_t now) { look(now); }
};

// Workers that sleep, but for the first, which is at work.
struct World {
    Scheduler s;
    Worker workers[3];
    int scopes[2] = {}, order[3] = {0, 1, 2};
    G gs[4];

    explicit World(uint32_t procs) {
        CHECK(s.resize(procs));
        for (G &g : gs) g.kind = SleeperKind::coroutine;
        for (Worker &w : workers) {
            w.thread_state = &w;
            s.join(&w);
        }
        CHECK(s.acquire(&workers[0], false));
        CHECK(s.lie_down(&workers[1]) && s.lie_down(&workers[2]));
    }
    bool has_woken(int i) { return s.has_processor(&workers[i]); }
    void leave() {
        for (int left = 3; left > 0; left--) {
            int i = 0; // who leaves may have others woken: one that holds a processor goes before those that will want it
            while (i < left - 1 && !has_woken(order[i])) i++;
            Worker &w = workers[order[i]];
            order[i] = order[left - 1];
            w.asleep.store(false);
            CHECK(s.acquire(&w, false));
            s.leave(&w);
        }
    }
};

// A sleeper that may not start it is not woken: it would pass it on, sleep, and be woken for the next one.
void only_who_may_start_it() {
    World world(3);
    world.workers[1].scope = &world.scopes[0];
    world.workers[2].scope = &world.scopes[1];
    world.s.wake_for(SleeperKind::plain, nullptr, nullptr);
    CHECK(!world.has_woken(1) && !world.has_woken(2) && world.s.short_of_helpers.load());
    world.s.wake_for(SleeperKind::plain, &world.scopes[1], nullptr);
    CHECK(!world.has_woken(1) && world.has_woken(2) && world.s.spinning.load() == 1);
    world.s.wake_for(SleeperKind::coroutine, nullptr, nullptr);
    CHECK(!world.has_woken(1)); // one at a time
    world.leave();
}

// What a spinner sees, and may not run, does not keep it looking on.
void looking_on_has_an_end() {
    World world(3);
    Worker &w = world.workers[0];
    w.locked = 1;
    world.s.shared.push(&world.gs[0]);
    w.spinning = true;
    world.s.spinning.fetch_add(1);
    int64_t until = now_ns() + 100000 * ms;
    CHECK(world.s.spin(&w, until) && world.s.spin(&w, until + 1 * ms) && w.spins_until == until);
    w.spins_until = now_ns() - 1;
    CHECK(!world.s.spin(&w, until));
    w.locked = 0;
    CHECK(world.s.find(&w) == &world.gs[0] && world.s.spinning.load() == 0 && w.spins_until == 0);
    world.leave();
}

// What counts as common work can be found, whatever the number of processors.
void common_work_can_be_found() {
    for (uint32_t procs : {1u, 3u}) {
        World world(procs);
        Worker &helper = world.workers[0];
        CHECK(!world.s.has_common_work(&helper));
        world.s.background = &world.workers[1];
        world.workers[1].asleep.store(false);
        world.gs[0].kind = SleeperKind::plain;
        world.s.offer(&world.gs[0]);
        CHECK(world.s.has_common_work(&helper) && world.s.find(&helper) == &world.gs[0] && !world.s.has_common_work(&helper));
        world.gs[1].kind = SleeperKind::plain;
        world.gs[1].scope = &world.scopes[0]; // of a run() that is over
        world.s.offer(&world.gs[1]);
        CHECK(world.s.has_common_work(&helper) && world.s.find(&helper) == &world.gs[1] && !world.s.has_common_work(&helper));
        world.leave();
    }
}

// A plain function whose own worker's thread is one goroutine's for ever: a helper comes for it, however busy the others are.
void a_stray_is_come_for() {
    for (bool by_helper : {true, false}) {
        for (bool locked_later : {true, false}) {
            World world(1);
            Scheduler &s = world.s;
            Worker &busy = world.workers[0], &owner = world.workers[1], &helper = world.workers[2];
            G &plain = world.gs[0], &yields = world.gs[1];
            plain.kind = SleeperKind::plain;
            if (!by_helper) busy.scope = &world.scopes[0];
            s.background = &owner;
            if (locked_later) {
                s.offer(&plain);
                CHECK(owner.fresh.count() == 1);
            }
            owner.locked = 1;
            if (!locked_later) s.offer(&plain);
            owner.asleep.store(false);
            bool keeps = locked_later; // it gets up for what it has, to leave it to others
            CHECK(s.has_reason(&owner) == keeps && s.acquire(&owner, keeps) == false);
            helper.asleep.store(false);
            if (!locked_later) CHECK(s.has_reason(&helper) && !s.acquire(&helper));
            bool found = false;
            int turns = 0;
            s.push_last(&busy, &yields);
            for (; turns < 1000 && !found; turns++) {
                Worker *holder = nullptr;
                for (Worker &w : world.workers)
                    if (s.has_processor(&w)) holder = &w;
                if (!holder) break;
                G *g = s.find(holder);
                if (g == &plain) found = true;
                if (g == &yields) s.push_last(holder, g);
                if (!g && s.has_processor(holder)) s.release(holder);
                if (holder == &owner && !s.has_processor(&owner)) CHECK(s.has_reason(&helper) && (s.acquire(&helper) || helper.wants));
                if (holder == &busy && !s.has_processor(&busy) && s.has_reason(&busy)) s.acquire(&busy);
            }
            CHECK(found && turns < 500);
        }
    }
}

// There is no helper for it: the locked worker gets up, to start one.
void who_is_locked_starts_a_helper() {
    Scheduler s;
    CHECK(s.resize(1));
    Worker run, owner;
    int scope = 0;
    G plain;
    plain.kind = SleeperKind::plain;
    run.scope = &scope;
    for (Worker *w : {&run, &owner}) s.join(w);
    s.background = &owner;
    owner.locked = 1;
    CHECK(s.acquire(&run) && s.lie_down(&owner));
    s.short_of_helpers.store(false);
    s.offer(&plain);
    CHECK(s.strays.count() == 1 && s.short_of_helpers.load());
    CHECK(owner.parker.park(now_ns()) == Woken::token && !s.has_reason(&owner));
    s.get_up(&owner);
    CHECK(!s.lie_down(&owner)); // as if it had come a moment before it lay down
    s.get_up(&owner);
    s.short_of_helpers.store(false); // it has started one
    CHECK(s.lie_down(&owner));
    owner.locked = 0;
    s.get_up(&owner);
    CHECK(s.has_reason(&owner) && !s.acquire(&owner) && s.hand_over(&run) && s.find(&owner) == &plain);
    s.leave(&owner);
    CHECK(s.acquire(&run));
    s.leave(&run);
}

// What a helper leaves whose thread has become one goroutine's own: who is to start it now gets up, and stands in line.
void whom_it_is_left_to_gets_up() {
    World world(1);
    Scheduler &s = world.s;
    Worker &busy = world.workers[0], &owner = world.workers[1], &helper = world.workers[2];
    G &plain = world.gs[0];
    plain.kind = SleeperKind::plain;
    busy.scope = &world.scopes[0];
    s.background = &owner;
    helper.fresh.push(&plain);
    helper.locked = 1;
    helper.asleep.store(false);
    CHECK(s.has_reason(&helper) && !s.acquire(&helper) && s.hand_over(&busy));
    CHECK(!s.find(&helper) && owner.fresh.count() == 1);
    CHECK(owner.parker.park(now_ns()) == Woken::token && s.has_reason(&owner));
    s.get_up(&owner);
    s.release(&helper);
    CHECK(s.acquire(&owner) && s.find(&owner) == &plain);
    helper.locked = 0;
    world.leave();
}

// A coroutine that gives way, while its worker has something else to do, is for others.
void who_gives_way_to_pinned_ones() {
    World world(3);
    Worker &w = world.workers[0];
    world.s.push_last(&w, &world.gs[0]);
    CHECK(!world.has_woken(1) && !world.has_woken(2)); // nothing else: it comes back to it at once
    CHECK(world.s.find(&w) == &world.gs[0]);
    world.gs[1].home = &w;
    world.s.push_back(&w, &world.gs[1]);
    world.s.push_last(&w, &world.gs[0]);
    CHECK(world.has_woken(1) != world.has_woken(2));
    Worker &woken = world.workers[world.has_woken(1) ? 1 : 2];
    CHECK(world.s.find(&woken) == &world.gs[0] && world.s.find(&w) == &world.gs[1]);
    world.leave();
}

// A run()'s main that computes from the beginning, and never comes to find(): what it has started ripens, and it is written off.
void a_main_that_computes() {
    Scheduler s;
    Worker run, helper;
    run.thread_state = &run;
    helper.thread_state = &helper;
    G g;
    g.kind = SleeperKind::coroutine;
    HandLook sysmon(s);
    for (int64_t life = 1000 * ms; life < 3000 * ms; life += 1000 * ms) { // a worker is used again: what was seen of its last life does not count
        s.join(&helper);
        s.join(&run);
        CHECK(s.acquire(&run, false) && s.lie_down(&helper));
        s.push_next(&run, &g);
        sysmon.look_at(life);
        CHECK(!s.has_processor(&helper) && s.in_service.load() == 1);
        sysmon.look_at(life + 1 * ms);
        CHECK(s.processors.load()->ripe.load() == &g || s.processors.load()->all_link->ripe.load() == &g);
        sysmon.look_at(life + 50 * ms);
        CHECK(s.has_processor(&helper) && run.processor->recalled.load());
        CHECK(s.find(&helper) == &g);
        s.leave(&helper);
        s.leave(&run);
        helper.asleep.store(false);
    }
}

// What stands in a queue ripens however little processor time the thread has used that has come to it: the worker that the queue was handed
// over to, or (on an engine of threads) another thread of the worker.
void it_ripens_whoever_comes_to_it() {
#ifdef __linux__
    for (bool hands_over : {true, false}) {
        Scheduler s;
        CHECK(s.resize(1));
        Worker workers[2], &old = workers[0], &heir = workers[hands_over];
        G g;
        g.kind = SleeperKind::coroutine;
        HandLook sysmon(s);
        sysmon.detached = [](void *) { return false; };
        for (Worker &w : workers) {
            w.thread_state = &w;
            s.join(&w);
        }
        old.cpu_clock = CLOCK_MONOTONIC; // which is far ahead of a thread's
        heir.cpu_clock = hands_over ? own_thread_clock() : CLOCK_MONOTONIC;
        CHECK(s.acquire(&old));
        s.push_back(&old, &g);
        int64_t now = now_ns(), used = cpu_time(own_thread_clock());
        sysmon.look_at(now);
        if (hands_over) CHECK(!s.acquire(&heir) && s.hand_over(&old));
        else s.set_thread(&old, nullptr, &old, 0);
        while (cpu_time(own_thread_clock()) - used < ms) {
        }
        LocalQueue &queue = heir.processor->queue;
        CHECK(!queue.has_before(queue.ripe_to.load()));
        sysmon.look_at(now + 3 * ms);
        CHECK(queue.has_before(queue.ripe_to.load()));
        CHECK(s.find(&heir) == &g);
        for (Worker *w : {&heir, &workers[!hands_over]}) {
            CHECK(s.acquire(w));
            s.leave(w);
        }
    }
#endif
}

// Ctrl-C: main comes first, wherever it stands among those at home on its worker, and whatever the worker's turn is.
void who_is_brought_forward_comes_first() {
    for (uint32_t tick = 0; tick < 62; tick++) {
        for (int place = 0; place < 5; place++) {
            World world(1);
            Scheduler &s = world.s;
            Worker &w = world.workers[0];
            G &main = world.gs[0];
            for (G &g : world.gs) g.home = &w;
            w.tick.store(tick);
            s.push_last(&w, &world.gs[1]);
            s.push_back(&w, &world.gs[2]);
            if (place == 0) s.push_back(&w, &main);
            if (place == 1) s.push_last(&w, &main);
            if (place == 2) w.inbox.push(&main);
            if (place < 3) s.push_next(&w, &world.gs[3]);
            else s.push_back(&w, &world.gs[3]);
            if (place == 4) main.home = nullptr; // a coroutine
            if (place > 2) s.push_next(&w, &main);
            CHECK(s.bring_forward(&w, &main) && s.find(&w) == &main);
            for (int others = 3; others > 0; others--) CHECK(s.find(&w));
            CHECK(!s.find(&w));
            world.leave();
        }
    }
}

// Another thread has claimed it, and has not mailed it yet: who brings it forward is told to look again.
void who_is_on_the_way_is_waited_for() {
    World world(1);
    Worker &w = world.workers[0];
    G &main = world.gs[0];
    main.home = world.gs[1].home = &w;
    world.s.push_back(&w, &world.gs[1]);
    CHECK(!world.s.bring_forward(&w, &main));
    world.s.mail(&w, &main);
    CHECK(world.s.bring_forward(&w, &main) && world.s.bring_forward(&w, &main));
    CHECK(world.s.find(&w) == &main && world.s.find(&w) == &world.gs[1] && !world.s.find(&w));
    world.leave();
}

// Who leaves while it is relied on has others woken.
void who_leaves_is_relied_on() {
    World world(3);
    Worker &w = world.workers[0];
    for (G &g : world.gs) world.s.push_back(&w, &g);
    int woken = world.has_woken(1) ? 1 : 2, other = 3 - woken;
    CHECK(world.has_woken(woken) && !world.has_woken(other));
    world.s.leave(&world.workers[woken]);
    CHECK(world.has_woken(other));
    CHECK(world.s.find(&world.workers[other]));
    while (world.s.find(&world.workers[other])) {}
    world.s.leave(&world.workers[other]);
    world.s.leave(&w);
}

// What a worker sees as it lies down, and gets up for, it finds once it has a processor: else it would get up for it again and again, attached,
// and on a build with a GIL nobody else would run. Whatever has ripened, and whoever was written off meanwhile.
void what_it_gets_up_for_it_finds() {
    check::Random random(check::seed());
    int found = 0;
    for (int round = 0; round < check::scaled(3000); round++) {
        World world(1 + random.below(3));
        Scheduler &s = world.s;
        Worker &busy = world.workers[0];
        s.watched.store(true);
        HandLook sysmon(s);
        int queued = 0;
        for (int64_t now = ms; now < 60 * ms; now += ms * (1 + random.below(20))) {
            if (queued < 4 && busy.processor && random.one_in(2)) {
                G *g = &world.gs[queued++];
                if (random.one_in(2)) g->kind = SleeperKind::plain;
                if (random.one_in(3)) s.offer(g);
                else if (random.one_in(3)) s.push_next(&busy, g);
                else s.push_back(&busy, g);
            }
            if (!random.one_in(3)) sysmon.look_at(now);
            Worker &helper = world.workers[1 + random.below(2)];
            s.get_up(&helper);
            if (s.has_reason(&helper) && s.acquire(&helper, false))
                while (s.find(&helper)) found++;
            while (!s.lie_down(&helper)) {
                s.get_up(&helper);
                CHECK(s.has_reason(&helper));
                if (!s.acquire(&helper, false)) break;
                CHECK(s.find(&helper));
                found++;
            }
        }
        s.watched.store(false);
        world.leave();
    }
    CHECK(found > 0);
}

} // namespace

int main() {
    check::test("only who may start it is woken", only_who_may_start_it);
    check::test("looking on has an end", looking_on_has_an_end);
    check::test("common work can be found", common_work_can_be_found);
    check::test("a stray is come for", a_stray_is_come_for);
    check::test("who is locked starts a helper", who_is_locked_starts_a_helper);
    check::test("whom it is left to gets up", whom_it_is_left_to_gets_up);
    check::test("who gives way to pinned ones", who_gives_way_to_pinned_ones);
    check::test("a main that computes", a_main_that_computes);
    check::test("it ripens whoever comes to it", it_ripens_whoever_comes_to_it);
    check::test("who is brought forward comes first", who_is_brought_forward_comes_first);
    check::test("who is on the way is waited for", who_is_on_the_way_is_waited_for);
    check::test("who leaves is relied on", who_leaves_is_relied_on);
    check::test("what it gets up for it finds", what_it_gets_up_for_it_finds);
    return check::summary("scheduler_test");
}
