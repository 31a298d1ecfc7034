"""for v in ch, async for v in ch."""

from itertools import chain

import pytest

import goconc


def test_until_closed_and_drained(any_kind):
    # rule CH-52
    async def main():
        ch = goconc.Chan(2)

        async def produce():
            for n in range(10):
                await any_kind.send(ch, n)
            ch.close()

        producer = any_kind.go(produce)
        values = await any_kind.values(ch)
        await any_kind.join(producer)
        return values

    assert any_kind.run(main) == list(range(10))


def test_a_closed_empty_channel_gives_nothing(any_kind):
    # rule CH-52
    async def main():
        ch = goconc.Chan()
        ch.close()
        assert await any_kind.values(ch) == []
        assert await any_kind.values(ch) == []

    any_kind.run(main)


def test_break_leaves_the_rest(any_kind):
    # rule CH-53
    async def main():
        ch = goconc.Chan(5)
        for n in range(5):
            await any_kind.send(ch, n)
        assert await any_kind.values(ch, most=2) == [0, 1]
        assert (len(ch), ch.closed) == (3, False)
        assert await any_kind.values(ch.receiver, most=1) == [2]
        ch.close()
        assert await any_kind.values(ch.receiver) == [3, 4]

    any_kind.run(main)


def test_leaving_a_generator_takes_nothing():
    # rule CH-53
    ch = goconc.Chan(3)
    for n in range(3):
        ch.send_nowait(n)

    def doubled():
        for value in ch:
            yield 2 * value

    generator = doubled()
    assert next(generator) == 0
    generator.close()
    assert (len(ch), ch.closed) == (2, False)


def test_several_share_a_channel(any_kind):
    # rule CH-54
    async def main():
        ch = goconc.Chan()
        consumers = [any_kind.go(any_kind.values, ch) for _ in range(5)]
        await any_kind.parked(*consumers)
        for n in range(50):
            await any_kind.send(ch, n)
        ch.close()
        return [await any_kind.join(consumer) for consumer in consumers]

    shares = any_kind.run(main)
    assert sorted(chain.from_iterable(shares)) == list(range(50))


def test_a_sent_none_does_not_end_it(any_kind):
    # rule CH-07, CH-52
    async def main():
        ch = goconc.Chan(3)
        for _ in range(3):
            await any_kind.send(ch, None)
        ch.close()
        return await any_kind.values(ch)

    assert any_kind.run(main) == [None] * 3


def test_a_sent_stop_iteration_does_not_end_it(any_kind):
    # rule CH-07 (any value)
    async def main():
        ch = goconc.Chan(2)
        values = [StopIteration(1), StopAsyncIteration(2)]
        for value in values:
            await any_kind.send(ch, value)
        ch.close()
        assert await any_kind.values(ch) == values

    any_kind.run(main)


@pytest.mark.parametrize("value", [StopIteration(1), (1, 2), ValueError("v"), ValueError, None, ()], ids=repr)
def test_values_that_a_coroutine_could_take_amiss(any_kind, value):
    # rule CH-07 (any value), received at once and after a wait
    async def main():
        ch = goconc.Chan(1)
        await any_kind.send(ch, value)
        assert await any_kind.recv(ch) is value
        receiver = any_kind.go(any_kind.recv_ok, ch)
        await any_kind.parked(receiver)
        await any_kind.send(ch, value)
        received, ok = await any_kind.join(receiver)
        assert received is value
        assert ok is True

    any_kind.run(main)


def test_next_and_anext():
    # rule CH-52
    ch = goconc.Chan(2)
    ch.send_nowait(1)
    ch.send_nowait(2)

    async def main():
        assert await anext(aiter(ch)) == 2
        ch.close()
        with pytest.raises(StopAsyncIteration):
            await anext(aiter(ch))
        assert await anext(aiter(ch), "default") == "default"

    assert next(iter(ch)) == 1
    goconc.run(main)
    with pytest.raises(StopIteration):
        next(iter(ch))


def test_a_never_ready_channel_waits_for_ever(kind):
    # rule CH-50, CH-52
    async def main():
        waiting = kind.go(kind.values, goconc.tick(0))
        await kind.parked(waiting, on="chan receive (nil chan)")
        await kind.sleep(0.01)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(waiting)

    kind.run(main)
