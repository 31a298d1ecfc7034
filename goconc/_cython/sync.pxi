# Package sync: what parks. (goconc/sync.py has what is built on these.)


cdef class Ready:
    """An awaitable whose value is there already: what entering or leaving an ``async with`` awaits that does not wait."""

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration(self.value)  # as a method; for `next` it is replaced by ready_next


cdef int ready_send(PyObject *self, PyObject *value, PyObject **result) except -1:
    result[0] = <PyObject *>owned((<Ready>self).value)
    return PYGEN_RETURN


cdef PyObject *ready_next(PyObject *self) except? NULL:
    return iternext_result(<PyObject *>owned((<Ready>self).value))


awaitable_slots(<PyTypeObject *>Ready, ready_send, ready_next)


cdef inline bint in_async_goroutine() noexcept:
    cdef Worker *w = this_worker()
    return w != NULL and w.current != NULL and w.current.kind == SleeperKind.coroutine


cdef Ready ready_with(object value):
    cdef Ready r = Ready.__new__(Ready)
    r.value = value
    return r


cdef Ready LEFT = ready_with(None)   # entered, or left, and nothing to say


cdef int refuse_arguments(tuple given) except -1:
    """Of a class that takes none: by itself Cython would pass over them."""
    if given:
        raise TypeError(f"it takes no arguments ({len(given)} given)")
    return 0


cdef class Mutex:
    """A lock for one holder at a time. (Go: ``sync.Mutex``)

    Whoever holds it blocks when it locks it again; anybody may unlock it. ``with mu:``, or ``async with mu:`` in an async
    goroutine or a task of asyncio.
    """
    def __cinit__(self, *none):
        refuse_arguments(none)

    def lock(self, *, timeout=None):
        """Locks it; waits while it is locked. ``timeout`` in seconds: ``TimeoutError``."""
        cdef Worker *w = blocking_caller("Mutex.alock()")
        cdef int64_t deadline = forever if timeout is None else deadline_of(timeout)
        if not self.own.try_lock():
            wait_at(&self.own, w, deadline)

    def alock(self, *, timeout=None):
        """The awaitable twin of ``lock``."""
        return await_point(self, &self.own, timeout)

    def try_lock(self):
        """Locks it if it is free; says whether it did. Never waits."""
        return self.own.try_lock()

    def unlock(self):
        """Unlocks it. ``RuntimeError`` if it is not locked."""
        cdef WakeList wakes
        if not self.own.unlock(wakes):
            raise RuntimeError("unlock of unlocked mutex")
        make_all_ready(this_worker(), wakes)

    def __enter__(self):
        cdef Worker *w = blocking_caller("Mutex.alock()")
        if not self.own.try_lock():
            wait_at(&self.own, w, forever)

    def __exit__(self, kind, error, traceback):
        self.unlock()

    def __aenter__(self):
        # The `await` comes at once and cannot fail, so what is free may be taken here.
        return LEFT if in_async_goroutine() and self.own.try_lock() else self.alock()

    def __aexit__(self, kind, error, traceback):
        self.unlock()
        return LEFT

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a Mutex")

    def __repr__(self):
        return f"<Mutex {'locked' if self.own.is_locked() else 'unlocked'} at {<size_t><PyObject *>self:#x}>"


cdef class RWMutex:
    """A lock for many readers or one writer. (Go: ``sync.RWMutex``)

    A writer that waits keeps new readers out, so reading must not be nested. As a context manager it is locked for
    writing; ``with rw.rlocker():`` for reading.
    """
    def __cinit__(self, *none):
        refuse_arguments(none)

    def lock(self, *, timeout=None):
        """Locks it for writing; waits until nobody is inside. ``timeout`` in seconds: ``TimeoutError``."""
        cdef Worker *w = blocking_caller("RWMutex.alock()")
        wait_at(self.own.writing(), w, deadline_of(timeout))

    def alock(self, *, timeout=None):
        """The awaitable twin of ``lock``."""
        return await_point(self, self.own.writing(), timeout)

    def try_lock(self):
        """Locks it for writing if nobody is inside; says whether it did. Never waits."""
        return self.own.try_lock()

    def unlock(self):
        """Ends writing. ``RuntimeError`` if it is not locked for writing."""
        cdef WakeList wakes
        if not self.own.unlock(wakes):
            raise RuntimeError("unlock of unlocked RWMutex")
        make_all_ready(this_worker(), wakes)

    def rlock(self, *, timeout=None):
        """Locks it for reading; waits while a writer is inside or waits. ``timeout`` in seconds: ``TimeoutError``."""
        cdef Worker *w = blocking_caller("RWMutex.arlock()")
        wait_at(self.own.reading(), w, deadline_of(timeout))

    def arlock(self, *, timeout=None):
        """The awaitable twin of ``rlock``."""
        return await_point(self, self.own.reading(), timeout)

    def try_rlock(self):
        """Locks it for reading if no writer is inside or waits; says whether it did. Never waits."""
        return self.own.try_rlock()

    def runlock(self):
        """Ends one reader's reading. ``RuntimeError`` if nobody reads."""
        cdef WakeList wakes
        if not self.own.runlock(wakes):
            raise RuntimeError("runlock of unlocked RWMutex")
        make_all_ready(this_worker(), wakes)

    def rlocker(self):
        """The reading side as a lock of its own: its ``lock`` is this one's ``rlock``."""
        cdef RLocker side = RLocker.__new__(RLocker)
        side.rw = self
        return side

    def __enter__(self):
        wait_at(self.own.writing(), blocking_caller("RWMutex.alock()"), forever)

    def __exit__(self, kind, error, traceback):
        self.unlock()

    def __aenter__(self):
        return self.alock()

    def __aexit__(self, kind, error, traceback):
        self.unlock()
        return LEFT

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an RWMutex")


cdef class RLocker:
    """The reading side of an ``RWMutex``, as ``rlocker()`` returns it."""
    def lock(self, *, timeout=None):
        """Locks it for reading, as ``RWMutex.rlock``."""
        cdef Worker *w = blocking_caller("RLocker.alock()")
        wait_at(self.rw.own.reading(), w, deadline_of(timeout))

    def alock(self, *, timeout=None):
        """The awaitable twin of ``lock``."""
        return self.rw.arlock(timeout=timeout)

    def try_lock(self):
        """As ``RWMutex.try_rlock``."""
        return self.rw.own.try_rlock()

    def unlock(self):
        """As ``RWMutex.runlock``."""
        self.rw.runlock()

    def __enter__(self):
        wait_at(self.rw.own.reading(), blocking_caller("RLocker.alock()"), forever)

    def __exit__(self, kind, error, traceback):
        self.rw.runlock()

    def __aenter__(self):
        return self.rw.arlock()

    def __aexit__(self, kind, error, traceback):
        self.rw.runlock()
        return LEFT

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an RLocker")


cdef class WaitGroup:
    """Counts what is under way, and waits until it is none. (Go: ``sync.WaitGroup``)

    ``wg.go(fn)`` starts a goroutine that it counts. ``await wg`` in an async goroutine or a task of asyncio. As a context
    manager it waits when the block is left without an exception.
    """

    def __cinit__(self, *none):
        refuse_arguments(none)

    def add(self, delta=1, /):
        """Changes the counter by ``delta``; at 0 it releases all who wait.

        ``RuntimeError``, and nothing changes, if it would fall below 0.
        """
        cdef WakeList wakes
        cdef int overflow = 0
        cdef int64_t change = whole_number(delta, "delta", overflow)
        if overflow or not self.own.add(change, wakes):
            if overflow > 0 or change > 0:
                raise OverflowError("WaitGroup counter too large")
            raise RuntimeError("negative WaitGroup counter")
        make_all_ready(this_worker(), wakes)

    def done(self):
        """One less: ``add(-1)``."""
        cdef WakeList wakes
        if not self.own.add(-1, wakes):
            raise RuntimeError("negative WaitGroup counter")
        make_all_ready(this_worker(), wakes)

    def wait(self, *, timeout=None):
        """Waits until the counter is 0. ``timeout`` in seconds: ``TimeoutError``."""
        cdef Worker *w = blocking_caller("the WaitGroup")
        wait_at(&self.own, w, deadline_of(timeout))

    def await_(self, *, timeout=None):
        """The awaitable twin of ``wait``; ``await wg`` is the same without a limit."""
        return await_point(self, &self.own, timeout)

    def __await__(self):
        return await_point(self, &self.own, None)

    def __enter__(self):
        blocking_caller("the WaitGroup")
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.wait()

    def __aenter__(self):
        return ready_with(self)

    def __aexit__(self, kind, error, traceback):
        return LEFT if kind is not None else await_point(self, &self.own, None)

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a WaitGroup")


cdef extern from "_cpython/go_function.hpp" namespace "goconc":
    int add_go_method(PyTypeObject *, PyObject *(*)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *) except NULL) except -1


cdef PyObject *group_go_vector(PyObject *group, PyObject *const *given, Py_ssize_t count, PyObject *names) except NULL:
    return start_vector(given, count, names, group)


add_go_method(<PyTypeObject *>WaitGroup, group_go_vector)


cdef int join_group(Goroutine go, WaitGroup group) except -1:
    """It is about to start."""
    cdef WakeList wakes
    if not group.own.add(1, wakes):
        raise OverflowError("WaitGroup counter too large")
    go.group = group
    return 0


cdef object taken_group(Goroutine go):
    with cython.critical_section(go):
        group, go.group = go.group, None
    return group


cdef void count_off(Worker *w, WaitGroup group) noexcept:
    cdef WakeList wakes
    group.own.add(-1, wakes)
    make_all_ready(w, wakes)


cdef void leave_group(Goroutine go) noexcept:
    """It has not started, or is given up."""
    group = taken_group(go)
    if group is not None:
        count_off(this_worker(), group)


cdef class Notice:
    """What one ``Cond.wait`` waits for. Internal."""
    def wait(self, *, timeout=None):
        cdef Worker *w = blocking_caller("the Cond")
        wait_at(&self.own, w, deadline_of(timeout))

    def await_(self, *, timeout=None):
        return await_point(self, &self.own, timeout)

    @staticmethod
    def check():
        """Whether the caller may wait at all."""
        blocking_caller("the Cond")

    def give(self):
        cdef WakeList wakes
        self.own.give(wakes)
        make_all_ready(this_worker(), wakes)


# ---- atomics ----

cdef class AtomicInt:
    """An integer that several threads and goroutines change. It does not wrap: Python's integers have no bounds. (Go: ``atomic.Int64``)"""
    def __cinit__(self, value=0, /):
        self.value = exact_int(value)

    def load(self):
        """Its value."""
        with cython.critical_section(self):
            return self.value

    def store(self, value, /):
        """Sets it."""
        self.swap(value)

    def swap(self, value, /):
        """Sets it; returns what it was."""
        new = exact_int(value)
        with cython.critical_section(self):
            old = self.value
            self.value = new
        return old

    def add(self, delta, /):
        """Adds ``delta``; returns the new value."""
        change = exact_int(delta)
        with cython.critical_section(self):
            new = self.value + change
            self.value = new
        return new

    def compare_and_swap(self, old, new, /):
        """Sets it to ``new`` if it is ``old``; says whether it was."""
        before = exact_int(old)
        after = exact_int(new)
        with cython.critical_section(self):
            swapped = self.value == before
            if swapped:
                self.value = after
        return swapped

    def and_(self, mask, /):
        """Keeps the bits of ``mask``; returns what it was."""
        bits = exact_int(mask)
        with cython.critical_section(self):
            old = self.value
            self.value = old & bits
        return old

    def or_(self, mask, /):
        """Sets the bits of ``mask``; returns what it was."""
        bits = exact_int(mask)
        with cython.critical_section(self):
            old = self.value
            self.value = old | bits
        return old

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an AtomicInt")

    def __repr__(self):
        return f"AtomicInt({self.load()})"


cdef object exact_int(object value):
    """An int whose arithmetic runs no Python."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an AtomicInt holds an int, not {type(value).__name__}")
    return int.__int__(value)


cdef class AtomicBool:
    """A truth value that several threads and goroutines change. (Go: ``atomic.Bool``)"""
    def __cinit__(self, value=False, /):
        self.value.store(exact_bool(value))

    def load(self):
        """Its value."""
        return self.value.load() != 0

    def store(self, value, /):
        """Sets it."""
        self.value.store(exact_bool(value))

    def swap(self, value, /):
        """Sets it; returns what it was."""
        return self.value.exchange(exact_bool(value)) != 0

    def compare_and_swap(self, old, new, /):
        """Sets it to ``new`` if it is ``old``; says whether it was."""
        cdef bint before = exact_bool(old)
        return self.value.compare_exchange(before, exact_bool(new)) != 0

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an AtomicBool")

    def __repr__(self):
        return f"AtomicBool({self.load()})"


cdef bint exact_bool(object value) except -1:
    if not isinstance(value, bool):
        raise TypeError(f"an AtomicBool holds a bool, not {type(value).__name__}")
    return value


@cython.trashcan(True)
cdef class AtomicRef:
    """A reference that several threads and goroutines change. Compared by identity. (Go: ``atomic.Pointer[T]``)"""
    __class_getitem__ = classmethod(_GenericAlias)

    def __cinit__(self, value=None, /):
        self.value = value

    def load(self):
        """What it refers to."""
        with cython.critical_section(self):
            return self.value

    def store(self, value, /):
        """Sets it."""
        self.swap(value)

    def swap(self, value, /):
        """Sets it; returns what it was."""
        with cython.critical_section(self):
            old = self.value
            self.value = value
        return old

    def compare_and_swap(self, old, new, /):
        """Sets it to ``new`` if it ``is`` ``old``; says whether it was."""
        with cython.critical_section(self):
            swapped = self.value is old
            if swapped:
                self.value = new
        return swapped

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an AtomicRef")

    def __repr__(self):
        return f"AtomicRef({self.load()!r})"


@cython.trashcan(True)
cdef class AtomicValue:
    """A value of one type that several threads and goroutines change; its first value fixes the type. (Go: ``atomic.Value``)"""
    __class_getitem__ = classmethod(_GenericAlias)

    def __cinit__(self, *none):
        refuse_arguments(none)

    def load(self):
        """The value; None before the first ``store``."""
        with cython.critical_section(self):
            return self.value

    def store(self, value, /):
        """Sets it. ``TypeError`` if ``value`` is None, or of another type than what was stored first."""
        self.swap(value)

    def swap(self, value, /):
        """Sets it, as ``store``; returns what it was."""
        with cython.critical_section(self):
            old = self.value
            fits = value is not None and (old is None or type(old) is type(value))
            if fits:
                self.value = value
        if not fits:
            refuse_value(old, value)
        return old

    def compare_and_swap(self, old, new, /):
        """Sets it to ``new`` if it equals ``old``; says whether it did. ``old`` is None: if nothing was stored yet."""
        if old is not None and type(old) is not type(new):
            raise TypeError(f"compare_and_swap() got a {type(old).__name__} and a {type(new).__name__}")
        while True:
            found = self.load()
            if new is None or found is not None and type(found) is not type(new):
                refuse_value(found, new)
            if found is not old and (found is None or old is None or not found == old):
                return False
            with cython.critical_section(self):
                swapped = self.value is found
                if swapped:
                    self.value = new
            if swapped:
                return True

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an AtomicValue")

    def __repr__(self):
        return f"AtomicValue({self.load()!r})"


cdef int refuse_value(object stored, object value) except -1:
    if value is None:
        raise TypeError("an AtomicValue does not hold None")
    raise TypeError(f"an AtomicValue that holds a {type(stored).__name__} takes no {type(value).__name__}")
