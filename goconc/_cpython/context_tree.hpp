// What the collector must see of a tree of contexts: the references by which it holds what hangs below a node. They change only on
// attached threads, in sections that run no Python (see containers.hpp).
#pragma once
#include "../_native/context_tree.hpp"
#include "build.hpp"

namespace goconc {

// Puts our traverse before the one that Cython made, and our clear in the place of its. Clearing cuts only what goes downwards:
// upwards a context holds what its node points to (context_tree.hpp, invariant 1), and every cycle comes down somewhere.
using NodeOf = ContextNode *(*)(PyObject *);
inline NodeOf context_node_of = nullptr;
inline traverseproc context_inner_traverse = nullptr;

inline int context_traverse(PyObject *self, visitproc visit, void *arg) noexcept {
    for (ContextNode *n = context_node_of(self)->first; n; n = n->next) Py_VISIT(static_cast<PyObject *>(n->owner));
    return context_inner_traverse(self, visit, arg);
}
inline int context_clear(PyObject *self) noexcept {
    while (ContextNode *n = context_node_of(self)->take_first()) Py_DECREF(static_cast<PyObject *>(n->owner));
    return 0;
}
inline void collect_contexts(PyTypeObject *type, NodeOf node_of) noexcept {
    context_node_of = node_of;
    put_before<traverseproc>(type->tp_traverse, context_traverse, context_inner_traverse);
    type->tp_clear = context_clear;
}

// A new pair of a subclass of tuple. Takes over both references. (`tuple.__new__` would make a plain tuple on the way.)
inline PyObject *new_pair(PyTypeObject *type, PyObject *first, PyObject *second) noexcept {
    PyObject *self = type->tp_alloc(type, 2);
    if (!self) {
        Py_DECREF(first), Py_DECREF(second);
        return nullptr;
    }
    PyTupleObject *tuple = reinterpret_cast<PyTupleObject *>(self);
#if PY_VERSION_HEX >= 0x030E0000
    tuple->ob_hash = -1;
#endif
    tuple->ob_item[0] = first;
    tuple->ob_item[1] = second;
    return self;
}

} // namespace goconc
