"""Power series as endless streams: whoever wants a coefficient asks for it, and waits for nothing else.

A series is two channels: a demand goes up one, a coefficient comes down the other. An operation is a goroutine between such
pairs; a product of two series takes eight more for each coefficient. Series may be defined by themselves, as the
exponential function is by its own integral. (After M. D. McIlroy, "Squinting at Power Series".)
"""

import time
from collections import deque
from collections.abc import Callable, Coroutine
from fractions import Fraction
from itertools import count
from math import factorial
from typing import Any

from goconc import Chan, aselect, go, num_goroutine, run
from goconc._examples._support import check


class Series:
    def __init__(self) -> None:
        self.demand: Chan[None] = Chan()
        self.coefficients: Chan[Fraction] = Chan()

    def get(self) -> Fraction:
        self.demand.send(None)
        return self.coefficients.recv()

    async def aget(self) -> Fraction:
        await self.demand.asend(None)
        return await self.coefficients.arecv()

    def put(self, value: Fraction) -> None:
        self.demand.recv()
        self.coefficients.send(value)

    async def aput(self, value: Fraction) -> None:
        await self.demand.arecv()
        await self.coefficients.asend(value)


def series(body: Callable[[Series], Coroutine[Any, Any, None] | None]) -> Series:
    """What ``body(out)``, a plain function or an `async def`, puts there."""
    out = Series()
    go(body, out)
    return out


def function(term: Callable[[int], Fraction]) -> Series:
    def body(out: Series) -> None:
        for n in count():
            out.put(term(n))

    return series(body)


def map_terms(change: Callable[[int, Fraction], Fraction], source: Series) -> Series:
    async def body(out: Series) -> None:
        for n in count():
            await out.demand.arecv()
            await out.coefficients.asend(change(n, await source.aget()))

    return series(body)


def add(first: Series, second: Series) -> Series:
    async def body(out: Series) -> None:
        while True:
            await out.demand.arecv()
            await out.coefficients.asend(await first.aget() + await second.aget())

    return series(body)


def pass_on(source: Series, out: Series) -> None:
    while True:
        out.demand.recv()
        out.coefficients.send(source.get())


def shift(first: Fraction, source: Series) -> Series:
    """first + x source"""

    def body(out: Series) -> None:
        out.put(first)
        pass_on(source, out)

    return series(body)


def split(source: Series) -> tuple[Series, Series]:
    """Two copies. Each may run ahead of the other: what one has had waits for the other."""
    copies = Series(), Series()

    async def serve() -> None:
        queues: tuple[deque[Fraction], deque[Fraction]] = deque(), deque()
        asks = [False, False]  # whose demand has come and is not yet met
        asked = False  # whether a coefficient of the source is on its way
        while True:
            chosen = await aselect(
                None if asks[0] else copies[0].demand,
                None if asks[1] else copies[1].demand,
                (source.demand, None) if any(asks) and not asked else None,
                source.coefficients if asked else None,
            )
            match chosen:
                case (0 | 1) as copy, *_:
                    asks[copy] = True
                case 2, *_:
                    asked = True
                case 3, Fraction() as value, _:
                    asked = False
                    for queue in queues:
                        queue.append(value)
            for copy in 0, 1:
                if asks[copy] and queues[copy]:
                    await copies[copy].coefficients.asend(queues[copy].popleft())
                    asks[copy] = False

    go(serve)
    return copies


def multiply(first: Series, second: Series) -> Series:
    """(a + xA) (b + xB) = ab + x (aB + bA + x AB)"""

    def body(out: Series) -> None:
        out.demand.recv()
        a, b = first.get(), second.get()
        out.coefficients.send(a * b)
        (a_tail, a_again), (b_tail, b_again) = split(first), split(second)
        mixed = add(map_terms(lambda _, term: a * term, b_tail), map_terms(lambda _, term: b * term, a_tail))
        pass_on(add(mixed, shift(Fraction(0), multiply(a_again, b_again))), out)

    return series(body)


def derivative(source: Series) -> Series:
    async def body(out: Series) -> None:
        await out.demand.arecv()
        await source.aget()
        for n in count(1):
            await out.coefficients.asend(n * await source.aget())
            await out.demand.arecv()

    return series(body)


def integral(constant: Fraction, source: Series) -> Series:
    return shift(constant, map_terms(lambda n, term: term / (n + 1), source))


def by_itself(define: Callable[[Series], Series]) -> Series:
    """The series S with S = define(S)."""
    itself = Series()
    result, again = split(define(itself))
    go(pass_on, again, itself)
    return result


def exponential(source: Series) -> Series:
    """exp F, for F without a constant term: E = 1 + ∫ E F'"""
    slope = derivative(source)
    return by_itself(lambda itself: integral(Fraction(1), multiply(itself, slope)))


def substitute(outer: Series, inner: Series) -> Series:
    """F(G), for G without a constant term: (f + xF)(G) = f + G F(G)"""

    def body(out: Series) -> None:
        out.put(outer.get())
        out.demand.recv()
        factor, again = split(inner)
        factor.get()  # 0, which x stands for
        product = multiply(factor, substitute(outer, again))
        out.coefficients.send(product.get())
        pass_on(product, out)

    return series(body)


def reciprocal(source: Series) -> Series:
    """1 / F: for F = f + xA it is R = (1 - x A R) / f"""

    def body(out: Series) -> None:
        out.demand.recv()
        scale = 1 / source.get()
        out.coefficients.send(scale)
        result = by_itself(
            lambda itself: shift(scale, map_terms(lambda _, term: -scale * term, multiply(source, itself)))
        )
        result.get()
        pass_on(result, out)

    return series(body)


def inverse(source: Series) -> Series:
    """The series R with F(R) = x, for F without a constant term: from R A(R) = x, where F = xA"""
    return by_itself(lambda itself: shift(Fraction(0), reciprocal(substitute(tail(source), itself))))


def tail(source: Series) -> Series:
    def body(out: Series) -> None:
        out.demand.recv()
        source.get()
        out.coefficients.send(source.get())
        pass_on(source, out)

    return series(body)


def take(terms: int, source: Series) -> list[Fraction]:
    return [source.get() for _ in range(terms)]


def even_alternating(n: int) -> Fraction:
    """1 - x² + x⁴ - ..., which is 1 / (1 + x²)"""
    return Fraction((1, 0, -1, 0)[n % 4])


def exp_x(terms: int) -> list[Fraction]:
    return take(terms, exponential(function(lambda n: Fraction(n == 1))))


def tan_x(terms: int) -> tuple[list[Fraction], int]:
    """tan is the inverse of arctan, the integral of 1 / (1 + x²); and how many goroutines that took."""
    coefficients = take(terms, inverse(integral(Fraction(0), function(even_alternating))))
    return coefficients, num_goroutine()


def tan_by_recurrence(terms: int) -> list[Fraction]:
    """From tan' = 1 + tan², without any goroutine."""
    tan = [Fraction(0)]
    for n in range(terms - 1):
        square = sum((tan[k] * tan[n - k] for k in range(n + 1)), Fraction(n == 0))
        tan.append(square / (n + 1))
    return tan


def main() -> None:
    started = time.perf_counter()
    exp = run(exp_x, 12)
    check(exp == [Fraction(1, factorial(n)) for n in range(12)], f"exp x has not these coefficients: {exp}")
    print("exp x:", ", ".join(map(str, exp)))
    tan, goroutines = run(tan_x, 36)
    check(tan == tan_by_recurrence(36), f"tan x has not these coefficients: {tan}")
    print("tan x:", ", ".join(map(str, tan[:12])), "...")
    check(num_goroutine() == 0, "run() has ended all of them")
    print(f"{goroutines} goroutines in {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
