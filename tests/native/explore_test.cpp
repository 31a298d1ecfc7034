// Every order of small programs over the headers below the scheduler, within two preemptions; and the same programs with a mistake, which
// has to be found.
#define GOCONC_QUEUE_SLOTS 4
#include "explore.hpp"

#include "models.hpp"
#include "sleeping.hpp"

using namespace goconc;
using explore::expect;
using explore::Tasks;
using models::right;
using models::wrong;

namespace {

// ---- Parker ----

// Like Parker, but unpark() leaves nothing for an owner that is not asleep yet.
class TokenlessParker {
    Atomic<int32_t> state_;

  public:
    Woken park(int64_t) {
        state_.store(-1);
        while (state_.load() == -1) explore::sleep(&state_, -1, forever);
        return Woken::token;
    }
    void unpark() {
        if (state_.load() != -1) return;
        state_.store(0);
        explore::rouse(&state_);
    }
};

// Two wakers announce themselves and unpark; the owner sleeps until it has seen both.
template <class P> struct ParkerModel {
    P parker;
    Atomic<int> announced;
    bool over = false;

    void tasks(Tasks t) {
        t.add("owner", [this] {
            while (announced.load() < 2) parker.park(forever);
            over = true;
        });
        for (const char *name : {"waker1", "waker2"})
            t.add(name, [this] {
                announced.fetch_add(1);
                parker.unpark();
            });
    }
    void check() { expect(over, "the owner has not seen both"); }
};

// A wait with a time limit: the owner ends it itself, unless the waker has it already; then the waker's token has to come.
template <bool looks> struct TimedWait {
    ThreadSleeper thread;
    bool handed = false, timed_out = false, won = false, gone = false;

    void tasks(Tasks t) {
        thread.claim.open();
        t.add("owner", [this] {
            if (looks) {
                (wait_thread(thread, 1000) == Outcome::handed ? handed : timed_out) = true;
            } else { // leaves without asking who won
                (thread.parker.park(1000) == Woken::token ? handed : timed_out) = true;
            }
            gone = true;
        });
        t.add("waker", [this] {
            if (!thread.claim.take(thread.claim.ticket())) return;
            won = true;
            explore::step();
            expect(!gone, "the owner has gone before it was woken");
            thread.parker.unpark();
        });
    }
    void check() { expect(handed == won && timed_out == !won, "both won, or nobody"); }
};

// ---- Claim ----

struct LooseClaim { // looks, then takes: two may win
    Atomic<uint64_t> word_{1};
    Ticket open() {
        word_.store(word_.load() + 1);
        return word_.load();
    }
    bool take(Ticket ticket) {
        if (word_.load() != ticket) return false;
        word_.store(ticket | 1);
        return true;
    }
    bool take_any() { return take(word_.load() & ~uint64_t(1)); }
};

template <class C> struct ClaimModel {
    C claim;
    Ticket stale = 0, ticket = 0;
    int winners = 0, late = 0;

    void tasks(Tasks t) {
        stale = claim.open();
        claim.take(stale);
        ticket = claim.open();
        for (const char *name : {"channel", "timer"}) t.add(name, [this] { winners += claim.take(ticket); });
        t.add("canceller", [this] { winners += claim.take_any(); });
        t.add("late timer", [this] { late += claim.take(stale); });
    }
    void check() {
        expect(late == 0, "a ticket of an earlier wait has won");
        expect(winners == 1, "not exactly one has won");
    }
};

// A canceller stores its request and then takes; the owner opens a wait and then reads the requests.
template <bool reads_after> struct CancelModel {
    G g;
    bool ended = false;

    void tasks(Tasks t) {
        t.add("goroutine", [this] {
            uint32_t seen = reads_after ? 0 : g.requests.load();
            g.claim.open();
            if (reads_after) seen = g.requests.load();
            if (seen && g.claim.take_any()) {
                ended = true;
                return;
            }
            explore::wait_for([this] { return ended; });
        });
        t.add("canceller", [this] {
            g.requests.fetch_or(1);
            if (g.claim.take_any()) ended = true;
        });
    }
    void check() { expect(ended, "the cancellation was lost"); }
};

// ---- GState ----

// ready() that leaves no mark if the goroutine is not parked yet.
class MarklessState {
    Atomic<uint32_t> word_;

  public:
    void start() { word_.store(1); }
    bool park() {
        word_.store(2);
        return true;
    }
    bool ready() {
        uint32_t parked = 2;
        return word_.compare_exchange(parked, 0);
    }
};

// A goroutine waits twice; two wakers try for each wait, and each ready() that says so puts it into the queue.
template <class State, bool claims> struct StateModel {
    State state;
    Claim claim;
    Atomic<uint64_t> line; // the ticket of the wait it stands in line with
    int queued = 0, waits = 0;

    void wake(Ticket ticket) {
        if (claims && !claim.take(ticket)) return;
        if (state.ready()) {
            expect(queued == 0, "queued twice");
            queued++;
        }
    }
    void tasks(Tasks t) {
        state.start();
        t.add("goroutine", [this] {
            for (int i = 0; i < 2; i++) {
                line.store(claim.open());
                if (state.park()) {
                    explore::wait_for([this] { return queued > 0; });
                    queued--;
                    state.start();
                }
                waits++;
            }
        });
        for (const char *name : {"waker1", "waker2"})
            t.add(name, [this] {
                for (Ticket i = 1; i <= 2; i++) {
                    explore::wait_for([this, i] { return line.load() >= i * 2; });
                    wake(i * 2);
                }
            });
    }
    void check() { expect(waits == 2 && queued == 0, "woken too often"); }
};

// ---- Channel ----

void *value_of(int number) { return reinterpret_cast<void *>(intptr_t(number)); }
int number_of(void *value) { return int(reinterpret_cast<intptr_t>(value)); }

// A sender with a time limit, a receiver that is cancelled, a thread that closes: what was sent and not received is in the ring.
template <int capacity> struct ChannelModel {
    Channel channel;
    ThreadSleeper sender, receiver;
    Op sent = Op::parked, got = Op::parked;
    void *value = nullptr;

    void tasks(Tasks t) {
        channel.capacity = capacity;
        t.add("sender", [this] { sent = send_thread(channel, value_of(7), sender, 1000); });
        t.add("receiver", [this] { got = receive_thread(channel, value, receiver); });
        t.add("canceller", [this] { cancel(receiver); });
        t.add("closer", [this] {
            WakeList wakes;
            expect(channel.close(wakes), "closed already");
            wake_all(wakes);
        });
    }
    void check() {
        expect(!sender.waiter.linked && !receiver.waiter.linked && channel.senders.empty() && channel.receivers.empty(), "left on a line");
        expect(got != Op::done || number_of(value) == 7, "another value");
        int there = int(channel.ring.count()) + (got == Op::done);
        expect(there == (sent == Op::done), "a value was lost, doubled or made up");
    }
};

// Two senders, one receiver of both values: in the order of each, nothing lost.
template <int capacity> struct PairModel {
    Channel channel;
    ThreadSleeper first, second, receiver;
    int sum = 0;

    void tasks(Tasks t) {
        channel.capacity = capacity;
        t.add("sender1", [this] { expect(send_thread(channel, value_of(1), first) == Op::done, "a send failed"); });
        t.add("sender2", [this] { expect(send_thread(channel, value_of(10), second) == Op::done, "a send failed"); });
        t.add("receiver", [this] {
            for (int i = 0; i < 2; i++) {
                void *value = nullptr;
                expect(receive_thread(channel, value, receiver) == Op::done, "a receive failed");
                sum += number_of(value);
            }
        });
    }
    void check() { expect(sum == 11 && channel.ring.count() == 0, "a value was lost or doubled"); }
};

// A channel that looks for a partner and registers in two steps, or hands over without a claim.
enum class Mistake { looks_before, no_claim };

template <Mistake mistake> struct WrongChannelModel {
    Channel channel;
    ThreadSleeper sender, receiver;
    Op sent = Op::parked, got = Op::parked;
    void *value = nullptr;

    Op send_wrong(void *v) {
        Sleeper *woken = nullptr;
        if (mistake == Mistake::looks_before) {
            Op op = channel.send(v, nullptr, nullptr, woken);
            if (op == Op::would_block) {
                {
                    Held<AttachedLock> hold(*channel.lock);
                    channel.park(channel.senders, &sender.waiter, &sender, v);
                }
                op = wait_thread(sender, forever) == Outcome::handed ? Op::done : Op::would_block;
            }
            wake(woken);
            return op;
        }
        {
            Held<AttachedLock> hold(*channel.lock);
            if (Waiter *r = channel.receivers.head) {
                channel.receivers.unlink(r);
                serve(r, v, true);
                woken = r->sleeper;
            }
        }
        wake(woken);
        return woken ? Op::done : Op::would_block;
    }
    void tasks(Tasks t) {
        t.add("sender", [this] { sent = send_wrong(value_of(7)); });
        t.add("receiver", [this] { got = receive_thread(channel, value, receiver); });
        if (mistake == Mistake::no_claim) {
            t.add("canceller", [this] { cancel(receiver); });
            t.add("closer", [this] {
                WakeList wakes;
                channel.close(wakes);
                wake_all(wakes);
            });
        }
    }
    void check() { expect((got == Op::done) == (sent == Op::done), "a value was lost, doubled or made up"); }
};

// ---- select ----

// A select over two channels, on which two others send with a time limit; a third cancels it.
struct SelectModel {
    Channel a, b;
    ThreadSleeper selector, first, second;
    SelectRoom room;
    Dice dice{1};
    Op chosen = Op::parked, sent_a = Op::parked, sent_b = Op::parked;
    uint32_t index = 9;

    void tasks(Tasks t) {
        room.prepare(2);
        room.cases[0].channel = &a;
        room.cases[1].channel = &b;
        t.add("selector", [this] { chosen = select_thread(room, selector, dice, index, 1000); });
        t.add("sender a", [this] { sent_a = send_thread(a, value_of(1), first, 1000); });
        t.add("sender b", [this] { sent_b = send_thread(b, value_of(2), second, 1000); });
        t.add("canceller", [this] { cancel(selector); });
    }
    void check() {
        expect(a.senders.empty() && a.receivers.empty() && b.senders.empty() && b.receivers.empty(), "left on a line");
        expect((sent_a == Op::done) + (sent_b == Op::done) == (chosen == Op::done), "not one value for one select");
        if (chosen != Op::done) return;
        expect(index == (sent_a == Op::done ? 0u : 1u), "another case");
        expect(number_of(room.cases[index].waiter.value) == int(index) + 1, "another value");
    }
};

// Two selects that offer each other the same two channels from both ends, in opposite order of cases (SEL-13).
struct SelectPairModel {
    Channel a, b;
    ThreadSleeper left, right;
    SelectRoom rooms[2];
    Dice dice[2]{Dice(1), Dice(2)};
    Op ops[2] = {Op::parked, Op::parked};
    uint32_t index[2] = {9, 9};

    void tasks(Tasks t) {
        for (SelectRoom &room : rooms) room.prepare(2);
        rooms[0].cases[0].channel = &a;
        rooms[0].cases[0].sends = true;
        rooms[0].cases[0].waiter.value = value_of(5);
        rooms[0].cases[1].channel = &b;
        rooms[1].cases[0].channel = &b;
        rooms[1].cases[0].sends = true;
        rooms[1].cases[0].waiter.value = value_of(6);
        rooms[1].cases[1].channel = &a;
        t.add("left", [this] { ops[0] = select_thread(rooms[0], left, dice[0], index[0]); });
        t.add("right", [this] { ops[1] = select_thread(rooms[1], right, dice[1], index[1]); });
    }
    void check() {
        expect(ops[0] == Op::done && ops[1] == Op::done, "not both were served");
        expect(index[0] + index[1] == 1, "they did not meet on one channel");
        int received = number_of(index[0] == 0 ? rooms[1].cases[1].waiter.value : rooms[0].cases[1].waiter.value);
        expect(received == (index[0] == 0 ? 5 : 6), "another value");
    }
};

// ---- Inbox ----

class LooseInbox { // pushes with a load and a store
    Atomic<G *> top_;

  public:
    void push(G *g) {
        g->link = top_.load();
        top_.store(g);
    }
    void drain_into(GList &list) {
        GList turned;
        G *next;
        for (G *g = top_.exchange(nullptr); g; g = next) {
            next = g->link;
            g->link = turned.head;
            turned.head = g;
        }
        for (G *g = turned.head; g; g = next) {
            next = g->link;
            list.push(g);
        }
    }
};

template <class Box> struct InboxModel {
    Box inbox;
    G gs[3];
    GList list;
    int seen[3] = {0, 0, 0};

    void tasks(Tasks t) {
        t.add("pusher1", [this] {
            inbox.push(&gs[0]);
            inbox.push(&gs[1]);
        });
        t.add("pusher2", [this] { inbox.push(&gs[2]); });
        t.add("owner", [this] {
            inbox.drain_into(list);
            inbox.drain_into(list);
        });
    }
    void check() {
        inbox.drain_into(list);
        int at[3] = {0, 0, 0}, n = 0;
        while (G *g = list.pop()) {
            seen[g - gs]++;
            at[g - gs] = n++;
        }
        expect(seen[0] == 1 && seen[1] == 1 && seen[2] == 1, "a goroutine was lost or doubled");
        expect(at[0] < at[1], "out of order");
    }
};

// ---- LocalQueue ----

// The queue with one mistake: a taker that moves head by a plain store, or before it has read what it takes.
enum class QueueMistake { loose_thief, loose_owner, early_thief };

template <QueueMistake mistake> class WrongQueue {
    static constexpr uint32_t slots = 4;
    Atomic<uint32_t> head_, tail_;
    Atomic<G *> ring_[slots];

    G *take(bool loose, bool early) {
        uint32_t head = head_.load();
        if (head == tail_.load()) return nullptr;
        G *g = ring_[head % slots].load();
        if (loose) head_.store(head + 1);
        else if (!head_.compare_exchange(head, head + 1)) return nullptr;
        return early ? ring_[head % slots].load() : g;
    }

  public:
    bool push(G *g) {
        uint32_t tail = tail_.load();
        if (tail - head_.load() >= slots) return false;
        ring_[tail % slots].store(g);
        tail_.store(tail + 1);
        return true;
    }
    G *pop() { return take(mistake == QueueMistake::loose_owner, false); }
    void spill(GList &out) {
        if (G *g = pop()) out.push(g);
    }
    G *steal_into(WrongQueue &) { return take(mistake == QueueMistake::loose_thief, mistake == QueueMistake::early_thief); }
};

// The owner pushes six, of which one may spill, and pops some; two thieves take meanwhile.
template <class Queue, int thieves> struct QueueModel {
    static constexpr int all = 6;
    Queue queue, stolen[2];
    G gs[all];
    int seen[all] = {};

    void take(G *g) {
        if (g) seen[g - gs]++;
    }
    void tasks(Tasks t) {
        t.add("owner", [this] {
            for (G &g : gs)
                while (!queue.push(&g)) {
                    GList out;
                    queue.spill(out);
                    while (G *spilled = out.pop()) take(spilled);
                }
            take(queue.pop());
            take(queue.pop());
        });
        for (int i = 0; i < thieves; i++)
            t.add(i ? "thief2" : "thief1", [this, i] {
                take(queue.steal_into(stolen[i]));
                while (G *g = stolen[i].pop()) take(g);
                take(queue.steal_into(stolen[i]));
            });
    }
    void check() {
        for (Queue *q : {&queue, &stolen[0], &stolen[1]})
            while (G *g = q->pop()) take(g);
        for (int n : seen) expect(n == 1, "a goroutine was lost or doubled");
    }
};

// A thief of a thief: what was stolen is stolen on while its new owner takes from it.
struct ThiefChainModel {
    LocalQueue first, second, third;
    G gs[4];
    int seen[4] = {};

    void take(G *g) {
        if (g) seen[g - gs]++;
    }
    void tasks(Tasks t) {
        for (G &g : gs) first.push(&g);
        t.add("thief1", [this] {
            take(first.steal_into(second));
            take(second.pop());
        });
        t.add("thief2", [this] {
            take(second.steal_into(third));
            while (G *g = third.pop()) take(g);
        });
        t.add("owner", [this] { take(first.pop()); });
    }
    void check() {
        for (LocalQueue *q : {&first, &second, &third})
            while (G *g = q->pop()) take(g);
        for (int n : seen) expect(n == 1, "a goroutine was lost or doubled");
    }
};

} // namespace

int main() {
    right<ParkerModel<Parker>>("parker: token before sleep");
    wrong<ParkerModel<TokenlessParker>>("parker without a token");
    right<TimedWait<true>>("parker: time-out against a wake-up");
    wrong<TimedWait<false>>("a time-out that does not ask who won");

    right<ClaimModel<Claim>>("claim: exactly one winner");
    wrong<ClaimModel<LooseClaim>>("claim without compare-and-swap");
    right<CancelModel<true>>("cancel: open, then read the requests");
    wrong<CancelModel<false>>("cancel: requests read before opening");

    right<StateModel<GState, true>>("goroutine state: park and ready");
    wrong<StateModel<MarklessState, true>>("ready() that leaves no mark");
    wrong<StateModel<GState, false>>("ready() without having won the claim");

    right<ChannelModel<0>>("channel, capacity 0: send, receive, cancel, close");
    right<ChannelModel<1>>("channel, capacity 1: send, receive, cancel, close");
    right<PairModel<0>>("channel, capacity 0: two senders");
    right<PairModel<1>>("channel, capacity 1: two senders");
    wrong<WrongChannelModel<Mistake::looks_before>>("channel that looks and registers in two steps");
    wrong<WrongChannelModel<Mistake::no_claim>>("channel that hands over without a claim");
    right<SelectModel>("select: two senders and a cancellation");
    right<SelectPairModel>("select against select");

    right<InboxModel<Inbox>>("inbox: two pushers");
    wrong<InboxModel<LooseInbox>>("inbox without compare-and-swap");
    right<QueueModel<LocalQueue, 1>>("local queue: one thief");
    right<QueueModel<LocalQueue, 2>>("local queue: two thieves");
    right<ThiefChainModel>("local queue: a thief of a thief");
    wrong<QueueModel<WrongQueue<QueueMistake::loose_thief>, 1>>("stealing without compare-and-swap");
    wrong<QueueModel<WrongQueue<QueueMistake::loose_owner>, 1>>("the owner takes without compare-and-swap");
    wrong<QueueModel<WrongQueue<QueueMistake::early_thief>, 1>>("a slot that is written again before it was read");
    return models::summary("explore_test");
}
