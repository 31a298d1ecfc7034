"""Shows how far a stream has come."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any, TypeAlias, TypeVar

from goconc import context
from goconc._core import Chan, RecvChan, check_callable
from goconc.patterns._source import reading
from goconc.patterns._stage import Source, Stream, check_count, of_kind, settled, stream

_T = TypeVar("_T")

Show: TypeAlias = bool | Callable[[int, int | None], object]


def progress(
    source: Source[_T], show: Show = True, *, total: int | None = None, ctx: context.Context | None = None
) -> Stream[_T]:
    """Passes the values on, and calls ``show(done, total)`` after each: one call at a time, in order. It may be of either kind.

    ``show=True`` draws a bar with tqdm; where that is not installed it raises ``ImportError``, before anything is started. ``total`` is
    ``len(source)`` unless it is given, and None if nobody knows.
    """
    if total is None:
        total = known_length(source)
    else:
        check_count("total", total, 0)
    call = shown("show", show)
    values, out = reading("source", source, ctx), Chan[_T]()

    def work() -> None:
        try:
            for done, value in enumerate(values, 1):
                out.send(value)
                settled(call(done, total))
        finally:
            if isinstance(call, _Bar):
                call.close()

    async def awork() -> None:
        done = 0
        async for value in values:
            await out.asend(value)
            done += 1
            await call(done, total)

    return stream(out, [of_kind(call, work, awork)], values, ctx=ctx)


class _Bar:
    """A bar of tqdm, as a function. It appears with the first value."""

    def __init__(self) -> None:
        from tqdm.auto import tqdm  # type: ignore[import-untyped, import-not-found, unused-ignore]

        self._make = tqdm
        self._bar: Any = None

    def __call__(self, done: int, total: int | None) -> None:
        if self._bar is None:
            self._bar = self._make(total=total)
        self._bar.update(1)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def shown(name: str, show: Show) -> Callable[[int, int | None], Any]:
    """What is asked for by True, False or a function."""
    if show is True:
        try:
            return _Bar()
        except ImportError:
            raise ImportError(
                f"{name}=True needs tqdm: `pip install goconc[progress]`, or pass a function (done, total)"
            ) from None
    if show is False:
        return lambda done, total: None
    check_callable(name, show)
    return show


def known_length(source: object) -> int | None:
    """What is in a channel's buffer is not all that will come."""
    return len(source) if isinstance(source, Sized) and type(source) not in (Chan, RecvChan) else None
