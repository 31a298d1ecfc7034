"""One processor against several: every row of the other files, work for all cores, and how late a ticker is beside busy goroutines.

python bench/cores.py [--procs 2] [--rounds 5] [--only NAME]
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import threading
import time

import channels
import goroutines
import programs
import selects
import timers
from harness import Row, check, clock

import goconc
from goconc import Chan, Goroutine, go

TASKS = 8


def compute(n: int) -> int:
    total = 0
    for i in range(n):
        total += i * i
    return total


async def acompute(n: int) -> int:
    return compute(n)


def fan_out(n: int) -> float:
    start = clock()
    tasks = [go(compute, n) for _ in range(TASKS)]
    for task in tasks:
        check(task.join(), tasks[0].join())
    return clock() - start


async def afan_out(n: int) -> float:
    start = clock()
    tasks = [go(acompute, n) for _ in range(TASKS)]
    for task in tasks:
        check(await task, await tasks[0])
    return clock() - start


DATA = bytes(8_000_000)


def digest() -> bytes:
    return hashlib.sha256(DATA).digest()


async def adigest() -> bytes:
    return digest()


def hash_in_goroutines(n: int) -> float:
    start = clock()
    for _ in range(n):
        tasks = [go(digest) for _ in range(TASKS)]
        for task in tasks:
            check(task.join(), tasks[0].join())
    return clock() - start


async def ahash_in_goroutines(n: int) -> float:
    start = clock()
    for _ in range(n):
        tasks = [go(adigest) for _ in range(TASKS)]
        for task in tasks:
            check(await task, await tasks[0])
    return clock() - start


JOBS = 100


def serve(jobs: Chan[int], results: Chan[int]) -> None:
    for n in jobs:
        results.send(compute(n))


async def aserve(jobs: Chan[int], results: Chan[int]) -> None:
    async for n in jobs:
        await results.asend(compute(n))


def feed(jobs: Chan[int], n: int) -> None:
    with jobs:
        for _ in range(JOBS):
            jobs.send(n)


async def afeed(jobs: Chan[int], n: int) -> None:
    with jobs:
        for _ in range(JOBS):
            await jobs.asend(n)


def worker_pool(n: int) -> float:
    start = clock()
    jobs, results = Chan[int](), Chan[int]()
    for _ in range(4):
        go(serve, jobs, results)
    go(feed, jobs, n)
    total = sum(results.recv() for _ in range(JOBS))
    taken = clock() - start
    check(total, JOBS * compute(n))
    return taken


async def aworker_pool(n: int) -> float:
    start = clock()
    jobs, results = Chan[int](), Chan[int]()
    for _ in range(4):
        go(aserve, jobs, results)
    go(afeed, jobs, n)
    total = 0
    for _ in range(JOBS):
        total += await results.arecv()
    taken = clock() - start
    check(total, JOBS * compute(n))
    return taken


# No task lasts 10 ms: what does is no longer counted among the goroutines that one processor runs one at a time.
WORK = [
    Row("FanOut8", fan_out, afan_out, 100_000),
    Row("WorkerPool4", worker_pool, aworker_pool, 10_000),
    Row("Hash8", hash_in_goroutines, ahash_in_goroutines, 2),
]


def beside_threads(rounds: int) -> None:
    """What the machine has to give: the same work on one thread and on two."""
    least = {1: float("inf"), 2: float("inf")}
    for _ in range(rounds):
        for count in least:
            begin = threading.Barrier(count + 1)

            def body(tasks: int, begin: threading.Barrier = begin) -> None:
                begin.wait()
                for _ in range(tasks):
                    compute(100_000)

            threads = [threading.Thread(target=body, args=(TASKS // count,)) for _ in range(count)]
            for thread in threads:
                thread.start()
            begin.wait()
            start = clock()
            for thread in threads:
                thread.join()
            least[count] = min(least[count], clock() - start)
    print(f"{'FanOut8':24} {'threads':8} {least[1] * 1e4:10.1f} {least[2] * 1e4:12.1f} {least[1] / least[2]:8.2f}")


def beside_cores(rows: list[Row], procs: int, rounds: int) -> None:
    print(f"{'row':24} {'kind':6} {'1 processor':>12} {f'{procs}':>12} {'faster':>8}")
    for row in rows:
        for kind in ("plain", "async"):
            least = {}
            for _ in range(rounds):
                for n in (1, procs):
                    before = goconc.gomaxprocs(n)
                    seconds = row.seconds(kind, row.loops) / row.loops / row.parts
                    goconc.gomaxprocs(before)
                    least[n] = min(least.get(n, seconds), seconds)
            one, several = least[1] * 1e9, least[procs] * 1e9
            print(f"{row.name:24} {kind:6} {one:12.1f} {several:12.1f} {one / several:8.2f}", flush=True)


def sleep_in_c(end: threading.Event) -> None:
    while not end.is_set():
        time.sleep(0.1)


def spin(end: threading.Event) -> None:
    while not end.is_set():
        pass


def hash_a_gigabyte(end: threading.Event) -> None:
    while not end.is_set():
        hashlib.sha256(bytes(1_000_000_000)).digest()


def lateness() -> None:
    """Of a 5 ms ticker, received by an async goroutine."""

    async def main(busy: object) -> list[float]:
        end = threading.Event()
        task: Goroutine[None] = go(busy, end)  # type: ignore[arg-type]
        await goconc.asleep(0.05)
        ticker = goconc.Ticker(0.005)
        late = []
        for _ in range(300):
            due = await ticker.c.arecv()
            late.append(time.monotonic() - due)
        end.set()
        await task
        return sorted(late)

    for busy in (sleep_in_c, spin, hash_a_gigabyte):
        late = goconc.run(main, busy)
        median, most = statistics.median(late), late[-1]
        print(
            f"beside {busy.__name__:16} p50 {median * 1e3:7.3f}  p99 {late[297] * 1e3:7.3f}  worst {most * 1e3:7.3f} ms",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--procs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    rows = [*WORK, *channels.ROWS, *selects.ROWS, *goroutines.ROWS, *timers.ROWS, *programs.ROWS]
    beside_threads(args.rounds)
    beside_cores([row for row in rows if args.only in row.name], args.procs, args.rounds)
    if not args.only:
        lateness()


if __name__ == "__main__":
    main()
