"""Async generators that nobody exhausts: their clean-up runs, may await, and disturbs nobody (PEP 525)."""

import asyncio
import gc
import sys

import pytest

import goconc


async def numbers(events, clean_up=None):
    try:
        for n in range(1000):
            yield n
    finally:
        events.append("closing")
        if clean_up is not None:
            await clean_up()
        events.append("closed")


async def first(generator):
    async for value in generator:
        return value


async def until(events, *wanted):
    while tuple(events) != wanted:
        await goconc.asleep(0.001)


@pytest.mark.parametrize("cycle", [False, True])
def test_one_that_is_dropped_is_closed_by_a_goroutine(cycle):
    # rule PY-15
    async def main():
        events, ch = [], goconc.Chan()
        generator = numbers(events, ch.arecv)
        if cycle:
            box = [generator]
            box.append(box)
            del box
        assert await first(generator) == 0
        del generator
        gc.collect()
        await until(events, "closing")
        assert goconc.num_goroutine() == 2
        assert "aclose of numbers" in goconc._core.dump()
        await ch.asend(None)
        await until(events, "closing", "closed")

    goconc.run(main)


def test_what_its_clean_up_raises_is_reported_and_stops_nothing(monkeypatch, eventually):
    # rule PY-15, GO-19
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)

    async def fail():
        await goconc.asleep(0)
        raise ValueError("clean-up")

    async def main():
        events = []
        await first(numbers(events, fail))
        gc.collect()
        await until(events, "closing")
        while not reports:
            await goconc.asleep(0.001)
        return "went on"

    assert goconc.run(main) == "went on"
    assert reports[0].exc_value.args == ("clean-up",)
    assert reports[0].goroutine.name == "aclose of numbers"


@pytest.mark.parametrize("held", [True, False], ids=["held", "dropped"])
@pytest.mark.parametrize("ends", ["returns", "raises", "is ended"])
def test_at_the_end_of_run_all_are_closed(ends, held, settle):
    # rule PY-15, GO-20: what the clean-up awaits then raises GoroutineExit
    events, keep = [], []

    async def clean_up():
        try:
            await goconc.asleep(1000)
        except goconc.GoroutineExit:
            events.append("exit")
            raise

    async def body():
        generator = numbers(events, clean_up)
        if held:
            keep.append(generator)
        await generator.__anext__()
        if ends == "is ended":
            await goconc.aselect()

    async def main():
        handle = goconc.go(body)
        if ends == "is ended":
            while "select" not in repr(handle):
                await goconc.agosched()
        else:
            await handle
            settle()
        if ends == "raises":
            raise LookupError

    if ends == "raises":
        with pytest.raises(LookupError):
            goconc.run(main)
    else:
        goconc.run(main)
    settle()
    assert events == ["closing", "exit"]


def test_a_cancelled_goroutine_leaves_one_behind():
    # rule PY-15, GO-14
    async def main():
        events = []

        async def body():
            async for _ in numbers(events, goconc.agosched):
                await goconc.aselect()

        handle = goconc.go(body)
        while "select" not in repr(handle):
            await goconc.agosched()
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await handle
        del handle
        gc.collect()
        await until(events, "closing", "closed")

    goconc.run(main)


def test_in_the_background(eventually, collect):
    # rule PY-15, PY-06
    events, dropped = [], []

    async def body():
        await first(numbers(events, goconc.agosched))
        dropped.append(1)

    goconc.go(body).join(timeout=10)
    collect()
    eventually(lambda: events == ["closing", "closed"])


def test_several_runs_each_close_their_own(thread):
    # rule PY-15, PY-11
    def program():
        async def main():
            events = []
            for n in range(1, 20):
                await first(numbers(events, goconc.agosched))
                gc.collect(0)
                while len(events) < 2 * n:
                    await goconc.asleep(0.0005)
            return events

        return goconc.run(main)

    assert [handle.join() for handle in [thread(program) for _ in range(3)]] == [["closing", "closed"] * 19] * 3


def test_one_that_is_exhausted_or_closed_needs_nobody():
    # rule PY-15
    async def main():
        events = []
        generator = numbers(events)
        await first(generator)
        await generator.aclose()
        del generator
        assert events == ["closing", "closed"]
        assert goconc.num_goroutine() == 1
        assert [n async for n in numbers(events)] == list(range(1000))
        assert goconc.num_goroutine() == 1

    goconc.run(main)


def test_the_hooks_of_the_thread_are_put_back():
    # rule PY-15
    def begin(generator):
        raise AssertionError

    async def main():
        await first(numbers([]))

    before = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=begin, finalizer=begin)
    try:
        goconc.run(main)
        assert tuple(sys.get_asyncgen_hooks()) == (begin, begin)
    finally:
        sys.set_asyncgen_hooks(*before)


def test_an_event_loop_in_a_goroutine_has_its_own():
    # rule PY-15
    events = []

    async def loop():
        await first(numbers(events, lambda: asyncio.sleep(0.001)))
        gc.collect()
        while events != ["closing", "closed"]:
            await asyncio.sleep(0.001)

    async def body():
        await goconc.agosched()

    def main():
        goconc.go(body).join()
        asyncio.run(loop())

    goconc.run(main)
