"""Package sync between callers of different kinds, and in tasks of asyncio that are cancelled."""

import asyncio

import pytest

import goconc
from goconc.sync import Cond, Mutex, Once, RWMutex, WaitGroup


@pytest.fixture(params=["Mutex", "RWMutex", "RLocker"])
def locks(request):
    """A lock, and what keeps it locked for everybody."""
    whole = Mutex() if request.param == "Mutex" else RWMutex()
    return whole.rlocker() if request.param == "RLocker" else whole, whole


@pytest.mark.usefixtures("workers")
def test_everybody_at_one_lock(thread):  # rule MU-01, RW-01
    mu, rw, counts = Mutex(), RWMutex(), [0, 0]

    def plain(pause):
        for _ in range(60):
            for i, m in enumerate((mu, rw)):
                with m:
                    seen = counts[i]
                    pause()
                    counts[i] = seen + 1
            with rw.rlocker():
                assert counts[1] > 0

    async def coroutine(pause):
        for _ in range(60):
            for i, m in enumerate((mu, rw)):
                async with m:
                    seen = counts[i]
                    await pause()
                    counts[i] = seen + 1
            async with rw.rlocker():
                assert counts[1] > 0

    async def tasks():
        await asyncio.gather(*[coroutine(lambda: asyncio.sleep(0)) for _ in range(2)])

    def main():
        threads = [thread(plain, lambda: None), thread(asyncio.run, tasks())]
        with WaitGroup() as wg:
            wg.go(plain, goconc.gosched)
            wg.go(plain, goconc.gosched)
            wg.go(coroutine, goconc.agosched)
            wg.go(coroutine, goconc.agosched)
        for one in threads:
            goconc.blocking(one.join)

    goconc.run(main)
    assert counts == [420, 420]


@pytest.mark.usefixtures("workers")
def test_everybody_waits_for_one_group(thread):  # rule WG-05
    wg, cond, flag = WaitGroup(), Cond(), []
    wg.add(1)

    def plain():
        wg.wait()
        with cond:
            while not flag:
                cond.wait()
        return 1

    async def coroutine():
        await wg
        async with cond:
            while not flag:
                await cond
        return 1

    def main():
        threads = [thread(plain), thread(asyncio.run, coroutine())]
        handles = [goconc.go(plain), goconc.go(coroutine)]
        goconc.sleep(0.005)
        wg.done()
        goconc.sleep(0.005)
        with cond:
            flag.append(1)
        cond.broadcast()
        return [*[handle.join() for handle in handles], *[goconc.blocking(one.join) for one in threads]]

    assert goconc.run(main) == [1, 1, 1, 1]


async def turns():
    for _ in range(5):
        await asyncio.sleep(0)


async def cancelled(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_cancelled_task_has_no_lock(locks):
    locker, whole = locks

    async def main():
        assert whole.try_lock()
        first, second = asyncio.ensure_future(locker.alock()), asyncio.ensure_future(locker.alock())
        await turns()
        await cancelled(first)
        whole.unlock()
        await second
        locker.unlock()
        assert whole.try_lock()

    asyncio.run(main())


def test_a_task_that_is_cancelled_when_it_has_the_lock_unlocks_it(locks):  # rule PY-06, MU-10
    """The lock came first: the block begins, and the cancellation comes at its next suspension."""
    locker, whole = locks

    async def main():
        assert whole.try_lock()
        entered = []

        async def body():
            async with locker:
                entered.append(1)
                await asyncio.sleep(10)

        task = asyncio.ensure_future(body())
        await turns()
        whole.unlock()
        await cancelled(task)
        assert entered == [1]
        assert whole.try_lock()

    asyncio.run(main())


def test_a_cancelled_task_leaves_what_it_waits_for():
    async def main():
        wg, cond, once, release = WaitGroup(), Cond(), Once(), asyncio.Event()
        wg.add(1)

        async def wait_for_signal():
            async with cond:
                await cond

        first = asyncio.ensure_future(once.ado(release.wait))
        waiting = [asyncio.ensure_future(f()) for f in (wg.await_, wait_for_signal, lambda: once.ado(print))]
        await turns()
        for task in waiting:
            await cancelled(task)
        assert cond.l.try_lock()
        assert not cond._line
        release.set()
        await first
        await once.ado(print)
        wg.done()
        await wg

    asyncio.run(main())


def test_a_cancelled_task_locks_again():  # rule CO-06
    """However often it is cancelled while it waits for the lock."""

    async def main():
        cond = Cond()

        async def body():
            async with cond:
                try:
                    await cond
                finally:
                    assert not cond.l.try_lock()

        task = asyncio.ensure_future(body())
        await turns()
        await cond.l.alock()
        for _ in range(3):
            task.cancel()
            await turns()
            assert not task.done()
        cond.l.unlock()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cond.l.try_lock()

    asyncio.run(main())
