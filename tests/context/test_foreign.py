"""Contexts of other classes: below ours, above ours, and around ours."""

import pytest

import goconc
from goconc import context

BG = context.background()


class Own:
    """The whole protocol, without any of ours in it."""

    def __init__(self, deadline=None):
        self._done = goconc.Chan()
        self._error = None
        self._deadline = deadline

    def end(self, error=None):
        self._error = error or goconc.Canceled("ended by hand")
        self._done.close()

    def done(self):
        return self._done.receiver

    def err(self):
        return self._error

    def value(self, key):
        return "mine" if key == "own" else None

    def deadline(self):
        return self._deadline


class WithAfterFunc(Own):
    """The same, which makes calls at its end itself."""

    def __init__(self):
        super().__init__()
        self.functions = {}

    def after_func(self, fn):
        number = len(self.functions)
        self.functions[number] = fn
        return lambda: self.functions.pop(number, None) is not None

    def end(self, error=None):
        super().end(error)
        for fn in list(self.functions.values()):
            fn()


class Wrapper:
    """One of ours with another value in it, as a program might write it."""

    def __init__(self, ctx):
        self._ctx = ctx

    def done(self):
        return self._ctx.done()

    def err(self):
        return self._ctx.err()

    def deadline(self):
        return self._ctx.deadline()

    def value(self, key):
        return "wrapped" if key == "wrapper" else self._ctx.value(key)


@pytest.fixture(params=[Own, WithAfterFunc])
def own(request):
    return request.param()


def test_it_ends_what_hangs_below_it(any_kind, own):
    # rule CTX-05, CTX-12 (Go: TestCustomContextPropagation, TestCustomContextAfterFuncCanceled)
    async def main():
        child, _ = context.with_cancel(own)
        below, _ = context.with_timeout(context.with_value(child, "key", 1), 60)
        assert (below.value("own"), below.value("key")) == ("mine", 1)
        waiting = any_kind.go(any_kind.recv_ok, below.done())
        await any_kind.parked(waiting)
        assert child.err() is None
        own.end()
        assert await any_kind.join(waiting) == (None, False)
        assert child.err() is below.err() is own.err()

    any_kind.run(main)


def test_its_children_end_without_it(any_kind, own):
    # rule CTX-06, CTX-15 (Go: TestCustomContextGoroutines, TestCustomContextAfterFuncAfterFunc): they leave nothing behind
    async def main():
        before = goconc.num_goroutine()
        for _ in range(5):
            child, cancel = context.with_cancel(own)
            cancel()
            assert type(child.err()) is goconc.Canceled
        while goconc.num_goroutine() > before:
            await any_kind.gosched()
        assert not getattr(own, "functions", None)
        assert own.err() is None

    any_kind.run(main)


def test_only_a_plain_one_costs_a_goroutine(kind):
    # rule CTX-12, CTX-15 (Go: TestCustomContextGoroutines)
    async def main():
        before = goconc.num_goroutine()
        ours, cancel = context.with_cancel(BG)
        for parent in (WithAfterFunc(), Wrapper(ours), context.with_value(ours, "key", 1), Wrapper(BG)):
            context.with_cancel(parent)
            context.after_func(parent, lambda: None)
        assert goconc.num_goroutine() == before
        _, cancel_child = context.with_cancel(Own())
        assert goconc.num_goroutine() == before + 1
        cancel_child()
        cancel()

    kind.run(main)


def test_one_that_wraps_ours_counts_as_ours(any_kind):
    # rule CTX-05, CTX-15 (Go: TestCustomContextPropagation)
    async def main():
        ours, cancel = context.with_cancel_cause(BG)
        child, _ = context.with_cancel(Wrapper(context.with_value(ours, "key", 1)))
        reason = ValueError("why")
        cancel(reason)
        assert child.err() is ours.err()  # at once
        assert context.cause(child) is reason
        assert (child.value("wrapper"), child.value("key")) == ("wrapped", 1)

    any_kind.run(main)


def test_one_that_ends_earlier_than_what_it_wraps(any_kind):
    # rule CTX-15 (Go: TestCustomContextPropagation, a Done of its own)
    async def main():
        ours, cancel = context.with_cancel(BG)

        class Both(Own):
            def value(self, key):
                return ours.value(key)

        both = Both()
        child, _ = context.with_cancel(both)
        waiting = any_kind.go(any_kind.recv_ok, child.done())
        both.end()
        assert await any_kind.join(waiting) == (None, False)
        assert child.err() is both.err()
        assert ours.err() is None
        cancel()

    any_kind.run(main)


def test_causes_go_through_it(any_kind):
    # rule CTX-09 (Go: TestCustomContextCause)
    async def main():
        reason = ValueError("why")
        ours, cancel = context.with_cancel_cause(BG)
        wrapper = Wrapper(ours)
        assert context.cause(wrapper) is None
        cancel(reason)
        assert context.cause(wrapper) is reason
        assert context.cause(context.with_value(wrapper, "key", 1)) is reason

        own = Own()
        child, _ = context.with_cancel(own)
        assert context.cause(own) is None
        own.end()
        await any_kind.recv_ok(child.done())
        assert context.cause(own) is context.cause(child) is own.err()

        born, _ = context.with_cancel(own)
        assert context.cause(born) is born.err() is own.err()

        ours, cancel = context.with_cancel_cause(Own())
        wrapper = Wrapper(ours)
        cancel(reason)
        assert context.cause(wrapper) is reason

    any_kind.run(main)


def test_one_with_a_cause_method(any_kind):
    # rule CTX-09
    class Explains(Own):
        def cause(self):
            return self.reason

    async def main():
        own = Explains()
        own.reason = ValueError("why")
        child, _ = context.with_cancel(own)
        own.end()
        await any_kind.recv_ok(child.done())
        assert context.cause(child) is own.reason
        with pytest.raises(goconc.Canceled, match="ended by hand") as caught:
            await any_kind.recv(goconc.Chan(), ctx=child)
        assert caught.value.__cause__ is own.reason

    any_kind.run(main)


def test_deadlines():
    # rule CTX-07
    own, past, none = Own(deadline=1e9), Own(deadline=0.0), Own()
    assert context.with_cancel(own)[0].deadline() == 1e9
    assert context.with_value(own, "key", 1).deadline() == 1e9
    assert context.with_deadline(own, 2e9)[0].deadline() == 1e9
    assert context.with_deadline(own, 5e8)[0].deadline() == 5e8
    assert context.with_deadline(none, 5e8)[0].deadline() == 5e8
    assert context.with_cancel(past)[0].err() is None  # ending in time is its own affair
    for each in (own, past, none):
        each.end()


def test_after_func(any_kind, own):
    # rule CTX-12 (Go: TestAfterFuncContext..., TestCustomContextAfterFuncAfterFunc)
    async def main():
        before = goconc.num_goroutine()
        called = goconc.Chan(3)
        stop = context.after_func(own, lambda: called.send_nowait("stopped"))
        assert stop() is True
        assert stop() is False
        stop = context.after_func(context.with_value(own, "key", 1), lambda: called.send_nowait("called"))
        own.end()
        assert await any_kind.recv(called) == "called"
        assert stop() is False
        stop = context.after_func(own, lambda: called.send_nowait("at once"))
        assert await any_kind.recv(called) == "at once"
        assert stop() is False
        while goconc.num_goroutine() > before:
            await any_kind.gosched()

    any_kind.run(main)


def test_the_least_that_a_context_has_to_offer():
    # rule CTX-15
    class Least:
        def done(self):
            return None

        def err(self):
            return None

    child, cancel = context.with_timeout(context.with_value(Least(), "key", 1), 60)
    assert child.value("key") == 1
    assert context.cause(Least()) is None
    assert context.with_value(Least(), "key", 1).deadline() is None
    cancel()
    assert type(child.err()) is goconc.Canceled


def test_one_whose_done_is_no_channel():
    # rule CTX-13
    class Broken(Own):
        def done(self):
            return "soon"

    with pytest.raises(TypeError, match="must give a channel, not str"):
        context.with_cancel(Broken())


def test_one_that_fails(thread):
    # rule CTX-13
    class Broken(Own):
        def err(self):
            raise ZeroDivisionError("err")

    for derive in (context.with_cancel, context.cause):
        with pytest.raises(ZeroDivisionError):
            derive(Broken())


def test_a_failing_stop_is_reported(monkeypatch):
    # rule GO-19
    class Broken(Own):
        def after_func(self, fn):
            def stop():
                raise ZeroDivisionError("stop")

            return stop

    reported = []
    monkeypatch.setattr(goconc, "excepthook", reported.append)
    child, cancel = context.with_cancel(Broken())
    cancel()
    assert type(child.err()) is goconc.Canceled
    assert [args.exc_type for args in reported] == [ZeroDivisionError]
