"""What goroutines keep alive, and what the collector and finalizers may do."""

import gc
import sys
import weakref

import pytest

import goconc


class Value:
    pass


class Final:
    """Calls ``fn`` when it is let go of."""

    def __init__(self, fn):
        self.fn = fn
        self.cycle = None

    def __del__(self):
        self.fn()


def garbage(fn):
    final = Final(fn)
    final.cycle = final


def test_collecting_from_goroutines(kind):
    # rule PY-04
    async def body(ch):
        keep = [Value() for _ in range(10)]
        value = await kind.recv(ch)
        gc.collect()
        assert len(keep) == 10
        return value

    async def main():
        ch = goconc.Chan()
        handles = [kind.go(body, ch) for _ in range(10)]
        await kind.parked(*handles)
        for _ in range(10):
            gc.collect()
            await kind.send(ch, Value())
        values = [await kind.join(handle) for handle in handles]
        assert all(isinstance(value, Value) for value in values)

    kind.run(main)


def test_the_collector_leaves_the_locals_of_the_parked_alone(kind, collect):
    # rule PY-03, PY-04
    async def body(ch):
        local = Value()
        local.cycle = local
        local.text = "intact"
        await kind.recv(ch)
        return local.text

    async def main():
        ch = goconc.Chan()
        handles = [kind.go(body, ch) for _ in range(20)]
        await kind.parked(*handles)
        for _ in range(5):
            collect()
            [[] for _ in range(1000)]
        for _ in handles:
            await kind.send(ch, None)
        assert {await kind.join(handle) for handle in handles} == {"intact"}

    kind.run(main)


def test_one_that_nobody_can_wake_is_kept(kind, collect):
    # rule GO-44, GO-45, PY-03
    gone = []

    async def body():
        local, ch = Value(), goconc.Chan()
        gone.append(weakref.ref(local))
        try:
            await kind.recv(ch)  # only this frame knows the channel
        finally:
            gone.append("unwound")

    async def main():
        kind.go(body)
        for _ in range(3):
            await kind.gosched()
        collect()
        assert gone[0]() is not None
        assert len(gone) == 1

    kind.run(main)
    assert gone[1] == "unwound"


ACTIONS = {
    "send_nowait": lambda ch, handle: ch.send_nowait("finalized"),
    "recv_nowait": lambda ch, handle: refused(ch.recv_nowait),
    "close": lambda ch, handle: ch.close(),
    "go": lambda ch, handle: goconc.go(ch.send_nowait, "started"),
    "go async": lambda ch, handle: goconc.go(async_send(ch)),
    "cancel": lambda ch, handle: handle.cancel(),
    "new channels": lambda ch, handle: [goconc.Chan(n) for n in range(50)],
    "timers": lambda ch, handle: goconc.after_func(1000, int).stop(),
    "look": lambda ch, handle: (
        handle.stack(),
        goconc._core.dump(),
        goconc.num_goroutine(),
        repr(handle),
        goconc.current(),
    ),
    "collect": lambda ch, handle: gc.collect(),
}


def refused(call):
    with pytest.raises(goconc.WouldBlock):
        call()


async def async_send(ch):
    await ch.asend("started")


@pytest.mark.parametrize("action", ACTIONS)
def test_finalizers_may_use_everything_that_does_not_wait(kind, action, collect):
    # rule PY-04, PY-08
    ran = []

    async def waiting(ch):
        return await kind.recv_ok(ch)

    async def main():
        for through_the_collector in (False, True):
            ch = goconc.Chan(5)
            never = goconc.Chan()
            handle = kind.go(waiting, ch)
            victim = kind.go(waiting, never)
            await kind.parked(handle, victim)

            def finalize(ch=ch, victim=victim):
                ACTIONS[action](ch, victim)
                ran.append(action)

            if through_the_collector:
                garbage(finalize)
                collect()
            else:
                Final(finalize)
            del finalize
            sends = action in ("send_nowait", "go", "go async")
            if not sends and not ch.closed:
                ch.close()
            value, ok = await kind.join(handle)
            assert ok == sends
            assert value == {"send_nowait": "finalized", "go": "started", "go async": "started"}.get(action)
            victim.cancel()
            with pytest.raises(goconc.Canceled):
                await kind.join(victim)

    kind.run(main)
    assert ran == [action, action]


def test_finalizers_that_run_while_a_channel_lets_go_of_values(kind, settle):
    # rule PY-04, CH-09: the value dropped by the channel sends on the same channel
    async def main():
        ch = goconc.Chan(3)
        ran = []

        def use():
            try:
                ch.send_nowait("late")
            except (goconc.ChannelClosed, goconc.WouldBlock) as error:
                ran.append(type(error))
            else:
                ran.append("sent")

        for _ in range(3):
            ch.send_nowait(Final(use))
        for _ in range(3):
            await kind.recv(ch)
        assert ran == ["sent"] * 3
        assert [ch.recv_nowait() for _ in range(3)] == ["late"] * 3
        sender = kind.go(kind.send, goconc.Chan(), Final(use))
        await kind.parked(sender)
        sender.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(sender)
        del sender
        await kind.gosched()
        settle()
        assert len(ran) == 4

    kind.run(main)


def test_finalizers_with_a_low_threshold(kind):
    # rule PY-04: collections at every allocation that can bring one
    threshold = gc.get_threshold()
    count = [0]

    def use(ch):
        count[0] += 1
        try:
            ch.send_nowait(1)
        except goconc.WouldBlock:
            pass
        goconc.go(int)

    async def producer(ch, own):
        for n in range(100):
            garbage(lambda: use(ch))
            await kind.send(own, n)
        own.close()

    async def main():
        ch = goconc.Chan(10)
        gc.set_threshold(1, 1, 1)
        try:
            total = 0
            for _ in range(3):
                own = goconc.Chan()
                kind.go(producer, ch, own)
                total += sum(await kind.values(own))
            return total
        finally:
            gc.set_threshold(*threshold)

    assert kind.run(main) == 3 * sum(range(100))
    gc.collect()
    assert count[0] == 300


def test_an_ended_goroutine_keeps_its_result_and_nothing_else(kind, collect):
    # rule PY-03
    async def body(argument, keyword):
        local = Value()
        gone.append(weakref.ref(local))
        await kind.gosched()
        return kept()

    gone = []
    result = Value()
    kept = weakref.ref(result)

    async def main():
        argument, keyword = Value(), Value()
        gone.extend([weakref.ref(argument), weakref.ref(keyword)])
        handle = kind.go(body, argument, keyword)
        del argument, keyword
        assert await kind.join(handle) is kept()
        await kind.gosched()
        gc.disable()
        try:
            assert [ref() for ref in gone] == [None] * 3
        finally:
            gc.enable()
        return handle

    gc.collect()
    handle = kind.run(main)
    del result
    collect()
    assert kept() is not None
    del handle
    collect()
    assert kept() is None


def test_the_handle_goes_with_its_last_reference(kind):
    # rule PY-03
    async def main():
        handle = kind.go(kind.gosched)
        ref = weakref.ref(handle)
        await kind.join(handle)
        await kind.gosched()
        gc.disable()
        try:
            del handle
            for _ in range(3):
                await kind.gosched()
            assert ref() is None
        finally:
            gc.enable()

    kind.run(main)


def test_a_running_one_needs_no_handle(kind, collect):
    # rule PY-03, GO-02
    async def main():
        ch = goconc.Chan()
        kind.go(kind.send, ch, "from nobody's goroutine")
        for _ in range(3):
            await kind.gosched()
        collect()
        return await kind.recv(ch)

    assert kind.run(main) == "from nobody's goroutine"


@pytest.mark.not_on_threads("what a parked thread has made is finalized once it runs again", free_threaded=True)
@pytest.mark.parametrize("joiner", ["plain", "async"])
def test_an_exception_goes_with_its_handle(kind, joiner):
    # rule PY-03: no cycle between the exception, its traceback and the goroutine
    class Failure(Exception):
        pass

    async def body():
        local = Value()
        gone.append(weakref.ref(local))
        await kind.gosched()
        raise Failure

    gone = []

    def plain():
        handle = kind.go(body)
        try:
            handle.join()
        except Failure as error:
            gone.append(weakref.ref(error))
        del handle
        for _ in range(3):
            goconc.gosched()
        return [ref() for ref in gone]

    async def suspending():
        handle = kind.go(body)
        try:
            await handle
        except Failure as error:
            gone.append(weakref.ref(error))
        del handle
        for _ in range(3):
            await goconc.agosched()
        return [ref() for ref in gone]

    gc.collect()
    gc.disable()
    try:
        assert goconc.run(plain if joiner == "plain" else suspending) == [None, None]
    finally:
        gc.enable()


def test_the_exception_of_main_is_nobody_else_s(kind):
    # rule PY-03
    class Failure(Exception):
        pass

    async def main():
        local = Value()
        gone.append(weakref.ref(local))
        await kind.gosched()
        raise Failure

    gone = []
    gc.collect()
    gc.disable()
    try:
        try:
            kind.run(main)
        except Failure as error:
            gone.append(weakref.ref(error))
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_what_main_returns_and_holds_is_let_go_of(kind):
    # rule PY-03
    async def main():
        local, ch = Value(), goconc.Chan(1)
        gone.extend([weakref.ref(local), weakref.ref(ch)])
        ch.send_nowait(local)
        result = Value()
        gone.append(weakref.ref(result))
        await kind.gosched()
        return result

    gone = []
    gc.collect()
    gc.disable()
    try:
        result = kind.run(main)
        assert [ref() for ref in gone] == [None, None, result]
        del result
        assert gone[2]() is None
    finally:
        gc.enable()


def test_a_cancelled_one_lets_go_of_everything(kind):
    # rule PY-03
    async def body(ch):
        local = Value()
        gone.append(weakref.ref(local))
        await kind.recv(ch)

    gone = []

    async def main():
        ch = goconc.Chan()
        gone.append(weakref.ref(ch))
        handle = kind.go(body, ch)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        del ch, handle
        for _ in range(3):
            await kind.gosched()
        gc.collect()
        return [ref() for ref in gone]

    assert kind.run(main) == [None, None]


def test_references_are_balanced(kind):
    # rule PY-03
    value, fn_argument = object(), object()

    async def body(ch, argument):
        await kind.send(ch, value)
        with pytest.raises(TimeoutError):
            await kind.send(goconc.Chan(), value, timeout=1e-4)
        return argument

    async def rounds(n):
        for _ in range(n):
            ch = goconc.Chan(1)
            handle = kind.go(body, ch, fn_argument)
            assert await kind.recv(ch) is value
            ch.send_nowait(value)
            with pytest.raises(TimeoutError):
                await kind.send(ch, value, timeout=1e-4)
            assert (await kind.select(ch)).value is value
            ch.send_nowait(value)
            assert await kind.join(handle) is fn_argument

    def counts():
        return sys.getrefcount(value), sys.getrefcount(fn_argument), sys.getrefcount(None)

    kind.run(rounds, 10)
    gc.collect()
    before = counts()
    kind.run(rounds, 50)
    gc.collect()
    after = counts()
    assert after[:2] == before[:2]
    assert abs(after[2] - before[2]) < 25


def test_no_objects_are_left_behind(kind):
    # rule PY-03
    async def body(ch):
        return await kind.recv(ch)

    async def some():
        ch = goconc.Chan()
        handles = [kind.go(body, ch) for _ in range(20)]
        for n in range(20):
            await kind.send(ch, [n])
        for handle in handles:
            await kind.join(handle)

    def objects():
        gc.collect()
        return len(gc.get_objects())

    for _ in range(3):
        kind.run(some)
    before = objects()
    for _ in range(20):
        kind.run(some)
    assert objects() - before < 100


def test_a_coroutine_that_was_never_started_is_closed_without_a_warning():
    # rule PY-03
    async def body():
        raise AssertionError("it was not to run")

    def main():
        handle = goconc.go(body())
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            handle.join()

    goconc.run(main)
    gc.collect()


def test_weak_references_to_goroutines_and_channels(kind):
    # rule PY-03
    async def main():
        ch = goconc.Chan()
        handle = kind.go(kind.recv, ch)
        refs = weakref.WeakSet([ch, handle])
        await kind.parked(handle)
        assert len(refs) == 2
        await kind.send(ch, None)
        await kind.join(handle)

    kind.run(main)
