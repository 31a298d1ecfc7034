"""Where values come from: the generator of Rob Pike's talk, a function that returns a channel."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Any, TypeVar

from goconc import context
from goconc._core import Chan, shield
from goconc.patterns._stage import Source, Stream, is_channel, stream

_T = TypeVar("_T")


def source(values: Source[_T], *, ctx: context.Context | None = None) -> Stream[_T]:
    """The values of an iterable, an async iterable, a channel or another stream. (Go: a function that returns ``<-chan T``)

    All patterns take the same and make a source of it. Nothing is read ahead: one value is on offer.
    """
    out: Chan[_T] = Chan()

    def feed() -> None:
        for value in values:  # type: ignore[union-attr]
            out.send(value)

    async def afeed() -> None:
        try:
            async for value in values:  # type: ignore[union-attr]
                await out.asend(value)
        finally:
            if isinstance(values, AsyncGenerator):
                with shield():
                    await values.aclose()  # nobody else would run its ``finally`` blocks

    if isinstance(values, Iterable):
        return stream(out, [feed], values, ctx=ctx)
    if isinstance(values, AsyncIterable):
        return stream(out, [afeed], ctx=ctx)
    raise TypeError(f"values must be iterable, not {type(values).__name__}")


def reading(name: str, values: Source[_T]) -> Any:
    """What the goroutines of a stage, of either kind and in any number, can iterate over."""
    if isinstance(values, Stream) or is_channel(values):
        return values
    try:
        return source(values)
    except TypeError:
        raise TypeError(f"{name} must be iterable, not {type(values).__name__}") from None
