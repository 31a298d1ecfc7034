"""Stages that put several values into one: batch, window, aggregate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from goconc import context
from goconc._core import Chan, after, aselect, check_callable
from goconc.patterns._source import reading
from goconc.patterns._stage import Source, Stream, check_count, check_seconds, of_kind, settled, stream

_T = TypeVar("_T")
_A = TypeVar("_A")


def batch(
    source: Source[_T], size: int, *, within: float | None = None, ctx: context.Context | None = None
) -> Stream[list[_T]]:
    """Lists of ``size`` values, the last one perhaps shorter. ``within`` seconds of its first value a list goes out as it is."""
    check_count("size", size)
    if within is not None:
        check_seconds("within", within)
    values, out = reading("source", source, ctx), Chan[list[_T]]()

    async def work() -> None:
        while True:
            value, ok = await values.arecv_ok()
            if not ok:
                return
            several = [value]
            timer = None if within is None else after(within)
            while len(several) < size:
                index, value, ok = await aselect(values.receiver, timer)
                if not ok or index == 1:
                    break
                several.append(value)
            await out.asend(several)

    return stream(out, [work], values, ctx=ctx)


def window(
    source: Source[_T], size: int, *, step: int = 1, ctx: context.Context | None = None
) -> Stream[tuple[_T, ...]]:
    """The last ``size`` values, as a tuple, each time ``step`` more have come. Nothing goes out before there are ``size``."""
    check_count("size", size)
    check_count("step", step)
    values, out = reading("source", source, ctx), Chan[tuple[_T, ...]]()

    async def work() -> None:
        latest: deque[_T] = deque(maxlen=size)
        missing = size
        async for value in values:
            latest.append(value)
            missing -= 1
            if missing == 0:
                await out.asend(tuple(latest))
                missing = step

    return stream(out, [work], values, ctx=ctx)


@overload
def aggregate(
    fn: Callable[[_A, _T], Coroutine[Any, Any, _A]],
    source: Source[_T],
    initial: _A,
    *,
    ctx: context.Context | None = None,
) -> Stream[_A]: ...
@overload
def aggregate(
    fn: Callable[[_A, _T], _A], source: Source[_T], initial: _A, *, ctx: context.Context | None = None
) -> Stream[_A]: ...
def aggregate(fn: Any, source: Source[Any], initial: Any, *, ctx: context.Context | None = None) -> Stream[Any]:
    """One value: ``fn(total, value)`` for each value, beginning with ``initial``, as ``functools.reduce``.

    ``aggregate(operator.add, sizes, 0).recv()``
    """
    check_callable("fn", fn)
    values, out = reading("source", source, ctx), Chan[Any]()

    def work() -> None:
        total = initial
        for value in values:
            total = settled(fn(total, value))
        out.send(total)

    async def awork() -> None:
        total = initial
        async for value in values:
            total = await fn(total, value)
        await out.asend(total)

    return stream(out, [of_kind(fn, work, awork)], values, ctx=ctx)
