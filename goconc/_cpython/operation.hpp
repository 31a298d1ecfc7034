// The operation that an awaitable stands for, and its quick way: a bare send, receive or wait of package sync (no time limit, no context,
// no timer's channel) that meets no cancellation. Everything else is told to go the slow way (awaiting.pxi), before anything has been done.
//
// Ownership: objects are owned. A send's value moves into the channel, or into the goroutine's waiter while it waits, and back
// here if the wait ends without a hand-off.
//
// An awaitable is an object: anybody may step, close or drop it, in any thread, also while an operation of it is under way. So
// its phase is a word that is moved by compare-and-swap, and whoever moves it to `begun` owns the operation until it moves it on:
//     fresh --> begun --> suspended --> begun ... --> spent
// A goroutine has one place to wait in, so one operation of it is suspended at a time: `G::waiting`. That pointer and `me` lead from
// one object to the other without a reference. Each of the two therefore ends the pairing before it goes away, under `pairing`:
// the goroutine when it finishes, the awaitable in its deallocator (awaiting.pxi).
#pragma once
#include "awaitable.hpp"
#include "this_worker.hpp"
#include "../_native/sync.hpp"
#include <utility>

namespace goconc {

enum class Wants : uint8_t { send, recv, recv_ok, next, select, sleep, join, give_way, point };
enum class Phase : uint8_t { spent, fresh, begun, suspended };

constexpr int slow_way = 2; // beside PYGEN_RETURN, PYGEN_NEXT and PYGEN_ERROR

struct Operation {
    Wants wants = Wants::recv;
    Attached<Phase> phase;
    bool bare = false;         // may go the quick way
    bool has_default = false;
    PyObject *chan = nullptr;  // the Chan
    Channel *native = nullptr; // what is inside it
    PyObject *value = nullptr; // to send; the Goroutine to join; the cases of a select; the owner of `point`
    WaitPoint *point = nullptr; // what of package sync is waited for
    PyObject *ctx = nullptr;   // the context
    SelectRoom *room = nullptr; // while a select is entered, which a context's operation is too
    PyObject *cases = nullptr; // the cases in the room
    Attached<Sleeper *> me;    // suspended: who waits, a G or a TaskSleeper; null for a give_way, which waits for nothing
    TaskSleeper *task = nullptr; // where a task of an event loop waits
    int64_t deadline = forever;

    Operation() noexcept = default;
    Operation(const Operation &) = delete;
    Operation &operator=(const Operation &) = delete;

    // True: the caller owns it now.
    bool take(Phase from) noexcept { return phase.compare_exchange(from, Phase::begun); }

    // Its owner lets others see that it waits, last of all.
    void suspend(G *g) noexcept {
        me.store_relaxed(g);
        g->waiting.store_relaxed(this);
        phase.store_release(Phase::suspended);
    }

    void suspend(TaskSleeper *s) noexcept {
        me.store_relaxed(s);
        phase.store_release(Phase::suspended);
    }

    // Everything that it owns, to be dropped there once this one is nobody's any more.
    void leave_to(Operation &other) noexcept {
        other.chan = std::exchange(chan, nullptr);
        other.value = std::exchange(value, nullptr);
        other.ctx = std::exchange(ctx, nullptr);
        other.cases = std::exchange(cases, nullptr);
        other.room = std::exchange(room, nullptr);
        other.task = std::exchange(task, nullptr);
    }

    // It is over, and keeps nothing alive.
    void spend() noexcept {
        phase.store_release(Phase::spent);
        Py_CLEAR(chan);
        Py_CLEAR(value);
        Py_CLEAR(ctx);
        Py_CLEAR(cases);
    }
};

inline Waiter *waiter_of(Sleeper *s) noexcept {
    return s->kind == SleeperKind::task ? &static_cast<TaskSleeper *>(s)->waiter : &static_cast<G *>(s)->waiter;
}
inline Deadline *limit_of(Sleeper *s) noexcept {
    return s->kind == SleeperKind::task ? &static_cast<TaskSleeper *>(s)->deadline : &static_cast<G *>(s)->deadline;
}

// Guards the step that ends a pairing of an operation and its goroutine from outside; held for a few instructions.
inline AttachedLock pairing;

// What a suspended coroutine yields to its worker: it waits, or it only lets others run. Kept for ever.
inline PyObject *park_token = nullptr, *give_way_token = nullptr;

// Says so as an un-awaited coroutine does. Any exception at hand stays as it is.
inline void never_awaited(const Operation &op) noexcept {
    static const char *const names[] = {"asend", "arecv", "arecv_ok", "__anext__", "aselect", "asleep", "ajoin", "agosched", "sync"};
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "goconc operation '%s' was never awaited", names[int(op.wants)]) < 0)
        PyErr_WriteUnraisable(nullptr);
    PyErr_Restore(type, value, traceback);
}

// Makes the collector see what an operation keeps. While its owner moves references in and out nothing is collected: that runs no Python.
using OperationOf = Operation *(*)(PyObject *);
inline OperationOf operation_of = nullptr;
inline traverseproc operation_inner_traverse = nullptr;
inline inquiry operation_inner_clear = nullptr;

inline int operation_traverse(PyObject *self, visitproc visit, void *arg) noexcept {
    Operation &op = *operation_of(self);
    Py_VISIT(op.chan);
    Py_VISIT(op.value);
    Py_VISIT(op.ctx);
    Py_VISIT(op.cases);
    if (op.task) {
        Py_VISIT(static_cast<PyObject *>(op.task->future));
        Py_VISIT(static_cast<PyObject *>(op.task->kept_in));
    }
    return operation_inner_traverse(self, visit, arg);
}
inline int operation_clear(PyObject *self) noexcept {
    Operation &op = *operation_of(self);
    if (op.take(Phase::fresh)) {
        never_awaited(op);
        op.spend();
    }
    return op.phase.load_acquire() == Phase::spent ? operation_inner_clear(self) : 0; // one that waits ends with its goroutine
}
inline void collect_operations(PyTypeObject *type, OperationOf of) noexcept {
    operation_of = of;
    put_before<traverseproc>(type->tp_traverse, operation_traverse, operation_inner_traverse);
    put_before<inquiry>(type->tp_clear, operation_clear, operation_inner_clear);
}

inline int quick_done(Operation &op, PyObject *result, PyObject **out) noexcept {
    op.phase.store_release(Phase::spent);
    Py_CLEAR(op.chan); // all that a bare one still has; may run anything, so last but for the result
    Py_CLEAR(op.value);
    *out = result;
    return PYGEN_RETURN;
}

inline int quick_suspend(Operation &op, G *g, Worker *w, WaitReason reason, PyObject **out) noexcept {
    g->waits_for(reason);
    w->parked++;
    op.suspend(g);
    // A request that came between quick_step's look and the wait's opening found nothing to end: look again (see Claim).
    if (g->requests.load() != 0 && g->claim.take_any()) {
        g->outcome = Outcome::canceled;
        return slow_way;
    }
    *out = Py_NewRef(park_token);
    return PYGEN_NEXT;
}

inline int quick_begin_point(Operation &op, G *g, Worker *w, PyObject **out) noexcept {
    if (!op.point->enter(g, &g->waiter)) return quick_suspend(op, g, w, op.point->reason, out);
    if (op.point->acquires || g->requests.load() == 0) return quick_done(op, Py_NewRef(Py_None), out);
    op.phase.store_release(Phase::fresh);
    return slow_way;
}

inline int quick_begin(Operation &op, G *g, Worker *w, Scheduler &scheduler, PyObject **out) noexcept {
    if (op.wants == Wants::point) return quick_begin_point(op, g, w, out);
    Sleeper *wake = nullptr;
    void *value = op.value;
    bool sends = op.wants == Wants::send;
    Op done = sends ? op.native->send(value, g, &g->waiter, wake) : op.native->receive(value, g, &g->waiter, wake);
    if (done == Op::done) {
        if (sends) op.value = nullptr;
        if (wake) scheduler.make_ready(w, wake);
        return quick_done(op, sends ? Py_NewRef(Py_None) : static_cast<PyObject *>(value), out);
    }
    if (done != Op::parked) { // closed or no memory: it will be so again
        op.phase.store_release(Phase::fresh);
        return slow_way;
    }
    op.value = nullptr;
    return quick_suspend(op, g, w, sends ? WaitReason::chan_send : WaitReason::chan_receive, out);
}

inline int quick_step(Operation &op, Scheduler &scheduler, PyObject **out) noexcept {
    Worker *w = this_worker();
    G *g = w ? static_cast<G *>(w->current) : nullptr;
    if (!g || !op.bare || g->requests.load() != 0 || g->kind != SleeperKind::coroutine) return slow_way;
    if (op.wants == Wants::give_way) {
        if (op.take(Phase::suspended)) return quick_done(op, Py_NewRef(Py_None), out);
        if (!op.take(Phase::fresh)) return slow_way;
        op.phase.store_release(Phase::suspended);
        *out = Py_NewRef(give_way_token);
        return PYGEN_NEXT;
    }
    Operation *waiting = g->waiting.load_acquire();
    if (waiting != &op) {
        if (waiting || !op.take(Phase::fresh)) return slow_way;
        return quick_begin(op, g, w, scheduler, out);
    }
    if (g->claim.is_open(g->claim.ticket()) || g->outcome != Outcome::handed || !g->waiter.ok) return slow_way;
    if (!op.take(Phase::suspended)) return slow_way;
    if (op.wants == Wants::point && op.point->complaint()) {
        op.phase.store_release(Phase::suspended);
        return slow_way;
    }
    g->waiting.store_relaxed(nullptr);
    g->reason = WaitReason::none;
    bool received = op.wants == Wants::recv || op.wants == Wants::next;
    return quick_done(op, received ? static_cast<PyObject *>(g->waiter.value) : Py_NewRef(Py_None), out);
}

} // namespace goconc
