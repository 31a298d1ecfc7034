// The per-stack fields of a CPython 3.13 thread state, with a GIL and without. Included by thread_state.hpp only.
#pragma once

#ifdef Py_GIL_DISABLED
// Exported by the interpreter, declared in internal headers.
extern "C" {
PyAPI_FUNC(void) _PyCriticalSection_SuspendAll(PyThreadState *);
PyAPI_FUNC(void) _PyCriticalSection_Resume(PyThreadState *);
}
#endif

namespace goconc {

// CPython counts units of C recursion and does not look at the stack pointer, so a unit must be as large as the hungriest recursion there
// is: a list sorted from its own comparison takes 2.5 KB of C stack a unit (the merge buffer lies on the stack), most take under 400
// bytes. And some nest by rules of their own: the parser 6000 levels deep, marshal 2000. 1 MB holds those, and 409 units: a chain of
// imports eighty modules long.
constexpr size_t DEFAULT_C_STACK = 1 << 20;
constexpr size_t C_STACK_PER_CALL = 2560;

struct ThreadStateFields : CommonFields {
    struct _PyInterpreterFrame *current_frame;
    int depth;       // Python calls deep: kept so that a changed recursion limit applies to suspended stacks too
    int c_remaining; // C recursion left (the trashcan counts with it too)
    int what_event;
    int c_budget;    // c_remaining at the base of this stack
    PyObject *previous_executor;
#ifdef Py_GIL_DISABLED
    uintptr_t critical_section; // per-object locks of this stack; let go of while it is suspended
#endif
};

static inline void save(ThreadStateFields &f, PyThreadState *ts) noexcept {
    save_common(f, ts);
    f.current_frame = ts->current_frame;
    f.depth = ts->py_recursion_limit - ts->py_recursion_remaining;
    f.c_remaining = ts->c_recursion_remaining;
    f.what_event = ts->what_event;
    f.previous_executor = ts->previous_executor;
#ifdef Py_GIL_DISABLED
    if (ts->critical_section) _PyCriticalSection_SuspendAll(ts);
    f.critical_section = ts->critical_section;
#endif
}

static inline void load(ThreadStateFields &f, PyThreadState *ts) noexcept {
    load_common(f, ts);
    ts->current_frame = f.current_frame;
    ts->py_recursion_remaining = ts->py_recursion_limit - f.depth;
    ts->c_recursion_remaining = f.c_remaining;
    ts->what_event = f.what_event;
    ts->previous_executor = f.previous_executor;
#ifdef Py_GIL_DISABLED
    ts->critical_section = 0; // until its locks are taken again
#endif
}

// Taking the locks again may wait, and waiting detaches the thread: not before its stack and its thread state agree.
static inline void resumed(ThreadStateFields &f, PyThreadState *ts) noexcept {
#ifdef Py_GIL_DISABLED
    if (f.critical_section) {
        ts->critical_section = f.critical_section;
        _PyCriticalSection_Resume(ts);
    }
#else
    (void)f, (void)ts;
#endif
}

static inline void init_fresh(ThreadStateFields &f, PyThreadState *, const StackSpan &span) noexcept {
    init_common(f, span);
    f.current_frame = nullptr;
    f.depth = 0;
    size_t calls = static_cast<size_t>(span.c_high - span.c_low) / C_STACK_PER_CALL;
    f.c_budget = calls < Py_C_RECURSION_LIMIT ? static_cast<int>(calls) : Py_C_RECURSION_LIMIT;
    f.c_remaining = f.c_budget;
    f.what_event = -1;
    f.previous_executor = nullptr;
#ifdef Py_GIL_DISABLED
    f.critical_section = 0;
#endif
}

static inline void reset_depths(ThreadStateFields &f, PyThreadState *ts) noexcept {
    ts->py_recursion_remaining = ts->py_recursion_limit;
    ts->c_recursion_remaining = f.c_budget;
    ts->recursion_headroom = 0;
    ts->tracing = 0;
}

static inline void frame_swap(PyThreadState *ts, ThreadStateFields &f) noexcept {
    struct _PyInterpreterFrame *mine = ts->current_frame;
    ts->current_frame = f.current_frame;
    f.current_frame = mine;
}

static inline bool layout_matches(PyThreadState *ts) noexcept {
    return common_layout_matches(ts) && ts->py_recursion_limit == Py_GetRecursionLimit() &&
           ts->thread_id == PyThread_get_thread_ident() && ts->c_recursion_remaining <= Py_C_RECURSION_LIMIT;
}

} // namespace goconc
