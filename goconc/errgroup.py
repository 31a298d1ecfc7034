"""Goroutines that work on parts of one task: wait for all, and stop the others at the first error. (Go: ``golang.org/x/sync/errgroup``)

with errgroup.Group(ctx) as g:
    for url in urls:
        g.go(fetch, g.ctx, url)
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from types import CoroutineType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

from goconc import context
from goconc._core import (
    Canceled,
    Chan,
    Goroutine,
    GoroutineExit,
    WouldBlock,
    check_context,
    check_runnable,
    current,
    go,
    in_plain_goroutine,
    makes_coroutine_function,
    number_text,
)

__all__ = ["Group", "gather", "agather"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_NOT_ERRORS = (GoroutineExit, KeyboardInterrupt, SystemExit)  # what ends a goroutine, or the program, and not a group
_NOTES_MOST = 10


class _Unstarted:
    """A coroutine for a goroutine that perhaps never starts, if its ``run()`` ends: it is closed then. (Else Python warns that it was never
    awaited.)
    """

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine: Coroutine[Any, Any, Any] | None = coroutine

    def take(self) -> Coroutine[Any, Any, Any]:
        coroutine, self._coroutine = self._coroutine, None
        assert coroutine is not None
        return coroutine

    def __del__(self) -> None:
        if self._coroutine is not None:
            self._coroutine.close()


class Group:
    """A group of goroutines. ``ctx`` is the parent of ``g.ctx``; at most ``limit`` of them run at once. (Go: ``errgroup.WithContext``)

    Leaving ``with Group() as g:`` waits for all, and so do ``g.wait()``, ``await g`` and leaving an ``async with``. The first exception
    that left one of them is then raised, with the others as notes; with ``all_errors=True`` it is an ``ExceptionGroup`` of all. The first
    exception also cancels ``g.ctx``, of which it is the cause; the end of ``wait`` cancels it in any case.
    """

    def __init__(
        self, ctx: context.Context | None = None, limit: int | None = None, *, all_errors: bool = False
    ) -> None:
        if ctx is not None:
            check_context("ctx", ctx)
        self.ctx, self._cancel = context.with_cancel_cause(context.background() if ctx is None else ctx)
        self._all_errors = all_errors
        # All state is in objects whose operations are each one step, so nothing here takes a lock.
        self._live: set[Any] = set()  # goroutines: those that run, and those that failed, until wait() has joined them
        self._errors: list[BaseException] = []  # in the order in which they came; the first stays for good
        self._noted: deque[BaseException] = deque()  # those that are to become notes
        self._slots: Chan[None] | None = None
        self.limit = limit

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle or copy an errgroup.Group")

    @property
    def limit(self) -> int | None:
        """How many run at once, at most; None: any number. It can be set while none runs. (Go: ``Group.SetLimit``)"""
        return None if self._slots is None else self._slots.cap

    @limit.setter
    def limit(self, limit: int | None) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise TypeError(f"limit must be an int or None, not {type(limit).__name__}")
        if limit is not None and limit > sys.maxsize:
            raise ValueError(f"limit must be at most {sys.maxsize}, not {number_text(limit)}")
        active = sum(not task.done() for task in list(self._live))
        if active:
            raise RuntimeError(f"errgroup: modify limit while {active} goroutines in the group are still active")
        self._slots = None if limit is None or limit < 0 else Chan(limit)

    # ---- starting ----

    @overload
    def go(
        self, fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Goroutine[_T]: ...
    @overload
    def go(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Goroutine[_T]: ...
    @overload
    def go(self, fn: Coroutine[Any, Any, _T], /) -> Goroutine[_T]: ...
    def go(self, fn: Any, /, *args: Any, **kwargs: Any) -> Goroutine[Any]:
        """Starts ``fn(*args, **kwargs)`` as a goroutine of the group; with a limit, waits until one more may run. (Go: ``Group.Go``)

        In an ``async def`` goroutine, if there is a limit: ``await ago(...)``.
        """
        slots = self._slots
        if slots is not None:
            in_plain_goroutine("ago()")
            slots.send(None)
        return self._start(slots, fn, args, kwargs)

    @overload
    async def ago(
        self, fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Goroutine[_T]: ...
    @overload
    async def ago(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Goroutine[_T]: ...
    @overload
    async def ago(self, fn: Coroutine[Any, Any, _T], /) -> Goroutine[_T]: ...
    async def ago(self, fn: Any, /, *args: Any, **kwargs: Any) -> Goroutine[Any]:
        """The awaitable twin of ``go``."""
        slots = self._slots
        if slots is not None:
            await slots.asend(None)
        return self._start(slots, fn, args, kwargs)

    @overload
    def try_go(
        self, fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Goroutine[_T] | None: ...
    @overload
    def try_go(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Goroutine[_T] | None: ...
    @overload
    def try_go(self, fn: Coroutine[Any, Any, _T], /) -> Goroutine[_T] | None: ...
    def try_go(self, fn: Any, /, *args: Any, **kwargs: Any) -> Goroutine[Any] | None:
        """As ``go`` if that takes no waiting; else None. (Go: ``Group.TryGo``)"""
        slots = self._slots
        if slots is not None:
            try:
                slots.send_nowait(None)
            except WouldBlock:
                return None
        return self._start(slots, fn, args, kwargs)

    def _start(self, slots: Chan[None] | None, fn: Any, args: Any, kwargs: Any) -> Goroutine[Any]:
        try:
            check_runnable("go() argument 'fn'", fn, bool(args or kwargs))
            if type(fn) is CoroutineType:
                task = go(self._await(slots, _Unstarted(fn)))
            elif makes_coroutine_function(fn):
                task = go(self._await(slots, _Unstarted(fn(*args, **kwargs))))
            else:
                task = go(self._call, slots, fn, args, kwargs)
        except BaseException:
            if slots is not None:
                slots.recv_nowait()
            raise
        self._live.add(task)
        if task.done() and not self._errors:
            self._live.discard(task)  # it was too quick to find itself in there
        return task

    def _call(self, slots: Chan[None] | None, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            self._ended(slots, error)
            # The traceback keeps this frame: an error nobody waits for must not keep the group that holds it.
            del self, fn, args, kwargs
            raise
        if type(result) is CoroutineType:
            return self._await(slots, _Unstarted(result))  # and this goroutine goes on with that
        self._live.discard(current())
        if slots is not None:
            slots.recv_nowait()
        return result

    async def _await(self, slots: Chan[None] | None, unstarted: _Unstarted) -> Any:
        try:
            result = await unstarted.take()
        except BaseException as error:
            self._ended(slots, error)
            del self  # see _call
            raise
        self._live.discard(current())
        if slots is not None:
            slots.recv_nowait()
        return result

    def _ended(self, slots: Chan[None] | None, error: BaseException) -> None:
        if isinstance(error, _NOT_ERRORS):
            self._live.discard(current())
        else:
            self._failed(error)
        if slots is not None:
            slots.recv_nowait()

    def _failed(self, error: BaseException) -> None:
        self._errors.append(error)
        self._cancel(self._errors[0])
        if error is not self._errors[0]:
            self._noted.append(error)

    # ---- waiting ----

    def wait(self) -> None:
        """Waits for all, and raises the first exception, if there was any. (Go: ``Group.Wait``)

        In an ``async def`` goroutine: ``await g``.
        """
        in_plain_goroutine("the Group")
        self._join_all()
        self._conclude()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait_async().__await__()

    async def _wait_async(self) -> None:
        await self._ajoin_all()
        self._conclude()

    def _join_all(self) -> None:
        while tasks := list(self._live):
            for task in tasks:
                if task not in self._live:
                    continue  # it has ended meanwhile
                try:
                    task.join()
                except BaseException as error:
                    self._raise_unless_of(task, error)
                self._live.discard(task)

    async def _ajoin_all(self) -> None:
        while tasks := list(self._live):
            for task in tasks:
                if task not in self._live:
                    continue  # it has ended meanwhile
                try:
                    await task.ajoin()
                except BaseException as error:
                    self._raise_unless_of(task, error)
                self._live.discard(task)

    def _raise_unless_of(self, task: Goroutine[Any], error: BaseException) -> None:
        """What a join raises is the task's, which is known already, or something that happened to whoever waits."""
        if any(error is known for known in self._errors):
            return
        if isinstance(error, Canceled) and isinstance(error.__cause__, GoroutineExit) and task.done():
            return
        raise error

    def _conclude(self) -> None:
        self._cancel(None)
        if not self._errors:
            return
        errors = list(self._errors)
        first = errors[0]
        try:
            if self._all_errors:
                raise BaseExceptionGroup(f"{len(errors)} goroutines of an errgroup failed", errors)
            self._add_notes(first)
            raise first
        finally:
            del errors, first

    def _add_notes(self, first: BaseException) -> None:
        count = 0
        while self._noted:
            try:
                error = self._noted.popleft()
            except IndexError:
                break
            if isinstance(error, Canceled) and error.__cause__ is first:
                continue  # it only stopped because of the first
            count += 1
            if count <= _NOTES_MOST:
                first.add_note(f"another goroutine of the errgroup failed: {error!r}")
        if count > _NOTES_MOST:
            first.add_note(f"and {count - _NOTES_MOST} more")

    # ---- blocks ----

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leaving(error)
        self._join_all()
        self._left(error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leaving(error)
        await self._ajoin_all()
        self._left(error)

    def _leaving(self, error: BaseException | None) -> None:
        """An exception that leaves the block stops the others, too."""
        if error is None:
            return
        if isinstance(error, _NOT_ERRORS):
            self._cancel(error)
        elif not (self._errors and isinstance(error, Canceled) and error.__cause__ is self._errors[0]):
            self._failed(error)

    def _left(self, error: BaseException | None) -> None:
        if isinstance(error, _NOT_ERRORS):
            return
        if error is not None and error is self._errors[0] and not self._all_errors:
            self._add_notes(error)  # it is on its way already
            return
        self._conclude()


@overload
def gather(
    *calls: Callable[[], Coroutine[Any, Any, _T]], ctx: context.Context | None = None, limit: int | None = None
) -> list[_T]: ...
@overload
def gather(
    *calls: Coroutine[Any, Any, _T], ctx: context.Context | None = None, limit: int | None = None
) -> list[_T]: ...
@overload
def gather(*calls: Callable[[], _T], ctx: context.Context | None = None, limit: int | None = None) -> list[_T]: ...
def gather(*calls: Any, ctx: context.Context | None = None, limit: int | None = None) -> list[Any]:
    """Makes all calls at once, at most ``limit`` at a time, and returns their results in the order of the calls.

    A call is a function without arguments, of either kind, or a coroutine. The first exception is raised, once all have ended.
    In an ``async def`` goroutine: ``await agather(...)``.
    """
    in_plain_goroutine("agather()")
    _check_calls(calls)
    with Group(ctx, limit) as g:
        tasks = [g.go(call) for call in calls]
    return [task.join() for task in tasks]


@overload
async def agather(
    *calls: Callable[[], Coroutine[Any, Any, _T]], ctx: context.Context | None = None, limit: int | None = None
) -> list[_T]: ...
@overload
async def agather(
    *calls: Coroutine[Any, Any, _T], ctx: context.Context | None = None, limit: int | None = None
) -> list[_T]: ...
@overload
async def agather(
    *calls: Callable[[], _T], ctx: context.Context | None = None, limit: int | None = None
) -> list[_T]: ...
async def agather(*calls: Any, ctx: context.Context | None = None, limit: int | None = None) -> list[Any]:
    """The awaitable twin of ``gather``."""
    _check_calls(calls)
    async with Group(ctx, limit) as g:
        tasks = [await g.ago(call) for call in calls]
    return [await task for task in tasks]


def _check_calls(calls: tuple[Any, ...]) -> None:
    """All of them, before any is made."""
    for call in calls:
        check_runnable("each of 'calls'", call)
