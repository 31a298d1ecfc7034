"""Awaitable operations one after the other: none may be coloured by the one before it, and none may keep anything."""

import functools
import gc
import sys
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
