// Fibers that are greenlets: the engine for platforms and minors that greenlet knows and the native one does not. greenlet switches by
// copying stacks away and back, on the thread's own stack and its own thread state.
//
// Called on attached threads. What switches is not noexcept: at the end of the interpreter CPython ends threads by unwinding them.
//
// Invariants:
//   1. A fiber's greenlet is the one that has switched away from it, and it is switched to by this engine only. (A goroutine may use
//      greenlets of its own, and park in one.)
//   2. A greenlet begins where the stack of whoever switches to it first ends. So they are all begun by one that stands near the thread's
//      base, the starter: begun by each other, each would stand deeper than the one before.
//   3. While a fiber is suspended, what its stack holds is not where it was. Nothing outside of it may point there.
//   4. A retired fiber is switched to for the last time: its body returns, and so does the greenlet, to whoever has retired it.
#pragma once
#include "build.hpp"
#include "../_native/parker.hpp"
#include <new>

namespace goconc {

// How deep in trace functions a stack is, and for what. greenlet leaves that to the thread, where one that parks would silence tracing.
struct TraceState {
#if PY_VERSION_HEX < 0x030C0000
    int depth = 0, what = 0;
    static TraceState of(PyThreadState *ts) noexcept { return {ts->tracing, ts->tracing_what}; }
    void give(PyThreadState *ts) const noexcept {
        ts->tracing = depth;
        ts->tracing_what = what;
        ts->cframe->use_tracing = depth == 0 && (ts->c_tracefunc || ts->c_profilefunc) ? 255 : 0;
    }
#elif PY_VERSION_HEX < 0x03100000
    int depth = 0, what = -1;
    static TraceState of(PyThreadState *ts) noexcept { return {ts->tracing, ts->what_event}; }
    void give(PyThreadState *ts) const noexcept {
        ts->tracing = depth;
        ts->what_event = what;
    }
#else // not known
    static TraceState of(PyThreadState *) noexcept { return {}; }
    void give(PyThreadState *) const noexcept {}
#endif
};

// greenlet's C API, as far as it is used: functions at fixed places in a table.
class Greenlets {
    void **table_ = nullptr;
    template <class Function> Function *at(int place) const noexcept { return reinterpret_cast<Function *>(table_[place]); }

  public:
    // False, with an exception: it cannot be imported.
    bool load() noexcept {
        table_ = static_cast<void **>(PyCapsule_Import("greenlet._C_API", 0));
        return table_ != nullptr;
    }
    PyObject *make(PyObject *run, PyObject *parent) const noexcept { return at<PyObject *(PyObject *, PyObject *)>(3)(run, parent); }

    // A new reference; null, with no exception, when the interpreter ends.
    PyObject *current() const noexcept {
        PyObject *found = at<PyObject *()>(4)();
        if (!found) PyErr_Clear();
        return found;
    }
    bool set_parent(PyObject *greenlet, PyObject *parent) const noexcept { return at<int(PyObject *, PyObject *)>(7)(greenlet, parent) == 0; }

    // Returns when somebody switches back.
    void go_to(PyObject *greenlet) const {
        PyThreadState *ts = PyThreadState_Get();
        TraceState ours = TraceState::of(ts);
        PyObject *sent = at<PyObject *(PyObject *, PyObject *, PyObject *)>(6)(greenlet, nullptr, nullptr);
        if (!sent) Py_FatalError("goconc: a goroutine's greenlet was thrown an exception, or is of another thread");
        ours.give(ts);
        Py_DECREF(sent);
    }
};
inline Greenlets greenlets;

struct GreenletFiber : Fiber {
    PyObject *greenlet = nullptr; // null: not made yet, but for a root
    FiberBody body = nullptr;
    GreenletFiber *root = nullptr;
    bool started = true;
    bool retired = false;
    // Of a root only:
    PyObject *starter = nullptr;
    GreenletFiber *begins = nullptr; // whom the starter is to begin next; null: it returns to the root

    GreenletFiber() noexcept { canary = &no_native_stack; }
};

inline GreenletFiber *as_greenlet(Fiber *f) noexcept { return static_cast<GreenletFiber *>(f); }

inline PyObject *run_starter(PyObject *capsule, PyObject *) {
    GreenletFiber *root = static_cast<GreenletFiber *>(PyCapsule_GetPointer(capsule, nullptr));
    do greenlets.go_to(root->begins ? root->begins->greenlet : root->greenlet);
    while (!root->retired);
    Py_RETURN_NONE;
}
inline PyObject *run_fiber(PyObject *capsule, PyObject *) {
    GreenletFiber *f = static_cast<GreenletFiber *>(PyCapsule_GetPointer(capsule, nullptr));
    TraceState().give(PyThreadState_Get());
    try {
        f->body(f);
    } catch (...) {
        // The end of the thread, at the end of the interpreter. Below this frame the stack is not that of who called it, so the unwinding
        // must not go on. The thread waits for the end of the process, as CPython itself lets it from 3.14 on.
        Parker for_ever;
        for (;;) for_ever.park(forever);
    }
    Py_RETURN_NONE;
}
inline PyMethodDef starter_method = {"starter", run_starter, METH_VARARGS, nullptr};
inline PyMethodDef fiber_method = {"fiber", run_fiber, METH_VARARGS, nullptr};

// A greenlet that will call `method` with the fiber. Null, with no exception: no memory.
inline PyObject *new_greenlet(PyMethodDef *method, GreenletFiber *f, PyObject *parent) noexcept {
    PyObject *capsule = PyCapsule_New(f, nullptr, nullptr);
    PyObject *run = capsule ? PyCFunction_New(method, capsule) : nullptr;
    PyObject *greenlet = run ? greenlets.make(run, parent) : nullptr;
    Py_XDECREF(run);
    Py_XDECREF(capsule);
    if (!greenlet) PyErr_Clear();
    return greenlet;
}

// A fiber of this thread, whose root is given, on which body(f) will run. Null: no memory.
inline Fiber *greenlet_fiber(Fiber *root, FiberBody body) noexcept {
    GreenletFiber *f = new (std::nothrow) GreenletFiber;
    if (!f) return nullptr;
    f->body = body;
    f->root = as_greenlet(root);
    f->started = false;
    f->greenlet = new_greenlet(&fiber_method, f, f->root->greenlet);
    if (f->greenlet) return f;
    delete f;
    return nullptr;
}

// The calling thread's own stack becomes a root, and the starter stands on it. False: no memory.
inline bool adopt_greenlet(Fiber *fiber) {
    GreenletFiber *root = as_greenlet(fiber);
    root->root = root;
    root->retired = false;
    root->begins = nullptr;
    root->greenlet = greenlets.current();
    if (root->greenlet) root->starter = new_greenlet(&starter_method, root, root->greenlet);
    if (root->starter) {
        greenlets.go_to(root->starter);
        return true;
    }
    Py_CLEAR(root->greenlet);
    return false;
}

// The root's thread has no other fibers left.
inline void release_greenlet(Fiber *fiber) {
    GreenletFiber *root = as_greenlet(fiber);
    root->retired = true;
    greenlets.go_to(root->starter);
    Py_CLEAR(root->starter);
    Py_CLEAR(root->greenlet);
}

inline void switch_greenlets(Fiber *from, Fiber *to) {
    GreenletFiber *here = as_greenlet(from), *target = as_greenlet(to), *root = here->root;
    if (PyObject *now = greenlets.current()) {
        PyObject *before = here->greenlet;
        here->greenlet = now;
        Py_DECREF(before);
    }
    if (target->started) return greenlets.go_to(target->greenlet);
    target->started = true;
    root->begins = target;
    greenlets.go_to(root->starter);
}

// It has switched away for the last time. At the end of the interpreter it is left as it is.
inline void retire_greenlet(Fiber *fiber) {
    GreenletFiber *f = as_greenlet(fiber);
    PyObject *here = greenlets.current();
    if (!here) return;
    f->retired = true;
    if (!greenlets.set_parent(f->greenlet, here)) Py_FatalError("goconc: a greenlet is of another thread");
    greenlets.go_to(f->greenlet);
    Py_DECREF(here);
    Py_DECREF(f->greenlet);
    delete f;
}

// The innermost Python frame of a suspended one (a new reference), or null, with no exception, if it is in none.
inline PyObject *greenlet_frame(Fiber *f) noexcept {
    PyObject *frame = PyObject_GetAttrString(as_greenlet(f)->greenlet, "gr_frame");
    if (!frame) PyErr_Clear();
    if (frame == Py_None) Py_CLEAR(frame);
    return frame;
}

} // namespace goconc
