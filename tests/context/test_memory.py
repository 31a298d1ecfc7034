"""What contexts keep alive, and what they do not."""

import gc
import weakref

import pytest

import goconc
from goconc import context

BG = context.background()


class Value:
    pass


def tracked(parent):
    """A context below ``parent`` with a value, and a weak reference to the value."""
    value = Value()
    return context.with_value(parent, "value", value), weakref.ref(value)


def test_a_cancelled_child_is_let_go_by_its_parent(settle):
    # rule CTX-06 (Go: TestCancelRemoves)
    parent, _ = context.with_cancel(BG)
    for make in (context.with_cancel, context.with_cancel_cause, lambda ctx: context.with_timeout(ctx, 60)):
        child, cancel = make(parent)
        grandchild, gone = tracked(child)
        below, _ = context.with_cancel(grandchild)
        cancel()
        del child, grandchild, cancel, below, _
        settle()
        assert gone() is None


@pytest.mark.parametrize(
    "make", [context.with_cancel, lambda ctx: context.with_timeout(ctx, 60)], ids=["cancel", "timeout"]
)
def test_a_million_children_do_not_make_their_parent_grow(make):
    # rule CTX-06 (Go: TestCancelRemoves)
    parent, _ = context.with_cancel(BG)
    for _ in range(2):
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(1000):
            _, cancel = make(parent)
            cancel()
        gc.collect()
        grown = len(gc.get_objects()) - before
    assert grown < 100


def test_one_that_never_had_a_child_goes_at_once(settle):
    # rule CTX-17, PY-03
    ctx, gone = tracked(BG)
    pair = context.with_cancel(ctx)
    pair[0].done()
    del ctx, pair
    settle()
    assert gone() is None


def test_whole_trees_are_collected_without_a_cancel(collect):
    # rule CTX-17
    top, _ = context.with_cancel(BG)
    ctx, gone = tracked(top)
    for _ in range(10):
        ctx, _ = context.with_cancel(ctx)
        context.with_cancel(ctx)
        context.after_func(ctx, lambda ctx=ctx: None)
    del top, ctx, _
    collect()
    assert gone() is None


def test_cycles_through_values_and_causes_are_collected(collect):
    # rule CTX-17, PY-03
    box = Value()
    box.ctx = context.with_cancel(context.with_value(BG, "box", box))[0]
    gone = weakref.ref(box)
    del box
    collect()
    assert gone() is None

    class Reason(Exception):
        pass

    ctx, cancel = context.with_cancel_cause(BG)
    reason = Reason()
    reason.ctx = ctx
    cancel(reason)
    gone = weakref.ref(reason)
    del ctx, cancel, reason
    collect()
    assert gone() is None


def test_a_child_keeps_its_parents(collect):
    # rule CTX-10, CTX-17
    top, cancel = context.with_cancel(BG)
    ctx, gone = tracked(top)
    child, _ = context.with_cancel(ctx)
    del top, ctx
    collect()
    assert gone() is not None
    assert child.value("value") is gone()
    cancel()
    assert type(child.err()) is goconc.Canceled


def test_a_child_that_nobody_holds_still_ends_what_waits_for_it(kind):
    # rule CTX-05, CTX-17
    async def main():
        parent, cancel = context.with_cancel(BG)
        done = context.with_cancel(context.with_cancel(parent)[0])[0].done()
        gc.collect()
        cancel()
        assert await kind.recv_ok(done) == (None, False)

    kind.run(main)


def test_a_timer_keeps_the_context_until_then(kind, eventually, collect):
    # rule CTX-17: and no longer
    async def main(seconds):
        ctx, gone = tracked(BG)
        limited, cancel = context.with_timeout(ctx, seconds)
        done = limited.done()
        del ctx, limited
        del cancel
        if seconds > 1:
            gc.collect()
            assert gone() is not None
            return None
        await kind.recv_ok(done)
        return gone

    kind.run(main, 5)
    gone = kind.run(main, 0.001)

    def is_gone():
        collect()
        return gone() is None

    eventually(is_gone)


def test_a_very_long_chain_is_freed():
    # rule CTX-17: without recursion
    def main():
        ctx = BG
        for n in range(50_000):
            ctx = context.with_value(ctx, n, n) if n % 2 else context.with_cancel(ctx)[0]
        assert ctx.value(1) == 1
        assert ctx.value("none") is None
        ctx, gone = tracked(ctx)
        del ctx
        gc.collect()
        gc.collect()
        return gone

    assert goconc.run(main)() is None


def test_cancelling_from_a_finalizer_and_from_the_collector(collect):
    # rule CTX-17, PY-04, PY-08
    class Owner:
        def __init__(self, ctx, cancel):
            self.ctx, self.cancel, self.me = ctx, cancel, self

        def __del__(self):
            self.cancel()

    top, _ = context.with_cancel(BG)
    owner = Owner(*context.with_cancel(top))
    child, _ = context.with_cancel(owner.ctx)
    del owner
    collect()
    assert type(child.err()) is goconc.Canceled
    assert top.err() is None


def test_a_finalizer_that_cancels_while_cancelling(collect):
    # rule PY-08: what a cancel lets go of may cancel in turn
    class Owner:
        def __init__(self, cancel):
            self.cancel = cancel

        def __del__(self):
            self.cancel()

    top, cancel_top = context.with_cancel(BG)
    other, cancel_other = context.with_cancel(BG)
    context.with_cancel(context.with_value(top, "owner", Owner(cancel_top)))
    context.with_cancel(context.with_value(top, "owner", Owner(cancel_other)))
    cancel_top()
    collect()
    assert type(top.err()) is type(other.err()) is goconc.Canceled


def test_what_is_raised_keeps_no_frames(any_kind, settle):
    # rule PY-03
    async def main():
        ctx, cancel = context.with_cancel(BG)
        cancel()

        async def wait(value):
            with pytest.raises(goconc.Canceled):
                await any_kind.recv(goconc.Chan(), ctx=ctx)
            return weakref.ref(value)

        gone = await wait(Value())
        gc.collect()
        assert gone() is None

    any_kind.run(main)
