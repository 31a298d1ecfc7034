"""select that has to wait."""

import gc
import weakref

import pytest

import goconc


def test_until_a_value_comes(any_kind, other_kind):
    # rule SEL-11, SEL-14
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        handle = other_kind.go(other_kind.send, b, "v")
        assert await any_kind.select(a, b) == (1, "v", True)
        while not handle.done():
            await any_kind.gosched()

    any_kind.run(main)


def test_until_a_receiver_comes(any_kind, other_kind):
    # rule SEL-11, SEL-14
    async def main():
        a, b, results = goconc.Chan(), goconc.Chan(), goconc.Chan(1)

        async def receive():
            await other_kind.send(results, await other_kind.recv(b))

        other_kind.go(receive)
        assert await any_kind.select((a, 1), (b, 2)) == (1, None, True)
        assert await any_kind.recv(results) == 2

    any_kind.run(main)


@pytest.mark.parametrize("cases", [(), (None,), (None, None, None), ((None, 1),)], ids=repr)
def test_no_case_that_could_ever_be_ready(kind, cases):
    # rule SEL-03, SEL-04, CH-50
    async def main():
        waiting = kind.go(kind.select, *cases)
        await kind.parked(waiting, on="select (no cases)")
        await kind.sleep(0.005)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(waiting)
        with pytest.raises(TimeoutError):
            await kind.select(*cases, timeout=0.001)

    kind.run(main)


def test_no_cases_in_a_thread():
    # rule SEL-03
    with pytest.raises(TimeoutError):
        goconc.select(timeout=0.001)
    with pytest.raises(TimeoutError):
        goconc.select(None, timeout=0)
    assert goconc.select(default=True) == (-1, None, False)


def test_none_disables_a_case(any_kind):
    # rule SEL-04
    async def main():
        ch = goconc.Chan(2)
        for n in range(2):
            await any_kind.send(ch, n)
        assert await any_kind.select(None, (None, "never sent"), ch) == (2, 0, True)
        assert await any_kind.select(goconc.tick(0), None, ch) == (2, 1, True)

    any_kind.run(main)


def test_merging_until_both_are_closed(any_kind):
    """The idiom: a closed channel's case becomes None."""

    # rule SEL-04, SEL-10, CH-19
    async def main():
        channels = [goconc.Chan(), goconc.Chan()]

        async def produce(ch, numbers):
            for n in numbers:
                await any_kind.send(ch, n)
            ch.close()

        producers = [any_kind.go(produce, channels[0], range(20)), any_kind.go(produce, channels[1], range(20, 50))]
        cases, merged = list(channels), []
        while any(cases):
            index, value, ok = await any_kind.select(*cases)
            if ok:
                merged.append(value)
            else:
                cases[index] = None
        for producer in producers:
            await any_kind.join(producer)
        return merged

    merged = any_kind.run(main)
    assert [n for n in merged if n < 20] == list(range(20))
    assert [n for n in merged if n >= 20] == list(range(20, 50))


@pytest.mark.parametrize("first", ["select", "other"])
@pytest.mark.parametrize("way", ["select sends", "select receives"])
@pytest.mark.parametrize("other_selects", [False, True])
def test_select_meets_both_forms(kind, first, way, other_selects):
    """Both may come first; the partner may be a plain operation or a select."""

    # rule SEL-16, SEL-11
    async def main():
        ch, quiet = goconc.Chan(), goconc.Chan()
        select_sends = way == "select sends"

        async def select():
            return await kind.select(quiet, (ch, "v") if select_sends else ch)

        async def other():
            if other_selects:
                return (await kind.select(ch if select_sends else (ch, "v"), quiet)).value
            return await kind.recv(ch) if select_sends else await kind.send(ch, "v")

        starts = [select, other] if first == "select" else [other, select]
        handles = {}
        for start in starts:
            handles[start] = kind.go(start)
            if start is starts[0]:
                await kind.parked(handles[start])
        got = await kind.join(handles[select])
        assert got == (1, None if select_sends else "v", True)
        assert await kind.join(handles[other]) == ("v" if select_sends else None)
        with pytest.raises(goconc.WouldBlock):
            quiet.send_nowait(1)

    kind.run(main)


def test_two_selects_over_two_channels_pair(kind):
    # rule SEL-13, SEL-16
    async def main():
        x, y = goconc.Chan(), goconc.Chan()

        async def forth():
            return [(await kind.select((x, n), (y, n))).index for n in range(200)]

        async def back():
            return [(await kind.select(y, x)).value for _ in range(200)]

        sender, receiver = kind.go(forth), kind.go(back)
        await kind.join(sender)
        return await kind.join(receiver)

    assert kind.run(main) == list(range(200))


def test_a_value_sent_after_the_choice_is_not_lost(kind):
    """A waiting select is served once; a second sender must not find it still in line."""

    # rule SEL-06, SEL-14
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = kind.go(kind.select, a, b)
        await kind.parked(waiting)
        a.send_nowait("first")
        for ch in (a, b):
            with pytest.raises(goconc.WouldBlock):
                ch.send_nowait("second")
        assert await kind.join(waiting) == (0, "first", True)

    kind.run(main)


def test_a_sending_select_is_served_once(kind):
    # rule SEL-06, SEL-14
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = kind.go(kind.select, (a, 1), (b, 2))
        await kind.parked(waiting)
        assert b.recv_nowait() == 2
        for ch in (a, b):
            with pytest.raises(goconc.WouldBlock):
                ch.recv_nowait()
        assert await kind.join(waiting) == (1, None, True)

    kind.run(main)


def test_the_next_waiter_is_tried(kind):
    # rule SEL-14
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = kind.go(kind.select, a, b)
        await kind.parked(waiting)
        behind = kind.go(kind.recv, b)
        await kind.parked(behind)
        a.send_nowait("select")
        b.send_nowait("behind")
        assert (await kind.join(waiting)).value == "select"
        assert await kind.join(behind) == "behind"

    kind.run(main)


def test_a_loser_s_entry_in_the_middle_of_a_line(kind):
    # rule SEL-08, SEL-15
    async def main():
        ch, own = goconc.Chan(), [goconc.Chan() for _ in range(5)]
        waiting = []
        for n in range(5):
            waiting.append(kind.go(kind.select, ch, own[n]))
            await kind.parked(waiting[-1])
        for n in (2, 4, 0):
            await kind.send(own[n], "own")
            assert await kind.join(waiting[n]) == (1, "own", True)
        await kind.send(ch, "first")
        await kind.send(ch, "second")
        assert (await kind.join(waiting[1])).value == "first"
        assert (await kind.join(waiting[3])).value == "second"
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("nobody is left")

    kind.run(main)


def test_the_last_of_several_waiters(kind):
    """Go's issue 2075: a select that leaves from the end of a line must leave the line whole."""

    # rule SEL-08, SEL-15
    async def main():
        c1, c2, c3 = goconc.Chan(), goconc.Chan(), goconc.Chan()
        receiver = kind.go(kind.recv, c1)
        await kind.parked(receiver)
        waiting = kind.go(kind.select, c1, c2)
        await kind.parked(waiting)
        await kind.send(c2, "away")
        assert await kind.join(waiting) == (1, "away", True)
        again = kind.go(kind.select, c1, c3)
        await kind.parked(again)
        await kind.send(c1, 1)
        await kind.send(c1, 2)
        assert await kind.join(receiver) == 1
        assert await kind.join(again) == (0, 2, True)

    kind.run(main)


def test_a_cancelled_select_leaves_every_line(kind):
    # rule SEL-22
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        waiting = kind.go(kind.select, a, (b, "never"))
        await kind.parked(waiting)
        waiting.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(waiting)
        with pytest.raises(goconc.WouldBlock):
            a.send_nowait(1)
        with pytest.raises(goconc.WouldBlock):
            b.recv_nowait()

    kind.run(main)


def test_a_cancelled_select_that_was_served_has_happened(kind):
    # rule SEL-22
    async def main():
        a, b, got = goconc.Chan(), goconc.Chan(), []

        async def wait():
            got.append(await kind.select(a, b))

        waiting = kind.go(wait)
        await kind.parked(waiting)
        b.send_nowait("v")
        waiting.cancel()
        await kind.join(waiting)
        assert got == [(1, "v", True)]

    kind.run(main)


@pytest.mark.parametrize("how", ["cancel", "timeout", "loses", "closed"])
def test_values_that_were_not_sent_are_let_go(kind, how):
    # rule CH-09, SEL-06, PY-03
    class Thing:
        pass

    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        things = [Thing(), Thing()]
        alive = [weakref.ref(thing) for thing in things]

        async def wait():
            cases = [(a, things.pop()), (b, things.pop())]
            await kind.select(*cases, goconc.Chan(), timeout=0.005 if how == "timeout" else None)

        waiting = kind.go(wait)
        await kind.gosched()
        if how != "timeout":
            await kind.parked(waiting)
            assert all(ref() is not None for ref in alive)
        if how == "cancel":
            waiting.cancel()
        elif how == "loses":
            await kind.recv(a)
        elif how == "closed":
            a.close()
        try:
            await kind.join(waiting)
        except (goconc.GoconcError, TimeoutError):
            pass
        del waiting
        gc.collect()
        assert [ref() for ref in alive] == [None, None]

    kind.run(main)


def test_many_goroutines_on_one_quiet_channel(kind):
    """Go's ChanPopular: each waits on a shared quiet channel and one of its own."""

    # rule SEL-15, CH-20
    async def main():
        shared, own = goconc.Chan(), [goconc.Chan() for _ in range(300)]

        async def wait(ch):
            for _ in range(3):
                assert (await kind.select(shared, ch)).index == 1

        waiting = [kind.go(wait, ch) for ch in own]
        for n in range(3):
            for ch in own:
                await kind.send(ch, n)
        for handle in waiting:
            await kind.join(handle)
        with pytest.raises(goconc.WouldBlock):
            shared.send_nowait("nobody is left")

    kind.run(main)
