"""Where values come from: the generator of Rob Pike's talk, a function that returns a channel."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Any, TypeVar

from goconc import context
from goconc._core import Chan, shield
from goconc.patterns._stage import Source, Stream, check_context, is_channel, stream

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

    check_source("values", values)
    if isinstance(values, Iterable):
        return stream(out, [feed], values, ctx=ctx)
    return stream(out, [afeed], ctx=ctx)


def reading(name: str, values: Source[_T], ctx: context.Context | None = None) -> Any:
    """What the goroutines of a stage, of either kind and in any number, can iterate over. Nothing is begun if ``ctx`` is none."""
    check_source(name, values)
    if ctx is not None:
        check_context(ctx)
    return values if isinstance(values, Stream) or is_channel(values) else source(values)


def check_source(name: str, values: object) -> None:
    if not isinstance(values, Iterable | AsyncIterable):
        raise TypeError(f"{name} must be iterable, not {type(values).__name__}")
