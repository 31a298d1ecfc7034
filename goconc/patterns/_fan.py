"""Fan-in and fan-out: merge, split, tee, buffer."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Sequence
from typing import TypeVar

from goconc import context
from goconc._core import Chan, ChannelClosed, WouldBlock, aselect, check_callable
from goconc.patterns._source import check_source, reading
from goconc.patterns._stage import Body, Source, Stream, check_count, stream, streams

_T = TypeVar("_T")

_STREAMS_MOST = 65_536  # each is a case of one select


def merge(*sources: Source[_T], ctx: context.Context | None = None) -> Stream[_T]:
    """The values of all sources, as they come. It ends when all have ended. (Go: fan-in)"""
    if not sources:
        raise ValueError("merge() needs at least one source")
    for each in sources:
        check_source("sources", each)
    several = [reading("sources", each, ctx) for each in sources]
    out: Chan[_T] = Chan()
    return stream(out, [passing_on(values, out) for values in several], *several, ctx=ctx)


def buffer(source: Source[_T], size: int, *, ctx: context.Context | None = None) -> Stream[_T]:
    """The same values, up to ``size`` of them read ahead. (Go: a buffered channel)"""
    check_count("size", size)
    values, out = reading("source", source, ctx), Chan[_T](size)
    return stream(out, [passing_on(values, out)], values, ctx=ctx)


def passing_on(values: AsyncIterable[_T], out: Chan[_T]) -> Body:
    async def work() -> None:
        async for value in values:
            await out.asend(value)

    return work


def split(
    source: Source[_T], n: int, *, key: Callable[[_T], int] | None = None, ctx: context.Context | None = None
) -> tuple[Stream[_T], ...]:
    """``n`` streams, and each value goes to one of them: to one that is ready, or to number ``key(value) % n``. (Go: fan-out)

    If one is left, the others get its share; with a ``key`` its values are dropped.
    """
    check_count("n", n, most=_STREAMS_MOST)
    if key is not None:
        check_callable("key", key)
    values, outs = reading("source", source, ctx), [Chan[_T]() for _ in range(n)]

    async def to_one_that_is_ready() -> None:
        async for value in values:
            await deliver_to_one(outs, value)

    def by_key() -> None:
        assert key is not None
        for value in values:
            try:
                outs[key(value) % n].send(value)
            except ChannelClosed:
                pass

    return streams(outs, [to_one_that_is_ready if key is None else by_key], values, ctx=ctx)


def tee(source: Source[_T], n: int = 2, *, ctx: context.Context | None = None) -> tuple[Stream[_T], ...]:
    """``n`` streams, and each value goes to all of them: the slowest one sets the pace. One that is left is passed over."""
    check_count("n", n, most=_STREAMS_MOST)
    values, outs = reading("source", source, ctx), [Chan[_T]() for _ in range(n)]

    async def work() -> None:
        async for value in values:
            await deliver_to_all(outs, value)

    return streams(outs, [work], values, ctx=ctx)


async def deliver_to_one(outs: list[Chan[_T]], value: _T) -> None:
    """To one that is ready; those that were left are dropped from ``outs``."""
    while outs:
        try:
            await aselect(*((out, value) for out in outs))
            return
        except ChannelClosed:
            outs[:] = [out for out in outs if not out.closed]


async def deliver_to_all(outs: Sequence[Chan[_T]], value: _T) -> None:
    """To each, in the order in which they are ready; those that were left are passed over."""
    waiting = [out for out in outs if _is_to_wait(out, value)]
    while waiting:
        try:
            index, _, _ = await aselect(*((out, value) for out in waiting))
            del waiting[index]
        except ChannelClosed:
            waiting = [out for out in waiting if not out.closed]


def _is_to_wait(out: Chan[_T], value: _T) -> bool:
    try:
        out.send_nowait(value)
    except WouldBlock:
        return True
    except ChannelClosed:
        pass
    return False
