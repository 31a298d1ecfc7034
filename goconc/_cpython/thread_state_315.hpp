// The per-stack fields of a CPython 3.15 thread state (with a GIL). Included by thread_state.hpp only.
//
// Since 3.14 C recursion is bounded by comparing the stack pointer with limits in the thread state. They lie in the part that only an
// internal header describes.
#pragma once

#ifdef Py_BUILD_CORE
#include "internal/pycore_pythonrun.h" // _PyOS_STACK_MARGIN_BYTES
#include "internal/pycore_tstate.h"
#else
#define Py_BUILD_CORE 1
#include "internal/pycore_pythonrun.h"
#include "internal/pycore_tstate.h"
#undef Py_BUILD_CORE
#endif

namespace goconc {

// Some recursion does not ask: marshal goes 2000 levels deep, which takes 300 KB.
constexpr size_t DEFAULT_C_STACK = 512 << 10;

struct ThreadStateFields : CommonFields {
    struct _PyInterpreterFrame *current_frame;
    int depth; // Python calls deep: kept so that a changed recursion limit applies to suspended stacks too
    int what_event;
    PyObject *current_executor; // compiled code that this stack is inside of
    int generator_return_kind;  // whether the evaluation loop that just returned has yielded
    uintptr_t c_stack_top, c_stack_soft_limit, c_stack_hard_limit; // constant once the stack is laid out, but for the thread's own
};

static inline _PyThreadStateImpl *whole(PyThreadState *ts) noexcept { return reinterpret_cast<_PyThreadStateImpl *>(ts); }

static inline void save(ThreadStateFields &f, PyThreadState *ts) noexcept {
    save_common(f, ts);
    f.current_frame = ts->current_frame;
    f.depth = ts->py_recursion_limit - ts->py_recursion_remaining;
    f.what_event = ts->what_event;
    f.current_executor = ts->current_executor;
    f.generator_return_kind = whole(ts)->generator_return_kind;
    f.c_stack_top = whole(ts)->c_stack_top;
    f.c_stack_soft_limit = whole(ts)->c_stack_soft_limit;
    f.c_stack_hard_limit = whole(ts)->c_stack_hard_limit;
}

static inline void load(ThreadStateFields &f, PyThreadState *ts) noexcept {
    load_common(f, ts);
    ts->current_frame = f.current_frame;
    ts->py_recursion_remaining = ts->py_recursion_limit - f.depth;
    ts->what_event = f.what_event;
    ts->current_executor = f.current_executor;
    whole(ts)->generator_return_kind = static_cast<decltype(whole(ts)->generator_return_kind)>(f.generator_return_kind);
    whole(ts)->c_stack_top = f.c_stack_top;
    whole(ts)->c_stack_soft_limit = f.c_stack_soft_limit;
    whole(ts)->c_stack_hard_limit = f.c_stack_hard_limit;
}

static inline void resumed(ThreadStateFields &, PyThreadState *) noexcept {}

static inline void init_fresh(ThreadStateFields &f, PyThreadState *ts, const StackSpan &span) noexcept {
    init_common(f, span);
    f.current_frame = ts->base_frame; // where profilers expect every stack to end
    f.depth = 0;
    f.what_event = -1;
    f.current_executor = nullptr;
    f.generator_return_kind = _PyThreadStateImpl::GENERATOR_RETURN;
    // As CPython does for a thread: RecursionError from two margins above the end, a fatal error from one. Its check takes a stack pointer
    // further than two margins below the soft limit for another stack's, so two it must be.
    uintptr_t low = reinterpret_cast<uintptr_t>(span.c_low);
    f.c_stack_top = reinterpret_cast<uintptr_t>(span.c_high);
    f.c_stack_hard_limit = low + _PyOS_STACK_MARGIN_BYTES;
    f.c_stack_soft_limit = low + 2 * _PyOS_STACK_MARGIN_BYTES;
}

static inline void reset_depths(ThreadStateFields &, PyThreadState *ts) noexcept {
    ts->py_recursion_remaining = ts->py_recursion_limit;
    ts->recursion_headroom = 0;
    ts->tracing = 0;
}

static inline void frame_swap(PyThreadState *ts, ThreadStateFields &f) noexcept {
    struct _PyInterpreterFrame *mine = ts->current_frame;
    ts->current_frame = f.current_frame;
    f.current_frame = mine;
}

// Patch releases have added fields to the public part, which moves the stack limits: seen between releases of 3.14.
static inline bool layout_matches(PyThreadState *ts) noexcept {
    uintptr_t here = reinterpret_cast<uintptr_t>(&ts);
    const _PyThreadStateImpl *all = whole(ts);
    return common_layout_matches(ts) && ts->py_recursion_limit == Py_GetRecursionLimit() &&
           ts->thread_id == PyThread_get_thread_ident() && all->c_stack_hard_limit < all->c_stack_soft_limit &&
           all->c_stack_soft_limit < all->c_stack_top && all->c_stack_hard_limit < here && here <= all->c_stack_top &&
           (all->c_stack_soft_limit - all->c_stack_hard_limit) % 4096 == 0;
}

} // namespace goconc
