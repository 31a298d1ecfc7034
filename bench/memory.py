"""Bytes of memory per parked goroutine: resident memory before and after, in a process of its own for each kind.

python bench/memory.py [how many]
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness import check

from goconc import Chan, agosched, go, gosched, num_goroutine, run


def resident() -> int:
    """Bytes of resident memory, now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        import resource

        return int(statm.read_text().split()[1]) * resource.getpagesize()
    out = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True)
    return int(out.stdout) * 1024


WARM = 100  # what is needed once is in place after these


def wait(ch: Chan[int], started: Chan[int]) -> int:
    started.send(1)
    return ch.recv()


def plain(n: int) -> float:
    ch: Chan[int] = Chan()
    started: Chan[int] = Chan()
    parked = []
    before = 0
    for i in range(WARM + n):
        if i == WARM:
            gc.collect()
            before = resident()
        parked.append(go(wait, ch, started))
        started.recv()
    gosched()  # the last one is at its receive
    check(num_goroutine(), WARM + n + 1)
    used = resident() - before
    for _ in parked:
        ch.send(1)
    check(sum(g.join() for g in parked), WARM + n)
    return used / n


async def await_(ch: Chan[int], started: Chan[int]) -> int:
    await started.asend(1)
    return await ch.arecv()


async def coro(n: int) -> float:
    ch: Chan[int] = Chan()
    started: Chan[int] = Chan()
    parked = []
    before = 0
    for i in range(WARM + n):
        if i == WARM:
            gc.collect()
            before = resident()
        parked.append(go(await_, ch, started))
        await started.arecv()
    await agosched()
    check(num_goroutine(), WARM + n + 1)
    used = resident() - before
    for _ in parked:
        await ch.asend(1)
    total = 0
    for g in parked:
        total += await g
    check(total, WARM + n)
    return used / n


def measure(kind: str, n: int) -> float:
    """In a fresh process."""
    out = subprocess.run([sys.executable, __file__, str(n), kind], stdout=subprocess.PIPE, text=True, check=True)
    return float(out.stdout)


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        kinds: dict[str, Callable[[int], object]] = {"plain": plain, "async": coro}
        print(run(kinds[sys.argv[2]], n))
        return
    for kind in ("plain", "async"):
        print(f"{kind}: {measure(kind, n):.0f} bytes per parked goroutine, {n} of them")


if __name__ == "__main__":
    main()
