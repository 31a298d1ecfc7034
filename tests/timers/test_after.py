"""after and tick."""

import time

import pytest

import goconc


def test_one_event(any_kind):
    # rule TM-02, TM-12
    async def main():
        began = time.monotonic()
        c = goconc.after(0.02)
        value, ok = await any_kind.recv_ok(c)
        ended = time.monotonic()
        assert ok is True
        assert isinstance(value, float)
        assert began + 0.02 <= value <= ended + 1e-6
        with pytest.raises(goconc.WouldBlock):
            c.recv_nowait()
        with pytest.raises(TimeoutError):
            await any_kind.recv(c, timeout=0.005)

    any_kind.run(main)


@pytest.mark.parametrize("seconds", [0, -1, -1e300, float("-inf")])
def test_at_once(any_kind, seconds):
    # rule TM-02
    async def main():
        assert isinstance(await any_kind.recv(goconc.after(seconds)), float)
        assert isinstance(goconc.after(seconds).recv_nowait(), float)
        assert (await any_kind.select(goconc.after(seconds), default=True)).index == 0

    any_kind.run(main)


@pytest.mark.parametrize("seconds", [1e9, 1e300, float("inf")])
def test_very_long(any_kind, seconds):
    # rule TM-01 (saturates), TM-02
    async def main():
        c = goconc.after(seconds)
        with pytest.raises(goconc.WouldBlock):
            c.recv_nowait()
        with pytest.raises(TimeoutError):
            await any_kind.recv(c, timeout=0.002)

    any_kind.run(main)


def test_a_receive_only_channel():
    # rule CH-51, TM-03
    c = goconc.after(0)
    assert isinstance(c, goconc.RecvChan)
    for verb in ("send", "send_nowait", "close"):
        assert not hasattr(c, verb)
    assert (len(c), c.cap, c.closed) == (0, 0, False)
    assert c == c
    assert c != goconc.after(0)
    assert hash(c) == hash(c)


def test_looking_at_the_length_takes_nothing(any_kind):
    # rule TM-03
    async def main():
        c = goconc.after(0.001)
        await any_kind.sleep(0.002)
        assert (len(c), c.cap) == (0, 0)
        assert isinstance(await any_kind.recv(c), float)

    any_kind.run(main)


def test_received_late(any_kind):
    """The value is the time at which it was due, not the time of the receive."""

    # rule TM-02
    async def main():
        began = time.monotonic()
        c = goconc.after(0.001)
        asked = time.monotonic()
        await any_kind.sleep(0.03)
        assert began + 0.001 <= c.recv_nowait() <= asked + 0.001 + 1e-6

    any_kind.run(main)


def test_one_event_for_several_receivers(any_kind):
    # rule CH-19, CH-20, TM-02
    async def main():
        c = goconc.after(0.01)

        async def wait():
            try:
                return await any_kind.recv(c, timeout=0.05)
            except TimeoutError:
                return None

        handles = [any_kind.go(wait) for _ in range(5)]
        values = [await any_kind.join(handle) for handle in handles]
        try:
            values.append(c.recv_nowait())  # nobody was quick enough
        except goconc.WouldBlock:
            pass
        return values

    assert sum(value is not None for value in any_kind.run(main)) == 1


def test_earlier_ones_first(kind, eventually):
    # rule TM-09
    async def main():
        order, start = [], time.monotonic() + 0.02

        async def wait(n):
            await kind.recv(goconc.after(start + 0.01 * n - time.monotonic()))
            order.append(n)

        handles = [kind.go(wait, n) for n in (4, 2, 5, 1, 3)]
        for handle in handles:
            await kind.join(handle)
        return order

    # Whom the machine holds up for longer than the gap runs late, and out of turn: it is the firing that has an order.
    eventually(lambda: kind.run(main) == [1, 2, 3, 4, 5], "the order")


def test_values_are_in_order(any_kind):
    """Go's TestAfterQueuing."""

    # rule TM-09
    async def main():
        channels = {n: goconc.after(0.005 * n) for n in (3, 1, 2)}
        order = []
        while channels:
            keys = list(channels)
            order.append(keys[(await any_kind.select(*channels.values())).index])
            del channels[order[-1]]
        return order

    order = any_kind.run(main)
    assert sorted(order) == [1, 2, 3]


def test_iterating_over_a_tick(any_kind):
    # rule TM-08, CH-52
    async def main():
        began = time.monotonic()
        times = await any_kind.values(goconc.tick(0.003), most=4)
        assert times[0] >= began + 0.003
        assert times == sorted(times)
        assert time.monotonic() - began >= 0.012

    any_kind.run(main)


@pytest.mark.parametrize("seconds", [0, -1, 0.0, float("-inf")])
def test_a_tick_of_nothing_is_never_ready(any_kind, seconds):
    # rule TM-08, CH-50
    async def main():
        never = goconc.tick(seconds)
        assert isinstance(never, goconc.RecvChan)
        assert (len(never), never.cap, never.closed) == (0, 0, False)
        with pytest.raises(goconc.WouldBlock):
            never.recv_nowait()
        with pytest.raises(TimeoutError):
            await any_kind.recv(never, timeout=0.002)
        assert (await any_kind.select(never, default=True)).index == -1
        assert (await any_kind.select(never, goconc.after(0.001))).index == 1

    any_kind.run(main)


def test_a_never_ready_channel_s_words(kind):
    # rule CH-50, GO-35
    async def main():
        for wait, words in ((kind.recv, "chan receive (nil chan)"), (kind.select, "select (no cases)")):
            waiting = kind.go(wait, goconc.tick(0))
            await kind.parked(waiting, on=words)
            waiting.cancel()
            with pytest.raises(goconc.Canceled):
                await kind.join(waiting)

    kind.run(main)


@pytest.mark.parametrize(
    "make", [goconc.after, goconc.tick, goconc.Timer, goconc.Ticker, lambda s: goconc.after_func(s, print)]
)
@pytest.mark.parametrize(("seconds", "error"), [("1", TypeError), (None, TypeError), (float("nan"), ValueError)])
def test_bad_arguments(make, seconds, error):
    # rule TM-02, TM-08
    with pytest.raises(error, match="seconds must be"):
        make(seconds)


def test_in_every_place(in_event_loop, thread):
    # rule TM-02, TM-06, PY-06
    async def coroutine():
        return await goconc.after(0.001).arecv()

    assert isinstance(goconc.after(0.001).recv(), float)
    assert isinstance(thread(goconc.after(0.001).recv).join(), float)
    assert isinstance(goconc.run(goconc.after(0.001).recv), float)
    assert isinstance(goconc.run(coroutine), float)
    assert isinstance(goconc.go(coroutine).join(), float)
    assert isinstance(in_event_loop(goconc.after(0).recv_nowait), float)
