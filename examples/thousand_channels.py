"""A select over 1000 channels: whichever is ready is served, and one that is closed is switched off.

Plain and `async def` senders take turns. A case that has become None is never ready, so in the end nothing is left to wait for.
"""

import time

from goconc import Chan, go, run, select
from goconc._examples._support import Progress, check

CHANNELS = 1000
VALUES = 1  # on each


def send(out: Chan[int], number: int, values: int) -> None:
    with out:
        for _ in range(values):
            out.send(number)


async def asend(out: Chan[int], number: int, values: int) -> None:
    with out:
        for _ in range(values):
            await out.asend(number)


def receive_from_all(channels: int, values: int, progress: Progress | None = None) -> list[int]:
    """How many values came from each channel."""
    counts = [0] * channels
    sources: list[Chan[int]] = [Chan() for _ in range(channels)]
    for number, source in enumerate(sources):
        go(asend if number % 2 else send, source, number, values)
    cases: list[Chan[int] | None] = [*sources]
    left = channels
    while left:
        index, value, ok = select(*cases)
        if ok:
            check(value == index, f"{value} came out of channel {index}")
            counts[index] += 1
        else:
            cases[index] = None
            left -= 1
            if progress:
                progress.advance()
    return counts


def main() -> None:
    started = time.perf_counter()
    with Progress("channels closed", CHANNELS) as progress:
        counts = run(receive_from_all, CHANNELS, VALUES, progress)
    took = time.perf_counter() - started
    check(counts == [VALUES] * CHANNELS, "every value of every channel comes once")
    selects = sum(counts) + CHANNELS
    print(f"{selects} selects over {CHANNELS} channels: {took:.2f} s, {took / selects * 1e6:.0f} µs each")


if __name__ == "__main__":
    main()
