# lock_os_thread: a goroutine and an OS thread for each other, for libraries that have thread affinity (GO-33).


class _ThreadLock:
    """What ``lock_os_thread()`` returns: a context manager that undoes it."""

    __slots__ = ("_goroutine",)

    def __init__(self, goroutine):
        self._goroutine = goroutine

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self._goroutine is not current():
            raise RuntimeError("a thread is unlocked by the goroutine that locked it")
        unlock_os_thread()


def lock_os_thread():
    """From here on the running goroutine runs on this OS thread only, and the thread runs no other, but those that cannot leave it.

    Until ``unlock_os_thread()`` was called as often, or the ``with`` block is left: ``with goconc.lock_os_thread(): ...``. A plain
    goroutine stays on its thread in any case; others that began there stay too, and still run while this one waits. If it ends without
    unlocking, the thread is used for nothing new (unless it is one that called ``run``). (Go: ``runtime.LockOSThread``)
    """
    cdef Worker *w = this_worker()
    cdef G *g
    if w == NULL or w.current == NULL:
        raise RuntimeError("lock_os_thread() outside a goroutine")
    g = w.current
    g.locks += 1
    if g.locks == 1:
        w.locked += 1
        g.home = w
    return _ThreadLock(<Goroutine>g.object)


def unlock_os_thread() -> None:
    """Undoes one ``lock_os_thread()``. Without one it does nothing. (Go: ``runtime.UnlockOSThread``)"""
    cdef Worker *w = this_worker()
    cdef G *g
    if w == NULL or w.current == NULL:
        raise RuntimeError("unlock_os_thread() outside a goroutine")
    g = w.current
    if g.locks == 0:
        return
    g.locks -= 1
    if g.locks == 0:
        w.locked -= 1
        if g.kind == SleeperKind.coroutine and not g.guest:
            g.home = NULL


cdef inline void ends_locked(Worker *w, G *g) noexcept:
    """A goroutine has ended without unlocking: a helper's thread is not used for anything new."""
    if w.scope != NULL:
        w.locked -= 1
