"""When main returns, its goroutines are ended: their clean-up runs, and nothing hangs."""

import contextvars
import gc
import queue
import threading
import time
import weakref

import pytest

import goconc

WAITS = {
    "recv": lambda kind: kind.recv(goconc.Chan()),
    "send": lambda kind: kind.send(goconc.Chan(), 1),
    "select": lambda kind: kind.select(goconc.Chan(), goconc.Chan()),
    "no cases": lambda kind: kind.select(),
    "sleep": lambda kind: kind.sleep(1000),
    "join": lambda kind: kind.join(goconc.go(goconc.sleep, 1000)),
}


@pytest.mark.parametrize("wait", WAITS)
def test_the_clean_up_of_every_goroutine_runs(kind, wait):
    # rule GO-20 (and not GO-10: a run() is a scope)
    events = []

    async def body(n):
        try:
            await WAITS[wait](kind)
        except goconc.GoroutineExit:
            events.append(("exit", n))
            raise
        finally:
            events.append(("finally", n))

    async def main():
        handles = [kind.go(body, n) for n in range(5)]
        await kind.parked(*handles)
        return "main's"

    assert kind.run(main) == "main's"
    assert sorted(events) == sorted((what, n) for what in ("exit", "finally") for n in range(5))


@pytest.mark.parametrize("ending", [ValueError, SystemExit, KeyboardInterrupt])
def test_so_it_does_when_main_raises(kind, ending):
    # rule GO-20
    events = []

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            events.append("finally")

    async def main():
        await kind.parked(kind.go(body))
        raise ending

    with pytest.raises(ending):
        kind.run(main)
    assert events == ["finally"]


def test_except_exception_does_not_hold_it_up(kind):
    # rule GO-14, GO-20
    rounds = []

    async def body():
        while True:
            try:
                rounds.append(1)
                await kind.recv(goconc.Chan())
            except Exception:
                pass

    async def main():
        await kind.parked(kind.go(body))

    kind.run(main)
    assert rounds == [1]


def test_every_suspension_of_the_clean_up_raises_again(kind):
    # rule GO-20
    events = []

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            try:
                await kind.sleep(1000)
            finally:
                events.append("second")
                await kind.recv(goconc.Chan())

    async def main():
        await kind.parked(kind.go(body))

    kind.run(main)
    assert events == ["second"]


def test_a_shield_lets_the_clean_up_suspend(kind):
    # rule GO-20
    events = []

    async def body(ch):
        try:
            await kind.recv(goconc.Chan())
        finally:
            with goconc.shield():
                await kind.sleep(0.002)
                events.append(await kind.recv(ch))
                await kind.gosched()

    async def main():
        ch = goconc.Chan(1)
        ch.send_nowait("clean-up")
        await kind.parked(kind.go(body, ch))

    kind.run(main)
    assert events == ["clean-up"]


def test_clean_ups_may_talk_to_each_other_under_shields(kind):
    # rule GO-20
    events = []

    async def sender(ch):
        try:
            await kind.recv(goconc.Chan())
        finally:
            with goconc.shield():
                await kind.send(ch, "last words")

    async def receiver(ch):
        try:
            await kind.recv(goconc.Chan())
        finally:
            with goconc.shield():
                events.append(await kind.recv(ch))

    async def main():
        ch = goconc.Chan()
        await kind.parked(kind.go(sender, ch), kind.go(receiver, ch))

    kind.run(main)
    assert events == ["last words"]


@pytest.mark.parametrize("wait", ["recv", "sleep", "gosched"])
def test_one_that_swallows_the_end_for_ever_is_given_up(kind, wait, recwarn):
    # rule GO-20: no hang. Its stack is given up for good, so it is counted no longer.
    rounds = [0]
    stop = []

    async def body():
        while not stop:
            try:
                rounds[0] += 1
                if wait == "gosched":
                    await kind.gosched()
                else:
                    await WAITS[wait](kind)
            except goconc.GoroutineExit:
                pass

    async def main():
        handle = kind.go(body)
        handle.name = "the stubborn one"
        await kind.gosched()
        await kind.gosched()

    kind.run(main)
    assert rounds[0] > 1
    (warning,) = recwarn
    assert warning.category is RuntimeWarning
    assert "the stubborn one" in str(warning.message)
    stop.append(1)
    assert kind.run(kind.gosched) is None


def test_one_that_swallows_the_end_once_ends_by_itself(kind):
    # rule GO-20
    events = []

    async def body():
        try:
            await kind.recv(goconc.Chan())
        except goconc.GoroutineExit:
            events.append("swallowed")
        events.append("returned")
        return 5

    async def main():
        handle = kind.go(body)
        await kind.parked(handle)
        return handle

    handle = kind.run(main)
    assert events == ["swallowed", "returned"]
    assert handle.done()
    assert handle.join() == 5


def test_those_that_never_started_do_not_start(kind):
    # rule GO-20, GO-10
    started = []

    async def body():
        started.append(1)

    def main():
        return [kind.go(body) for _ in range(300)]

    handles = goconc.run(main, procs=1)
    assert started == []
    for handle in handles:
        assert handle.done()
        with pytest.raises(goconc.Canceled):
            handle.join()


def test_no_new_goroutines_while_it_ends(kind):
    # rule GO-20
    events = []

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            try:
                goconc.go(events.append, "started")
            except RuntimeError as error:
                events.append(type(error))

    async def main():
        await kind.parked(kind.go(body))

    kind.run(main)
    assert events == [RuntimeError]


def test_a_coroutine_refused_while_it_ends_does_not_warn(kind):
    # rule GO-20
    async def never():
        raise AssertionError

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            with pytest.raises(RuntimeError):
                goconc.go(never)

    async def main():
        await kind.parked(kind.go(body))

    kind.run(main)


def test_handles_and_channels_outlive_the_run(kind):
    # rule GO-20
    async def main():
        ch = goconc.Chan(2)
        done = kind.go(kind.send, ch, "left in the buffer")
        stuck = kind.go(kind.recv, goconc.Chan())
        await kind.join(done)
        await kind.parked(stuck)
        return ch, done, stuck

    ch, done, stuck = kind.run(main)
    assert done.join() is None
    with pytest.raises(goconc.Canceled):
        stuck.join()
    assert stuck.stack() == []
    assert ch.recv_nowait() == "left in the buffer"
    ch.send("usable from a thread")
    assert ch.recv() == "usable from a thread"


def test_a_channel_of_an_ended_run_has_no_waiters_left(kind):
    # rule SEL-22
    channels = []

    async def main():
        ch = goconc.Chan()
        channels.append(ch)
        handles = [kind.go(kind.recv, ch), kind.go(kind.select, ch, goconc.Chan())]
        await kind.parked(*handles)

    kind.run(main)
    with pytest.raises(goconc.WouldBlock):
        channels[0].send_nowait("for nobody")


def test_a_timer_s_function_of_an_ended_run_does_no_harm(kind):
    # rule GO-20
    fired = []

    async def main():
        goconc.after_func(0.005, lambda: fired.append(1))

    kind.run(main)
    time.sleep(0.02)
    assert kind.run(kind.gosched) is None


def test_a_blocking_call_under_way_is_not_waited_for(kind):
    # rule GO-20
    event, entered = threading.Event(), threading.Event()

    def block():
        entered.set()
        event.wait(30)

    async def call():
        if kind.name == "plain":
            goconc.blocking(block)
        else:
            await goconc.ablocking(block)

    async def main():
        kind.go(call)
        while not entered.is_set():
            await kind.sleep(0.001)

    start = time.monotonic()
    kind.run(main)
    event.set()
    assert time.monotonic() - start < 20


def test_many_with_clean_up(kind):
    # rule GO-20
    cleaned = []  # appended to: goroutines may run at once

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            cleaned.append(1)

    async def main():
        handles = [kind.go(body) for _ in range(3000)]
        await kind.parked(*handles)

    kind.run(main)
    assert len(cleaned) == 3000


def test_generators_and_with_blocks_are_left_in_order(kind):
    # rule GO-20, PY-14
    events = []

    class Block:
        async def __aenter__(self):
            events.append("enter")

        async def __aexit__(self, *exc):
            events.append("exit")

    async def values():
        try:
            while True:
                yield await kind.recv(goconc.Chan())
        finally:
            events.append("generator")

    async def body():
        async with Block():
            async for _ in values():
                pass

    async def main():
        await kind.parked(kind.go(body))

    kind.run(main)
    assert events == ["enter", "generator", "exit"]


def test_who_joins_one_that_was_given_up_is_told(kind, thread, eventually, recwarn):
    # rule GO-20
    handles, joiners, stop = [], [], []

    async def body():
        while not stop:
            try:
                await kind.recv(goconc.Chan())
            except goconc.GoroutineExit:
                pass

    async def main():
        handles.append(kind.go(body))
        await kind.parked(handles[0])
        joiners.append(thread(handles[0].join))

    kind.run(main)
    for join in (joiners[0].join, handles[0].join):
        with pytest.raises(goconc.Canceled, match="given up"):
            join()
    assert handles[0].done()
    assert len(recwarn) == 1

    async def ajoin():
        with pytest.raises(goconc.Canceled, match="given up"):
            await kind.join(handles[0])

    kind.run(ajoin)


@pytest.mark.parametrize("waiting", [True, False])
def test_the_context_of_an_ended_goroutine_may_wait_when_it_is_dropped(kind, waiting):
    # rule GO-03, PY-04: its finalizer runs in the goroutine, which has not ended before that
    variable = contextvars.ContextVar("variable")
    events = []

    class Dropped:
        def __del__(self):
            if waiting and kind.name == "plain":
                goconc.sleep(0.001)
            events.append("dropped")

    async def body():
        variable.set(Dropped())
        return 5

    async def main():
        handle = kind.go(body)
        assert await kind.join(handle, timeout=10) == 5
        assert events == ["dropped"]
        assert handle.done()
        variable.set(Dropped())
        return 6

    assert kind.run(main) == 6
    assert events == ["dropped"] * 2


def test_a_callable_that_gives_a_coroutine_keeps_its_context():
    # rule PY-01
    outer, inner = contextvars.ContextVar("outer"), contextvars.ContextVar("inner")

    async def body():
        await goconc.agosched()
        return outer.get(None), inner.get(None)

    def start():
        inner.set("set in the callable")
        return body()

    def main():
        outer.set("of the parent")
        return goconc.go(start).join()

    assert goconc.run(main) == ("of the parent", "set in the callable")


def test_what_after_func_was_to_call_is_let_go_with_the_run(kind, collect):
    # rule TM-07
    class Call:
        def __call__(self):
            pass

    def start():
        call = Call()
        return goconc.after_func(1000, call), weakref.ref(call)

    async def main():
        return start()

    timer, call = kind.run(main)
    assert timer.stop() is False  # it is not due any more
    timer.reset(1000)
    assert timer.stop() is False
    del timer
    collect()
    assert call() is None


@pytest.mark.slow
def test_threads_that_drop_failed_handles_while_their_runs_end(kind, monkeypatch):
    # rule GO-12, GO-19: each exception is raised, reported or joined, also by whoever comes in between
    reports, raised, joined = [], [], []
    monkeypatch.setattr(goconc, "excepthook", lambda args: reports.append(args.exc_value.args[0]))
    handles = queue.SimpleQueue()
    count = 200

    async def fail(n):
        raise ValueError(n)

    async def main(n):
        for i in range(3):
            handles.put(kind.go(fail, (n, i)))
        await kind.gosched()

    def drop():
        for turn, handle in enumerate(iter(handles.get, None)):
            if turn % 3 == 0:
                try:
                    handle.join(timeout=10)
                except (ValueError, goconc.Canceled) as error:
                    joined.append(error.args[0])
            del handle

    def run():
        for n in range(count):
            try:
                kind.run(main, n)
            except ValueError as error:
                raised.append(error.args[0])
                raised.extend(getattr(error, "__notes__", ()))

    droppers = [threading.Thread(target=drop) for _ in range(2)]
    runner = threading.Thread(target=run)
    for started in (*droppers, runner):
        started.start()
    runner.join()
    for _ in droppers:
        handles.put(None)
    for started in droppers:
        started.join()
    gc.collect()
    assert len(raised) <= 2 * count
    assert kind.run(kind.gosched) is None
