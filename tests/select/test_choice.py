"""select when several cases are ready, or just one: what it does, and what it leaves alone."""

import pytest

import goconc


def test_a_ready_receive(any_kind):
    # rule SEL-06, SEL-11, SEL-18
    async def main():
        ready, quiet = goconc.Chan(1), goconc.Chan(1)
        await any_kind.send(ready, "v")
        got = await any_kind.select(quiet, ready)
        assert got == (1, "v", True)
        assert (got.index, got.value, got.ok, got.chan) == (1, "v", True, ready)

    any_kind.run(main)


def test_a_ready_send(any_kind):
    # rule SEL-06, SEL-11, SEL-18
    async def main():
        full, room = goconc.Chan(1), goconc.Chan(1)
        await any_kind.send(full, 0)
        got = await any_kind.select((full, "a"), (room, "b"))
        assert got == (1, None, True)
        assert got.chan is room
        assert (len(full), len(room)) == (1, 1)
        assert room.recv_nowait() == "b"

    any_kind.run(main)


def test_the_result_matches(any_kind):
    # rule SEL-18 (API: a tuple that can be matched)
    async def main():
        jobs, out = goconc.Chan(1), goconc.Chan()
        await any_kind.send(jobs, "job")
        match await any_kind.select(jobs, (out, 1), goconc.after(3600)):
            case 0, job, True:
                assert job == "job"
            case _:
                pytest.fail("the wrong case")
        jobs.close()
        match await any_kind.select(jobs, (out, 1)):
            case 0, None, False:
                pass
            case _:
                pytest.fail("the wrong case")

    any_kind.run(main)


def test_the_result_is_a_tuple():
    # rule SEL-18
    ch = goconc.Chan(1)
    ch.send_nowait("v")
    got = goconc.select(ch)
    assert isinstance(got, goconc.Selected)
    assert isinstance(got, tuple)
    assert len(got) == 3
    index, value, ok = got
    assert (index, value, ok) == (0, "v", True)
    assert "index=0" in repr(got)


def test_the_chosen_channel_is_given_as_it_stood(any_kind):
    # rule SEL-18
    async def main():
        ch = goconc.Chan(1)
        assert (await any_kind.select((ch.sender, 1))).chan == ch
        assert (await any_kind.select(ch.receiver)).chan == ch

    any_kind.run(main)


def test_losers_are_left_alone(any_kind):
    # rule SEL-06
    async def main():
        for _ in range(50):
            full = [goconc.Chan(1), goconc.Chan(1)]
            empty = [goconc.Chan(1), goconc.Chan(1)]
            for ch in full:
                await any_kind.send(ch, "v")
            await any_kind.select(*full, *((ch, "w") for ch in empty))
            assert sum(len(ch) for ch in full + empty) in (1, 3)

    any_kind.run(main)


def test_every_operand_is_used_but_once(any_kind):
    # rule SEL-05
    async def main():
        order = []
        ready = goconc.Chan(1)
        ready.send_nowait("v")

        def operand(name, thing):
            order.append(name)
            return thing

        got = await any_kind.select(
            operand("first", ready),
            (operand("second channel", goconc.Chan()), operand("second value", 1)),
            operand("third", goconc.Chan()),
        )
        assert got.index == 0
        assert order == ["first", "second channel", "second value", "third"]

    any_kind.run(main)


@pytest.mark.parametrize("which", ["buffer", "sender", "both"])
def test_where_a_received_value_comes_from(kind, which):
    # rule SEL-11, CH-15
    async def main():
        ch = goconc.Chan(0 if which == "sender" else 1)
        sender = None
        if which != "sender":
            await kind.send(ch, "buffered")
        if which != "buffer":
            sender = kind.go(kind.send, ch, "parked")
            await kind.parked(sender)
        got = await kind.select(goconc.Chan(), ch)
        assert got == (1, "parked" if which == "sender" else "buffered", True)
        if which == "both":
            assert ch.recv_nowait() == "parked"
        if sender:
            await kind.join(sender)

    kind.run(main)


def test_a_send_goes_to_a_parked_receiver(kind):
    # rule SEL-11, SEL-14
    async def main():
        ch = goconc.Chan(1)
        receiver = kind.go(kind.recv, ch)
        await kind.parked(receiver)
        assert (await kind.select((ch, "v"), goconc.Chan())).index == 0
        assert len(ch) == 0
        assert await kind.join(receiver) == "v"

    kind.run(main)


def test_one_case(any_kind):
    # rule SEL-19
    async def main():
        ch = goconc.Chan(1)
        assert await any_kind.select((ch, None)) == (0, None, True)
        assert await any_kind.select(ch) == (0, None, True)

    any_kind.run(main)


def test_none_is_a_value(any_kind):
    # rule CH-07, SEL-10
    async def main():
        ch = goconc.Chan(1)
        await any_kind.send(ch, None)
        ch.close()
        assert await any_kind.select(ch) == (0, None, True)
        assert await any_kind.select(ch) == (0, None, False)

    any_kind.run(main)


@pytest.mark.parametrize("position", range(7))
def test_any_position(any_kind, position):
    # rule SEL-04, SEL-11
    async def main():
        ch = goconc.Chan(1)
        await any_kind.send(ch, "v")
        cases = [(goconc.Chan(), None, (goconc.Chan(), 1))[n % 3] for n in range(7)]
        cases[position] = ch
        assert await any_kind.select(*cases) == (position, "v", True)
        cases[position] = (ch, "w")
        assert await any_kind.select(*cases) == (position, None, True)
        assert ch.recv_nowait() == "w"

    any_kind.run(main)


@pytest.mark.parametrize(
    "case", [3, "ch", (goconc.Chan(),), (goconc.Chan(), 1, 2), (), (3, 4), [goconc.Chan(), 1], goconc.Chan, object()]
)
def test_a_bad_case_is_refused_before_any_effect(any_kind, case):
    # rule SEL-06 (API: wrong arguments)
    async def main():
        ch = goconc.Chan(1)
        with pytest.raises(TypeError, match="case 1 "):
            await any_kind.select((ch, 1), case, default=True)
        assert len(ch) == 0

    any_kind.run(main)


def test_a_timer_s_channel_takes_no_sends(any_kind):
    # rule CH-51, TM-03
    async def main():
        with pytest.raises(TypeError, match="case 0"):
            await any_kind.select((goconc.after(0), 1), default=True)

    any_kind.run(main)


def test_an_awaitable_select_complains_when_it_is_made():
    # rule SEL-06 (API)
    with pytest.raises(TypeError, match="case 0 "):
        goconc.aselect(3)
    with pytest.raises(TypeError):
        goconc.aselect(unknown=1)
    with pytest.raises(TypeError):
        goconc.select(unknown=1)
