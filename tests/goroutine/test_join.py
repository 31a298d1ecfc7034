"""Waiting for the end of a goroutine."""

import time

import pytest

import goconc


async def value(kind, n):
    await kind.gosched()
    return n


async def fail(kind, error):
    await kind.gosched()
    raise error


def test_join_gives_the_result(kind):
    # rule GO-02
    async def main():
        result = object()
        handle = kind.go(value, kind, result)
        assert not handle.done()
        assert await kind.join(handle) is result
        assert handle.done()
        assert await kind.join(handle) is result  # as often as one likes

    kind.run(main)


def test_a_goroutine_is_awaitable():
    # rule GO-02
    async def main():
        plain = goconc.go(lambda: goconc.sleep(0) or "plain")
        suspending = goconc.go(value, AwaitKind, "async")
        assert await plain == "plain"
        assert await suspending == "async"
        assert await suspending == "async"

    goconc.run(main)


class AwaitKind:
    gosched = staticmethod(goconc.agosched)


def test_a_result_of_none(kind):
    # rule GO-02
    async def main():
        return await kind.join(kind.go(value, kind, None))

    assert kind.run(main) is None


def test_join_raises_what_the_goroutine_raised(kind):
    # rule GO-12
    async def main():
        error = ValueError("mine")
        handle = kind.go(fail, kind, error)
        for _ in range(2):
            with pytest.raises(ValueError) as caught:
                await kind.join(handle)
            assert caught.value is error
        frames = []
        traceback = error.__traceback__
        while traceback is not None:
            frames.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        assert "fail" in frames

    kind.run(main)


def test_the_chain_of_an_exception_is_kept(kind):
    # rule GO-17
    async def body():
        try:
            raise KeyError("first")
        except KeyError as first:
            await kind.gosched()
            raise ValueError("second") from first

    async def main():
        with pytest.raises(ValueError) as caught:
            await kind.join(kind.go(body))
        assert isinstance(caught.value.__cause__, KeyError)
        assert caught.value.__context__ is caught.value.__cause__

    kind.run(main)


def test_stop_iteration_is_an_exception_like_any_other(kind):
    # rule GO-12
    def body():
        raise StopIteration(3)

    async def main():
        handle = goconc.go(body)
        try:
            await kind.join(handle)
        except (StopIteration, RuntimeError) as error:  # a coroutine makes a RuntimeError of it
            return type(error)

    assert kind.run(main) in (StopIteration, RuntimeError)


@pytest.mark.parametrize("timeout", [0, -1, 0.01])
def test_a_timeout(kind, timeout):
    # rule GO-02
    async def main():
        ch = goconc.Chan()
        handle = kind.go(kind.recv, ch)
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            await kind.join(handle, timeout=timeout)
        assert time.monotonic() - start >= timeout
        assert not handle.done()
        await kind.send(ch, "late")
        assert await kind.join(handle, timeout=10) == "late"
        assert await kind.join(handle, timeout=timeout) == "late"  # it has ended: there is nothing to wait for

    kind.run(main)


def test_a_bad_timeout_is_named(kind):
    # rule GO-02
    async def main():
        handle = kind.go(value, kind, 1)
        with pytest.raises(TypeError, match=r"timeout.*str"):
            await kind.join(handle, timeout="1")
        with pytest.raises(ValueError, match=r"timeout.*nan"):
            await kind.join(handle, timeout=float("nan"))
        with pytest.raises(TypeError):
            handle.join(1)  # keyword only
        await kind.join(handle)

    kind.run(main)


def test_a_timed_out_joiner_leaves_nothing_behind(kind):
    # rule SEL-15
    async def main():
        ch = goconc.Chan()
        handle = kind.go(kind.recv, ch)
        for _ in range(300):
            with pytest.raises(TimeoutError):
                await kind.join(handle, timeout=1e-5)
        ch.close()
        with pytest.raises(goconc.ChannelClosed):
            await kind.join(handle)

    kind.run(main)


def test_joining_a_cancelled_one(kind):
    # rule GO-14
    async def main():
        handle = kind.go(kind.recv, goconc.Chan())
        await kind.parked(handle)
        handle.cancel()
        for _ in range(2):
            with pytest.raises(goconc.Canceled) as caught:
                await kind.join(handle)
            assert isinstance(caught.value, goconc.GoconcError)
        assert handle.done()

    kind.run(main)


@pytest.mark.parametrize("ending", ["value", "exception", "cancel", "goexit"])
def test_many_joiners(kind, other_kind, thread, ending):
    # rule GO-02
    async def body(gate):
        await kind.recv_ok(gate)
        if ending == "exception":
            raise ValueError("all of you")
        if ending == "goexit":
            goconc.goexit()
        return "value"

    async def main():
        gate = goconc.Chan()
        handle = kind.go(body, gate)

        async def joined():
            try:
                return await other_kind.join(handle)
            except (ValueError, goconc.Canceled) as error:
                return type(error)

        if other_kind.goroutines:
            joiners = [other_kind.go(joined) for _ in range(20)]
        else:
            joiners = [thread(outcome_of, handle.join) for _ in range(20)]
            time.sleep(0.01)
        for _ in range(3):
            await kind.gosched()
        if ending == "cancel":
            await kind.parked(handle)
            handle.cancel()
        gate.close()
        for joiner in joiners:
            while not joiner.done():
                await kind.sleep(0.001)
        expected = {"value": "value", "exception": ValueError, "cancel": goconc.Canceled, "goexit": None}[ending]
        assert {joiner.join() if kind.name == "plain" else await joined_now(joiner) for joiner in joiners} == {expected}

    async def joined_now(joiner):
        return await joiner.ajoin() if isinstance(joiner, goconc.Goroutine) else joiner.join()

    kind.run(main)


def outcome_of(call):
    try:
        return call()
    except (ValueError, goconc.Canceled) as error:
        return type(error)


def test_a_joiner_can_be_cancelled_and_the_joined_goes_on(kind):
    # rule SEL-22
    async def main():
        ch = goconc.Chan()
        handle = kind.go(kind.recv, ch)
        joiner = kind.go(kind.join, handle)
        await kind.parked(handle, joiner)
        joiner.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(joiner)
        assert not handle.done()
        await kind.send(ch, 1)
        assert await kind.join(handle) == 1

    kind.run(main)


def test_a_goroutine_cannot_join_itself(kind):
    # rule GO-40
    async def body():
        with pytest.raises(RuntimeError, match="itself"):
            await kind.join(goconc.current())
        with pytest.raises(RuntimeError, match="itself"):
            await kind.join(goconc.current(), timeout=1)
        return "went on"

    async def main():
        with pytest.raises(RuntimeError, match="itself"):
            await kind.join(goconc.current())
        return await kind.join(kind.go(body))

    assert kind.run(main) == "went on"


def test_the_blocking_join_is_refused_in_an_async_goroutine():
    # rule API "Errors": always, naming the twin, before any effect
    async def main():
        running = goconc.go(goconc.sleep, 0.001)
        ended = goconc.go(value, AwaitKind, 1)
        await ended
        for handle in (running, ended):
            with pytest.raises(RuntimeError, match="ajoin"):
                handle.join()
        await running

    goconc.run(main)


def test_the_blocking_join_is_refused_on_a_running_event_loop(in_event_loop):
    # rule API "Errors"
    handle = goconc.go(lambda: 1)
    with pytest.raises(RuntimeError, match="ajoin"):
        in_event_loop(handle.join)
    assert handle.join(timeout=10) == 1


def test_an_ajoin_that_is_not_awaited_warns():
    # rule API "Errors": as an un-awaited coroutine does
    def main():
        handle = goconc.go(lambda: 1)
        with pytest.warns(RuntimeWarning, match="never awaited"):
            handle.ajoin()
        assert handle.join() == 1

    goconc.run(main)


def test_join_from_a_thread(kind, thread):
    # rule PY-06
    async def main():
        ch = goconc.Chan()
        handle = kind.go(kind.recv, ch)
        other = thread(handle.join)
        late = thread(outcome_of_timeout, handle)
        while not late.done():
            await kind.sleep(0.001)
        assert late.join() is TimeoutError
        assert not other.done()
        await kind.send(ch, "for a thread")
        while not other.done():
            await kind.sleep(0.001)
        assert other.join() == "for a thread"

    kind.run(main)


def outcome_of_timeout(handle):
    try:
        return handle.join(timeout=0.01)
    except TimeoutError as error:
        return type(error)


def test_join_as_the_body_of_a_goroutine(kind):
    # rule GO-01
    async def main():
        handle = kind.go(value, kind, "chain")
        for _ in range(100):
            handle = goconc.go(handle.join)
        return await kind.join(handle)

    assert kind.run(main) == "chain"


def test_the_end_happens_before_the_join_returns(kind):
    # rule MM-1
    async def main():
        box = []

        async def body():
            await kind.gosched()
            box.append(1)

        await kind.join(kind.go(body))
        return box

    assert kind.run(main) == [1]
