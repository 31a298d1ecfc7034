"""Cancelling a goroutine: at every suspension, before the start, after the end, in the middle of a hand-over."""

import threading

import pytest

import goconc


async def call_blocking(kind, fn, *args):
    if kind.name == "plain":
        return goconc.blocking(fn, *args)
    return await goconc.ablocking(fn, *args)


def full():
    ch = goconc.Chan(1)
    ch.send_nowait(0)
    return ch


NEVER = {
    "send": lambda kind: kind.send(goconc.Chan(), 1),
    "send to a full buffer": lambda kind: kind.send(full(), 1),
    "recv": lambda kind: kind.recv(goconc.Chan()),
    "recv_ok": lambda kind: kind.recv_ok(goconc.Chan(3)),
    "recv with a timeout": lambda kind: kind.recv(goconc.Chan(), timeout=1000),
    "for": lambda kind: kind.values(goconc.Chan()),
    "select of one": lambda kind: kind.select(goconc.Chan()),
    "select of many": lambda kind: kind.select(goconc.Chan(), (goconc.Chan(), 1), None, (full(), 2)),
    "select of nothing": lambda kind: kind.select(),
    "select with a timeout": lambda kind: kind.select(goconc.Chan(), goconc.Chan(), timeout=1000),
    "sleep": lambda kind: kind.sleep(1000),
    "timer": lambda kind: kind.recv(goconc.after(1000)),
    "never": lambda kind: kind.recv(goconc.tick(0)),
    "join": lambda kind: kind.join(goconc.current_main),
    "join with a timeout": lambda kind: kind.join(goconc.current_main, timeout=1000),
}


@pytest.fixture(params=NEVER)
def never(request, monkeypatch):
    """An operation that never ends by itself."""
    monkeypatch.setattr(goconc, "current_main", None, raising=False)
    return NEVER[request.param]


def test_every_suspension_ends_when_its_goroutine_is_cancelled(kind, never):
    # rule GO-14, SEL-22
    events = []

    async def body():
        try:
            try:
                await never(kind)
            except Exception:
                events.append("except Exception")
            events.append("went on")
        except BaseException as error:
            events.append(type(error))
            raise
        finally:
            events.append("finally")

    async def main():
        goconc.current_main = goconc.current()
        handle = kind.go(body)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle, timeout=10)

    kind.run(main)
    assert events == [goconc.GoroutineExit, "finally"]


def test_one_cancelled_before_it_suspends_is_cancelled_there(kind, never):
    # rule GO-14
    async def body(handle):
        handle[0].cancel()
        await never(kind)

    async def main():
        goconc.current_main = goconc.current()
        box = []
        box.append(kind.go(body, box))
        with pytest.raises(goconc.Canceled):
            await kind.join(box[0], timeout=10)

    kind.run(main)


def test_gosched_is_a_suspension(kind):
    # rule GO-30
    async def body():
        while True:
            await kind.gosched()

    async def main():
        handle = kind.go(body)
        for _ in range(5):
            await kind.gosched()
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle, timeout=10)

    kind.run(main)


def test_a_blocking_call_is_no_longer_waited_for(kind):
    # rule GO-41
    event, ended = threading.Event(), threading.Event()

    def call():
        event.wait(30)
        ended.set()
        return "dropped"

    async def main():
        handle = kind.go(call_blocking, kind, call)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle, timeout=10)
        assert not ended.is_set()

    kind.run(main)
    event.set()
    assert ended.wait(10)


def test_a_cancelled_wait_leaves_no_waiter(kind):
    # rule SEL-15, SEL-22
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        handles = [
            kind.go(kind.send, a, "cancelled"),
            kind.go(kind.recv, b),
            kind.go(kind.select, (a, "cancelled"), b),
        ]
        await kind.parked(*handles)
        for handle in handles:
            handle.cancel()
        for ch in (a, b):  # at once, before any of them has run
            with pytest.raises(goconc.WouldBlock):
                ch.recv_nowait()
            with pytest.raises(goconc.WouldBlock):
                ch.send_nowait(1)
        for handle in handles:
            with pytest.raises(goconc.Canceled):
                await kind.join(handle)
        receiver = kind.go(kind.recv, a)
        await kind.send(a, "live")
        assert await kind.join(receiver) == "live"

    kind.run(main)


def test_those_behind_a_cancelled_one_keep_their_place(kind):
    # rule CH-13, SEL-14
    async def main():
        ch = goconc.Chan()
        waiters = []
        for _ in range(6):
            waiters.append(kind.go(kind.recv, ch))
            await kind.parked(waiters[-1])
        for n in (0, 2, 5):
            waiters[n].cancel()
        for value in "abc":
            ch.send_nowait(value)
        found = []
        for n in (1, 3, 4):
            found.append(await kind.join(waiters[n]))
        assert found == ["a", "b", "c"]
        for n in (0, 2, 5):
            with pytest.raises(goconc.Canceled):
                await kind.join(waiters[n])

    kind.run(main)


@pytest.mark.parametrize("how", ["recv", "select"])
def test_a_value_that_was_handed_over_is_not_lost_to_a_cancel(kind, how):
    # rule SEL-22
    async def body(ch, found):
        if how == "recv":
            found.append(await kind.recv(ch))
        else:
            found.append((await kind.select(ch, goconc.Chan())).value)
        await kind.gosched()
        found.append("went on")

    async def main():
        ch, found = goconc.Chan(), []
        handle = kind.go(body, ch, found)
        await kind.parked(handle)
        ch.send_nowait("value")  # it is runnable now, and has the value
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        assert found == ["value"]

    kind.run(main)


@pytest.mark.parametrize("how", ["send", "select"])
def test_a_send_that_was_taken_has_happened_whatever_comes_after(kind, how):
    # rule SEL-22
    async def body(ch, found):
        if how == "send":
            await kind.send(ch, "value")
        else:
            await kind.select((ch, "value"), goconc.Chan())
        found.append("sent")
        await kind.gosched()
        found.append("went on")

    async def main():
        ch, found = goconc.Chan(), []
        handle = kind.go(body, ch, found)
        await kind.parked(handle)
        assert ch.recv_nowait() == "value"
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        assert found == ["sent"]

    kind.run(main)


def test_cancels_that_race_with_hand_overs_neither_lose_nor_double_a_value(kind, thread):
    # rule SEL-22, CH-19
    async def body(ch, found):
        while True:
            found.append(await kind.recv(ch))

    async def main():
        total = 0
        for _ in range(50):
            ch, found, sent = goconc.Chan(), [], []
            handle = kind.go(body, ch, found)
            await kind.parked(handle)

            def send_many(ch=ch, sent=sent):
                for n in range(200):
                    try:
                        ch.send_nowait(n)
                        sent.append(n)
                    except goconc.WouldBlock:
                        pass

            sender = thread(send_many)
            for _ in range(3):
                await kind.gosched()
            handle.cancel()
            with pytest.raises(goconc.Canceled):
                await kind.join(handle)
            while not sender.done():
                await kind.sleep(0.0005)
            assert found == sent
            total += len(sent)

    kind.run(main)


def test_a_cancel_is_raised_once(kind):
    # rule GO-14: API "raises GoroutineExit at its next suspension point"
    async def body(ch):
        try:
            await kind.recv(ch)
        except goconc.GoroutineExit:
            pass
        return await kind.recv(ch)

    async def main():
        ch = goconc.Chan()
        handle = kind.go(body, ch)
        await kind.parked(handle)
        handle.cancel()
        handle.cancel()
        await kind.gosched()
        await kind.parked(handle)
        await kind.send(ch, "swallowed it")
        assert await kind.join(handle) == "swallowed it"

    kind.run(main)


def test_a_second_cancel_reaches_the_next_suspension(kind):
    # rule GO-14
    async def body(ch):
        try:
            await kind.recv(ch)
        finally:
            await kind.recv(ch)

    async def main():
        ch = goconc.Chan()
        handle = kind.go(body, ch)
        for _ in range(2):
            await kind.parked(handle)
            handle.cancel()
            await kind.gosched()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle, timeout=10)

    kind.run(main)


def test_finally_blocks_may_suspend(kind):
    # rule GO-14
    events = []

    async def body(ch):
        try:
            await kind.recv(ch)
        finally:
            await kind.sleep(0.001)
            events.append(await kind.recv(ch))

    async def main():
        ch = goconc.Chan()
        handle = kind.go(body, ch)
        await kind.parked(handle)
        handle.cancel()
        await kind.send(ch, "clean-up")
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)
    assert events == ["clean-up"]


def test_context_managers_are_left_innermost_first(kind):
    # rule GO-14
    events = []

    class Block:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            return self

        def __exit__(self, exc_type, exc, traceback):
            events.append((self.name, exc_type))

    async def inner(ch):
        with Block("inner"):
            await kind.recv(ch)

    async def body(ch):
        with Block("outer"):
            await inner(ch)

    async def main():
        handle = kind.go(body, goconc.Chan())
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)
    assert events == [("inner", goconc.GoroutineExit), ("outer", goconc.GoroutineExit)]


def test_an_exception_from_the_clean_up_is_what_join_raises(kind):
    # rule GO-17
    async def body(ch):
        try:
            await kind.recv(ch)
        finally:
            raise ValueError("clean-up failed")

    async def main():
        handle = kind.go(body, goconc.Chan())
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(ValueError) as caught:
            await kind.join(handle)
        assert isinstance(caught.value.__context__, goconc.GoroutineExit)

    kind.run(main)


def test_one_that_never_ran_is_cancelled_without_running(kind):
    # rule GO-04
    ran = []

    async def body():
        ran.append(1)

    async def main():
        handle = kind.go(body)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        assert handle.done()

    kind.run(main)
    assert ran == []


def test_the_ended_cannot_be_cancelled(kind):
    # rule GO-02
    async def fail():
        raise ValueError

    async def main():
        handle = kind.go(kind.gosched)
        await kind.join(handle)
        handle.cancel()
        assert await kind.join(handle) is None
        handle = kind.go(fail)
        while not handle.done():
            await kind.gosched()
        handle.cancel()
        with pytest.raises(ValueError):
            await kind.join(handle)

    kind.run(main)


def test_a_goroutine_may_cancel_itself(kind):
    # rule GO-14
    events = []

    async def body():
        goconc.current().cancel()
        events.append("until the next suspension")
        await kind.gosched()
        events.append("never")

    async def main():
        with pytest.raises(goconc.Canceled):
            await kind.join(kind.go(body))

    kind.run(main)
    assert events == ["until the next suspension"]


def test_main_may_be_cancelled(kind):
    # rule GO-14
    async def main():
        me = goconc.current()

        async def body():
            me.cancel()

        kind.go(body)
        await kind.recv(goconc.Chan())

    with pytest.raises(goconc.GoroutineExit):
        kind.run(main)


def test_cancel_from_a_thread(kind, thread):
    # rule PY-06
    async def main():
        handle = kind.go(kind.recv, goconc.Chan())
        await kind.parked(handle)
        thread(handle.cancel)
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)


def test_cancelling_many(kind):
    # rule SEL-15
    async def main():
        ch = goconc.Chan()
        handles = [kind.go(kind.recv, ch) for _ in range(2000)]
        await kind.parked(*handles)
        for handle in handles:
            handle.cancel()
        for handle in handles:
            with pytest.raises(goconc.Canceled):
                await kind.join(handle)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(1)

    kind.run(main)


@pytest.mark.not_on_threads("who made it lets go of it when it next runs", only="plain", free_threaded=True)
def test_the_waiting_end_of_an_operation_keeps_its_value_only_while_it_waits(kind):
    # rule CH-09, PY-03
    import weakref

    class Value:
        pass

    async def main():
        ch, value = goconc.Chan(), Value()
        gone = weakref.ref(value)
        handle = kind.go(kind.send, ch, value)
        del value
        await kind.parked(handle)
        assert gone() is not None
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        del handle
        await kind.gosched()
        assert gone() is None

    kind.run(main)


# ---- shield ----


def test_a_shield_puts_cancellation_off(kind):
    # rule GO-20
    events = []

    async def body(ch):
        with goconc.shield():
            events.append(await kind.recv(ch))
            await kind.sleep(0.001)
        events.append("left")
        await kind.gosched()
        events.append("never")

    async def main():
        ch = goconc.Chan()
        handle = kind.go(body, ch)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(TimeoutError):
            await kind.join(handle, timeout=0.01)
        await kind.send(ch, "shielded")
        with pytest.raises(goconc.Canceled):
            await kind.join(handle, timeout=10)

    kind.run(main)
    assert events == ["shielded", "left"]


def test_shields_nest(kind):
    # rule GO-20
    events = []

    async def body():
        with goconc.shield():
            with goconc.shield():
                goconc.current().cancel()
                await kind.gosched()
                events.append("inner")
            await kind.gosched()
            events.append("outer")
        await kind.gosched()
        events.append("never")

    async def main():
        with pytest.raises(goconc.Canceled):
            await kind.join(kind.go(body))

    kind.run(main)
    assert events == ["inner", "outer"]


def test_a_shield_lets_the_clean_up_of_a_cancelled_one_block(kind):
    # rule GO-20
    events = []

    async def body(ch):
        try:
            await kind.recv(ch)
        finally:
            with goconc.shield():
                events.append(await kind.recv(ch))

    async def main():
        ch = goconc.Chan()
        handle = kind.go(body, ch)
        for _ in range(3):
            await kind.parked(handle)
            handle.cancel()
            await kind.gosched()
        await kind.send(ch, "clean-up")
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)
    assert events == ["clean-up"]


def test_a_shield_passes_exceptions_on(kind):
    # rule GO-20
    async def main():
        with pytest.raises(ValueError):
            with goconc.shield():
                raise ValueError

    kind.run(main)


def test_a_shield_is_for_goroutines_and_for_one_block():
    # rule GO-20
    with pytest.raises(RuntimeError, match="goroutine"):
        with goconc.shield():
            pass

    def main():
        guard = goconc.shield()
        with guard:
            with pytest.raises(RuntimeError):
                guard.__enter__()
        with guard:
            pass

    goconc.run(main)


def test_a_shield_is_left_where_it_was_entered(kind):
    # rule GO-20
    async def leave(shield):
        with pytest.raises(RuntimeError, match="another goroutine"):
            shield.__exit__(None, None, None)

    async def main():
        with pytest.raises(RuntimeError, match="not entered"):
            goconc.shield().__exit__(None, None, None)
        with goconc.shield() as shield:
            await kind.join(kind.go(leave, shield))
        with pytest.raises(RuntimeError, match="not entered"):
            shield.__exit__(None, None, None)

    kind.run(main)
