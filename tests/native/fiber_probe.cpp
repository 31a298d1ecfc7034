// A round-robin scheduler of one thread's fibers, just large enough to try goconc/_cpython/fiber.hpp from Python.
#include "../../goconc/_cpython/fiber.hpp"

#include <chrono>
#include <cstring>
#include <thread>
#include <unwind.h>

using goconc::Fiber;

namespace {

struct Loop {
    Fiber root;
    Fiber *current = nullptr, *head = nullptr, *tail = nullptr, *finished = nullptr;
    PyThreadState *ts = nullptr;
    long live = 0;
};
thread_local Loop loop_slot;
__attribute__((noinline)) Loop *loop() { return &loop_slot; }

void push(Loop *l, Fiber *f) {
    f->next = nullptr;
    if (l->tail) l->tail->next = f;
    else l->head = f;
    l->tail = f;
}
Fiber *pop(Loop *l) {
    Fiber *f = l->head;
    if (f && !(l->head = f->next)) l->tail = nullptr;
    return f;
}
void recycle_finished(Loop *l) {
    if (Fiber *f = l->finished) {
        l->finished = nullptr;
        goconc::fiber_recycle(f);
    }
}
inline void go_to(Loop *l, Fiber *from, Fiber *to) {
    l->current = to;
    goconc::fiber_switch(l->ts, from, to);
    recycle_finished(l);
}
Fiber *next_or_root(Loop *l) {
    Fiber *f = pop(l);
    return f ? f : &l->root;
}

void run_one(PyObject *fn) {
    PyObject *result = PyObject_CallNoArgs(fn);
    if (!result) PyErr_WriteUnraisable(fn);
    Py_XDECREF(result);
}

void finish(Loop *l, Fiber *f) {
    l->finished = f;
    l->live--;
    go_to(l, f, next_or_root(l));
    std::abort();
}

// What a goroutine's fiber does: one function, or those of a tuple one after another as the runtime reuses a fiber.
void run_python(Fiber *f) {
    Loop *l = loop();
    recycle_finished(l);
    PyObject *work = static_cast<PyObject *>(f->owner);
    if (PyTuple_Check(work)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(work); i++) {
            run_one(PyTuple_GET_ITEM(work, i));
            goconc::fiber_reset(f, l->ts);
        }
    } else {
        run_one(work);
    }
    Py_DECREF(work);
    goconc::fiber_reset(f, l->ts);
    finish(l, f);
}

void run_c(Fiber *f) {
    Loop *l = loop();
    recycle_finished(l);
    for (long n = reinterpret_cast<long>(f->owner); n > 0; n--) {
        if (!l->head) continue;
        push(l, f);
        go_to(l, f, pop(l));
    }
    finish(l, f);
}

Loop *adopted() {
    Loop *l = loop();
    PyThreadState *ts = PyThreadState_Get();
    if (l->ts != ts) {
        goconc::fiber_adopt(&l->root, ts);
        l->ts = ts;
        l->current = &l->root;
    }
    return l;
}

Fiber *start(Loop *l, goconc::FiberBody body, void *owner) {
    Fiber *f = goconc::fiber_new(l->ts, body);
    if (!f) {
        PyErr_NoMemory();
        return nullptr;
    }
    f->owner = owner;
    l->live++;
    push(l, f);
    return f;
}

void drain(Loop *l) {
    while (Fiber *f = pop(l)) go_to(l, &l->root, f);
}

PyObject *spawn(PyObject *, PyObject *fn) {
    Loop *l = adopted();
    Fiber *f = start(l, run_python, fn);
    if (!f) return nullptr;
    Py_INCREF(fn);
    return PyLong_FromVoidPtr(f);
}
PyObject *run(PyObject *, PyObject *) {
    Loop *l = adopted();
    if (l->current != &l->root) return PyErr_Format(PyExc_RuntimeError, "run() inside a fiber");
    drain(l);
    return PyLong_FromLong(l->live);
}
PyObject *gosched(PyObject *, PyObject *) {
    Loop *l = adopted();
    if (!l->head) Py_RETURN_NONE;
    if (l->current != &l->root) push(l, l->current);
    if (l->current == &l->root) drain(l);
    else go_to(l, l->current, pop(l));
    Py_RETURN_NONE;
}
PyObject *park(PyObject *, PyObject *) {
    Loop *l = adopted();
    if (l->current == &l->root) return PyErr_Format(PyExc_RuntimeError, "park() outside a fiber");
    go_to(l, l->current, next_or_root(l));
    Py_RETURN_NONE;
}
PyObject *ready(PyObject *, PyObject *handle) {
    push(adopted(), static_cast<Fiber *>(PyLong_AsVoidPtr(handle)));
    Py_RETURN_NONE;
}
PyObject *current(PyObject *, PyObject *) { return PyLong_FromVoidPtr(adopted()->current); }
PyObject *frame(PyObject *, PyObject *handle) {
    Loop *l = adopted();
    PyObject *f = goconc::fiber_frame(l->ts, static_cast<Fiber *>(PyLong_AsVoidPtr(handle)));
    if (f) return f;
    Py_RETURN_NONE;
}
PyObject *noop(PyObject *, PyObject *) { Py_RETURN_NONE; }
PyObject *call(PyObject *, PyObject *fn) { return PyObject_CallNoArgs(fn); }

PyObject *configure(PyObject *, PyObject *bytes) {
    return PyBool_FromLong(goconc::fiber_stack_configure(PyLong_AsSize_t(bytes)));
}
PyObject *stack_size(PyObject *, PyObject *) { return PyLong_FromSize_t(goconc::fiber_stack_size()); }
PyObject *guard(PyObject *, PyObject *kind) {
    long k = PyLong_AsLong(kind);
    goconc::stack_pool.begin_with(static_cast<goconc::StackGuard>(k));
    Py_RETURN_NONE;
}
// The guard that a fiber made now has: whether it has a canary.
PyObject *has_canary(PyObject *, PyObject *handle) {
    return PyBool_FromLong(static_cast<Fiber *>(PyLong_AsVoidPtr(handle))->canary != nullptr);
}
PyObject *matches(PyObject *, PyObject *) { return PyBool_FromLong(goconc::fiber_engine_matches(PyThreadState_Get())); }

// Uses C stack down to an address, every page of it.
__attribute__((noinline)) char use_stack(char *down_to) {
    char block[512];
    std::memset(block, 1, sizeof block);
    __asm__ volatile("" ::"r"(block) : "memory");
    char deeper = block > down_to ? use_stack(down_to) : 0;
    __asm__ volatile("" ::"r"(block) : "memory");
    return static_cast<char>(block[0] + deeper);
}
PyObject *burn(PyObject *, PyObject *bytes) {
    char here;
    return PyLong_FromLong(use_stack(&here - PyLong_AsSsize_t(bytes)));
}
// Bytes of C stack between here and the base of the running fiber.
PyObject *c_depth(PyObject *, PyObject *) {
    char here;
    return PyLong_FromSsize_t(reinterpret_cast<char *>(loop()->current) - &here);
}
// What a debugger or a C++ exception would see: how many frames, and whether they end where stacks should.
PyObject *unwind(PyObject *, PyObject *) {
    int frames = 0;
    _Unwind_Reason_Code end = _Unwind_Backtrace(
        [](_Unwind_Context *, void *count) {
            return ++*static_cast<int *>(count) > 1000 ? _URC_NORMAL_STOP : _URC_NO_REASON;
        },
        &frames);
    return Py_BuildValue("iO", frames, end == _URC_END_OF_STACK ? Py_True : Py_False);
}
PyObject *throw_and_catch(PyObject *, PyObject *) {
    try {
        throw 42;
    } catch (int n) {
        return PyLong_FromLong(n);
    }
}
// Whether all Python frames of the running stack are in its own memory, none in a chunk that CPython had to map.
PyObject *in_first_chunk(PyObject *, PyObject *) {
    return PyBool_FromLong(PyThreadState_Get()->datastack_chunk->previous == nullptr);
}
PyObject *spoil_canary(PyObject *, PyObject *) {
    *reinterpret_cast<volatile uint64_t *>(loop()->current->low) = 1;
    Py_RETURN_NONE;
}
PyObject *state_of_thread(PyObject *, PyObject *) {
    PyThreadState *ts = PyThreadState_Get();
#if PY_VERSION_HEX < 0x030C0000
    int trash = ts->trash_delete_nesting;
#elif PY_VERSION_HEX < 0x030D0000
    int trash = ts->trash.delete_nesting;
#else
    int trash = 0; // the depth of C calls stands for it
#endif
    return Py_BuildValue("{s:i,s:i,s:i}", "tracing", ts->tracing, "headroom", ts->recursion_headroom, "trash", trash);
}
PyObject *set_headroom(PyObject *, PyObject *depth) {
    PyThreadState_Get()->recursion_headroom = static_cast<int>(PyLong_AsLong(depth));
    Py_RETURN_NONE;
}
PyObject *set_tracing(PyObject *, PyObject *depth) {
    PyThreadState_Get()->tracing = static_cast<int>(PyLong_AsLong(depth));
    Py_RETURN_NONE;
}

// Nothing but pool traffic, from several threads without a thread state: counts regions that two of them held at once.
PyObject *hammer_pool(PyObject *, PyObject *rounds) {
    long n = PyLong_AsLong(rounds);
    std::atomic<long> clashes{0};
    auto work = [&](uint64_t me) {
        goconc::StackRegion *held[8];
        for (long i = 0; i < n; i++) {
            for (auto &r : held) {
                r = goconc::stack_pool.take(goconc::DEFAULT_C_STACK);
                if (!r) std::abort();
                *reinterpret_cast<volatile uint64_t *>(static_cast<Fiber *>(r) + 1) = me;
            }
            for (auto r : held) {
                if (*reinterpret_cast<volatile uint64_t *>(static_cast<Fiber *>(r) + 1) != me) clashes++;
                goconc::stack_pool.give(r);
            }
        }
    };
    Py_BEGIN_ALLOW_THREADS;
    std::thread a(work, 1), b(work, 2), c(work, 3);
    a.join(), b.join(), c.join();
    Py_END_ALLOW_THREADS;
    return PyLong_FromLong(clashes);
}

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
// bench(k, n): k fibers switch n times each in C; nanoseconds a switch.
PyObject *bench(PyObject *, PyObject *args) {
    long k, n;
    if (!PyArg_ParseTuple(args, "ll", &k, &n)) return nullptr;
    Loop *l = adopted();
    for (long i = 0; i < k; i++)
        if (!start(l, run_c, reinterpret_cast<void *>(n))) return nullptr;
    double begun = seconds();
    drain(l);
    return PyFloat_FromDouble((seconds() - begun) * 1e9 / (static_cast<double>(k) * static_cast<double>(n)));
}
// bench_new(n): a fiber made, run and recycled; nanoseconds each.
PyObject *bench_new(PyObject *, PyObject *count) {
    long n = PyLong_AsLong(count);
    Loop *l = adopted();
    double begun = seconds();
    for (long i = 0; i < n; i++) {
        if (!start(l, run_c, nullptr)) return nullptr;
        drain(l);
    }
    return PyFloat_FromDouble((seconds() - begun) * 1e9 / static_cast<double>(n));
}

PyMethodDef methods[] = {
    {"spawn", spawn, METH_O, "spawn(fn or tuple of fns) -> handle"},
    {"run", run, METH_NOARGS, "run until no fiber is ready -> how many are parked"},
    {"gosched", gosched, METH_NOARGS, nullptr},
    {"park", park, METH_NOARGS, nullptr},
    {"ready", ready, METH_O, nullptr},
    {"current", current, METH_NOARGS, nullptr},
    {"frame", frame, METH_O, nullptr},
    {"noop", noop, METH_NOARGS, nullptr},
    {"call", call, METH_O, nullptr},
    {"configure", configure, METH_O, nullptr},
    {"stack_size", stack_size, METH_NOARGS, nullptr},
    {"guard", guard, METH_O, nullptr},
    {"has_canary", has_canary, METH_O, nullptr},
    {"matches", matches, METH_NOARGS, nullptr},
    {"burn", burn, METH_O, nullptr},
    {"c_depth", c_depth, METH_NOARGS, nullptr},
    {"unwind", unwind, METH_NOARGS, nullptr},
    {"throw_and_catch", throw_and_catch, METH_NOARGS, nullptr},
    {"in_first_chunk", in_first_chunk, METH_NOARGS, nullptr},
    {"spoil_canary", spoil_canary, METH_NOARGS, nullptr},
    {"state_of_thread", state_of_thread, METH_NOARGS, nullptr},
    {"set_headroom", set_headroom, METH_O, nullptr},
    {"set_tracing", set_tracing, METH_O, nullptr},
    {"hammer_pool", hammer_pool, METH_O, nullptr},
    {"bench", bench, METH_VARARGS, nullptr},
    {"bench_new", bench_new, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "fiber_probe", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

} // namespace

PyMODINIT_FUNC PyInit_fiber_probe() {
    PyObject *module = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    if (module) PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    return module;
}
