"""Ticker."""

import itertools
import time

import pytest

import goconc


def test_it_ticks_no_earlier_than_due(any_kind):
    # rule TM-08, TM-12
    async def main():
        began = time.monotonic()
        ticker = goconc.Ticker(0.003)
        for n in range(1, 6):
            value = await any_kind.recv(ticker.c)
            assert value >= began + 0.003 * n - 1e-6
            assert time.monotonic() >= value - 1e-6
        ticker.stop()

    any_kind.run(main)


def test_ticks_stay_on_their_grid(any_kind):
    # rule TM-08
    async def main():
        period = 0.002
        ticker = goconc.Ticker(period)
        values = []
        for n in range(8):
            values.append(await any_kind.recv(ticker.c))
            if n in (2, 5):
                await any_kind.sleep(period * 2.5)
        ticker.stop()
        return [(value - values[0]) / period for value in values]

    steps = any_kind.run(main)
    assert all(abs(step - round(step)) < 0.01 for step in steps)
    assert all(later - earlier > 0.5 for earlier, later in itertools.pairwise(steps))


def test_missed_ticks_are_dropped(any_kind):
    # rule TM-08
    async def main():
        ticker = goconc.Ticker(0.02)
        await any_kind.sleep(0.11)
        asked = time.monotonic()
        first = ticker.c.recv_nowait()
        # only one was pending: the next is due at the next point of the grid
        second = await any_kind.recv(ticker.c)
        assert second - first > 0.09
        assert second > asked
        ticker.stop()

    any_kind.run(main)


def test_stop(any_kind):
    # rule TM-08, TM-03
    async def main():
        ticker = goconc.Ticker(0.002)
        await any_kind.recv(ticker.c)
        await any_kind.sleep(0.005)  # one is pending
        assert ticker.stop() is None
        assert ticker.stop() is None
        with pytest.raises(TimeoutError):
            await any_kind.recv(ticker.c, timeout=0.01)
        assert not ticker.c.closed

    any_kind.run(main)


def test_reset(any_kind):
    # rule TM-08
    async def main():
        ticker = goconc.Ticker(3600)
        began = time.monotonic()
        assert ticker.reset(0.003) is None
        first = await any_kind.recv(ticker.c)
        second = await any_kind.recv(ticker.c)
        assert first >= began + 0.003
        assert second >= first + 0.003 - 1e-6
        ticker.stop()
        ticker.reset(0.001)  # of a stopped one too
        await any_kind.recv(ticker.c)
        ticker.reset(3600)
        with pytest.raises(TimeoutError):
            await any_kind.recv(ticker.c, timeout=0.005)

    any_kind.run(main)


def test_reset_while_somebody_waits(kind):
    # rule TM-08
    async def main():
        ticker = goconc.Ticker(3600)
        waiting = kind.go(kind.values, ticker.c, 3)
        await kind.parked(waiting)
        ticker.reset(0.001)
        times = await kind.join(waiting)
        assert len(times) == 3
        ticker.stop()

    kind.run(main)


@pytest.mark.parametrize("seconds", [0, -1, -0.5, float("-inf")])
def test_bad_periods(seconds):
    # rule TM-08, TM-05
    with pytest.raises(ValueError, match="more than 0"):
        goconc.Ticker(seconds)
    ticker = goconc.Ticker(3600)
    with pytest.raises(ValueError, match="more than 0"):
        ticker.reset(seconds)


def test_its_channel_looks_unbuffered(any_kind):
    # rule TM-03
    async def main():
        ticker = goconc.Ticker(0.001)
        await any_kind.sleep(0.005)
        assert (len(ticker.c), ticker.c.cap, ticker.c.closed) == (0, 0, False)
        assert isinstance(ticker.c, goconc.RecvChan)

    any_kind.run(main)


def test_a_dropped_ticker_is_gone():
    # rule TM-06
    import weakref

    ticker = goconc.Ticker(0.001)
    ticker.c.recv()
    alive = weakref.ref(ticker)
    del ticker
    assert alive() is None


def test_several_tickers_and_receivers(kind):
    """Go's TestTickerConcurrentStress, small."""

    # rule TM-08, TM-11
    async def main():
        ticker = goconc.Ticker(0.001)

        async def receive():
            for _ in range(5):
                await kind.recv(ticker.c)

        handles = [kind.go(receive) for _ in range(4)]
        for handle in handles:
            await kind.join(handle)
        ticker.stop()

    kind.run(main)


def test_in_a_loop_with_a_quit_channel(any_kind):
    # rule TM-08, SEL-20
    async def main():
        quitting, ticker, ticks = goconc.Chan(), goconc.Ticker(0.001), 0
        while True:
            index, _, _ = await any_kind.select(ticker.c, quitting)
            if index == 1:
                break
            ticks += 1
            if ticks == 3:
                ticker.stop()
                quitting.close()
        return ticks

    assert any_kind.run(main) == 3
