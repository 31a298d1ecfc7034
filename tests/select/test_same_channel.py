"""The same channel in more than one case, and a select meeting itself."""

import pytest

import goconc


def test_it_never_meets_itself(any_kind):
    # rule SEL-07, CH-16
    async def main():
        ch = goconc.Chan()
        assert (await any_kind.select((ch, 1), ch, default=True)).index == -1
        assert (await any_kind.select(ch, (ch, 1), default=True)).index == -1
        with pytest.raises(TimeoutError):
            await any_kind.select((ch, 1), ch, timeout=0.005)
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(1)

    any_kind.run(main)


def test_two_such_selects_meet_each_other(any_kind):
    """Go's TestSelfSelect: a goroutine never receives what it has sent itself."""

    # rule SEL-07
    async def main(capacity):
        ch = goconc.Chan(capacity)

        async def both(me):
            for n in range(200):
                if n % 2 == 0:
                    index, value, _ = await any_kind.select((ch, me), ch)
                    received = index == 1
                else:
                    index, value, _ = await any_kind.select(ch, (ch, me))
                    received = index == 0
                if received and capacity == 0:
                    assert value != me

        handles = [any_kind.go(both, who) for who in "ab"]
        for handle in handles:
            await any_kind.join(handle)

    for capacity in (0, 1):
        any_kind.run(main, capacity)


def test_room_for_one_alternates(any_kind):
    # rule SEL-07
    async def main():
        ch = goconc.Chan(1)
        indexes = [(await any_kind.select((ch, n), ch)).index for n in range(10)]
        assert indexes == [0, 1] * 5

    any_kind.run(main)


def test_twice_in_line_and_served_elsewhere(kind):
    """Go's TestSelectDuplicateChannel: the entries that lose must leave the line whole."""

    # rule SEL-08, SEL-15
    async def main():
        c, d, e = goconc.Chan(), goconc.Chan(), goconc.Chan()
        first = kind.go(kind.select, c, c, d)
        await kind.parked(first)
        second = kind.go(kind.recv, c)
        await kind.parked(second)
        third = kind.go(kind.select, c, e, c, c)
        await kind.parked(third)
        await kind.send(d, "d")
        assert await kind.join(first) == (2, "d", True)
        await kind.send(c, "c")
        assert await kind.join(second) == "c"
        await kind.send(e, "e")
        assert await kind.join(third) == (1, "e", True)
        with pytest.raises(goconc.WouldBlock):
            c.send_nowait(1)

    kind.run(main)


def test_twice_in_line_and_served_there(kind):
    # rule SEL-08
    async def main():
        ch = goconc.Chan()
        waiting = kind.go(kind.select, ch, ch, ch)
        await kind.parked(waiting)
        ch.send_nowait("once")
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("twice")
        index, value, ok = await kind.join(waiting)
        assert index in (0, 1, 2)
        assert (value, ok) == ("once", True)

    kind.run(main)


def test_twice_to_send(kind):
    # rule SEL-06, SEL-08
    async def main():
        ch = goconc.Chan()
        waiting = kind.go(kind.select, (ch, "a"), (ch, "b"))
        await kind.parked(waiting)
        value = ch.recv_nowait()
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        got = await kind.join(waiting)
        assert value == "ab"[got.index]

    kind.run(main)


def test_twice_in_line_and_closed(kind):
    # rule SEL-08, CH-34, CH-36
    async def main():
        ch = goconc.Chan()
        receiving = kind.go(kind.select, ch, ch.receiver, ch)
        await kind.parked(receiving)
        ch.close()
        assert (await kind.join(receiving))[1:] == (None, False)
        ch = goconc.Chan()
        both = kind.go(kind.select, ch, (ch, 1))
        await kind.parked(both)
        ch.close()
        try:
            assert await kind.join(both) == (0, None, False)
        except goconc.ChannelClosed:
            pass  # the send was chosen

    kind.run(main)


def test_a_view_and_its_channel_are_one(any_kind):
    # rule SEL-08, CH-51
    async def main():
        ch = goconc.Chan(1)
        for _ in range(20):
            await any_kind.select((ch, 1), (ch.sender, 1))
            assert len(ch) == 1
            await any_kind.select(ch, ch.receiver)
            assert len(ch) == 0

    any_kind.run(main)


def test_the_same_timer_twice(any_kind):
    # rule SEL-08, TM-06
    async def main():
        c = goconc.after(0.005)
        assert (await any_kind.select(c, c, goconc.Chan(), c)).index in (0, 1, 3)
        assert (await any_kind.select(c, c, default=True)).index == -1

    any_kind.run(main)
