# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
# cython: binding=False, embedsignature=True, embedsignature.format=clinic, boundscheck=False, wraparound=False, cdivision=True
# distutils: language = c++
"""goconc's compiled core: the scheduler, goroutines of both kinds, channels, select and timers.

One module on purpose: nothing inlines across extension modules. Its parts are included below, lowest first; what is lock-free or parks
lives in the C++ headers of `_native/`, what touches CPython's insides in `_cpython/`.
"""
cimport cython
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF, Py_DECREF, Py_XDECREF
from cpython.tuple cimport PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libcpp cimport bool as cppbool

from goconc._runtime cimport *

import sys as _sys

cdef extern from "Python.h":
    PyThreadState *PyThreadState_Get() noexcept
    PyObject *PyObject_Call(PyObject *, PyObject *, PyObject *) noexcept
    int PyIter_Send(PyObject *, PyObject *, PyObject **) noexcept
    bint PyCoro_CheckExact(PyObject *) noexcept
    PyObject *Py_None
    const int PYGEN_NEXT
    const int PYGEN_RETURN
    const int PYGEN_ERROR
    void PyErr_SetInterrupt() noexcept

include "_cython/errors.pxi"
include "_cython/owned_refs.pxi"
include "_cython/scope.pxi"
include "_cython/goroutine.pxi"
include "_cython/worker.pxi"
include "_cython/engines.pxi"
include "_cython/waiting.pxi"
include "_cython/thread.pxi"
include "_cython/idle.pxi"
include "_cython/channel.pxi"
include "_cython/select.pxi"
include "_cython/timers.pxi"
include "_cython/context.pxi"
include "_cython/sync_points.pxi"
include "_cython/awaiting.pxi"
include "_cython/elsewhere.pxi"
include "_cython/tasks.pxi"
include "_cython/async_generators.pxi"
include "_cython/quit.pxi"
include "_cython/running.pxi"
include "_cython/background.pxi"
include "_cython/calls.pxi"
include "_cython/os_threads.pxi"
include "_cython/sync.pxi"
include "_cython/inspect.pxi"
include "_cython/tokens.pxi"
include "_cython/made_here.pxi"
