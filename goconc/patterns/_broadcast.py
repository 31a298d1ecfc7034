"""Publish and subscribe: a goroutine that owns the list of those who listen."""

from __future__ import annotations

from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar, get_args

from goconc import context
from goconc._core import Chan, ChannelClosed, WouldBlock
from goconc.patterns._fan import deliver_to_all
from goconc.patterns._source import reading
from goconc.patterns._stage import Source, Stage, Stream, check_count

_T = TypeVar("_T")

Slow: TypeAlias = Literal["wait", "drop", "drop_oldest"]


class Broadcast(Generic[_T]):
    """Made by ``broadcast``: whoever has subscribed gets each value that comes from then on."""

    def __init__(self, source: Source[_T], slow: Slow, ctx: context.Context | None) -> None:
        values = reading("source", source)
