// Where Python code is: the caller of `go`, and what kind of function it was given.
#pragma once
#include "lifetime.hpp"

namespace goconc {

// The code object (owned, or null) and instruction that the innermost Python frame of this thread is at. Kept raw, and turned into a file
// and line only if somebody asks, so that `go` costs a few nanoseconds more and not a frame object.
inline PyObject *calling_code(PyThreadState *ts, int *lasti) noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    _PyInterpreterFrame *frame = ts->current_frame;
#elif PY_VERSION_HEX >= 0x030C0000
    _PyInterpreterFrame *frame = ts->cframe->current_frame;
#endif
#if PY_VERSION_HEX >= 0x030C0000
    if (!frame) return nullptr;
    PyObject *code = PyUnstable_InterpreterFrame_GetCode(frame);
    if (!code || !PyCode_Check(code)) { // an entry frame of the interpreter itself
        Py_XDECREF(code);
        return nullptr;
    }
    *lasti = PyUnstable_InterpreterFrame_GetLasti(frame);
    return code;
#else
    PyFrameObject *frame = PyThreadState_GetFrame(ts);
    if (!frame) return nullptr;
    PyObject *code = reinterpret_cast<PyObject *>(PyFrame_GetCode(frame));
    *lasti = PyFrame_GetLasti(frame);
    Py_DECREF(frame);
    return code;
#endif
}

inline int line_of(PyObject *code, int lasti) noexcept {
    return PyCode_Addr2Line(reinterpret_cast<PyCodeObject *>(code), lasti);
}

// The contextvars context that the thread is in now, taken away from it (owned, or null for an empty one), and put in its place.
inline PyObject *take_context(PyThreadState *ts) noexcept {
    PyObject *context = ts->context;
    ts->context = nullptr;
    ts->context_ver++;
    return context;
}
inline void give_context(PyThreadState *ts, PyObject *owned) noexcept {
    ts->context = owned;
    ts->context_ver++;
}

// Drops the context the thread is in. What that sets off may make another one.
inline void drop_context(PyThreadState *ts) noexcept {
    for (int round = 0; ts->context && round < 8; round++) Py_DECREF(take_context(ts));
}

// A copy for a new goroutine. Null stands for an empty context, which CPython makes on first use: most goroutines never need one.
inline PyObject *copied_context(PyThreadState *ts) noexcept {
    PyObject *context = ts->context;
    if (!context || Py_TYPE(context)->tp_as_mapping->mp_length(context) == 0) return nullptr;
    context = PyContext_CopyCurrent();
    if (context) count_together(context); // what it keeps is dropped when its goroutine ends, on whatever thread that is
    return context;
}

inline bool has_code_flags(PyObject *fn, int flags) noexcept {
    if (PyMethod_Check(fn)) fn = PyMethod_GET_FUNCTION(fn);
    if (!PyFunction_Check(fn)) return false;
    return reinterpret_cast<PyCodeObject *>(PyFunction_GET_CODE(fn))->co_flags & flags;
}

// Whether calling `fn` gives a coroutine, as far as can be seen without calling it and without running Python.
inline bool makes_coroutine(PyObject *fn) noexcept { return has_code_flags(fn, CO_COROUTINE | CO_ITERABLE_COROUTINE); }

// The same for an async generator.
inline bool makes_async_generator(PyObject *fn) noexcept { return has_code_flags(fn, CO_ASYNC_GENERATOR); }

} // namespace goconc
