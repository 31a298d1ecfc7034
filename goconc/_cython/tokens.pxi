# The state of a weighted semaphore: who has how many tokens, and who comes next. Whoever has to wait does so on a channel of its own.
# It is compiled so that a finalizer may release what its object held even while the same thread is in here: nothing runs Python under the
# lock.


@cython.final
cdef class TokenWait:
    """A place in the line for tokens. ``ready`` is closed when they have been handed over."""
    cdef readonly RecvChan ready
    cdef int64_t wanted
    cdef bint granted
    cdef PyObject *previous   # in the line, which owns a reference to each; then in the list of those just served
    cdef PyObject *next


cdef class Tokens:
    """So many tokens, and a line of those who wait for some: the state of ``goconc.semaphore.Weighted``."""
    cdef object __weakref__
    cdef readonly int64_t size
    cdef int64_t taken
    cdef PyObject *first
    cdef PyObject *last
    cdef AttachedLock lock

    def __cinit__(self, n):
        self.size = token_count(n)

    def __reduce__(self):
        raise TypeError(f"cannot pickle or copy a {type(self).__name__}")

    def __repr__(self):
        return f"<{type(self).__name__} {self.taken} of {self.size} taken>"

    cdef bint take(self, int64_t n) noexcept:
        """Under the lock."""
        if self.first != NULL or self.size - self.taken < n:
            return False
        self.taken += n
        return True

    cdef void unlink(self, TokenWait wait) noexcept:
        """Under the lock."""
        if wait.previous != NULL:
            (<TokenWait>wait.previous).next = wait.next
        else:
            self.first = wait.next
        if wait.next != NULL:
            (<TokenWait>wait.next).previous = wait.previous
        else:
            self.last = wait.previous

    cdef PyObject *serve(self) noexcept:
        """Under the lock: hands tokens to the first in line, as long as there are enough for it. The served are chained by `next`."""
        cdef PyObject *served = NULL
        cdef PyObject *head
        while self.first != NULL and self.size - self.taken >= (<TokenWait>self.first).wanted:
            head = self.first
            self.taken += (<TokenWait>head).wanted
            self.unlink(<TokenWait>head)
            (<TokenWait>head).granted = True
            (<TokenWait>head).next = served
            served = head
        return served

    def enter(self, n):
        """Takes ``n`` tokens: None. If they are not there, or others wait, stands in line for them."""
        cdef int64_t wanted = token_count(n)
        cdef bint got
        cdef TokenWait wait
        self.lock.lock()
        got = self.take(wanted)
        self.lock.unlock()
        if got:
            return None
        wait = TokenWait.__new__(TokenWait)
        wait.ready = receive_view(Chan.__new__(Chan))
        wait.wanted = wanted
        Py_INCREF(wait)  # the line's
        self.lock.lock()
        got = self.take(wanted)
        if not got:
            wait.previous = self.last
            if self.last != NULL:
                (<TokenWait>self.last).next = <PyObject *>wait
            else:
                self.first = <PyObject *>wait
            self.last = <PyObject *>wait
        self.lock.unlock()
        if got:
            Py_DECREF(wait)
            return None
        return wait

    def leave(self, TokenWait wait not None):
        """Gives up: leaves the line, or gives the tokens back if they have been handed over meanwhile."""
        cdef PyObject *served
        cdef bint waited
        self.lock.lock()
        waited = not wait.granted
        if waited:
            self.unlink(wait)
            wait.granted = True
        else:
            self.taken -= wait.wanted
        served = self.serve()
        self.lock.unlock()
        if waited:
            Py_DECREF(wait)  # the line's
        wake_served(served)

    def try_acquire(self, n=1) -> bool:
        """Takes ``n`` tokens if that takes no waiting and overtakes nobody. (Go: ``TryAcquire``)"""
        cdef int64_t wanted = token_count(n)
        self.lock.lock()
        cdef bint got = self.take(wanted)
        self.lock.unlock()
        return got

    def release(self, n=1) -> None:
        """Gives ``n`` tokens back. ``RuntimeError`` if so many are not taken. (Go: ``Release``)"""
        cdef int64_t given = token_count(n)
        cdef PyObject *served = NULL
        self.lock.lock()
        cdef bint held = given <= self.taken
        if held:
            self.taken -= given
            served = self.serve()
        self.lock.unlock()
        if not held:
            raise RuntimeError("semaphore: released more than held")
        wake_served(served)


def check_tokens(n) -> None:
    """Refuses what is no number of tokens. For goconc's own modules."""
    token_count(n)


cdef void wake_served(PyObject *served) noexcept:
    cdef PyObject *following
    while served != NULL:
        following = (<TokenWait>served).next
        close_if_open((<TokenWait>served).ready.chan)
        Py_DECREF(<object>served)  # the line's
        served = following


cdef int64_t token_count(object n) except -1:
    cdef int overflow = 0
    cdef int64_t count = whole_number(n, "n", overflow)
    if count < 0 or overflow:
        raise ValueError(f"n must be between 0 and 2**63 - 1, not {number_text(n)}")
    return count


# ---- for goconc.singleflight ----

def remove_if(owner, dict table not None, key, value) -> None:
    """Removes ``key`` if it stands for ``value``, or for anything if that is None, in one step among such calls with the same ``owner``."""
    with cython.critical_section(owner):
        found = table.get(key)
        if found is not None and (value is None or found is value):
            del table[key]
