// How a value gets back into an `async def` without a slow exception in its way.
//
// `await x` calls am_send on 3.11 and from 3.15 on, and tp_iternext on 3.12 to 3.14. Through tp_iternext, None is a bare null; another
// value rides on a StopIteration. That is an instance of a subtype whose memory is used again and whose dealloc drops the value at
// once, so that no value outlives its receive (CH-09).
#pragma once
#include "build.hpp"
#include "../_native/platform.hpp"

namespace goconc {

#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030F0000
#define GOCONC_RIDES_ON_EXCEPTION 1
#endif

inline PyTypeObject *stop_type = nullptr;

#ifdef GOCONC_RIDES_ON_EXCEPTION
constexpr int spare_stops_most = 8;
struct SpareStops {
    PyObject *kept[spare_stops_most];
    int count;
    int most; // 0 until the thread's dictionary sees to it that they go with the thread
};
GOCONC_STATIC_TLS static thread_local SpareStops spare_stops = {};

inline void stop_dealloc(PyObject *self) noexcept {
    PyObject_GC_UnTrack(self);
    PyStopIterationObject *e = reinterpret_cast<PyStopIterationObject *>(self);
    Py_CLEAR(e->value);
    Py_CLEAR(e->dict);
    Py_CLEAR(e->notes);
    Py_CLEAR(e->traceback);
    Py_CLEAR(e->context);
    Py_CLEAR(e->cause);
    if (spare_stops.count < spare_stops.most && e->args && PyTuple_CheckExact(e->args) && PyTuple_GET_SIZE(e->args) == 0) {
        spare_stops.kept[spare_stops.count++] = self; // keeps `args`, the empty tuple; the type is static
        return;
    }
    Py_CLEAR(e->args);
    PyObject_GC_Del(self);
}

inline void drop_spare_stops(PyObject *keeper) noexcept {
    if (PyCapsule_GetPointer(keeper, nullptr) != &spare_stops) return; // cleared by another thread: that one is gone, after a fork
    spare_stops.most = 0;
    while (spare_stops.count) {
        PyStopIterationObject *e = reinterpret_cast<PyStopIterationObject *>(spare_stops.kept[--spare_stops.count]);
        Py_CLEAR(e->args);
        PyObject_GC_Del(e);
    }
}

inline void keep_spare_stops() noexcept {
    static PyObject *const key = PyUnicode_InternFromString("goconc spare StopIterations");
    PyObject *of_thread = PyThreadState_GetDict(); // borrowed
    PyObject *keeper = of_thread && key ? PyCapsule_New(&spare_stops, nullptr, drop_spare_stops) : nullptr;
    if (keeper && PyDict_SetItem(of_thread, key, keeper) == 0) spare_stops.most = spare_stops_most;
    Py_XDECREF(keeper);
    PyErr_Clear();
}
#endif

// Makes the subtype; -1 with an exception set on failure.
inline int awaitable_setup() noexcept {
#ifdef GOCONC_RIDES_ON_EXCEPTION
    static PyTypeObject type = {PyVarObject_HEAD_INIT(nullptr, 0)};
    PyTypeObject *base = reinterpret_cast<PyTypeObject *>(PyExc_StopIteration);
    type.tp_name = "goconc._core._StopIteration";
    type.tp_basicsize = base->tp_basicsize;
    type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC;
    type.tp_base = base;
    type.tp_dealloc = stop_dealloc;
    type.tp_traverse = base->tp_traverse;
    type.tp_clear = base->tp_clear;
    type.tp_init = base->tp_init;
    type.tp_new = base->tp_new;
    if (PyType_Ready(&type) < 0) return -1;
    stop_type = &type;
#endif
    return 0;
}

// Ends a tp_iternext that has a result: steals `value`, returns null.
inline PyObject *iternext_result(PyObject *value) noexcept {
    if (value == Py_None) {
        Py_DECREF(value);
        return nullptr;
    }
#ifdef GOCONC_RIDES_ON_EXCEPTION
    PyObject *e;
    if (spare_stops.count) {
        e = spare_stops.kept[--spare_stops.count];
#ifdef Py_GIL_DISABLED
        _Py_NewReference(e);
#else
        Py_SET_REFCNT(e, 1);
#endif
        PyObject_GC_Track(e);
    } else {
        if (!spare_stops.most) keep_spare_stops();
        e = PyObject_CallNoArgs(reinterpret_cast<PyObject *>(stop_type));
        if (!e) {
            Py_DECREF(value);
            return nullptr;
        }
    }
    Py_XSETREF(reinterpret_cast<PyStopIterationObject *>(e)->value, value);
    PyErr_SetRaisedException(e);
#else
    PyObject *e = PyObject_CallOneArg(PyExc_StopIteration, value);
    Py_DECREF(value);
    if (e) {
        PyErr_SetObject(PyExc_StopIteration, e);
        Py_DECREF(e);
    }
#endif
    return nullptr;
}

// Gives a Cython class the two slots that Cython cannot write: `await` then enters C directly.
inline void awaitable_slots(PyTypeObject *type, int (*send)(PyObject *, PyObject *, PyObject **), iternextfunc next) noexcept {
    type->tp_as_async->am_send = reinterpret_cast<sendfunc>(send); // PySendResult is an int
    type->tp_iternext = next;
    PyType_Modified(type);
}

// Whether there are just n references, all of this thread, so that the object may be used for something else. It may say no wrongly.
inline bool held_n_times(PyObject *object, int n) noexcept {
#ifdef Py_GIL_DISABLED
    return _Py_IsOwnedByCurrentThread(object) && object->ob_ref_local == uint32_t(n) &&
           _Py_atomic_load_ssize_relaxed(&object->ob_ref_shared) == 0;
#else
    return Py_REFCNT(object) == n;
#endif
}

// The exception being raised, as an owned, normalised instance with its traceback; clears it.
inline PyObject *take_exception() noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback) PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

// Raises an instance as it is, with the traceback it has; takes over the reference.
inline void raise_exception(PyObject *owned) noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(owned);
#else
    PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject *>(Py_TYPE(owned))), owned, PyException_GetTraceback(owned));
#endif
}

} // namespace goconc
