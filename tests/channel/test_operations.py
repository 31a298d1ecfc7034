"""Awaitable operations one after the other: none may be coloured by the one before it, and none may keep anything."""

import functools
import gc
import sys
import threading
import time
import warnings
import weakref

import pytest

import goconc


class Context:
    """The least that a context has to offer."""

    def __init__(self):
        self._done = goconc.Chan()

    def done(self):
        return self._done.receiver

    def err(self):
        return None


async def outcome(make):
    try:
        return await make()
    except (TimeoutError, goconc.GoconcError, TypeError, ValueError, RuntimeError) as error:
        return type(error)
    except StopAsyncIteration:
        return StopAsyncIteration


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


OPERATIONS = {
    "asend": (lambda: goconc.Chan(1).asend(1), None),
    "asend with a limit": (lambda: full().asend(1, timeout=0.0005), TimeoutError),
    "asend with no time": (lambda: full().asend(1, timeout=0), TimeoutError),
    "asend with a context": (lambda: goconc.Chan(1).asend(1, ctx=Context()), None),
    "asend with both": (lambda: goconc.Chan().asend(1, ctx=Context(), timeout=0.0005), TimeoutError),
    "asend on a closed one": (lambda: closed().asend(1), goconc.ChannelClosed),
    "asend misused": (lambda: goconc.Chan(1).asend(1, timeout="1"), TypeError),
    "arecv": (lambda: full().arecv(), "v"),
    "arecv with a limit": (lambda: goconc.Chan().arecv(timeout=0.0005), TimeoutError),
    "arecv with a context": (lambda: full().arecv(ctx=Context()), "v"),
    "arecv with both": (lambda: goconc.Chan().arecv(ctx=Context(), timeout=0.0005), TimeoutError),
    "arecv from a closed one": (lambda: closed().arecv(), goconc.ChannelClosed),
    "arecv misused": (lambda: goconc.Chan().arecv(timeout="1"), TypeError),
    "arecv_ok": (lambda: full().arecv_ok(), ("v", True)),
    "arecv_ok from a closed one": (lambda: closed().arecv_ok(), (None, False)),
    "arecv_ok with both": (lambda: goconc.Chan().arecv_ok(ctx=Context(), timeout=0.0005), TimeoutError),
    "anext": (lambda: full().__anext__(), "v"),
    "anext of a closed one": (lambda: closed().__anext__(), StopAsyncIteration),
    "aselect": (lambda: goconc.aselect(None, full()), (1, "v", True)),
    "aselect with default": (lambda: goconc.aselect(goconc.Chan(), default=True), (-1, None, False)),
    "aselect with a limit": (lambda: goconc.aselect(goconc.Chan(), timeout=0.0005), TimeoutError),
    "aselect with a context": (lambda: goconc.aselect(full(), ctx=Context()), (0, "v", True)),
    "aselect of a timer": (lambda: goconc.aselect(goconc.Chan(), goconc.after(3600), timeout=0.0005), TimeoutError),
    "aselect of a send": (lambda: goconc.aselect((goconc.Chan(1), 1)), (0, None, True)),
    "aselect misused": (lambda: goconc.aselect(3), TypeError),
    "asleep": (lambda: goconc.asleep(0.0005), None),
    "asleep for nothing": (lambda: goconc.asleep(0), None),
    "asleep misused": (lambda: goconc.asleep("1"), TypeError),
    "agosched": (lambda: goconc.agosched(), None),
    "ajoin": (lambda: goconc.go(result).ajoin(), "result"),
    "ajoin with a limit": (lambda: goconc.go(result).ajoin(timeout=10), "result"),
}


@pytest.mark.parametrize("first", OPERATIONS)
def test_one_after_another(first):
    # rule CH-19, SEL-06
    async def main():
        wrong = []
        for second in OPERATIONS:
            for name in (first, second):
                make, expected = OPERATIONS[name]
                got = await outcome(make)
                if got != expected:
                    wrong.append((first, second, name, got))
        return wrong

    assert goconc.run(main) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_is_kept(name, settle):
    """Whatever came of it, the next operation finds nothing of this one alive."""

    # rule CH-09, PY-03
    class Thing:
        pass

    ways = {
        "asend": lambda ch, thing, **limits: ch.asend(thing, **limits),
        "arecv": lambda ch, thing, **limits: ch.arecv(**limits),
        "aselect": lambda ch, thing, **limits: goconc.aselect((ch, thing), **limits),
    }

    async def main():
        left = []
        for way, make in ways.items():
            for limits in ({"timeout": 0}, {"timeout": "1"}, {"timeout": 0.0001}, {"ctx": 3}):
                ch, thing = goconc.Chan(), Thing()
                alive = weakref.ref(ch), weakref.ref(thing)
                operation = functools.partial(make, ch, thing, **limits)
                assert await outcome(operation) in (TimeoutError, TypeError)
                del ch, thing, operation
                await outcome(OPERATIONS[name][0])
                await goconc.asleep(0)
                settle()
                if any(ref() is not None for ref in alive):
                    left.append((way, limits, [ref() for ref in alive]))
        return left

    assert goconc.run(main) == []


def test_several_at_once():
    """Operations that were made, and are held, before the first of them is awaited."""

    # rule CH-19
    async def main():
        ch = goconc.Chan(10)
        sending = [ch.asend(n) for n in range(5)]
        receiving = [ch.arecv() for _ in range(5)]
        assert len(ch) == 0
        for operation in reversed(sending):
            await operation
        return [await operation for operation in receiving]

    assert goconc.run(main) == [4, 3, 2, 1, 0]


def test_made_by_one_goroutine_and_awaited_by_another(make_kind):
    # rule CH-19
    async def main():
        ch, back = goconc.Chan(), goconc.Chan()

        async def await_it(operation):
            return await operation

        first = goconc.go(await_it, ch.arecv())
        await make_kind("async").parked(first)
        second = goconc.go(await_it, ch.arecv_ok(timeout=10))
        await make_kind("async").parked(second)
        third = goconc.go(await_it, back.asend("third"))
        await ch.asend("first")
        await ch.asend("second")
        assert await back.arecv() == "third"
        assert [await first, await second, await third] == ["first", ("second", True), None]

    goconc.run(main)


def test_made_outside_and_awaited_inside():
    # rule CH-19
    ch = goconc.Chan(1)
    operation = ch.asend("v")

    async def main():
        await operation
        return await ch.arecv()

    assert goconc.run(main) == "v"


def test_one_that_is_dropped_in_a_goroutine_warns():
    # rule CH-11 (API: warns as an un-awaited coroutine does)
    async def main(then):
        ch = goconc.Chan(1)
        ch.asend("never")
        await then()
        return len(ch)

    for then in (goconc.agosched, lambda: goconc.Chan(1).asend(1), lambda: goconc.asleep(0.001), result):
        with pytest.warns(RuntimeWarning, match="'asend' was never awaited"):
            assert goconc.run(main, then) == 0


def test_one_that_is_awaited_does_not_warn():
    # rule CH-11 (API: warns as an un-awaited coroutine does)
    async def main():
        for make, _ in OPERATIONS.values():
            await outcome(make)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        goconc.run(main)
        gc.collect()


def test_a_finalizer_in_the_midst(settle):
    """The value that an operation drops has a finalizer, which uses channels itself."""
    # rule PY-04, PY-08
    log = goconc.Chan(100)

    class Noisy:
        def __del__(self):
            log.send_nowait("gone")

    async def main():
        ch = goconc.Chan()
        for _ in range(10):
            with pytest.raises(TimeoutError):
                await ch.asend(Noisy(), timeout=0)
            await goconc.aselect((ch, Noisy()), default=True)
            await goconc.agosched()
        settle()  # without a GIL: main may have gone on on another worker, and its last references are this thread's to count
        return len(log)

    assert goconc.run(main) == 20


def test_references_to_a_value_that_passes_through(settle):
    # rule CH-09
    async def main():
        ch, thing = goconc.Chan(1), object()
        alone = sys.getrefcount(thing)
        for _ in range(100):
            await ch.asend(thing)
            await ch.arecv()
            await goconc.aselect((ch, thing))
            await goconc.aselect(ch)
            await ch.asend(thing, timeout=1)
            await ch.arecv_ok(timeout=1)
        settle()
        return sys.getrefcount(thing) - alone

    assert goconc.run(main) == 0


# ---- stepped, closed or dropped by hand; awaited by several ----


def no_waiter(*channels):
    """Whether nobody waits on any of these unbuffered channels."""
    for ch in channels:
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("for nobody")
    return True


class Thing:
    pass


# What waits, given two channels and a thing to send; whether a partner may be served on the first channel.
WAITS = {
    "arecv": (lambda ch, other, thing: ch.arecv(), "send"),
    "arecv with a limit": (lambda ch, other, thing: ch.arecv(timeout=0.05), "send"),
    "arecv_ok with a context": (lambda ch, other, thing: ch.arecv_ok(ctx=Context(), timeout=0.05), "send"),
    "asend": (lambda ch, other, thing: ch.asend(thing), "recv"),
    "asend with a limit": (lambda ch, other, thing: ch.asend(thing, timeout=0.05), "recv"),
    "asend with a context": (lambda ch, other, thing: ch.asend(thing, ctx=Context()), "recv"),
    "aselect of receives": (lambda ch, other, thing: goconc.aselect(ch, other, goconc.after(0.05)), "send"),
    "aselect of sends": (lambda ch, other, thing: goconc.aselect((ch, thing), (other, thing), timeout=0.05), "recv"),
    "asleep": (lambda ch, other, thing: goconc.asleep(0.05), None),
}


@pytest.mark.parametrize("served", [False, True], ids=["waiting", "served"])
@pytest.mark.parametrize("how", ["close", "throw"])
@pytest.mark.parametrize("what", WAITS)
def test_a_goroutine_whose_coroutine_is_ended_from_outside(what, how, served, make_kind, settle):
    """It ends, whether its wait was over already or not, and leaves nothing behind."""
    # With one processor: a coroutine must not be closed while it runs in another thread.
    # rule CH-09, GO-03, SEL-15
    make, partner = WAITS[what]

    async def main():
        ch, other, thing = goconc.Chan(), goconc.Chan(), Thing()
        gone = weakref.ref(thing)

        async def wait(thing):
            await make(ch, other, thing)

        coroutine = wait(thing)
        goroutine = goconc.go(coroutine)
        await make_kind("async").parked(goroutine)
        if served and partner == "send":
            ch.send_nowait(thing)
        elif served and partner == "recv":
            assert ch.recv_nowait() is thing
        del thing
        if how == "close":
            coroutine.close()
        else:
            with pytest.raises(KeyError):
                coroutine.throw(KeyError())
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await goroutine
        assert no_waiter(ch, other)
        await goconc.asleep(0.06)  # no time limit of it comes later
        del coroutine, goroutine
        settle()
        return gone()

    assert goconc.run(main, procs=1) is None


def test_a_goroutine_that_joins_and_is_closed(make_kind):
    # rule GO-03
    async def main():
        ch = goconc.Chan()
        other = goconc.go(ch.recv)

        async def join():
            await other.ajoin(timeout=0.05)

        coroutine = join()
        goroutine = goconc.go(coroutine)
        await make_kind("async").parked(goroutine)
        coroutine.close()
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await goroutine
        await goconc.asleep(0.06)
        await ch.asend("v")
        return await other

    assert goconc.run(main, procs=1) == "v"


def test_a_goroutine_waits_in_one_operation_at_a_time():
    # rule CH-19
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        first, second = a.arecv(), b.arecv()
        assert first.send(None) is not None
        for another in (second, a.asend(1), goconc.asleep(1), goconc.aselect(a, b), b.arecv(ctx=Context())):
            with pytest.raises(RuntimeError, match="waits in another operation"):
                another.send(None)
        with pytest.raises(RuntimeError, match="waits in another operation"):
            await b.arecv()
        a.send_nowait("on a")
        assert no_waiter(b)
        with pytest.raises(StopIteration) as end:
            first.send(None)
        b_full = goconc.go(b.send, "on b")
        assert await b.arecv() == "on b"
        await b_full
        return end.value.value

    assert goconc.run(main) == "on a"


@pytest.mark.parametrize("held", [True, False], ids=["held", "dropped"])
def test_a_goroutine_ends_with_an_operation_left_open(held, settle):
    # rule SEL-15, CH-09
    async def main():
        kept = []

        async def leave(ch, thing, *, sends=False):
            operation = ch.asend(thing, timeout=0.01) if sends else goconc.aselect(ch, (ch, thing))
            operation.send(None)
            if held:
                kept.append(operation)

        for sends in (True, False):
            ch, thing = goconc.Chan(), Thing()
            gone = weakref.ref(thing)
            await goconc.go(leave, ch, thing, sends=sends)
            del thing
            assert no_waiter(ch)
            settle()
            assert gone() is None
        await goconc.asleep(0.02)  # its time limit is gone too
        for operation in kept:
            with pytest.raises(RuntimeError, match="cannot reuse"):
                operation.send(None)
            operation.close()

    goconc.run(main)


def test_an_open_operation_that_is_dropped_leaves_its_channel():
    # rule SEL-15
    async def main():
        ch = goconc.Chan()
        operation = ch.arecv(timeout=0.01)
        operation.send(None)
        del operation
        await goconc.asleep(0.02)  # the goroutine had kept it, to use it again
        assert no_waiter(ch)
        go = goconc.go(ch.send, "v")
        assert await ch.arecv() == "v"
        await go

    goconc.run(main)


def test_a_coroutine_started_twice():
    """One of the two finds an operation that is not its own, and ends the coroutine."""

    # rule CH-19, GO-03
    async def main():
        ch = goconc.Chan()

        async def receive():
            return await ch.arecv()

        coroutine = receive()
        handles = [goconc.go(coroutine), goconc.go(coroutine)]
        while not any(handle.done() for handle in handles):
            await goconc.agosched()
        for handle in handles:
            handle.cancel()
            with pytest.raises(RuntimeError):
                await handle
        assert no_waiter(ch)

    goconc.run(main, procs=1)


def test_a_context_that_steps_the_operation_it_is_asked_for():
    # rule SEL-15
    channels = goconc.Chan(), goconc.Chan()
    operations = []

    class Meddling(Context):
        def err(self):
            if operations:
                operations.pop().send(None)
            return None

    async def main():
        operation = channels[0].arecv(ctx=Meddling(), timeout=10)
        operations.append(operation)
        with pytest.raises(RuntimeError, match="awaited already"):
            await operation

    goconc.run(main)
    assert no_waiter(*channels)


def test_a_context_that_opens_another_wait():
    # rule SEL-15
    class Meddling(Context):
        def err(self):
            self.opened = goconc.Chan().arecv()
            self.opened.send(None)
            return None

    async def main():
        ch = goconc.Chan()
        with pytest.raises(RuntimeError, match="waits in another operation"):
            await ch.arecv(ctx=Meddling())
        assert no_waiter(ch)

    goconc.run(main)


def test_a_warning_that_makes_an_operation():
    """What is made while an operation is found never to have been awaited is another one than what is being made."""
    # rule CH-19
    made = []

    async def main():
        a, b = goconc.Chan(1), goconc.Chan(1)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = lambda *_: made.append(b.asend("on b"))
            a.arecv()
            operation = a.asend("on a")
        assert len(made) == 1
        assert made[0] is not operation
        await operation
        await made.pop()
        return a.recv_nowait(), b.recv_nowait()

    assert goconc.run(main) == ("on a", "on b")


def test_one_operation_awaited_by_two_threads(thread):
    """It is done once, by one of them; the other is told so."""
    # rule CH-19, PY-11
    count = 1000
    arrived, refused = [0, 0], []
    limit = time.monotonic() + 1

    async def main(me, operations):
        done = 0
        for n, operation in enumerate(operations):
            arrived[me] = n
            while arrived[1 - me] < n and time.monotonic() < limit:  # in step, for a second, so that both come at once
                time.sleep(0)
            try:
                await operation
                done += 1
            except RuntimeError as error:
                refused.append(str(error))
        return done

    ch = goconc.Chan(2 * count)
    for n in range(count):
        ch.send_nowait([n])
    operations = [make for n in range(count) for make in (ch.asend([n]), ch.arecv())]
    handles = [thread(goconc.run, main, me, operations) for me in range(2)]
    assert sum(handle.join() for handle in handles) == len(refused) == 2 * count
    assert all("awaited already" in reason for reason in refused)
    assert len(ch) == count


def test_an_operation_in_a_cycle_is_collected(collect):
    # rule PY-03
    async def main():
        make()

    def make():
        for wrap in (lambda ch: ch.arecv(), lambda ch: goconc.Chan().asend([ch]), lambda ch: goconc.aselect(ch)):
            ch, thing = goconc.Chan(2), Thing()
            ch.send_nowait(wrap(ch))
            ch.send_nowait(thing)
            alive.append(weakref.ref(thing))

    for run in (make, lambda: goconc.run(main)):
        alive = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run()
            collect()
        assert [ref() for ref in alive] == [None] * 3


def test_a_default_without_a_truth_value_keeps_nothing(settle):
    # rule CH-09, SEL-05
    class Unclear:
        def __bool__(self):
            raise ValueError("neither")

    async def main():
        ch, thing = goconc.Chan(), Thing()
        alive = weakref.ref(thing)
        with pytest.raises(ValueError, match="neither"):
            goconc.aselect((ch, thing), default=Unclear())
        del thing
        await goconc.Chan(1).asend(1)  # makes use of what the goroutine keeps for that
        settle()
        return alive()

    assert goconc.run(main) is None


def test_a_thread_that_ends_keeps_nothing(collect):
    # rule PY-03
    async def main():
        ch = goconc.Chan(1)
        await ch.asend("v")
        return await ch.arecv()

    def blocks_after(threads):
        for _ in range(threads):
            thread = threading.Thread(target=goconc.run, args=(main,))
            thread.start()
            thread.join()
        collect()
        return sys.getallocatedblocks()

    before = blocks_after(10)
    assert blocks_after(40) < before + 20
