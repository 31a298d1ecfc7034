// The operation that an awaitable stands for, and its quick way: a bare send or receive (no time limit, no context, no timer's channel)
// that meets no cancellation. Everything else is told to go the slow way (awaiting.pxi), before anything has been done.
//
// Ownership: `chan` and `value` are owned. A send's value moves into the channel, or into the goroutine's waiter while it waits, and back
// here if the wait ends without a hand-off.
#pragma once
#include "awaitable.hpp"
#include "this_worker.hpp"

namespace goconc {

enum class Wants : uint8_t { send, recv, recv_ok, next, select, sleep, join, give_way };
enum class Phase : uint8_t { spent, fresh, suspended };

constexpr int slow_way = 2; // beside PYGEN_RETURN, PYGEN_NEXT and PYGEN_ERROR

struct Operation {
    Wants wants = Wants::recv;
    Phase phase = Phase::spent;
    bool bare = false;         // may go the quick way
    bool has_default = false;
    PyObject *chan = nullptr;  // the Chan
    Channel *native = nullptr; // what is inside it
    PyObject *value = nullptr; // to send; the Goroutine to join; the cases of a select
    G *me = nullptr;           // who awaits it
    int64_t deadline = forever;

    Operation() noexcept = default;
    Operation(const Operation &) = delete;
    Operation &operator=(const Operation &) = delete;

    // It is over, and keeps nothing alive.
    void spend() noexcept {
        phase = Phase::spent;
        Py_CLEAR(chan);
        Py_CLEAR(value);
    }
};

// What a suspended coroutine yields to its worker: it waits, or it only lets others run. Kept for ever.
inline PyObject *park_token = nullptr, *give_way_token = nullptr;

// Says so as an un-awaited coroutine does. Any exception at hand stays as it is.
inline void never_awaited(const Operation &op) noexcept {
    static const char *const names[] = {"asend", "arecv", "arecv_ok", "__anext__", "aselect", "asleep", "ajoin", "agosched"};
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "goconc operation '%s' was never awaited", names[int(op.wants)]) < 0)
        PyErr_WriteUnraisable(nullptr);
    PyErr_Restore(type, value, traceback);
}

inline int quick_done(Operation &op, PyObject *result, PyObject **out) noexcept {
    op.spend(); // may run anything, so last but for the result
    *out = result;
    return PYGEN_RETURN;
}

inline int quick_begin(Operation &op, G *g, Worker *w, Scheduler &scheduler, PyObject **out) noexcept {
    Sleeper *wake = nullptr;
    void *value = op.value;
    bool sends = op.wants == Wants::send;
    Op done = sends ? op.native->send(value, g, &g->waiter, wake) : op.native->receive(value, g, &g->waiter, wake);
    if (done == Op::done) {
        if (sends) op.value = nullptr;
        if (wake) scheduler.make_ready(w, wake);
        return quick_done(op, sends ? Py_NewRef(Py_None) : static_cast<PyObject *>(value), out);
    }
    if (done != Op::parked) return slow_way; // closed or no memory: it will be so again
    op.value = nullptr;
    op.me = g;
    op.phase = Phase::suspended;
    g->reason = sends ? WaitReason::chan_send : WaitReason::chan_receive;
    w->parked++;
    *out = Py_NewRef(park_token);
    return PYGEN_NEXT;
}

inline int quick_step(Operation &op, Scheduler &scheduler, PyObject **out) noexcept {
    Worker *w = this_worker();
    G *g = w ? w->current : nullptr;
    if (!g || !op.bare || g->requests.load() != 0 || g->kind != SleeperKind::coroutine) return slow_way;
    if (op.wants == Wants::give_way) {
        if (op.phase == Phase::suspended) return quick_done(op, Py_NewRef(Py_None), out);
        if (op.phase != Phase::fresh) return slow_way;
        op.phase = Phase::suspended;
        op.me = g;
        *out = Py_NewRef(give_way_token);
        return PYGEN_NEXT;
    }
    if (op.phase == Phase::fresh) {
        int step = quick_begin(op, g, w, scheduler, out);
        // A request that came between the look above and the wait's opening found nothing to end: look again (see Claim).
        if (step == PYGEN_NEXT && g->requests.load() != 0 && g->claim.take_any()) {
            g->outcome = Outcome::canceled;
            Py_DECREF(*out);
            *out = nullptr;
            return slow_way;
        }
        return step;
    }
    if (op.phase != Phase::suspended || op.me != g || g->claim.is_open(g->claim.ticket()) || g->outcome != Outcome::handed || !g->waiter.ok)
        return slow_way;
    g->reason = WaitReason::none;
    return quick_done(op, op.wants == Wants::send ? Py_NewRef(Py_None) : static_cast<PyObject *>(g->waiter.value), out);
}

} // namespace goconc
