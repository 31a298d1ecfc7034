"""Tasks of asyncio await goconc's operations."""

import _thread
import asyncio
import contextvars
import functools
import gc
import os
import sys
import threading
import weakref

import pytest

import goconc


class Context:
    """The least that a context has to offer."""

    def __init__(self, error=None):
        self._done = goconc.Chan()
        self._error = error

    def done(self):
        return self._done.receiver

    def err(self):
        return self._error

    def cancel(self, error):
        self._error = error
        self._done.close()


def full():
    ch = goconc.Chan(1)
    ch.send_nowait("v")
    return ch


def closed():
    ch = goconc.Chan(1)
    ch.close()
    return ch


async def result():
    return "result"


def fail():
    raise KeyError("failed")


async def parked(*tasks):
    """Until each of the tasks waits for a future."""
    for task in tasks:
        while task._fut_waiter is None:
            assert not task.done()
            await asyncio.sleep(0)


OPERATIONS = {
    "asend": (lambda: goconc.Chan(1).asend(1), None),
    "asend with a limit": (lambda: full().asend(1, timeout=0.0005), TimeoutError),
    "asend with no time": (lambda: full().asend(1, timeout=0), TimeoutError),
    "asend with both": (lambda: goconc.Chan().asend(1, ctx=Context(), timeout=0.0005), TimeoutError),
    "asend on a closed one": (lambda: closed().asend(1), goconc.ChannelClosed),
    "arecv": (lambda: full().arecv(), "v"),
    "arecv with a limit": (lambda: goconc.Chan().arecv(timeout=0.0005), TimeoutError),
    "arecv with a context": (lambda: full().arecv(ctx=Context()), "v"),
    "arecv with a context that is done": (lambda: full().arecv(ctx=Context(KeyError())), KeyError),
    "arecv from a closed one": (lambda: closed().arecv(), goconc.ChannelClosed),
    "arecv_ok from a closed one": (lambda: closed().arecv_ok(), (None, False)),
    "anext": (lambda: full().__anext__(), "v"),
    "anext of a closed one": (lambda: closed().__anext__(), StopAsyncIteration),
    "aselect": (lambda: goconc.aselect(None, full()), (1, "v", True)),
    "aselect with default": (lambda: goconc.aselect(goconc.Chan(), default=True), (-1, None, False)),
    "aselect with a limit": (lambda: goconc.aselect(goconc.Chan(), timeout=0.0005), TimeoutError),
    "aselect of a timer": (lambda: goconc.aselect(goconc.Chan(), goconc.after(3600), timeout=0.0005), TimeoutError),
    "aselect of many": (lambda: goconc.aselect(*[goconc.Chan() for _ in range(20)], full()), (20, "v", True)),
    "aselect of a send": (lambda: goconc.aselect((goconc.Chan(1), 1)), (0, None, True)),
    "asleep": (lambda: goconc.asleep(0.0005), None),
    "asleep for nothing": (lambda: goconc.asleep(0), None),
    "agosched": (lambda: goconc.agosched(), None),
    "ajoin": (lambda: goconc.go(result).ajoin(timeout=10), "result"),
    "a goroutine": (lambda: goconc.go(result), "result"),
    "a goroutine that fails": (lambda: goconc.go(fail), KeyError),
    "ablocking": (lambda: goconc.ablocking(str, 3), "3"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation(name):
    # rule PY-06
    make, expected = OPERATIONS[name]

    async def main():
        for _ in range(3):
            try:
                found = await make()
            except (Exception, StopAsyncIteration) as error:
                found = type(error)
            assert found == expected

    asyncio.run(main())


WAKES = {
    "arecv": (lambda ch, done: ch.arecv(), lambda ch, done: ch.send("v"), "v"),
    "arecv_ok, closed": (lambda ch, done: ch.arecv_ok(), lambda ch, done: ch.close(), (None, False)),
    "arecv with a context": (lambda ch, done: ch.arecv(ctx=Context(), timeout=10), lambda ch, done: ch.send("v"), "v"),
    "asend": (lambda ch, done: ch.asend("v"), lambda ch, done: ch.recv(), None),
    "asend with a context": (lambda ch, done: ch.asend("v", ctx=Context()), lambda ch, done: ch.recv(), None),
    "aselect": (lambda ch, done: goconc.aselect(goconc.Chan(), ch), lambda ch, done: ch.send("v"), (1, "v", True)),
    "ajoin": (lambda ch, done: goconc.go(done.recv).ajoin(), lambda ch, done: done.send("v"), "v"),
}


@pytest.mark.parametrize("waker", ["thread", "plain", "async", "task", "loop"])
@pytest.mark.parametrize("name", WAKES)
def test_a_task_is_woken(name, waker, thread):
    """By a thread, a goroutine of either kind, another task, and a callback of the same loop."""
    # rule PY-06, CH-10
    make, wake, expected = WAKES[name]

    async def main():
        ch, done = goconc.Chan(), goconc.Chan()
        waiting = asyncio.ensure_future(make(ch, done))
        await parked(waiting)
        if waker == "thread":
            thread(wake, ch, done)
        elif waker == "plain":
            goconc.go(wake, ch, done)
        elif waker == "async":

            async def go():
                await goconc.ablocking(wake, ch, done)

            goconc.go(go)
        elif waker == "task":
            await asyncio.to_thread(wake, ch, done)
        else:
            nowait = {"send": "send_nowait", "recv": "recv_nowait"}

            class NoWait:
                def __init__(self, chan):
                    self._chan = chan

                def __getattr__(self, method):
                    return getattr(self._chan, nowait.get(method, method))

            while not waiting.done():  # join: the goroutine may not have come to its receive yet
                try:
                    asyncio.get_running_loop().call_soon(wake, NoWait(ch), NoWait(done))
                    break
                except goconc.WouldBlock:
                    await asyncio.sleep(0.001)
        return await waiting

    if name == "ajoin" and waker == "loop":
        return  # nobody but the goroutine itself ends it
    assert asyncio.run(main()) == expected


def test_a_loop_over_a_channel():
    # rule CH-52
    async def main():
        ch = goconc.Chan()

        def numbers():
            with ch:
                for n in range(100):
                    ch.send(n)

        goroutine = goconc.go(numbers)
        found = [n async for n in ch]
        await goroutine
        return found

    assert asyncio.run(main()) == list(range(100))


def test_tasks_in_line_are_served_in_order():
    # rule CH-13
    async def main():
        ch = goconc.Chan()
        tasks = []
        for _ in range(10):
            tasks.append(asyncio.create_task(ch.arecv()))
            await parked(tasks[-1])
        for n in range(10):
            await ch.asend(n)
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == list(range(10))


def test_the_ways_of_asyncio_to_wait():
    # rule PY-06
    async def main():
        a, b = goconc.Chan(), goconc.Chan(1)
        await b.asend("b")
        assert await asyncio.gather(a.arecv(), a.asend("a"), b.arecv()) == ["a", None, "b"]
        assert await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(b.asend("b"))), 10) is None
        assert await asyncio.wait_for(b.arecv(), 10) == "b"
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(b.arecv(), 0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await goconc.aselect(a, b)
        async with asyncio.TaskGroup() as group:
            received = group.create_task(a.arecv())
            group.create_task(a.asend("grouped"))
        assert received.result() == "grouped"
        done, pending = await asyncio.wait([asyncio.create_task(goconc.asleep(0.001))], timeout=10)
        assert len(done) == 1
        assert not pending

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
def test_eager_tasks():
    # rule PY-06
    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        ch = goconc.Chan()

        async def receive():
            return await ch.arecv()

        task = asyncio.create_task(receive())
        await ch.asend("v")
        return await task

    assert asyncio.run(main()) == "v"


def test_a_failed_task_group_cancels_those_that_wait():
    # rule SEL-15
    async def main():
        ch = goconc.Chan()

        async def fail_soon():
            await goconc.asleep(0.001)
            raise KeyError("failed")

        with pytest.raises(ExceptionGroup) as failed:
            async with asyncio.TaskGroup() as group:
                group.create_task(ch.arecv())
                group.create_task(goconc.aselect(ch, (ch, 1)))
                group.create_task(fail_soon())
        assert failed.group_contains(KeyError)
        for nowait in (ch.recv_nowait, functools.partial(ch.send_nowait, 1)):
            with pytest.raises(goconc.WouldBlock):
                nowait()

    asyncio.run(main())


def test_others_run_meanwhile():
    # rule GO-30
    async def main():
        turns = []

        async def turn(name):
            for _ in range(3):
                turns.append(name)
                await goconc.agosched()

        await asyncio.gather(turn("a"), turn("b"))
        return "".join(turns)

    assert asyncio.run(main()) == "ababab"


def test_a_context_that_gets_done():
    # rule SEL-20
    async def main():
        ctx = Context()
        ch = goconc.Chan()
        waiting = asyncio.ensure_future(ch.arecv(ctx=ctx))
        await parked(waiting)
        ctx.cancel(KeyError("done"))
        with pytest.raises(KeyError, match="done"):
            await waiting
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(1)

    asyncio.run(main())


def test_contextvars_are_the_tasks():
    # rule PY-01
    variable = contextvars.ContextVar("variable")

    async def main():
        ch = goconc.Chan()

        async def receive(name):
            variable.set(name)
            await ch.arecv()
            return variable.get()

        tasks = [asyncio.create_task(receive(n)) for n in range(5)]
        for _ in range(5):
            await ch.asend(None)
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == list(range(5))


def test_one_operation_in_two_tasks():
    # rule CH-19
    async def main():
        ch = goconc.Chan()
        operation = ch.arecv()

        async def wait():
            return await operation

        first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
        with pytest.raises(RuntimeError, match="by another task"):
            await second
        await ch.asend("v")
        assert await first == "v"
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await operation

    asyncio.run(main())


def test_stepped_by_hand_too_early():
    # rule CH-19
    async def main():
        ch = goconc.Chan()

        class Impatient:
            def __await__(self):
                operation = ch.arecv()
                future = operation.send(None)
                assert operation.send(None) is future
                yield future
                while True:
                    try:
                        yield operation.send(None)
                    except StopIteration as end:
                        return end.value

        async def receive():
            return await Impatient()

        task = asyncio.create_task(receive())
        await parked(task)
        await ch.asend("v")
        return await task

    assert asyncio.run(main()) == "v"


def test_where_nothing_runs_it_is_refused():
    # rule PY-06
    ch = goconc.Chan(1)
    operation = ch.asend(1)
    with pytest.raises(RuntimeError, match="in a task of asyncio"):
        operation.send(None)
    assert len(ch) == 0


def test_a_blocking_call_is_refused():
    # rule PY-06
    async def main():
        ch = goconc.Chan(1)
        with pytest.raises(RuntimeError, match="await asend"):
            ch.send(1)
        with pytest.raises(RuntimeError, match="await arecv"):
            ch.recv()
        assert len(ch) == 0

    asyncio.run(main())


def test_a_loop_in_a_goroutine():
    """It has the goroutine's thread to itself; async goroutines go on elsewhere."""

    # rule PY-06
    def main():
        ch, back = goconc.Chan(), goconc.Chan()

        async def ask():
            with ch:
                for n in range(50):
                    await ch.asend(n)
                    assert await back.arecv() == n + 1
            return "asked"

        async def answer():
            async for value in ch:
                await back.asend(value + 1)
            return await asking

        asking = goconc.go(ask)
        goconc.gosched()
        return asyncio.run(answer())

    assert goconc.run(main) == "asked"


def test_a_task_that_waits_holds_off_the_deadlock_report(thread):
    """While it waits nobody in goconc could wake anybody; but its loop could."""
    # rule GO-40
    first, second = goconc.Chan(), goconc.Chan()

    async def in_the_loop():
        async def relay():
            await second.asend(await first.arecv())

        relaying = asyncio.create_task(relay())
        await asyncio.sleep(0.1)
        await first.asend("v")
        await relaying

    other = thread(asyncio.run, in_the_loop())
    assert goconc.run(second.recv) == "v"
    other.join()


def test_loops_in_two_threads(thread):
    # rule PY-06, PY-11
    there, back = goconc.Chan(), goconc.Chan()

    async def ping():
        for n in range(500):
            await there.asend(n)
            assert await back.arecv() == n
        there.close()

    async def pong():
        async for n in there:
            await back.asend(n)

    handles = [thread(asyncio.run, ping()), thread(asyncio.run, pong())]
    for handle in handles:
        handle.join()


def test_a_loop_that_is_closed_while_a_task_waits(collect, eventually):
    # rule PY-06, SEL-15
    ch = goconc.Chan()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: reports.append(context["message"]))
    reports = []

    async def receive():
        return await ch.arecv()

    async def main():
        tasks = [loop.create_task(receive()) for _ in range(2)]
        await parked(*tasks)
        return tasks

    tasks = loop.run_until_complete(main())
    loop.close()
    ch.send_nowait("to the first, which never runs again")
    assert not any(task.done() for task in tasks)
    alive = [weakref.ref(task) for task in tasks]
    del tasks
    # Free-threaded, a thread that listens for the loop may be about to drop the last of them.
    eventually(lambda: collect() or not any(task() for task in alive), "the end of the tasks")
    with pytest.raises(goconc.WouldBlock):
        ch.send_nowait("the second has gone")
    assert reports == ["Task was destroyed but it is pending!"] * 2


def test_loops_come_and_go(collect, eventually):
    """No file descriptor stays behind, and no thread."""

    # rule PY-03
    async def main():
        ch = goconc.Chan()
        await asyncio.gather(ch.asend(1), ch.arecv(timeout=10))

    def all_gone():
        collect()
        return len(os.listdir("/dev/fd")) <= descriptors + 1 and _thread._count() <= threads + 3

    asyncio.run(main())  # what the first one opens for good
    descriptors, threads = len(os.listdir("/dev/fd")), _thread._count()  # (There may be more helpers later.)
    for _ in range(20):
        asyncio.run(main())
    eventually(all_gone, "the end of the loops' pipes and threads")


def test_two_loops_on_one_thread():
    # rule PY-06
    ch = goconc.Chan()
    loops = [asyncio.new_event_loop() for _ in range(2)]
    for _ in range(3):
        waiting = loops[0].create_task(ch.arecv())
        loops[0].run_until_complete(asyncio.sleep(0))
        loops[1].run_until_complete(ch.asend("v"))
        assert loops[0].run_until_complete(waiting) == "v"
    for loop in loops:
        loop.close()


def test_a_finalizer_drops_a_waiting_operation_in_another_thread(thread):
    # rule PY-08, SEL-15
    ch = goconc.Chan()

    async def main():
        operation = ch.arecv(timeout=10)
        operation.send(None)
        return [operation]

    kept = asyncio.run(main())
    thread(kept.clear).join()
    gc.collect()
    with pytest.raises(goconc.WouldBlock):
        ch.send_nowait(1)


def test_references(settle):
    # rule CH-09, PY-03
    class Thing:
        pass

    async def main():
        ch, thing = goconc.Chan(), Thing()
        alone = sys.getrefcount(thing)
        for _ in range(20):
            await asyncio.gather(ch.asend(thing), ch.arecv())
            await asyncio.gather(goconc.aselect((ch, thing)), ch.arecv_ok(timeout=10))
            for operation in (ch.asend(thing, timeout=0), ch.asend(thing, ctx=Context(), timeout=0.0001)):
                with pytest.raises(TimeoutError):
                    await operation
            task = asyncio.create_task(ch.asend(thing))
            await parked(task)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            del task, operation
        settle()
        return sys.getrefcount(thing) - alone

    assert asyncio.run(main()) == 0


def test_no_thread_is_blocked_while_a_task_waits(eventually):
    # rule PY-06
    ch = goconc.Chan()
    ticks = []

    async def main():
        async def tick():
            while True:
                ticks.append(None)
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        value = await ch.arecv()
        ticking.cancel()
        return value

    def send_late():
        eventually(lambda: len(ticks) > 20, "the loop going on")
        ch.send("v")

    sender = threading.Thread(target=send_late)
    sender.start()
    assert asyncio.run(main()) == "v"
    sender.join()


def test_a_task_that_nobody_holds():
    # What it waits in keeps it, as a queue of asyncio's does.
    taken = []

    async def take(ch):
        taken.append(await ch.arecv())

    async def main():
        ch = goconc.Chan()
        asyncio.get_running_loop().create_task(take(ch))
        await asyncio.sleep(0.01)
        gc.collect()
        await ch.asend("v", timeout=20)
        while not taken:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(main(), 30))
    assert taken == ["v"]


def test_a_loop_that_is_closed_with_tasks_that_wait_is_let_go():
    loop = asyncio.new_event_loop()
    task = loop.create_task(goconc.Chan().arecv_ok())
    loop.run_until_complete(asyncio.sleep(0.01))
    task._log_destroy_pending = False
    gone = weakref.ref(loop)
    loop.close()
    del loop, task
    gc.collect()
    assert gone() is None
