"""Wide selects."""

import pytest

import goconc


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 64, 1000])
def test_any_width(any_kind, n):
    """Rooms on the stack and on the heap."""

    # rule SEL-18, SEL-19
    async def main():
        channels = [goconc.Chan(1) for _ in range(n)]
        for position in {0, n // 2, n - 1}:
            assert (await any_kind.select(*channels, default=True)).index == -1
            channels[position].send_nowait(position)
            assert await any_kind.select(*channels) == (position, position, True)
            assert await any_kind.select(*channels[:position], (channels[position], 1), *channels[position + 1 :]) == (
                position,
                None,
                True,
            )
            assert channels[position].recv_nowait() == 1

    any_kind.run(main)


@pytest.mark.parametrize("n", [5, 100, 1000])
def test_waiting_on_many(kind, n):
    # rule SEL-15, SEL-18
    async def main():
        channels = [goconc.Chan() for _ in range(n)]
        for position in (0, n // 2, n - 1):
            waiting = kind.go(kind.select, *channels)
            await kind.parked(waiting)
            await kind.send(channels[position], "v")
            assert await kind.join(waiting) == (position, "v", True)
        for ch in channels:
            with pytest.raises(goconc.WouldBlock):
                ch.send_nowait("nobody is left")

    kind.run(main)


def test_waiting_on_many_in_a_thread(thread):
    # rule SEL-15, SEL-18
    channels = [goconc.Chan() for _ in range(300)]
    handle = thread(goconc.select, *channels)
    channels[217].send("v")
    assert handle.join() == (217, "v", True)


@pytest.mark.slow
def test_the_most(any_kind):
    # rule SEL-18
    async def main():
        ch = goconc.Chan(1)
        ch.send_nowait("v")
        cases = [None] * 65535 + [ch]
        assert await any_kind.select(*cases) == (65535, "v", True)
        channels = [goconc.Chan() for _ in range(65536)]
        assert (await any_kind.select(*channels, default=True)).index == -1

    any_kind.run(main)


def test_too_many(any_kind):
    # rule SEL-18
    async def main():
        with pytest.raises(ValueError, match="too many cases"):
            await any_kind.select(*([None] * 65537), default=True)

    any_kind.run(main)


def test_many_cases_on_one_channel(kind):
    # rule SEL-08, SEL-13
    async def main():
        ch = goconc.Chan()
        waiting = [kind.go(kind.select, *[ch] * 50) for _ in range(3)]
        await kind.parked(*waiting)
        for n in range(3):
            ch.send_nowait(n)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(3)
        return sorted([(await kind.join(handle)).value for handle in waiting])

    assert kind.run(main) == [0, 1, 2]


def test_wide_selects_against_each_other(any_kind):
    # rule SEL-13, SEL-16, CH-19
    async def main():
        channels = [goconc.Chan() for _ in range(10)]

        async def send(who):
            for n in range(50):
                cases = [(ch, (who, n)) for ch in channels]
                await any_kind.select(*(cases if who % 2 else reversed(cases)))

        async def receive(shift):
            cases = channels[shift:] + channels[:shift]
            return [(await any_kind.select(*cases)).value for _ in range(50)]

        senders = [any_kind.go(send, who) for who in range(3)]
        receivers = [any_kind.go(receive, 3 * n) for n in range(3)]
        for sender in senders:
            await any_kind.join(sender)
        return [value for receiver in receivers for value in await any_kind.join(receiver)]

    assert sorted(any_kind.run(main)) == [(who, n) for who in range(3) for n in range(50)]
