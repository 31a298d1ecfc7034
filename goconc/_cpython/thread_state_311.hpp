// The per-stack fields of a CPython 3.11 thread state. Included by thread_state.hpp only.
//
// 3.11 has no budget for C recursion but the one for Python calls: 1000 of both together. A list sorted from its own comparison takes
// up to 4.9 KB of C stack for each, so the stack is large enough for that. It costs address space and a page table, not memory.
#pragma once

namespace goconc {

constexpr size_t DEFAULT_C_STACK = 6 << 20;

struct ThreadStateFields : CommonFields {
    _PyCFrame *cframe; // innermost evaluation loop, which has the innermost Python frame
    int depth;         // calls deep: kept so that a changed recursion limit applies to suspended stacks too
    int tracing_what;
    int trash_nesting;
    _PyCFrame root;    // stands where an evaluation loop would be below this stack
};

// Each evaluation loop has its own flag that says whether to call trace functions, handed down to the one below when it returns. They may
// have been set or removed while this stack was suspended.
static inline void follow_tracing(PyThreadState *ts) noexcept {
    ts->cframe->use_tracing = ts->tracing == 0 && (ts->c_tracefunc || ts->c_profilefunc) ? 255 : 0;
}

static inline void save(ThreadStateFields &f, PyThreadState *ts) noexcept {
    save_common(f, ts);
    f.cframe = ts->cframe;
    f.depth = ts->recursion_limit - ts->recursion_remaining;
    f.tracing_what = ts->tracing_what;
    f.trash_nesting = ts->trash_delete_nesting;
}

static inline void load(ThreadStateFields &f, PyThreadState *ts) noexcept {
    load_common(f, ts);
    ts->cframe = f.cframe;
    ts->recursion_remaining = ts->recursion_limit - f.depth;
    ts->tracing_what = f.tracing_what;
    ts->trash_delete_nesting = f.trash_nesting;
    follow_tracing(ts);
}

static inline void resumed(ThreadStateFields &, PyThreadState *) noexcept {}

static inline void init_fresh(ThreadStateFields &f, PyThreadState *ts, const StackSpan &span) noexcept {
    init_common(f, span);
    f.root.use_tracing = 0;
    f.root.current_frame = nullptr;
    f.root.previous = &ts->root_cframe;
    f.cframe = &f.root;
    f.depth = 0;
    f.tracing_what = 0;
    f.trash_nesting = 0;
}

static inline void reset_depths(ThreadStateFields &, PyThreadState *ts) noexcept {
    ts->recursion_remaining = ts->recursion_limit;
    ts->recursion_headroom = 0;
    ts->tracing = 0;
    ts->trash_delete_nesting = 0;
    follow_tracing(ts);
}

static inline void frame_swap(PyThreadState *ts, ThreadStateFields &f) noexcept {
    _PyCFrame *mine = ts->cframe;
    ts->cframe = f.cframe;
    f.cframe = mine;
}

static inline bool layout_matches(PyThreadState *ts) noexcept {
    return common_layout_matches(ts) && ts->recursion_limit == Py_GetRecursionLimit() && ts->thread_id == PyThread_get_thread_ident();
}

} // namespace goconc
