"""Random programs on one channel.

Senders and receivers of every kind, capacities from 0 up, time limits, cancellations and a close, all racing.
Afterwards: every value whose send returned was received exactly once, none whose send raised was, and each receiver saw
the values of each sender in their order.

GOCONC_STRESS_SECONDS sets how long each test goes on; GOCONC_SEED repeats a run.
"""

import os
import random
import time

import pytest

import goconc

SECONDS = float(os.environ.get("GOCONC_STRESS_SECONDS", "2"))
KIND_NAMES = ["plain", "async", "thread"]
LIMITS = [None, None, 0, 0.00005, 0.0005, 0.002]


class Program:
    """One random program; everything it does follows from its seed, but for the order in which threads run."""

    def __init__(self, seed, make_kind):
        self.choose = random.Random(seed)
        self.make_kind = make_kind
        self.ch = goconc.Chan(self.choose.choice([0, 0, 1, 1, 2, 7]))
        self.sent = []  # by sender: the numbers whose send returned
        self.received = []  # by receiver: (sender, number)

    async def sender(self, kind, who, seed):
        choose, mine = random.Random(seed), self.sent[who]
        for n in range(choose.randrange(60)):
            try:
                way = choose.randrange(4)
                if way == 0:
                    self.ch.send_nowait((who, n))
                else:
                    await kind.send(self.ch, (who, n), timeout=choose.choice(LIMITS))
                mine.append(n)
            except (TimeoutError, goconc.WouldBlock):
                pass
            except goconc.ChannelClosed:
                return
            if choose.random() < 0.1:
                await kind.gosched()

    async def receiver(self, kind, me, seed):
        choose, mine = random.Random(seed), self.received[me]
        while True:
            try:
                way = choose.randrange(4)
                if way == 0:
                    mine.append(self.ch.recv_nowait())
                elif way == 1:
                    mine.append(await kind.recv(self.ch, timeout=choose.choice(LIMITS)))
                else:
                    value, ok = await kind.recv_ok(self.ch, timeout=choose.choice(LIMITS))
                    if not ok:
                        return
                    mine.append(value)
            except (TimeoutError, goconc.WouldBlock):
                await kind.gosched()
            except goconc.ChannelClosed:
                return

    async def main(self, kind):
        choose, handles, victims = self.choose, [], []

        def start(body, results, count):
            for number in range(count):
                results.append([])
                its_kind = self.make_kind(choose.choice(KIND_NAMES))
                handle = its_kind.go(body, its_kind, number, choose.random())
                handles.append(handle)
                if its_kind.goroutines and (body == self.sender or number):  # the first receiver stays
                    victims.append(handle)

        start(self.sender, self.sent, choose.randrange(1, 6))
        start(self.receiver, self.received, choose.randrange(1, 5))
        senders = handles[: len(self.sent)]
        for victim in victims:
            if choose.random() < 0.2:
                await kind.sleep(choose.random() / 2000)
                victim.cancel()
        if choose.random() < 0.3:
            await kind.sleep(choose.random() / 500)
            self.ch.close()
        else:
            while not all(sender.done() for sender in senders):
                await kind.sleep(0.0002)
            self.ch.close()
        while not all(handle.done() for handle in handles):
            await kind.sleep(0.0002)
        self.received.append(await kind.values(self.ch))
        for handle in handles:
            try:
                await kind.join(handle) if not hasattr(handle, "_thread") else handle.join()
            except goconc.Canceled:
                pass

    def check(self):
        sent = [(who, n) for who, numbers in enumerate(self.sent) for n in numbers]
        received = [value for values in self.received for value in values]
        assert sorted(received) == sent
        for values in self.received:
            for who in range(len(self.sent)):
                numbers = [n for sender, n in values if sender == who]
                assert numbers == sorted(numbers), f"sender {who} out of order"
        assert len(self.ch) == 0


@pytest.mark.slow
def test_random_programs(any_kind, make_kind, rng):
    # rule CH-12, CH-14, CH-15, CH-19, CH-32, CH-35, SEL-14, SEL-22, MM-2, MM-7
    programs, end = 0, time.monotonic() + SECONDS
    while programs == 0 or time.monotonic() < end:
        seed = rng.randrange(2**32)
        program = Program(seed, make_kind)
        try:
            any_kind.run(program.main, any_kind)
            program.check()
        except BaseException as error:
            error.add_note(f"in program number {programs}, of seed {seed}")
            raise
        programs += 1


@pytest.mark.slow
@pytest.mark.parametrize("capacity", [0, 1, 3])
def test_a_ring_of_kinds(make_kind, capacity):
    """Values go round through a plain goroutine, an async one and a thread, for a while."""
    # rule CH-10, CH-12, PY-06
    kinds = [make_kind(name) for name in KIND_NAMES]
    channels = [goconc.Chan(capacity) for _ in range(4)]

    async def pass_on(kind, source, target):
        while True:
            value, ok = await kind.recv_ok(source)
            if not ok:
                target.close()
                return
            await kind.send(target, value + 1)

    handles = [kind.go(pass_on, kind, channels[n], channels[n + 1]) for n, kind in enumerate(kinds)]
    end, n = time.monotonic() + SECONDS / 3, 0
    while n == 0 or time.monotonic() < end:
        channels[0].send(n)
        assert channels[3].recv() == n + 3
        n += 1
    channels[0].close()
    assert channels[3].recv_ok() == (None, False)
    for handle in handles:
        handle.join()


@pytest.mark.slow
def test_many_senders_and_receivers_of_every_kind(make_kind):
    """Go's TestChan stress: 4 by 4, through capacities from 0 to 10."""
    # rule CH-12, CH-19, MM-7
    for capacity in range(0, 11, 2):
        ch = goconc.Chan(capacity)

        async def send(kind, who, ch=ch):
            for n in range(200):
                await kind.send(ch, (who, n))

        async def receive(kind, ch=ch):
            return await kind.values(ch)

        kinds = [make_kind(KIND_NAMES[n % 3]) for n in range(6)]
        receivers = [kind.go(receive, kind) for kind in kinds]
        senders = [kind.go(send, kind, who) for who, kind in enumerate(kinds)]
        for sender in senders:
            sender.join()
        ch.close()
        got = [receiver.join() for receiver in receivers]
        assert sorted(value for values in got for value in values) == [(who, n) for who in range(6) for n in range(200)]
        for values in got:
            for who in range(6):
                numbers = [n for sender, n in values if sender == who]
                assert numbers == sorted(numbers)
