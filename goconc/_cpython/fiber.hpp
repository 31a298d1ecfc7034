// Fibers: C stacks on which Python functions run and can be left in the middle of a call. The native engine under plain `def` goroutines.
// Called by the runtime only, on attached threads.
//
//     fiber_adopt(&root, ts)           the calling thread's own stack becomes a fiber too; once a thread, before its first switch
//     f = fiber_new(ts, body)          a stack on which body(f) will run; null when memory runs out (no exception is set)
//     fiber_switch(ts, from, to)       `from` runs and stops here, until somebody switches back to it; `to` goes on
//     fiber_reset(f, ts)               on f, between two goroutines that it runs one after another
//     fiber_recycle(f)                 on another stack, when f has switched away for the last time
//     fiber_frame(ts, f)               the Python frame that a suspended f is in
//
// Invariants:
//   1. A fiber that has run belongs to its thread for ever: frames of the interpreter keep the thread state in registers. One that has
//      not run may be made by any thread but runs first where `ts` is the thread state it was made with.
//   2. No Python exception is set at a switch.
//   3. A switch runs no Python code and allocates nothing (on a free-threaded build it may wait for locks of its own objects, after).
//   4. A body never returns. It ends by switching away, having told the other side to recycle it. Before that it has called
//      fiber_reset, or else holds no context.
//   5. A stack that is never resumed must not be recycled either: frames on it hold references. It is leaked, on purpose.
//   6. The fiber that is switched from is the one running. The engine does not remember which that is.
#pragma once
#include "build.hpp"

#if GOCONC_NATIVE_FIBERS

#include "../_native/fiber/stack.hpp"
#include "../_native/fiber/switch.hpp"
#include "thread_state.hpp"

#include <cassert>
#include <new>

namespace goconc {

// Lives in its own stack's hot page, above the split; frames of Python calls follow it. Ordered so that what a switch touches is together.
struct Fiber : StackRegion {
    void *sp = nullptr; // of the suspended stack
    ThreadStateFields state{};
    void *owner = nullptr; // the runtime's: what runs on it
    Fiber *next = nullptr; // the runtime's: whatever list it is in
};

using FiberBody = void (*)(Fiber *);

inline size_t fiber_stack_size() noexcept { return stack_pool.stack_bytes(DEFAULT_C_STACK); }

// Before the first fiber. False if out of range, or if fibers exist with another size.
inline bool fiber_stack_configure(size_t bytes) noexcept { return stack_pool.configure(bytes); }

// Whether this interpreter keeps its fields where the headers said. Wheels meet other patch releases than they were built with; ask once,
// on the thread's own stack, and use another engine if not.
inline bool fiber_engine_matches(PyThreadState *ts) noexcept { return layout_matches(ts); }

inline Fiber *fiber_new(PyThreadState *ts, FiberBody body) noexcept {
    StackRegion *region = stack_pool.take(DEFAULT_C_STACK);
    if (!region) return nullptr;
    Fiber *f = static_cast<Fiber *>(region);
    f->owner = nullptr;
    f->next = nullptr;
    char *high = reinterpret_cast<char *>(reinterpret_cast<uintptr_t>(f) & ~uintptr_t{15});
    char *frames = reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(f + 1) + 15) & ~uintptr_t{15});
    init_fresh(f->state, ts, {f->low, high, frames, stack_pool.high(region)});
    f->sp = goconc_fiber_prepare(high, f, reinterpret_cast<void *>(body));
    return f;
}

inline void fiber_adopt(Fiber *root, PyThreadState *) noexcept { new (root) Fiber(); }

inline __attribute__((always_inline)) void fiber_switch(PyThreadState *ts, Fiber *from, Fiber *to) noexcept {
    assert(from != to && !PyErr_Occurred());
    if (__builtin_expect(from->canary != nullptr, 0)) StackPool::check_canary(from);
    save(from->state, ts);
    load(to->state, ts);
    goconc_fiber_switch(&from->sp, to->sp);
    resumed(from->state, ts);
}

inline void fiber_recycle(Fiber *f) noexcept {
    assert(f->low && !f->state.context);
    stack_pool.give(f);
}

// The contextvars context of what runs now (borrowed; null is an empty one).
inline PyObject *context_of(PyThreadState *ts) noexcept { return ts->context; }

// Puts another in its place (takes over the reference; null is an empty one). The old one's last reference may go: runs Python code.
inline void set_context(PyThreadState *ts, PyObject *owned_or_null) noexcept {
    PyObject *old = ts->context;
    ts->context = owned_or_null;
    ts->context_ver++;
    Py_XDECREF(old);
}

inline void fiber_reset(Fiber *f, PyThreadState *ts) noexcept {
    set_context(ts, nullptr);
    assert(ts->exc_info == &f->state.exc_root && (!f->state.exc_root.exc_value || f->state.exc_root.exc_value == Py_None));
    Py_CLEAR(f->state.exc_root.exc_value); // 3.11 and 3.12 leave None once something has been handled
    assert(ts->datastack_top == &ts->datastack_chunk->data[1] && !ts->datastack_chunk->previous);
    reset_depths(f->state, ts);
}

// The innermost Python frame of a suspended fiber of this thread (a new reference), or null, with no exception, if it is in none.
inline PyObject *fiber_frame(PyThreadState *ts, Fiber *f) noexcept {
#if PY_VERSION_HEX < 0x030C0000
    int collecting = PyGC_Disable(); // making the frame object may collect, and finalizers would stand on that frame
#endif
    frame_swap(ts, f->state);
    PyObject *frame = reinterpret_cast<PyObject *>(PyThreadState_GetFrame(ts));
    frame_swap(ts, f->state);
#if PY_VERSION_HEX < 0x030C0000
    if (collecting) PyGC_Enable();
#endif
    if (!frame) PyErr_Clear();
    return frame;
}

// In a forked child, before any fiber is made.
inline void fiber_after_fork() noexcept { stack_pool.after_fork(); }

} // namespace goconc

#endif // GOCONC_NATIVE_FIBERS
