// How objects begin and end: who counts their references, whether the finalizer was called, and who may make them.
#pragma once
#include "build.hpp"

namespace goconc {

// For an object whose finalizer must run at the very last decref, whichever thread that is in. A free-threaded build counts an object's
// references in two parts, one of them its maker's alone; if another thread drops the last one, the finalizer is left to the maker, some
// time later. Here both parts become one, counted atomically by everybody. Only the maker knows the object yet.
inline void count_together(PyObject *object) noexcept {
#ifdef Py_GIL_DISABLED
    Py_ssize_t count = Py_REFCNT(object);
    object->ob_tid = _Py_UNOWNED_TID;
    Py_SET_REFCNT(object, count); // of what belongs to no thread: all of it into the shared part, with the mark `merged`
#else
    (void)object;
#endif
}

// For an object whose memory is used again: its finalizer is to be called again too. The mark that it was called is kept in front of the
// object and outlives it. (Free-threaded builds do not use memory again.)
inline void forget_finalized(PyObject *object) noexcept {
#ifndef Py_GIL_DISABLED
    struct Head {
        uintptr_t next, previous; // the lowest bit of `previous` is the mark: the same on 3.11 to 3.15
    };
    reinterpret_cast<Head *>(object)[-1].previous &= ~uintptr_t(1);
#else
    (void)object;
#endif
}

// From now on calling `type`, or its __new__, calls `made`.
inline void make_by(PyTypeObject *type, newfunc made) noexcept {
    type->tp_new = made;
    type->tp_vectorcall = nullptr;
}

} // namespace goconc
