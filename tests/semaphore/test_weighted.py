"""semaphore.Weighted."""

import copy
import gc
import threading

import pytest

import goconc
from goconc import context
from goconc.semaphore import Weighted


async def acquire(kind, sem, n=1, **limits):
    if kind.name == "async":
        await sem.aacquire(n, **limits)
    else:
        sem.acquire(n, **limits)


def free(sem):
    """How many tokens could be had at once."""
    for n in range(sem.size, -1, -1):
        if sem.try_acquire(n):
            sem.release(n)
            return n
    return None  # somebody waits


def test_weighted(any_kind):
    # rule SW-01 (Go: TestWeighted)
    async def main():
        sem = Weighted(3)
        inside, most = [], []

        async def work(n):
            for _ in range(20):
                await acquire(any_kind, sem, n)
                inside.append(n)
                most.append(sum(inside))
                await any_kind.gosched()
                inside.remove(n)
                sem.release(n)

        for handle in [any_kind.go(work, n) for n in (1, 2, 3, 1)]:
            await any_kind.join(handle)
        assert max(most) <= 3
        assert free(sem) == 3

    any_kind.run(main)


def test_released_more_than_held():
    # rule SW-05 (Go: TestWeightedPanic)
    sem = Weighted(2)
    sem.acquire()
    with pytest.raises(RuntimeError, match="semaphore: released more than held"):
        sem.release(2)
    assert free(sem) == 1
    sem.release()
    with pytest.raises(RuntimeError):
        sem.release()
    assert free(sem) == 2


def test_try_acquire():
    # rule SW-01 (Go: TestWeightedTryAcquire)
    sem = Weighted(2)
    assert sem.try_acquire()
    assert sem.try_acquire()
    assert not sem.try_acquire()
    assert sem.try_acquire(0)
    sem.release(2)
    assert sem.try_acquire(2)
    assert not Weighted(1).try_acquire(2)


def test_time_limit(any_kind):
    # rule SW-01 (Go: TestWeightedAcquire)
    async def main():
        sem = Weighted(2)
        await acquire(any_kind, sem)
        await acquire(any_kind, sem, timeout=0)
        with pytest.raises(TimeoutError, match="acquire timed out"):
            await acquire(any_kind, sem, timeout=0.001)
        with context.with_timeout(context.background(), 0.001) as ctx, pytest.raises(goconc.DeadlineExceeded):
            await acquire(any_kind, sem, ctx=ctx)
        sem.release(2)
        await acquire(any_kind, sem, 2)
        assert free(sem) == 0
        sem.release(2)

    any_kind.run(main)


def test_more_than_there_are(any_kind):
    # rule SW-04 (Go: TestWeightedDoesntBlockIfTooBig)
    async def main():
        sem = Weighted(2)
        with context.with_cancel(context.background()) as ctx:
            big = any_kind.go(acquire, any_kind, sem, 3)
            cancelled = any_kind.go(lambda: acquire(any_kind, sem, 3, ctx=ctx))
            await any_kind.parked(cancelled)
        with pytest.raises(goconc.Canceled):
            await any_kind.join(cancelled)
        if any_kind.goroutines:
            big.cancel()
            with pytest.raises(goconc.Canceled):
                await any_kind.join(big)
            assert free(sem) == 2

    if any_kind.goroutines:
        any_kind.run(main)


def test_a_large_one_is_not_overtaken(any_kind):
    # rule SW-03 (Go: TestLargeAcquireDoesntStarve)
    async def main():
        sem = Weighted(3)
        order = []
        await acquire(any_kind, sem)

        async def take(n):
            await acquire(any_kind, sem, n)
            order.append(n)

        waiting = []
        for n in (3, 1):
            waiting.append(any_kind.go(take, n))
            await any_kind.parked(waiting[-1])
            while sem.try_acquire():  # a thread may not have come to its place yet
                sem.release()
        assert not sem.try_acquire()
        if any_kind.goroutines:
            sem.release()
            await any_kind.join(waiting[0])
            assert not waiting[1].done()
            sem.release(3)
        else:
            sem.release()
            while not order:
                await any_kind.gosched()
            sem.release(order[0])
            while len(order) < 2:
                await any_kind.gosched()
            sem.release(order[1])
        for each in waiting:
            await any_kind.join(each)
        if any_kind.goroutines:
            assert order == [3, 1]
            sem.release()
        assert free(sem) == 3

    any_kind.run(main)


def test_in_order_of_arrival(kind):
    # rule SW-03
    async def main():
        sem = Weighted(1)
        order = []
        await acquire(kind, sem)

        async def take(n):
            await acquire(kind, sem)
            order.append(n)
            sem.release()

        waiting = []
        for n in range(10):
            waiting.append(kind.go(take, n))
            await kind.parked(waiting[-1])
        sem.release()
        for each in waiting:
            await kind.join(each)
        assert order == list(range(10))

    kind.run(main)


def test_a_context_that_is_done_already(any_kind):
    # rule SW-02 (Go: TestWeightedAcquireCanceled)
    async def main():
        sem = Weighted(1)
        ctx, cancel = context.with_cancel_cause(context.background())
        reason = ValueError("why")
        cancel(reason)
        with pytest.raises(goconc.Canceled) as caught:
            await acquire(any_kind, sem, ctx=ctx)
        assert caught.value.__cause__ is reason
        assert free(sem) == 1

    any_kind.run(main)


def test_whoever_gives_up_lets_the_next_through(any_kind):
    # rule SW-06 (Go: TestAllocCancelDoesntStarve)
    async def main():
        sem = Weighted(10)
        await acquire(any_kind, sem)
        ctx, cancel = context.with_cancel(context.background())
        large = any_kind.go(lambda: acquire(any_kind, sem, 10, ctx=ctx))
        await any_kind.parked(large)
        while sem.try_acquire():
            sem.release()
        small = any_kind.go(acquire, any_kind, sem)
        await any_kind.parked(small)
        cancel()
        await any_kind.join(small)
        with pytest.raises(goconc.Canceled):
            await any_kind.join(large)
        sem.release(2)
        assert free(sem) == 10

    any_kind.run(main)


def test_tokens_are_not_lost_when_the_end_of_the_wait_races_with_the_release(any_kind):
    # rule SW-06
    async def main():
        sem = Weighted(1)

        async def take(ctx):
            try:
                await acquire(any_kind, sem, ctx=ctx)
            except goconc.Canceled:
                return False
            sem.release()
            return True

        for _ in range(30):
            await acquire(any_kind, sem)
            ctx, cancel = context.with_cancel(context.background())
            taking = any_kind.go(take, ctx)
            await any_kind.gosched()
            sem.release()
            cancel()
            await any_kind.join(taking)
            assert free(sem) == 1

    any_kind.run(main)


def test_a_cancelled_goroutine_takes_nothing(kind):
    # rule SW-01, SW-06
    async def main():
        sem = Weighted(2)
        await acquire(kind, sem, 2)
        waiting = kind.go(acquire, kind, sem, 2)
        await kind.parked(waiting)
        sem.release()
        waiting.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(waiting)
        assert free(sem) == 1
        sem.release()

    kind.run(main)


def test_blocks(kind):
    # rule MU-10 (API: context manager)
    async def main():
        sem = Weighted(3)
        if kind.name == "async":
            async with sem:
                assert free(sem) == 2
            async with sem.hold(3):
                assert free(sem) == 0
            with pytest.raises(KeyError):
                async with sem.hold(2, timeout=1):
                    raise KeyError
        else:
            with sem:
                assert free(sem) == 2
            with sem.hold(3):
                assert free(sem) == 0
            with pytest.raises(KeyError), sem.hold(2, timeout=1):
                raise KeyError
        assert free(sem) == 3

    kind.run(main)


def test_blocking_in_an_async_goroutine_is_refused():
    # rule PY-06 (API): also where it would not block
    async def main():
        sem = Weighted(1)
        for attempt in (sem.acquire, sem.__enter__, sem.hold().__enter__):
            with pytest.raises(RuntimeError, match=r"await aacquire\(\) instead"):
                attempt()
        assert free(sem) == 1

    goconc.run(main)


def test_a_finalizer_may_release():
    # rule PY-08
    sem = Weighted(100)

    class Holder:
        def __init__(self):
            sem.acquire()
            self.me = self

        def __del__(self):
            sem.release()

    for _ in range(2000):
        if not sem.try_acquire(20):
            gc.collect()
        else:
            sem.release(20)
        Holder()
    gc.collect()
    gc.collect()
    assert free(sem) == 100


def test_threads_and_goroutines_at_once(thread):
    # rule SW-01, SW-03
    sem = Weighted(3)
    count = [0]
    lock = threading.Lock()

    def hammer(rounds):
        for n in range(rounds):
            with sem.hold(n % 3 + 1):
                with lock:
                    count[0] += 1

    async def ahammer(rounds):
        for n in range(rounds):
            async with sem.hold(n % 3 + 1):
                with lock:
                    count[0] += 1

    def main():
        threads = [thread(hammer, 100) for _ in range(3)]
        goroutines = [goconc.go(f, 100) for f in (hammer, ahammer, hammer, ahammer)]
        for each in goroutines:
            each.join()
        return threads

    for each in goconc.run(main):
        each.join()
    assert count == [700]
    assert free(sem) == 3


@pytest.mark.parametrize("wrong", [1.5, "1", None, True], ids=repr)
def test_wrong_types(wrong):
    # rule SW-01 (API: wrong arguments)
    sem = Weighted(1)
    for call in (Weighted, sem.acquire, sem.try_acquire, sem.release):
        with pytest.raises(TypeError, match="n must be an int"):
            call(wrong)


@pytest.mark.parametrize("wrong", [-1, 1 << 63])
def test_wrong_numbers(wrong):
    # rule SW-01 (API: wrong arguments)
    sem = Weighted(1)
    for call in (Weighted, sem.acquire, sem.try_acquire, sem.release):
        with pytest.raises(ValueError, match="n must be between"):
            call(wrong)


def test_what_it_is():
    # rule PY-12
    sem = Weighted(5)
    sem.acquire(2)
    assert sem.size == 5
    assert repr(sem) == "<Weighted 2 of 5 taken>"
    with pytest.raises(TypeError):
        copy.copy(sem)
