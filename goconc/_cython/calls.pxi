# The small calls: who runs, how many there are, goexit, shield.


def current():
    """The running goroutine, or None outside one."""
    cdef Worker *w = this_worker()
    if w == NULL or w.current == NULL:
        return None
    return <Goroutine>w.current.object


def goexit():
    """Ends the running goroutine: its ``finally`` blocks run, ``join()`` gives None. (Go: ``runtime.Goexit``)"""
    if current() is None:
        raise RuntimeError("goexit() outside a goroutine")
    raise _Goexit("goexit")


def num_goroutine() -> int:
    """How many goroutines exist in this process. (Go: ``runtime.NumGoroutine``)"""
    return sched.goroutines.load()


def gomaxprocs(n=None) -> int:
    """How many goroutines run at once, at most; with ``n`` (at least 1), from now on. Returns what it was. (Go: ``runtime.GOMAXPROCS``)

    By default 1 on a build with a GIL, and as many as there are processors for this process on a free-threaded one.
    """
    cdef uint32_t before = sched.size()
    if n is None:
        return before
    cdef int overflow = 0
    cdef int64_t wanted = whole_number(n, "n", overflow)
    if wanted > MAXPROCS_MOST or overflow > 0:
        raise ValueError(f"n must be at most {MAXPROCS_MOST}, not {number_text(n)}")
    if wanted >= 1 and wanted != before and not sched.resize(<uint32_t>wanted):
        raise MemoryError("no memory for the processors")
    return before


class shield:
    """``with shield():`` in a goroutine: cancellation waits until the block is left, so that clean-up code may block."""

    __slots__ = ("_goroutine",)

    def __init__(self):
        self._goroutine = None

    def __enter__(self):
        cdef Goroutine go = current()
        if go is None:
            raise RuntimeError("shield() outside a goroutine")
        if self._goroutine is not None:
            raise RuntimeError("this shield() is in use already")
        go.shields.fetch_add(1)
        self._goroutine = go
        return self

    def __exit__(self, *exc):
        cdef Goroutine go = self._goroutine
        if go is None:
            raise RuntimeError("this shield() was not entered")
        if go is not current():
            raise RuntimeError("this shield() was entered by another goroutine")
        self._goroutine = None
        go.shields.fetch_sub(1)

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a shield")


shield.__module__ = "goconc"
