// Included before every native header: tells them whether this CPython has a GIL.
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#ifndef Py_GIL_DISABLED
#define GOCONC_GIL 1
#endif
#ifndef GOCONC_NATIVE_FIBERS
#define GOCONC_NATIVE_FIBERS 1
#endif

namespace goconc {

// Puts `ours` into a slot of a type, before what was there. Once: an import that fails half-way leaves the type to the next one, and then
// what is there is ours.
template <class Slot> inline void put_before(Slot &slot, Slot ours, Slot &inner) noexcept {
    if (slot == ours) return;
    inner = slot;
    slot = ours;
}

} // namespace goconc
