"""Deadlines and timeouts."""

import time

import pytest

import goconc
from goconc import context

BG = context.background()
SHORT = 0.01
LONG = 60.0


MAKE = {
    "with_timeout": context.with_timeout,
    "with_timeout_cause": lambda parent, seconds: context.with_timeout_cause(parent, seconds, None),
    "with_deadline": lambda parent, seconds: context.with_deadline(parent, time.monotonic() + seconds),
    "with_deadline_cause": lambda parent, seconds: context.with_deadline_cause(
        parent, time.monotonic() + seconds, None
    ),
}


@pytest.fixture(params=MAKE.values(), ids=MAKE)
def make(request):
    return request.param


BETWEEN = {
    "directly": lambda ctx: ctx,
    "below a value": lambda ctx: context.with_value(ctx, "key", 1),
    "below a cancel": lambda ctx: context.with_cancel(ctx)[0],
    "below a later deadline": lambda ctx: context.with_timeout(ctx, LONG)[0],
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
def test_it_passes(any_kind, make, between):
    # rule CTX-03, CTX-07 (Go: TestDeadline, TestTimeout, TestLayersTimeout)
    async def main():
        started = time.monotonic()
        first, _ = make(BG, SHORT)
        ctx = between(first)
        assert await any_kind.recv_ok(ctx.done()) == (None, False)
        assert time.monotonic() - started >= SHORT
        for each in (first, ctx):
            assert type(each.err()) is goconc.DeadlineExceeded
            assert str(each.err()) == "context deadline exceeded"
            assert context.cause(each) is each.err()
            assert each.done().closed

    any_kind.run(main)


def test_cancelled_first(any_kind):
    # rule CTX-08 (Go: TestCanceledTimeout): the deadline changes nothing then
    async def main():
        for seconds in (SHORT, LONG):
            ctx, cancel = context.with_timeout(BG, seconds)
            child, _ = context.with_timeout(ctx, seconds)
            cancel()
            error = ctx.err()
            await any_kind.sleep(2 * SHORT)
            assert ctx.err() is child.err() is error
        assert type(error) is goconc.Canceled

    any_kind.run(main)


def test_cancelled_too_late(any_kind):
    # rule CTX-08
    async def main():
        ctx, cancel = context.with_timeout(BG, SHORT)
        await any_kind.recv_ok(ctx.done())
        cancel()
        assert type(ctx.err()) is goconc.DeadlineExceeded

    any_kind.run(main)


@pytest.mark.parametrize("seconds", [0, -1, -1e30, -float("inf")])
def test_it_has_passed_already(make, seconds):
    # rule CTX-07
    ctx, cancel = make(BG, seconds)
    assert type(ctx.err()) is goconc.DeadlineExceeded
    assert ctx.done().closed
    cancel()
    assert type(ctx.err()) is goconc.DeadlineExceeded


def test_when():
    # rule CTX-07
    ctx, cancel = context.with_deadline(BG, 1e9)
    assert ctx.deadline() == 1e9
    assert context.with_value(ctx, "key", 1).deadline() == 1e9
    assert context.with_cancel(ctx)[0].deadline() == 1e9
    assert context.without_cancel(ctx).deadline() is None
    before = time.monotonic()
    limited, cancel_limited = context.with_timeout(BG, LONG)
    assert before + LONG <= limited.deadline() <= time.monotonic() + LONG
    cancel()
    cancel_limited()
    assert ctx.deadline() == 1e9


@pytest.mark.parametrize("seconds", [float("inf"), 1e30])
def test_never(make, seconds):
    # rule CTX-07 (durations: very long is for ever)
    ctx, cancel = make(BG, seconds)
    assert ctx.deadline() is None
    assert ctx.err() is None
    cancel()
    assert type(ctx.err()) is goconc.Canceled


def test_the_earlier_of_both():
    # rule CTX-07
    for outer, inner in ((1e9, 2e9), (2e9, 1e9), (1e9, 1e9)):
        parent, cancel = context.with_deadline(BG, outer)
        child, _ = context.with_deadline(parent, inner)
        assert child.deadline() == 1e9
        assert parent.deadline() == outer
        cancel()


def test_the_cause_of_the_deadline_that_passes(any_kind):
    # rule CTX-07, CTX-09 (Go: TestCause)
    async def main():
        late, later = ValueError("late"), ValueError("later")
        ctx, _ = context.with_timeout_cause(BG, SHORT, late)
        loses, _ = context.with_timeout_cause(ctx, LONG, later)  # its parent's deadline is earlier: it has none
        await any_kind.recv_ok(loses.done())
        assert context.cause(ctx) is context.cause(loses) is late
        assert type(loses.err()) is goconc.DeadlineExceeded

        ctx, cancel = context.with_timeout_cause(BG, LONG, late)
        cancel()
        assert context.cause(ctx) is ctx.err()

        past, _ = context.with_deadline_cause(BG, 0, late)
        assert context.cause(past) is late

        outer, _ = context.with_timeout_cause(BG, LONG, later)
        inner, _ = context.with_timeout_cause(outer, SHORT, late)
        await any_kind.recv_ok(inner.done())
        assert context.cause(inner) is late
        assert outer.err() is None

    any_kind.run(main)


def test_a_computation_that_never_waits_sees_it(kind):
    # rule CTX-03: nobody else gets to run, so no timer is fired
    async def main():
        top, _ = context.with_timeout(BG, SHORT)
        child, _ = context.with_cancel(top)
        done = child.done()
        deadline = time.monotonic() + 10
        while child.err() is None:
            assert time.monotonic() < deadline
        assert done.closed
        assert type(top.err()) is goconc.DeadlineExceeded

        top, _ = context.with_timeout(BG, SHORT)
        child, _ = context.with_cancel(top)
        while not child.done().closed:
            assert time.monotonic() < deadline

    kind.run(main)


def test_in_a_thread_nobody_else_runs_for(thread):
    # rule CTX-03, PY-06: made in a run, outlives it, and is waited for by a thread
    ctx, child = goconc.run(lambda: (pair := context.with_timeout(BG, 0.05)[0], context.with_cancel(pair)[0]))
    thread(lambda: child.done().recv_ok()).join()
    assert type(ctx.err()) is goconc.DeadlineExceeded


def test_many_deadlines(any_kind):
    # rule CTX-03
    async def main():
        contexts = [context.with_timeout(BG, SHORT * (n % 7) / 7)[0] for n in range(500)]
        cancelled = [context.with_timeout(BG, LONG) for _ in range(500)]
        for _, cancel in cancelled:
            cancel()
        for ctx in contexts:
            await any_kind.recv_ok(ctx.done())
        assert {type(ctx.err()) for ctx in contexts} == {goconc.DeadlineExceeded}
        assert {type(ctx.err()) for ctx, _ in cancelled} == {goconc.Canceled}

    any_kind.run(main)
