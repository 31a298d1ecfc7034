"""Cond."""

import copy
import signal

import pytest

import goconc
from goconc.sync import Cond, Mutex, RWMutex


async def lock(kind, mu):
    if kind.awaits:
        await mu.alock()
    else:
        mu.lock()


async def wait(kind, cond, **limits):
    if kind.awaits:
        await cond.await_(**limits)
    else:
        cond.wait(**limits)


def waiting(kind, cond, woken):
    async def waiter(i):
        await lock(kind, cond.l)
        try:
            await wait(kind, cond)
            woken.append(i)
            assert not cond.l.try_lock()
        finally:
            cond.l.unlock()

    return waiter


def test_signals_wake_in_order(kind):  # rule CO-01, CO-02, CO-04
    async def main():
        cond, woken = Cond(), []
        waiter = waiting(kind, cond, woken)
        handles = []
        for i in range(4):
            handles.append(kind.go(waiter, i))
            await kind.parked(handles[-1], on="sync.Cond.Wait")
        for i in range(3):
            cond.signal()  # rule CO-03: without the lock
            await kind.join(handles[i])
            assert woken == list(range(i + 1))
        assert not handles[3].done()
        cond.signal()
        await kind.join(handles[3])

    kind.run(main)


def test_broadcast(kind):
    async def main():
        cond, woken = Cond(Mutex()), []
        handles = [kind.go(waiting(kind, cond, woken), i) for i in range(4)]
        await kind.parked(*handles, on="sync.Cond.Wait")
        cond.broadcast()
        for handle in handles:
            await kind.join(handle)
        assert sorted(woken) == [0, 1, 2, 3]

    kind.run(main)


def test_a_signal_for_nobody_is_lost(every_kind):  # rule CO-03
    async def main():
        cond = Cond()
        cond.signal()
        cond.broadcast()
        await lock(every_kind, cond.l)
        with pytest.raises(TimeoutError):
            await wait(every_kind, cond, timeout=0.01)
        assert not cond.l.try_lock()  # locked again
        cond.l.unlock()

    every_kind.run(main)


def test_a_cancelled_waiter_locks_again_and_passes_its_signal_on(kind):  # rule CO-06
    async def main():
        cond, woken = Cond(), []
        waiter = waiting(kind, cond, woken)
        first, second = kind.go(waiter, 0), kind.go(waiter, 1)
        await kind.parked(first, second, on="sync.Cond.Wait")
        first.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(first)
        cond.signal()
        await kind.join(second)
        assert woken == [1]
        assert cond.l.try_lock()

    kind.run(main)


@pytest.mark.usefixtures("one_processor")
def test_a_signal_for_one_that_is_cancelled_goes_to_the_next(kind):  # rule CO-06
    """It comes when the cancellation has won already, and its waiter has not run since."""

    async def main():
        cond, woken = Cond(), []
        waiter = waiting(kind, cond, woken)
        first, second = kind.go(waiter, 0), kind.go(waiter, 1)
        await kind.parked(first, second, on="sync.Cond.Wait")
        first.cancel()
        cond.signal()
        await kind.join(second)
        assert woken == [1]
        with pytest.raises(goconc.Canceled):
            await kind.join(first)

    kind.run(main)


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs signals")
def test_an_interrupted_wait_locks_again(kind):  # rule CO-06
    async def main():
        cond = Cond()
        main_goroutine = goconc.current()

        async def interrupt():
            await kind.parked(main_goroutine, on="sync.Cond.Wait")
            signal.raise_signal(signal.SIGINT)

        await lock(kind, cond.l)
        kind.go(interrupt)
        with pytest.raises(KeyboardInterrupt):
            await wait(kind, cond)
        assert not cond.l.try_lock()
        assert not cond._line

    kind.run(main)


def test_context_manager(every_kind):
    async def main():
        cond = Cond(RWMutex())
        if every_kind.awaits:
            async with cond:
                assert not cond.l.try_lock()
        else:
            with cond:
                assert not cond.l.try_lock()
        assert cond.l.try_lock()

    every_kind.run(main)


def test_the_reading_side(kind):  # rule CO-01
    async def main():
        rw, woken = RWMutex(), []
        cond = Cond(rw.rlocker())

        async def waiter():
            await lock(kind, cond.l)
            await wait(kind, cond)
            woken.append(rw.try_lock())
            cond.l.unlock()

        handles = [kind.go(waiter) for _ in range(2)]
        await kind.parked(*handles)
        cond.broadcast()
        for handle in handles:
            await kind.join(handle)
        assert woken == [False, False]

    kind.run(main)


def test_wait_without_the_lock(kind):  # rule CO-01
    async def main():
        cond = Cond()
        with pytest.raises(RuntimeError, match="unlock of unlocked mutex"):
            await wait(kind, cond)

    kind.run(main)


def test_no_copies():  # rule CO-05
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        copy.copy(Cond())
