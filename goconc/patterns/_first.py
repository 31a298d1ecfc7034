"""The first of several calls that succeeds. (Rob Pike: replicated search)"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from goconc import context
from goconc._core import Chan, check_callable
from goconc.patterns._pool import catching, worker_pool
from goconc.patterns._stage import Stream, check_context, settled, stream

_R = TypeVar("_R")


@overload
def first(*calls: Callable[[], Coroutine[Any, Any, _R]], ctx: context.Context | None = None) -> Stream[_R]: ...
@overload
def first(*calls: Callable[[], _R], ctx: context.Context | None = None) -> Stream[_R]: ...
def first(*calls: Any, ctx: context.Context | None = None) -> Stream[Any]:
    """Makes all calls at once and delivers one value, of the first that returns; the others are stopped. If all raise, the first exception
    is raised, with the others as notes.

    ``first(primary, replica).recv(timeout=0.08)``
    """
    if not calls:
        raise ValueError("first() needs at least one call")
    for each in calls:
        check_callable("calls", each)
    if ctx is not None:
        check_context(ctx)
    outcomes = worker_pool(catching(_made), calls, len(calls))
    out: Chan[Any] = Chan()

    async def work() -> None:
        errors = []
        async for _, value, error in outcomes:
            if error is None:
                return await out.asend(value)
            errors.append(error)
        for other in errors[1:]:
            errors[0].add_note(f"another call failed: {other!r}")
        raise errors[0]

    return stream(out, [work], outcomes, ctx=ctx)


def _made(call: Callable[[], Any]) -> Any:
    return settled(call())
