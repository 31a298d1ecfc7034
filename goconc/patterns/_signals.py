"""Channels as signals: or_done, or_channel, bridge. (Katherine Cox-Buday, "Concurrency in Go")"""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from goconc import context
from goconc._core import Canceled, Chan, DeadlineExceeded, RecvChan, aselect, shield
from goconc.patterns._source import reading
from goconc.patterns._stage import Source, Stream, check_context, is_channel, stream

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class or_done(Generic[_T_co]):
    """To iterate over a channel or a stream, by ``for`` or ``async for``, until it ends or ``ctx`` does.

    Unlike ``recv(ctx=ctx)`` it raises nothing when ctx ends. It takes no goroutine, and leaves the source as it is.
    """

    __slots__ = ("_ctx", "_source")

    def __init__(self, source: RecvChan[_T_co] | Stream[_T_co], ctx: context.Context) -> None:
        if not isinstance(source, Stream) and not is_channel(source):
            raise TypeError(f"source must be a channel or a stream, not {type(source).__name__}")
        check_context(ctx)
        self._source = source
        self._ctx = ctx

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _T_co:
        try:
            value, ok = self._source.recv_ok(ctx=self._ctx)
        except (Canceled, DeadlineExceeded):
            if self._ctx.err() is None:
                raise  # it is what the source failed with
            ok = False
        if ok:
            return value  # type: ignore[return-value]
        raise StopIteration

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T_co:
        try:
            value, ok = await self._source.arecv_ok(ctx=self._ctx)
        except (Canceled, DeadlineExceeded):
            if self._ctx.err() is None:
                raise
            ok = False
        if ok:
            return value  # type: ignore[return-value]
        raise StopAsyncIteration


def or_channel(*channels: RecvChan[Any], ctx: context.Context | None = None) -> Stream[Any]:
    """Ends as soon as one of the channels is closed or delivers something, which is dropped: ``select(or_channel(a, b).receiver, ...)``."""
    if not channels:
        raise ValueError("or_channel() needs at least one channel")
    for each in channels:
        if not is_channel(each):
            raise TypeError(f"channels must be channels, not {type(each).__name__}")

    async def wait() -> None:
        await aselect(*channels)

    return stream(Chan[Any](), [wait], ctx=ctx)


def bridge(sources: Source[Source[_T]], *, ctx: context.Context | None = None) -> Stream[_T]:
    """The values of each source in turn, from a stream or channel of sources: the next one is begun when the last has ended."""
    several, out = reading("sources", sources, ctx), Chan[_T]()

    async def work() -> None:
        async for each in several:
            values = reading("sources", each)
            try:
                async for value in values:
                    await out.asend(value)
            finally:
                if isinstance(values, Stream):
                    with shield():
                        await values.aclose()

    return stream(out, [work], several, ctx=ctx)
