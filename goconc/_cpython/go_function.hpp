// The Python function `go` and the method `WaitGroup.go`, over C functions that take a vector of arguments.
#pragma once
#include "build.hpp"

namespace goconc {

using VectorFunction = PyObject *(*)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);

inline PyObject *make_go_function(VectorFunction function) noexcept {
    static PyMethodDef definition = {
        "go", nullptr, METH_FASTCALL | METH_KEYWORDS,
        "go(fn, /, *args, **kwargs)\n--\n\n"
        "Starts ``fn(*args, **kwargs)`` as a goroutine and returns its handle at once. (Go: ``go fn(args)``)\n\n"
        "``fn`` is a plain function or any callable, an ``async def`` function, or a coroutine object. It is evaluated here, and so are the\n"
        "arguments; the body starts later. An exception that leaves it is raised by ``join()``, or stops ``run()`` if nobody holds the handle."};
    definition.ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
    PyObject *name = PyUnicode_FromString("goconc._core");
    PyObject *made = name ? PyCFunction_NewEx(&definition, nullptr, name) : nullptr;
    Py_XDECREF(name);
    return made;
}

// -1 with an exception set on failure.
inline int add_go_method(PyTypeObject *type, VectorFunction function) noexcept {
    static PyMethodDef definition = {
        "go", nullptr, METH_FASTCALL | METH_KEYWORDS,
        "go($self, fn, /, *args, **kwargs)\n--\n\n"
        "Starts ``fn(*args, **kwargs)`` as a goroutine, counted until it has ended, in whatever way. Returns it. (Go: ``wg.Go``)"};
    definition.ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
    PyObject *method = PyDescr_NewMethod(type, &definition);
    int status = method ? PyDict_SetItemString(type->tp_dict, definition.ml_name, method) : -1;
    Py_XDECREF(method);
    PyType_Modified(type);
    return status;
}

} // namespace goconc
