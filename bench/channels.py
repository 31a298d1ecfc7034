"""Channels: uncontended, hand-offs, producers and consumers."""

from __future__ import annotations

from functools import partial

from harness import Row, check, clock, main

from goconc import Chan, go

# ---- ChanUncontended: 100 sends, then 100 receives, on a private buffered channel; an operation is one of each ----


def chan_uncontended(n: int) -> float:
    ch: Chan[int] = Chan(100)
    last = -1
    batches = -(-n // 100)
    start = clock()
    for batch in range(batches):
        for i in range(100):
            ch.send(i)
        for _ in range(100):
            last = ch.recv()
        if last != 99:
            check((batch, last), (batch, 99))
    taken = clock() - start
    check(len(ch), 0)
    return taken * n / (batches * 100)


async def achan_uncontended(n: int) -> float:
    ch: Chan[int] = Chan(100)
    last = -1
    batches = -(-n // 100)
    start = clock()
    for batch in range(batches):
        for i in range(100):
            await ch.asend(i)
        for _ in range(100):
            last = await ch.arecv()
        if last != 99:
            check((batch, last), (batch, 99))
    taken = clock() - start
    check(len(ch), 0)
    return taken * n / (batches * 100)


# ---- ChanSync: two goroutines, one unbuffered channel, both directions; an operation is one value handed over ----


def receive_first(ch: Chan[int], n: int) -> int:
    total = 0
    for i in range(n):
        total += ch.recv()
        ch.send(i)
    return total


def send_first(ch: Chan[int], n: int) -> int:
    total = 0
    for i in range(n):
        ch.send(i)
        total += ch.recv()
    return total


def chan_sync(n: int) -> float:
    ch: Chan[int] = Chan()
    turns = -(-n // 2)
    start = clock()
    a, b = go(receive_first, ch, turns), go(send_first, ch, turns)
    totals = a.join(), b.join()
    taken = clock() - start
    check(totals, (turns * (turns - 1) // 2,) * 2)
    return taken * n / (turns * 2)


async def areceive_first(ch: Chan[int], n: int) -> int:
    total = 0
    for i in range(n):
        total += await ch.arecv()
        await ch.asend(i)
    return total


async def asend_first(ch: Chan[int], n: int) -> int:
    total = 0
    for i in range(n):
        await ch.asend(i)
        total += await ch.arecv()
    return total


async def achan_sync(n: int) -> float:
    ch: Chan[int] = Chan()
    turns = -(-n // 2)
    start = clock()
    a, b = go(areceive_first, ch, turns), go(asend_first, ch, turns)
    totals = await a, await b
    taken = clock() - start
    check(totals, (turns * (turns - 1) // 2,) * 2)
    return taken * n / (turns * 2)


# ---- ChanProdCons: one producer, one consumer, that much room; an operation is one value ----


def produce(ch: Chan[int], n: int) -> None:
    for i in range(n):
        ch.send(i)


def consume(ch: Chan[int]) -> int:
    total = 0
    for v in ch:
        total += v
    return total


def prod_cons(n: int, *, capacity: int, pairs: int = 1) -> float:
    ch: Chan[int] = Chan(capacity)
    share = -(-n // pairs)
    start = clock()
    consumers = [go(consume, ch) for _ in range(pairs)]
    for producer in [go(produce, ch, share) for _ in range(pairs)]:
        producer.join()
    ch.close()
    total = sum(c.join() for c in consumers)
    taken = clock() - start
    check(total, pairs * (share * (share - 1) // 2))
    return taken * n / (share * pairs)


async def aproduce(ch: Chan[int], n: int) -> None:
    for i in range(n):
        await ch.asend(i)


async def aconsume(ch: Chan[int]) -> int:
    total = 0
    async for v in ch:
        total += v
    return total


async def aprod_cons(n: int, *, capacity: int, pairs: int = 1) -> float:
    ch: Chan[int] = Chan(capacity)
    share = -(-n // pairs)
    start = clock()
    consumers = [go(aconsume, ch) for _ in range(pairs)]
    for producer in [go(aproduce, ch, share) for _ in range(pairs)]:
        await producer
    ch.close()
    total = 0
    for consumer in consumers:
        total += await consumer
    taken = clock() - start
    check(total, pairs * (share * (share - 1) // 2))
    return taken * n / (share * pairs)


ROWS = [
    Row("ChanUncontended", chan_uncontended, achan_uncontended, 200_000),
    Row("ChanSync", chan_sync, achan_sync, 100_000),
    *(
        Row(
            f"ChanProdCons{capacity}",
            partial(prod_cons, capacity=capacity),
            partial(aprod_cons, capacity=capacity),
            100_000,
        )
        for capacity in (0, 10, 100)
    ),
    Row("ChanMPMC4x4", partial(prod_cons, capacity=128, pairs=4), partial(aprod_cons, capacity=128, pairs=4), 100_000),
]

if __name__ == "__main__":
    main(ROWS)
