# Python references in native slots. A slot that holds a value owns one reference to it; ownership moves with the pointer.


cdef inline void *owned(object value) noexcept:
    Py_INCREF(value)
    return <void *>value


cdef inline object taken(void *slot):
    cdef object value = <object>slot
    Py_DECREF(value)
    return value


cdef inline void drop(void *slot) noexcept:
    Py_XDECREF(<PyObject *>slot)
