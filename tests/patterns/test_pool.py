"""worker_pool, for_each, catching, progress."""

import itertools
import sys
import threading
import types

import pytest

import goconc
from goconc import context, patterns


async def for_each(reader, *args, **options):
    if reader.name == "async":
        return await patterns.afor_each(*args, **options)
    return patterns.for_each(*args, **options)


@pytest.mark.parametrize("ordered", [False, True])
def test_worker_pool(reader, function, ordered):
    # rule PAT-10
    async def main():
        async def square(n):
            await function.kind.sleep(0.0005 * (n % 3))
            return n * n

        async with reader.opened(patterns.worker_pool(function(square), range(40), 5, ordered=ordered)) as results:
            found = await reader.values(results)
        assert (found if ordered else sorted(found)) == [n * n for n in range(40)]

    reader.run(main)


def test_workers_are_bounded(reader, function):
    # rule PAT-03
    async def main():
        lock, busy, most = threading.Lock(), 0, 0

        async def work(n):
            nonlocal busy, most
            with lock:
                busy += 1
                most = max(most, busy)
            await function.kind.sleep(0.001)
            with lock:
                busy -= 1

        await for_each(reader, function(work), range(30), 4)
        assert 1 <= most <= 4

    reader.run(main)


def test_jobs_without_end(reader):
    # rule PAT-04, PAT-07
    async def main():
        async with reader.opened(patterns.worker_pool(lambda n: n, itertools.count(), 3)) as results:
            assert len(await reader.values(results, most=100)) == 100

    reader.run(main)


def test_for_each(reader, function):
    # rule PAT-10
    async def main():
        done = []

        async def work(n):
            await function.kind.gosched()
            done.append(n)

        await for_each(reader, function(work), range(20), 3)
        assert sorted(done) == list(range(20))
        await for_each(reader, function(work), [], 3)

    reader.run(main)


def test_for_each_stops_at_the_first_exception(reader, function):
    # rule PAT-05
    async def main():
        async def work(n):
            if n == 3:
                raise OSError(n)
            if n > 3:
                await function.kind.sleep(100)

        with pytest.raises(OSError) as caught:
            await for_each(reader, function(work), itertools.count(), 4)
        assert caught.value.args == (3,)

    reader.run(main)


def test_for_each_and_its_context(reader, function):
    # rule PAT-06
    async def main():
        async def work(n):
            await function.kind.sleep(100)

        with context.with_timeout(context.background(), 0.005) as ctx:
            with pytest.raises(goconc.DeadlineExceeded):
                await for_each(reader, function(work), itertools.count(), 4, ctx=ctx)

    reader.run(main)


def test_catching(reader, function):
    # rule PAT-10
    async def main():
        async def work(n):
            """Documented."""
            await function.kind.gosched()
            if n % 2:
                raise OSError(n)
            return str(n)

        caught = patterns.catching(function(work))
        async with reader.opened(patterns.worker_pool(caught, range(6), 3)) as outcomes:
            found = sorted(await reader.values(outcomes), key=lambda outcome: outcome.job)
        assert [outcome.value for outcome in found] == ["0", None, "2", None, "4", None]
        assert [outcome.error and outcome.error.args for outcome in found] == [None, (1,), None, (3,), None, (5,)]
        assert isinstance(found[0], patterns.Outcome)
        if function.name != "plain":
            assert found[0] == (0, "0", None)

    reader.run(main)


def test_catching_lets_what_ends_a_goroutine_pass(reader):
    # rule PAT-08
    async def main():
        def leave(n):
            goconc.goexit()

        async def aleave(n):
            goconc.goexit()

        for fn in (leave, aleave):
            with pytest.raises(goconc.Canceled):
                await reader.values(patterns.map(patterns.catching(fn), [1]))

    reader.run(main)


@pytest.mark.parametrize("ordered", [False, True])
def test_progress_is_told_by_one_goroutine_in_order(reader, function, ordered):
    # rule PAT-16
    async def main():
        told = []

        async def tell(done, total):
            await function.kind.gosched()
            told.append((done, total))

        pool = patterns.worker_pool(str, range(20), 4, ordered=ordered, progress=function(tell))
        assert sorted(await reader.values(pool), key=int) == [str(n) for n in range(20)]
        assert told == [(n, 20) for n in range(1, 21)]

        told.clear()
        await for_each(reader, str, iter(range(3)), 2, progress=function(tell))
        assert told == [(1, None), (2, None), (3, None)]

    reader.run(main)


def test_progress_of_a_stream(reader):
    # rule PAT-16
    async def main():
        told = []
        numbers = goconc.Chan(3)
        with numbers:
            for n in range(3):
                numbers.send_nowait(n)
        stream = patterns.progress(numbers, lambda *each: told.append(each), total=7)
        assert await reader.values(stream) == [0, 1, 2]
        assert told == [(1, 7), (2, 7), (3, 7)]
        assert await reader.values(patterns.progress(range(3), False)) == [0, 1, 2]

    reader.run(main)


def test_progress_that_fails(reader):
    # rule PAT-05
    async def main():
        def tell(done, total):
            raise OSError("no terminal")

        with pytest.raises(OSError, match="no terminal"):
            await reader.values(patterns.worker_pool(str, range(20), 4, progress=tell))

    reader.run(main)


class FakeBar:
    made = ()

    def __init__(self, total):
        self.total = total
        self.count = 0
        self.closed = False
        FakeBar.made += (self,)

    def update(self, n):
        self.count += n

    def close(self):
        self.closed = True


def test_progress_with_tqdm(reader, monkeypatch):
    # rule PAT-16
    package, auto = types.ModuleType("tqdm"), types.ModuleType("tqdm.auto")
    auto.tqdm = FakeBar
    monkeypatch.setitem(sys.modules, "tqdm", package)
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    monkeypatch.setattr(FakeBar, "made", ())

    async def main():
        assert len(await reader.values(patterns.worker_pool(str, range(20), 4, progress=True))) == 20
        async with reader.opened(patterns.progress(itertools.count())) as stream:
            assert await reader.recv(stream) == 0
            assert await reader.recv(stream) == 1
        assert await reader.values(patterns.progress([])) == []

    reader.run(main)
    pool, stream = FakeBar.made  # none for no values
    assert (pool.total, pool.count, pool.closed) == (20, 20, True)
    assert (stream.total, stream.closed) == (None, True)
    assert 1 <= stream.count <= 2


def test_progress_without_tqdm(monkeypatch):
    # rule PAT-16
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    for start in (
        lambda: patterns.worker_pool(str, range(20), 4, progress=True),
        lambda: patterns.for_each(str, range(20), 4, progress=True),
        lambda: patterns.progress(range(20)),
    ):
        before = goconc.num_goroutine()
        with pytest.raises(ImportError, match=r"=True needs tqdm: `pip install goconc\[progress\]`"):
            start()
        assert goconc.num_goroutine() == before
