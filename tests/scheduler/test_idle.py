"""Workers with nothing to do sleep, and wake when there is something (SCH-12)."""

import os
import threading
import time

import pytest

import goconc


@pytest.fixture(autouse=True, params=[1, 4])
def procs(request):
    before = goconc.gomaxprocs(request.param)
    yield request.param
    goconc.gomaxprocs(before)


def cpu_seconds():
    times = os.times()
    return times.user + times.system


def test_at_rest_no_processor_time_is_used(kind, procs):
    # rule SCH-12: all parked, one with a time limit that does not come
    async def main():
        ch = goconc.Chan()
        waiters = [kind.go(kind.recv, ch) for _ in range(100)]
        kind.go(kind.sleep, 1000)
        await kind.parked(*waiters)
        await kind.sleep(0.3)  # those that look for work have given up
        before = cpu_seconds()
        await kind.sleep(1.0)
        return cpu_seconds() - before

    # Python's main thread wakes ten times a second for signals. A worker that polls would use a multiple of this.
    assert kind.run(main) < 0.1


def test_no_wake_up_is_lost_between_threads_and_goroutines(kind, thread):
    # rule SCH-12: everybody sleeps between any two messages
    a, b = goconc.Chan(), goconc.Chan()

    async def echo():
        for _ in range(2000):
            await kind.send(b, await kind.recv(a))

    def outside():
        for n in range(2000):
            a.send(n)
            assert b.recv() == n

    other = thread(outside)
    kind.run(echo)
    other.join()


def test_no_wake_up_is_lost_among_sleepers(kind):
    # rule TM-01, SCH-12: timers set, fired and cancelled while workers go to sleep
    async def nap(n):
        for k in range(30):
            await kind.sleep((n * 7 + k) % 5 * 0.0003)
        return n

    async def main():
        return [await kind.join(g) for g in [kind.go(nap, n) for n in range(40)]]

    assert kind.run(main) == list(range(40))


def test_a_deadline_set_after_others_sleep_is_kept(kind, thread):
    # rule TM-01: the sleeping workers wait for a later one
    async def main():
        kind.go(kind.sleep, 1000)
        await kind.sleep(0.01)
        start = time.monotonic()
        await kind.sleep(0.02)
        return time.monotonic() - start

    other = thread(lambda: kind.run(main))
    assert kind.run(main) < 5
    assert other.join() < 5


def test_after_a_run_has_ended_deadlines_of_others_are_kept(kind):
    # rule TM-01: the worker that watched over them leaves
    done = threading.Event()
    goconc.after_func(0.05, done.set)

    async def main():
        await kind.sleep(0.001)

    for _ in range(5):
        kind.run(main)
    assert done.wait(10)
