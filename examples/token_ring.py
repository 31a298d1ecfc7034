"""A ring of 503 goroutines hands one token round: what it costs to wake one goroutine after another.

Every second one is an `async def`. Whoever gets the token when it has run out says so and leaves; closing goes round the
ring and ends the others. (The program "thread-ring" of the Computer Language Benchmarks Game.)
"""

import time

from goconc import Chan, go, run
from goconc._examples._support import check

MEMBERS = 503
PASSES = 100_000


def member(number: int, source: Chan[int], out: Chan[int], last: Chan[int]) -> None:
    with out:
        for token in source:
            if token == 0:
                last.send(number)
                break
            out.send(token - 1)


async def async_member(number: int, source: Chan[int], out: Chan[int], last: Chan[int]) -> None:
    with out:
        async for token in source:
            if token == 0:
                await last.asend(number)
                break
            await out.asend(token - 1)


def ring(members: int, passes: int) -> int:
    """The number, from 1 up, of the member that holds the token after so many passes."""
    last: Chan[int] = Chan()
    places: list[Chan[int]] = [Chan() for _ in range(members)]
    for n, place in enumerate(places):
        go(async_member if n % 2 else member, n + 1, place, places[(n + 1) % members], last)
    places[0].send(passes)
    return last.recv()


def main() -> None:
    check(run(ring, MEMBERS, 1000) == 498, "the benchmark's own result")
    started = time.perf_counter()
    last = run(ring, MEMBERS, PASSES)
    took = time.perf_counter() - started
    check(last == PASSES % MEMBERS + 1, f"member {last} had the token last")
    print(f"{PASSES} passes in {took:.2f} s, {took / PASSES * 1e9:.0f} ns each; member {last} had the token last")


if __name__ == "__main__":
    main()
