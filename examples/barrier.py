"""A barrier: goroutines that work in rounds, none of which begins before all have finished the round before.

Here they sum up: after round k each knows the sum of the 2^k numbers up to its own. A condition variable makes the barrier.
"""

from itertools import accumulate

from goconc import errgroup, run
from goconc._examples._support import check
from goconc.sync import Cond

NUMBERS = 128


class Barrier:
    """For ``parties`` goroutines, any number of times."""

    def __init__(self, parties: int) -> None:
        self._parties = parties
        self._here = 0
        self._round = 0
        self._all_here = Cond()

    def _last(self) -> bool:
        self._here += 1
        if self._here < self._parties:
            return False
        self._here = 0
        self._round += 1
        self._all_here.broadcast()
        return True

    def wait(self) -> None:
        with self._all_here:
            round_ = self._round
            if not self._last():
                while self._round == round_:
                    self._all_here.wait()

    async def await_(self) -> None:
        async with self._all_here:
            round_ = self._round
            if not self._last():
                while self._round == round_:
                    await self._all_here


def sum_up(n: int, sums: list[int], barrier: Barrier) -> None:
    distance = 1
    while distance < len(sums):
        mine = sums[n] + (sums[n - distance] if n >= distance else 0)
        barrier.wait()  # all have read
        sums[n] = mine
        barrier.wait()  # all have written
        distance *= 2


async def asum_up(n: int, sums: list[int], barrier: Barrier) -> None:
    distance = 1
    while distance < len(sums):
        mine = sums[n] + (sums[n - distance] if n >= distance else 0)
        await barrier.await_()
        sums[n] = mine
        await barrier.await_()
        distance *= 2


def prefix_sums(numbers: list[int]) -> list[int]:
    sums = list(numbers)
    barrier = Barrier(len(sums))
    with errgroup.Group() as g:
        for n in range(len(sums)):
            g.go(asum_up if n % 2 else sum_up, n, sums, barrier)
    return sums


def main() -> None:
    numbers = [n * n % 97 for n in range(NUMBERS)]
    sums = run(prefix_sums, numbers)
    check(sums == list(accumulate(numbers)), f"{sums} are not the prefix sums")
    print(
        f"{NUMBERS} goroutines, {(NUMBERS - 1).bit_length()} rounds: all prefix sums are right, the last is {sums[-1]}"
    )


if __name__ == "__main__":
    main()
