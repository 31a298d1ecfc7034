"""map, filter, flat_map."""

import itertools
import threading

import pytest

import goconc
from goconc import patterns


class Load:
    """How many are in it at once."""

    def __init__(self):
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __enter__(self):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *exc):
        with self._lock:
            self.now -= 1


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_map_in_order(reader, function, workers):
    # rule PAT-10, PAT-03
    async def main():
        load = Load()

        async def square(n):
            with load:
                await function.kind.sleep(0.001 * (n % 3))
                return n * n

        assert await reader.values(patterns.map(function(square), range(30), workers=workers)) == [
            n * n for n in range(30)
        ]
        assert load.most <= workers

    reader.run(main)


def test_map_as_they_come(reader, function):
    # rule PAT-10
    async def main():
        gate = goconc.Chan()

        async def wait_for_others(n):
            if n == 0:
                await function.kind.recv(gate)
            return n

        stream = patterns.map(function(wait_for_others), range(10), workers=3, ordered=False)
        found = [await reader.recv(stream) for _ in range(9)]
        assert sorted(found) == list(range(1, 10))
        await reader.send(gate, None)
        assert await reader.values(stream) == [0]

    reader.run(main)


@pytest.mark.parametrize("ordered", [True, False])
def test_map_reads_ahead_by_a_job_for_each_worker(reader, ordered):
    # rule PAT-04
    async def main():
        taken = []

        def values():
            for n in itertools.count():
                taken.append(n)
                yield n

        async with reader.opened(patterns.map(str, values(), workers=4, ordered=ordered)) as stream:
            for read in range(1, 20):
                await reader.recv(stream)
                await reader.sleep(0.001)
                assert len(taken) <= read + 6  # and one that is on offer, one on its way

    reader.run(main)


def test_map_in_order_holds_back_those_that_are_done(reader):
    # rule PAT-10
    async def main():
        gate = goconc.Chan()

        def first_waits(n):
            if n == 0:
                gate.recv()
            return n

        stream = patterns.map(first_waits, range(10), workers=3)
        with pytest.raises(TimeoutError):
            await reader.recv(stream, timeout=0.01)
        await reader.send(gate, None)
        assert await reader.values(stream) == list(range(10))

    reader.run(main)


@pytest.mark.parametrize("ordered", [True, False])
def test_map_fails(reader, function, ordered):
    # rule PAT-05
    async def main():
        async def fail(n):
            if n == 5:
                raise OSError(n)
            if n > 5:
                await function.kind.sleep(100)
            return n

        stream = patterns.map(function(fail), itertools.count(), workers=4, ordered=ordered)
        found = []
        with pytest.raises(OSError):
            while True:
                found.append(await reader.recv(stream))
        assert set(found) <= set(range(5))

    reader.run(main)


def test_none_is_a_value(reader):
    # rule PAT-02
    async def main():
        assert await reader.values(patterns.map(lambda n: None, range(3), workers=2)) == [None] * 3

    reader.run(main)


def test_filter(reader, function):
    # rule PAT-11
    async def main():
        async def odd(n):
            await function.kind.gosched()
            return n % 2

        assert await reader.values(patterns.filter(function(odd), range(10))) == [1, 3, 5, 7, 9]

    reader.run(main)


def test_flat_map(reader, function):
    # rule PAT-11
    async def main():
        async def several(n):
            await function.kind.gosched()
            return [n] * n

        assert await reader.values(patterns.flat_map(function(several), range(4))) == [1, 2, 2, 3, 3, 3]
        assert await reader.values(patterns.flat_map(range, range(4))) == [0, 0, 1, 0, 1, 2]

    reader.run(main)


def test_flat_map_of_generators(reader):
    # rule PAT-11
    async def main():
        closed = []

        async def forever(n):
            try:
                while True:
                    await goconc.agosched()
                    yield n
            finally:
                closed.append(n)

        async def pair(n):
            yield n
            yield n

        assert await reader.values(patterns.flat_map(pair, range(3))) == [0, 0, 1, 1, 2, 2]
        async with reader.opened(patterns.flat_map(forever, [7])) as stream:
            assert [await reader.recv(stream), await reader.recv(stream)] == [7, 7]
        assert closed == [7]

    reader.run(main)


def test_a_plain_function_may_wait_in_goconc(reader):
    # rule PAT-03
    async def main():
        words, numbers = goconc.Chan(), goconc.Chan()

        def ask(n):
            numbers.send(n)
            return words.recv()

        stream = patterns.map(ask, range(3))
        for n in range(3):
            assert await reader.recv(numbers) == n
            await reader.send(words, str(n))
            assert await reader.recv(stream) == str(n)
        assert await reader.values(stream) == []

    reader.run(main)


def test_a_coroutine_of_a_plain_function_is_cancelled_with_it(reader):
    # rule PAT-03, PAT-07
    async def main():
        entered, ended = goconc.Chan(), []

        async def wait(n):
            await entered.asend(None)
            try:
                await goconc.asleep(100)
            finally:
                ended.append(n)

        async with reader.opened(patterns.map(lambda n: wait(n), [1])):
            await reader.recv(entered)
        assert ended == [1]

    reader.run(main)
