"""Timer: stop and reset by Go 1.23's rules."""

import copy
import time

import pytest

import goconc


def test_it_fires_once(any_kind):
    # rule TM-02
    async def main():
        began = time.monotonic()
        timer = goconc.Timer(0.01)
        assert await any_kind.recv(timer.c) >= began + 0.01
        with pytest.raises(TimeoutError):
            await any_kind.recv(timer.c, timeout=0.005)

    any_kind.run(main)


def test_its_channel_looks_unbuffered(any_kind):
    # rule TM-03
    async def main():
        timer = goconc.Timer(0.001)
        for _ in range(3):
            assert (len(timer.c), timer.c.cap, timer.c.closed) == (0, 0, False)
            await any_kind.sleep(0.001)
        assert timer.c is timer.c
        await any_kind.recv(timer.c)

    any_kind.run(main)


def test_stopped_before_it_is_due(any_kind):
    # rule TM-04
    async def main():
        timer = goconc.Timer(0.005)
        assert timer.stop() is True
        assert timer.stop() is False
        with pytest.raises(TimeoutError):
            await any_kind.recv(timer.c, timeout=0.01)
        assert not timer.c.closed

    any_kind.run(main)


def test_stopped_when_due_but_not_received(any_kind):
    """True, and nothing stale is left in the channel."""

    # rule TM-03, TM-04
    async def main():
        timer = goconc.Timer(0.001)
        await any_kind.sleep(0.003)
        assert timer.stop() is True
        with pytest.raises(goconc.WouldBlock):
            timer.c.recv_nowait()
        assert (await any_kind.select(timer.c, default=True)).index == -1
        assert timer.stop() is False

    any_kind.run(main)


@pytest.mark.parametrize("way", ["stop", "reset"])
def test_an_event_that_a_select_passed_by(any_kind, way):
    """A select has seen that it is due, and chose another case: that event is not left in the channel either."""

    # rule TM-03, TM-04, TM-05, SEL-06
    async def main():
        other = goconc.Chan()
        other.close()
        for _ in range(20):
            timer = goconc.Timer(0)
            if (await any_kind.select(timer.c, other)).index == 0:
                assert timer.stop() is False
                continue
            assert (timer.stop() if way == "stop" else timer.reset(3600)) is True
            with pytest.raises(goconc.WouldBlock):
                timer.c.recv_nowait()
            assert timer.stop() is (way == "reset")

    any_kind.run(main)


def test_stopped_after_it_was_received(any_kind):
    # rule TM-04
    async def main():
        timer = goconc.Timer(0.001)
        await any_kind.recv(timer.c)
        assert timer.stop() is False

    any_kind.run(main)


def test_reset_says_whether_it_was_active(any_kind):
    # rule TM-05
    async def main():
        timer = goconc.Timer(3600)
        assert timer.reset(3600) is True
        assert timer.stop() is True
        assert timer.reset(0.001) is False
        await any_kind.recv(timer.c)
        assert timer.reset(0.001) is False
        await any_kind.sleep(0.003)
        assert timer.reset(3600) is True  # due, but nobody had received
        timer.stop()

    any_kind.run(main)


def test_reset_drops_a_stale_event(any_kind):
    # rule TM-03, TM-05
    async def main():
        timer = goconc.Timer(0)
        await any_kind.sleep(0.001)
        began = time.monotonic()
        timer.reset(0.01)
        with pytest.raises(goconc.WouldBlock):
            if time.monotonic() - began < 0.01:
                timer.c.recv_nowait()
            else:  # the machine was away for so long
                raise goconc.WouldBlock
        assert await any_kind.recv(timer.c) >= began + 0.01

    any_kind.run(main)


def test_reset_of_a_fired_and_of_a_stopped_timer(any_kind):
    # rule TM-05
    async def main():
        timer = goconc.Timer(0)
        for _ in range(5):
            await any_kind.recv(timer.c)
            timer.reset(0.001)
        timer.stop()
        timer.reset(0.001)
        began = time.monotonic()
        assert await any_kind.recv(timer.c) <= began + 0.001 + 1e-6

    any_kind.run(main)


@pytest.mark.parametrize("select", [False, True])
def test_reset_while_somebody_waits(kind, select):
    # rule TM-05, TM-06 (TestTimerModifiedEarlier)
    async def main():
        timer = goconc.Timer(3600)

        async def wait():
            if select:
                return (await kind.select(goconc.Chan(), timer.c)).value
            return await kind.recv(timer.c)

        waiting = kind.go(wait)
        await kind.parked(waiting)
        assert timer.reset(1800) is True
        began = time.monotonic()
        assert timer.reset(0.005) is True
        assert await kind.join(waiting) >= began + 0.005

    kind.run(main)


def test_stop_while_somebody_waits(kind):
    # rule TM-04
    async def main():
        timer = goconc.Timer(3600)
        waiting = kind.go(kind.recv, timer.c)
        await kind.parked(waiting)
        assert timer.stop() is True
        await kind.sleep(0.005)
        assert not waiting.done()
        assert timer.reset(0) is False
        assert isinstance(await kind.join(waiting), float)

    kind.run(main)


def test_reset_by_a_thread(kind, thread):
    # rule TM-05, PY-06
    async def main():
        timer = goconc.Timer(3600)
        waiting = kind.go(kind.recv, timer.c)
        await kind.parked(waiting)
        assert thread(timer.reset, 0.001).join() is True
        assert isinstance(await kind.join(waiting), float)

    kind.run(main)


def test_a_waiting_thread_is_woken_by_a_reset(thread):
    # rule TM-05, PY-06
    timer = goconc.Timer(3600)
    waiting = thread(timer.c.recv)
    time.sleep(0.005)
    timer.reset(0.001)
    assert isinstance(waiting.join(), float)


def test_one_stop_wins(thread):
    """Of a receive and a stop exactly one gets the event."""
    # rule TM-04, CH-19
    for _ in range(200):
        timer = goconc.Timer(0)
        got = []

        def receive(timer=timer, got=got):
            try:
                timer.c.recv_nowait()
                got.append(True)
            except goconc.WouldBlock:
                got.append(False)

        handle = thread(receive)
        stopped = timer.stop()
        handle.join()
        assert [stopped] != got


def test_a_receiver_that_gave_up_leaves_the_event(any_kind):
    # rule TM-03, SEL-22
    async def main():
        timer = goconc.Timer(0.01)
        with pytest.raises(TimeoutError):
            await any_kind.recv(timer.c, timeout=0)
        assert isinstance(await any_kind.recv(timer.c), float)

    any_kind.run(main)


def test_not_initialised_twice_or_not_at_all():
    # rule TM-05
    for make in (goconc.Timer, goconc.Ticker):
        bare = make.__new__(make)
        with pytest.raises(RuntimeError, match="not initialised"):
            bare.stop()
        with pytest.raises(RuntimeError, match="not initialised"):
            bare.reset(1)
        with pytest.raises(TypeError, match="once"):
            make(3600).__init__(1)
        with pytest.raises(AttributeError):
            make(3600).c = None


def test_no_copies():
    # rule PY-12
    for thing in (goconc.Timer(3600), goconc.Ticker(3600), goconc.after_func(3600, print)):
        with pytest.raises(TypeError, match="cannot pickle or copy"):
            copy.copy(thing)
        thing.stop()


def test_a_dropped_timer_is_gone(collect):
    # rule TM-06
    import weakref

    timer = goconc.Timer(3600)
    alive = weakref.ref(timer)
    del timer
    assert alive() is None
    for _ in range(10000):
        goconc.Timer(3600)
        goconc.after(3600)


def test_its_channel_outlives_it(any_kind):
    # rule TM-06
    async def main():
        c = goconc.Timer(0.005).c
        return await any_kind.recv(c)

    assert isinstance(any_kind.run(main), float)


def test_a_timer_dropped_while_somebody_waits(kind):
    # rule TM-06
    async def main():
        timer = goconc.Timer(3600)
        waiting = kind.go(kind.recv, timer.c)
        await kind.parked(waiting)
        timer.reset(0.005)
        del timer
        return await kind.join(waiting)

    assert isinstance(kind.run(main), float)


def test_stop_and_reset_under_load(any_kind):
    """Go's TestTimerStopStress: a timer that is stopped before it is due never fires."""

    # rule TM-04, TM-11
    async def main():
        timers = [goconc.Timer(3600) for _ in range(1000)]
        for n, timer in enumerate(timers):
            if n % 2:
                assert timer.stop()
            else:
                assert timer.reset(0)
        fired = 0
        for timer in timers:
            try:
                timer.c.recv_nowait()
                fired += 1
            except goconc.WouldBlock:
                pass
        return fired

    assert any_kind.run(main) == 500
