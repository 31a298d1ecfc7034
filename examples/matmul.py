"""A product of matrices, a goroutine for each block of rows: the textbook's parallel loop, with a WaitGroup."""

import random
import sys
import time

from goconc import gomaxprocs, run
from goconc._examples._support import check
from goconc.sync import WaitGroup

SIZE, BLOCK = 120, 10
Matrix = list[list[int]]
Vector = list[int]


def times_vector(a: Matrix, x: Vector) -> Vector:
    return [sum(p * q for p, q in zip(row, x, strict=True)) for row in a]


def product(a: Matrix, b: Matrix, block: int) -> Matrix:
    columns = list(zip(*b, strict=True))
    c: Matrix = [[] for _ in a]

    def rows(begin: int) -> None:  # nobody else touches these rows, and wait() comes after all done()
        for y in range(begin, min(begin + block, len(a))):
            c[y] = [sum(p * q for p, q in zip(a[y], column, strict=True)) for column in columns]

    workers = WaitGroup()
    for begin in range(0, len(a), block):
        workers.go(rows, begin)
    workers.wait()
    return c


def main() -> None:
    numbers = random.Random(1)
    a, b = ([[numbers.randrange(-99, 100) for _ in range(SIZE)] for _ in range(SIZE)] for _ in range(2))
    several = max(2, gomaxprocs())
    times = []
    for procs in (1, several):
        started = time.perf_counter()
        c = run(product, a, b, BLOCK, procs=procs)
        times.append(time.perf_counter() - started)
        for _ in range(10):  # Freivalds: a wrong product passes one such test with less than a chance in a million
            x = [numbers.randrange(1_000_000) for _ in range(SIZE)]
            check(times_vector(c, x) == times_vector(a, times_vector(b, x)), "c x = a (b x)")
    print(
        f"{SIZE} x {SIZE}, {-(-SIZE // BLOCK)} goroutines: on 1 processor {times[0]:.2f} s, on {several} {times[1]:.2f} s"
    )
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        print("(a GIL: one goroutine computes at a time)")


if __name__ == "__main__":
    main()
