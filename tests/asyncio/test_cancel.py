"""A task that is cancelled while it waits: the operation has happened, or nothing of it is left."""

import asyncio
import weakref

import pytest

import goconc


class Context:
    def __init__(self):
        self._done = goconc.Chan()

    def done(self):
        return self._done.receiver

    def err(self):
        return None


class Thing:
    pass


# What waits on a channel, what serves it, and what comes of it.
WAITS = {
    "arecv": (lambda ch, thing: ch.arecv(), "send", lambda thing: thing),
    "arecv_ok with both": (
        lambda ch, thing: ch.arecv_ok(timeout=10, ctx=Context()),
        "send",
        lambda thing: (thing, True),
    ),
    "anext": (lambda ch, thing: ch.__anext__(), "send", lambda thing: thing),
    "aselect": (lambda ch, thing: goconc.aselect(goconc.Chan(), ch), "send", lambda thing: (1, thing, True)),
    "asend": (lambda ch, thing: ch.asend(thing), "recv", lambda thing: None),
    "asend with both": (lambda ch, thing: ch.asend(thing, timeout=10, ctx=Context()), "recv", lambda thing: None),
    "aselect of sends": (
        lambda ch, thing: goconc.aselect((goconc.Chan(), 1), (ch, thing)),
        "recv",
        lambda thing: (1, None, True),
    ),
}


def no_waiter(ch):
    with pytest.raises(goconc.WouldBlock):
        ch.recv_nowait()
    with pytest.raises(goconc.WouldBlock):
        ch.send_nowait("for nobody")
    return True


def serve(ch, how, thing):
    if how == "send":
        ch.send_nowait(thing)
    else:
        assert ch.recv_nowait() is thing


async def parked(*tasks):
    for task in tasks:
        while task._fut_waiter is None:
            assert not task.done()
            await asyncio.sleep(0)


@pytest.mark.parametrize("name", WAITS)
def test_nothing_is_left_of_it(name, settle):
    # rule SEL-15, SEL-22, CH-09
    make, _, _ = WAITS[name]

    async def main():
        ch, thing = goconc.Chan(), Thing()
        gone = weakref.ref(thing)

        async def wait(thing):
            await make(ch, thing)

        task = asyncio.create_task(wait(thing))
        await parked(task)
        del thing
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert no_waiter(ch)
        del task
        settle()
        return gone()

    assert asyncio.run(main()) is None


@pytest.mark.parametrize("direct", [True, False], ids=["task of it", "awaited"])
@pytest.mark.parametrize("name", WAITS)
def test_it_has_happened_and_the_task_ends(name, direct):
    """The task has its result, and is not cancelled: nothing would come of what was received."""
    # rule SEL-22
    make, how, expected = WAITS[name]

    async def main():
        ch, thing = goconc.Chan(), Thing()

        async def wait():
            return await make(ch, thing)

        task = asyncio.create_task(make(ch, thing) if direct else wait())
        await parked(task)
        serve(ch, how, thing)
        assert task.cancel()
        assert await task == expected(thing)
        assert not task.cancelled()
        assert no_waiter(ch)

    asyncio.run(main())


@pytest.mark.parametrize("name", WAITS)
def test_it_has_happened_and_the_task_goes_on(name):
    """The cancellation comes again when it suspends next; until then it may look at what it has."""
    # rule SEL-22
    make, how, expected = WAITS[name]

    async def main():
        ch, thing = goconc.Chan(), Thing()
        found, cancellations = [], []

        async def wait():
            found.append(await make(ch, thing))
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError as error:
                cancellations.append((error.args, asyncio.current_task().cancelling()))
                raise

        task = asyncio.create_task(wait())
        await parked(task)
        serve(ch, how, thing)
        task.cancel("for a reason")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert found == [expected(thing)]
        assert cancellations == [(("for a reason",), 1)]

    asyncio.run(main())


def test_a_closed_channel_is_no_reason_to_go_on():
    # rule SEL-22
    async def main():
        for make in (lambda ch: ch.arecv(), lambda ch: ch.asend(1), lambda ch: goconc.aselect(ch)):
            ch = goconc.Chan()
            task = asyncio.create_task(make(ch))
            await parked(task)
            ch.close()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())


def test_a_time_limit_that_comes_too_late():
    """Served first: the block gets the value, and no cancellation is left over for what comes after it."""

    # rule SEL-22
    async def main():
        loop = asyncio.get_running_loop()
        for wait in (
            lambda ch: ch.arecv(),
            lambda ch: ch.arecv(timeout=10, ctx=Context()),
        ):
            ch = goconc.Chan()
            limits = []

            async def receive(ch=ch, wait=wait, limits=limits):
                async with asyncio.timeout(10) as limit:
                    limits.append(limit)
                    value = await wait(ch)
                await asyncio.sleep(0.002)
                assert asyncio.current_task().cancelling() == 0
                return value

            task = asyncio.create_task(receive())
            await parked(task)
            ch.send_nowait("v")
            limits[0].reschedule(loop.time() - 1)
            assert await task == "v"
            assert limits[0].expired()

    asyncio.run(main())


def test_a_time_limit_while_it_goes_on_in_the_block():
    # rule SEL-22
    async def main():
        loop = asyncio.get_running_loop()
        ch = goconc.Chan()
        found = []

        async def receive():
            async with asyncio.timeout(10) as limit:
                limits.append(limit)
                found.append(await ch.arecv())
                await asyncio.sleep(10)

        limits = []
        task = asyncio.create_task(receive())
        await parked(task)
        ch.send_nowait("v")
        limits[0].reschedule(loop.time() - 1)
        with pytest.raises(TimeoutError):
            await task
        assert found == ["v"]

    asyncio.run(main())


def test_wait_for_never_loses_a_value(thread):
    # rule SEL-22
    ch = goconc.Chan()
    count = 300

    def send():
        for n in range(count):
            ch.send(n)
        ch.close()

    async def main():
        found = []
        while True:
            try:
                found.append(await asyncio.wait_for(ch.arecv(), 0.0001))
            except TimeoutError:
                pass
            except goconc.ChannelClosed:
                return found

    sender = thread(send)
    assert asyncio.run(main()) == list(range(count))
    sender.join()


def test_cancelled_before_it_was_awaited(recwarn):
    # rule CH-11
    async def main():
        ch = goconc.Chan(1)
        task = asyncio.create_task(ch.asend(1))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(ch)

    assert asyncio.run(main()) == 0
    assert not recwarn.list


def test_another_exception_thrown_in():
    """By whoever drives the coroutine: the wait ends, and what had come is dropped."""
    # rule SEL-15, CH-09

    async def main():
        for served in (False, True):
            ch, thing = goconc.Chan(), Thing()
            gone = weakref.ref(thing)
            operation = ch.arecv(timeout=10)
            operation.send(None)
            if served:
                ch.send_nowait(thing)
            del thing
            with pytest.raises(KeyError):
                operation.throw(KeyError())
            assert no_waiter(ch)
            if served:
                await asyncio.sleep(0)
                return gone

    gone = asyncio.run(main())
    assert gone() is None


def test_cancelled_while_it_sleeps_or_joins():
    # rule SEL-15
    async def main():
        ch = goconc.Chan()
        goroutine = goconc.go(ch.recv)
        for operation in (goconc.asleep(10), goroutine.ajoin(timeout=10), goconc.agosched()):
            task = asyncio.create_task(operation)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await ch.asend("v")
        return await goroutine

    assert asyncio.run(main()) == "v"
