"""after_func."""

import time
import weakref

import pytest

import goconc


def test_it_calls_in_a_goroutine_of_its_own(kind):
    # rule TM-07, TM-10
    async def main():
        results, me = goconc.Chan(1), goconc.current()
        began = time.monotonic()

        def call():
            results.send((goconc.current(), time.monotonic()))

        timer = goconc.after_func(0.01, call)
        who, when = await kind.recv(results)
        assert who is not None
        assert who is not me
        assert when >= began + 0.01
        assert timer.c is None

    kind.run(main)


def test_an_async_function(kind):
    # rule TM-07
    async def main():
        results = goconc.Chan(1)

        async def call():
            await goconc.asleep(0.001)
            await results.asend("called")

        goconc.after_func(0.001, call)
        return await kind.recv(results)

    assert kind.run(main) == "called"


def test_it_may_block(kind):
    # rule TM-10
    async def main():
        ch, results = goconc.Chan(), goconc.Chan(2)
        goconc.after_func(0, lambda: results.send(ch.recv()))
        goconc.after_func(0.005, lambda: ch.send("passed"))
        return await kind.recv(results)

    assert kind.run(main) == "passed"


def test_stopped_before_it_is_due(kind):
    # rule TM-04
    async def main():
        called = []
        timer = goconc.after_func(3600, lambda: called.append(True))
        assert timer.stop() is True
        assert timer.stop() is False
        soon = goconc.after_func(0.02, lambda: called.append("soon"))
        stopped = soon.stop()  # False only if the machine was away for so long
        await kind.sleep(0.03)
        assert called == ([] if stopped else ["soon"])

    kind.run(main)


def test_stopped_after_it_has_started(kind):
    """False, and stop does not wait for the function."""

    # rule TM-04
    async def main():
        started, go_on = goconc.Chan(), goconc.Chan()

        def call():
            started.send(None)
            go_on.recv()
            started.send(None)

        timer = goconc.after_func(0, call)
        await kind.recv(started)
        assert timer.stop() is False
        await kind.send(go_on, None)
        await kind.recv(started)
        assert timer.stop() is False

    kind.run(main)


def test_reset(kind):
    # rule TM-05, TM-07
    async def main():
        calls = goconc.Chan(5)
        timer = goconc.after_func(3600, lambda: calls.send("called"))
        assert timer.reset(0.001) is True
        assert await kind.recv(calls) == "called"
        assert timer.reset(0.001) is False
        assert await kind.recv(calls) == "called"
        assert timer.reset(3600) is False
        assert timer.stop() is True

    kind.run(main)


def test_a_second_run_may_overlap_the_first(kind):
    # rule TM-07
    async def main():
        entered, leave = goconc.Chan(), goconc.Chan()

        def call():
            entered.send(None)
            leave.recv()

        timer = goconc.after_func(0, call)
        await kind.recv(entered)
        assert timer.reset(0) is False
        await kind.recv(entered)
        for _ in range(2):
            await kind.send(leave, None)

    kind.run(main)


def test_earlier_ones_first(kind, eventually):
    # rule TM-09
    async def main():
        calls, start = goconc.Chan(5), time.monotonic() + 0.02
        for n in (3, 1, 5, 2, 4):
            goconc.after_func(start + 0.01 * n - time.monotonic(), lambda n=n: calls.send(n))
        return [await kind.recv(calls) for _ in range(5)]

    # Whom the machine holds up for longer than the gap runs late, and out of turn: it is the firing that has an order.
    eventually(lambda: kind.run(main) == [1, 2, 3, 4, 5], "the order")


def test_it_fires_though_nobody_holds_it(kind):
    # rule TM-06, TM-07
    async def main():
        calls = goconc.Chan(1)
        goconc.after_func(0.005, lambda: calls.send(1))
        return await kind.recv(calls)

    assert kind.run(main) == 1


def test_a_stopped_one_keeps_nothing():
    # rule TM-06
    class Thing:
        def call(self):
            pass

    thing = Thing()
    alive = weakref.ref(thing)
    timer = goconc.after_func(3600, thing.call)
    del thing
    assert alive() is not None
    assert timer.stop()
    del timer
    assert alive() is None


def test_many(kind):
    """Go's BenchmarkSimultaneousAfterFunc, as a test."""

    # rule TM-11
    async def main():
        calls = goconc.Chan(1000)
        for n in range(1000):
            goconc.after_func(0.001, lambda n=n: calls.send(n))
        return sorted([await kind.recv(calls) for _ in range(1000)])

    assert kind.run(main) == list(range(1000))


def test_a_chain_of_them(kind):
    # rule TM-07
    async def main():
        done = goconc.Chan(1)

        def call(n):
            if n:
                goconc.after_func(0, lambda: call(n - 1))
            else:
                done.send("end")

        goconc.after_func(0, lambda: call(50))
        return await kind.recv(done)

    assert kind.run(main) == "end"


def test_from_a_thread():
    # rule TM-07, PY-06
    calls = goconc.Chan(2)
    goconc.after_func(0.001, lambda: calls.send(goconc.current() is not None))
    assert calls.recv() is True
    assert isinstance(goconc.AfterFunc, type)


def test_a_time_limit_holds_a_deadlock_report_off(kind):
    # rule GO-41
    async def main():
        ch = goconc.Chan()
        goconc.after_func(0.02, ch.close)
        return await kind.recv_ok(ch)

    assert kind.run(main) == (None, False)


def test_what_it_raises_stops_run(kind):
    # rule TM-10 (a goroutine like any other: GO-12)
    async def main():
        goconc.after_func(0, lambda: 1 / 0)
        await kind.recv(goconc.Chan())

    with pytest.raises(ZeroDivisionError):
        kind.run(main)


def test_the_end_of_run_stops_it(kind):
    # rule GO-10, TM-07
    called = []

    async def main():
        goconc.after_func(0.02, lambda: called.append(True))

    kind.run(main)
    time.sleep(0.04)
    assert called == []


def test_bad_arguments():
    # rule TM-07
    with pytest.raises(TypeError, match="'fn' must be callable"):
        goconc.after_func(1, None)
    with pytest.raises(TypeError):
        goconc.after_func(1)
    with pytest.raises(TypeError):
        goconc.AfterFunc()
    timer = goconc.after_func(3600, print)
    with pytest.raises(TypeError, match="seconds must be"):
        timer.reset("1")
    assert timer.stop() is True  # the bad reset has changed nothing
