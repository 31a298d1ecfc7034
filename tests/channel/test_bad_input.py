"""Wrong arguments and wrong places: a clear error, before any effect."""

import gc

import pytest

import goconc


@pytest.mark.parametrize("capacity", [-1, -(2**70), 2**63, 2**70])
def test_capacity_out_of_range(capacity):
    # rule CH-01
    with pytest.raises(ValueError, match=f"capacity must be .*{capacity}"):
        goconc.Chan(capacity)


@pytest.mark.parametrize("capacity", [1.0, "1", None, True, [1]])
def test_capacity_of_a_wrong_type(capacity):
    # rule CH-01
    with pytest.raises(TypeError, match="capacity must be an int, not"):
        goconc.Chan(capacity)


def test_capacity_by_index():
    # rule CH-01
    class Three:
        def __index__(self):
            return 3

    assert goconc.Chan(Three()).cap == 3
    assert goconc.Chan(capacity=2).cap == 2
    assert goconc.Chan().cap == 0
    with pytest.raises(AttributeError):
        goconc.Chan().cap = 1


def test_an_error_in_index_is_passed_on():
    # rule CH-01
    class Broken:
        def __index__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        goconc.Chan(Broken())


@pytest.mark.parametrize(("timeout", "error"), [("1", TypeError), (object(), TypeError), (float("nan"), ValueError)])
def test_bad_timeouts(any_kind, timeout, error):
    # rule TM-01 (limits), before any effect
    async def main():
        ch = goconc.Chan(1)
        with pytest.raises(error, match="timeout must be a number of seconds"):
            await any_kind.send(ch, 1, timeout=timeout)
        assert len(ch) == 0
        ch.send_nowait(2)
        for receive in (any_kind.recv, any_kind.recv_ok, any_kind.select):
            with pytest.raises(error, match="timeout must be a number of seconds"):
                await receive(ch, timeout=timeout)
        assert len(ch) == 1

    any_kind.run(main)


def test_timeouts_are_keyword_only():
    # rule CH-11 (API)
    ch = goconc.Chan(1)
    with pytest.raises(TypeError):
        ch.send(1, 2)
    with pytest.raises(TypeError):
        ch.recv(2)
    assert len(ch) == 0


def test_bad_contexts(any_kind):
    # rule CH-11 (API: ctx=), before any effect
    async def main():
        ch = goconc.Chan(1)
        with pytest.raises(TypeError, match="ctx must be a goconc context, not int"):
            await any_kind.send(ch, 1, ctx=3)
        assert len(ch) == 0
        ch.send_nowait(1)
        for receive in (any_kind.recv, any_kind.recv_ok, any_kind.select):
            with pytest.raises(TypeError, match="ctx must be a goconc context, not int"):
                await receive(ch, ctx=3)
        assert len(ch) == 1

    any_kind.run(main)


BLOCKING = {
    "send": lambda ch: ch.send(1),
    "send on a view": lambda ch: ch.sender.send(1),
    "recv": lambda ch: ch.recv(),
    "recv_ok": lambda ch: ch.recv_ok(),
    "recv with no time": lambda ch: ch.recv(timeout=0),
    "recv on a view": lambda ch: ch.receiver.recv(),
    "next": lambda ch: next(ch),
    "select": lambda ch: goconc.select(ch),
    "select with default": lambda ch: goconc.select(ch, default=True),
    "sleep": lambda ch: goconc.sleep(0),
    "gosched": lambda ch: goconc.gosched(),
}


@pytest.mark.parametrize("call", BLOCKING.values(), ids=BLOCKING)
def test_blocking_calls_are_refused_in_async_code(call, in_event_loop):
    """Even where they would not have to wait, and with no effect."""
    # rule CH-11 (API: blocking calls in async code)
    ch = goconc.Chan(2)
    ch.send_nowait("there")

    async def main():
        call(ch)

    with pytest.raises(RuntimeError, match=r"await \w+\(\) instead"):
        goconc.run(main)
    assert len(ch) == 1
    with pytest.raises(RuntimeError, match=r"await \w+\(\) instead"):
        in_event_loop(lambda: call(ch))
    assert len(ch) == 1


def test_the_twin_is_named():
    # rule CH-11 (API)
    async def main(call):
        call()

    ch = goconc.Chan(1)
    twins = {
        "asend": lambda: ch.send(1),
        "arecv": ch.recv,
        "aselect": lambda: goconc.select(ch),
        "asleep": lambda: goconc.sleep(1),
        "agosched": goconc.gosched,
    }
    for twin, call in twins.items():
        with pytest.raises(RuntimeError, match=rf"await {twin}\(\) instead"):
            goconc.run(main, call)


def test_awaitables_outside_an_async_goroutine():
    # rule CH-11 (API)
    ch = goconc.Chan(1)

    def step():
        with pytest.raises(RuntimeError, match="async goroutine"):
            ch.asend(1).send(None)

    step()
    goconc.run(step)
    assert len(ch) == 0


def test_an_operation_acts_once():
    # rule CH-19
    ch = goconc.Chan(3)

    async def main():
        sending = ch.asend("once")
        await sending
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await sending
        receiving = ch.arecv()
        assert await receiving == "once"
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await receiving
        selecting = goconc.aselect((ch, 2))
        await selecting
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await selecting
        sleeping = goconc.asleep(0)
        await sleeping
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await sleeping
        assert len(ch) == 1

    goconc.run(main)


def test_a_failed_operation_cannot_be_reused():
    # rule CH-19, CH-32
    async def main():
        ch = goconc.Chan()
        ch.close()
        for operation in (ch.asend(1), ch.arecv(), goconc.aselect((ch, 1))):
            with pytest.raises(goconc.ChannelClosed):
                await operation
            with pytest.raises(RuntimeError, match="cannot reuse"):
                await operation

    goconc.run(main)


MAKES_AN_AWAITABLE = {
    "asend": lambda ch: ch.asend(1),
    "asend on a view": lambda ch: ch.sender.asend(1),
    "arecv": lambda ch: ch.arecv(),
    "arecv on a view": lambda ch: ch.receiver.arecv(),
    "arecv_ok": lambda ch: ch.arecv_ok(),
    "aselect": lambda ch: goconc.aselect(ch),
    "asleep": lambda ch: goconc.asleep(0),
    "agosched": lambda ch: goconc.agosched(),
}


@pytest.mark.parametrize("make", MAKES_AN_AWAITABLE.values(), ids=MAKES_AN_AWAITABLE)
def test_an_awaitable_that_is_never_awaited_warns(make):
    # rule CH-11 (API: warns as an un-awaited coroutine does)
    ch = goconc.Chan(1)

    def forget():
        make(ch)
        gc.collect()

    with pytest.warns(RuntimeWarning, match="never awaited"):
        forget()


def test_operations_are_not_made_by_hand_or_copied():
    # rule PY-12
    import copy

    async def main():
        operation = goconc.asleep(0)
        with pytest.raises(TypeError):
            type(operation)()
        with pytest.raises(TypeError):
            copy.copy(operation)
        await operation

    goconc.run(main)


def test_one_operation_for_two_goroutines():
    # rule CH-19
    async def main():
        ch = goconc.Chan()
        receiving = ch.arecv()

        async def wait():
            return await receiving

        first = goconc.go(wait)
        while not repr(first).endswith("receive>"):
            await goconc.agosched()
        second = goconc.go(wait)
        with pytest.raises(RuntimeError, match="by another goroutine"):
            await second
        await ch.asend("v")
        assert await first == "v"

    goconc.run(main)


def test_an_awaitable_closed_or_thrown_into_by_hand():
    # rule SEL-22
    async def main():
        ch = goconc.Chan()
        for end in ("close", "throw"):
            receiving = ch.arecv()
            receiving.send(None)  # it waits now
            if end == "close":
                receiving.close()
            else:
                with pytest.raises(KeyError):
                    receiving.throw(KeyError("k"))
            with pytest.raises(goconc.WouldBlock):
                ch.send_nowait("nobody is there")
            with pytest.raises(RuntimeError, match="cannot reuse"):
                await receiving

    goconc.run(main)


def test_subclasses_are_refused():
    # rule CH-05
    for base in (goconc.Chan, goconc.SendChan, goconc.RecvChan):
        with pytest.raises(TypeError):
            type("Sub", (base,), {})
