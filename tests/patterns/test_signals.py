"""or_done, or_channel, bridge."""

import itertools

import pytest

import goconc
from goconc import context, patterns

BG = context.background()


def test_or_done_of_a_channel(reader):
    # rule PAT-18
    async def main():
        ctx, cancel = context.with_cancel(BG)
        numbers = goconc.Chan(5)
        for n in range(5):
            await reader.send(numbers, n)
        assert await reader.values(patterns.or_done(numbers, ctx), most=2) == [0, 1]
        assert await reader.recv(numbers) == 2
        cancel()
        assert await reader.values(patterns.or_done(numbers, ctx)) == []
        numbers.close()
        assert await reader.values(patterns.or_done(numbers.receiver, BG)) == [3, 4]

    reader.run(main)


def test_or_done_wakes_who_waits(reader):
    # rule PAT-18
    async def main():
        ctx, cancel = context.with_cancel(BG)

        async def read():
            return await reader.values(patterns.or_done(goconc.Chan(), ctx))

        handle = reader.go(read)
        await reader.parked(handle)
        cancel()
        assert await reader.join(handle) == []

    reader.run(main)


def test_or_done_of_a_stream(reader):
    # rule PAT-18, PAT-05
    async def main():
        def values():
            yield 1
            raise goconc.Canceled("by somebody else")

        stream = patterns.or_done(patterns.source(values()), BG)
        with pytest.raises(goconc.Canceled, match="somebody else"):
            await reader.values(stream)
        assert await reader.values(patterns.or_done(patterns.source(range(3)), BG)) == [0, 1, 2]

    reader.run(main)


@pytest.mark.parametrize("how", ["close", "send"])
def test_or_channel(reader, how):
    # rule PAT-18
    async def main():
        channels = [goconc.Chan(1) for _ in range(5)]
        done = patterns.or_channel(*channels[:4], channels[4].receiver)
        with pytest.raises(TimeoutError):
            await reader.select(done.receiver, timeout=0.002)
        if how == "close":
            channels[4].close()
        else:
            await reader.send(channels[4], "x")
        assert await reader.select(done.receiver) == (0, None, False)
        assert await reader.values(done) == []

    reader.run(main)


def test_or_channel_that_is_not_needed(reader):
    # rule PAT-18, PAT-07
    async def main():
        async with reader.opened(patterns.or_channel(goconc.Chan(), context.background().done())):
            pass
        patterns.or_channel(goconc.Chan())

    reader.run(main)


def test_bridge(reader):
    # rule PAT-18
    async def main():
        sources = goconc.Chan(4)
        filled = goconc.Chan(1)
        with filled:
            await reader.send(filled, "x")
        for each in (range(2), filled, patterns.map(str, range(2)), []):
            await reader.send(sources, each)
        sources.close()
        assert await reader.values(patterns.bridge(sources)) == [0, 1, "x", "0", "1"]

    reader.run(main)


def test_bridge_that_is_left(reader):
    # rule PAT-18, PAT-07
    async def main():
        def sources():
            for n in itertools.count():
                yield patterns.map(lambda i, n=n: (n, i), itertools.count())

        async with reader.opened(patterns.bridge(sources())) as stream:
            assert await reader.recv(stream) == (0, 0)
            assert await reader.recv(stream) == (0, 1)

    reader.run(main)


def test_bridge_over_a_failure(reader):
    # rule PAT-05
    async def main():
        def fail(n):
            raise OSError("disk")

        with pytest.raises(OSError, match="disk"):
            await reader.values(patterns.bridge([[1], patterns.map(fail, [1])]))
        with pytest.raises(TypeError, match="sources must be iterable, not int"):
            await reader.values(patterns.bridge([[1], 7]))

    reader.run(main)
