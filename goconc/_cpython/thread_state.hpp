// What CPython keeps in a thread state for each C stack, for the minor version this is compiled for. Included by fiber.hpp only.
//
// Each thread_state_3xx.hpp gives:
//     struct ThreadStateFields              the fields of one suspended C stack
//     DEFAULT_C_STACK                       bytes of C stack that its recursion checks need
//     save(fields, ts)                      the running stack's fields, out of the thread state
//     load(fields, ts)                      another's, into it
//     resumed(fields, ts)                   what can only be done once that other stack runs again
//     init_fresh(fields, ts, span)          the fields of a stack that has not run
//     reset_depths(ts)                      recursion depths of the running stack, at its base
//     frame_swap(ts, fields)                exchanges the innermost Python frame with a suspended stack's; twice is as before
//     layout_matches(ts)                    whether the running interpreter has the layout that this was compiled for
//
// These fields are private to CPython: an unknown minor must not compile. Per thread, not per stack, and so not touched: the exception
// being raised (none is, at a switch), thread-specific dict, pending asynchronous exception, asyncio's running loop.
// Not touched either: the list of objects that the trashcan has yet to destroy. It belongs to no stack (only the depth that fills it
// does), and left in the thread state it is emptied by whoever is shallow next, whether or not this stack ever runs again.
#pragma once
#include <Python.h>

#include <cstddef>
#include <cstdint>

#if defined(PYPY_VERSION)
#error "goconc: native fibers are for CPython; define GOCONC_NATIVE_FIBERS=0 to build without them"
#endif

namespace goconc {

// The memory that one stack has.
struct StackSpan {
    char *c_low, *c_high;      // C stack: lowest usable byte, first byte above
    char *frames, *frames_end; // room for frames of Python calls
};

// The part that has had the same names since 3.11.
struct CommonFields {
    _PyErr_StackItem *exc_info; // innermost exception being handled
    PyObject *context;          // owned by this stack while it is suspended, by the thread state while it runs
    _PyStackChunk *datastack_chunk;
    PyObject **datastack_top;
    PyObject **datastack_limit;
    int tracing;  // depth of trace functions: one that parks must not silence tracing elsewhere
    int headroom; // depth of error handling that may go beyond the limits
    _PyErr_StackItem exc_root; // where exc_info starts: nothing is being handled below this stack
};

inline void save_common(CommonFields &f, PyThreadState *ts) noexcept {
    f.exc_info = ts->exc_info;
    f.context = ts->context;
    f.datastack_chunk = ts->datastack_chunk;
    f.datastack_top = ts->datastack_top;
    f.datastack_limit = ts->datastack_limit;
    f.tracing = ts->tracing;
    f.headroom = ts->recursion_headroom;
}

inline void load_common(const CommonFields &f, PyThreadState *ts) noexcept {
    ts->exc_info = f.exc_info;
    if (ts->context != f.context) { // a ContextVar's cached value is good while neither context nor version changes
        ts->context = f.context;
        ts->context_ver++;
    }
    ts->datastack_chunk = f.datastack_chunk;
    ts->datastack_top = f.datastack_top;
    ts->datastack_limit = f.datastack_limit;
    ts->tracing = f.tracing;
    ts->recursion_headroom = f.headroom;
}

// A first chunk inside the stack's own memory. CPython never frees a first chunk: it knows it by the element that it leaves unused.
inline void init_common(CommonFields &f, const StackSpan &span) noexcept {
    _PyStackChunk *chunk = reinterpret_cast<_PyStackChunk *>(span.frames);
    chunk->previous = nullptr;
    chunk->size = static_cast<size_t>(span.frames_end - span.frames);
    chunk->top = 0;
    f.datastack_chunk = chunk;
    f.datastack_top = &chunk->data[1];
    f.datastack_limit = reinterpret_cast<PyObject **>(span.frames_end);
    f.exc_root.exc_value = nullptr;
    f.exc_root.previous_item = nullptr;
    f.exc_info = &f.exc_root;
    f.context = nullptr;
    f.tracing = 0;
    f.headroom = 0;
}

// Fields whose value is known some other way are where we think they are. To be called on the thread's own stack.
inline bool common_layout_matches(PyThreadState *ts) noexcept {
    if (ts->interp != PyThreadState_GetInterpreter(ts) || ts->id != PyThreadState_GetID(ts)) return false;
    if (ts->datastack_chunk) {
        char *chunk = reinterpret_cast<char *>(ts->datastack_chunk);
        char *top = reinterpret_cast<char *>(ts->datastack_top), *limit = reinterpret_cast<char *>(ts->datastack_limit);
        if (limit != chunk + ts->datastack_chunk->size || top <= chunk || top > limit) return false;
    }
    _PyErr_StackItem *item = ts->exc_info;
    for (int i = 0; item && item != &ts->exc_state && i < 100000; i++) item = item->previous_item;
    return item == &ts->exc_state && ts->recursion_headroom >= 0 && ts->tracing >= 0;
}

} // namespace goconc

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000
#include "thread_state_311.hpp"
#elif PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000
#include "thread_state_312.hpp"
#elif PY_VERSION_HEX >= 0x030D0000 && PY_VERSION_HEX < 0x030E0000
#include "thread_state_313.hpp"
#elif PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x03100000 && defined(Py_GIL_DISABLED)
#error "goconc: on free-threaded 3.14 and 3.15 the collector must see suspended frames, which native fibers do not show it; \
define GOCONC_NATIVE_FIBERS=0 to build without them"
#elif PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030F0000
#include "thread_state_314.hpp"
#elif PY_VERSION_HEX >= 0x030F0000 && PY_VERSION_HEX < 0x03100000
#include "thread_state_315.hpp"
#else
#error "goconc: native fibers know the thread state of CPython 3.11 to 3.15 only; define GOCONC_NATIVE_FIBERS=0 to build without them"
#endif
