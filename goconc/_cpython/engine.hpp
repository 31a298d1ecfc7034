// The engine under plain goroutines: whose stacks they run on. Chosen once, at import, before the first fiber is made.
//
//     native    stacks of our own, switched in a few instructions (fiber.hpp): where a platform and a CPython minor are known
//     greenlet  the switch of the package greenlet (greenlet_fiber.hpp): where that is installed
//     threads   a thread of the operating system for each stack (thread_fiber.hpp): everywhere
//
// All of them are `Fiber`s to the runtime: what runs on it (`owner`), and a link for whatever list it is in (`next`).
// A fiber of another engine than native has a `canary` that is not null. So the look at it that a native switch takes anyhow finds them
// too, and a native switch does not become longer by their being there.
#pragma once
#include "build.hpp"

#if GOCONC_NATIVE_FIBERS
#include "fiber.hpp"
#else
namespace goconc {
struct Fiber {
    const uint64_t *canary = nullptr;
    void *owner = nullptr; // the runtime's: what runs on it
    Fiber *next = nullptr; // the runtime's: whatever list it is in
};
using FiberBody = void (*)(Fiber *);
} // namespace goconc
#endif

namespace goconc {
constexpr uint64_t no_native_stack = 0; // what `canary` points at on engines that are not native
} // namespace goconc
#include "greenlet_fiber.hpp"
#include "thread_fiber.hpp"

namespace goconc {

enum class Engine : uint8_t { native, greenlet, threads };
inline Engine engine = Engine::threads;

// Leaves `from` for `to` on an engine that is not native; returns when somebody switches back, with the worker's thread being this one.
using SwitchFiber = void (*)(Fiber *from, Fiber *to);
inline SwitchFiber switch_by_engine = nullptr;

#if GOCONC_NATIVE_FIBERS
constexpr bool native_engine_built = true;

// Whether the running interpreter is one that native fibers were built for. On a thread's own stack.
inline bool native_engine_works(PyThreadState *ts) noexcept { return fiber_engine_matches(ts); }

// Not noexcept: at the end of the interpreter CPython ends threads by unwinding them.
inline __attribute__((always_inline)) void switch_fiber(PyThreadState *ts, Fiber *from, Fiber *to) {
    if (__builtin_expect(from->canary != nullptr, 0) && engine != Engine::native) return switch_by_engine(from, to);
    fiber_switch(ts, from, to);
}

inline Fiber *native_fiber(PyThreadState *ts, FiberBody body) noexcept { return fiber_new(ts, body); }
inline void recycle_native(Fiber *f) noexcept { fiber_recycle(f); }
inline void adopt_native(Fiber *root, PyThreadState *ts) noexcept { fiber_adopt(root, ts); }
inline PyObject *native_frame(PyThreadState *ts, Fiber *f) noexcept { return fiber_frame(ts, f); }
inline bool configure_stack(size_t bytes) noexcept { return fiber_stack_configure(bytes); }
inline void engine_after_fork() noexcept { fiber_after_fork(); }

// Between two goroutines that run on `f` one after another.
inline void reset_fiber(Fiber *f, PyThreadState *ts) noexcept {
    if (engine == Engine::native) fiber_reset(f, ts);
}
#else
constexpr bool native_engine_built = false;
inline bool native_engine_works(PyThreadState *) noexcept { return false; }
inline void switch_fiber(PyThreadState *, Fiber *from, Fiber *to) { switch_by_engine(from, to); }
inline Fiber *native_fiber(PyThreadState *, FiberBody) noexcept { return nullptr; }
inline void recycle_native(Fiber *) noexcept {}
inline void adopt_native(Fiber *, PyThreadState *) noexcept {}
inline PyObject *native_frame(PyThreadState *, Fiber *) noexcept { return nullptr; }
inline bool configure_stack(size_t) noexcept { return true; }
inline void engine_after_fork() noexcept {}
inline void reset_fiber(Fiber *, PyThreadState *) noexcept {}
#endif

#if PY_VERSION_HEX >= 0x030D0000
// The innermost frame on a suspended stack, of any thread, while the world is stopped.
inline _PyInterpreterFrame *suspended_frame(Fiber *f) noexcept {
#if GOCONC_NATIVE_FIBERS
    if (engine == Engine::native) return f->state.current_frame;
#endif
    return engine == Engine::threads ? as_thread(f)->state->current_frame : nullptr; // a greenlet keeps it to itself
}
#endif

// What stands for a thread's own stack; with the thread's worker for ever. Null: no memory.
inline Fiber *new_root_fiber() noexcept {
    if (engine == Engine::threads) return new (std::nothrow) ThreadFiber;
    if (engine == Engine::greenlet) return new (std::nothrow) GreenletFiber;
    return new (std::nothrow) Fiber;
}

} // namespace goconc
