"""Who am I: current(), id, name."""

import threading

import pytest

import goconc


def test_outside_a_goroutine_there_is_no_current_one(thread):
    assert goconc.current() is None
    assert thread(goconc.current).join() is None


def test_current_is_the_handle_that_go_gave(kind):
    async def body():
        before = goconc.current()
        await kind.gosched()
        return before, goconc.current()

    async def main():
        me = goconc.current()
        handles = [kind.go(body) for _ in range(10)]
        for handle in handles:
            assert await kind.join(handle) == (handle, handle)
        assert goconc.current() is me

    kind.run(main)
    assert goconc.current() is None


def test_current_in_helper_threads_and_generators(kind, thread):
    async def main():
        me = goconc.current()

        def values():
            yield goconc.current()

        assert list(values()) == [me]
        other = thread(goconc.current)
        while not other.done():
            await kind.sleep(0.001)
        assert other.join() is None

    kind.run(main)


def test_ids_are_given_once_and_go_up(kind):
    async def main():
        handles = [kind.go(kind.gosched) for _ in range(100)]
        ids = [handle.id for handle in handles]
        assert ids == sorted(set(ids))
        assert all(type(n) is int for n in ids)
        assert ids[0] > goconc.current().id >= 1
        for handle in handles:
            await kind.join(handle)
        assert [handle.id for handle in handles] == ids
        with pytest.raises(AttributeError):
            handles[0].id = 5
        return ids

    first, second = kind.run(main), kind.run(main)
    assert second[0] > first[-1]


def test_ids_from_many_threads_are_unique():
    # rule PY-11
    found = []

    def start():
        found.extend(goconc.go(int) for _ in range(300))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for handle in found:
        assert handle.join(timeout=10) == 0
    assert len({handle.id for handle in found}) == 1200


def test_the_name(kind):
    async def body():
        goconc.current().name = "renamed by itself"
        await kind.gosched()
        return goconc.current().name

    async def main():
        handle = kind.go(body)
        assert str(handle.id) in handle.name
        handle.name = "grün ✓"
        assert handle.name == "grün ✓"
        assert "grün ✓" in repr(handle)
        assert await kind.join(handle) == "renamed by itself"
        assert handle.name == "renamed by itself"
        with pytest.raises(TypeError, match=r"name.*int"):
            handle.name = 5
        with pytest.raises(TypeError):
            handle.name = None
        assert handle.name == "renamed by itself"

    kind.run(main)


def test_repr_says_what_it_does(kind):
    # rule GO-35
    async def main():
        handle = kind.go(kind.recv, goconc.Chan())
        assert f"Goroutine {handle.id}" in repr(handle)
        await kind.parked(handle)
        assert "chan receive" in repr(handle)
        assert "running" in repr(goconc.current())
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        assert "done" in repr(handle)

    kind.run(main)


def test_handles_are_compared_by_identity(kind):
    async def main():
        a, b = kind.go(kind.gosched), kind.go(kind.gosched)
        assert a == a
        assert a != b
        assert len({a, b, a}) == 2
        await kind.join(a)
        await kind.join(b)

    kind.run(main)


def test_the_name_from_many_threads(thread):
    # rule PY-11
    gate = goconc.Chan()
    handle = goconc.go(gate.recv)

    def rename(who):
        for turn in range(5000):
            handle.name = f"{who} {turn}"
            assert " " in handle.name

    for renaming in [thread(rename, who) for who in range(3)]:
        renaming.join()
    gate.send(None)
    handle.join()


@pytest.mark.parametrize("kind", [goconc.Goroutine, goconc.SendChan, goconc.RecvChan, type(goconc.after_func(0, int))])
def test_what_goconc_alone_makes(kind):
    # rule GO-02
    for make in (kind, lambda: kind.__new__(kind), lambda: kind(1, name=2)):
        with pytest.raises(TypeError):
            make()
