"""Worker pools: bounded parallelism over whatever can be iterated over."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from types import GenericAlias
from typing import Any, Generic, NamedTuple, TypeVar, overload

from goconc import context
from goconc._core import check_callable, in_plain_goroutine, makes_coroutine_function
from goconc.patterns import _progress
from goconc.patterns._progress import Show
from goconc.patterns._source import check_source
from goconc.patterns._stage import Source, Stream, settled
from goconc.patterns._transform import map

_T = TypeVar("_T")
_R = TypeVar("_R")


@overload
def worker_pool(
    fn: Callable[[_T], Coroutine[Any, Any, _R]],
    jobs: Source[_T],
    workers: int,
    *,
    ordered: bool = False,
    progress: Show = False,
    ctx: context.Context | None = None,
) -> Stream[_R]: ...
@overload
def worker_pool(
    fn: Callable[[_T], _R],
    jobs: Source[_T],
    workers: int,
    *,
    ordered: bool = False,
    progress: Show = False,
    ctx: context.Context | None = None,
) -> Stream[_R]: ...
def worker_pool(
    fn: Any,
    jobs: Source[Any],
    workers: int,
    *,
    ordered: bool = False,
    progress: Show = False,
    ctx: context.Context | None = None,
) -> Stream[Any]:
    """``workers`` goroutines call ``fn(job)`` for all jobs. The stream delivers the results, as they come or ``ordered`` as the jobs are.

    The first exception stops the pool, and is raised where the results are read; with ``catching(fn)`` each job has its own outcome.
    ``progress=True`` shows a bar (of tqdm, which must be installed), a function is called with ``(done, total)``; see ``progress``.
    """
    check_source("jobs", jobs)
    show = None if progress is False else _progress.shown("progress", progress)
    results = map(fn, jobs, workers=workers, ordered=ordered, ctx=ctx)
    return results if show is None else _progress.progress(results, show, total=_progress.known_length(jobs), ctx=ctx)


def for_each(
    fn: Callable[[_T], object],
    jobs: Source[_T],
    workers: int,
    *,
    progress: Show = False,
    ctx: context.Context | None = None,
) -> None:
    """Calls ``fn(job)`` for all jobs, by so many goroutines at once, and waits for the end. The first exception stops it, and is raised.

    In an ``async def`` goroutine: ``await afor_each(...)``. (Go: ``errgroup`` with ``SetLimit``)
    """
    in_plain_goroutine("afor_each()")
    with worker_pool(fn, jobs, workers, progress=progress, ctx=ctx) as results:
        for _ in results:
            pass


async def afor_each(
    fn: Callable[[_T], object],
    jobs: Source[_T],
    workers: int,
    *,
    progress: Show = False,
    ctx: context.Context | None = None,
) -> None:
    """The awaitable twin of ``for_each``."""
    async with worker_pool(fn, jobs, workers, progress=progress, ctx=ctx) as results:
        async for _ in results:
            pass


class Outcome(NamedTuple, Generic[_T, _R]):
    """What became of a job: its result, or the exception it raised."""

    job: _T
    value: _R | None
    error: Exception | None

    @classmethod
    def __class_getitem__(cls, item: Any, /) -> GenericAlias:
        return GenericAlias(cls, item)


@overload
def catching(  # type: ignore[overload-overlap]
    fn: Callable[[_T], Coroutine[Any, Any, _R]],
) -> Callable[[_T], Coroutine[Any, Any, Outcome[_T, _R]]]: ...
@overload
def catching(fn: Callable[[_T], _R]) -> Callable[[_T], Outcome[_T, _R]]: ...
def catching(fn: Any) -> Any:
    """A function that returns an ``Outcome`` where ``fn`` returns or raises, so that one job that fails does not stop the others.

    ``worker_pool(catching(fetch), urls, 8)``
    """
    check_callable("fn", fn)

    @wraps(fn)
    def plain(job: Any) -> Outcome[Any, Any]:
        try:
            return Outcome(job, settled(fn(job)), None)
        except Exception as error:
            return Outcome(job, None, error)

    @wraps(fn)
    async def suspending(job: Any) -> Outcome[Any, Any]:
        try:
            return Outcome(job, await fn(job), None)
        except Exception as error:
            return Outcome(job, None, error)

    return suspending if makes_coroutine_function(fn) else plain
