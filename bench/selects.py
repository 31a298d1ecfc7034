"""select: with something ready, and waiting."""

from __future__ import annotations

from functools import partial

from harness import Row, check, clock, main

from goconc import Chan, aselect, go, select

# ---- SelectUncontended: two channels, one of them ready; an operation is a select, and the send for the next one ----


def select_uncontended(n: int) -> float:
    a: Chan[int] = Chan(1)
    b: Chan[int] = Chan(1)
    a.send(0)
    firsts = 0
    start = clock()
    for i in range(n):
        index, _, _ = select(a, b)
        if index == 0:
            firsts += 1
            b.send(i)
        else:
            a.send(i)
    taken = clock() - start
    check((firsts, len(a) + len(b)), (-(-n // 2), 1))
    return taken


async def aselect_uncontended(n: int) -> float:
    a: Chan[int] = Chan(1)
    b: Chan[int] = Chan(1)
    a.send_nowait(0)
    firsts = 0
    start = clock()
    for i in range(n):
        index, _, _ = await aselect(a, b)
        if index == 0:
            firsts += 1
            await b.asend(i)
        else:
            await a.asend(i)
    taken = clock() - start
    check((firsts, len(a) + len(b)), (-(-n // 2), 1))
    return taken


# ---- Select4: four channels, one of them ready; an operation is the send and the select ----


def select_4(n: int) -> float:
    a: Chan[int] = Chan(1)
    b: Chan[int] = Chan(1)
    c: Chan[int] = Chan(1)
    d: Chan[int] = Chan(1)
    chans = (a, b, c, d)
    wrong = 0
    start = clock()
    for i in range(n):
        chans[i & 3].send(i)
        index, value, _ = select(a, b, c, d)
        if value != i or index != i & 3:
            wrong += 1
    taken = clock() - start
    check(wrong, 0)
    return taken


async def aselect_4(n: int) -> float:
    a: Chan[int] = Chan(1)
    b: Chan[int] = Chan(1)
    c: Chan[int] = Chan(1)
    d: Chan[int] = Chan(1)
    chans = (a, b, c, d)
    wrong = 0
    start = clock()
    for i in range(n):
        await chans[i & 3].asend(i)
        index, value, _ = await aselect(a, b, c, d)
        if value != i or index != i & 3:
            wrong += 1
    taken = clock() - start
    check(wrong, 0)
    return taken


# ---- SelectBlocking: unbuffered channels, served in turn by one sender; an operation is one select that waited ----


def feed(chans: list[Chan[int]], n: int) -> None:
    width = len(chans)
    for i in range(n):
        chans[i % width].send(i)


def select_blocking(n: int, *, width: int) -> float:
    chans: list[Chan[int]] = [Chan() for _ in range(width)]
    wrong = 0
    start = clock()
    feeder = go(feed, chans, n)
    for i in range(n):
        index, value, _ = select(*chans)
        if value != i or index != i % width:
            wrong += 1
    feeder.join()
    taken = clock() - start
    check(wrong, 0)
    return taken


async def afeed(chans: list[Chan[int]], n: int) -> None:
    width = len(chans)
    for i in range(n):
        await chans[i % width].asend(i)


async def aselect_blocking(n: int, *, width: int) -> float:
    chans: list[Chan[int]] = [Chan() for _ in range(width)]
    wrong = 0
    start = clock()
    feeder = go(afeed, chans, n)
    for i in range(n):
        index, value, _ = await aselect(*chans)
        if value != i or index != i % width:
            wrong += 1
    await feeder
    taken = clock() - start
    check(wrong, 0)
    return taken


ROWS = [
    Row("SelectUncontended", select_uncontended, aselect_uncontended, 100_000),
    Row("Select4", select_4, aselect_4, 100_000),
    *(
        Row(
            f"SelectBlocking{width}",
            partial(select_blocking, width=width),
            partial(aselect_blocking, width=width),
            50_000,
        )
        for width in (2, 4, 8)
    ),
]

if __name__ == "__main__":
    main(ROWS)
