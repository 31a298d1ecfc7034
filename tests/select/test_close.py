"""select and closed channels."""

import pytest

import goconc


def test_a_closed_channel_is_ready_to_receive(any_kind):
    # rule SEL-10, CH-33
    async def main():
        ch = goconc.Chan(1)
        await any_kind.send(ch, "last")
        ch.close()
        assert await any_kind.select(ch) == (0, "last", True)
        got = await any_kind.select(goconc.Chan(), ch)
        assert got == (1, None, False)
        assert got.chan is ch

    any_kind.run(main)


def test_a_send_on_a_closed_channel_raises_if_chosen(any_kind):
    # rule SEL-09, CH-32
    async def main():
        ch = goconc.Chan()
        ch.close()
        for cases in [((ch, 1),), (goconc.Chan(), (ch, 1)), ((ch, 1), None, (goconc.Chan(), 2))]:
            with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
                await any_kind.select(*cases)
            with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
                await any_kind.select(*cases, default=True)

    any_kind.run(main)


def test_a_send_on_a_closed_channel_is_one_of_the_ready_cases(any_kind):
    # rule SEL-09, SEL-01
    async def main():
        closed, ready, raised = goconc.Chan(), goconc.Chan(1000), 0
        closed.close()
        for _ in range(1000):
            ready.send_nowait(1)
        for _ in range(1000):
            try:
                await any_kind.select(ready, (closed, 1))
            except goconc.ChannelClosed:
                raised += 1
        assert len(ready) == raised  # a case that raised took nothing elsewhere
        return raised

    # 10 standard deviations: 158
    assert 342 < any_kind.run(main) < 658


def test_closing_wakes_a_receiving_select(any_kind):
    # rule CH-36, CH-34
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = any_kind.go(any_kind.select, a, b)
        await any_kind.parked(waiting)
        b.close()
        assert await any_kind.join(waiting) == (1, None, False)

    any_kind.run(main)


def test_closing_wakes_a_sending_select(any_kind):
    # rule CH-35, CH-36
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = any_kind.go(any_kind.select, a, (b, "never"))
        await any_kind.parked(waiting)
        b.close()
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            await any_kind.join(waiting)
        with pytest.raises(goconc.WouldBlock):
            a.send_nowait("nobody is left")

    any_kind.run(main)


def test_closing_two_channels_of_one_select(kind):
    # rule SEL-06, CH-36
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = kind.go(kind.select, a, b)
        await kind.parked(waiting)
        b.close()
        a.close()
        assert await kind.join(waiting) == (1, None, False)

    kind.run(main)


def test_close_wakes_selects_and_plain_waits_alike(any_kind):
    # rule CH-13, CH-34
    async def main():
        ch = goconc.Chan()

        async def wait(who):
            if who % 2:
                return await any_kind.recv_ok(ch)
            return (await any_kind.select(goconc.Chan(), ch))[1:]

        waiting = [any_kind.go(wait, who) for who in range(10)]
        await any_kind.parked(*waiting)
        ch.close()
        return [await any_kind.join(handle) for handle in waiting]

    assert any_kind.run(main) == [(None, False)] * 10


def test_quit_by_closing(any_kind):
    """The idiom: workers select on their work and a channel that is closed to end them all."""

    # rule SEL-10, MM-3
    async def main():
        work, quitting = goconc.Chan(), goconc.Chan()

        async def worker():
            done = 0
            while True:
                index, _, _ = await any_kind.select(work, quitting)
                if index == 1:
                    return done
                done += 1

        workers = [any_kind.go(worker) for _ in range(4)]
        for n in range(40):
            await any_kind.send(work, n)
        quitting.close()
        return sum([await any_kind.join(handle) for handle in workers])

    assert any_kind.run(main) == 40
