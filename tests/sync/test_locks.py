"""Mutex and RWMutex."""

import copy
import pickle

import pytest

import goconc
from goconc.sync import Mutex, RWMutex


async def lock(kind, mu, **limits):
    if kind.awaits:
        await mu.alock(**limits)
    else:
        mu.lock(**limits)


@pytest.fixture(params=[Mutex, RWMutex, lambda: RWMutex().rlocker()], ids=["Mutex", "RWMutex", "RLocker"])
def locker(request):
    return request.param()


def test_excludes_others(every_kind):  # rule MU-01, RW-01
    mu, rw = Mutex(), RWMutex()
    counts = [0, 0]

    async def worker():
        for _ in range(100):
            for i, m in enumerate((mu, rw)):
                await lock(every_kind, m)
                seen = counts[i]
                await every_kind.gosched()
                counts[i] = seen + 1
                m.unlock()

    async def main():
        for handle in [every_kind.go(worker) for _ in range(4)]:
            await every_kind.join(handle)

    every_kind.run(main)
    assert counts == [400, 400]


def test_anybody_may_unlock(kind):  # rule MU-02
    async def main():
        mu = Mutex()
        await lock(kind, mu)

        async def other():
            mu.unlock()

        await kind.join(kind.go(other))
        assert mu.try_lock()

    kind.run(main)


def test_unlock_of_unlocked():  # rule MU-03, RW-05; Go: TestMutexMisuse
    mu, rw = Mutex(), RWMutex()
    with pytest.raises(RuntimeError, match="unlock of unlocked mutex"):
        mu.unlock()
    with pytest.raises(RuntimeError, match="unlock of unlocked RWMutex"):
        rw.unlock()
    with pytest.raises(RuntimeError, match="runlock of unlocked RWMutex"):
        rw.runlock()
    rw.rlock()
    with pytest.raises(RuntimeError, match="unlock of unlocked RWMutex"):
        rw.unlock()
    assert rw.try_rlock()
    rw.runlock()
    rw.runlock()
    with pytest.raises(RuntimeError, match="runlock of unlocked RWMutex"):
        rw.runlock()
    rw.lock()
    with pytest.raises(RuntimeError, match="runlock of unlocked RWMutex"):
        rw.runlock()
    assert not rw.try_rlock()
    assert mu.try_lock()
    assert not mu.try_lock()  # the state had not changed


def test_try_lock():  # rule MU-04, RW-06
    mu, rw = Mutex(), RWMutex()
    assert mu.try_lock()
    assert not mu.try_lock()
    assert rw.try_rlock()
    assert rw.try_rlock()
    assert not rw.try_lock()
    rw.runlock()
    rw.runlock()
    assert rw.try_lock()
    assert not rw.try_rlock()
    assert not rw.try_lock()


def test_waiters_come_in_their_order(kind):  # rule MU-08
    order = []

    async def waiter(mu, i):
        await lock(kind, mu)
        order.append(i)
        mu.unlock()

    async def main():
        mu = Mutex()
        await lock(kind, mu)
        handles = []
        for i in range(5):
            handles.append(kind.go(waiter, mu, i))
            await kind.parked(handles[-1], on="sync.Mutex.Lock")
        mu.unlock()
        for handle in handles:
            await kind.join(handle)

    kind.run(main)
    assert order == list(range(5))


def test_a_hog_does_not_starve_others(kind):  # rule MU-06; Go: TestMutexFairness
    async def main():
        mu = Mutex()
        stop = []

        async def hog():
            while not stop:
                await lock(kind, mu)
                await kind.sleep(0.0002)
                mu.unlock()

        handle = kind.go(hog)
        for _ in range(10):
            await kind.sleep(0.0002)
            await lock(kind, mu, timeout=10)
            mu.unlock()
        stop.append(True)
        await kind.join(handle)

    kind.run(main)


def test_no_copies(locker):  # rule MU-09
    for spoil in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle or copy"):
            spoil(locker)


def test_context_manager(kind, locker):  # rule MU-10, RW-07
    async def body(end):
        if kind.awaits:
            async with locker:
                raise end
        with locker:
            raise end

    async def main():
        with pytest.raises(KeyError):
            await body(KeyError())
        with pytest.raises(goconc.Canceled):
            await kind.join(kind.go(body, goconc.GoroutineExit()))
        assert locker.try_lock()

    kind.run(main)


def test_time_limit(every_kind, locker):
    async def main():
        await lock(every_kind, locker)
        if isinstance(locker, (Mutex, RWMutex)):
            with pytest.raises(TimeoutError, match="Lock timed out"):
                await lock(every_kind, locker, timeout=0.01)
            with pytest.raises(TimeoutError):
                await lock(every_kind, locker, timeout=0)
        locker.unlock()
        await lock(every_kind, locker, timeout=10)

    every_kind.run(main)


def test_a_blocking_lock_in_an_async_goroutine_is_refused(locker):
    async def main():
        with pytest.raises(RuntimeError, match=r"await .*\.alock\(\) instead"):
            locker.lock()
        with pytest.raises(RuntimeError, match=r"await .*\.alock\(\) instead"), locker:
            pass
        assert locker.try_lock()

    goconc.run(main)


def test_a_cancelled_waiter_has_no_lock_and_keeps_nobody_out(kind):
    async def main():
        mu = Mutex()
        await lock(kind, mu)

        async def waiter():
            await lock(kind, mu)

        first, second = kind.go(waiter), kind.go(waiter)
        await kind.parked(first, second)
        first.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(first)
        mu.unlock()
        await kind.join(second)
        mu.unlock()
        assert mu.try_lock()

    kind.run(main)


def test_cancel_and_unlock_race(kind):
    """Whoever comes first, the lock is not lost."""

    async def main():
        for _ in range(100):
            mu = Mutex()
            await lock(kind, mu)

            async def waiter(mu=mu):
                await lock(kind, mu)
                mu.unlock()

            handles = [kind.go(waiter) for _ in range(3)]
            await kind.parked(*handles)
            mu.unlock()
            handles[0].cancel()
            for handle in handles[1:]:
                await kind.join(handle)
            try:
                await kind.join(handles[0])
            except goconc.Canceled:
                pass
            assert mu.try_lock()

    kind.run(main)


def test_a_waiting_writer_keeps_readers_out(kind):  # rule RW-02
    async def main():
        rw = RWMutex()
        rw.try_rlock()

        async def writer():
            await lock(kind, rw)

        handle = kind.go(writer)
        await kind.parked(handle, on="sync.RWMutex.Lock")
        assert not rw.try_rlock()
        rw.runlock()
        await kind.join(handle)
        assert not rw.try_rlock()

    kind.run(main)


def test_a_writer_that_gives_up_lets_readers_in(kind):  # rule RW-02
    async def main():
        rw = RWMutex()
        rw.try_rlock()

        async def writer():
            await lock(kind, rw)

        async def reader():
            await lock(kind, rw.rlocker())

        w = kind.go(writer)
        await kind.parked(w)
        r = kind.go(reader)
        await kind.parked(r, on="sync.RWMutex.RLock")
        w.cancel()
        await kind.join(r)

    kind.run(main)


def test_readers_enter_together_before_the_next_writer(kind):  # rule RW-03
    order = []

    async def main():
        rw = RWMutex()
        rw.try_lock()

        async def writer(i):
            await lock(kind, rw)
            order.append(f"W{i}")
            rw.unlock()

        async def reader(i):
            await lock(kind, rw.rlocker())
            order.append(f"R{i}")
            rw.runlock()

        handles = []
        for i in range(2):
            for body in (writer, reader):
                handles.append(kind.go(body, i))
                await kind.parked(handles[-1])
        rw.unlock()
        for handle in handles:
            await kind.join(handle)

    kind.run(main)
    assert sorted(order[:2]) == ["R0", "R1"]
    assert order[2:] == ["W0", "W1"]


def test_hammered_rwmutex(every_kind):  # rule RW-01; Go: TestRWMutex
    rw = RWMutex()
    inside = [0, 0]

    async def reader():
        for _ in range(50):
            await lock(every_kind, rw.rlocker())
            assert inside[1] == 0
            await every_kind.gosched()
            assert inside[1] == 0
            rw.runlock()

    async def writer():
        for _ in range(50):
            await lock(every_kind, rw)
            inside[1] += 1
            assert inside[1] == 1
            await every_kind.gosched()
            inside[1] -= 1
            rw.unlock()

    async def main():
        for handle in [every_kind.go(body) for body in (reader, writer, reader, writer, reader)]:
            await every_kind.join(handle)

    every_kind.run(main)


@pytest.mark.parametrize("make", [Mutex, RWMutex, lambda: RWMutex().rlocker()], ids=["Mutex", "RWMutex", "RLocker"])
def test_what_came_for_a_closed_operation_goes_to_the_next(make):
    """The wait was served, but whoever was to go on with it never does."""

    async def main():
        locker = make()
        if isinstance(locker, (Mutex, RWMutex)):
            assert locker.try_lock()
            free = locker.unlock
        else:
            rw = RWMutex()
            assert rw.try_lock()
            locker, free = rw.rlocker(), rw.unlock
        operation = locker.alock()

        async def first():
            with pytest.raises(RuntimeError, match="cannot reuse an operation"):
                await operation

        async def second():
            await locker.alock()

        handles = [goconc.go(first), goconc.go(second)]
        while not all("sync." in repr(handle) for handle in handles):
            await goconc.agosched()
        free()
        operation.close()
        for handle in handles:
            await handle
        locker.unlock()
        whole = locker if isinstance(locker, (Mutex, RWMutex)) else rw
        assert whole.try_lock()

    goconc.run(main, procs=1)
