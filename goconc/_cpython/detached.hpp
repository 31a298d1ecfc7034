// Whether a thread is detached from Python, asked by another that is detached itself (sysmon). A guess that may be out of date at once; so
// it costs the thread nothing.
#pragma once
#include "build.hpp"

namespace goconc {

inline bool thread_is_detached(void *thread_state) noexcept {
    PyThreadState *ts = static_cast<PyThreadState *>(thread_state);
#if PY_VERSION_HEX >= 0x030D0000
    return *const_cast<volatile int *>(&ts->state) == 0; // _Py_THREAD_DETACHED
#elif PY_VERSION_HEX >= 0x030C0000
    return !static_cast<volatile PyThreadState *>(ts)->_status.active;
#else
    return _PyThreadState_UncheckedGet() != ts; // one for the process: whoever holds the GIL
#endif
}

} // namespace goconc
