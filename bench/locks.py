"""Package sync where nobody is in the way, and goroutines that a WaitGroup counts."""

from __future__ import annotations

from harness import Row, check, clock, main

from goconc import agosched, gosched
from goconc.sync import Mutex, WaitGroup

# ---- MutexUncontended: lock and unlock, an operation is the pair ----


def mutex_uncontended(n: int) -> float:
    mu = Mutex()
    count = 0
    start = clock()
    for _ in range(n):
        mu.lock()
        count += 1
        mu.unlock()
    taken = clock() - start
    check((count, mu.try_lock()), (n, True))
    return taken


async def amutex_uncontended(n: int) -> float:
    mu = Mutex()
    count = 0
    start = clock()
    for _ in range(n):
        await mu.alock()
        count += 1
        mu.unlock()
    taken = clock() - start
    check((count, mu.try_lock()), (n, True))
    return taken


# ---- MutexContended: four goroutines that hold it while others run; an operation is one turn ----


def take_turns(mu: Mutex, count: list[int], turns: int) -> None:
    for _ in range(turns):
        with mu:
            count[0] += 1
            gosched()


def mutex_contended(n: int) -> float:
    mu = Mutex()
    count = [0]
    turns = -(-n // 4)
    start = clock()
    with WaitGroup() as wg:
        for _ in range(4):
            wg.go(take_turns, mu, count, turns)
    taken = clock() - start
    check(count[0], turns * 4)
    return taken * n / (turns * 4)


async def atake_turns(mu: Mutex, count: list[int], turns: int) -> None:
    for _ in range(turns):
        async with mu:
            count[0] += 1
            await agosched()


async def amutex_contended(n: int) -> float:
    mu = Mutex()
    count = [0]
    turns = -(-n // 4)
    start = clock()
    async with WaitGroup() as wg:
        for _ in range(4):
            wg.go(atake_turns, mu, count, turns)
    taken = clock() - start
    check(count[0], turns * 4)
    return taken * n / (turns * 4)


# ---- WaitGroupAddDone: an operation is the pair ----


def add_done(n: int) -> float:
    wg = WaitGroup()
    start = clock()
    for _ in range(n):
        wg.add(1)
        wg.done()
    wg.wait()
    return clock() - start


async def aadd_done(n: int) -> float:
    wg = WaitGroup()
    start = clock()
    for _ in range(n):
        wg.add(1)
        wg.done()
    await wg
    return clock() - start


# ---- SpawnWait: a hundred at a time, all waited for; an operation is one of them ----


def put(seen: list[int], i: int) -> None:
    seen.append(i)


def spawn_wait(n: int) -> float:
    seen: list[int] = []
    batches = -(-n // 100)
    start = clock()
    for _ in range(batches):
        wg = WaitGroup()
        for i in range(100):
            wg.go(put, seen, i)
        wg.wait()
    taken = clock() - start
    check(sum(seen), batches * 4950)
    return taken * n / (batches * 100)


async def aput(seen: list[int], i: int) -> None:
    seen.append(i)


async def aspawn_wait(n: int) -> float:
    seen: list[int] = []
    batches = -(-n // 100)
    start = clock()
    for _ in range(batches):
        wg = WaitGroup()
        for i in range(100):
            wg.go(aput, seen, i)
        await wg
    taken = clock() - start
    check(sum(seen), batches * 4950)
    return taken * n / (batches * 100)


ROWS = [
    Row("MutexUncontended", mutex_uncontended, amutex_uncontended, 200_000),
    Row("MutexContended", mutex_contended, amutex_contended, 50_000),
    Row("WaitGroupAddDone", add_done, aadd_done, 200_000),
    Row("SpawnWait", spawn_wait, aspawn_wait, 100_000),
]

if __name__ == "__main__":
    main(ROWS)
