"""Heartbeats: a watchdog that bites when they stay out, and a steward that restarts its ward. ("Concurrency in Go")"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from goconc import context
from goconc._core import (
    Canceled,
    Chan,
    GoroutineExit,
    after_func,
    asleep,
    check_callable,
    go,
    shield,
)
from goconc.patterns._retry import BACKOFF, Backoff, check_backoff
from goconc.patterns._stage import Stream, check_context, check_count, check_seconds, stream

_R = TypeVar("_R")


class Watchdog:
    """Ends ``watchdog.ctx`` when ``beat()`` has not been called for ``silence`` seconds; the cause is a ``TimeoutError``.

    ``ctx`` is the parent of that context. Leaving the ``with`` block ends it, too. It takes no goroutine.
    """

    def __init__(self, silence: float, ctx: context.Context | None = None) -> None:
        check_seconds("silence", silence)
        if ctx is not None:
            check_context(ctx)
        self.ctx, self._cancel = context.with_cancel_cause(context.background() if ctx is None else ctx)
        self.silence = silence
        self._timer = after_func(silence, self._bite)

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle or copy a Watchdog")

    def _bite(self) -> None:
        self._cancel(TimeoutError(f"no heartbeat for {self.silence:g} s"))

    def beat(self) -> None:
        """All is well. May be called from anywhere, never waits, and does nothing once the time was over."""
        if self.ctx.err() is None:
            self._timer.reset(self.silence)

    def close(self) -> None:
        """It is not needed any more."""
        self._cancel()
        self._timer.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@overload
def supervise(
    ward: Callable[[Watchdog], Coroutine[Any, Any, _R]],
    *,
    silence: float = ...,
    restarts: int | None = None,
    backoff: Backoff = ...,
    on_restart: Callable[[Exception], object] | None = None,
    ctx: context.Context | None = None,
) -> Stream[_R]: ...
@overload
def supervise(
    ward: Callable[[Watchdog], _R],
    *,
    silence: float = ...,
    restarts: int | None = None,
    backoff: Backoff = ...,
    on_restart: Callable[[Exception], object] | None = None,
    ctx: context.Context | None = None,
) -> Stream[_R]: ...
def supervise(
    ward: Any,
    *,
    silence: float = float("inf"),
    restarts: int | None = None,
    backoff: Backoff = BACKOFF,
    on_restart: Callable[[Exception], object] | None = None,
    ctx: context.Context | None = None,
) -> Stream[Any]:
    """Runs ``ward(watchdog)`` in a goroutine of its own, and starts it again, after the delays of ``backoff``, when it has raised. One that
    has not called ``watchdog.beat()`` for ``silence`` seconds is cancelled, and started again. The stream delivers what it returns at last.

    After so many ``restarts`` its exception is raised, or for its silence a ``TimeoutError``. ``on_restart(error)`` is called before each
    restart, and must not wait.
    """
    check_callable("ward", ward)
    check_seconds("silence", silence)
    if restarts is not None:
        check_count("restarts", restarts, 0)
    check_backoff(backoff)
    if on_restart is not None:
        check_callable("on_restart", on_restart)
    out: Chan[Any] = Chan()

    async def steward() -> None:
        for restarted, delay in zip(count(), backoff):
            try:
                result = await _life(ward, silence)
            except Exception as error:
                if restarted == restarts:
                    raise
                if on_restart is not None:
                    on_restart(error)
                await asleep(delay)
            else:
                return await out.asend(result)

    return stream(out, [steward], ctx=ctx)


async def _life(ward: Callable[[Watchdog], Any], silence: float) -> Any:
    """One life of a ward: what it returns, raises, or was ended for."""
    with Watchdog(silence) as watchdog:
        task = go(ward, watchdog)
        stop = context.after_func(watchdog.ctx, task.cancel)
        try:
            result = await task
        except GoroutineExit:
            with shield():
                task.cancel()
                try:
                    await task
                except Canceled:
                    pass
            raise
        except Canceled:
            if watchdog.ctx.err() is None:
                raise
        finally:
            stop()
        bitten = context.cause(watchdog.ctx)
        if bitten is not None:
            raise bitten
        return result
