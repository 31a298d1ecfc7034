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
