// The run queue of one processor: a ring of 256 that its owner pushes to and pops from, and from which thieves take half. After Go's
// runq. Who may call: push, push_all, pop, spill only the owner; steal, count anybody attached.
//
// head: moved by whoever takes entries, owner or thief, with a CAS. tail: written by the owner alone.
// Orderings: push's store of tail publishes the slot; steal's acquire load of tail pairs with it. Stores of tail are sequentially consistent,
// as are the loads in empty(): who pushes then looks for an idle processor, who goes to sleep looks at the queues last (IDLE.md). A taker
// reads its slots first and then moves head by CAS: if that fails, somebody else took them and the reads are thrown away. The owner may
// overwrite a slot only after it has seen head move past it (acquire load of head in push, pairing with the takers' CAS).
#pragma once
#include "goroutine.hpp"

namespace goconc {

#ifndef GOCONC_QUEUE_SLOTS
#define GOCONC_QUEUE_SLOTS 256 // a test build cuts it down so that every edge is reached
#endif

class LocalQueue {
    static constexpr uint32_t slots = GOCONC_QUEUE_SLOTS;
    Attached<uint32_t> head_, tail_;
    Attached<G *> ring_[slots];

  public:
    static constexpr uint32_t half = slots / 2; // what an empty one takes in one go

    Atomic<uint32_t> ripe_to;  // what stands before this position has waited for long (says sysmon): thieves may come
    // sysmon's own: its end some time ago, that time, and the processor time that the holder had used by then.
    uint32_t marked = 0;
    int64_t marked_at = 0, marked_cpu = 0;

    uint32_t count() const noexcept { // a snapshot; a thief may see more than there are slots
        uint32_t head = head_.load();
        return tail_.load() - head;
    }
    bool empty() const noexcept { return head_.load() == tail_.load(); }
    // Where the next entry will stand. Positions are counted from the beginning of time.
    uint32_t end() const noexcept { return tail_.load(); }
    // Some entry before that position is still there. A position that is 2^31 entries old may be taken for one to come; that does no harm.
    bool has_before(uint32_t position) const noexcept { return int32_t(position - head_.load()) > 0; }

    // False if it is full: then spill().
    bool push(G *g) noexcept {
        uint32_t tail = tail_.load_relaxed();
        if (tail - head_.load_acquire() >= slots) return false;
        ring_[tail % slots].store_relaxed(g);
        tail_.store(tail + 1);
        return true;
    }

    // `half` at most, into an empty one; they can all be stolen at once.
    void push_all(GList &batch) noexcept {
        uint32_t tail = tail_.load_relaxed();
        while (G *g = batch.pop()) ring_[tail++ % slots].store_relaxed(g);
        tail_.store(tail);
    }

    G *pop() noexcept {
        uint32_t head = head_.load_acquire();
        for (;;) {
            if (head == tail_.load_relaxed()) return nullptr;
            G *g = ring_[head % slots].load_relaxed();
            if (head_.compare_exchange(head, head + 1)) return g;
        }
    }

    // Takes the older half and gives it to `out`, to make room; for the shared queue.
    void spill(GList &out) noexcept {
        uint32_t head = head_.load_acquire(), n = (tail_.load_relaxed() - head) / 2;
        if (!n) return;
        G *taken[slots];
        for (uint32_t i = 0; i < n; i++) taken[i] = ring_[(head + i) % slots].load_relaxed();
        if (!head_.compare_exchange(head, head + n)) return; // a thief made room
        for (uint32_t i = 0; i < n; i++) out.push(taken[i]);
    }

    // A thief takes half, rounded up: all but one into its own queue, which must be empty, and one to run at once.
    G *steal_into(LocalQueue &mine) noexcept {
        uint32_t head = head_.load_acquire();
        for (;;) {
            uint32_t there = tail_.load_acquire() - head, n = there - there / 2;
            if (!n) return nullptr;
            if (n > slots / 2 + 1) { // head and tail were read at different moments
                head = head_.load_acquire();
                continue;
            }
            uint32_t tail = mine.tail_.load_relaxed();
            for (uint32_t i = 0; i < n; i++) mine.ring_[(tail + i) % slots].store_relaxed(ring_[(head + i) % slots].load_relaxed());
            if (head_.compare_exchange(head, head + n)) {
                G *last = mine.ring_[(tail + n - 1) % slots].load_relaxed();
                mine.tail_.store(tail + n - 1);
                return last;
            }
        }
    }
};

} // namespace goconc
