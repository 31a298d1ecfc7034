"""Looking inside: the stack of a goroutine, the dump of all."""

import threading
import time

import pytest

import goconc

SOON = 10.0  # seconds


def names(stack):
    return [frame.name for frame in stack]


async def outer(kind, ch):
    return await inner(kind, ch)


async def inner(kind, ch):
    return await kind.recv(ch)


def test_the_stack_of_a_parked_one_is_outermost_first(kind):
    # rule GO-34
    async def main():
        ch = goconc.Chan()
        handle = kind.go(outer, kind, ch)
        await kind.parked(handle)
        stack = handle.stack()
        found = names(stack)
        assert found.index("outer") < found.index("inner")
        assert "main" not in found
        frame = stack[found.index("inner")]
        assert frame.filename == __file__
        assert frame.lineno == inner.__code__.co_firstlineno + 1
        await kind.send(ch, "woken")
        assert await kind.join(handle) == "woken"
        assert handle.stack() == []

    kind.run(main)


def test_the_stack_of_the_running_one_is_its_own(kind):
    # rule GO-34
    async def deeper():
        return goconc.current().stack()

    async def body():
        return await deeper()

    async def main():
        found = names(await kind.join(kind.go(body)))
        assert found[-1] == "deeper"
        assert "body" in found
        assert "main" not in found
        assert names(goconc.current().stack())[-1] == "main"

    kind.run(main)


def test_one_that_has_not_started_has_none(kind):
    # rule GO-34
    def main():
        handle = kind.go(outer, kind, goconc.Chan())
        assert handle.stack() == []
        handle.cancel()

    goconc.run(main, procs=1)


def test_of_one_that_gave_way(kind):
    # rule GO-34
    seen = []

    async def body():
        while not seen:
            await kind.gosched()

    async def main():
        handle = kind.go(body)
        limit = time.monotonic() + SOON
        while "body" not in names(handle.stack()):  # it may not have begun
            assert time.monotonic() < limit
            await kind.gosched()
        seen.append(True)
        await kind.join(handle)

    kind.run(main)


def test_of_an_async_one_asked_by_a_plain_one_and_the_other_way_round(make_kind):
    # rule GO-34
    def main():
        ch = goconc.Chan()
        handles = {name: make_kind(name).go(outer, make_kind(name), ch) for name in ("plain", "async")}
        while any("chan receive" not in repr(handle) for handle in handles.values()):
            goconc.gosched()

        async def look():
            return {name: names(handle.stack()) for name, handle in handles.items()}

        for found in (goconc.go(look).join(), {name: names(handle.stack()) for name, handle in handles.items()}):
            for stack in found.values():
                assert "outer" in stack
                assert "inner" in stack
        ch.send(1)
        ch.send(2)

    goconc.run(main)


def test_of_a_generator_in_it(kind):
    # rule GO-34, PY-14
    def plain_values(ch):
        yield ch.recv()

    async def async_values(ch):
        yield await ch.arecv()

    def plain(ch):
        return list(plain_values(ch))

    async def suspending(ch):
        return [value async for value in async_values(ch)]

    async def main():
        ch = goconc.Chan()
        handle = goconc.go(plain if kind.name == "plain" else suspending, ch)
        await kind.parked(handle)
        found = names(handle.stack())
        assert ("plain" if kind.name == "plain" else "suspending") in found
        await kind.send(ch, 1)
        assert await kind.join(handle) == [1]

    kind.run(main)


def test_of_main_asked_by_another(kind):
    # rule GO-34
    async def main():
        ch, me = goconc.Chan(), goconc.current()

        async def look():
            await kind.parked(me)
            await kind.send(ch, names(me.stack()))

        looker = kind.go(look)
        found = await kind.recv(ch)
        await kind.join(looker)
        return found

    assert "main" in kind.run(main)


def test_asked_by_an_ordinary_thread(kind, eventually, parked_words):
    # rule GO-34: the goroutine belongs to another thread's worker
    ch = goconc.Chan()
    handle = kind.go(outer, kind, ch)
    eventually(lambda: parked_words(handle))
    found = names(handle.stack())
    ch.send(1)
    assert handle.join(timeout=10) == 1
    assert "outer" in found
    assert "inner" in found


def test_of_one_that_runs_now_in_another_thread(eventually):
    # rule GO-34
    stop = []

    def spinning():
        while not stop:
            time.sleep(0.0001)

    handle = goconc.go(spinning)
    eventually(lambda: "running" in repr(handle))
    stack = handle.stack()
    stop.append(1)
    handle.join(timeout=10)
    assert "spinning" in names(stack)


def test_a_deep_stack(kind):
    # rule GO-34
    async def down(ch, depth):
        if depth:
            return await down(ch, depth - 1)
        return await kind.recv(ch)

    async def main():
        ch = goconc.Chan()
        handle = kind.go(down, ch, 100)
        await kind.parked(handle)
        assert names(handle.stack()).count("down") == 101
        await kind.send(ch, None)
        await kind.join(handle)

    kind.run(main)


WORDS = {
    "chan send": lambda kind: kind.send(goconc.Chan(), 1),
    "chan receive": lambda kind: kind.recv(goconc.Chan()),
    "chan receive (nil chan)": lambda kind: kind.recv(goconc.tick(0)),
    "select": lambda kind: kind.select(goconc.Chan(), goconc.Chan()),
    "select (no cases)": lambda kind: kind.select(),
    "sleep": lambda kind: kind.sleep(1000),
}


@pytest.mark.parametrize("words", WORDS)
def test_what_it_waits_on_is_said_in_go_s_words(kind, words):
    # rule GO-35
    async def main():
        handle = kind.go(WORDS[words], kind) if kind.name == "async" else kind.go(lambda: WORDS[words](kind))
        await kind.parked(handle)
        assert repr(handle).endswith(f"{words}>")
        assert f"goroutine {handle.id} [{words}]:" in goconc._core.dump()
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)


def test_the_dump_tells_of_every_goroutine(kind):
    # rule GO-34, GO-35
    async def main():
        ch = goconc.Chan()
        handles = [kind.go(outer, kind, ch) for _ in range(3)]
        handles[1].name = "with a name"
        await kind.parked(*handles)
        fresh = kind.go(outer, kind, ch)
        text = goconc._core.dump()
        for handle in [*handles, fresh]:
            assert f"goroutine {handle.id}" in text
        assert f"goroutine {goconc.current().id} [running]:" in text
        assert "with a name [chan receive]:" in text
        assert text.count(", in inner") == 3
        assert __file__ in text
        for _ in range(4):
            await kind.send(ch, None)
        for handle in [*handles, fresh]:
            await kind.join(handle)
        assert f"goroutine {handles[0].id} " not in goconc._core.dump()

    kind.run(main)


def test_the_dump_says_where_a_goroutine_was_started(kind):
    # rule GO-34, GO-12
    async def main():
        handle = goconc.go(kind.recv, goconc.Chan()) if kind.name == "async" else goconc.go(goconc.Chan().recv)
        line = goconc.current().stack()[-1].lineno - 1
        await kind.parked(handle)
        assert f'created by main\n  File "{__file__}", line {line}\n' in goconc._core.dump()
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)


def test_looking_does_not_keep_frames_alive(kind, collect):
    # rule PY-03
    import weakref

    class Local:
        pass

    gone = []

    async def body(ch):
        local = Local()
        gone.append(weakref.ref(local))
        await kind.recv(ch)

    async def main():
        ch = goconc.Chan()
        handle = kind.go(body, ch)
        await kind.parked(handle)
        stack = handle.stack()
        goconc._core.dump()
        await kind.send(ch, None)
        await kind.join(handle)
        assert stack
        collect()
        assert gone[0]() is None

    kind.run(main)


def test_of_one_that_runs_meanwhile():
    # rule GO-34: a snapshot, whatever it does
    async def leaf():
        for _ in range(3):
            await goconc.agosched()
            await goconc.asleep(0.0001)

    async def main():
        limit = time.monotonic() + 0.5
        while time.monotonic() < limit:
            handles[:] = [goconc.go(leaf()) for _ in range(20)]
            for handle in handles:
                await handle
        handles.clear()
        over.append(True)

    def look():
        while not over:
            for handle in list(handles):
                seen.update(names(handle.stack()))

    handles, over, seen = [], [], set()
    looker = threading.Thread(target=look)
    looker.start()
    goconc.run(main)
    looker.join()
    assert seen <= {"leaf"}
