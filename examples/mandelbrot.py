"""The Mandelbrot set, a goroutine for each row: what several processors are worth to code that only computes.

On a free-threaded interpreter goroutines compute on every core. With a GIL one runs at a time, and goroutines make computing
in Python no faster: there a pool of processes does.
"""

import os
import sys
import time

from goconc import Chan, go, gomaxprocs, run
from goconc._examples._support import Progress, check

WIDTH, HEIGHT, MOST = 72, 48, 150
Row = list[int]


def row(y: int, width: int, height: int, most: int) -> Row:
    """After how many steps each point of the row has escaped; ``most`` if it has not."""
    steps = []
    for x in range(width):
        c = complex(3 * x / width - 2.2, 2.4 * y / height - 1.2)
        z, n = 0j, 0
        while n < most and z.real * z.real + z.imag * z.imag <= 4:
            z = z * z + c
            n += 1
        steps.append(n)
    return steps


def compute(y: int, width: int, height: int, most: int, rows: Chan[tuple[int, Row]]) -> None:
    rows.send((y, row(y, width, height, most)))


async def acompute(y: int, width: int, height: int, most: int, rows: Chan[tuple[int, Row]]) -> None:
    await rows.asend((y, row(y, width, height, most)))


def picture(width: int, height: int, most: int, progress: Progress | None = None) -> list[Row]:
    rows: Chan[tuple[int, Row]] = Chan(height)
    for y in range(height):
        go(acompute if y % 2 else compute, y, width, height, most, rows)
    found = {}
    for _ in range(height):
        y, steps = rows.recv()
        found[y] = steps
        if progress:
            progress.advance()
    return [found[y] for y in range(height)]


def timed(procs: int) -> tuple[list[Row], float]:
    with Progress(f"rows on {procs} processor(s)", HEIGHT) as progress:
        started = time.perf_counter()
        rows = run(picture, WIDTH, HEIGHT, MOST, progress, procs=procs)
        return rows, time.perf_counter() - started


def main() -> None:
    several = max(2, gomaxprocs())
    expected = [row(y, WIDTH, HEIGHT, MOST) for y in range(HEIGHT)]
    one_rows, one = timed(1)
    several_rows, parallel = timed(several)
    check(one_rows == several_rows == expected, "the rows are those of a plain loop")
    for steps in expected[:: HEIGHT // 12]:
        print("".join(" .:-=+*#%@"[n * 9 // MOST] for n in steps))
    print(f"on 1 processor: {one:.2f} s, on {several}: {parallel:.2f} s")
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        print("(a GIL: one goroutine computes at a time, so more processors cannot make this faster)")
    else:
        print(f"(no GIL: goroutines compute on every core; this machine has {os.cpu_count()})")


if __name__ == "__main__":
    main()
