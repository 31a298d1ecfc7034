"""Several threads, and several goroutines, at the same context at once."""

import itertools
import threading

import goconc
from goconc import context

BG = context.background()


def together(count, fn):
    """Calls ``fn(0)``, ``fn(1)``... in threads that start at the same moment; returns the results."""
    barrier = threading.Barrier(count)
    results = [None] * count

    def body(n):
        barrier.wait()
        results[n] = fn(n)

    threads = [threading.Thread(target=body, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_simultaneous_cancels():
    # rule CTX-04, CTX-05 (Go: TestSimultaneousCancels)
    root, cancel = context.with_cancel(BG)
    made = [(root, cancel)]
    for ctx, _ in made:
        if len(made) < 300:
            made += [context.with_cancel(ctx), context.with_cancel(ctx)]

    def end(n):
        for _, cancel in made[n::4]:
            cancel()
        return [ctx.err() is not None and ctx.done().closed for ctx, _ in made[n::4]]

    assert all(all(ended) for ended in together(4, end))


def test_interlocked_cancels(any_kind):
    # rule CTX-05 (Go: TestInterlockedCancels)
    async def main():
        parent, cancel_parent = context.with_cancel(BG)
        child, cancel_child = context.with_cancel(parent)

        async def follow():
            await any_kind.recv_ok(parent.done())
            cancel_child()

        following = any_kind.go(follow)
        cancel_parent()
        await any_kind.recv_ok(child.done())
        await any_kind.join(following)

    any_kind.run(main)


def test_whoever_has_cancelled_finds_everything_below_ended():
    # rule CTX-05: also who was not the first
    for _ in range(50):
        top, cancel = context.with_cancel(BG)
        below = [context.with_cancel(top)[0] for _ in range(50)]

        def end(_, cancel=cancel, below=below):
            cancel()
            return all(ctx.err() is not None and ctx.done().closed for ctx in below)

        assert all(together(2, end))


def test_no_child_escapes():
    # rule CTX-05: made while its parent is being cancelled (Go: TestWithCancelSimultaneouslyCanceledParent)
    for _ in range(20):
        top, cancel = context.with_cancel_cause(BG)
        middle = context.with_value(context.with_cancel(top)[0], "key", 1)
        reason = ValueError("why")

        def work(n, top=top, middle=middle, cancel=cancel, reason=reason):
            if n == 0:
                cancel(reason)
                return []
            return [context.with_timeout(middle, 60)[0] for _ in range(50)]

        for ctx in itertools.chain.from_iterable(together(3, work)):
            assert ctx.done().closed
            assert ctx.err() is top.err()
            assert context.cause(ctx) is reason


def test_one_cause_wins():
    # rule CTX-09 (Go: TestCauseRace)
    for _ in range(40):
        ctx, cancel = context.with_cancel_cause(BG)
        child, _ = context.with_cancel(ctx)
        reasons = [ValueError(n) for n in range(4)]

        def end(n, ctx=ctx, cancel=cancel, reasons=reasons):
            cancel(reasons[n])
            return context.cause(ctx)

        seen = set(together(4, end))
        assert len(seen) == 1
        assert seen < set(reasons)
        assert context.cause(child) in seen


def test_an_error_means_that_done_is_closed():
    # rule CTX-14 (Go: TestContextErrDoneRace)
    for _ in range(50):
        top, cancel = context.with_cancel(BG)
        ctx, _ = context.with_cancel(top)

        def work(n, ctx=ctx, cancel=cancel):
            if n == 0:
                return cancel() is None
            return all(ctx.err() is None or ctx.done().closed for _ in range(50))

        assert all(together(2, work))


def test_one_done_channel():
    # rule CTX-02
    for _ in range(50):
        top, cancel = context.with_cancel(BG)
        ctx, _ = context.with_cancel(top)
        channels = together(3, lambda n, ctx=ctx, cancel=cancel: cancel() if n == 0 else ctx.done())[1:]
        assert channels[0] is channels[1] is ctx.done()
        assert channels[0].closed


def test_one_error():
    # rule CTX-03
    for _ in range(50):
        ctx, cancel = context.with_cancel(BG)
        cancel()
        assert len(set(together(3, lambda n, ctx=ctx: ctx.err()))) == 1


def test_a_deadline_against_a_cancel():
    # rule CTX-08
    for _ in range(50):
        made = [context.with_timeout(BG, 0.001) for _ in range(20)]

        def end(n, made=made):
            for ctx, cancel in made:
                if n == 0:
                    cancel()
                else:
                    ctx.done().recv_ok()

        together(2, end)
        for ctx, _ in made:
            assert type(ctx.err()) in (goconc.Canceled, goconc.DeadlineExceeded)
            assert ctx.err() is context.cause(ctx)


def test_stop_against_the_end(eventually):
    # rule CTX-12: the function is called, or stop() was true, never both and never neither
    for _ in range(50):
        ctx, cancel = context.with_cancel(BG)
        calls = []
        stops = [context.after_func(ctx, lambda n=n, calls=calls: calls.append(n)) for n in range(20)]

        def work(n, cancel=cancel, stops=stops):
            if n == 0:
                cancel()
                return set()
            return {i for i, stop in enumerate(stops) if stop()}

        stopped = together(2, work)[1]
        eventually(lambda calls=calls, stopped=stopped: len(calls) + len(stopped) == 20)
        assert stopped.isdisjoint(calls)


def test_after_func_against_the_end(eventually):
    # rule CTX-12
    for _ in range(40):
        ctx, cancel = context.with_cancel(BG)
        calls = []

        def work(n, ctx=ctx, cancel=cancel, calls=calls):
            if n == 0:
                cancel()
            else:
                context.after_func(ctx, lambda: calls.append(n))

        together(3, work)
        eventually(lambda calls=calls: sorted(calls) == [1, 2])


def test_a_foreign_parent_that_ends_meanwhile(eventually):
    # rule CTX-05, CTX-12: after_func of a parent of another class, called while it is being set
    class Parent:
        def __init__(self):
            self.ours, self.end = context.with_cancel(BG)
            self.done, self.err, self.after_func = self.ours.done, self.ours.err, self.on_end

        def on_end(self, fn):
            return context.after_func(self.ours, fn)

    for _ in range(50):
        parent = Parent()
        child = together(2, lambda n, parent=parent: parent.end() if n == 0 else context.with_cancel(parent)[0])[1]
        eventually(lambda child=child: child.err() is not None)


def test_waits_and_cancels(thread):
    # rule CTX-05, SEL-22: goroutines and threads that wait with contexts which others cancel
    def main():
        work = goconc.Chan()

        def wait(ctx):
            try:
                work.recv(ctx=ctx)
            except goconc.Canceled:
                return "canceled"

        for _ in range(20):
            top, cancel = context.with_cancel(BG)
            waiting = [goconc.go(wait, context.with_timeout(top, 60)[0]) for _ in range(20)]
            waiting.append(thread(wait, top))
            goconc.gosched()
            thread(cancel)
            results = [each.join() for each in waiting[:-1]]
            assert results == ["canceled"] * 20

    goconc.run(main)
