"""Random programs of selects over several channels.

Every participant sends and receives by select, or plainly, on random channels, with time limits and default; some are
cancelled and some channels get closed meanwhile. Afterwards: what was sent was received exactly once.

GOCONC_STRESS_SECONDS sets how long each test goes on; GOCONC_SEED repeats a run.
"""

import os
import random
import time

import pytest

import goconc

SECONDS = float(os.environ.get("GOCONC_STRESS_SECONDS", "2"))
KIND_NAMES = ["plain", "async", "thread"]
LIMITS = [None, 0, 0.00005, 0.0005, 0.002]


class Program:
    """One random program; everything it does follows from its seed, but for the order in which threads run."""

    def __init__(self, seed, make_kind):
        self.choose = random.Random(seed)
        self.make_kind = make_kind
        self.channels = [goconc.Chan(self.choose.choice([0, 0, 1, 2])) for _ in range(self.choose.randrange(1, 6))]
        self.ending = goconc.Chan()
        self.sent = []
        self.received = []

    async def participant(self, kind, me, seed):
        choose, sent, received = random.Random(seed), self.sent[me], self.received[me]
        serial = 0
        while True:
            cases, values = [], {}
            for _ in range(choose.randrange(1, 7)):
                ch = choose.choice([None, *self.channels, *self.channels])
                if choose.random() < 0.5:
                    cases.append(ch)
                else:
                    serial += 1
                    values[len(cases)] = (me, serial)
                    cases.append((ch, (me, serial)))
            cases.append(self.ending)
            default = choose.random() < 0.1
            try:
                index, value, ok = await kind.select(*cases, default=default, timeout=choose.choice(LIMITS))
            except TimeoutError:
                continue
            except goconc.ChannelClosed:
                await kind.gosched()
                if self.ending.closed:
                    return
                continue
            if index == len(cases) - 1:
                return
            if index in values:
                sent.append(values[index])
                assert (value, ok) == (None, True)
            elif index >= 0 and ok:
                received.append(value)
            if index == -1 or choose.random() < 0.05:
                await kind.gosched()

    async def main(self, kind):
        choose, handles, victims = self.choose, [], []
        for number in range(choose.randrange(2, 7)):
            self.sent.append([])
            self.received.append([])
            its_kind = self.make_kind(choose.choice(KIND_NAMES))
            handles.append(its_kind.go(self.participant, its_kind, number, choose.random()))
            if its_kind.goroutines:
                victims.append(handles[-1])
        await kind.sleep(choose.random() / 50)
        for victim in victims:
            if choose.random() < 0.3:
                victim.cancel()
                await kind.sleep(choose.random() / 1000)
        for ch in self.channels:
            if choose.random() < 0.2:
                ch.close()
                await kind.sleep(choose.random() / 1000)
        self.ending.close()
        while not all(handle.done() for handle in handles):
            await kind.sleep(0.0002)
        for ch in self.channels:
            if not ch.closed:
                ch.close()
            self.received.append(await kind.values(ch))
        for handle in handles:
            try:
                await kind.join(handle) if not hasattr(handle, "_thread") else handle.join()
            except goconc.Canceled:
                pass

    def check(self):
        sent = sorted(value for values in self.sent for value in values)
        received = sorted(value for values in self.received for value in values)
        assert received == sent


@pytest.mark.slow
def test_random_programs(any_kind, make_kind, rng):
    # rule SEL-06, SEL-07, SEL-08, SEL-13, SEL-14, SEL-16, SEL-22, CH-19, MM-7
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
def test_four_channels_all_ways(make_kind):
    """Go's TestSelectStress: every channel is served plainly by one pair, and by selects over all four."""
    # rule SEL-04, SEL-14, SEL-16, CH-12
    count = 300
    channels = [goconc.Chan(), goconc.Chan(), goconc.Chan(2), goconc.Chan(3)]

    async def sends(kind, ch):
        for _ in range(count):
            await kind.send(ch, 0)

    async def receives(kind, ch):
        for _ in range(count):
            assert await kind.recv(ch) == 0

    async def select_sends(kind):
        cases, done = [(ch, 0) for ch in channels], [0] * 4
        for _ in range(4 * count):
            index, _, _ = await kind.select(*cases)
            done[index] += 1
            if done[index] == count:
                cases[index] = None
        return done

    async def select_receives(kind):
        cases, done = list(channels), [0] * 4
        for _ in range(4 * count):
            index, value, ok = await kind.select(*cases)
            assert (value, ok) == (0, True)
            done[index] += 1
            if done[index] == count:
                cases[index] = None
        return done

    kinds = [make_kind(KIND_NAMES[n % 3]) for n in range(10)]
    handles = []
    for n, ch in enumerate(channels):
        handles.append(kinds[n].go(sends, kinds[n], ch))
        handles.append(kinds[n + 4].go(receives, kinds[n + 4], ch))
    selecting = [kinds[8].go(select_sends, kinds[8]), kinds[9].go(select_receives, kinds[9])]
    assert [handle.join() for handle in selecting] == [[count] * 4] * 2
    for handle in handles:
        handle.join()
    assert [len(ch) for ch in channels] == [0] * 4


@pytest.mark.slow
def test_no_case_happens_twice(kind):
    """Go's doubleselect: one select sends to four channels; no number may come out of two of them."""

    # rule SEL-06, SEL-14
    async def main():
        channels, merged, count = [goconc.Chan() for _ in range(4)], goconc.Chan(), 5000

        async def send():
            for n in range(count):
                await kind.select(*((ch, n) for ch in channels))
            for ch in channels:
                ch.close()

        async def forward(ch):
            for value in await kind.values(ch):
                await kind.send(merged, value)
            await kind.send(merged, None)

        for body, args in [(send, ()), *((forward, (ch,)) for ch in channels)]:
            kind.go(body, *args)
        seen, ended = [], 0
        while ended < 4:
            value = await kind.recv(merged)
            if value is None:
                ended += 1
            else:
                seen.append(value)
        return sorted(seen) == list(range(count))

    assert kind.run(main)
