"""select with timeout=, and with a timer as a case."""

import time

import pytest

import goconc


def test_it_times_out(any_kind):
    # rule SEL-20, TM-12
    async def main():
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="select timed out"):
            await any_kind.select(goconc.Chan(), (goconc.Chan(), 1), timeout=0.02)
        assert time.monotonic() - began >= 0.02

    any_kind.run(main)


@pytest.mark.parametrize("timeout", [0, -1, float("-inf")])
def test_no_time_at_all(any_kind, timeout):
    # rule SEL-20, TM-01
    async def main():
        ch = goconc.Chan(1)
        with pytest.raises(TimeoutError):
            await any_kind.select(ch, timeout=timeout)
        await any_kind.send(ch, "v")
        assert await any_kind.select(ch, timeout=timeout) == (0, "v", True)

    any_kind.run(main)


def test_after_as_a_case(any_kind):
    # rule SEL-20, TM-02
    async def main():
        began = time.monotonic()
        index, value, ok = await any_kind.select(goconc.Chan(), goconc.after(0.02))
        assert (index, ok) == (1, True)
        assert isinstance(value, float)
        assert time.monotonic() - began >= 0.02

    any_kind.run(main)


def test_the_earlier_of_two_timers(any_kind):
    # rule TM-09, SEL-20
    async def main():
        for _ in range(3):
            got = await any_kind.select(goconc.after(3600), goconc.after(0.005), goconc.after(1800))
            assert got.index == 1

    any_kind.run(main)


def test_abandoned_timers_do_nothing(any_kind):
    # rule SEL-20, TM-06
    async def main():
        ch = goconc.Chan(1)
        for n in range(1000):
            await any_kind.send(ch, n)
            assert await any_kind.select(goconc.after(3600), ch) == (1, n, True)

    any_kind.run(main)


def test_a_served_select_is_not_timed_out_later(any_kind):
    # rule SEL-20
    async def main():
        ch, never = goconc.Chan(), goconc.Chan()

        async def serve():
            await any_kind.send(ch, 1)
            await any_kind.sleep(0.03)
            await any_kind.send(ch, 2)

        server = any_kind.go(serve)
        try:
            assert await any_kind.select(ch, never, timeout=0.02) == (0, 1, True)
        except TimeoutError:  # the machine was away for so long
            assert await any_kind.recv(ch) == 1
        assert await any_kind.select(never, ch) == (1, 2, True)
        await any_kind.join(server)

    any_kind.run(main)


def test_many_timeouts_leave_nothing_in_line(any_kind):
    # rule SEL-15
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        for _ in range(500):
            with pytest.raises(TimeoutError):
                await any_kind.select(a, (b, 1), timeout=0.00001)
        with pytest.raises(goconc.WouldBlock):
            a.send_nowait("nobody is in line")
        with pytest.raises(goconc.WouldBlock):
            b.recv_nowait()

    any_kind.run(main)


def test_timeouts_racing_values(any_kind, other_kind):
    # rule SEL-14, SEL-22, CH-19
    async def main():
        a, b, sent, got = goconc.Chan(), goconc.Chan(), [], []

        async def send():
            for n in range(150):
                try:
                    await other_kind.select((a, n), (b, n), timeout=0.0001 * (n % 3))
                    sent.append(n)
                except TimeoutError:
                    pass
            a.close()

        handle = other_kind.go(send)
        while True:
            try:
                _, value, ok = await any_kind.select(b, a, timeout=0.0002)
            except TimeoutError:
                continue
            if not ok:
                break
            got.append(value)
        while not handle.done():
            await any_kind.gosched()
        assert got == sent

    any_kind.run(main)


def test_a_bad_timeout_is_refused_before_any_effect(any_kind):
    # rule SEL-06 (API)
    async def main():
        ch = goconc.Chan(1)
        for timeout in ("1", object()):
            with pytest.raises(TypeError, match="timeout"):
                await any_kind.select((ch, 1), timeout=timeout)
        with pytest.raises(ValueError, match="nan"):
            await any_kind.select((ch, 1), timeout=float("nan"))
        assert len(ch) == 0

    any_kind.run(main)
