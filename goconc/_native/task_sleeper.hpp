// A task of an event loop that waits, and how it is woken: from any thread, and without Python.
//
// Every loop has one Bell: the line of its sleepers whose wait is over, and a pipe that the loop reads (or, if the loop cannot watch a
// pipe, a thread that calls it). Who rings puts the sleeper in line and, if nobody has written since the loop looked last, writes one
// byte: many wake-ups, one write. The loop then takes the sleepers off the line one by one and completes their futures.
//
// Invariants:
//   1. A sleeper is rung once for each claim that was won from it. Ringing is the last that its waker does with it, and under the
//      bell's lock: its owner may free it once its claim is its own, or once settled() has said so.
//   2. `linked`, `rung` and `future` of a sleeper in line change under the bell's lock only.
//   3. Sleepers and the loop hold references to the bell, so ringing for a loop that is closed does no harm.
#pragma once
#include "deadlines.hpp"
#include "select.hpp"

namespace goconc {

class Bell;

struct TaskSleeper : Sleeper {
    Waiter waiter;
    Deadline deadline;
    Bell *bell;
    void *future = nullptr;        // what the loop completes; an owned reference
    void *kept_in = nullptr;       // where the loop keeps it meanwhile, and so the task alive; the same
    const void *task = nullptr;    // who awaits; to compare, not to look into
    TaskSleeper *previous = nullptr, *next = nullptr;
    bool linked = false, rung = false;

    explicit TaskSleeper(Bell *of) noexcept; // takes over a reference
    ~TaskSleeper();
};

class Bell {
    Attached<uint32_t> references_{1};
    TaskSleeper *head_ = nullptr, *tail_ = nullptr;
    bool signalled_ = false;
    int writer_;

    ~Bell() {
        if (reader >= 0) close_descriptor(reader);
        close_descriptor(writer_); // which ends a thread that reads
    }
    void unlink(TaskSleeper *s) noexcept {
        if (s->previous) s->previous->next = s->next;
        else head_ = s->next;
        if (s->next) s->next->previous = s->previous;
        else tail_ = s->previous;
        s->linked = false;
    }

  public:
    AttachedLock lock;
    Dice dice;       // the loop's thread only
    int reader = -1; // the same: what the loop itself reads, without blocking

    Bell(int writer, uint64_t seed) noexcept : writer_(writer), dice(seed) {}
    Bell(const Bell &) = delete;
    Bell &operator=(const Bell &) = delete;

    Bell *hold() noexcept {
        references_.fetch_add(1);
        return this;
    }
    void let_go() noexcept {
        if (references_.fetch_sub(1) == 1) delete this;
    }

    void ring(TaskSleeper *s) noexcept {
        bool first;
        hold(); // once the lock is released the sleeper may be gone, and its reference with it
        {
            Held<AttachedLock> held(lock);
            s->rung = s->linked = true;
            s->next = nullptr;
            s->previous = tail_;
            if (tail_) tail_->next = s;
            else head_ = s;
            tail_ = s;
            first = !signalled_;
            signalled_ = true;
        }
        if (first) write_byte(writer_); // does not block: there is one byte at most
        let_go();
    }

    // The loop, before it looks at the line: from here on ringing writes again.
    void hear() noexcept {
        char bytes[16];
        while (reader >= 0 && read_bytes(reader, bytes, sizeof bytes) == sizeof bytes) {}
        Held<AttachedLock> held(lock);
        signalled_ = false;
    }
    // Under the lock. The next sleeper in line, off it now; null: none.
    TaskSleeper *pop() noexcept {
        TaskSleeper *s = head_;
        if (s) unlink(s);
        return s;
    }
    // Whether its waker is through with it. It is in no line then.
    bool settled(TaskSleeper *s) noexcept {
        Held<AttachedLock> held(lock);
        if (s->linked) unlink(s);
        return s->rung;
    }
};

inline TaskSleeper::TaskSleeper(Bell *of) noexcept : bell(of) {
    kind = SleeperKind::task;
    deadline.owner = static_cast<Sleeper *>(this);
}
inline TaskSleeper::~TaskSleeper() { bell->let_go(); }

} // namespace goconc
