"""A worker that sits in one goroutine does not hold up the others (SCH-08, SCH-10)."""

import threading
import time

import pytest

import goconc


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.fixture(autouse=True, params=[1, 2])
def procs(request):
    before = goconc.gomaxprocs(request.param)
    yield request.param
    goconc.gomaxprocs(before)


@pytest.mark.parametrize("stuck", [lambda: time.sleep(1.5), lambda: burn(1.5)], ids=["in C", "in Python"])
def test_others_go_on_beside_one_that_does_not_give_way(kind, stuck):
    # rule SCH-08, SCH-10: all but the stuck one are through long before it is
    done = []

    async def other(n):
        done.append(n)

    def hold():
        stuck()
        held.append(len(done))

    async def main():
        handle = goconc.go(hold)
        for n in range(50):
            kind.go(other, n)
        await kind.join(handle)

    held = []
    kind.run(main)
    assert held == [50]
    assert sorted(done) == list(range(50))


def test_main_that_blocks_its_thread_does_not_hold_up_the_others(kind):
    # rule SCH-08
    async def main():
        done = []

        async def other(n):
            done.append(n)

        for n in range(50):
            kind.go(other, n)
        limit = time.monotonic() + 10
        while len(done) < 50:
            assert time.monotonic() < limit, f"{len(done)} have run"
            time.sleep(0.01)

    kind.run(main)


def test_what_was_made_ready_last_goes_on_too(kind):
    # rule SCH-05: it waits in a place that thieves pass by at first
    def main():
        ran = threading.Event()

        async def other():
            ran.set()

        kind.go(other)
        return ran.wait(10)

    assert goconc.run(main)


def test_many_calls_into_c_overlap():
    # rule SCH-08
    def main():
        together = threading.Barrier(20)  # broken unless all twenty are under way at once
        handles = [goconc.go(together.wait, 30) for _ in range(20)]
        return sorted(handle.join() for handle in handles)

    assert goconc.run(main) == list(range(20))


def test_a_ticker_ticks_beside_one_that_computes():
    # rule SCH-10, SCH-11
    async def main():
        spin = True

        def compute():
            while spin:
                pass

        goconc.go(compute)
        ticker = goconc.Ticker(0.005)
        for _ in range(20):
            await ticker.c.arecv(timeout=5)
        spin = False

    goconc.run(main)


def test_when_it_comes_back_everything_is_as_before():
    def main():
        handles = [goconc.go(time.sleep, 0.02) for _ in range(10)]
        for handle in handles:
            handle.join()

    for _ in range(5):
        goconc.run(main)
    ran = []
    goconc.run(lambda: [goconc.go(ran.append, n).join() for n in range(100)])
    assert ran == list(range(100))
    assert goconc.num_goroutine() == 0


def test_goroutines_pinned_to_it_run_once_it_is_free():
    def main():
        order, ch = [], goconc.Chan()

        def pinned():
            ch.recv()
            order.append("pinned")

        handle = goconc.go(pinned)
        goconc.gosched()
        ch.send(None)
        time.sleep(0.05)
        order.append("main")
        handle.join()
        return sorted(order)

    assert goconc.run(main) == ["main", "pinned"]


def test_the_end_of_run_interrupts_python_code_on_other_threads():
    # rule GO-20
    ended = []

    def spin():
        begun.append(1)
        try:
            while True:
                pass
        finally:
            ended.append("spin")

    def main():
        handles = [goconc.go(spin) for _ in range(2)]
        limit = time.monotonic() + 20
        while len(begun) < 2:  # keeps this thread, so that they run on others
            time.sleep(0.01)
            assert time.monotonic() < limit
        return handles

    begun = []
    handles = goconc.run(main)
    assert ended == ["spin", "spin"]
    for handle in handles:
        with pytest.raises(goconc.Canceled):
            handle.join()


def test_the_end_of_run_does_not_wait_for_a_call_into_c(recwarn):
    # rule GO-20
    release = threading.Event()

    def main():
        goconc.go(release.wait)
        goconc.go(release.wait)
        time.sleep(0.1)

    start = time.monotonic()
    before = goconc.num_goroutine()
    goconc.run(main)
    assert time.monotonic() - start < 8
    assert any("these did not" in str(w.message) for w in recwarn)
    assert goconc.num_goroutine() == before, "they are not counted any more"
    release.set()


@pytest.mark.slow
def test_who_joins_one_that_was_given_up_at_its_very_end_gets_its_result(monkeypatch, thread):
    # rule GO-20: the hook is called while it ends, and holds it up for longer than run() waits
    begun, entered, release = (threading.Event() for _ in range(3))
    monkeypatch.setattr(goconc, "excepthook", lambda args: (entered.set(), release.wait(20)))
    handles = []

    def body():
        try:
            begun.set()
            time.sleep(0.2)
        finally:
            raise SystemExit(3)

    def main():
        handles.append(goconc.go(body))
        assert begun.wait(20)

    runner = thread(goconc.run, main)
    assert entered.wait(20)
    time.sleep(2.5)
    joiner = thread(handles[0].join)
    time.sleep(0.2)
    release.set()
    with pytest.raises(SystemExit):
        joiner.join()
    runner.join()


def test_an_interrupt_does_not_reach_what_the_thread_runs_next():
    # The exception belongs to the thread; the goroutine it is for may have ended when it comes.
    survived = []

    def keeper(end):
        while not end.is_set():
            sum(range(100))
        survived.append(1)

    def brief():
        until = time.monotonic() + 0.02
        while time.monotonic() < until:
            pass

    for _ in range(10):
        end = threading.Event()
        lasting = goconc.go(keeper, end)

        def main():
            for _ in range(4):
                goconc.go(brief)
            time.sleep(0.005)

        goconc.run(main)
        end.set()
        lasting.join(timeout=10)
    assert len(survived) == 10


HELD_UP = """
import sys, time, warnings
import goconc
def main():
    ch = goconc.Chan()
    handle = goconc.go(ch.recv)
    goconc.gosched()
    ch.send(None)
    time.sleep(1.5)
    handle.join()
goconc.run(main, procs=1)
"""


@pytest.mark.parametrize(("after", "said"), [("0.2", True), ("0", False)])
def test_it_is_said_who_holds_up_pinned_goroutines(after, said, procs, python):
    if procs != 1:
        return
    done = python(HELD_UP, GOCONC_BLOCKED_WARN=after)
    assert done.returncode == 0
    if not said:
        assert done.stderr == ""
        return
    assert "RuntimeWarning: a goroutine that does not give its thread away holds up 1" in done.stderr
    assert "held up: goroutine 2" in done.stderr, "who waits"
    assert "by goroutine 1" in done.stderr, "who holds it up"
