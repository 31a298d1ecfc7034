"""A daisy chain of 10 000 goroutines: a number whispered in at one end comes out at the other, larger by one each time.

Plain and `async def` goroutines take turns in the chain. Each waits for its neighbour and for nothing else.
"""

import time

from goconc import Chan, go, num_goroutine, run
from goconc._examples._support import Progress, check

LENGTH = 10_000


def whisper(left: Chan[int], right: Chan[int]) -> None:
    left.send(right.recv() + 1)


async def async_whisper(left: Chan[int], right: Chan[int]) -> None:
    await left.asend(await right.arecv() + 1)


def chain(length: int, progress: Progress | None = None) -> int:
    """What comes out of a chain of so many goroutines when 0 goes in."""
    before = num_goroutine()
    leftmost: Chan[int] = Chan()
    left = leftmost
    for n in range(length):
        right: Chan[int] = Chan()
        go(async_whisper if n % 2 else whisper, left, right)
        left = right
        if progress and n % 1000 == 999:
            progress.advance(1000)
    check(num_goroutine() == before + length, "the whole chain waits")
    go(left.send, 0)
    return leftmost.recv()


def main() -> None:
    started = time.perf_counter()
    with Progress("goroutines started", LENGTH) as progress:
        whispered = run(chain, LENGTH, progress)
    took = time.perf_counter() - started
    check(whispered == LENGTH, f"{whispered} came out, not {LENGTH}")
    print(f"{LENGTH} goroutines: {whispered} came out after {took:.2f} s")


if __name__ == "__main__":
    main()
