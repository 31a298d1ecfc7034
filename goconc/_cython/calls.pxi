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
    """How many goroutines run at once, at most. (Go: ``runtime.GOMAXPROCS``) This version has one processor: the answer is 1."""
    if n is not None and (isinstance(n, bool) or not isinstance(n, int)):
        raise TypeError(f"n must be an int, not {type(n).__name__}")
    return 1


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
        go.shields += 1
        self._goroutine = go
        return self

    def __exit__(self, *exc):
        cdef Goroutine go = self._goroutine
        self._goroutine = None
        go.shields -= 1


shield.__module__ = "goconc"
