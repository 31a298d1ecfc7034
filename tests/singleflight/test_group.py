"""singleflight.Group."""

import copy
import threading

import pytest

import goconc
from goconc.singleflight import Group, Result


async def do(kind, group, key, fn, *args):
    if kind.name == "async":
        return await group.ado(key, fn, *args)
    return group.do(key, fn, *args)


class Load:
    """A function that waits until it is let go, and counts its calls."""

    def __init__(self, kind, outcome="value"):
        self.calls = 0
        self.entered = goconc.Chan(100)
        self.gate = goconc.Chan()
        self._outcome = outcome
        self.fn = self._async if kind.name == "async" else self._plain

    def _end(self):
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        if callable(self._outcome):
            return self._outcome()
        return self._outcome

    def _plain(self):
        self.calls += 1
        self.entered.send(None)
        self.gate.recv_ok()
        return self._end()

    async def _async(self):
        self.calls += 1
        await self.entered.asend(None)
        await self.gate.arecv_ok()
        return self._end()


async def share(kind, group, load, count):
    """Starts ``count`` callers that all share one call; lets it end; gives the handles."""
    first = kind.go(do, kind, group, "key", load.fn)
    await kind.recv(load.entered)
    others = [kind.go(do, kind, group, "key", load.fn) for _ in range(count - 1)]
    await kind.parked(*others)
    while count > 1 and len(group._calls["key"].seats) < count - 1:
        await kind.gosched()
    load.gate.close()
    return [first, *others]


def test_do(any_kind):
    # rule SF-01 (Go: TestDo)
    async def main():
        assert await do(any_kind, Group(), "key", lambda a, b: a + b, 1, 2) == (3, False)

    any_kind.run(main)


def test_arguments():
    # rule SF-01
    assert Group().do("key", dict, a=1).value == {"a": 1}


def test_an_exception(any_kind):
    # rule SF-02 (Go: TestDoErr)
    async def main():
        group = Group()

        def fail():
            raise OSError("not there")

        for _ in range(2):
            with pytest.raises(OSError, match="not there"):
                await do(any_kind, group, "key", fail)
        assert await do(any_kind, group, "key", lambda: 1) == (1, False)

    any_kind.run(main)


def test_one_call_for_all(any_kind):
    # rule SF-01, SF-02 (Go: TestDoDupSuppress)
    async def main():
        group, load = Group(), Load(any_kind)
        for each in await share(any_kind, group, load, 10):
            assert await any_kind.join(each) == ("value", True)
        assert load.calls == 1
        assert await do(any_kind, group, "key", lambda: "anew") == ("anew", False)

    any_kind.run(main)


def test_keys_are_apart(any_kind):
    # rule SF-01
    async def main():
        group, load = Group(), Load(any_kind)
        first = any_kind.go(do, any_kind, group, 1, load.fn)
        await any_kind.recv(load.entered)
        assert await do(any_kind, group, 2, lambda: "other") == ("other", False)
        load.gate.close()
        assert await any_kind.join(first) == ("value", False)

    any_kind.run(main)


def test_an_exception_goes_to_all(any_kind):
    # rule SF-02, SF-05 (Go: TestPanicDo, TestPanicErrorUnwrap)
    async def main():
        error = ZeroDivisionError("shared")
        group, load = Group(), Load(any_kind, error)
        for each in await share(any_kind, group, load, 5):
            with pytest.raises(ZeroDivisionError) as caught:
                await any_kind.join(each)
            assert caught.value is error
        assert load.calls == 1
        assert await do(any_kind, group, "key", lambda: 1) == (1, False)

    any_kind.run(main)


def test_goexit_ends_all(kind):
    # rule SF-06 (Go: TestGoexitDo)
    async def main():
        group, load = Group(), Load(kind, goconc.goexit)
        after = []

        async def call():
            await do(kind, group, "key", load.fn)
            after.append("was not ended")

        first = kind.go(call)
        await kind.recv(load.entered)
        others = [kind.go(call) for _ in range(4)]
        await kind.parked(*others)
        load.gate.close()
        for each in [first, *others]:
            assert await kind.join(each) is None
        assert after == []
        assert await do(kind, group, "key", lambda: 1) == (1, False)

    kind.run(main)


def test_a_cancelled_leader(kind):
    # rule SF-06: only goexit ends the others, too
    async def main():
        group, load = Group(), Load(kind)
        first = kind.go(do, kind, group, "key", load.fn)
        await kind.recv(load.entered)
        other = kind.go(do, kind, group, "key", load.fn)
        await kind.parked(other)
        first.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(first)
        with pytest.raises(goconc.Canceled, match="the shared call did not end"):
            await kind.join(other)

    kind.run(main)


def test_a_caller_that_stops_waiting(kind):
    # rule SF-01: the call and the others go on
    async def main():
        group, load = Group(), Load(kind)
        first = kind.go(do, kind, group, "key", load.fn)
        await kind.recv(load.entered)
        others = [kind.go(do, kind, group, "key", load.fn) for _ in range(2)]
        await kind.parked(*others)
        others[0].cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(others[0])
        load.gate.close()
        assert await kind.join(others[1]) == await kind.join(first) == ("value", True)

    kind.run(main)


def test_forget(any_kind):
    # rule SF-04 (Go: TestForget)
    async def main():
        group, old, new = Group(), Load(any_kind, "old"), Load(any_kind, "new")
        first = any_kind.go(do, any_kind, group, "key", old.fn)
        await any_kind.recv(old.entered)
        group.forget("key")
        group.forget("no such key")
        second = any_kind.go(do, any_kind, group, "key", new.fn)
        await any_kind.recv(new.entered)
        old.gate.close()
        assert await any_kind.join(first) == ("old", False)
        # The end of the forgotten call has left the new one alone.
        third = any_kind.go(do, any_kind, group, "key", new.fn)
        await any_kind.parked(third)
        while not len(group._calls["key"].seats):
            await any_kind.gosched()
        new.gate.close()
        assert await any_kind.join(second) == await any_kind.join(third) == ("new", True)

    any_kind.run(main)


def test_do_chan(any_kind):
    # rule SF-03 (Go: TestDoChan)
    async def main():
        group, load = Group(), Load(any_kind)
        results = group.do_chan("key", load.fn)
        await any_kind.recv(load.entered)
        other = group.do_chan("key", load.fn)
        load.gate.close()
        assert await any_kind.recv(results) == await any_kind.recv(other) == Result("value", None, True)
        assert (results.cap, results.closed) == (1, False)
        assert load.calls == 1
        assert await any_kind.recv(group.do_chan("key", str, 5)) == ("5", None, False)

    any_kind.run(main)


def test_do_chan_shares_with_do(any_kind):
    # rule SF-03, SF-05 (Go: TestPanicDoChan, TestPanicDoSharedByDoChan)
    async def main():
        error = ZeroDivisionError("shared")
        group, load = Group(), Load(any_kind, error)
        first = any_kind.go(do, any_kind, group, "key", load.fn)
        await any_kind.recv(load.entered)
        results = group.do_chan("key", load.fn)
        load.gate.close()
        assert await any_kind.recv(results) == (None, error, True)
        with pytest.raises(ZeroDivisionError):
            await any_kind.join(first)

        def fail():
            raise error

        assert await any_kind.recv(group.do_chan("key", fail)) == (None, error, False)

    any_kind.run(main)


def test_goexit_with_do_chan(any_kind):
    # rule SF-06
    async def main():
        result = await any_kind.recv(Group().do_chan("key", goconc.goexit))
        assert isinstance(result.error, goconc.Canceled)

    any_kind.run(main)


def test_a_time_limit():
    # rule SF-03: the way Go's documentation shows
    def main():
        group, gate = Group(), goconc.Chan()
        assert goconc.select(group.do_chan("key", gate.recv_ok), goconc.after(0.001)).index == 1
        gate.close()

    goconc.run(main)


def test_wrong_use():
    # rule SF-01 (API: wrong arguments, twins)
    group = Group()

    async def suspending():
        return 1

    async def main():
        with pytest.raises(RuntimeError, match=r"await ado\(\) instead"):
            group.do("key", int)
        assert await group.ado("key", suspending) == (1, False)

    goconc.run(main)
    with pytest.raises(TypeError, match="call ado"):
        group.do("key", suspending)
    with pytest.raises(TypeError, match="unhashable"):
        group.do([], int)
    with pytest.raises(TypeError):
        group.do("key", None)
    with pytest.raises(TypeError):
        copy.copy(group)
    assert group.do("key", int) == (0, False)


def test_who_shares_is_told_so():
    # rule SF-01: in threads, whatever the moment at which each comes
    group = Group()
    for _ in range(100):
        barrier = threading.Barrier(3)
        results = []

        def call(barrier=barrier, results=results):
            barrier.wait()
            results.append(group.do("key", object))

        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        values = [value for value, _ in results]
        for value, shared in results:
            assert shared == (values.count(value) > 1)
    assert group._calls == {}
