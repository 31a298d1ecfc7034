"""Programs that are hard on a runtime: many goroutines, long chains, wide selects, streams without an end."""

from fractions import Fraction
from math import factorial

import pytest

from goconc import num_goroutine, run
from goconc._examples import daisy_chain, powser, prime_sieve, thousand_channels, token_ring
from goconc._examples._support import Progress


def test_daisy_chain(run_whole):
    assert run_whole(daisy_chain.chain, 10_000) == 10_000


@pytest.mark.parametrize(("passes", "last"), [(0, 1), (1, 2), (502, 503), (503, 1), (1000, 498), (20_000, 384)])
def test_token_ring(passes, last, run_whole):
    assert run_whole(token_ring.ring, 503, passes) == last


def test_a_ring_of_one(run_whole):
    """Its only member would send to itself: with no pass there is nothing to send."""
    assert run_whole(token_ring.ring, 1, 0) == 1


def test_select_over_a_thousand_channels(run_whole):
    assert run_whole(thousand_channels.receive_from_all, 1000, 1) == [1] * 1000


def test_many_values_from_each_channel(run_whole):
    assert run_whole(thousand_channels.receive_from_all, 50, 20) == [20] * 50


@pytest.mark.parametrize("sieve", [prime_sieve.sieve, prime_sieve.async_sieve])
def test_prime_sieve(sieve):
    with Progress("primes", 500) as progress:
        primes = run(sieve, progress)
    assert primes[:10] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
    assert primes[-1] == 3571
    assert num_goroutine() == 0


def polynomial(*coefficients):
    return powser.function(lambda n: Fraction(coefficients[n]) if n < len(coefficients) else Fraction(0))


def ones():
    return powser.function(lambda n: Fraction(1))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: powser.add(polynomial(1, 2), ones()), [2, 3, 1, 1, 1, 1]),
        (lambda: powser.multiply(polynomial(1, 1), polynomial(1, -1)), [1, 0, -1, 0, 0, 0]),
        (lambda: powser.multiply(ones(), ones()), [1, 2, 3, 4, 5, 6]),
        (lambda: powser.derivative(ones()), [1, 2, 3, 4, 5, 6]),
        (lambda: powser.integral(Fraction(7), polynomial(1, 2, 3)), [7, 1, 1, 1, 0, 0]),
        (lambda: powser.reciprocal(polynomial(1, -1)), [1, 1, 1, 1, 1, 1]),
        (lambda: powser.reciprocal(ones()), [1, -1, 0, 0, 0, 0]),
        (lambda: powser.substitute(ones(), polynomial(0, 2)), [1, 2, 4, 8, 16, 32]),
        (lambda: powser.substitute(polynomial(0, 0, 1), polynomial(0, 1, 1)), [0, 0, 1, 2, 1, 0]),
        (lambda: powser.inverse(polynomial(0, 1, -1)), [0, 1, 1, 2, 5, 14]),  # Catalan's numbers
        (lambda: powser.tail(powser.derivative(ones())), [2, 3, 4, 5, 6, 7]),
    ],
)
def test_power_series(make, expected):
    assert run(lambda: powser.take(6, make())) == expected


def test_power_series_that_are_defined_by_themselves():
    assert run(powser.exp_x, 15) == [Fraction(1, factorial(n)) for n in range(15)]
    coefficients, goroutines = run(powser.tan_x, 20)
    assert coefficients == powser.tan_by_recurrence(20)
    assert coefficients[:8] == [0, 1, 0, Fraction(1, 3), 0, Fraction(2, 15), 0, Fraction(17, 315)]
    assert goroutines > 300


def test_both_copies_of_a_series_are_whole():
    def main():
        left, right = powser.split(powser.derivative(ones()))
        ahead = powser.take(10, left)
        return ahead, powser.take(12, right), powser.take(2, left)

    assert run(main) == ([*range(1, 11)], [*range(1, 13)], [11, 12])
