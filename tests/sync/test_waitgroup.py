"""WaitGroup."""

import asyncio
import copy

import pytest

import goconc
from goconc.sync import AtomicInt, Mutex, WaitGroup


async def wait(kind, wg, **limits):
    if not kind.awaits:
        wg.wait(**limits)
    elif limits:
        await wg.await_(**limits)
    else:
        await wg


def test_waits_for_zero(every_kind):  # rule WG-01, WG-05
    wg = WaitGroup()
    ended = AtomicInt()

    async def waiter():
        await wait(every_kind, wg)
        return ended.load()

    async def main():
        await wait(every_kind, wg)  # at once
        wg.add(2)
        handles = [every_kind.go(waiter) for _ in range(3)]
        await every_kind.parked(*handles, on="sync.WaitGroup.Wait" if every_kind.goroutines else "")
        for _ in range(2):
            ended.add(1)
            wg.done()
        assert [await every_kind.join(h) for h in handles] == [2, 2, 2]

    every_kind.run(main)


def test_negative_counter():  # rule WG-02
    wg = WaitGroup()
    wg.add(1)
    with pytest.raises(RuntimeError, match="negative WaitGroup counter"):
        wg.add(-2)
    wg.done()
    with pytest.raises(RuntimeError, match="negative WaitGroup counter"):
        wg.done()
    wg.wait()


def test_reused_too_early():  # rule WG-04
    async def main():
        wg = WaitGroup()
        wg.add(1)

        async def waiter():
            await wg

        handle = goconc.go(waiter)
        while "WaitGroup" not in repr(handle):
            await goconc.agosched()
        wg.done()
        wg.add(1)
        with pytest.raises(RuntimeError, match="reused before previous wait has returned"):
            await handle
        wg.done()

    goconc.run(main, procs=1)


def test_used_again(kind):  # rule WG-04
    async def main():
        wg = WaitGroup()
        for _ in range(3):
            wg.add(1)
            kind.go(done, wg)
            await wait(kind, wg)

    async def done(wg):
        wg.done()

    kind.run(main)


@pytest.mark.parametrize("end", ["returns", "raises", "goexit", "cancelled", "cancelled at once"])
def test_go_counts_until_the_end(kind, end):  # rule WG-06
    async def body():
        if end == "raises":
            raise KeyError
        if end == "goexit":
            goconc.goexit()
        if end == "cancelled":
            await kind.recv(goconc.Chan())

    async def main():
        wg = WaitGroup()
        handle = wg.go(body) if kind.awaits else wg.go(lambda: drive(body()))
        if end == "cancelled":
            await kind.parked(handle)
        if end.startswith("cancelled"):
            handle.cancel()
        await wait(kind, wg, timeout=10)
        if end == "raises":
            with pytest.raises(KeyError):
                await kind.join(handle)

    kind.run(main)


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        pass


def test_go_in_go(kind):  # rule WG-06; Go: TestIssue76126
    async def main():
        wg, seen = WaitGroup(), AtomicInt()

        def inner():
            seen.add(1)

        def outer():
            for _ in range(5):
                wg.go(inner)

        for _ in range(5):
            wg.go(outer)
        await wait(kind, wg)
        assert seen.load() == 25

    kind.run(main)


def test_time_limit(every_kind):
    async def main():
        wg = WaitGroup()
        wg.add(1)
        with pytest.raises(TimeoutError):
            await wait(every_kind, wg, timeout=0.01)
        wg.done()

    every_kind.run(main)


def test_context_manager(kind):
    async def main():
        seen = []
        if kind.awaits:
            async with WaitGroup() as wg:
                wg.go(seen.append, 1)
        else:
            with WaitGroup() as wg:
                wg.go(seen.append, 1)
        assert seen == [1]

    kind.run(main)


def test_no_copies():
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        copy.copy(WaitGroup())


def test_a_blocking_wait_in_an_async_goroutine_is_refused():
    async def main():
        with pytest.raises(RuntimeError, match="await the WaitGroup instead"):
            WaitGroup().wait()

    goconc.run(main)


def test_tasks_of_asyncio():
    async def main():
        mu, total = Mutex(), [0]

        async def task():
            for _ in range(20):
                async with mu:
                    seen = total[0]
                    await asyncio.sleep(0)
                    total[0] = seen + 1

        def goroutine():
            for _ in range(20):
                with mu:
                    seen = total[0]
                    goconc.gosched()
                    total[0] = seen + 1

        async with WaitGroup() as wg:
            wg.go(goroutine)
            await asyncio.gather(*[task() for _ in range(3)])
        assert total == [80]

        await mu.alock()
        waiting = asyncio.ensure_future(task())
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        mu.unlock()
        assert mu.try_lock()

    asyncio.run(main())
