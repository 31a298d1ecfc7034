"""Timers: `after` as a case of a select, and many sleepers."""

from __future__ import annotations

from harness import Row, check, clock, main
from selects import afeed, feed

from goconc import Chan, after, aselect, asleep, go, select, sleep

# ---- AfterReady: a value is there, so the timer is for nothing; an operation is send, timer and select ----


def after_ready(n: int) -> float:
    ch: Chan[int] = Chan(1)
    wrong = 0
    start = clock()
    for i in range(n):
        ch.send(i)
        index, value, _ = select(ch, after(3600))
        if index != 0 or value != i:
            wrong += 1
    taken = clock() - start
    check(wrong, 0)
    return taken


async def aafter_ready(n: int) -> float:
    ch: Chan[int] = Chan(1)
    wrong = 0
    start = clock()
    for i in range(n):
        await ch.asend(i)
        index, value, _ = await aselect(ch, after(3600))
        if index != 0 or value != i:
            wrong += 1
    taken = clock() - start
    check(wrong, 0)
    return taken


# ---- AfterBlocking: the select waits for a value, with a timer as its limit ----


def after_blocking(n: int) -> float:
    ch: Chan[int] = Chan()
    wrong = 0
    start = clock()
    feeder = go(feed, [ch], n)
    for i in range(n):
        index, value, _ = select(ch, after(3600))
        if index != 0 or value != i:
            wrong += 1
    feeder.join()
    taken = clock() - start
    check(wrong, 0)
    return taken


async def aafter_blocking(n: int) -> float:
    ch: Chan[int] = Chan()
    wrong = 0
    start = clock()
    feeder = go(afeed, [ch], n)
    for i in range(n):
        index, value, _ = await aselect(ch, after(3600))
        if index != 0 or value != i:
            wrong += 1
    await feeder
    taken = clock() - start
    check(wrong, 0)
    return taken


# ---- Sleep1000: a thousand goroutines start, sleep for a nanosecond and end; an operation is all of that ----


def nap() -> int:
    sleep(1e-9)
    return 1


def sleep_1000(n: int) -> float:
    woken = 0
    start = clock()
    for _ in range(n):
        for g in [go(nap) for _ in range(1000)]:
            woken += g.join()
    taken = clock() - start
    check(woken, n * 1000)
    return taken


async def anap() -> int:
    await asleep(1e-9)
    return 1


async def asleep_1000(n: int) -> float:
    woken = 0
    start = clock()
    for _ in range(n):
        for g in [go(anap) for _ in range(1000)]:
            woken += await g
    taken = clock() - start
    check(woken, n * 1000)
    return taken


ROWS = [
    Row("AfterReady", after_ready, aafter_ready, 50_000),
    Row("AfterBlocking", after_blocking, aafter_blocking, 50_000),
    Row("Sleep1000", sleep_1000, asleep_1000, 30),
]

if __name__ == "__main__":
    main(ROWS)
