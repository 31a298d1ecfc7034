"""broadcast: publish and subscribe."""

import gc
import itertools

import pytest

import goconc
from goconc import context, patterns


def test_all_who_have_subscribed_get_each_value(reader):
    # rule PAT-17
    async def main():
        news = goconc.Chan()
        topic = patterns.broadcast(news)
        async with reader.opened(topic):
            a = topic.subscribe()
            await reader.send(news, 1)
            assert await reader.recv(a) == 1
            b = topic.subscribe(5)
            await reader.send(news, 2)
            assert (await reader.recv(a), await reader.recv(b)) == (2, 2)
            await reader.send(news, 3)
            assert (await reader.recv(b), await reader.recv(a)) == (3, 3)
            news.close()
            assert await reader.values(a) == await reader.values(b) == []
            assert await reader.values(topic.subscribe()) == []  # too late

    reader.run(main)


def test_all_subscribers_see_the_same_order(reader):
    # rule PAT-17
    async def main():
        news = goconc.Chan()
        topic = patterns.broadcast(news)
        subscriptions = [topic.subscribe(n) for n in range(4)]

        async def publish(first):
            for n in range(first, first + 25):
                await reader.send(news, n)

        readers = [reader.go(lambda each=each: reader.values(each)) for each in subscriptions]
        for publisher in [reader.go(publish, first) for first in (0, 100, 200)]:
            await reader.join(publisher)
        news.close()
        first, *others = [await reader.join(each) for each in readers]
        assert sorted(first) == [*range(25), *range(100, 125), *range(200, 225)]
        assert all(other == first for other in others)
        await reader.close(topic)

    reader.run(main)


def test_who_has_left_gets_nothing_and_holds_up_nobody(reader):
    # rule PAT-17, PAT-07
    async def main():
        news = goconc.Chan()
        async with reader.opened(patterns.broadcast(news)) as topic:
            a, b = topic.subscribe(), topic.subscribe()
            await reader.send(news, 1)
            assert await reader.recv(b) == 1
            await reader.close(a)  # while it is waited for
            await reader.close(a)
            await reader.send(news, 2)
            assert await reader.recv(b) == 2
            assert await reader.values(a) == []
            dropped = topic.subscribe()
            del dropped
            gc.collect()
            await reader.send(news, 3)
            assert await reader.recv(b) == 3

    reader.run(main)


def test_a_slow_subscriber_is_waited_for(reader):
    # rule PAT-17, PAT-04
    async def main():
        topic = patterns.broadcast(itertools.count())
        async with reader.opened(topic):
            slow, quick = topic.subscribe(2), topic.subscribe(100)
            await reader.until(lambda: len(slow.receiver) == 2 and len(quick.receiver) > 1)
            await reader.sleep(0.005)
            assert len(quick.receiver) in (2, 3, 4)  # the subscriptions did not begin at one moment
            n = await reader.recv(slow)
            assert await reader.recv(slow) == n + 1

    reader.run(main)


@pytest.mark.parametrize("slow", ["drop", "drop_oldest"])
def test_what_a_slow_subscriber_may_miss(reader, slow):
    # rule PAT-17
    async def main():
        news = goconc.Chan()
        async with reader.opened(patterns.broadcast(news)) as topic:
            lazy, eager = topic.subscribe(3, slow=slow), topic.subscribe(10)
            for n in range(10):
                await reader.send(news, n)
            news.close()
            assert await reader.values(eager) == list(range(10))
            assert await reader.values(lazy) == ([0, 1, 2] if slow == "drop" else [7, 8, 9])

    reader.run(main)


def test_drop_without_room_delivers_to_those_who_wait(reader):
    # rule PAT-17
    async def main():
        news = goconc.Chan()
        async with reader.opened(patterns.broadcast(news)) as topic:
            live = topic.subscribe(slow="drop")
            await reader.send(news, "missed")
            await reader.send(news, "missed, too")  # the first one has been by then

            async def listen():
                return await reader.recv(live)

            listener = reader.go(listen)
            while not listener.done():
                await reader.send(news, "heard")
                await reader.sleep(0.001)
            assert await reader.join(listener) in ("missed, too", "heard")

    reader.run(main)


def test_many_who_come_and_go_leave_nothing(reader):
    # rule PAT-04, PAT-17
    async def main():
        async with reader.opened(patterns.broadcast(goconc.Chan())) as topic:
            for _ in range(100):
                await reader.close(topic.subscribe())
                topic.subscribe()
            gc.collect()
            await reader.until(lambda: not topic._stage.outs)

    reader.run(main)


def test_it_lives_as_long_as_somebody_listens(reader):
    # rule PAT-17
    async def main():
        news = goconc.Chan()
        subscription = patterns.broadcast(news).subscribe()
        gc.collect()
        await reader.send(news, 1)
        assert await reader.recv(subscription) == 1
        del subscription
        gc.collect()

    reader.run(main)


def test_closing_ends_all_subscriptions(reader):
    # rule PAT-17
    async def main():
        topic = patterns.broadcast(itertools.count())
        a, b = topic.subscribe(), topic.subscribe(4)

        async def read_all():
            return await reader.values(a)

        handle = reader.go(read_all)
        await reader.until(lambda: len(b.receiver) > 1)
        await reader.close(topic)
        await reader.close(topic)
        found = await reader.join(handle)
        assert found == list(range(found[0], found[0] + len(found)))
        await reader.close(b)

    reader.run(main)


def test_all_are_told_of_a_failure(reader):
    # rule PAT-05
    async def main():
        gate = goconc.Chan()

        def values():
            yield gate.recv()
            raise OSError("disk")

        topic = patterns.broadcast(values())
        a, b = topic.subscribe(1), topic.subscribe(1)
        await reader.send(gate, 1)
        for each in (a, b):
            assert await reader.recv(each) == 1
            with pytest.raises(OSError, match="disk"):
                await reader.recv(each)
        await reader.close(topic)

    reader.run(main)


def test_a_context(reader):
    # rule PAT-06
    async def main():
        ctx, cancel = context.with_cancel(context.background())
        topic = patterns.broadcast(goconc.Chan(), ctx=ctx)
        a = topic.subscribe()
        cancel()
        with pytest.raises(goconc.Canceled):
            await reader.values(a)
        await reader.close(topic)

    reader.run(main)
