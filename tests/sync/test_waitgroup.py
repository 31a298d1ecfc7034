"""WaitGroup."""

import copy

import pytest

import goconc
from goconc.sync import AtomicInt, WaitGroup


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


def test_go_in_go(kind):  # rule WG-06; Go: TestWaitGroupGo
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


def test_a_block_left_by_an_exception_does_not_wait(every_kind):
    async def main():
        wg = WaitGroup()
        wg.add(1)
        with pytest.raises(KeyError):
            if every_kind.awaits:
                async with wg:
                    raise KeyError
            with wg:
                raise KeyError
        wg.done()

    every_kind.run(main)


def test_too_many():  # rule WG-02
    wg = WaitGroup()
    wg.add(2**63 - 1)
    for add in (lambda: wg.add(1), lambda: wg.go(print)):
        with pytest.raises(OverflowError):
            add()
    with pytest.raises(OverflowError):
        wg.add(2**63)
    wg.add(1 - 2**63)
    wg.wait()


def test_what_cannot_start_is_not_counted(kind):  # rule WG-06
    wg, left = WaitGroup(), []

    async def body():
        try:
            await kind.recv(goconc.Chan())
        finally:
            for wrong in (print, None):
                with pytest.raises((RuntimeError, TypeError)):
                    wg.go(wrong)
            with goconc.shield():
                await wait(kind, wg, timeout=10)
            left.append(1)

    async def main():
        await kind.parked(kind.go(body))

    kind.run(main)
    assert left == [1]
    with pytest.raises(TypeError, match="needs a function"):
        wg.go()


def test_a_wait_for_nothing_hears_of_a_cancellation(kind):  # rule WG-06
    async def main():
        wg, reached = WaitGroup(), []

        async def body():
            goconc.current().cancel()
            await wait(kind, wg)
            reached.append(1)

        with pytest.raises(goconc.Canceled):
            await kind.join(kind.go(body))
        assert not reached

    kind.run(main)


def test_go_takes_arguments(kind):  # rule WG-06
    async def main():
        wg, seen = WaitGroup(), []
        handle = wg.go(lambda a, *, b: seen.append((a, b)) or 7, 1, b=2)
        await wait(kind, wg)
        assert seen == [(1, 2)]
        assert await kind.join(handle) == 7

    kind.run(main)


def test_no_copies():
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        copy.copy(WaitGroup())


def test_a_blocking_wait_in_an_async_goroutine_is_refused():
    async def main():
        with pytest.raises(RuntimeError, match="await the WaitGroup instead"):
            WaitGroup().wait()

    goconc.run(main)
