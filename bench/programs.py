"""Whole programs: the prime sieve and skynet."""

from __future__ import annotations

from harness import Row, check, clock, main

from goconc import Chan, Goroutine, go

# ---- PrimeSieve500: a chain of filters, one for each prime; an operation is the first 500 primes ----


def generate(out: Chan[int]) -> None:
    n = 2
    while True:
        out.send(n)
        n += 1


def drop_multiples(numbers: Chan[int], out: Chan[int], prime: int) -> None:
    while True:
        n = numbers.recv()
        if n % prime:
            out.send(n)


def prime_sieve(n: int) -> float:
    taken = 0.0
    for _ in range(n):
        started: list[Goroutine[None]] = []
        start = clock()
        numbers: Chan[int] = Chan()
        started.append(go(generate, numbers))
        prime = 0
        for _ in range(500):
            prime = numbers.recv()
            others: Chan[int] = Chan()
            started.append(go(drop_multiples, numbers, others, prime))
            numbers = others
        taken += clock() - start
        check(prime, 3571)
        for g in started:
            g.cancel()
    return taken


async def agenerate(out: Chan[int]) -> None:
    n = 2
    while True:
        await out.asend(n)
        n += 1


async def adrop_multiples(numbers: Chan[int], out: Chan[int], prime: int) -> None:
    while True:
        n = await numbers.arecv()
        if n % prime:
            await out.asend(n)


async def aprime_sieve(n: int) -> float:
    taken = 0.0
    for _ in range(n):
        started: list[Goroutine[None]] = []
        start = clock()
        numbers: Chan[int] = Chan()
        started.append(go(agenerate, numbers))
        prime = 0
        for _ in range(500):
            prime = await numbers.arecv()
            others: Chan[int] = Chan()
            started.append(go(adrop_multiples, numbers, others, prime))
            numbers = others
        taken += clock() - start
        check(prime, 3571)
        for g in started:
            g.cancel()
    return taken


# ---- Skynet: a tree of goroutines, ten children each, 100 000 leaves; the figure is per leaf ----

LEAVES = 100_000


def skynet(out: Chan[int], number: int, size: int) -> None:
    if size == 1:
        out.send(number)
        return
    children: Chan[int] = Chan()
    size //= 10
    for i in range(10):
        go(skynet, children, number + i * size, size)
    total = 0
    for _ in range(10):
        total += children.recv()
    out.send(total)


def skynets(n: int) -> float:
    start = clock()
    for _ in range(n):
        out: Chan[int] = Chan()
        go(skynet, out, 0, LEAVES)
        check(out.recv(), LEAVES * (LEAVES - 1) // 2)
    return clock() - start


async def askynet(out: Chan[int], number: int, size: int) -> None:
    if size == 1:
        await out.asend(number)
        return
    children: Chan[int] = Chan()
    size //= 10
    for i in range(10):
        go(askynet, children, number + i * size, size)
    total = 0
    for _ in range(10):
        total += await children.arecv()
    await out.asend(total)


async def askynets(n: int) -> float:
    start = clock()
    for _ in range(n):
        out: Chan[int] = Chan()
        go(askynet, out, 0, LEAVES)
        check(await out.arecv(), LEAVES * (LEAVES - 1) // 2)
    return clock() - start


ROWS = [
    Row("PrimeSieve500", prime_sieve, aprime_sieve, 1),
    Row("Skynet100k", skynets, askynets, 1, LEAVES),
]

if __name__ == "__main__":
    main(ROWS)
