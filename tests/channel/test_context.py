"""ctx= of channel calls and select, with the least that a context has to offer."""

import pytest

import goconc


class Context:
    """done() and err(), as goconc.context has them."""

    def __init__(self, error=None):
        self._done = goconc.Chan()
        self._error = None
        if error:
            self.end(error)

    def end(self, error):
        self._error = error
        self._done.close()

    def done(self):
        return self._done.receiver

    def err(self):
        return self._error


WAITS = {
    "recv": lambda kind, ch, **limits: kind.recv(ch, **limits),
    "recv_ok": lambda kind, ch, **limits: kind.recv_ok(ch, **limits),
    "send": lambda kind, ch, **limits: kind.send(ch, 1, **limits),
    "select": lambda kind, ch, **limits: kind.select(ch, (ch, 1), **limits),
    "select nothing": lambda kind, ch, **limits: kind.select(**limits),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_wait_ends_with_its_context(any_kind, wait):
    # rule SEL-20, SEL-22 (API: ctx=)
    async def main():
        ch, ctx = goconc.Chan(), Context()
        waiting = any_kind.go(lambda: wait(any_kind, ch, ctx=ctx))
        await any_kind.parked(waiting)
        ctx.end(goconc.Canceled("context canceled"))
        with pytest.raises(goconc.Canceled, match="context canceled"):
            await any_kind.join(waiting)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("nobody is there")
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()

    any_kind.run(main)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_context_that_is_done_already(any_kind, wait):
    # rule SEL-22 (API: ctx=), before any effect
    async def main():
        ch, ctx = goconc.Chan(2), Context(goconc.DeadlineExceeded("too late"))
        ch.send_nowait("there")
        with pytest.raises(goconc.DeadlineExceeded):
            await wait(any_kind, ch, ctx=ctx)
        with pytest.raises(TimeoutError):
            await wait(any_kind, ch, ctx=ctx, timeout=0)
        assert len(ch) == 1

    any_kind.run(main)


def test_served_while_the_context_lasts(any_kind):
    # rule CH-11 (API: ctx=)
    async def main():
        ch, ctx = goconc.Chan(3), Context()
        await any_kind.send(ch, 1, ctx=ctx)
        await any_kind.send(ch, 2, ctx=ctx, timeout=5)
        assert await any_kind.recv(ch, ctx=ctx) == 1
        assert await any_kind.recv_ok(ch, ctx=ctx, timeout=5) == (2, True)
        assert await any_kind.select((ch, 3), ctx=ctx) == (0, None, True)
        assert await any_kind.select(goconc.Chan(), ch, ctx=ctx) == (1, 3, True)
        assert await any_kind.select(ch, default=True, ctx=ctx) == (-1, None, False)
        with pytest.raises(TimeoutError):
            await any_kind.recv(ch, ctx=ctx, timeout=0.001)
        ch.close()
        assert await any_kind.recv_ok(ch, ctx=ctx) == (None, False)
        with pytest.raises(goconc.ChannelClosed, match="receive from closed channel"):
            await any_kind.recv(ch, ctx=ctx)
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            await any_kind.send(ch, 1, ctx=ctx)

    any_kind.run(main)


def test_waiting_with_a_context_that_lasts(any_kind):
    # rule CH-11, SEL-16 (API: ctx=)
    async def main():
        ch, ctx = goconc.Chan(), Context()
        receiver = any_kind.go(lambda: any_kind.recv(ch, ctx=ctx))
        await any_kind.parked(receiver)
        await any_kind.send(ch, "v", ctx=ctx)
        assert await any_kind.join(receiver) == "v"

    any_kind.run(main)
