// What goroutines do, all at one moment, on a build without a GIL.
//
// The collector's walk over all objects runs its callback while every other thread is stopped outside of goconc's steps, or is detached. So
// state words, wait lines and frames agree with each other, and nothing moves while they are copied. Where there is a GIL any moment is
// such a one, and nobody calls this.
//
// Invariants:
//   1. While the world is stopped no Python object is made or freed, only references are taken: the collector's heaps are being walked.
//   2. The scheduler's lock may be taken then: who holds it detached goes on, and who holds it attached is never stopped.
#pragma once
#include "engine.hpp"
#include "../_native/scheduler.hpp"

namespace goconc {

// How to find the parts of a goroutine that lie in Python objects. They return borrowed references, or null, run no
// Python and throw nothing.
struct Insides {
    PyObject *(*coroutine)(G *); // its coroutine
    PyObject *(*channel)(G *);   // of a parked one: in whose line it stands
    PyObject *(*base)(G *);      // the frame that called its run()
};

#ifdef Py_GIL_DISABLED
} // namespace goconc

#include <algorithm>
#include <new>
#include <vector>

namespace goconc {

// Whether the running interpreter has the frames that are described here. If not, looks find none.
inline bool frames_known = false;

#define GOCONC_KNOWS_FRAMES (PY_VERSION_HEX < 0x030E0000)
#if GOCONC_KNOWS_FRAMES
// CPython's _PyInterpreterFrame.
struct RawFrame {
    PyObject *executable; // a code object, or None at the base of a C call
    RawFrame *previous;
    PyObject *function, *globals, *builtins, *locals;
    PyObject *frame_object;
    void *instruction;
    int stack_top;
    uint16_t return_offset;
    char owner;
    PyObject *values[1];

    PyCodeObject *code() const noexcept { return reinterpret_cast<PyCodeObject *>(executable); }
    int last_instruction() noexcept { return PyUnstable_InterpreterFrame_GetLasti(reinterpret_cast<_PyInterpreterFrame *>(this)); }
    // Not one whose call is still being set up, as CPython leaves those out.
    bool is_shown() noexcept {
        constexpr char of_generator = 1;
        constexpr int code_unit = 2;
        if (!PyCode_Check(executable)) return false;
        return owner == of_generator || last_instruction() >= code()->_co_firsttraceable * code_unit;
    }
};

// Called once, by Python code.
inline void find_frames(PyThreadState *ts) noexcept {
    RawFrame *raw = reinterpret_cast<RawFrame *>(ts->current_frame);
    PyObject *frame = reinterpret_cast<PyObject *>(PyEval_GetFrame());
    PyObject *code = frame ? PyUnstable_InterpreterFrame_GetCode(ts->current_frame) : nullptr;
    Py_XDECREF(code); // the frame has it still
    frames_known = !frame || (raw->executable == code && raw->globals == PyEval_GetGlobals() && raw->frame_object == frame);
}
#else
inline void find_frames(PyThreadState *) noexcept {}
#endif

class StoppedWorld {
    struct Call {
        PyObject *code, *globals;
        int lasti;
    };
    struct Seen {
        G *g = nullptr;
        const char *state = "";
        WaitReason reason = WaitReason::none;
        int64_t since = 0;
        PyObject *channel = nullptr;
        size_t calls_end = 0; // its calls are those from where the one before it ends, innermost first
    };

    Scheduler &scheduler_;
    const Insides &insides_;
    std::vector<Seen> seen_;
    std::vector<Call> calls_;
    bool no_memory_ = false;

#if GOCONC_KNOWS_FRAMES
    void add_call(RawFrame *frame) {
        if (!frame->is_shown()) return;
        calls_.push_back({frame->executable, frame->globals, frame->last_instruction()});
        Py_INCREF(frame->executable);
        Py_INCREF(frame->globals);
    }
    void add_stack(_PyInterpreterFrame *innermost, PyObject *base) {
        for (RawFrame *frame = reinterpret_cast<RawFrame *>(innermost); frame; frame = frame->previous) {
            if (base && PyCode_Check(frame->executable) && frame->frame_object == base) return;
            add_call(frame);
        }
    }
    // A suspended coroutine, through what it awaits: outermost first.
    void add_coroutine(PyObject *object) {
        constexpr int8_t awaits = -1; // less: suspended otherwise, or not started; more: it runs or is over
        size_t first = calls_.size();
        while (object && PyCoro_CheckExact(object)) {
            PyCoroObject *coro = reinterpret_cast<PyCoroObject *>(object);
            RawFrame *frame = reinterpret_cast<RawFrame *>(coro->cr_iframe);
            if (coro->cr_frame_state > awaits) break;
            add_call(frame);
            object = coro->cr_frame_state == awaits ? frame->values[frame->stack_top - 1] : nullptr;
        }
        std::reverse(calls_.begin() + ptrdiff_t(first), calls_.end());
    }
    void add_calls(G *g) {
        if (Worker *w = scheduler_.worker_on_stack_of(g))
            add_stack(static_cast<PyThreadState *>(w->thread_state)->current_frame, insides_.base(g));
        else if (g->fiber)
            add_stack(suspended_frame(g->fiber), insides_.base(g));
        else
            add_coroutine(insides_.coroutine(g));
    }
#else
    void add_calls(G *) {}
#endif
    void fill_in(Seen &seen) {
        G *g = seen.g;
        seen.state = g->state.name();
        if (g->state.is_parked()) {
            seen.reason = g->reason;
            seen.since = g->since.load_relaxed();
            seen.channel = insides_.channel(g);
            Py_XINCREF(seen.channel);
        }
        if (frames_known && g->started && !g->state.is_done()) add_calls(g);
        seen.calls_end = calls_.size();
    }
    static int look(PyObject *, void *self) noexcept {
        StoppedWorld &world = *static_cast<StoppedWorld *>(self);
        try {
            for (Seen &seen : world.seen_) world.fill_in(seen);
        } catch (const std::bad_alloc &) {
            world.no_memory_ = true;
        }
        return 0; // the first object is enough
    }
    PyObject *calls_of(size_t begin, size_t end) {
        PyObject *calls = PyList_New(0);
        for (size_t i = end; calls && i-- > begin;) {
            PyObject *call = Py_BuildValue("(OOi)", calls_[i].code, calls_[i].globals, calls_[i].lasti);
            if (!call || PyList_Append(calls, call) < 0) Py_CLEAR(calls);
            Py_XDECREF(call);
        }
        return calls;
    }

  public:
    StoppedWorld(Scheduler &scheduler, const Insides &insides) : scheduler_(scheduler), insides_(insides) {}
    StoppedWorld(const StoppedWorld &) = delete;
    ~StoppedWorld() {
        for (Seen &seen : seen_) Py_XDECREF(seen.channel);
        for (Call &call : calls_) {
            Py_DECREF(call.code);
            Py_DECREF(call.globals);
        }
    }
    void expect(G *g) {
        seen_.emplace_back();
        seen_.back().g = g;
    }
    // Of each that is expected: (state, what it waits on or "", since when, channel or None, [(code, globals, instruction), ...]),
    // outermost call first.
    PyObject *stop_and_look() {
        PyUnstable_GC_VisitObjects(look, this);
        if (no_memory_) return PyErr_NoMemory();
        PyObject *all = PyList_New(0);
        size_t begin = 0;
        for (Seen &seen : seen_) {
            PyObject *calls = all ? calls_of(begin, seen.calls_end) : nullptr;
            PyObject *one = !calls ? nullptr : Py_BuildValue("(ssLON)", seen.state, words(seen.reason), (long long)seen.since,
                                                           seen.channel ? seen.channel : Py_None, calls);
            if (!one || PyList_Append(all, one) < 0) Py_CLEAR(all);
            Py_XDECREF(one);
            begin = seen.calls_end;
        }
        return all;
    }
};

#else

inline void find_frames(PyThreadState *) noexcept {}

class StoppedWorld {
  public:
    StoppedWorld(Scheduler &, const Insides &) {}
    void expect(G *) {}
    PyObject *stop_and_look() { return PyList_New(0); }
};

#endif

} // namespace goconc
