"""Publish and subscribe."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Generic, Literal, Never, Self, TypeAlias, TypeVar, get_args

from goconc import context
from goconc._core import Chan, ChannelClosed, WouldBlock
from goconc.patterns._fan import deliver_to_all
from goconc.patterns._source import reading
from goconc.patterns._stage import Source, Stage, Stream, check_count, close_once

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

Slow: TypeAlias = Literal["wait", "drop", "drop_oldest"]


def broadcast(source: Source[_T], *, ctx: context.Context | None = None) -> Broadcast[_T]:
    """Passes each value on to all who have subscribed by then. Publishing is sending, on a channel that is the source.

    news = Chan()
    with broadcast(news) as topic:
        messages = topic.subscribe()
    """
    return Broadcast(source, ctx)


class Broadcast(Generic[_T]):
    """Made by ``broadcast``. It goes on until its source ends; ``close()``, or the end of a ``with`` or ``async with`` block, stops it."""

    def __init__(self, source: Source[_T], ctx: context.Context | None) -> None:
        values, life = reading("source", source, ctx), Chan[Never]()  # nothing is sent on that
        stage = Stage([life], [values] if isinstance(values, Stream) else [], ctx)
        subscribers: dict[Chan[_T], Slow] = stage.outs
        subscribers.clear()

        async def work() -> None:
            async for value in values:
                now = list(subscribers.items())
                for out, slow in now:
                    if slow != "wait":
                        _offer(out, value, slow == "drop_oldest")
                await deliver_to_all([out for out, slow in now if slow == "wait"], value)

        self._stage = stage
        self._life = Stream(life, stage)
        stage.start([work])

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle or copy a Broadcast")

    def subscribe(self, capacity: int = 0, *, slow: Slow = "wait") -> Stream[_T]:
        """All values from now on, with room for ``capacity`` that have not been read. If there is no more room, all others wait for
        this one; or a value is dropped for it, the new one or the oldest. ``close()`` unsubscribes, and so does leaving its ``with`` block.
        """
        check_count("capacity", capacity, 0)
        if slow not in get_args(Slow):
            raise ValueError(f"slow must be one of {', '.join(map(repr, get_args(Slow)))}, not {slow!r}")
        if slow == "drop_oldest" and capacity == 0:
            raise ValueError("capacity must be at least 1 for slow='drop_oldest'")
        out: Chan[_T] = Chan(capacity)
        self._stage.outs[out] = slow
        if self._stage.over:  # then nobody may have seen it
            close_once(out)
        return _Subscription(out, self._stage, self)

    def close(self) -> None:
        """Ends all subscriptions, and waits until the goroutine has ended. In an ``async def`` goroutine: ``await aclose()``."""
        self._life.close()

    async def aclose(self) -> None:
        """The awaitable twin of ``close``."""
        await self._life.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._life.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._life.__aexit__(kind, error, traceback)


class _Subscription(Stream[_T_co]):
    """Leaving it does not end the broadcast; and as long as somebody holds it, that goes on."""

    __slots__ = ("_broadcast",)

    def __init__(self, out: Chan[_T_co], stage: Stage, broadcast: Broadcast[Any]) -> None:
        super().__init__(out, stage)
        self._broadcast = broadcast

    def _leave(self) -> bool:
        self._stage.outs.pop(self._out, None)
        close_once(self._out)
        return self._stage.left or self._stage.over


def _offer(out: Chan[_T], value: _T, make_room: bool) -> None:
    while True:
        try:
            return out.send_nowait(value)
        except ChannelClosed:
            return
        except WouldBlock:
            if not make_room:
                return
        try:
            out.recv_nowait()
        except (WouldBlock, ChannelClosed):
            pass  # a reader was faster
