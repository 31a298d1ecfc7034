// The result of select: a tuple of three, with the chosen channel behind them as a fourth slot that only `.chan` shows. Made for every
// select, so it is a type of its own with spare memory, and not a class with a dictionary.
#pragma once
#include "build.hpp"

namespace goconc {

inline PyTypeObject selected_type = {PyVarObject_HEAD_INIT(nullptr, 0)};
constexpr int selected_shown = 3, selected_slots = 4;

#ifndef Py_GIL_DISABLED
constexpr int spare_selected_most = 16;
struct SpareSelected {
    PyObject *kept[spare_selected_most];
    int count;
};
static SpareSelected spare_selected = {}; // guarded by the GIL
#endif

inline void selected_free(PyObject *self) noexcept {
#ifndef Py_GIL_DISABLED
    if (spare_selected.count < spare_selected_most) {
        spare_selected.kept[spare_selected.count++] = self;
        return;
    }
#endif
    PyObject_GC_Del(self);
}

inline void selected_dealloc(PyObject *self) noexcept {
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, selected_dealloc) // one in another, in another, are not freed by recursion
    for (int i = 0; i < selected_slots; i++) Py_CLEAR(reinterpret_cast<PyTupleObject *>(self)->ob_item[i]);
    selected_free(self);
    Py_TRASHCAN_END
}

inline int selected_traverse(PyObject *self, visitproc visit, void *arg) noexcept {
    for (int i = 0; i < selected_slots; i++) Py_VISIT(reinterpret_cast<PyTupleObject *>(self)->ob_item[i]);
    return 0;
}

// All four references are taken over. Null with an exception if memory runs out.
inline PyObject *new_selected(PyObject *index, PyObject *value, PyObject *ok, PyObject *chan) noexcept {
    PyObject *self;
#ifndef Py_GIL_DISABLED
    if (spare_selected.count) {
        self = spare_selected.kept[--spare_selected.count];
        Py_SET_REFCNT(self, 1);
    } else
#endif
    {
        self = reinterpret_cast<PyObject *>(PyObject_GC_NewVar(PyTupleObject, &selected_type, selected_slots));
        if (!self) {
            Py_DECREF(index), Py_DECREF(value), Py_DECREF(ok), Py_DECREF(chan);
            return nullptr;
        }
        Py_SET_SIZE(reinterpret_cast<PyVarObject *>(self), selected_shown);
    }
    PyTupleObject *tuple = reinterpret_cast<PyTupleObject *>(self);
#if PY_VERSION_HEX >= 0x030E0000
    tuple->ob_hash = -1;
#endif
    tuple->ob_item[0] = index;
    tuple->ob_item[1] = value;
    tuple->ob_item[2] = ok;
    tuple->ob_item[3] = chan;
    PyObject_GC_Track(self);
    return self;
}

inline PyObject *selected_get(PyObject *self, void *slot) noexcept {
    return Py_NewRef(reinterpret_cast<PyTupleObject *>(self)->ob_item[reinterpret_cast<intptr_t>(slot)]);
}

inline PyObject *selected_repr(PyObject *self) noexcept {
    PyObject **item = reinterpret_cast<PyTupleObject *>(self)->ob_item;
    return PyUnicode_FromFormat("Selected(index=%R, value=%R, ok=%R)", item[0], item[1], item[2]);
}

inline PyObject *selected_new(PyTypeObject *, PyObject *, PyObject *) noexcept {
    PyErr_SetString(PyExc_TypeError, "a Selected is made by goconc.select()");
    return nullptr;
}

inline PyObject *selected_reduce(PyObject *self, PyObject *) noexcept { // copies and pickles as the plain tuple that it is
    return Py_BuildValue("O(N)", &PyTuple_Type, PyTuple_GetSlice(self, 0, selected_shown));
}

inline PyGetSetDef selected_getset[] = {
    {"index", selected_get, nullptr, "Which case happened; -1: none, and a default was asked for.", reinterpret_cast<void *>(0)},
    {"value", selected_get, nullptr, "What was received; None for a send.", reinterpret_cast<void *>(1)},
    {"ok", selected_get, nullptr, "False: the channel received from is closed and empty.", reinterpret_cast<void *>(2)},
    {"chan", selected_get, nullptr, "The channel of the case that happened.", reinterpret_cast<void *>(3)},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
inline PyMethodDef selected_methods[] = {{"__reduce__", selected_reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

// Makes the type; -1 with an exception set on failure.
inline int selected_setup() noexcept {
    PyTypeObject &t = selected_type;
    t.tp_name = "goconc.Selected";
    t.tp_doc = "What ``select`` did: a tuple (index, value, ok), and the chosen channel as ``.chan``.";
    t.tp_base = &PyTuple_Type;
    t.tp_basicsize = PyTuple_Type.tp_basicsize;
    t.tp_itemsize = PyTuple_Type.tp_itemsize;
    t.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC;
    t.tp_dealloc = selected_dealloc;
    t.tp_traverse = selected_traverse;
    t.tp_repr = selected_repr;
    t.tp_new = selected_new;
    t.tp_getset = selected_getset;
    t.tp_methods = selected_methods;
    return PyType_Ready(&t);
}

} // namespace goconc
