"""A weighted semaphore. (Go: ``golang.org/x/sync/semaphore``)"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, SupportsIndex

from goconc._core import Tokens, TokenWait, check_context, check_limits, check_tokens, in_plain_goroutine, raise_if_done

if TYPE_CHECKING:
    from goconc._core import _Context

__all__ = ["Weighted"]


class _Hold:
    """So many tokens for the time of a ``with`` or ``async with`` block."""

    __slots__ = ("_limits", "_n", "_semaphore")

    def __init__(self, semaphore: Weighted, n: SupportsIndex, limits: dict[str, Any]) -> None:
        self._semaphore = semaphore
        self._n = n
        self._limits = limits

    def __enter__(self) -> None:
        self._semaphore.acquire(self._n, **self._limits)

    def __exit__(self, *exc: object) -> None:
        self._semaphore.release(self._n)

    async def __aenter__(self) -> None:
        await self._semaphore.aacquire(self._n, **self._limits)

    async def __aexit__(self, *exc: object) -> None:
        self._semaphore.release(self._n)


class Weighted(Tokens):
    """``n`` tokens, of which everybody takes as many as wanted, and gives them back. (Go: ``semaphore.NewWeighted(n)``)

    Whoever waits is served in order of arrival: one that wants many is not overtaken by those behind it that want few, and more than
    ``n`` can be waited for, in vain. ``with semaphore:`` holds one token, ``with semaphore.hold(3):`` three; ``async with`` does the same
    in an ``async def``.
    """

    __slots__ = ()

    def acquire(self, n: SupportsIndex = 1, *, timeout: float | None = None, ctx: _Context | None = None) -> None:
        """Takes ``n`` tokens; waits until they are there and nobody is before. (Go: ``Acquire``)

        ``timeout`` in seconds: ``TimeoutError``. ``ctx``: its ``err()`` once it is done, even if tokens are there. Whenever this raises,
        nothing was taken. In an ``async def`` goroutine: ``await aacquire(...)``.
        """
        in_plain_goroutine("aacquire()")
        check_limits(timeout, ctx)
        wait = self.enter(n)
        if wait is None:
            return
        try:
            wait.ready.recv_ok(timeout=timeout, ctx=ctx)
            if ctx is not None:
                raise_if_done(ctx)
        except BaseException as error:
            self._give_up(wait, error)
            raise

    async def aacquire(
        self, n: SupportsIndex = 1, *, timeout: float | None = None, ctx: _Context | None = None
    ) -> None:
        """The awaitable twin of ``acquire``."""
        check_limits(timeout, ctx)
        wait = self.enter(n)
        if wait is None:
            return
        try:
            await wait.ready.arecv_ok(timeout=timeout, ctx=ctx)
            if ctx is not None:
                raise_if_done(ctx)
        except BaseException as error:
            self._give_up(wait, error)
            raise

    def _give_up(self, wait: TokenWait, error: BaseException) -> None:
        self.leave(wait)
        if type(error) is TimeoutError:
            raise TimeoutError("acquire timed out") from None

    def hold(self, n: SupportsIndex = 1, *, timeout: float | None = None, ctx: _Context | None = None) -> _Hold:
        """For ``with`` and ``async with``: ``n`` tokens for the time of the block."""
        check_tokens(n)
        check_limits(timeout, None)
        if ctx is not None:
            check_context("ctx", ctx)
        return _Hold(self, n, {"timeout": timeout, "ctx": ctx})

    def __enter__(self) -> None:
        self.acquire()

    async def __aenter__(self) -> None:
        await self.aacquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
