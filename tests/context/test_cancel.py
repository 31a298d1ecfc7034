"""Cancelling: what ends, what does not, and when."""

import pytest

import goconc
from goconc import context

BG = context.background()


def ended(*contexts):
    """Whether all of them have ended; each must say the same thing in all ways of saying it."""
    for ctx in contexts:
        assert (ctx.err() is not None) == ctx.done().closed == (context.cause(ctx) is not None)
    return all(ctx.err() is not None for ctx in contexts)


def test_with_cancel():
    # rule CTX-02, CTX-03, CTX-04 (Go: TestWithCancel)
    ctx, cancel = context.with_cancel(BG)
    done = ctx.done()
    assert ctx.err() is None
    assert not done.closed
    assert ctx.done() is done
    cancel()
    assert done.closed
    assert ctx.done() is done
    error = ctx.err()
    assert type(error) is goconc.Canceled
    assert str(error) == "context canceled"
    assert context.cause(ctx) is error
    cancel()
    assert ctx.err() is error


def test_done_is_the_same_channel_whenever_it_is_asked_for():
    # rule CTX-02
    ctx, cancel = context.with_cancel(BG)
    cancel()
    assert ctx.done() is ctx.done()
    assert ctx.done().closed
    assert ctx.done() != context.with_cancel(BG)[0].done()
    with pytest.raises(AttributeError):
        ctx.done().close()


def test_as_a_context_manager():
    # rule CTX-04 (API: with)
    with context.with_cancel(BG) as ctx:
        assert not ended(ctx)
    assert ended(ctx)
    pair = context.with_timeout(BG, 5)
    with pytest.raises(KeyError), pair as ctx:
        raise KeyError("left by an exception")
    assert isinstance(ctx.err(), goconc.Canceled)
    assert pair[0] is ctx
    assert len(pair) == 2


def test_down_the_tree_and_nowhere_else():
    # rule CTX-05
    top, _ = context.with_cancel(BG)
    parent, cancel = context.with_cancel(top)
    sibling, _ = context.with_cancel(top)
    child, _ = context.with_cancel_cause(parent)
    grandchild, _ = context.with_timeout(context.with_value(child, "key", 1), 5)
    value = context.with_value(grandchild, "key", 2)
    family = [parent, child, grandchild, value]
    waiting = [ctx.done() for ctx in family[::2]]  # with and without a channel that somebody has seen
    cancel()
    assert all(chan.closed for chan in waiting)
    assert ended(*family)
    assert {type(ctx.err()) for ctx in family} == {goconc.Canceled}
    assert not ended(top)
    assert not ended(sibling)


def test_a_child_of_one_that_has_ended_is_born_so():
    # rule CTX-05 (Go: TestWithCancelCanceledParent)
    parent, cancel = context.with_cancel_cause(BG)
    reason = OSError("because")
    cancel(reason)
    children = [
        context.with_cancel(parent)[0],
        context.with_cancel_cause(parent)[0],
        context.with_timeout(parent, 5)[0],
        context.with_timeout(parent, -5)[0],
        context.with_value(parent, "key", 1),
    ]
    assert ended(*children)
    assert {ctx.err() for ctx in children} == {parent.err()}
    assert {context.cause(ctx) for ctx in children} == {reason}


def test_a_child_that_is_cancelled_leaves_its_parent_alone():
    # rule CTX-05, CTX-06 (Go: TestChildFinishesFirst)
    for make in (context.with_cancel, context.with_cancel_cause, lambda parent: context.with_timeout(parent, 5)):
        parent, _ = context.with_cancel(BG)
        child, cancel = make(parent)
        cancel()
        assert ended(child)
        assert not ended(parent)


BETWEEN = {"directly": lambda ctx: ctx, "below a value": lambda ctx: context.with_value(ctx, "key", 1)}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
def test_a_parent_ends_its_children(between):
    # rule CTX-05 (Go: TestParentFinishesChild)
    parent, cancel = context.with_cancel(BG)
    plain, stop_plain = context.with_cancel(between(parent))
    limited, stop_limited = context.with_timeout(between(parent), 5)
    cancel()
    error = parent.err()
    stop_plain()
    stop_limited()
    assert ended(parent, plain, limited)
    assert plain.err() is limited.err() is parent.err() is error


def test_without_cancel():
    # rule CTX-11 (Go: TestWithoutCancel)
    parent, cancel = context.with_timeout(context.with_value(BG, "key", "value"), 5)
    ctx = context.without_cancel(parent)
    cancel()
    assert ctx.value("key") == "value"
    assert ctx.deadline() is None
    assert not ended(ctx)
    assert ctx.done() == BG.done()
    child, cancel_child = context.with_cancel(ctx)
    assert not ended(child)
    cancel_child()
    assert ended(child)


def test_layers():
    # rule CTX-05, CTX-06 (Go: TestLayersCancel)
    layers, cancels, ctx = [], [], BG
    for depth in range(30):
        if depth % 3 == 0:
            ctx = context.with_value(ctx, depth, depth)
        else:
            ctx, cancel = context.with_cancel(ctx) if depth % 3 == 1 else context.with_timeout(ctx, 5)
            cancels.append((depth, cancel))
        layers.append(ctx)
    where, cancel = cancels[7]
    cancel()
    assert ended(*layers[where:])
    assert not any(ended(ctx) for ctx in layers[:where])
    assert [ctx.value(0) for ctx in layers] == [0] * 30


def test_very_deep_and_very_wide():
    # rule CTX-05: neither uses up the stack
    def main():
        top, cancel = context.with_cancel(BG)
        deepest = top
        for _ in range(20_000):
            deepest, _ = context.with_cancel(context.with_value(deepest, "key", 1))
        wide = [context.with_cancel(top)[0] for _ in range(20_000)]
        cancel()
        assert ended(deepest)
        assert all(ctx.err() is top.err() for ctx in wide)

    goconc.run(main)


def test_waiting_for_the_end(any_kind):
    # rule CTX-02, CTX-05
    async def main():
        parent, cancel = context.with_cancel(BG)
        children = [context.with_cancel(parent)[0] for _ in range(5)]
        waiting = [any_kind.go(any_kind.recv_ok, ctx.done()) for ctx in [parent, *children]]
        await any_kind.parked(*waiting)
        cancel()
        for each in waiting:
            assert await any_kind.join(each) == (None, False)

    any_kind.run(main)


def test_who_sees_it_done_sees_why(any_kind):
    # rule CTX-14
    async def main():
        ctx, cancel = context.with_cancel_cause(BG)
        reason = ValueError("why")

        async def wait():
            await any_kind.recv_ok(ctx.done())
            return ctx.err(), context.cause(ctx)

        waiting = any_kind.go(wait)
        await any_kind.parked(waiting)
        cancel(reason)
        assert await any_kind.join(waiting) == (ctx.err(), reason)

    any_kind.run(main)


def test_cancelled_from_anywhere(any_kind, other_kind):
    # rule CTX-04
    async def main():
        ctx, cancel = context.with_cancel(BG)
        waiting = any_kind.go(any_kind.recv_ok, ctx.done())

        async def call():
            cancel()

        other = other_kind.go(call)
        assert await any_kind.join(waiting) == (None, False)
        assert ended(ctx)
        while not other.done():
            await any_kind.gosched()

    any_kind.run(main)
