"""Trying again: retry with backoff."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from goconc import context
from goconc._core import (
    Canceled,
    after,
    check_callable,
    in_plain_goroutine,
    makes_coroutine_function,
    number_text,
    raise_if_done,
)
from goconc.patterns._stage import check_context, check_count, check_number, check_seconds, settled

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Backoff:
    """Delays in seconds without end: ``first``, and each ``factor`` times the one before, up to ``most``. With ``jitter`` each is drawn
    between nothing and that, so that those who failed together do not come back together.
    """

    first: float = 0.1
    factor: float = 2.0
    most: float = 30.0
    jitter: bool = True

    def __post_init__(self) -> None:
        check_seconds("first", self.first)
        check_seconds("most", self.most)
        if not check_number("factor", self.factor, "a number") >= 1:
            raise ValueError(f"factor must be at least 1, not {number_text(self.factor)}")

    def __iter__(self) -> Iterator[float]:
        delay = min(self.first, self.most)
        while True:
            yield delay * random.random() if self.jitter else delay
            delay = min(delay * self.factor, self.most)


BACKOFF = Backoff()


def check_backoff(backoff: object) -> None:
    if not isinstance(backoff, Backoff):
        raise TypeError(f"backoff must be a Backoff, not {type(backoff).__name__}")


def retry(
    fn: Callable[_P, _R],
    *,
    attempts: int = 3,
    backoff: Backoff = BACKOFF,
    on: type[Exception] | tuple[type[Exception], ...] = Exception,
    ctx: context.Context | None = None,
) -> Callable[_P, _R]:
    """A function that calls ``fn`` again if it raises one of ``on``, ``attempts`` times in all, after the delays of ``backoff``.

    It is of the kind that ``fn`` is. The last exception is raised, with a note. ``Canceled`` is never tried again; when ``ctx`` ends, its
    error is raised from the last exception.
    """
    check_callable("fn", fn)
    check_count("attempts", attempts)
    check_backoff(backoff)
    for kind in on if isinstance(on, tuple) else (on,):
        if not isinstance(kind, type) or not issubclass(kind, Exception):  # type: ignore[redundant-expr]
            raise TypeError(f"on must be a class of exceptions or a tuple of them, not {kind!r}")
    if ctx is not None:
        check_context(ctx)

    def plain(*args: Any, **kwargs: Any) -> Any:
        in_plain_goroutine("a retry() of an async function")
        for attempt, delay in enumerate(backoff, 1):
            if ctx is not None:
                raise_if_done(ctx)
            try:
                return settled(fn(*args, **kwargs))
            except on as error:
                _raise_if_last(error, attempt, attempts)
                after(delay).recv(ctx=ctx)

    async def suspending(*args: Any, **kwargs: Any) -> Any:
        for attempt, delay in enumerate(backoff, 1):
            if ctx is not None:
                raise_if_done(ctx)
            try:
                return await fn(*args, **kwargs)  # type: ignore[misc]
            except on as error:
                _raise_if_last(error, attempt, attempts)
                await after(delay).arecv(ctx=ctx)

    return wraps(fn)(suspending if makes_coroutine_function(fn) else plain)


def _raise_if_last(error: Exception, attempt: int, attempts: int) -> None:
    if isinstance(error, Canceled):
        raise error
    if attempt == attempts:
        error.add_note(f"this was attempt {attempt} of {attempts}")
        raise error
