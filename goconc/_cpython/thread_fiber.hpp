// Fibers that are threads: the engine that needs nothing of CPython's insides, so it works on any platform and any minor. Each has an OS
// thread and a thread state of its own. Of all the threads of a worker one runs, the one that has the baton; the others sleep, detached.
// A switch is passing the baton on, which takes microseconds.
//
// Invariants:
//   1. Who has the baton of a worker is that worker: what belongs to it is touched by that thread only.
//   2. A thread waits for the baton detached from Python (its token may come earlier: then the wait is none).
//   3. A retired fiber gets the baton for the last time, without the worker: its thread returns from the body, and ends. The interpreter
//      waits for that when it ends: a thread that waits for a lock of CPython's then may be handed it, and never be let in to free it.
// Orderings: what the giver wrote before unpark() is seen after park() returns (parker.hpp).
#pragma once
#include "../_native/parker.hpp"
#include "../_native/processor.hpp"
#include <new>

namespace goconc {

struct ThreadFiber : Fiber {
    Parker baton;
    FiberBody body = nullptr;
    Worker *worker = nullptr;   // that it belongs to, for ever
    unsigned long thread = 0;   // its identity for Python, and its thread state, once it has run
    PyThreadState *state = nullptr;
    bool retired = false;       // written before the baton is given

    ThreadFiber() noexcept { canary = &no_native_stack; }
};

inline ThreadFiber *as_thread(Fiber *f) noexcept { return static_cast<ThreadFiber *>(f); }

inline Atomic<int32_t> ending_threads{0}; // so many are retired and have not let go of Python yet

inline void thread_fiber_main(void *argument) {
    ThreadFiber *f = static_cast<ThreadFiber *>(argument);
    while (f->baton.park(forever) != Woken::token) {
    }
    if (!f->retired) {
        PyGILState_STATE before = PyGILState_Ensure(); // this thread's first: makes its thread state
        f->thread = PyThread_get_thread_ident();
        f->state = PyThreadState_Get();
        f->body(f);
        PyGILState_Release(before);
    }
    delete f; // nobody knows it any more
    ending_threads.fetch_sub(1);
}

// A fiber of this worker on which body(f) will run. Null: there can be no more threads.
inline Fiber *thread_fiber(Worker *w, FiberBody body) noexcept {
    ThreadFiber *f = new (std::nothrow) ThreadFiber;
    if (!f) return nullptr;
    f->body = body;
    f->worker = w;
    if (PyThread_start_new_thread(thread_fiber_main, f) == PYTHREAD_INVALID_THREAD_ID) {
        delete f;
        return nullptr;
    }
    return f;
}

// It has switched away for the last time: its thread ends, soon.
inline void retire_thread_fiber(Fiber *f) noexcept {
    ending_threads.fetch_add(1);
    as_thread(f)->retired = true;
    as_thread(f)->baton.unpark();
}

// Detached, at the end of the interpreter: until they have ended. What a thread's locals run when it ends may last: not longer than that.
inline void await_ending_threads(int64_t until) noexcept {
    while (ending_threads.load() > 0 && now_ns() < until) sleep_thread(1000000);
}

} // namespace goconc
