"""Readers and writers: many may look at once, but who changes something is alone.

Writers move money between accounts, readers add everything up. With an `RWMutex` no reader ever sees money on its way.
"""

import random

from goconc import agosched, errgroup, gosched, run
from goconc._examples._support import check
from goconc.sync import AtomicInt, RWMutex

ACCOUNTS = 20
MONEY = 100  # on each
READERS = 20
WRITERS = 10
TURNS = 50


class Bank:
    def __init__(self) -> None:
        self.accounts = [MONEY] * ACCOUNTS
        self.lock = RWMutex()
        self.reading = AtomicInt()
        self.most_reading = AtomicInt()

    async def audit(self, turns: int) -> set[int]:
        """All the sums that it found."""
        sums = set()
        for _ in range(turns):
            async with self.lock.rlocker():
                now = self.reading.add(1)
                while now > (most := self.most_reading.load()):
                    self.most_reading.compare_and_swap(most, now)
                await agosched()
                sums.add(sum(self.accounts))
                self.reading.add(-1)
        return sums

    def transfer(self, turns: int, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(turns):
            source, target = rng.sample(range(ACCOUNTS), 2)
            with self.lock:
                check(self.reading.load() == 0, "nobody reads beside a writer")
                amount = rng.randint(0, self.accounts[source])
                self.accounts[source] -= amount
                gosched()  # the money is on its way
                self.accounts[target] += amount


def business(bank: Bank) -> set[int]:
    with errgroup.Group() as g:
        for seed in range(WRITERS):
            g.go(bank.transfer, TURNS, seed)
        audits = [g.go(bank.audit, TURNS) for _ in range(READERS)]
    return set().union(*(audit.join() for audit in audits))


def main() -> None:
    bank = Bank()
    sums = run(business, bank)
    check(sums == {ACCOUNTS * MONEY}, f"readers found {sums}")
    check(min(bank.accounts) >= 0 and bank.accounts != [MONEY] * ACCOUNTS, "money was moved, none was lent")
    print(
        f"{WRITERS * TURNS} transfers; {READERS * TURNS} audits, up to {bank.most_reading.load()} at once: always {sums.pop()}"
    )


if __name__ == "__main__":
    main()
