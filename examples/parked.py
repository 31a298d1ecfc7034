"""100 000 goroutines wait at once: what each costs, and how long it takes to wake them all.

Each kind has a process of its own, so that neither gets memory that the other has left.
"""

import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from goconc import Chan, agosched, go, num_goroutine, run
from goconc._examples._support import Progress, check, plain_goroutines

COUNT = 100_000


def memory() -> int:
    """The bytes of memory that this process has; 0 where nobody tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class Crowd:
    """Those who have come to the gate."""

    def __init__(self) -> None:
        self.gate: Chan[None] = Chan()
        self.size = 0
        self._counting = threading.Lock()  # they come on several threads, where Python has no GIL

    def _come(self) -> None:
        with self._counting:
            self.size += 1

    def wait(self) -> int:
        self._come()
        self.gate.recv_ok()
        return 1

    async def async_wait(self) -> int:
        self._come()
        await self.gate.arecv_ok()
        return 1


async def park(kind: str) -> None:
    crowd, count = Crowd(), COUNT if kind == "async def" else plain_goroutines(COUNT)
    gc.collect()
    before = memory()
    started = time.perf_counter()
    with Progress(f"{kind} goroutines parked", count) as progress:
        waiters = []
        for n in range(1, count + 1):
            waiters.append(go(crowd.async_wait) if kind == "async def" else go(crowd.wait))
            if n % 500 == 0:
                while crowd.size < n:
                    await agosched()  # they run, up to their receive
                progress.advance(500)
    parked = time.perf_counter()
    check(crowd.size == count and num_goroutine() == count + 1, f"{crowd.size} of {count} goroutines have parked")
    each = (memory() - before) / count
    cost = f"{each / 1000:.1f} kB each" if before else "memory not known here"
    print(f"{kind}: {count} goroutines parked in {parked - started:.2f} s, {cost}")

    woken = 0
    with Progress(f"{kind} goroutines woken", count) as progress:
        started = time.perf_counter()
        crowd.gate.close()
        for each_waiter in waiters:
            woken += await each_waiter
            progress.advance()
        took = time.perf_counter() - started
    check(woken == count, f"{woken} of {count} goroutines woke up")
    check(num_goroutine() == 1, "all have ended")
    print(f"{kind}: all woken and ended in {took:.2f} s")


def main() -> None:
    for kind in "plain def", "async def":
        subprocess.run([sys.executable, __file__, kind], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(park, sys.argv[1])
    else:
        main()
