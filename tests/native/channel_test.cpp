// The channel and what it is made of: first each by itself in one thread, then many threads at once.
#include "check.hpp"
#include "sleeping.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>

using namespace goconc;
using check::Random;

namespace {

void *value_of(uint64_t number) { return reinterpret_cast<void *>(uintptr_t(number)); }
uint64_t number_of(void *value) { return uint64_t(reinterpret_cast<uintptr_t>(value)); }

// ---- one thread ----

void ring() {
    ValueRing ring;
    std::deque<uint64_t> model;
    Random random(check::seed());
    for (uint64_t i = 1; i < 20000; i++) {
        if (model.empty() || random.below(100) < (i / 1000 % 2 ? 30 : 65)) {
            CHECK(ring.push(value_of(i)));
            model.push_back(i);
        } else {
            CHECK(number_of(ring.pop()) == model.front());
            model.pop_front();
        }
        CHECK(ring.count() == model.size());
        if (!model.empty()) CHECK(number_of(ring.peek(model.size() - 1)) == model.back());
    }
}

void claim() {
    Claim claim;
    CHECK(!claim.take_any());
    Ticket first = claim.open();
    CHECK(claim.is_open(first) && claim.ticket() == first);
    CHECK(claim.take(first) && !claim.take(first) && !claim.take_any() && !claim.is_open(first));
    Ticket second = claim.open();
    CHECK(second != first && !claim.take(first) && claim.is_open(second));
    CHECK(claim.take_any() && !claim.take(second));
}

void wait_line() {
    constexpr int n = 50;
    WaitLine line;
    Sleeper sleepers[n];
    Waiter waiters[n];
    std::vector<int> model;
    Random random(check::seed());
    for (int round = 0; round < 5000; round++) {
        int i = int(random.below(n));
        Waiter &w = waiters[i];
        if (!w.linked) {
            w.sleeper = &sleepers[i];
            w.ticket = sleepers[i].claim.open();
            line.append(&w);
            model.push_back(i);
        } else if (random.one_in(3)) {
            line.unlink(&w);
            sleepers[i].claim.take_any();
            model.erase(std::find(model.begin(), model.end(), i));
        } else if (random.one_in(3)) { // served elsewhere: passed over from now on
            sleepers[i].claim.take_any();
        } else {
            while (!model.empty() && !sleepers[model.front()].claim.is_open(waiters[model.front()].ticket)) model.erase(model.begin());
            Waiter *open = line.first_open(), *taken = line.take_first();
            CHECK(open == taken);
            CHECK((taken == nullptr) == model.empty());
            if (taken) {
                CHECK(taken == &waiters[model.front()] && !taken->linked);
                model.erase(model.begin());
            }
        }
        size_t count = 0;
        for (Waiter *at = line.head; at; at = at->next) count++;
        CHECK(count == model.size() && line.empty() == model.empty());
    }
}

void wake_list() {
    WakeList list;
    Sleeper s[3];
    CHECK(!list.pop());
    list.add(&s[0]);
    list.add(&s[1]);
    CHECK(list.pop() == &s[0]);
    list.add(&s[2]);
    CHECK(list.pop() == &s[1] && list.pop() == &s[2] && !list.pop());
    list.add(&s[0]);
    CHECK(list.pop() == &s[0] && !list.pop());
}

void list_of_goroutines() {
    GList list, other;
    G gs[6];
    for (int i = 0; i < 4; i++) list.push(&gs[i]);
    other.push(&gs[4]);
    other.push(&gs[5]);
    list.append(other);
    CHECK(other.empty() && list.count() == 6);
    list.take_share(3, 128, other);
    CHECK(other.count() == 3 && list.count() == 3 && list.head == &gs[3]);
    for (int i : {0, 1, 2}) CHECK(other.pop() == &gs[i]);
    for (int i : {3, 4, 5}) CHECK(list.pop() == &gs[i]);
    CHECK(list.empty() && !list.tail && !list.pop());
    list.push(&gs[0]);
    list.take_share(1, 0, other);
    CHECK(other.empty());
    list.take_share(1, 2, other);
    CHECK(other.pop() == &gs[0] && list.empty() && !list.tail);
}

// One that waits, in a test with one thread: parked, then looked at.
struct Partner {
    Sleeper sleeper;
    Waiter waiter;
};

void buffered() {
    Channel channel;
    channel.capacity = 2;
    Sleeper *wake = nullptr;
    void *value = nullptr;
    CHECK(channel.send(value_of(1), nullptr, nullptr, wake) == Op::done);
    CHECK(channel.send(value_of(2), nullptr, nullptr, wake) == Op::done);
    CHECK(channel.send(value_of(3), nullptr, nullptr, wake) == Op::would_block);
    CHECK(channel.length() == 2 && !wake);
    Partner third, fourth;
    CHECK(channel.send(value_of(3), &third.sleeper, &third.waiter, wake) == Op::parked);
    CHECK(channel.send(value_of(4), &fourth.sleeper, &fourth.waiter, wake) == Op::parked);
    // Each receive frees a slot, which the first parked sender's value enters in the same step.
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::done && number_of(value) == 1);
    CHECK(wake == &third.sleeper && third.waiter.ok && channel.length() == 2);
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::done && number_of(value) == 2);
    CHECK(wake == &fourth.sleeper && channel.length() == 2 && channel.senders.empty());
    WakeList wakes;
    CHECK(channel.close(wakes) && !channel.close(wakes) && !wakes.pop());
    CHECK(channel.send(value_of(5), nullptr, nullptr, wake) == Op::closed);
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::done && number_of(value) == 3);
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::done && number_of(value) == 4);
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::closed);
}

void unbuffered() {
    Channel channel;
    Sleeper *wake = nullptr;
    void *value = nullptr;
    CHECK(channel.send(value_of(1), nullptr, nullptr, wake) == Op::would_block);
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::would_block);
    Partner first, second;
    CHECK(channel.receive(value, &first.sleeper, &first.waiter, wake) == Op::parked);
    CHECK(channel.receive(value, &second.sleeper, &second.waiter, wake) == Op::parked);
    CHECK(first.sleeper.claim.take_any()); // it gave up: the value goes to the next
    CHECK(channel.send(value_of(2), nullptr, nullptr, wake) == Op::done);
    CHECK(wake == &second.sleeper && number_of(second.waiter.value) == 2 && second.sleeper.winner == &second.waiter);
    CHECK(channel.receivers.empty() && !first.waiter.linked);
}

void closing() {
    Channel receiving, sending;
    Sleeper *wake = nullptr;
    void *value = nullptr;
    Partner r[2], s[2];
    for (Partner &p : r) CHECK(receiving.receive(value, &p.sleeper, &p.waiter, wake) == Op::parked);
    for (Partner &p : s) CHECK(sending.send(value_of(9), &p.sleeper, &p.waiter, wake) == Op::parked);
    WakeList wakes;
    CHECK(receiving.close(wakes) && sending.close(wakes));
    for (Partner *p : {&r[0], &r[1], &s[0], &s[1]}) { // in order of arrival
        CHECK(wakes.pop() == &p->sleeper);
        CHECK(!p->waiter.ok && !p->waiter.linked && p->sleeper.outcome == Outcome::handed);
    }
    CHECK(!r[0].waiter.value && number_of(s[0].waiter.value) == 9); // a failed send keeps its value
}

// CH-16, after every step of a random run: who is parked, and when.
void parked_only_if() {
    for (size_t capacity : {0, 1, 2, 7}) {
        Random random(check::seed() + capacity);
        Channel channel;
        channel.capacity = capacity;
        std::deque<uint64_t> sent; // in the order in which their sends completed, or will complete
        constexpr int n = 12;
        Partner partners[n];
        enum { idle, sends, receives } doing[n] = {};
        uint64_t number = 0, received = 0;
        auto got = [&](void *value) {
            CHECK(!sent.empty() && number_of(value) == sent.front());
            sent.pop_front();
            received++;
        };
        auto woken = [&](Sleeper *wake) {
            if (!wake) return;
            int i = int(reinterpret_cast<Partner *>(wake) - partners);
            if (doing[i] == receives) got(partners[i].waiter.value);
            doing[i] = idle;
        };
        for (int round = 0; round < 20000; round++) {
            int i = int(random.below(n));
            Partner &p = partners[i];
            Sleeper *wake = nullptr;
            void *value = nullptr;
            if (doing[i] != idle) {
                if (random.one_in(4)) { // gives up
                    CHECK(p.sleeper.claim.take_any());
                    if (doing[i] == sends) sent.erase(std::find(sent.begin(), sent.end(), number_of(p.waiter.value)));
                    leave_line(channel, &p.waiter);
                    doing[i] = idle;
                }
            } else if (random.one_in(2)) {
                sent.push_back(++number);
                Op op = channel.send(value_of(number), &p.sleeper, &p.waiter, wake);
                if (op == Op::parked) doing[i] = sends;
                else CHECK(op == Op::done);
                woken(wake);
            } else {
                Op op = channel.receive(value, &p.sleeper, &p.waiter, wake);
                if (op == Op::parked) {
                    doing[i] = receives;
                } else {
                    CHECK(op == Op::done);
                    got(value);
                    woken(wake);
                }
            }
            CHECK(channel.receivers.empty() || channel.ring.count() == 0);
            CHECK(channel.senders.empty() || channel.ring.count() == capacity);
            CHECK(channel.ring.count() <= capacity);
        }
        CHECK(received > 1000);
    }
}

// ---- deadlines and timers ----

void deadlines() {
    Deadlines heap;
    std::multimap<int64_t, Deadline *> model;
    std::vector<Deadline> entries(500);
    Random random(check::seed());
    int64_t now = 0;
    for (int round = 0; round < 40000; round++) {
        Deadline &d = entries[random.below(uint32_t(entries.size()))];
        bool earliest = false;
        if (!d.armed()) {
            d.when = now + random.below(1000);
            bool first = model.empty() || d.when < model.begin()->first;
            CHECK(heap.arm(&d, &earliest));
            CHECK(earliest == first);
            model.emplace(d.when, &d);
        } else if (random.one_in(2)) {
            CHECK(heap.disarm(&d) && !heap.disarm(&d));
            auto range = model.equal_range(d.when);
            while (range.first->second != &d) ++range.first;
            model.erase(range.first);
        } else if (random.one_in(4)) {
            now += random.below(200);
            while (Deadline *due = heap.take_due(now)) {
                CHECK(due->when <= now && due->when == model.begin()->first && !due->armed());
                auto range = model.equal_range(due->when);
                while (range.first->second != due) ++range.first;
                model.erase(range.first);
            }
            CHECK(model.empty() || model.begin()->first > now);
        }
        CHECK(heap.count() == int32_t(model.size()));
        CHECK(heap.next_due.load() == (model.empty() ? forever : model.begin()->first));
    }
}

struct Timed {
    Deadlines all;
    TimerChannel timer;
    bool look_again = false;

    Timed() { timer.bind(&all); }
    void park(Partner &p) {
        timer.channel.park(timer.channel.receivers, &p.waiter, &p.sleeper, nullptr);
        look_again = timer.follow();
    }
    int fire(int64_t now, WakeList &wakes) {
        int n = 0;
        while (Deadline *d = all.take_due(now)) {
            CHECK(d == &timer.deadline);
            timer.fire(now, wakes);
            n++;
        }
        return n;
    }
};

void timer_once() {
    Timed t;
    void *value = nullptr;
    bool again = false;
    int64_t past = now_ns() - 5, future = now_ns() + 3600000000000;
    CHECK(!t.timer.reset(future, 0, &again) && !again);
    CHECK(t.timer.try_receive(value) == Op::would_block && t.all.count() == 0); // nobody waits: not in the heap
    CHECK(t.timer.reset(past, 0, &again)); // it was active
    CHECK(t.timer.try_receive(value) == Op::done && TimerChannel::event_of(value) == past);
    CHECK(t.timer.try_receive(value) == Op::would_block && !t.timer.active);
    CHECK(!t.timer.stop());
    // A pending event is gone after stop and after reset.
    t.timer.reset(past, 0, &again);
    t.timer.settle();
    CHECK(t.timer.pending && t.timer.stop() && t.timer.try_receive(value) == Op::would_block);
    t.timer.reset(past, 0, &again);
    t.timer.settle();
    CHECK(t.timer.reset(future, 0, &again) && t.timer.try_receive(value) == Op::would_block);
    t.timer.stop();

    Partner first, second;
    WakeList wakes;
    t.timer.reset(future, 0, &again);
    t.park(first);
    CHECK(t.look_again && t.all.count() == 1 && t.all.next_due.load() == future);
    t.park(second);
    CHECK(!t.look_again && t.all.count() == 1);
    CHECK(t.fire(future - 1, wakes) == 0);
    CHECK(t.fire(future, wakes) == 1 && wakes.pop() == &first.sleeper && !wakes.pop());
    CHECK(TimerChannel::event_of(first.waiter.value) == future && second.waiter.linked && t.all.count() == 0);
    // The one that still waits: armed again by a reset, disarmed when it leaves.
    t.timer.reset(future + 7, 0, &again);
    CHECK(again && t.all.next_due.load() == future + 7);
    t.timer.reset(future - 7, 0, &again);
    CHECK(again && t.all.next_due.load() == future - 7 && t.all.count() == 1);
    second.sleeper.claim.take_any();
    t.timer.channel.receivers.unlink(&second.waiter);
    t.timer.follow();
    CHECK(t.all.count() == 0 && t.timer.active);
}

void ticker() {
    Timed t;
    void *value = nullptr;
    bool again = false;
    int64_t now = now_ns(), start = now - 35, period = 3600000000000; // ticks nobody took are dropped
    t.timer.reset(start, 10, &again);
    t.timer.settle(start + 35);
    CHECK(t.timer.pending && t.timer.event == start && t.timer.when == start + 40); // stays on its grid
    t.timer.reset(now + period, period, &again);
    Partner p;
    WakeList wakes;
    t.park(p);
    CHECK(t.fire(now + period, wakes) == 1 && wakes.pop() == &p.sleeper);
    CHECK(t.all.count() == 0 && t.timer.active && t.timer.when == now + 2 * period);
    t.park(p);
    CHECK(p.sleeper.claim.take_any()); // gave up, still on the line: the tick stays pending, and nobody gets it
    CHECK(t.fire(now + 2 * period, wakes) == 1 && !wakes.pop() && t.timer.pending && t.timer.channel.receivers.empty());
    CHECK(t.timer.try_receive(value) == Op::done && TimerChannel::event_of(value) == now + 2 * period);
    CHECK(t.timer.stop() && !t.timer.stop());
    t.timer.reset(now - 5, INT64_MAX, &again); // a period without end
    t.timer.settle(now);
    CHECK(t.timer.when == forever);
}

// ---- select in one thread ----

void select_rooms() {
    Channel channels[9];
    for (uint32_t n : {0u, 1u, 4u, 5u, 9u}) {
        SelectRoom room;
        CHECK(room.prepare(n) && room.count == n);
        for (uint32_t i = 0; i < n; i++) {
            CHECK(!room.cases[i].channel && !room.cases[i].waiter.linked);
            room.cases[i].channel = &channels[i];
        }
        Dice dice(1);
        uint32_t chosen = 99;
        Sleeper *wake = nullptr;
        bool again = false;
        CHECK(room.enter(nullptr, dice, chosen, wake, again) == Op::would_block);
        Sleeper self;
        CHECK(room.enter(&self, dice, chosen, wake, again) == Op::parked);
        for (uint32_t i = 0; i < n; i++) CHECK(room.cases[i].waiter.linked && room.cases[i].waiter.index == i);
        if (n) {
            CHECK(channels[n - 1].send(value_of(4), nullptr, nullptr, wake) == Op::done && wake == &self);
            CHECK(self.winner->index == n - 1 && number_of(self.winner->value) == 4);
            CHECK(channels[0].send(value_of(5), nullptr, nullptr, wake) == Op::would_block); // served elsewhere
        }
        room.leave();
        for (Channel &channel : channels) CHECK(channel.receivers.empty() && channel.senders.empty());
        room.clear();
        CHECK(room.count == 0);
    }
}

void select_same_channel() {
    Channel channel;
    SelectRoom room;
    room.prepare(3);
    for (uint32_t i = 0; i < 3; i++) room.cases[i].channel = &channel; // both directions, and one twice
    room.cases[1].sends = true;
    room.cases[1].waiter.value = value_of(8);
    Dice dice(1);
    uint32_t chosen = 99;
    Sleeper self, *wake = nullptr;
    bool again = false;
    CHECK(room.enter(&self, dice, chosen, wake, again) == Op::parked); // it does not meet itself
    void *value = nullptr;
    CHECK(channel.receive(value, nullptr, nullptr, wake) == Op::done && number_of(value) == 8 && wake == &self);
    CHECK(self.winner == &room.cases[1].waiter && self.winner->index == 1);
    room.leave();
    CHECK(channel.receivers.empty() && channel.senders.empty());
}

void select_fair() {
    constexpr uint32_t n = 5;
    Channel channels[n];
    int chosen_times[n] = {};
    Dice dice(check::seed());
    SelectRoom room;
    room.prepare(n);
    for (uint32_t i = 0; i < n; i++) {
        channels[i].capacity = 1;
        channels[i].ring.push(value_of(i + 1));
        room.cases[i].channel = &channels[i];
    }
    constexpr int rounds = 50000;
    for (int round = 0; round < rounds; round++) {
        uint32_t chosen = 99;
        Sleeper *wake = nullptr;
        bool again = false;
        CHECK(room.enter(nullptr, dice, chosen, wake, again) == Op::done);
        CHECK(number_of(room.cases[chosen].waiter.value) == chosen + 1);
        chosen_times[chosen]++;
        channels[chosen].ring.push(value_of(chosen + 1));
    }
    for (int times : chosen_times) CHECK(times > rounds / int(n) * 9 / 10 && times < rounds / int(n) * 11 / 10); // 11 sigma
}

void select_timer() {
    Timed t;
    Channel other;
    SelectRoom room;
    room.prepare(2);
    room.cases[0].channel = &other;
    room.cases[1].channel = &t.timer.channel;
    room.cases[1].timer = &t.timer;
    Dice dice(1);
    uint32_t chosen = 99;
    Sleeper self, *wake = nullptr;
    bool again = false;
    int64_t future = now_ns() + 3600000000000;
    t.timer.reset(future, 0, &again);
    CHECK(room.enter(&self, dice, chosen, wake, again) == Op::parked && again && t.all.count() == 1);
    WakeList wakes;
    CHECK(t.fire(future, wakes) == 1 && wakes.pop() == &self && self.winner->index == 1);
    room.leave();
    CHECK(t.all.count() == 0);
    t.timer.reset(now_ns() - 1, 0, &again);
    CHECK(room.enter(&self, dice, chosen, wake, again) == Op::done && chosen == 1);
    t.timer.reset(future, 0, &again);
    CHECK(room.enter(&self, dice, chosen, wake, again) == Op::parked && t.all.count() == 1);
    CHECK(self.claim.take_any());
    room.leave(); // whoever gives up takes the deadline along
    CHECK(t.all.count() == 0 && t.timer.channel.receivers.empty() && t.timer.active);
}

// ---- many threads ----

struct Storm {
    int senders = 3, receivers = 2, selecting_senders = 1, selecting_receivers = 2, attempts = 4000;
    size_t capacity = 0;
    bool limits = false;       // waits with tiny time limits
    bool cancels = false;      // a thread that cancels whoever waits
    bool closes_early = false; // two threads close while others still send
};

// Two channels. Each sender numbers what it sends; a value is (sender, number). Every number of a send that succeeded is received once,
// of one that failed never; a receiver sees the numbers of one sender on one channel grow.
class StormRun {
    Storm storm_;
    Channel channels_[2];
    int all_senders_;
    std::vector<std::unique_ptr<std::atomic<uint8_t>[]>> received_, sent_; // [sender][number]
    std::atomic<long> progress_{0}, sending_{0};
    std::atomic<bool> over_{false};

    struct Slot { // where a canceller finds who waits
        std::mutex mutex;
        ThreadSleeper *thread = nullptr;
    };
    std::vector<Slot> slots_;

    struct Present { // for as long as the sleeper lives
        Slot &slot;
        Present(Slot &s, ThreadSleeper *thread) : slot(s) {
            std::lock_guard<std::mutex> hold(slot.mutex);
            slot.thread = thread;
        }
        ~Present() {
            std::lock_guard<std::mutex> hold(slot.mutex);
            slot.thread = nullptr;
        }
    };

    int64_t limit(Random &random) { return storm_.limits && random.one_in(3) ? now_ns() + random.below(60000) : forever; }

    void send(int me) {
        Random random(check::seed() + uint64_t(me));
        Dice dice(random.next());
        bool selects = me >= storm_.senders;
        for (int number = 0; number < storm_.attempts; number++) {
            ThreadSleeper thread; // on this frame, as in the runtime: it is gone right after
            Present present(slots_[size_t(me)], &thread);
            void *value = value_of((uint64_t(me) << 32) | uint64_t(number));
            Op op;
            if (selects) {
                SelectRoom room;
                room.prepare(2);
                for (uint32_t i = 0; i < 2; i++) {
                    room.cases[i].channel = &channels_[i];
                    room.cases[i].sends = true;
                    room.cases[i].waiter.value = value;
                }
                uint32_t index = 9;
                op = select_thread(room, thread, dice, index, limit(random));
                for (uint32_t i = 0; i < 2; i++) CHECK(!room.cases[i].waiter.linked);
            } else {
                op = send_thread(channels_[me % 2], value, thread, limit(random));
                CHECK(!thread.waiter.linked);
            }
            progress_++;
            if (op == Op::done) sent_[size_t(me)][size_t(number)] = 1;
            if (op == Op::closed) {
                CHECK(storm_.closes_early);
                break;
            }
        }
        sending_--;
    }
    void receive(int me) {
        Random random(check::seed() + 1000 + uint64_t(me));
        Dice dice(random.next());
        bool selects = me >= storm_.receivers, closed[2] = {false, false};
        std::vector<int64_t> last[2] = {std::vector<int64_t>(size_t(all_senders_), -1), std::vector<int64_t>(size_t(all_senders_), -1)};
        while (!(closed[0] && closed[1])) {
            ThreadSleeper thread;
            Present present(slots_[size_t(all_senders_ + me)], &thread);
            void *value = nullptr;
            uint32_t index = uint32_t(me) % 2;
            Op op;
            if (selects) {
                SelectRoom room;
                room.prepare(2);
                for (uint32_t i = 0; i < 2; i++)
                    if (!closed[i]) room.cases[i].channel = &channels_[i];
                op = select_thread(room, thread, dice, index, limit(random));
                for (uint32_t i = 0; i < 2; i++) CHECK(!room.cases[i].waiter.linked);
                if (op == Op::done) value = room.cases[index].waiter.value;
            } else {
                if (closed[index]) index = 1 - index; // then it drains the other
                op = receive_thread(channels_[index], value, thread, limit(random));
                CHECK(!thread.waiter.linked);
            }
            if (op == Op::closed) closed[index] = true;
            if (op != Op::done) continue;
            progress_++;
            uint64_t sender = number_of(value) >> 32, number = number_of(value) & 0xffffffffu;
            CHECK(sender < uint64_t(all_senders_) && number < uint64_t(storm_.attempts));
            CHECK(received_[sender][number].fetch_add(1) == 0);
            CHECK(last[index][sender] < int64_t(number));
            last[index][sender] = int64_t(number);
        }
    }
    void close(int me) {
        Random random(check::seed() + 2000 + uint64_t(me));
        if (storm_.closes_early)
            while (progress_ < storm_.attempts) std::this_thread::yield();
        else
            while (sending_ > 0) std::this_thread::yield();
        for (Channel &channel : channels_) {
            WakeList wakes;
            channel.close(wakes); // the second closer finds it closed
            wake_all(wakes);
        }
    }
    void cancel_some() {
        Random random(check::seed() + 3000);
        while (!over_) {
            Slot &slot = slots_[random.below(uint32_t(slots_.size()))];
            {
                std::lock_guard<std::mutex> hold(slot.mutex);
                if (slot.thread) cancel(*slot.thread);
            }
            if (random.one_in(4)) std::this_thread::yield();
        }
    }
    // No progress for 20 seconds: somebody sleeps for ever.
    void watch() {
        long seen = -1;
        int idle = 0;
        while (!over_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            long now = progress_;
            idle = now == seen ? idle + 1 : 0;
            seen = now;
            CHECK(idle < 2000);
        }
    }

  public:
    explicit StormRun(const Storm &storm)
        : storm_(storm), all_senders_(storm.senders + storm.selecting_senders),
          slots_(size_t(all_senders_ + storm.receivers + storm.selecting_receivers)) {
        for (Channel &channel : channels_) channel.capacity = storm.capacity;
        for (int i = 0; i < all_senders_; i++) {
            received_.emplace_back(new std::atomic<uint8_t>[size_t(storm.attempts)]());
            sent_.emplace_back(new std::atomic<uint8_t>[size_t(storm.attempts)]());
        }
        sending_ = all_senders_;
        check::dump() = [this] {
            std::fprintf(stderr, "progress %ld, %ld senders at work\n", progress_.load(), sending_.load());
            for (Channel &c : channels_)
                std::fprintf(stderr, "channel: %zu of %zu, closed %d, receivers %d, senders %d\n", c.ring.count(), c.capacity, c.closed,
                             !c.receivers.empty(), !c.senders.empty());
        };
    }
    void run() {
        std::vector<std::thread> threads;
        std::thread watcher([this] { watch(); }), canceller;
        for (int i = 0; i < all_senders_; i++) threads.emplace_back([this, i] { send(i); });
        for (int i = 0; i < storm_.receivers + storm_.selecting_receivers; i++) threads.emplace_back([this, i] { receive(i); });
        for (int i = 0; i < 2; i++) threads.emplace_back([this, i] { close(i); });
        if (storm_.cancels) canceller = std::thread([this] { cancel_some(); });
        for (std::thread &thread : threads) thread.join();
        over_ = true;
        watcher.join();
        if (canceller.joinable()) canceller.join();
        long received = 0;
        for (size_t s = 0; s < size_t(all_senders_); s++)
            for (size_t n = 0; n < size_t(storm_.attempts); n++) {
                CHECK(received_[s][n] == sent_[s][n]);
                received += received_[s][n];
            }
        for (Channel &c : channels_) CHECK(c.ring.count() == 0 && c.receivers.empty() && c.senders.empty());
        if (!storm_.limits && !storm_.cancels && !storm_.closes_early) CHECK(received == long(all_senders_) * storm_.attempts);
        else CHECK(received > 0);
    }
};

void storms(int attempts) {
    for (size_t capacity : {0, 1, 2, 7})
        for (int kind = 0; kind < 4; kind++) {
            Storm storm;
            storm.capacity = capacity;
            storm.attempts = attempts;
            storm.limits = kind & 1;
            storm.cancels = kind & 1;
            storm.closes_early = kind & 2;
            char name[80];
            std::snprintf(name, sizeof name, "threads, capacity %zu%s%s", capacity, kind & 1 ? ", limits and cancellation" : "",
                          kind & 2 ? ", closed early" : "");
            check::test(name, [&] { StormRun(storm).run(); });
        }
}

// A sleeper is gone as soon as its token has come: whoever gave it must be through with it.
void short_lives(int rounds) {
    std::atomic<ThreadSleeper *> offered{nullptr};
    std::atomic<bool> missed{false}, over{false};
    std::thread waker([&] {
        while (!over) {
            ThreadSleeper *thread = offered.exchange(nullptr);
            if (!thread) continue;
            if (thread->claim.take_any()) {
                thread->outcome = Outcome::handed;
                thread->parker.unpark();
            } else {
                missed = true;
            }
        }
    });
    Random random(check::seed());
    int handed = 0;
    for (int i = 0; i < rounds; i++) {
        std::unique_ptr<ThreadSleeper> thread(new ThreadSleeper);
        thread->claim.open();
        missed = false;
        offered = thread.get();
        for (uint32_t spin = random.below(200); spin > 0; spin--) cpu_relax();
        if (wait_thread(*thread, random.one_in(2) ? forever : now_ns() + random.below(20000)) == Outcome::handed) handed++;
        else
            while (!missed) std::this_thread::yield(); // the waker looks at it until then
    }
    over = true;
    waker.join();
    CHECK(handed > 0);
}

} // namespace

int main() {
    check::test("value ring", ring);
    check::test("claim", claim);
    check::test("wait line", wait_line);
    check::test("wake list", wake_list);
    check::test("list of goroutines", list_of_goroutines);
    check::test("buffered channel", buffered);
    check::test("unbuffered channel", unbuffered);
    check::test("close", closing);
    check::test("who is parked, and when (CH-16)", parked_only_if);
    check::test("deadlines against a multimap", deadlines);
    check::test("timer", timer_once);
    check::test("ticker", ticker);
    check::test("rooms for selects", select_rooms);
    check::test("select with one channel thrice", select_same_channel);
    check::test("select is fair", select_fair);
    check::test("select with a timer", select_timer);
    check::test("sleepers that are gone at once", [] { short_lives(check::scaled(30000)); });
    storms(check::scaled(20000));
    return check::summary("channel_test");
}
