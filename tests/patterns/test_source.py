"""source, and what all patterns take as one."""

import collections

import pytest

import goconc
from goconc import patterns


class Countdown:
    """An async iterator that is no generator."""

    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        await goconc.agosched()
        return self.n


async def agenerator():
    for n in (2, 1, 0):
        await goconc.asleep(0)
        yield n


def filled():
    numbers = goconc.Chan(3)
    with numbers:
        for n in (2, 1, 0):
            numbers.send_nowait(n)
    return numbers


SOURCES = {
    "list": lambda: [2, 1, 0],
    "iterator": lambda: iter((2, 1, 0)),
    "deque": lambda: collections.deque([2, 1, 0]),
    "generator": lambda: (n for n in (2, 1, 0)),
    "async iterator": lambda: Countdown(3),
    "async generator": agenerator,
    "channel": filled,
    "receiver": lambda: filled().receiver,
    "stream": lambda: patterns.source([2, 1, 0]),
}


@pytest.mark.parametrize("values", SOURCES.values(), ids=SOURCES)
def test_every_kind_of_source(reader, values):
    # rule PAT-01
    async def main():
        assert await reader.values(patterns.source(values())) == [2, 1, 0]
        assert await reader.values(patterns.map(str, values())) == ["2", "1", "0"]
        assert sorted(await reader.values(patterns.merge(values(), values()))) == [0, 0, 1, 1, 2, 2]

    reader.run(main)


def test_it_reads_nothing_ahead(reader):
    # rule PAT-04
    async def main():
        taken = []

        def values():
            for n in range(100):
                taken.append(n)
                yield n

        async with reader.opened(patterns.source(values())) as stream:
            for n in range(5):
                assert await reader.recv(stream) == n
                assert len(taken) <= n + 2

    reader.run(main)


def test_an_iterator_may_wait(reader):
    # rule PAT-03, PY-14
    async def main():
        numbers = goconc.Chan()

        def values():
            while True:
                yield numbers.recv() + 1

        async with reader.opened(patterns.source(values())) as stream:
            for n in range(3):
                await reader.send(numbers, n)
                assert await reader.recv(stream) == n + 1

    reader.run(main)


def test_an_iterator_that_fails(reader):
    # rule PAT-05
    async def main():
        def values():
            yield 1
            raise OSError("disk")

        async def avalues():
            yield 1
            raise OSError("disk")

        for each in (values, avalues):
            stream = patterns.source(each())
            assert await reader.recv(stream) == 1
            with pytest.raises(OSError, match="disk"):
                await reader.recv(stream)

    reader.run(main)


def test_generators_are_closed_when_the_stream_is_left(reader):
    # rule PAT-07
    async def main():
        closed = []

        def values():
            try:
                yield from range(10)
            finally:
                closed.append("plain")

        async def avalues():
            try:
                for n in range(10):
                    yield n
            finally:
                await goconc.asleep(0.001)
                closed.append("async")

        for each in (values, avalues):
            async with reader.opened(patterns.source(each())) as stream:
                await reader.recv(stream)
        await reader.until(lambda: len(closed) == 2)  # a plain one by its last reference
        assert sorted(closed) == ["async", "plain"]

    reader.run(main)
