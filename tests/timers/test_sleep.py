"""sleep."""

import time

import pytest

import goconc


@pytest.mark.parametrize("seconds", [0.0001, 0.001, 0.02])
def test_at_least_so_long(any_kind, seconds):
    # rule TM-01, TM-12
    async def main():
        for _ in range(3):
            began = time.monotonic_ns()
            await any_kind.sleep(seconds)
            assert time.monotonic_ns() - began >= seconds * 1e9

    any_kind.run(main)


@pytest.mark.parametrize("seconds", [0, 0.0, -0.0, -1, -1e300, float("-inf"), -(10**400), False])
def test_nothing_and_less_return_at_once(any_kind, seconds):
    # rule TM-01
    async def main():
        await any_kind.sleep(seconds)

    any_kind.run(main)


def test_nothing_does_not_yield(kind):
    # rule TM-01
    async def main():
        ran = []

        async def other():
            ran.append(True)

        handle = kind.go(other)
        if goconc.gomaxprocs() == 1:
            await kind.sleep(0)
            await kind.sleep(-1)
            assert ran == []
        await kind.join(handle)
        assert ran == [True]

    kind.run(main)


@pytest.mark.parametrize("seconds", [1e9, 1e18, 1e300, float("inf"), 10**400])
def test_very_long(kind, seconds):
    """Saturates: it does not overflow and return at once."""

    # rule TM-01
    async def main():
        sleeper = kind.go(kind.sleep, seconds)
        await kind.parked(sleeper, on="sleep")
        await kind.sleep(0.002)
        assert not sleeper.done()
        sleeper.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(sleeper)

    kind.run(main)


def test_others_run_meanwhile(kind):
    # rule TM-01
    async def main():
        ch = goconc.Chan()
        sleeper = kind.go(kind.sleep, 0.02)
        echo = kind.go(kind.recv, ch)
        await kind.send(ch, 1)
        await kind.join(echo)
        await kind.join(sleeper)

    kind.run(main)


def test_shorter_ones_end_first(kind, eventually):
    # rule TM-09
    async def main():
        order, start = [], time.monotonic() + 0.02

        async def sleeper(n):
            await kind.sleep(start + 0.01 * n - time.monotonic())
            order.append(n)

        handles = [kind.go(sleeper, n) for n in (5, 1, 3, 2, 4)]
        for handle in handles:
            await kind.join(handle)
        return order

    # Whom the machine holds up for longer than the gap runs late, and out of turn: it is the firing that has an order.
    eventually(lambda: kind.run(main) == [1, 2, 3, 4, 5], "the order")


def test_many_sleepers(kind, rng):
    # rule TM-11, TM-01
    async def main():
        async def sleeper(seconds):
            began = time.monotonic_ns()
            await kind.sleep(seconds)
            return time.monotonic_ns() - began >= seconds * 1e9

        handles = [kind.go(sleeper, rng.random() / 20) for _ in range(1000)]
        return [await kind.join(handle) for handle in handles]

    assert all(kind.run(main))


def test_a_sleep_can_be_cancelled(kind):
    # rule SEL-22, TM-01
    async def main():
        sleeper = kind.go(kind.sleep, 3600)
        await kind.parked(sleeper, on="sleep")
        sleeper.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(sleeper)

    kind.run(main)


def test_a_shielded_sleep_lasts(kind):
    # rule TM-01
    async def main():
        async def sleeper():
            began = time.monotonic_ns()
            with goconc.shield():
                await kind.sleep(0.02)
            return time.monotonic_ns() - began

        handle = kind.go(sleeper)
        await kind.parked(handle, on="sleep")
        handle.cancel()
        assert await kind.join(handle) >= 0.02e9

    kind.run(main)


@pytest.mark.parametrize(
    ("seconds", "error"), [("1", TypeError), (None, TypeError), (b"2", TypeError), (float("nan"), ValueError)]
)
def test_bad_arguments(any_kind, seconds, error):
    # rule TM-01
    async def main():
        with pytest.raises(error, match="seconds must be a number of seconds"):
            await any_kind.sleep(seconds)

    any_kind.run(main)


def test_numbers_of_other_types(any_kind):
    # rule TM-01
    from decimal import Decimal
    from fractions import Fraction

    async def main():
        began = time.monotonic()
        for seconds in (Decimal("0.001"), Fraction(1, 1000), 0.001):
            await any_kind.sleep(seconds)
        assert time.monotonic() - began >= 0.003

    any_kind.run(main)


def test_not_the_wall_clock(kind, monkeypatch):
    # rule TM-12
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    async def main():
        began = time.monotonic()
        await kind.sleep(0.01)
        assert time.monotonic() - began >= 0.01

    kind.run(main)


def test_sleepers_outside_run(kind):
    # rule TM-01, PY-06
    handles = [kind.go(kind.sleep, 0.001 * n) for n in range(5)]
    for handle in handles:
        handle.join(timeout=10)
