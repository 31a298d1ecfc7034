"""default=True."""

import pytest

import goconc


def test_nothing_ready(any_kind):
    # rule SEL-02
    async def main():
        full = goconc.Chan(1)
        await any_kind.send(full, 1)
        got = await any_kind.select(goconc.Chan(), goconc.Chan(2), (full, 2), (goconc.Chan(), 3), default=True)
        assert got == (-1, None, False)
        assert got.chan is None
        assert len(full) == 1

    any_kind.run(main)


def test_only_default(any_kind):
    # rule SEL-03, SEL-04
    async def main():
        assert await any_kind.select(default=True) == (-1, None, False)
        assert await any_kind.select(None, (None, 1), goconc.tick(0), default=True) == (-1, None, False)

    any_kind.run(main)


@pytest.mark.parametrize("way", ["receive", "send", "closed", "parked sender", "parked receiver", "timer"])
def test_never_taken_if_a_case_is_ready(kind, way):
    # rule SEL-02, SEL-10, SEL-11
    async def main():
        handle, value = None, None
        for _ in range(100):
            ch = goconc.Chan(1 if way in ("receive", "send") else 0)
            case = ch
            if way == "receive":
                await kind.send(ch, 1)
            elif way == "send":
                case = (ch, 1)
            elif way == "closed":
                ch.close()
            elif way == "parked sender":
                handle = kind.go(kind.send, ch, 1)
                await kind.parked(handle)
            elif way == "parked receiver":
                handle, case = kind.go(kind.recv, ch), (ch, 1)
                await kind.parked(handle)
            else:
                case = goconc.after(0)
            got = await kind.select(goconc.Chan(), case, None, default=True)
            assert got.index == 1
            if handle:
                value = await kind.join(handle)
                assert value == (1 if way == "parked receiver" else None)

    kind.run(main)


def test_default_with_a_time_limit_never_waits(any_kind):
    # rule SEL-02
    async def main():
        for timeout in (0, 3600, None):
            assert (await any_kind.select(goconc.Chan(), default=True, timeout=timeout)).index == -1

    any_kind.run(main)


def test_default_leaves_nothing_in_line(any_kind):
    # rule SEL-15
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        for _ in range(10):
            await any_kind.select(a, (b, 1), default=True)
        with pytest.raises(goconc.WouldBlock):
            a.send_nowait(1)
        with pytest.raises(goconc.WouldBlock):
            b.recv_nowait()

    any_kind.run(main)
