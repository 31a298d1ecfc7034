"""Which of several ready cases: uniformly random.

The bounds are 7 standard deviations of a binomial count: a sound select fails one of these about once in 10**11 runs.
"""

import itertools
import math

import pytest

import goconc

ROUNDS = 4000


def assert_uniform(counts, share):
    rounds = sum(counts)
    bound = 7 * math.sqrt(rounds * share * (1 - share))
    for count in counts:
        assert abs(count - rounds * share) < bound, counts


async def counted(kind, cases, rounds=ROUNDS, *, refill=None):
    counts = [0] * len(cases)
    for _ in range(rounds):
        index, value, _ = await kind.select(*cases)
        counts[index] += 1
        if refill:
            refill(index, value)
    return counts


def closed():
    ch = goconc.Chan()
    ch.close()
    return ch


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_receives(any_kind, n):
    # rule SEL-01, SEL-17
    assert_uniform(any_kind.run(counted, any_kind, [closed() for _ in range(n)]), 1 / n)


def test_sends(any_kind):
    # rule SEL-01, SEL-17
    channels = [goconc.Chan(ROUNDS) for _ in range(3)]
    counts = any_kind.run(counted, any_kind, [(ch, 1) for ch in channels])
    assert [len(ch) for ch in channels] == counts
    assert_uniform(counts, 1 / 3)


def test_sends_and_receives(any_kind):
    # rule SEL-01
    source, sink = goconc.Chan(ROUNDS), goconc.Chan(ROUNDS)
    for _ in range(ROUNDS):
        source.send_nowait(1)
    assert_uniform(any_kind.run(counted, any_kind, [source, (sink, 1)]), 1 / 2)


def test_never_ready_cases_do_not_count(any_kind):
    # rule SEL-17, SEL-04
    cases = [goconc.Chan(), None, (goconc.Chan(), 1), closed(), goconc.Chan(2), closed(), None]
    counts = any_kind.run(counted, any_kind, cases)
    assert counts[3] + counts[5] == ROUNDS
    assert_uniform([counts[3], counts[5]], 1 / 2)


def test_a_channel_listed_twice_counts_twice(any_kind):
    # rule SEL-01
    one, other = closed(), closed()
    counts = any_kind.run(counted, any_kind, [one, other, one])
    assert_uniform(counts, 1 / 3)


def test_parked_partners(kind):
    """Two senders that always wait again: each is chosen half the time."""

    # rule SEL-17
    async def main():
        channels = [goconc.Chan(), goconc.Chan()]

        async def send(ch):
            while True:
                await kind.send(ch, None)

        senders = [kind.go(send, ch) for ch in channels]
        counts = [0, 0]
        for _ in range(1000):
            await kind.parked(*senders)
            counts[(await kind.select(*channels)).index] += 1
        for sender in senders:
            sender.cancel()
            with pytest.raises(goconc.Canceled):
                await kind.join(sender)
        return counts

    assert_uniform(kind.run(main), 1 / 2)


def test_consecutive_choices_are_independent(any_kind):
    # rule SEL-01
    channels = [closed(), closed()]

    async def main():
        return [(await any_kind.select(*channels)).index for _ in range(ROUNDS + 1)]

    indexes = any_kind.run(main)
    pairs = [0] * 4
    for first, second in itertools.pairwise(indexes):
        pairs[2 * first + second] += 1
    assert_uniform(pairs, 1 / 4)


def test_bits_of_random_numbers(kind):
    """Go's TestPseudoRandomSend: a select sends 0 or 1 on the same channel."""

    # rule SEL-01
    async def main(capacity):
        ch = goconc.Chan(capacity)

        async def send():
            for _ in range(500):
                await kind.select((ch, 0), (ch, 1))
            ch.close()

        sender = kind.go(send)
        bits = await kind.values(ch)
        await kind.join(sender)
        return bits

    # Random only where several cases are ready, not where a parked one is served: so there is room.
    ones = sum(kind.run(main, 1000))
    assert_uniform([ones, 500 - ones], 1 / 2)
