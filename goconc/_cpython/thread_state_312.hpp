// The per-stack fields of a CPython 3.12 thread state. Included by thread_state.hpp only.
#pragma once

namespace goconc {

// CPython counts units of C recursion and does not look at the stack pointer, so a unit must be as large as the hungriest recursion there
// is: a list sorted from its own comparison takes 2.5 KB of C stack a unit (the merge buffer lies on the stack), most take under 400
// bytes. And some nest by rules of their own: the parser 6000 levels deep, marshal 2000. 1 MB holds those, and 409 units: a chain of
// imports eighty modules long.
constexpr size_t DEFAULT_C_STACK = 1 << 20;
constexpr size_t C_STACK_PER_CALL = 2560;

struct ThreadStateFields : CommonFields {
    _PyCFrame *cframe; // innermost evaluation loop, which has the innermost Python frame
    int depth;         // Python calls deep: kept so that a changed recursion limit applies to suspended stacks too
    int c_remaining;   // C recursion left
    int what_event;
    int trash_nesting;
    int c_budget;      // c_remaining at the base of this stack
    _PyCFrame root;    // stands where an evaluation loop would be below this stack
};

static inline void save(ThreadStateFields &f, PyThreadState *ts) noexcept {
    save_common(f, ts);
    f.cframe = ts->cframe;
    f.depth = ts->py_recursion_limit - ts->py_recursion_remaining;
    f.c_remaining = ts->c_recursion_remaining;
    f.what_event = ts->what_event;
    f.trash_nesting = ts->trash.delete_nesting;
}

static inline void load(ThreadStateFields &f, PyThreadState *ts) noexcept {
    load_common(f, ts);
    ts->cframe = f.cframe;
    ts->py_recursion_remaining = ts->py_recursion_limit - f.depth;
    ts->c_recursion_remaining = f.c_remaining;
    ts->what_event = f.what_event;
    ts->trash.delete_nesting = f.trash_nesting;
}

static inline void resumed(ThreadStateFields &, PyThreadState *) noexcept {}

static inline void init_fresh(ThreadStateFields &f, PyThreadState *ts, const StackSpan &span) noexcept {
    init_common(f, span);
    f.root.current_frame = nullptr;
    f.root.previous = &ts->root_cframe;
    f.cframe = &f.root;
    f.depth = 0;
    size_t calls = static_cast<size_t>(span.c_high - span.c_low) / C_STACK_PER_CALL;
    f.c_budget = calls < C_RECURSION_LIMIT ? static_cast<int>(calls) : C_RECURSION_LIMIT;
    f.c_remaining = f.c_budget;
    f.what_event = -1;
    f.trash_nesting = 0;
}

static inline void reset_depths(ThreadStateFields &f, PyThreadState *ts) noexcept {
    ts->py_recursion_remaining = ts->py_recursion_limit;
    ts->c_recursion_remaining = f.c_budget;
    ts->recursion_headroom = 0;
    ts->tracing = 0;
    ts->trash.delete_nesting = 0;
}

static inline void frame_swap(PyThreadState *ts, ThreadStateFields &f) noexcept {
    _PyCFrame *mine = ts->cframe;
    ts->cframe = f.cframe;
    f.cframe = mine;
}

static inline bool layout_matches(PyThreadState *ts) noexcept {
    return common_layout_matches(ts) && ts->py_recursion_limit == Py_GetRecursionLimit() &&
           ts->thread_id == PyThread_get_thread_ident() && ts->c_recursion_remaining <= C_RECURSION_LIMIT;
}

} // namespace goconc
