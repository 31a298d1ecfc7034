"""The same hand-offs on what else there is: asyncio, threads, gevent (if it is installed).

python bench/peers.py
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import queue
import threading
from collections.abc import Callable
from typing import Any

import channels
import goroutines
from harness import Row, check, clock

PAIRS = 20_000


def asyncio_ping_pong(n: int) -> float:
    """Queues of one are the nearest to a rendezvous there."""

    async def main() -> float:
        ping: asyncio.Queue[int] = asyncio.Queue(1)
        pong: asyncio.Queue[int] = asyncio.Queue(1)

        async def echo() -> None:
            for _ in range(n):
                await pong.put(await ping.get() + 1)

        value = 0
        start = clock()
        other = asyncio.create_task(echo())
        for _ in range(n):
            await ping.put(value)
            value = await pong.get()
        await other
        taken = clock() - start
        check(value, n)
        return taken

    return asyncio.run(main())


def asyncio_prod_cons(n: int) -> float:
    async def main() -> float:
        q: asyncio.Queue[int] = asyncio.Queue(100)

        async def produce() -> None:
            for i in range(n):
                await q.put(i)

        start = clock()
        producer = asyncio.create_task(produce())
        total = 0
        for _ in range(n):
            total += await q.get()
        await producer
        taken = clock() - start
        check(total, n * (n - 1) // 2)
        return taken

    return asyncio.run(main())


def asyncio_spawn_join(n: int) -> float:
    async def one(i: int) -> int:
        return i

    async def main() -> float:
        total = 0
        start = clock()
        for _ in range(n // 100):
            for task in [asyncio.create_task(one(i)) for i in range(100)]:
                total += await task
        taken = clock() - start
        check(total, n // 100 * 4950)
        return taken

    return asyncio.run(main())


def threads_ping_pong(n: int) -> float:
    ping: queue.SimpleQueue[int] = queue.SimpleQueue()
    pong: queue.SimpleQueue[int] = queue.SimpleQueue()

    def echo() -> None:
        for _ in range(n):
            pong.put(ping.get() + 1)

    value = 0
    other = threading.Thread(target=echo)
    start = clock()
    other.start()
    for _ in range(n):
        ping.put(value)
        value = pong.get()
    other.join()
    taken = clock() - start
    check(value, n)
    return taken


def threads_prod_cons(n: int) -> float:
    q: queue.Queue[int] = queue.Queue(100)

    def produce() -> None:
        for i in range(n):
            q.put(i)

    other = threading.Thread(target=produce)
    total = 0
    start = clock()
    other.start()
    for _ in range(n):
        total += q.get()
    other.join()
    taken = clock() - start
    check(total, n * (n - 1) // 2)
    return taken


def threads_spawn_join(n: int) -> float:
    got: list[int] = []
    start = clock()
    for _ in range(n // 100):
        threads = [threading.Thread(target=got.append, args=(i,)) for i in range(100)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    taken = clock() - start
    check(sum(got), n // 100 * 4950)
    return taken


def gevent_workloads() -> dict[str, Callable[[int], float]]:
    import gevent  # type: ignore[import-untyped]
    from gevent.queue import Channel, Queue  # type: ignore[import-untyped]

    def ping_pong(n: int) -> float:
        ping: Any = Channel()
        pong: Any = Channel()

        def echo() -> None:
            for _ in range(n):
                pong.put(ping.get() + 1)

        value = 0
        start = clock()
        other = gevent.spawn(echo)
        for _ in range(n):
            ping.put(value)
            value = pong.get()
        other.join()
        taken = clock() - start
        check(value, n)
        return taken

    def prod_cons(n: int) -> float:
        q: Any = Queue(100)

        def produce() -> None:
            for i in range(n):
                q.put(i)

        start = clock()
        other = gevent.spawn(produce)
        total = 0
        for _ in range(n):
            total += q.get()
        other.join()
        taken = clock() - start
        check(total, n * (n - 1) // 2)
        return taken

    def spawn_join(n: int) -> float:
        total = 0
        start = clock()
        for _ in range(n // 100):
            started = [gevent.spawn(int, i) for i in range(100)]
            for g in started:
                total += g.get()
        taken = clock() - start
        check(total, n // 100 * 4950)
        return taken

    return {"PingPong": ping_pong, "ChanProdCons100": prod_cons, "SpawnJoin": spawn_join}


def of_goconc(kind: str) -> dict[str, Callable[[int], float]]:
    rows = {row.name: row for row in [*channels.ROWS, *goroutines.ROWS]}

    def workload(row: Row) -> Callable[[int], float]:
        return lambda n: row.seconds(kind, n)

    return {name: workload(rows[name]) for name in ("PingPong", "ChanProdCons100", "SpawnJoin")}


def table(rounds: int) -> list[str]:
    """ns per operation, least of several rounds."""
    peers: dict[str, dict[str, Callable[[int], float]]] = {
        "goconc, plain": of_goconc("plain"),
        "goconc, async": of_goconc("async"),
        "asyncio": {
            "PingPong": asyncio_ping_pong,
            "ChanProdCons100": asyncio_prod_cons,
            "SpawnJoin": asyncio_spawn_join,
        },
        "threads": {
            "PingPong": threads_ping_pong,
            "ChanProdCons100": threads_prod_cons,
            "SpawnJoin": threads_spawn_join,
        },
    }
    with contextlib.suppress(ImportError):
        peers["gevent"] = gevent_workloads()
    least: dict[tuple[str, str], float] = {}
    names = ("PingPong", "ChanProdCons100", "SpawnJoin")
    for _ in range(rounds):
        for peer, workloads in peers.items():
            for name in names:
                n = 2000 if peer == "threads" else PAIRS
                gc.collect()
                ns = workloads[name](n) / n * 1e9
                least[peer, name] = min(ns, least.get((peer, name), ns))
    lines = ["| ns per operation | " + " | ".join(names) + " |", "| --- | ---: | ---: | ---: |"]
    for peer in peers:
        lines.append(f"| {peer} | " + " | ".join(f"{least[peer, name]:.0f}" for name in names) + " |")
    return lines


if __name__ == "__main__":
    print("\n".join(table(3)))
