"""What all patterns stand on: a stage, which is a few goroutines that work on one thing, and streams, which deliver what they make.

    goroutines -> Stage <- Stream <- who reads

The goroutines know their stage; who reads holds a stream, and a stream its stage. Nothing leads back from a stage to its streams, so
a stream that nobody holds any more is noticed, as one that is closed, and stops the stage.

A stage ends when all its goroutines have ended. The last of them closes the stage's sources, and then its channels; so whoever finds a
channel closed finds everything before it gone. A goroutine that fails ends the stage's context, and so do the context the stage was given
and the last reader who leaves: the end of the context raises GoroutineExit in each goroutine of the stage, where it waits.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from types import CoroutineType, TracebackType
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar

from goconc import context, errgroup
from goconc._core import (
    Canceled,
    Chan,
    ChannelClosed,
    Goroutine,
    GoroutineExit,
    RecvChan,
    WouldBlock,
    current,
    go,
    goexit,
    in_plain_goroutine,
    makes_coroutine_function,
    number_text,
    raise_if_done,
    shield,
)

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

WORKERS_MOST = 1_000_000  # they are all started at once

Source: TypeAlias = Iterable[_T] | AsyncIterable[_T]
Body: TypeAlias = Callable[[], object]


class _Last:
    """Tells the last one of ``n`` that call it."""

    __slots__ = ("_others",)

    def __init__(self, n: int) -> None:
        self._others: Chan[None] = Chan(n - 1)

    def __call__(self) -> bool:
        try:
            self._others.send_nowait(None)
        except WouldBlock:
            return True
        return False


def close_once(channel: Chan[Any]) -> None:
    """Closes it, unless it is closed."""
    try:
        channel.close()
    except ChannelClosed:
        pass


class _Cut(Canceled):
    """A stage was ended by ``goexit``, by a cancellation, or with its ``run()``."""


class Stage:
    """Goroutines that read ``sources`` and send on ``outs``. Each is one ``with`` or ``async with`` block of its stage."""

    def __init__(self, outs: Iterable[Chan[Any]], sources: Iterable[Stream[Any]], ctx: context.Context | None) -> None:
        self.outs: dict[Chan[Any], Any] = dict.fromkeys(outs)
        self.left = False  # nobody reads any more
        self.over = False  # nobody sends any more
        self.told = False  # what it failed with was raised where it was read
        self._sources = list(sources)
        self._given = context.background() if ctx is None else ctx
        self._all_left = _Last(len(self.outs))
        check_context(self._given)
        below, self._cancel = context.with_cancel(self._given)
        self._group = errgroup.Group(below)
        self._running: dict[Goroutine[Any], None] = {}
        self._cut = False  # it has not come to its regular end
        self._unwatch: Callable[[], bool] = context.after_func(self._group.ctx, self._interrupt)

    def start(self, bodies: Sequence[Body]) -> None:
        self._all_ended = _Last(len(bodies))
        for body in bodies:
            run: Callable[[Any], Any] = self._arun if makes_coroutine_function(body) else self._run
            self._group.go(run, body)

    def _run(self, body: Body) -> None:
        with self:
            del self  # an error's traceback keeps this frame, and must not keep the stage: nobody may hold it any more
            body()

    async def _arun(self, body: Callable[[], Awaitable[object]]) -> None:
        async with self:
            del self
            await body()

    def _interrupt(self) -> None:
        for task in list(self._running):
            task.cancel()

    def __enter__(self) -> None:
        if not self._begins():
            self.__exit__(GoroutineExit, GoroutineExit(), None)
            goexit()

    async def __aenter__(self) -> None:
        if not self._begins():
            await self.__aexit__(GoroutineExit, GoroutineExit(), None)
            goexit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._ends(kind):
            try:
                sources = ExitStack()
                for source in self._sources:
                    sources.push(source)
                with shield():
                    sources.__exit__(kind, error, traceback)
            finally:
                self._close_outs()
        return self._expects(kind)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._ends(kind):
            try:
                sources = AsyncExitStack()
                for source in self._sources:
                    sources.push_async_exit(source)
                with shield():
                    await sources.__aexit__(kind, error, traceback)
            finally:
                self._close_outs()
        return self._expects(kind)

    def _begins(self) -> bool:
        """Whether it is to begin. One that is cancelled before it runs would never come to its end; so it is known from here on only."""
        task = current()
        assert task is not None
        self._running[task] = None
        return self._group.ctx.err() is None  # else _interrupt may have been too early to see it

    def _ends(self, kind: type[BaseException] | None) -> bool:
        """Whether it was the last one."""
        task = current()
        assert task is not None
        del self._running[task]
        if kind is not None:
            self._cut = True
            # An exception goes on to the group, which first notes it and then does this.
            if issubclass(kind, (GoroutineExit, _Cut)):
                self._cancel()
        return self._all_ended()

    def _expects(self, kind: type[BaseException] | None) -> bool:
        """Whether it is no failure: a send met a reader who has left, or the stage before was cut off, and so is this one."""
        return (kind is ChannelClosed and self.left) or kind is _Cut

    def _close_outs(self) -> None:
        self.over = True
        for out in list(self.outs):
            close_once(out)

    def leave(self, out: Chan[Any]) -> None:
        """Nobody reads ``out`` any more."""
        last = self._all_left()
        if last:
            self.left = True
        self.outs.pop(out, None)
        close_once(out)
        if last:
            self.stop()

    def stop(self) -> None:
        watched = self._stop_watching()
        self._cancel()
        if watched:  # else that is under way
            self._interrupt()

    def _stop_watching(self) -> bool:
        unwatch, self._unwatch = self._unwatch, bool  # which holds the stage, and would be held by it
        return unwatch()

    def join(self) -> None:
        """Waits for its end, which has begun. Raises what it failed with."""
        self._stop_watching()
        try:
            self._group.wait()
            self._judge()
        except Exception:
            self.told = True
            raise

    async def ajoin(self) -> None:
        self._stop_watching()
        try:
            await self._group
            self._judge()
        except Exception:
            self.told = True
            raise

    def _judge(self) -> None:
        if self._cut and not self.left:
            raise_if_done(self._given)
            raise _Cut("a goroutine of this stage was cancelled")


class Stream(Generic[_T_co]):
    """What a stage delivers, to be read as a channel is: ``for``, ``async for``, ``recv``, ``recv_ok`` and their twins.

    Several may read one stream; each value goes to one of them. After the last value it ends as a closed channel does; if its stage has
    failed, it raises that instead. ``with stream:`` or ``async with stream:`` leaves it, and so does ``close()``: the goroutines behind it
    are stopped, and have ended when the block is left. A stream that nobody holds any more is left, too, without waiting.
    """

    __slots__ = ("__weakref__", "_leaving", "_out", "_stage")

    def __init__(self, out: Chan[_T_co], stage: Stage) -> None:
        if not isinstance(stage, Stage):
            raise TypeError("a Stream is made by the patterns, such as goconc.patterns.source()")
        self._leaving = threading.Lock()  # for the first to leave; nobody waits for it
        self._out = out
        self._stage = stage

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle or copy a Stream")

    def __del__(self, finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # When the interpreter ends everything stops. Without a stage it was not made.
        if not finalizing() and hasattr(self, "_stage"):
            self._leave()

    @property
    def receiver(self) -> RecvChan[_T_co]:
        """The channel, as a case for ``select``. If it is closed, ``recv_ok`` tells why."""
        return self._out.receiver

    # ---- reading ----

    def recv_ok(
        self, *, timeout: float | None = None, ctx: context.Context | None = None
    ) -> tuple[_T_co, Literal[True]] | tuple[None, Literal[False]]:
        """``(value, True)``, or ``(None, False)`` at the end. Raises what the stage failed with. ``timeout``, ``ctx``: as on a channel."""
        received = self._out.recv_ok(timeout=timeout, ctx=ctx)
        if not received[1] and self._stage.over:
            self._stage.join()
        return received

    async def arecv_ok(
        self, *, timeout: float | None = None, ctx: context.Context | None = None
    ) -> tuple[_T_co, Literal[True]] | tuple[None, Literal[False]]:
        """The awaitable twin of ``recv_ok``."""
        received = await self._out.arecv_ok(timeout=timeout, ctx=ctx)
        if not received[1] and self._stage.over:
            await self._stage.ajoin()
        return received

    def recv(self, *, timeout: float | None = None, ctx: context.Context | None = None) -> _T_co:
        """The next value. ``ChannelClosed`` at the end; raises what the stage failed with."""
        value, ok = self.recv_ok(timeout=timeout, ctx=ctx)
        if not ok:
            raise ChannelClosed("receive from a stream that has ended")
        return value  # type: ignore[return-value]

    async def arecv(self, *, timeout: float | None = None, ctx: context.Context | None = None) -> _T_co:
        """The awaitable twin of ``recv``."""
        value, ok = await self.arecv_ok(timeout=timeout, ctx=ctx)
        if not ok:
            raise ChannelClosed("receive from a stream that has ended")
        return value  # type: ignore[return-value]

    def __iter__(self) -> Iterator[_T_co]:
        # `yield from` would call the channel's close() when a loop over this is left.
        for value in self._out:  # noqa: UP028
            yield value
        if self._stage.over:
            self._stage.join()

    def __next__(self) -> _T_co:
        value, ok = self.recv_ok()
        if ok:
            return value  # type: ignore[return-value]
        raise StopIteration

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T_co:
        value, ok = await self._out.arecv_ok()
        if ok:
            return value  # type: ignore[return-value]
        if self._stage.over:
            await self._stage.ajoin()
        raise StopAsyncIteration

    # ---- leaving ----

    def close(self) -> None:
        """Leaves the stream, and waits until what this stops has ended. Raises what the stage failed with, unless a reader was told.

        In an ``async def`` goroutine: ``await aclose()``.
        """
        in_plain_goroutine("aclose()")
        if self._leave() and not self._stage.told:
            self._stage.join()

    async def aclose(self) -> None:
        """The awaitable twin of ``close``."""
        if self._leave() and not self._stage.told:
            await self._stage.ajoin()

    def _leave(self) -> bool:
        """Whether the stage has ended, or is about to."""
        if self._leaving.acquire(blocking=False):
            self._stage.leave(self._out)
        return self._stage.left or self._stage.over

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.close()
        except Exception as other:
            _note_or_raise(error, other)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.aclose()
        except Exception as other:
            _note_or_raise(error, other)


def _note_or_raise(error: BaseException | None, other: Exception) -> None:
    """What a stage failed with is raised where it is left; an exception that is on its way already takes it along as a note."""
    if error is None or isinstance(error, GoroutineExit):  # nobody would see a note of that
        raise other
    if error is not other:
        error.add_note(f"the stream that was left failed: {other!r}")


# ---- for the patterns ----


def stream(
    out: Chan[_T], bodies: Sequence[Body], *sources: Source[Any], ctx: context.Context | None = None
) -> Stream[_T]:
    """A stage of so many goroutines that send on ``out``."""
    return streams([out], bodies, *sources, ctx=ctx)[0]


def streams(
    outs: Sequence[Chan[_T]], bodies: Sequence[Body], *sources: Source[Any], ctx: context.Context | None = None
) -> tuple[Stream[_T], ...]:
    """A stage of so many goroutines that send on ``outs``, each of which has a reader of its own. Of ``sources`` it closes the streams."""
    stage = Stage(outs, [each for each in sources if isinstance(each, Stream)], ctx)
    made = tuple(Stream(out, stage) for out in outs)
    stage.start(bodies)
    return made


def of_kind(fn: Callable[..., Any], plain: Body, suspending: Body) -> Body:
    """A stage is of the kind of the function that it calls."""
    return suspending if makes_coroutine_function(fn) else plain


def settled(result: Any) -> Any:
    """The result of a call in a plain goroutine. What an ``async def`` behind a ``lambda`` gives is awaited, in a goroutine of its own."""
    if type(result) is not CoroutineType:
        return result
    task = go(result)
    try:
        return task.join()
    except GoroutineExit:
        with shield():
            task.cancel()
            try:
                task.join()
            except Canceled:
                pass
        raise


def check_number(name: str, number: object, what: str) -> float:
    """As a float, by which it is calculated with."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(f"{name} must be {what}, not {type(number).__name__}")
    try:
        return float(number)
    except OverflowError:
        raise ValueError(f"{name} must be a number that fits a float, not {number_text(number)}") from None


def check_seconds(name: str, seconds: object) -> None:
    number = check_number(name, seconds, "a number of seconds")
    if not number >= 0:
        raise ValueError(f"{name} must not be negative or nan, but is {number}")


def is_channel(value: object) -> bool:
    return type(value) is Chan or type(value) is RecvChan


def check_context(ctx: object) -> None:
    if not isinstance(ctx, context.Context):
        raise TypeError(f"ctx must be a context, not {type(ctx).__name__}")


def check_count(name: str, n: object, least: int = 1, most: int = sys.maxsize) -> None:
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"{name} must be an int, not {type(n).__name__}")
    if n < least:
        raise ValueError(f"{name} must be at least {least}, not {number_text(n)}")
    if n > most:
        raise ValueError(f"{name} must be at most {most}, not {number_text(n)}")
