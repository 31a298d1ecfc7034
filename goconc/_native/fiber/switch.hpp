// The stack switch, for the processor that this is compiled for. Knows nothing of Python.
//
//     goconc_fiber_switch(&save, load)                 leaves the running stack in `save` and goes on with `load`
//     load = goconc_fiber_prepare(high, fiber, body)   a stack below `high` on which the first switch calls body(fiber)
//
// tests/native/fiber_switch_test.cpp holds it to what each ABI says a call keeps.
#pragma once

#if defined(__x86_64__) && !defined(__ILP32__)
#include "switch_x86_64.hpp"
#elif defined(__aarch64__)
#include "switch_aarch64.hpp"
#else
#error "goconc: native fibers are for x86-64 and 64-bit ARM; define GOCONC_NATIVE_FIBERS=0 to build without them"
#endif
