"""lock_os_thread: a goroutine and an OS thread for each other (GO-33)."""

import threading
import time

import pytest

import goconc


@pytest.fixture(autouse=True, params=[1, 4])
def procs(request):
    before = goconc.gomaxprocs(request.param)
    yield request.param
    goconc.gomaxprocs(before)


def test_it_stays_on_its_thread(kind):
    # rule GO-33
    async def locked(ch):
        goconc.lock_os_thread()
        threads = set()
        for _ in range(100):
            threads.add(threading.get_ident())
            await kind.recv(ch)
        goconc.unlock_os_thread()
        return threads

    async def busy(ch):
        for _ in range(100):
            await kind.send(ch, None)
            await kind.gosched()

    async def main():
        channels = [goconc.Chan() for _ in range(4)]
        handles = [kind.go(locked, ch) for ch in channels]
        for ch in channels:
            kind.go(busy, ch)
        return [await kind.join(handle) for handle in handles]

    assert [len(threads) for threads in kind.run(main)] == [1] * 4


def test_nobody_else_runs_on_it():
    # rule GO-33: main holds its thread, so others need another
    async def elsewhere():
        return threading.get_ident()

    async def main():
        with goconc.lock_os_thread():
            here = threading.get_ident()
            others = [await goconc.go(elsewhere) for _ in range(20)]
            others += [await goconc.go(threading.get_ident) for _ in range(20)]
            assert here == threading.get_ident()
        return here, others

    async def start():
        return await goconc.go(main)

    here, others = goconc.run(start)
    assert here not in others


def test_it_nests():
    # rule GO-33
    async def main():
        goconc.lock_os_thread()
        with goconc.lock_os_thread():
            here = threading.get_ident()
        for _ in range(20):
            assert await goconc.go(threading.get_ident) != here, "locked once still"
        goconc.unlock_os_thread()
        goconc.unlock_os_thread()  # more often than locked: nothing happens

    goconc.run(main)


def test_new_goroutines_do_not_inherit_it():
    # rule GO-33
    async def main():
        with goconc.lock_os_thread():
            return await goconc.go(threading.get_ident) != threading.get_ident()

    assert goconc.run(main)


def test_the_main_thread_runs_main_and_keeps_it():
    def main():
        goconc.lock_os_thread()
        ch = goconc.Chan()
        for n in range(50):
            goconc.go(ch.send, n)
        assert sorted(ch.recv() for _ in range(50)) == list(range(50))
        return threading.current_thread() is threading.main_thread()

    assert goconc.run(main)
    assert goconc.run(lambda: goconc.go(lambda: 1).join()) == 1, "the thread is as before"


def test_one_that_ends_locked_leaves_the_thread_unused(kind):
    # rule GO-33
    async def locked():
        goconc.lock_os_thread()
        return threading.get_ident()

    async def main():
        return await kind.join(kind.go(locked))

    def background():
        goconc.lock_os_thread()
        return threading.get_ident()

    thread = goconc.go(background).join(timeout=10)
    assert thread not in [goconc.go(threading.get_ident).join(timeout=10) for _ in range(30)]
    kind.run(main)


@pytest.mark.parametrize("call", [goconc.lock_os_thread, goconc.unlock_os_thread])
def test_outside_a_goroutine_it_is_refused(call):
    with pytest.raises(RuntimeError, match="outside a goroutine"):
        call()


def test_another_goroutine_cannot_undo_it():
    def main():
        lock = goconc.lock_os_thread()

        def other():
            with pytest.raises(RuntimeError, match="the goroutine that locked it"):
                lock.__exit__(None, None, None)

        goconc.go(other).join()
        goconc.unlock_os_thread()

    goconc.run(main)


def test_a_stuck_locked_goroutine_holds_up_nobody():
    def main():
        def locked():
            with goconc.lock_os_thread():
                time.sleep(0.3)

        handle = goconc.go(locked)
        for n in range(20):
            assert goconc.go(lambda n=n: n).join(timeout=10) == n
        handle.join()

    goconc.run(main)


ENDED_LOCKED = """
import os
import subprocess
import sys
import threading
import goconc

goconc.go(goconc.lock_os_thread).join(timeout=10)  # the first worker's thread is used for nothing any more
started = []

async def give_way():
    while not started:
        await goconc.agosched()

waiting = goconc.go(give_way)
goconc.go(started.append, 1)
waiting.join(timeout=10)

def main():
    threading.Thread(target=lambda: goconc.go(started.append, 2)).start()
    while len(started) < 2:
        goconc.gosched()

goconc.run(main)
print(started)
"""


def test_others_start_beside_busy_ones_after_one_ended_locked(output_of):
    # rule GO-33, SCH-14
    assert output_of(ENDED_LOCKED, GOCONC_MAXPROCS="1") == "[1, 2]\n"
