"""goconc.debug while everything runs: goroutines of both kinds come, wait, move and end; everybody looks."""

import asyncio
import io
import signal
import sys
import threading

import pytest

import goconc
from goconc import debug

LOOKS = 30


def names(g):
    return [frame.name for frame in g.stack]


def test_all_are_seen_at_one_moment(make_kind):
    # rule DBG-01: whoever has just been sent to has not got round to its next receive
    plain, coro = make_kind("plain"), make_kind("async")

    async def player(kind, mine, other):
        while True:
            await kind.send(other, await kind.recv(mine))

    def table(kind):
        left, right = goconc.Chan(1), goconc.Chan(1)
        players = kind.go(player, kind, left, right), kind.go(player, kind, right, left)
        left.send("ball")
        return {left, right}, {p.id for p in players}

    def main():
        tables = [table(plain), table(plain), table(coro), table(coro)]
        for _ in range(LOOKS):
            seen = {g.id: g for g in debug.goroutines()}
            for channels, players in tables:
                waiting = [g for g in map(seen.get, players) if g.state == "waiting"]
                assert len(waiting) < 2
                assert {g.channel for g in waiting} <= channels
                assert all("player" in names(g) for g in waiting)
            goconc.gosched()

    goconc.run(main, procs=4)


def spawn_and_join(over):
    """Keeps some goroutines of either kind coming, deep in calls, and going."""

    def down(depth, ch):
        return down(depth - 1, ch) if depth else ch.recv()

    async def adown(depth, ch):
        return await adown(depth - 1, ch) if depth else await ch.arecv()

    round_ = 0
    while not over:
        round_ += 1
        ch = goconc.Chan()
        there = [goconc.go(fn, (round_ + n) % 17, ch) for n in range(5) for fn in (down, adown)]
        goconc.gosched()
        for handle in there[::2]:
            handle.cancel()
        ch.close()
        for handle in there:
            with pytest.raises((goconc.Canceled, goconc.ChannelClosed)):
                handle.join()


def look(seen):
    for g in debug.goroutines():
        assert g.state in {"running", "runnable", "waiting"}
        assert (g.since is not None) == (g.wait_reason is not None)
        calls = [name for name in names(g) if name in {"down", "adown"}]
        assert len(set(calls)) <= 1
        assert len(calls) <= 17
        seen.update(calls)
    text = io.StringIO()
    debug.dump(text)
    assert "goroutine " in text.getvalue()


def looks_in_a_task(seen):
    async def main():
        for _ in range(LOOKS):
            look(seen)
            await asyncio.sleep(0)

    asyncio.run(main())


def looks_in_a_thread(seen):
    for _ in range(LOOKS):
        look(seen)


@pytest.mark.parametrize("where", [looks_in_a_thread, looks_in_a_task])
def test_from_another_thread(where):
    # rule DBG-01
    seen, over, failed = set(), [], []

    def foreign():
        try:
            where(seen)
        except BaseException as error:
            failed.append(error)
        over.append(True)

    def main():
        churn = [goconc.go(spawn_and_join, over) for _ in range(3)]
        thread = threading.Thread(target=foreign)
        thread.start()
        for handle in churn:
            handle.join()
        thread.join()

    goconc.run(main, procs=3)
    assert not failed
    assert seen <= {"down", "adown"}


def test_from_goroutines_of_both_kinds_at_once():
    # rule DBG-01
    seen, over = set(), []

    def plain():
        for _ in range(LOOKS):
            look(seen)
            goconc.gosched()

    async def coro():
        for _ in range(LOOKS):
            look(seen)
            await goconc.agosched()

    def main():
        churn = goconc.go(spawn_and_join, over)
        for handle in [goconc.go(plain), goconc.go(coro)]:
            handle.join()
        over.append(True)
        churn.join()

    goconc.run(main, procs=4)
    assert seen <= {"down", "adown"}


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_from_a_signal_handler(eventually):
    # rule DBG-01, PY-08
    seen, over, calls = set(), [], []

    def handler(signum, frame):
        look(seen)
        calls.append(signum)

    def main():
        churn = [goconc.go(spawn_and_join, over) for _ in range(2)]
        for n in range(LOOKS // 3):
            signal.raise_signal(signal.SIGUSR1)
            while len(calls) <= n:
                goconc.gosched()
        over.append(True)
        for handle in churn:
            handle.join()

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        goconc.run(main)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(calls) == LOOKS // 3


def test_from_a_finalizer(kind, collect):
    # rule DBG-01, PY-04: also one that the scheduler runs
    found = []

    class Looks:
        def __del__(self):
            found.append([g.state for g in debug.goroutines()])

    async def body():
        await kind.gosched()
        return Looks()

    async def main():
        kind.go(body)
        while not found:
            await kind.gosched()
            collect()

    kind.run(main)
    assert "running" in found[0] or "runnable" in found[0]


def test_one_that_computes_on_another_thread_is_seen_there(eventually):
    # rule DBG-01, GO-34
    over = []

    def computes():
        n = 0
        while not over:
            n = n * n % 7

    def is_seen():
        return any(g.id == handle.id and g.state == "running" and names(g) == ["computes"] for g in debug.goroutines())

    handle = goconc.go(computes)
    eventually(is_seen)
    over.append(True)
    handle.join()
