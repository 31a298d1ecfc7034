// Every order of small programs over package sync, within two preemptions; and the same programs with a mistake, which has to be found.
#include "models.hpp"
#include "sleeping.hpp"

using namespace goconc;
using explore::expect;
using explore::Tasks;
using models::right;
using models::wrong;

namespace {

// No model may depend on how much time goes by: everybody is patient for ever, or not at all.
using Patient = PatientMutex<forever>;
using Impatient = PatientMutex<-1>;

template <class M> void unlock(M &mutex) {
    WakeList wakes;
    expect(mutex.unlock(wakes), "it was not locked");
    wake_all(wakes);
}

struct Inside {
    int count = 0;
    void visit() {
        expect(++count == 1, "two are inside at once");
        explore::step();
        count--;
    }
};

// ---- Mutex ----

// Three lock it, one of them with a time limit; another one is cancelled. `task`: one is always handed it.
template <class M, bool task> struct MutexModel {
    M mutex;
    ThreadSleeper threads[3];
    Inside inside;

    void pass(int i, int64_t deadline) {
        if (!wait_thread_at(mutex, threads[i], deadline)) return;
        inside.visit();
        unlock(mutex);
    }
    void tasks(Tasks t) {
        if (task) threads[0].kind = SleeperKind::task;
        t.add("first", [this] { pass(0, forever); });
        t.add("second", [this] { pass(1, 1000); });
        t.add("third", [this] { pass(2, forever); });
        t.add("canceller", [this] { cancel(threads[2]); });
    }
    void check() { expect(mutex.try_lock(), "nobody has it, and it is locked"); }
};

// It is locked; two wait. One that was served does not go on, as when its operation is closed: the other one gets what came for it.
// `task`: it was handed the lock, not woken to compete.
template <class M, class Point, bool task> struct ClosedModel {
    M mutex;
    Point point{mutex};
    ThreadSleeper closed, other;
    Inside inside;

    void tasks(Tasks t) {
        mutex.try_lock();
        if (task) closed.kind = SleeperKind::task;
        t.add("holder", [this] { unlock(mutex); });
        t.add("closed", [this] {
            bool at_once = point.enter(&closed, &closed.waiter);
            if (!at_once) wait_thread(closed, forever);
            WakeList wakes;
            if (at_once) mutex.unlock(wakes);
            else point.leave(&closed.waiter, true, wakes);
            wake_all(wakes);
        });
        t.add("other", [this] {
            wait_thread_at(point, other);
            inside.visit();
            unlock(mutex);
        });
    }
    void check() { expect(mutex.try_lock(), "nobody has it, and it is locked"); }
};

struct Through : WaitPoint { // to something else, with a mistake in between
    WaitPoint &inner;
    explicit Through(WaitPoint &point) noexcept : WaitPoint(point.reason, true), inner(point) {}
    bool enter(Sleeper *s, Waiter *w) noexcept override { return inner.enter(s, w); }
    bool go_on(Waiter *w) noexcept override { return inner.go_on(w); }
    void leave(Waiter *w, bool served, WakeList &wakes) noexcept override { inner.leave(w, served, wakes); }
};
struct KeepsItself : Through { // what was given goes to nobody
    using Through::Through;
    void leave(Waiter *w, bool, WakeList &wakes) noexcept override { inner.leave(w, false, wakes); }
};
struct BelievesIt : Through { // whoever was woken has it
    using Through::Through;
    bool go_on(Waiter *) noexcept override { return true; }
};

// Somebody waits, somebody else comes when it is freed.
template <class Point> struct BargingModel {
    Patient mutex;
    Point point{mutex};
    ThreadSleeper threads[2];
    Inside inside;

    void pass(int i) {
        wait_thread_at(point, threads[i]);
        inside.visit();
        WakeList wakes;
        mutex.unlock(wakes);
        wake_all(wakes);
    }
    void tasks(Tasks t) {
        mutex.try_lock();
        t.add("waiter", [this] { pass(0); });
        t.add("holder", [this] {
            unlock(mutex);
            pass(1);
        });
    }
    void check() { expect(mutex.try_lock(), "nobody has it, and it is locked"); }
};

// ---- RWMutex ----

// Two readers and two writers; one of the writers has a time limit, or is cancelled.
template <bool cancels> struct RWModel {
    RWMutex rw;
    ThreadSleeper threads[4];
    int readers = 0, writers = 0;

    void read(int i) {
        wait_thread_at(*rw.reading(), threads[i]);
        readers++;
        expect(writers == 0, "a reader beside a writer");
        explore::step();
        readers--;
        WakeList wakes;
        expect(rw.runlock(wakes), "it was not locked for reading");
        wake_all(wakes);
    }
    void write(int i, int64_t deadline) {
        if (!wait_thread_at(*rw.writing(), threads[i], deadline)) return;
        writers++;
        expect(writers == 1 && readers == 0, "a writer is not alone");
        explore::step();
        writers--;
        unlock(rw);
    }
    void tasks(Tasks t) {
        t.add("reader1", [this] { read(0); });
        t.add("writer1", [this] { write(1, cancels ? forever : 1000); });
        t.add("reader2", [this] { read(2); });
        if (cancels) t.add("canceller", [this] { cancel(threads[1]); });
        else t.add("writer2", [this] { write(3, forever); });
    }
    void check() { expect(rw.try_lock(), "nobody has it, and it is locked"); }
};

// One reads for ever. A writer stands in line before another reader, and gives up.
struct WriterGivesUpModel {
    RWMutex rw;
    ThreadSleeper writer, reader;
    bool wrote = false;

    void tasks(Tasks t) {
        rw.try_rlock();
        t.add("writer", [this] { wrote = wait_thread_at(*rw.writing(), writer, 1000); });
        t.add("reader", [this] { wait_thread_at(*rw.reading(), reader); });
    }
    void check() {
        WakeList wakes;
        expect(!wrote && rw.runlock(wakes) && rw.runlock(wakes) && rw.try_lock(), "not two readers inside");
    }
};

// A writer stands in line before a reader, is cancelled, and never comes back to say so.
struct LostWriterModel {
    RWMutex rw;
    ThreadSleeper writer, reader;

    void tasks(Tasks t) {
        rw.try_rlock();
        rw.writing()->enter(&writer, &writer.waiter);
        t.add("reader", [this] { wait_thread_at(*rw.reading(), reader); });
        t.add("holder", [this] {
            writer.claim.take_any();
            WakeList wakes;
            rw.runlock(wakes);
            wake_all(wakes);
        });
    }
    void check() {
        WakeList wakes;
        expect(rw.runlock(wakes) && rw.try_lock(), "not one reader inside");
    }
};

// ---- WaitGroup ----

// A group that looks and registers in two steps.
class LooseGroup final : public WaitPoint {
    Lock guard_;
    WaitLine line_;
    int64_t count_ = 0;

  public:
    LooseGroup() noexcept : WaitPoint(WaitReason::sync_waitgroup_wait, false) {}
    bool add(int64_t delta, WakeList &wakes) noexcept {
        Held<Lock> hold(guard_);
        count_ += delta;
        if (count_ == 0) serve_all(line_, wakes);
        return true;
    }
    bool enter(Sleeper *s, Waiter *w) noexcept override {
        {
            Held<Lock> hold(guard_);
            if (count_ == 0) return true;
        }
        Held<Lock> hold(guard_);
        park(line_, s, w);
        return false;
    }
    void leave(Waiter *w, bool, WakeList &) noexcept override {
        Held<Lock> hold(guard_);
        if (w->linked) line_.unlink(w);
    }
};

// Two are counted, two wait, one of them with a time limit.
template <class Group> struct GroupModel {
    Group group;
    ThreadSleeper threads[2];
    int ended = 0;

    void tasks(Tasks t) {
        WakeList nobody;
        group.add(2, nobody);
        for (const char *name : {"done1", "done2"})
            t.add(name, [this] {
                ended++;
                WakeList wakes;
                group.add(-1, wakes);
                wake_all(wakes);
            });
        for (int i = 0; i < 2; i++)
            t.add(i ? "limited" : "waiter", [this, i] {
                if (wait_thread_at(group, threads[i], i ? 1000 : forever)) expect(ended == 2, "through too early");
            });
    }
    void check() { expect(!threads[0].waiter.linked && !threads[1].waiter.linked, "left on a line"); }
};

struct NoticeModel {
    Notice notice;
    ThreadSleeper thread;
    bool given = false, through = false;

    void tasks(Tasks t) {
        t.add("waiter", [this] { through = wait_thread_at(notice, thread, 1000); });
        t.add("giver", [this] {
            given = true;
            WakeList wakes;
            notice.give(wakes);
            wake_all(wakes);
        });
    }
    void check() { expect(given && !thread.waiter.linked, "left on a line"); }
};

} // namespace

int main() {
    right<MutexModel<Patient, false>>("mutex: competing");
    right<MutexModel<Patient, true>>("mutex: competing with one that is handed it");
    right<MutexModel<Impatient, false>>("mutex: starving");
    right<ClosedModel<Patient, Through, false>>("mutex: one that was woken does not go on");
    right<ClosedModel<Impatient, Through, false>>("mutex: the same, starving");
    right<ClosedModel<Patient, Through, true>>("mutex: one that was handed it does not go on");
    right<BargingModel<Through>>("mutex: a newcomer competes with the one that was woken");
    wrong<ClosedModel<Patient, KeepsItself, false>>("mutex: what came for one that does not go on is lost");
    wrong<BargingModel<BelievesIt>>("mutex: whoever is woken takes it for its own");
    right<RWModel<false>>("rwmutex: two readers, two writers");
    right<RWModel<true>>("rwmutex: a writer that is cancelled");
    right<WriterGivesUpModel>("rwmutex: a writer that gives up before a reader");
    right<LostWriterModel>("rwmutex: a writer that never comes back");
    right<GroupModel<WaitGroup>>("wait group");
    wrong<GroupModel<LooseGroup>>("wait group that looks and registers in two steps");
    right<NoticeModel>("notice");
    return models::summary("sync_models_test");
}
