// The worker that the calling thread is, or null. A fiber never changes threads, so the address may be kept across switches.
#pragma once
#include "../_native/scheduler.hpp"

namespace goconc {

// There is one translation unit, so the slot can be static.
GOCONC_STATIC_TLS static thread_local Worker *this_worker_slot = nullptr;

inline Worker *this_worker() noexcept { return this_worker_slot; }
inline void set_this_worker(Worker *w) noexcept { this_worker_slot = w; }

} // namespace goconc
