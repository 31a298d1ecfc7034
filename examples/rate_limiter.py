"""Rate limits: a ticker lets one request through per tick; a channel with room saves up ticks for a burst.

A receive from the limiter's channel is the permission. Slow receivers miss ticks, so nothing is saved up unless a channel
does it.
"""

import time

from goconc import Chan, RecvChan, Ticker, aselect, go, run
from goconc._examples._support import check

PERIOD = 0.010  # seconds
REQUESTS = 10
BURST = 4


def steadily(requests: list[str], period: float) -> list[float]:
    """When each request went through, in seconds from the start."""
    started = time.monotonic()
    ticker = Ticker(period)
    times = []
    for _ in requests:
        ticker.c.recv()
        times.append(time.monotonic() - started)
    return times


def bursty_limiter(burst: int, period: float, done: RecvChan[None]) -> RecvChan[None]:
    permits: Chan[None] = Chan(burst)
    for _ in range(burst):
        permits.send(None)

    async def refill() -> None:
        ticker = Ticker(period)
        while (await aselect(ticker.c, done)).index == 0:
            await aselect((permits, None), default=True)  # if there is room

    go(refill)
    return permits.receiver


def in_bursts(requests: list[str], burst: int, period: float) -> list[float]:
    done: Chan[None] = Chan()
    with done:
        started = time.monotonic()
        limiter = bursty_limiter(burst, period, done.receiver)
        times = []
        for _ in requests:
            limiter.recv()
            times.append(time.monotonic() - started)
        return times


def main() -> None:
    requests = [f"request {n}" for n in range(REQUESTS)]
    times = run(steadily, requests, PERIOD)
    check(all(when >= n * PERIOD for n, when in enumerate(times, 1)), "never more than one request per period")
    print("steadily: ", *(f"{when * 1000:3.0f}" for when in times), "ms")
    times = run(in_bursts, requests, BURST, PERIOD)
    check(all(when >= (n - BURST) * PERIOD for n, when in enumerate(times, 1)), "never more than the saved permits")
    print("in bursts:", *(f"{when * 1000:3.0f}" for when in times), "ms")


if __name__ == "__main__":
    main()
