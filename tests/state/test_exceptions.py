"""The exception a goroutine is handling is its own."""

# ruff: noqa: PT017 -- what holds inside except blocks is what these tests are about

import asyncio
import sys

import pytest

import goconc


@pytest.fixture(params=["plain", "async"])
def other_kind(request, make_kind):
    """Both kinds of goroutine, independent of `kind`."""
    return make_kind(request.param)


def chain(error):
    """Types along __context__."""
    found = []
    while error is not None:
        found.append(type(error))
        error = error.__context__
    return found


def test_a_switch_inside_except_leaks_nothing(kind, other_kind):
    # rule PY-01
    async def handling(turn):
        try:
            raise ValueError("handled")
        except ValueError as error:
            await other_kind.recv(turn)
            assert sys.exception() is error
            assert sys.exc_info()[1] is error
        assert sys.exception() is None

    async def other(turn):
        assert sys.exception() is None
        try:
            raise KeyError("other")
        except KeyError as error:
            assert error.__context__ is None
            await kind.send(turn, None)
            assert sys.exception() is error
        assert sys.exception() is None

    async def main():
        turn = goconc.Chan()
        first = other_kind.go(handling, turn)
        await kind.parked(first)
        assert sys.exception() is None
        second = kind.go(other, turn)
        await kind.join(first)
        await kind.join(second)

    kind.run(main)


def test_a_goroutine_started_while_handling_does_not_see_what_is_handled(kind, other_kind):
    # rule PY-01
    async def body():
        before = sys.exception()
        try:
            raise KeyError
        except KeyError as error:
            return before, error.__context__

    async def main():
        try:
            raise ValueError
        except ValueError:
            return await kind.join(other_kind.go(body))

    assert kind.run(main) == (None, None)


def test_bare_raise_after_a_switch(kind):
    # rule PY-01
    async def body(n):
        try:
            raise ValueError(n)
        except ValueError:
            for _ in range(5):
                await kind.gosched()
            raise

    async def main():
        handles = [kind.go(body, n) for n in range(20)]
        for n, handle in enumerate(handles):
            with pytest.raises(ValueError) as caught:
                await kind.join(handle)
            assert caught.value.args == (n,)
            assert chain(caught.value) == [ValueError]

    kind.run(main)


def test_what_is_raised_while_handling_chains_to_its_own(kind):
    # rule PY-01, GO-17
    async def body(n):
        try:
            raise ValueError(n)
        except ValueError:
            await kind.gosched()
            try:
                raise KeyError(n)
            except KeyError:
                await kind.gosched()
                raise LookupError(n)  # noqa: B904

    async def main():
        handles = [kind.go(body, n) for n in range(10)]
        for n, handle in enumerate(handles):
            with pytest.raises(LookupError) as caught:
                await kind.join(handle)
            assert chain(caught.value) == [LookupError, KeyError, ValueError]
            assert caught.value.__context__.__context__.args == (n,)

    kind.run(main)


def test_nested_try_blocks_with_a_switch_at_every_step(kind):
    # rule PY-01
    async def body(depth):
        if depth == 0:
            assert sys.exception() is not None
            return
        try:
            await kind.gosched()
            raise ValueError(depth)
        except ValueError as error:
            await kind.gosched()
            assert sys.exception() is error
            await body(depth - 1)
            assert sys.exception() is error
            assert error.args == (depth,)
        finally:
            await kind.gosched()

    async def main():
        handles = [kind.go(body, 10) for _ in range(10)]
        for handle in handles:
            await kind.join(handle)
        assert sys.exception() is None

    kind.run(main)


def test_both_kinds_interleaved(make_kind):
    # rule PY-01
    async def body(kind, n):
        seen = []
        for i in range(20):
            try:
                raise ValueError(n, i)
            except ValueError:
                await kind.gosched()
                seen.append(sys.exception().args)
                assert sys.exception().__context__ is None
            await kind.gosched()
            assert sys.exception() is None
        return seen

    def main():
        kinds = [make_kind("plain"), make_kind("async")]
        handles = [kinds[n % 2].go(body, kinds[n % 2], n) for n in range(10)]
        for n, handle in enumerate(handles):
            assert handle.join() == [(n, i) for i in range(20)]
        assert sys.exception() is None

    goconc.run(main)


def test_in_finally_while_an_exception_passes(kind):
    # rule PY-01
    async def body():
        try:
            raise ValueError("passes")
        finally:
            assert isinstance(sys.exception(), ValueError)
            await kind.gosched()
            assert isinstance(sys.exception(), ValueError)

    async def main():
        handles = [kind.go(body) for _ in range(5)]
        for handle in handles:
            with pytest.raises(ValueError, match="passes"):
                await kind.join(handle)

    kind.run(main)


def test_in_a_with_block_that_swallows(kind):
    # rule PY-01
    class Swallow:
        async def __aenter__(self):
            return self

        async def __aexit__(self, exc_type, exc, traceback):
            await kind.gosched()
            assert sys.exception() is exc
            return True

    async def body():
        async with Swallow():
            raise ValueError
        assert sys.exception() is None
        return "went on"

    async def main():
        handles = [kind.go(body) for _ in range(5)]
        assert [await kind.join(handle) for handle in handles] == ["went on"] * 5

    kind.run(main)


def test_generators_keep_what_they_handle():
    # rule PY-01, PY-14
    def values(ch, n):
        try:
            raise ValueError(n)
        except ValueError as error:
            yield ch.recv()
            assert sys.exception() is error
            yield ch.recv()
            assert sys.exception() is error

    def body(ch, n):
        assert sys.exception() is None
        found = []
        try:
            raise KeyError(n)
        except KeyError as error:
            for value in values(ch, n):
                assert sys.exception() is error
                found.append(value)
        return found

    def main():
        channels = [goconc.Chan() for _ in range(5)]
        handles = [goconc.go(body, ch, n) for n, ch in enumerate(channels)]
        for step in range(2):
            for ch in channels:
                assert sys.exception() is None
                ch.send(step)
        for handle in handles:
            assert handle.join() == [0, 1]

    goconc.run(main)


def test_a_generator_begun_in_one_goroutine_goes_on_in_another():
    # rule PY-14
    def values():
        for n in range(6):
            try:
                raise ValueError(n)
            except ValueError:
                goconc.gosched()
                yield n
                assert sys.exception().args == (n,)

    def main():
        generator = values()
        found = [next(generator)]

        def take():
            found.append(next(generator))
            assert sys.exception() is None

        for _ in range(4):
            goconc.go(take).join()
        found.append(next(generator))
        return found

    assert goconc.run(main) == [0, 1, 2, 3, 4, 5]


def test_a_generator_that_is_running_in_another_goroutine_refuses():
    # rule PY-14
    def values(ch):
        yield ch.recv()

    def main():
        ch = goconc.Chan()
        generator = values(ch)
        first = goconc.go(next, generator)
        while "chan receive" not in repr(first):
            goconc.gosched()
        with pytest.raises(ValueError, match="already executing"):
            next(generator)
        ch.send(1)
        assert first.join() == 1

    goconc.run(main)


def test_async_generators():
    # rule PY-01, PY-14
    async def values(ch):
        try:
            raise ValueError
        except ValueError as error:
            while True:
                yield await ch.arecv()
                assert sys.exception() is error

    async def body(ch):
        found = []
        async for value in values(ch):
            assert sys.exception() is None
            found.append(value)
            if value == 2:
                break
        return found

    async def main():
        channels = [goconc.Chan() for _ in range(5)]
        handles = [goconc.go(body, ch) for ch in channels]
        for value in range(3):
            for ch in channels:
                await ch.asend(value)
        for handle in handles:
            assert await handle == [0, 1, 2]

    goconc.run(main)


def test_a_traceback_shows_its_own_goroutine_only(kind):
    # rule PY-01
    async def body():
        await kind.gosched()
        raise ValueError

    async def main():
        handle = kind.go(body)
        while not handle.done():
            await kind.gosched()
        try:
            await kind.join(handle)
        except ValueError as error:
            names, traceback = [], error.__traceback__
            while traceback is not None:
                names.append(traceback.tb_frame.f_code.co_name)
                traceback = traceback.tb_next
        assert names[-1] == "body"
        assert names[0] == "main"  # where it was joined
        assert names.count("main") == 1

    kind.run(main)


def test_no_frames_of_another_goroutine_underneath(kind, other_kind):
    # rule PY-01
    def callers():
        frame, names = sys._getframe(1), []
        while frame is not None:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        return names

    async def deeper():
        await kind.gosched()
        return callers()

    async def body():
        before = callers()
        inner = await deeper()
        await kind.gosched()
        return before, inner, callers()

    async def main():
        async def hosting():
            return await other_kind.join(kind.go(body))

        return await other_kind.join(other_kind.go(hosting))

    before, inner, after = other_kind.run(main)
    assert before[0] == "body"
    assert before == after
    assert inner[:2] == ["deeper", "body"]
    for names in (before, inner):
        assert "main" not in names
        assert "hosting" not in names


def test_a_deadline_or_closed_channel_raised_while_handling(kind):
    # rule PY-01: goconc's own exceptions chain as any other
    async def body():
        try:
            raise KeyError
        except KeyError as outer:
            ch = goconc.Chan()
            with pytest.raises(TimeoutError) as caught:
                await kind.recv(ch, timeout=0.001)
            assert caught.value.__context__ is outer
            ch.close()
            with pytest.raises(goconc.ChannelClosed) as caught:
                await kind.recv(ch)
            assert caught.value.__context__ is outer

    async def main():
        await kind.join(kind.go(body))

    kind.run(main)


def test_cancellation_chains_to_what_is_handled(kind):
    # rule PY-01
    seen = []

    async def body():
        try:
            raise KeyError
        except KeyError:
            try:
                await kind.recv(goconc.Chan())
            except goconc.GoroutineExit as error:
                seen.extend(chain(error))
                raise

    async def main():
        handle = kind.go(body)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)
    assert seen == [goconc.GoroutineExit, KeyError]


def test_run_while_handling_an_exception(kind):
    # rule PY-01
    async def main():
        await kind.gosched()
        return sys.exception()

    try:
        raise ValueError
    except ValueError as error:
        kind.run(main)
        assert sys.exception() is error
    assert sys.exception() is None


def test_a_run_in_an_event_loop_s_executor():
    # rule PY-01
    def call():
        return goconc.run(lambda: goconc.go(sys.exception).join())

    async def main():
        try:
            raise ValueError
        except ValueError as error:
            found = await asyncio.to_thread(call)
            assert sys.exception() is error
            return found

    assert asyncio.run(main()) is None


def test_exception_groups(kind):
    # rule PY-01
    async def body(n):
        found = []
        try:
            raise ExceptionGroup("group", [ValueError(n), KeyError(n)])
        except* ValueError as group:
            await kind.gosched()
            found.append(group.exceptions[0].args)
        except* KeyError as group:
            await kind.gosched()
            found.append(group.exceptions[0].args)
        return found

    async def main():
        handles = [kind.go(body, n) for n in range(5)]
        for n, handle in enumerate(handles):
            assert await kind.join(handle) == [(n,), (n,)]

    kind.run(main)
