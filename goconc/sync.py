"""Go's package sync (and sync/atomic): locks, wait groups, what runs once, pools, maps.

Everything works from both kinds of goroutine, from ordinary threads and from tasks of asyncio. What waits has an awaitable
twin, and a keyword ``timeout`` in seconds that ends in ``TimeoutError``. None of it can be copied or pickled.
"""

import gc
import inspect
import sysconfig
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterator
from threading import RLock
from types import TracebackType
from typing import Any, Generic, NoReturn, Protocol, TypeVar, cast, final, overload

from goconc._core import (
    AtomicBool,
    AtomicInt,
    AtomicRef,
    AtomicValue,
    Mutex,
    Notice,
    RLocker,
    RWMutex,
    WaitGroup,
    check_callable,
    current,
    in_plain_goroutine,
    makes_coroutine_function,
    shield,
)

__all__ = [
    "AtomicBool",
    "AtomicInt",
    "AtomicRef",
    "AtomicValue",
    "Cond",
    "Locker",
    "Map",
    "Mutex",
    "Once",
    "Pool",
    "RLocker",
    "RWMutex",
    "WaitGroup",
    "aonce_func",
    "aonce_value",
    "aonce_values",
    "once_func",
    "once_value",
    "once_values",
]

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


def _check_plain_function(fn: object, twin: str) -> None:
    """One whose result is there when it returns."""
    check_callable("fn", fn)
    if makes_coroutine_function(fn):
        raise TypeError(f"fn must not be an async function here: {twin} awaits it")


class Locker(Protocol):
    """What ``Cond`` takes: a ``Mutex``, an ``RWMutex`` or its ``rlocker()``."""

    def lock(self) -> None: ...
    def alock(self) -> Awaitable[None]: ...
    def unlock(self) -> None: ...


class _Uncopyable:
    __slots__ = ("__weakref__",)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle or copy a {type(self).__name__}")


@final
class Once(_Uncopyable):
    """Runs one function, once, whatever function later calls pass. (Go: ``sync.Once``)

    Every call returns after that function has. If it raises it has run: that call raises, later ones return. A call inside
    the function, on the same Once, waits for ever.
    """

    __slots__ = ("_done", "_mutex")

    def __init__(self) -> None:
        self._done = False
        self._mutex = Mutex()

    def do(self, fn: Callable[[], object], /) -> None:
        """Calls ``fn()`` if this is the first call; else waits until the first one's function has returned."""
        in_plain_goroutine("Once.ado()")
        _check_plain_function(fn, "Once.ado()")
        if self._done:
            return
        with self._mutex:
            if not self._done:
                try:
                    fn()
                finally:
                    self._done = True

    async def ado(self, fn: Callable[[], object], /) -> None:
        """The awaitable twin of ``do``; an ``async def`` function is awaited."""
        check_callable("fn", fn)
        if self._done:
            return
        async with self._mutex:
            if not self._done:
                try:
                    result = fn()
                    if inspect.isawaitable(result):
                        await result
                finally:
                    self._done = True


class _Lazy(Generic[T]):
    """The result of a function that is called at the first call, and let go of then."""

    __slots__ = ("_error", "_fn", "_mutex", "_traceback", "_value")

    def __init__(self, fn: Callable[[], object]) -> None:
        check_callable("fn", fn)
        self._fn: Callable[[], object] | None = fn
        self._mutex = Mutex()
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None  # as it was first raised: raising adds to it
        self._value: object = None

    def get(self) -> T:
        in_plain_goroutine("what aonce_func() or aonce_value() makes")
        if self._fn is not None:
            with self._mutex:
                if (fn := self._fn) is not None:
                    try:
                        self._value = fn()
                    except BaseException as error:
                        self._failed(error)
                        raise
                    self._fn = None
        return self._result()

    async def aget(self) -> T:
        if self._fn is not None:
            async with self._mutex:
                if (fn := self._fn) is not None:
                    try:
                        value = fn()
                        self._value = await value if inspect.isawaitable(value) else value
                    except BaseException as error:
                        self._failed(error)
                        raise
                    self._fn = None
        return self._result()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return  # not the function's doing: it is called again
        self._error = (
            error if isinstance(error, Exception) else RuntimeError("the function was ended before it returned")
        )
        self._traceback = self._error.__traceback__
        self._fn = None

    def _result(self) -> T:
        if self._error is not None:
            raise self._error.with_traceback(self._traceback)
        return cast("T", self._value)


def once_func(fn: Callable[[], object], /) -> Callable[[], None]:
    """A function that calls ``fn`` at its first call only; every call raises what ``fn`` raised. (Go: ``sync.OnceFunc``)"""
    _check_plain_function(fn, "aonce_func()")
    get = _Lazy[None](fn).get

    def call() -> None:
        get()

    return call


def once_value(fn: Callable[[], T], /) -> Callable[[], T]:
    """A function that calls ``fn`` at its first call only, and returns, or raises, the same each time. (Go: ``sync.OnceValue``)"""
    _check_plain_function(fn, "aonce_value()")
    return _Lazy[T](fn).get


def once_values(fn: Callable[[], T], /) -> Callable[[], T]:
    """As ``once_value``, for a function that returns a tuple. (Go: ``sync.OnceValues``)"""
    _check_plain_function(fn, "aonce_values()")
    return _Lazy[T](fn).get


def aonce_func(fn: Callable[[], object], /) -> Callable[[], Awaitable[None]]:
    """The awaitable twin of ``once_func``; ``fn`` may be an ``async def``."""
    get = _Lazy[None](fn).aget

    async def call() -> None:
        await get()

    return call


@overload
def aonce_value(fn: Callable[[], Awaitable[T]], /) -> Callable[[], Awaitable[T]]: ...
@overload
def aonce_value(fn: Callable[[], T], /) -> Callable[[], Awaitable[T]]: ...
def aonce_value(fn: Callable[[], object], /) -> Callable[[], Awaitable[Any]]:
    """The awaitable twin of ``once_value``; ``fn`` may be an ``async def``."""
    return _Lazy[Any](fn).aget


@overload
def aonce_values(fn: Callable[[], Awaitable[T]], /) -> Callable[[], Awaitable[T]]: ...
@overload
def aonce_values(fn: Callable[[], T], /) -> Callable[[], Awaitable[T]]: ...
def aonce_values(fn: Callable[[], object], /) -> Callable[[], Awaitable[Any]]:
    """The awaitable twin of ``once_values``; ``fn`` may be an ``async def``."""
    return _Lazy[Any](fn).aget


@final
class Cond(_Uncopyable):
    """Where goroutines wait for a change of what ``l`` guards. (Go: ``sync.Cond``)

    Waiters are woken in the order in which they came. ``with cond:`` locks ``l``; ``await cond`` waits.
    """

    __slots__ = ("_line", "l")

    def __init__(self, l: Locker | None = None, /) -> None:  # noqa: E741 (Go's name)
        if l is not None and not all(callable(getattr(l, name, None)) for name in ("lock", "alock", "unlock")):
            raise TypeError(f"l must be a lock, such as a Mutex, not {type(l).__name__}")
        self.l: Locker = Mutex() if l is None else l
        self._line: deque[Notice] = deque()

    def wait(self, *, timeout: float | None = None) -> None:
        """Unlocks ``l``, waits until it is woken, and locks ``l`` again, however the wait ends. The caller must hold ``l``.

        ``timeout`` in seconds: ``TimeoutError``.
        """
        notice = self._enter(Notice.check)
        try:
            notice.wait(timeout=timeout)
        except BaseException as error:
            if not self._leave(notice, error):
                raise
        finally:
            self._lock_again()

    async def await_(self, *, timeout: float | None = None) -> None:
        """The awaitable twin of ``wait``; ``await cond`` is the same without a limit."""
        notice = self._enter(None)
        try:
            await notice.await_(timeout=timeout)
        except BaseException as error:
            if not self._leave(notice, error):
                raise
        finally:
            await self._alock_again()

    def __await__(self) -> Generator[Any, Any, None]:
        return self.await_().__await__()

    def signal(self) -> None:
        """Wakes the one that has waited longest, if any waits. ``l`` need not be held."""
        try:
            notice = self._line.popleft()
        except IndexError:
            return
        notice.give()

    def broadcast(self) -> None:
        """Wakes all that wait now. ``l`` need not be held."""
        for _ in range(len(self._line)):
            self.signal()

    def _enter(self, check: Callable[[], None] | None) -> Notice:
        if check is not None:
            check()
        notice = Notice()
        self._line.append(notice)
        try:
            self.l.unlock()
        except BaseException as error:
            self._leave(notice, error)
            raise
        return notice

    def _leave(self, notice: Notice, error: BaseException) -> bool:
        """After a wait that was not woken. Whether a signal has come for it nevertheless, and counts as its own."""
        try:
            self._line.remove(notice)
        except ValueError:
            if isinstance(error, TimeoutError):
                return True
            self.signal()  # it was meant for somebody who goes on
        return False

    def _lock_again(self) -> None:
        interruption = None
        while True:
            try:
                if current() is None:
                    self.l.lock()
                else:
                    with shield():
                        self.l.lock()
                break
            except KeyboardInterrupt as error:
                interruption = error
        if interruption is not None:
            raise interruption

    async def _alock_again(self) -> None:
        interruption: BaseException | None = None
        while True:
            try:
                if current() is None:
                    await self.l.alock()
                else:
                    with shield():
                        await self.l.alock()
                break
            except (KeyboardInterrupt, _cancelled()) as error:
                interruption = error
        if interruption is not None:
            raise interruption

    def __enter__(self) -> None:
        self.l.lock()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.l.unlock()

    async def __aenter__(self) -> None:
        await self.l.alock()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.l.unlock()


def _cancelled() -> type[BaseException]:
    import asyncio

    return asyncio.CancelledError


# Every pool, weakly. Changed and copied in one step each: a collection, which looks at them, may begin anywhere.
_pools: "set[weakref.ref[Pool[Any]]]" = set()


@final
class Pool(_Uncopyable, Generic[T]):
    """Things to use again, which may vanish whenever nobody uses them. (Go: ``sync.Pool``)

    ``new`` makes one when there is none; without it ``get`` returns None. What lies here during two full garbage collections
    is let go of.
    """

    __slots__ = ("_fresh", "_old", "new")

    def __init__(self, new: Callable[[], T] | None = None, /) -> None:
        if new is not None:
            check_callable("new", new)
        self.new = new
        self._fresh: list[T] = []
        self._old: list[T] = []
        _pools.add(weakref.ref(self, _pools.discard))

    def get(self) -> T | None:
        """Takes one out, or makes one."""
        for store in (self._fresh, self._old):
            try:
                return store.pop()
            except IndexError:
                pass
        return None if self.new is None else self.new()

    def put(self, item: T | None, /) -> None:
        """Puts one in. None is ignored."""
        if item is not None:
            self._fresh.append(item)

    def _age(self) -> None:
        self._fresh, self._old = [], self._fresh


# Without a GIL every collection is a full one, whatever it is called.
_FULL = 0 if sysconfig.get_config_var("Py_GIL_DISABLED") else 2


def _age_pools(phase: str, info: dict[str, int]) -> None:
    if phase == "start" and info["generation"] >= _FULL:
        for ref in list(_pools):
            if (pool := ref()) is not None:
                pool._age()


gc.callbacks.append(_age_pools)


_MISSING: Any = object()


@final
class Map(_Uncopyable, Generic[K, V]):
    """A dictionary whose every operation is one step for all others. (Go: ``sync.Map``)

    Loads take no lock. Values are compared with ``==``, outside of it.
    """

    __slots__ = ("_dict", "_lock")

    def __init__(self) -> None:
        self._dict: dict[K, V] = {}
        # One of the thread's own, so that a key's `__eq__` that lets others run can block no goroutine of the same thread.
        self._lock = RLock()

    def load(self, key: K, /) -> tuple[V | None, bool]:
        """(value, True), or (None, False) if the key is missing."""
        value = self._dict.get(key, _MISSING)
        return (None, False) if value is _MISSING else (value, True)

    def store(self, key: K, value: V, /) -> None:
        """Sets the key's value."""
        self.swap(key, value)

    def load_or_store(self, key: K, value: V, /) -> tuple[V, bool]:
        """(the value there, True), or stores ``value``: (value, False)."""
        with self._lock:
            found = self._dict.get(key, _MISSING)
            if found is not _MISSING:
                return found, True
            self._dict[key] = value
            return value, False

    def load_and_delete(self, key: K, /) -> tuple[V | None, bool]:
        """Deletes the key: (the value it had, True), or (None, False)."""
        with self._lock:
            value = self._dict.pop(key, _MISSING)
        return (None, False) if value is _MISSING else (value, True)

    def delete(self, key: K, /) -> None:
        """Deletes the key, if it is there."""
        self.load_and_delete(key)

    def swap(self, key: K, value: V, /) -> tuple[V | None, bool]:
        """Sets the key's value: (the one before, True), or (None, False) if there was none."""
        with self._lock:
            before = self._dict.get(key, _MISSING)
            self._dict[key] = value
        return (None, False) if before is _MISSING else (before, True)

    def compare_and_swap(self, key: K, old: V, new: V, /) -> bool:
        """Sets the key's value to ``new`` if it equals ``old``; False if it does not, or if the key is missing."""
        while (found := self._dict.get(key, _MISSING)) is not _MISSING and (found is old or found == old):
            with self._lock:
                if self._dict.get(key, _MISSING) is found:
                    self._dict[key] = new
                    return True
        return False

    def compare_and_delete(self, key: K, old: V, /) -> bool:
        """Deletes the key if its value equals ``old``; False if it does not, or if the key is missing."""
        while (found := self._dict.get(key, _MISSING)) is not _MISSING and (found is old or found == old):
            with self._lock:
                if self._dict.get(key, _MISSING) is found:
                    del self._dict[key]
                    return True
        return False

    def range(self, fn: Callable[[K, V], object], /) -> None:
        """Calls ``fn(key, value)`` for each key until it returns False. Each key at most once; ``fn`` may change the map."""
        check_callable("fn", fn)
        for key, value in self:
            if fn(key, value) is False:
                return

    def __iter__(self) -> Iterator[tuple[K, V]]:
        """The keys of now, each with the value it has when it is reached."""
        with self._lock:
            keys = list(self._dict)
        for key in keys:
            value = self._dict.get(key, _MISSING)
            if value is not _MISSING:
                yield key, value

    def clear(self) -> None:
        """Deletes all keys."""
        with self._lock:
            self._dict.clear()
