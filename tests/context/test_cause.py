"""Why a context has ended."""

import pytest

import goconc
from goconc import context

BG = context.background()


def test_the_cause_that_was_given():
    # rule CTX-09 (Go: TestCause)
    ctx, cancel = context.with_cancel_cause(BG)
    assert context.cause(ctx) is None
    assert ctx.cause() is None
    reason = OSError("disk full")
    cancel(reason)
    assert context.cause(ctx) is reason
    assert ctx.cause() is reason
    assert type(ctx.err()) is goconc.Canceled
    cancel(ValueError("too late"))
    cancel()
    assert context.cause(ctx) is reason


@pytest.mark.parametrize("arguments", [(), (None,)])
def test_none_given(arguments):
    # rule CTX-09
    ctx, cancel = context.with_cancel_cause(BG)
    cancel(*arguments)
    assert context.cause(ctx) is ctx.err()
    assert type(ctx.err()) is goconc.Canceled


def test_children_inherit_it():
    # rule CTX-09 (Go: TestCause, the parent and child cases)
    top, cancel_top = context.with_cancel_cause(BG)
    child, cancel_child = context.with_cancel_cause(top)
    below = context.with_value(context.with_timeout(child, 60)[0], "key", 1)
    of_child, of_top = ValueError("child"), ValueError("top")
    cancel_child(of_child)
    cancel_top(of_top)
    other, _ = context.with_cancel(top)
    assert context.cause(top) is context.cause(other) is of_top
    assert context.cause(child) is context.cause(below) is of_child
    assert below.err() is child.err()


def test_the_first_one_wins_also_down_the_tree():
    # rule CTX-09
    top, cancel_top = context.with_cancel_cause(BG)
    child, cancel_child = context.with_cancel_cause(top)
    of_top = ValueError("top")
    cancel_top(of_top)
    cancel_child(ValueError("child"))
    assert context.cause(child) is of_top


def test_a_plain_cancel_has_none():
    # rule CTX-09
    top, _ = context.with_cancel_cause(BG)
    child, cancel = context.with_cancel(top)
    cancel()
    assert context.cause(child) is child.err()
    assert context.cause(top) is None


def test_without_cancel_drops_it():
    # rule CTX-11
    ctx, cancel = context.with_cancel_cause(BG)
    cancel(ValueError("lost"))
    free = context.without_cancel(ctx)
    assert context.cause(free) is None
    child, cancel_child = context.with_cancel(free)
    cancel_child()
    assert context.cause(child) is child.err()


def test_an_exception_that_leaves_the_block_is_the_cause():
    # rule CTX-09 (API: with)
    error = KeyError("inside")
    with pytest.raises(KeyError), context.with_cancel_cause(BG) as ctx:
        raise error
    assert context.cause(ctx) is error
    with context.with_cancel_cause(BG) as ctx:
        pass
    assert context.cause(ctx) is ctx.err()
    with pytest.raises(KeyError), context.with_cancel(BG) as ctx:
        raise error
    assert context.cause(ctx) is ctx.err()


def test_what_is_raised_is_chained_to_it(any_kind):
    # rule CTX-09 (API: ctx=)
    async def main():
        for make, reason in ((context.with_cancel, None), (context.with_cancel_cause, OSError("disk full"))):
            ctx, cancel = make(BG)
            below = context.with_value(context.with_cancel(ctx)[0], "key", 1)

            async def wait(ctx=below):
                await any_kind.recv(goconc.Chan(), ctx=ctx)

            waiting = any_kind.go(wait)
            await any_kind.parked(waiting)
            cancel() if reason is None else cancel(reason)
            with pytest.raises(goconc.Canceled, match="context canceled") as parked:
                await any_kind.join(waiting)
            with pytest.raises(goconc.Canceled, match="context canceled") as late:
                await wait()
            assert parked.value.__cause__ is late.value.__cause__ is reason

    any_kind.run(main)


def test_each_raise_has_an_exception_of_its_own(any_kind):
    # rule CTX-03: err() is one and the same; what is raised does not collect the tracebacks of all who meet it
    async def main():
        ctx, cancel = context.with_cancel(BG)
        cancel()
        raised = []
        for _ in range(3):
            with pytest.raises(goconc.Canceled) as caught:
                await any_kind.recv(goconc.Chan(), ctx=ctx)
            raised.append(caught.value)
        assert len({id(error) for error in raised}) == 3
        assert ctx.err().__traceback__ is None

    any_kind.run(main)
