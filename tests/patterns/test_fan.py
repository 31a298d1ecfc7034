"""merge, split, tee, buffer."""

import itertools

import pytest

import goconc
from goconc import patterns


def test_merge(reader):
    # rule PAT-13
    async def main():
        numbers = goconc.Chan(2)
        with numbers:
            numbers.send_nowait(100)
            numbers.send_nowait(101)
        found = await reader.values(patterns.merge(range(5), patterns.map(str, range(3)), numbers))
        assert [n for n in found if n in range(5)] == [0, 1, 2, 3, 4]
        assert [n for n in found if isinstance(n, str)] == ["0", "1", "2"]
        assert [n for n in found if n in (100, 101)] == [100, 101]
        assert len(found) == 10

    reader.run(main)


def test_merge_does_not_wait_for_the_silent(reader):
    # rule PAT-13
    async def main():
        async with reader.opened(patterns.merge(goconc.Chan(), range(3))) as stream:
            assert [await reader.recv(stream) for _ in range(3)] == [0, 1, 2]

    reader.run(main)


def test_merge_closes_all_sources_though_one_fails(reader):
    # rule PAT-05, PAT-07
    async def main():
        def values():
            yield 1
            raise OSError("disk")

        gate = goconc.Chan()

        def late(n):
            try:
                gate.recv()
            finally:
                raise KeyError("late")

        stream = patterns.merge(patterns.map(late, [1]), values(), patterns.source(itertools.count()))
        with pytest.raises(OSError, match="disk"):
            await reader.values(stream)

    reader.run(main)


def test_buffer(reader):
    # rule PAT-04
    async def main():
        taken = []

        def values():
            for n in range(100):
                taken.append(n)
                yield n

        async with reader.opened(patterns.buffer(values(), 5)) as stream:
            await reader.until(lambda: len(taken) == 7)  # and one that waits for room, one on offer
            await reader.sleep(0.005)
            assert len(taken) == 7
            assert await reader.values(stream) == list(range(100))

    reader.run(main)


def test_buffer_gives_what_it_holds_before_a_failure(reader):
    # rule PAT-05
    async def main():
        def values():
            yield from range(3)
            raise OSError("disk")

        stream = patterns.buffer(values(), 5)
        await reader.until(lambda: stream.receiver.closed)
        assert [await reader.recv(stream) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(OSError, match="disk"):
            await reader.recv(stream)

    reader.run(main)


def test_split(reader):
    # rule PAT-14
    async def main():
        streams = patterns.split(range(60), 3)
        readers = [reader.go(lambda stream=stream: reader.values(stream)) for stream in streams]
        shares = [await reader.join(each) for each in readers]
        assert sorted(itertools.chain(*shares)) == list(range(60))
        assert all(share == sorted(share) for share in shares)

    reader.run(main)


def test_split_with_one_reader(reader):
    # rule PAT-14
    async def main():
        a, b = patterns.split(range(10), 2)
        assert [await reader.recv(a) for _ in range(3)] == [0, 1, 2]
        await reader.close(b)
        assert await reader.values(a) == [3, 4, 5, 6, 7, 8, 9]

    reader.run(main)


def test_split_by_key(reader):
    # rule PAT-14
    async def main():
        streams = patterns.split(range(20), 3, key=lambda n: n * 7)
        readers = [reader.go(lambda stream=stream: reader.values(stream)) for stream in streams]
        assert [await reader.join(each) for each in readers] == [
            [n for n in range(20) if n * 7 % 3 == i] for i in range(3)
        ]

        even, odd = patterns.split(range(10), 2, key=int)
        await reader.close(odd)
        assert await reader.values(even) == [0, 2, 4, 6, 8]

    reader.run(main)


@pytest.mark.parametrize("backwards", [False, True])
def test_tee(reader, backwards):
    # rule PAT-15
    async def main():
        streams = patterns.tee(range(10), 3)
        order = streams[::-1] if backwards else streams
        for n in range(10):
            assert [await reader.recv(stream) for stream in order] == [n] * 3
        for stream in order:
            assert await reader.values(stream) == []

    reader.run(main)


def test_the_slowest_of_a_tee_sets_the_pace(reader):
    # rule PAT-15, PAT-04
    async def main():
        a, b = patterns.tee(itertools.count())
        assert await reader.recv(a) == 0
        with pytest.raises(TimeoutError):
            await reader.recv(a, timeout=0.005)
        assert await reader.recv(b) == 0
        assert await reader.recv(a) == 1
        await reader.close(b)
        assert [await reader.recv(a) for _ in range(5)] == [2, 3, 4, 5, 6]
        await reader.close(a)
        await reader.close(a)

    reader.run(main)


@pytest.mark.parametrize("make", [patterns.tee, patterns.split])
def test_the_last_who_leaves_stops_it(reader, make):
    # rule PAT-07
    async def main():
        before = goconc.num_goroutine()
        streams = make(itertools.count(), 3)
        await reader.close(streams[0])
        await reader.close(streams[0])
        assert await reader.values(streams[0]) == []
        await reader.close(streams[1])
        assert goconc.num_goroutine() > before
        await reader.close(streams[2])
        await reader.until(lambda: goconc.num_goroutine() == before)

    reader.run(main)


@pytest.mark.parametrize("make", [patterns.tee, patterns.split])
def test_dropped_branches(reader, make):
    # rule PAT-07
    async def main():
        streams = list(make(itertools.count(), 3))
        assert await reader.recv(streams[0]) in (0, 1)
        del streams

    reader.run(main)


@pytest.mark.parametrize("make", [patterns.tee, patterns.split])
def test_all_branches_are_told_of_a_failure(reader, make):
    # rule PAT-05
    async def main():
        def values():
            raise OSError("disk")
            yield

        for stream in make(values(), 3):
            with pytest.raises(OSError, match="disk"):
                await reader.recv(stream)

    reader.run(main)
