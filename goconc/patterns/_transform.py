"""Stages that call a function for each value: map, filter, flat_map. (Go: the pipelines of go.dev/blog/pipelines)"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from typing import Any, TypeVar, overload

from goconc import context
from goconc._core import Chan, check_callable, goexit
from goconc.patterns._source import reading
from goconc.patterns._stage import WORKERS_MOST, Source, Stream, check_count, of_kind, settled, stream

_T = TypeVar("_T")
_R = TypeVar("_R")


@overload
def map(
    fn: Callable[[_T], Coroutine[Any, Any, _R]],
    source: Source[_T],
    *,
    workers: int = 1,
    ordered: bool = True,
    ctx: context.Context | None = None,
) -> Stream[_R]: ...
@overload
def map(
    fn: Callable[[_T], _R],
    source: Source[_T],
    *,
    workers: int = 1,
    ordered: bool = True,
    ctx: context.Context | None = None,
) -> Stream[_R]: ...
def map(
    fn: Any, source: Source[Any], *, workers: int = 1, ordered: bool = True, ctx: context.Context | None = None
) -> Stream[Any]:
    """``fn(value)`` of each value, by so many goroutines at once; in the order of the values, or with ``ordered=False`` as they come."""
    check_callable("fn", fn)
    check_count("workers", workers, most=WORKERS_MOST)
    if ordered and workers > 1:
        return _in_order(fn, source, workers, ctx)
    values, out = reading("source", source, ctx), Chan[Any]()

    def work() -> None:
        for value in values:
            out.send(settled(fn(value)))

    async def awork() -> None:
        async for value in values:
            await out.asend(await fn(value))

    return stream(out, [of_kind(fn, work, awork)] * workers, values, ctx=ctx)


def _in_order(fn: Any, source: Source[Any], workers: int, ctx: context.Context | None) -> Stream[Any]:
    """Each job carries the channel for its result, and these channels stand in the order of the jobs. (Pike: "restoring sequence")"""
    values, out = reading("source", source, ctx), Chan[Any]()
    jobs: Chan[tuple[Any, Chan[Any]]] = Chan()
    results: Chan[Chan[Any]] = Chan(workers - 1)  # with the one that is waited for: one for each worker

    async def feed() -> None:
        with jobs, results:
            async for value in values:
                result: Chan[Any] = Chan(1)
                await results.asend(result)
                await jobs.asend((value, result))

    def work() -> None:
        for value, result in jobs:
            with result:
                result.send(settled(fn(value)))

    async def awork() -> None:
        async for value, result in jobs:
            with result:
                await result.asend(await fn(value))

    async def collect() -> None:
        async for result in results:
            value, ok = await result.arecv_ok()
            if not ok:
                goexit()  # the worker did not come to its end, and nor will this stage
            await out.asend(value)

    return stream(out, [feed, *[of_kind(fn, work, awork)] * workers, collect], values, ctx=ctx)


@overload
def filter(
    wanted: Callable[[_T], Coroutine[Any, Any, object]], source: Source[_T], *, ctx: context.Context | None = None
) -> Stream[_T]: ...
@overload
def filter(wanted: Callable[[_T], object], source: Source[_T], *, ctx: context.Context | None = None) -> Stream[_T]: ...
def filter(wanted: Any, source: Source[Any], *, ctx: context.Context | None = None) -> Stream[Any]:
    """The values for which ``wanted(value)`` is true, in order."""
    check_callable("wanted", wanted)
    values, out = reading("source", source, ctx), Chan[Any]()

    def work() -> None:
        for value in values:
            if settled(wanted(value)):
                out.send(value)

    async def awork() -> None:
        async for value in values:
            if await wanted(value):
                await out.asend(value)

    return stream(out, [of_kind(wanted, work, awork)], values, ctx=ctx)


@overload
def flat_map(
    fn: Callable[[_T], Coroutine[Any, Any, Iterable[_R]]], source: Source[_T], *, ctx: context.Context | None = None
) -> Stream[_R]: ...
@overload
def flat_map(
    fn: Callable[[_T], AsyncIterable[_R]], source: Source[_T], *, ctx: context.Context | None = None
) -> Stream[_R]: ...
@overload
def flat_map(
    fn: Callable[[_T], Iterable[_R]], source: Source[_T], *, ctx: context.Context | None = None
) -> Stream[_R]: ...
def flat_map(fn: Any, source: Source[Any], *, ctx: context.Context | None = None) -> Stream[Any]:
    """All values of the iterable ``fn(value)``, value by value. ``fn`` may be a generator function, an async one too."""
    check_callable("fn", fn)
    values, out = reading("source", source, ctx), Chan[Any]()

    def work() -> None:
        for value in values:
            for each in settled(fn(value)):
                out.send(each)

    async def awork() -> None:
        async for value in values:
            for each in await fn(value):
                await out.asend(each)

    async def agenerate() -> None:
        async for value in values:
            async with contextlib.aclosing(fn(value)) as several:
                async for each in several:
                    await out.asend(each)

    body = agenerate if inspect.isasyncgenfunction(fn) else of_kind(fn, work, awork)
    return stream(out, [body], values, ctx=ctx)
