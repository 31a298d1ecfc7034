"""Bytes of memory per parked goroutine: resident memory before and after, in a process of its own for each kind.

    python bench/memory.py [how many]
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from goconc import Chan, agosched, go, gosched, num_goroutine, run
from harness import check


def resident() -> int:
    """Bytes of resident memory, now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        import resource

        return int(statm.read_text().split()[1]) * resource.getpagesize()
    out = subprocess.run(["ps", "-o", "rss=", "-p", str(__import__("os").getpid())], capture_output=True, text=True)
    return int(out.stdout) * 1024


def wait(ch: Chan[int]) -> int:
    return ch.recv()


def plain(n: int) -> float:
    ch: Chan[int] = Chan()
    run_some = [go(wait, ch) for _ in range(100)]  # what is needed once
    gosched()
    gc.collect()
    before = resident()
    for _ in range(n):
        run_some.append(go(wait, ch))
    gosched()
    check(num_goroutine(), n + 101)
    used = resident() - before
    for _ in run_some:
        ch.send(1)
    check(sum(g.join() for g in run_some), n + 100)
    return used / n


async def await_(ch: Chan[int]) -> int:
    return await ch.arecv()


async def coro(n: int) -> float:
    ch: Chan[int] = Chan()
    run_some = [go(await_, ch) for _ in range(100)]
    await agosched()
    gc.collect()
    before = resident()
    for _ in range(n):
        run_some.append(go(await_, ch))
    await agosched()
    check(num_goroutine(), n + 102)  # the thread's own, and main
    used = resident() - before
    for _ in run_some:
        await ch.asend(1)
    total = 0
    for g in run_some:
        total += await g
    check(total, n + 100)
    return used / n


def measure(kind: str, n: int) -> float:
    """In a fresh process."""
    out = subprocess.run([sys.executable, __file__, str(n), kind], capture_output=True, text=True, check=True)
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
