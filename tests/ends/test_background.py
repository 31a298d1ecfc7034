"""Outside any run(): ordinary threads start goroutines, join them, and use every call."""

import threading

import pytest

import goconc


def test_go_and_join(kind):
    # rule PY-06
    async def body(n):
        await kind.gosched()
        return n * n

    handles = [kind.go(body, n) for n in range(100)]
    assert [handle.join(timeout=10) for handle in handles] == [n * n for n in range(100)]


def test_exceptions_come_through_join(kind):
    # rule GO-12
    async def fail():
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        kind.go(fail).join(timeout=10)


def test_channels_between_a_thread_and_goroutines(kind):
    # rule PY-06
    there, back = goconc.Chan(), goconc.Chan(3)

    async def echo():
        while True:
            value, ok = await kind.recv_ok(there)
            if not ok:
                back.close()
                return
            await kind.send(back, value)

    handle = kind.go(echo)
    for n in range(200):
        there.send(n)
        assert back.recv(timeout=10) == n
    there.close()
    assert list(back) == []
    handle.join(timeout=10)


def test_every_call_works_from_a_thread(kind):
    # rule PY-06
    ch = goconc.Chan(1)
    assert goconc.select(ch, default=True).index == -1
    assert goconc.select((ch, 1)).index == 0
    assert goconc.select(ch) == (0, 1, True)
    with pytest.raises(TimeoutError):
        ch.recv(timeout=0.001)
    goconc.sleep(0.001)
    goconc.gosched()
    assert isinstance(goconc.after(0.001).recv(timeout=10), float)
    assert goconc.blocking(lambda: 5) == 5
    fired = threading.Event()
    goconc.after_func(0.001, fired.set)
    assert fired.wait(10)
    ticker = goconc.Ticker(0.001)
    ticker.c.recv(timeout=10)
    ticker.c.recv(timeout=10)
    ticker.stop()


def test_many_threads(kind, thread):
    # rule PY-06, PY-11
    ch = goconc.Chan()

    async def produce(n):
        for _ in range(20):
            await kind.send(ch, n)

    def start(n):
        for handle in [kind.go(produce, n) for _ in range(5)]:
            handle.join(timeout=20)

    threads = [thread(start, n) for n in range(4)]
    found = [ch.recv(timeout=10) for _ in range(400)]
    for handle in threads:
        handle.join()
    assert sorted(found) == sorted(n for n in range(4) for _ in range(100))


def test_goroutines_of_the_background_start_others(kind):
    # rule GO-02
    async def tree(depth):
        if depth == 0:
            return 1
        halves = [kind.go(tree, depth - 1), kind.go(tree, depth - 1)]
        return await kind.join(halves[0]) + await kind.join(halves[1])

    assert kind.go(tree, 7).join(timeout=20) == 128


def test_they_go_on_while_a_run_comes_and_goes(kind):
    # rule GO-20
    ch = goconc.Chan()
    handle = kind.go(kind.recv, ch)

    async def main():
        inner = kind.go(kind.recv, goconc.Chan())
        await kind.parked(inner)
        return "ran"

    for _ in range(5):
        assert kind.run(main) == "ran"
    assert not handle.done()
    ch.send("still here")
    assert handle.join(timeout=10) == "still here"


def test_a_run_uses_goroutines_of_the_background(kind, other_kind):
    # rule PY-06
    there, back = goconc.Chan(), goconc.Chan()

    async def serve():
        while True:
            value, ok = await kind.recv_ok(there)
            if not ok:
                return
            await kind.send(back, -value)

    server = kind.go(serve)

    async def main():
        found = []
        for n in range(50):
            await other_kind.send(there, n)
            found.append(await other_kind.recv(back))
        return found

    assert other_kind.run(main) == [-n for n in range(50)]
    there.close()
    server.join(timeout=10)


def test_cancel(kind, eventually, parked_words):
    # rule GO-14
    events = []

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            events.append("finally")

    handle = kind.go(body)
    eventually(lambda: parked_words(handle))
    handle.cancel()
    with pytest.raises(goconc.Canceled):
        handle.join(timeout=10)
    assert events == ["finally"]


def test_goexit(kind):
    # rule GO-14
    async def body():
        goconc.goexit()

    assert kind.go(body).join(timeout=10) is None


def test_no_deadlock_is_reported_outside_run(kind):
    # rule GO-43
    ch = goconc.Chan()
    handle = kind.go(kind.recv, ch)
    with pytest.raises(TimeoutError):
        handle.join(timeout=0.7)  # longer than the runtime's looks for threads
    ch.send("woken")
    assert handle.join(timeout=10) == "woken"


def test_it_starts_in_whichever_thread_comes_first(kind, thread):
    # rule PY-11
    def start():
        return kind.go(kind.gosched).join(timeout=10)

    for handle in [thread(start) for _ in range(10)]:
        assert handle.join() is None


def test_locals_of_threads_are_the_worker_s(kind):
    # rule PY-06: documented: goroutines of one worker share its thread
    async def body():
        return threading.current_thread() is threading.main_thread()

    assert kind.go(body).join(timeout=10) is False


def test_those_that_give_way_do_not_starve_what_threads_start(kind, one_processor):
    # rule SCH-14
    started = []

    async def give_way():
        while not started:
            await kind.gosched()

    waiting = kind.go(give_way)
    goconc.go(started.append, 1)
    waiting.join(timeout=10)
