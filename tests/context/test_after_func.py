"""after_func: a call that is made once a context has ended."""

import gc
import weakref

import pytest

import goconc
from goconc import context

BG = context.background()


def test_called_after_the_end(any_kind):
    # rule CTX-12 (Go: TestAfterFuncCalledAfterCancel, ...AfterTimeout)
    async def main():
        for make in (
            lambda ctx: ctx,
            lambda ctx: context.with_value(ctx, "key", 1),
            lambda ctx: context.with_cancel(ctx)[0],
        ):
            parent, cancel = context.with_cancel(BG)
            called = goconc.Chan(1)
            stop = context.after_func(make(parent), lambda called=called: called.send_nowait(goconc.current()))
            with pytest.raises(goconc.WouldBlock):
                called.recv_nowait()
            cancel()
            assert await any_kind.recv(called) is not goconc.current()
            assert stop() is False

        limited, _ = context.with_timeout(BG, 0.001)
        called = goconc.Chan(1)
        context.after_func(limited, lambda: called.send_nowait(1))
        assert await any_kind.recv(called) == 1

    any_kind.run(main)


def test_called_at_once_if_it_has_ended(any_kind):
    # rule CTX-12 (Go: TestAfterFuncCalledImmediately)
    async def main():
        ctx, cancel = context.with_cancel(BG)
        cancel()
        called = goconc.Chan(1)
        stop = context.after_func(ctx, lambda: called.send_nowait(1))
        assert stop() is False
        assert await any_kind.recv(called) == 1

    any_kind.run(main)


def test_either_kind_of_function(any_kind):
    # rule CTX-12, GO-01
    async def main():
        ctx, cancel = context.with_cancel(BG)
        called = goconc.Chan()

        async def suspending():
            await goconc.agosched()
            await called.asend("async")

        context.after_func(ctx, lambda: called.send("plain"))
        context.after_func(ctx, suspending)
        cancel()
        assert {await any_kind.recv(called), await any_kind.recv(called)} == {"plain", "async"}

    any_kind.run(main)


def test_not_called_after_stop(any_kind):
    # rule CTX-12 (Go: TestAfterFuncNotCalledAfterStop)
    async def main():
        ctx, cancel = context.with_cancel(BG)
        calls = []
        stop = context.after_func(ctx, lambda: calls.append(1))
        assert stop() is True
        assert stop() is False
        done = goconc.Chan()
        context.after_func(ctx, done.close)
        cancel()
        await any_kind.recv_ok(done)
        assert calls == []
        assert stop() is False

    any_kind.run(main)


def test_several_are_independent(any_kind):
    # rule CTX-12
    async def main():
        ctx, cancel = context.with_cancel(BG)
        called = goconc.Chan(5)
        stops = [context.after_func(ctx, lambda n=n: called.send_nowait(n)) for n in range(5)]
        assert stops[1]()
        assert stops[3]()
        cancel()
        assert {await any_kind.recv(called) for _ in range(3)} == {0, 2, 4}

    any_kind.run(main)


def test_nothing_waits_for_it(any_kind):
    # rule CTX-12: neither cancel nor stop does (Go: TestAfterFuncContextBlocked... it may block as long as it likes)
    async def main():
        ctx, cancel = context.with_cancel(BG)
        entered, leave = goconc.Chan(1), goconc.Chan()

        def call():
            entered.send(None)
            leave.recv()

        stop = context.after_func(ctx, call)
        cancel()
        await any_kind.recv(entered)
        assert stop() is False
        await any_kind.send(leave, None)

    any_kind.run(main)


def test_of_a_context_that_never_ends():
    # rule CTX-12
    for ctx in (BG, context.with_value(BG, "key", 1), context.without_cancel(context.with_cancel(BG)[0])):
        stop = context.after_func(ctx, lambda: None)
        assert stop() is True
        assert stop() is False


def test_an_exception_in_it_stops_the_run():
    # rule CTX-12, GO-12
    def main():
        ctx, cancel = context.with_cancel(BG)

        def fail():
            raise ZeroDivisionError("in an after_func")

        context.after_func(ctx, fail)
        cancel()
        goconc.Chan().recv()

    with pytest.raises(ZeroDivisionError, match="in an after_func"):
        goconc.run(main)


def test_it_ends_with_its_run():
    # rule CTX-12, TM-07: after the run there is nobody to call it
    ctx, cancel = context.with_cancel(BG)
    calls = []
    goconc.run(lambda: context.after_func(ctx, lambda: calls.append(1)))
    cancel()
    goconc.run(lambda: goconc.sleep(0.001))
    assert calls == []


def test_a_wait_that_a_context_ends():
    # rule CTX-12 (Go: ExampleAfterFunc_cond, _merge): merging two contexts
    def main():
        one, _ = context.with_cancel_cause(BG)
        other, cancel_other = context.with_cancel_cause(BG)
        merged, cancel = context.with_cancel_cause(one)
        stop = context.after_func(other, lambda: cancel(context.cause(other)))
        reason = ValueError("of the other")
        cancel_other(reason)
        merged.done().recv_ok()
        assert context.cause(merged) is reason
        assert stop() is False

    goconc.run(main)


def test_nothing_is_kept(collect):
    # rule CTX-06, CTX-17
    class Thing:
        pass

    ctx, cancel = context.with_cancel(BG)
    thing = Thing()
    gone = weakref.ref(thing)
    stop = context.after_func(ctx, lambda kept=thing: None)
    assert stop()
    del thing, stop
    collect()
    assert gone() is None

    thing = Thing()
    gone = weakref.ref(thing)
    stop = context.after_func(ctx, lambda kept=thing: None)
    del thing, stop
    assert gone() is not None
    del ctx, cancel
    gc.collect()
    collect()
    assert gone() is None
