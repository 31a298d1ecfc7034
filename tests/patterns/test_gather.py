"""batch, window, aggregate."""

import pytest

import goconc
from goconc import patterns


def test_batch(reader):
    # rule PAT-12
    async def main():
        assert await reader.values(patterns.batch(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
        assert await reader.values(patterns.batch(range(6), 3)) == [[0, 1, 2], [3, 4, 5]]
        assert await reader.values(patterns.batch(range(3), 1)) == [[0], [1], [2]]
        assert await reader.values(patterns.batch([], 3)) == []

    reader.run(main)


def test_batch_within_a_time(reader):
    # rule PAT-12
    async def main():
        numbers = goconc.Chan()
        stream = patterns.batch(numbers, 3, within=0.01)
        await reader.send(numbers, 1)
        await reader.send(numbers, 2)
        found = await reader.recv(stream)
        if found == [1]:  # the machine was slow
            found += await reader.recv(stream)
        assert found == [1, 2]
        with pytest.raises(TimeoutError):  # an empty list is none
            await reader.recv(stream, timeout=0.03)
        await reader.send(numbers, 3)
        numbers.close()
        assert await reader.values(stream) == [[3]]

    reader.run(main)


def test_batch_that_is_full_in_time(reader):
    # rule PAT-12
    async def main():
        assert await reader.values(patterns.batch(range(5), 2, within=100)) == [[0, 1], [2, 3], [4]]

    reader.run(main)


def test_batch_of_what_came_before_a_failure(reader):
    # rule PAT-05, PAT-12
    async def main():
        def values():
            yield 1
            yield 2
            raise OSError("disk")

        stream = patterns.batch(values(), 10)
        assert await reader.recv(stream) == [1, 2]
        with pytest.raises(OSError, match="disk"):
            await reader.recv(stream)

    reader.run(main)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_window(reader, size, step):
    # rule PAT-12
    async def main():
        expected = [tuple(range(start, start + size)) for start in range(0, 20 - size + 1, step)]
        assert await reader.values(patterns.window(range(20), size, step=step)) == expected

    reader.run(main)


def test_aggregate(reader, function):
    # rule PAT-12
    async def main():
        async def add(total, n):
            await function.kind.gosched()
            return total + n

        assert await reader.recv(patterns.aggregate(function(add), range(10), 0)) == 45
        assert await reader.values(patterns.aggregate(function(add), [], 7)) == [7]

    reader.run(main)


def test_aggregate_of_a_failure(reader):
    # rule PAT-05
    async def main():
        def values():
            yield 1
            raise OSError("disk")

        with pytest.raises(OSError, match="disk"):
            await reader.recv(patterns.aggregate(max, values(), 0))

    reader.run(main)
