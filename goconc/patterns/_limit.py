"""How often something may happen: a token bucket, and a stage that keeps to it. (Go: ``golang.org/x/time/rate``)"""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any, TypeVar

from goconc import context
from goconc._core import Chan, RecvChan, after, check_limits, in_plain_goroutine, number_text
from goconc.patterns._source import reading
from goconc.patterns._stage import Source, Stream, check_count, check_number, is_channel, stream

_T = TypeVar("_T")


class Limiter:
    """A token bucket: it holds ``burst`` tokens at most, and gets ``rate`` a second. It begins full. (Go: ``rate.NewLimiter``)

    With ``burst=1`` a token is there each ``1 / rate`` seconds, as by a ticker. It may be shared: tokens are promised in order of arrival,
    and each waits until its own are there. (On a machine so busy that several are late, these go on in any order.)
    """

    def __init__(self, rate: float, burst: int = 1) -> None:
        rate = check_number("rate", rate, "a number per second")
        if not rate > 0:
            raise ValueError(f"rate must be more than 0 per second, not {rate}")
        check_count("burst", burst)
        self.rate = rate
        self.burst = burst
        # What is in the bucket, and when that was so. Fewer than none: they are promised to those who wait.
        self._tokens = float(burst)
        self._at = monotonic()
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle or copy a Limiter")

    def _take(self, n: int, most: float) -> float | None:
        """Takes ``n`` tokens and returns how many seconds later they are there; None, and takes none, if that is more than ``most``."""
        check_count("n", n)
        if n > self.burst:
            raise ValueError(f"n must be at most burst, which is {self.burst}, not {number_text(n)}")
        with self._lock:
            now = monotonic()
            # (At an infinite rate and in no time it is no number that came in: min() leaves it then.)
            tokens = min(self.burst, self._tokens + (now - self._at) * self.rate) - n
            # A token's last billionth may be missing for rounding.
            wait = -tokens / self.rate if tokens < -1e-9 else 0.0
            if wait > most:
                return None
            self._tokens, self._at = tokens, now
            return wait

    def _give_back(self, n: int) -> None:
        with self._lock:
            self._tokens += n

    def try_acquire(self, n: int = 1) -> bool:
        """Takes ``n`` tokens if they are there. (Go: ``AllowN``)"""
        return self._take(n, 0) is not None

    def acquire(self, n: int = 1, *, timeout: float | None = None, ctx: context.Context | None = None) -> None:
        """Takes ``n`` tokens, and waits until they are there. If it raises, none are taken. (Go: ``WaitN``)

        In an ``async def`` goroutine: ``await aacquire()``.
        """
        in_plain_goroutine("aacquire()")
        check_limits(timeout, ctx)
        wait = self._take(n, float("inf"))
        if wait:
            try:
                after(wait).recv(timeout=timeout, ctx=ctx)
            except BaseException:
                self._give_back(n)
                raise

    async def aacquire(self, n: int = 1, *, timeout: float | None = None, ctx: context.Context | None = None) -> None:
        """The awaitable twin of ``acquire``."""
        check_limits(timeout, ctx)
        wait = self._take(n, float("inf"))
        if wait:
            try:
                await after(wait).arecv(timeout=timeout, ctx=ctx)
            except BaseException:
                self._give_back(n)
                raise


def rate_limit(
    source: Source[_T], limit: float | Limiter | RecvChan[Any], *, ctx: context.Context | None = None
) -> Stream[_T]:
    """The same values, each when ``limit`` allows it: so many a second, one at a time; a ``Limiter``, which may be shared; or a channel,
    from which one value is received for each, such as ``tick(0.2)``, and of which the stream ends with the last.
    """
    if not isinstance(limit, Limiter) and not is_channel(limit):
        limit = Limiter(limit)  # type: ignore[arg-type]
    values, out = reading("source", source, ctx), Chan[_T]()

    async def work() -> None:
        async for value in values:
            if isinstance(limit, Limiter):
                await limit.aacquire()
            elif not (await limit.arecv_ok())[1]:  # type: ignore[union-attr]
                return
            await out.asend(value)

    return stream(out, [work], values, ctx=ctx)
