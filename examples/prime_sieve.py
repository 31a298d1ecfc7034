"""The prime sieve: a chain of goroutines, each of which lets no multiple of its prime through.

Every prime that comes out at the end adds a filter there: 500 goroutines, joined by channels without room.
"""

import time

from goconc import Chan, go, run
from goconc._examples._support import Progress, check

PRIMES = 500


def generate(out: Chan[int]) -> None:
    number = 2
    while True:
        out.send(number)
        number += 1


def sift(prime: int, numbers: Chan[int], out: Chan[int]) -> None:
    for number in numbers:
        if number % prime:
            out.send(number)


def sieve(progress: Progress) -> list[int]:
    primes: list[int] = []
    numbers: Chan[int] = Chan()
    go(generate, numbers)
    while len(primes) < PRIMES:
        primes.append(numbers.recv())
        progress.advance()
        rest: Chan[int] = Chan()
        go(sift, primes[-1], numbers, rest)
        numbers = rest
    return primes  # run() ends the filters


async def async_generate(out: Chan[int]) -> None:
    number = 2
    while True:
        await out.asend(number)
        number += 1


async def async_sift(prime: int, numbers: Chan[int], out: Chan[int]) -> None:
    async for number in numbers:
        if number % prime:
            await out.asend(number)


async def async_sieve(progress: Progress) -> list[int]:
    primes: list[int] = []
    numbers: Chan[int] = Chan()
    go(async_generate, numbers)
    while len(primes) < PRIMES:
        primes.append(await numbers.arecv())
        progress.advance()
        rest: Chan[int] = Chan()
        go(async_sift, primes[-1], numbers, rest)
        numbers = rest
    return primes


def main() -> None:
    for kind in "plain def", "async def":
        with Progress("primes found", PRIMES) as progress:
            started = time.perf_counter()
            primes = run(sieve, progress) if kind == "plain def" else run(async_sieve, progress)
            took = time.perf_counter() - started
        check(primes[:5] == [2, 3, 5, 7, 11] and primes[-1] == 3571, f"prime number {PRIMES} is not {primes[-1]}")
        check(all(later % earlier for n, later in enumerate(primes) for earlier in primes[:n]), "not all are prime")
        print(f"{kind}: the first {PRIMES} primes, up to {primes[-1]}, through {PRIMES} filters in {took:.2f} s")


if __name__ == "__main__":
    main()
