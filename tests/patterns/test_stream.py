"""Streams: reading, failing, leaving, contexts."""

import asyncio
import copy
import gc
import itertools
import pickle

import pytest

import goconc
from goconc import context, patterns

BG = context.background()


def endless():
    return patterns.source(itertools.count())


def test_reading(reader):
    # rule PAT-02
    async def main():
        stream = patterns.source("abcdefg")
        assert await reader.recv(stream) == "a"
        assert await reader.recv(stream, timeout=10, ctx=BG) == "b"
        assert await reader.recv_ok(stream) == ("c", True)
        assert await reader.values(stream, most=2) == ["d", "e"]
        assert await reader.values(stream) == ["f", "g"]
        assert await reader.values(stream) == []
        assert await reader.recv_ok(stream) == (None, False)
        with pytest.raises(goconc.ChannelClosed, match="stream that has ended"):
            await reader.recv(stream)

    reader.run(main)


def test_as_a_case_of_select(reader):
    # rule PAT-02
    async def main():
        stream = patterns.source([7])
        assert await reader.select(goconc.Chan(), stream.receiver) == (1, 7, True)
        assert await reader.select(goconc.Chan(), stream.receiver) == (1, None, False)

    reader.run(main)


def test_limits_of_a_read(reader):
    # rule PAT-02
    async def main():
        silent = patterns.source(goconc.Chan())
        async with reader.opened(silent):
            with pytest.raises(TimeoutError):
                await reader.recv(silent, timeout=0.001)
            ctx, cancel = context.with_cancel(BG)
            cancel()
            with pytest.raises(goconc.Canceled):
                await reader.recv_ok(silent, ctx=ctx)

    reader.run(main)


def test_several_read_one_stream(reader):
    # rule PAT-02
    async def main():
        stream = patterns.source(range(100))

        async def read():
            return await reader.values(stream)

        handles = [reader.go(read) for _ in range(4)]
        shares = [await reader.join(handle) for handle in handles]
        assert sorted(itertools.chain(*shares)) == list(range(100))

    reader.run(main)


def test_all_readers_are_told_of_a_failure(reader):
    # rule PAT-05
    async def main():
        gate = goconc.Chan()

        def fail(_):
            gate.recv()
            raise OSError("disk")

        stream = patterns.map(fail, [1])

        async def read():
            with pytest.raises(OSError, match="disk"):
                await reader.values(stream)

        handles = [reader.go(read) for _ in range(3)]
        await reader.send(gate, None)
        for handle in handles:
            await reader.join(handle)
        await reader.close(stream)  # who reads was told

    reader.run(main)


@pytest.mark.parametrize("how", ["block", "close", "drop"])
def test_who_leaves_stops_all_behind(reader, how, function):
    # rule PAT-07
    async def main():
        async def slow(n):
            if n > 5:
                await function.kind.sleep(100)
            return n

        stream = patterns.map(function(slow), patterns.filter(lambda n: n % 2, endless()), workers=3, ordered=False)
        if how == "block":
            async with reader.opened(stream):
                assert await reader.recv(stream) in (1, 3, 5)
        elif how == "close":
            assert await reader.recv(stream) in (1, 3, 5)
            await reader.close(stream)
            await reader.close(stream)
            assert await reader.values(stream) == []
        else:
            for_loop = reader.values(stream, most=2)
            del stream
            assert set(await for_loop) <= {1, 3, 5}
            gc.collect()

    reader.run(main)


def test_nobody_has_read(reader):
    # rule PAT-07
    async def main():
        endless()
        stream = endless()
        await reader.close(stream)
        async with reader.opened(patterns.map(str, goconc.Chan())):
            pass

    reader.run(main)


def test_closed_while_somebody_reads(reader):
    # rule PAT-07
    async def main():
        stream = patterns.source(goconc.Chan())

        async def read():
            return await reader.values(stream)

        handle = reader.go(read)
        await reader.parked(handle)
        await reader.close(stream)
        assert await reader.join(handle) == []

    reader.run(main)


def test_a_failure_nobody_has_read(reader):
    # rule PAT-07
    async def main():
        failed = goconc.Chan()

        def fail(_):
            failed.close()
            raise OSError("disk")

        stream = patterns.map(fail, [1])
        await reader.recv_ok(failed)
        await reader.until(lambda: stream.receiver.closed)
        with pytest.raises(OSError, match="disk"):
            await reader.close(stream)
        await reader.close(stream)

        stream = patterns.map(fail, [1])
        with pytest.raises(KeyError) as caught:
            async with reader.opened(stream):
                await reader.until(lambda: stream.receiver.closed)
                raise KeyError("mine")
        assert caught.value.__notes__ == ["the stream that was left failed: ChannelClosed('close of closed channel')"]

    reader.run(main)


def test_a_failure_of_a_dropped_stream_stops_the_run(settle):
    # rule PAT-07, GO-12
    def main():
        def fail(_):
            raise OSError("disk")

        stream = patterns.map(fail, [1])
        while not stream.receiver.closed:
            goconc.gosched()
        goconc.sleep(0.001)  # the goroutine ends just after that
        del stream
        settle()
        goconc.sleep(10)

    with pytest.raises(OSError, match="disk"):
        goconc.run(main)


def test_a_failure_while_it_is_left(reader, function):
    # rule PAT-07
    async def main():
        entered = goconc.Chan()

        async def slow(n):
            try:
                await function.kind.send(entered, None)
                await function.kind.sleep(100)
            finally:
                raise OSError("on the way out")

        stream = patterns.buffer(patterns.filter(bool, patterns.map(function(slow), [1])), 1)
        await reader.recv(entered)
        with pytest.raises(OSError, match="on the way out"):
            await reader.close(stream)

    reader.run(main)


def test_a_reader_who_is_told_is_told_once(reader):
    # rule PAT-05
    async def main():
        def fail(_):
            raise OSError("disk")

        async with reader.opened(patterns.map(fail, [1])) as stream:
            for _ in range(2):
                with pytest.raises(OSError, match="disk"):
                    await reader.recv(stream)

    reader.run(main)


def test_a_failure_goes_through_all_stages(reader, function):
    # rule PAT-05
    async def main():
        async def fail(n):
            if n == 3:
                raise OSError(n)
            await function.kind.sleep(0 if n < 3 else 100)
            return n

        failing = patterns.map(function(fail), endless(), workers=4, ordered=False)
        found = patterns.filter(lambda n: True, patterns.buffer(patterns.merge(failing, goconc.Chan()), 2))
        with pytest.raises(OSError) as caught:
            await reader.values(found)
        assert caught.value.args == (3,)
        assert not hasattr(caught.value, "__notes__")

    reader.run(main)


def test_other_failures_are_notes(reader):
    # rule PAT-05
    async def main():
        both = goconc.Chan()

        def fail(n):
            if n:
                both.send(None)
                raise OSError("first")
            try:
                both.recv()
                goconc.sleep(100)
            finally:
                raise KeyError("second")

        with pytest.raises(OSError) as caught:
            await reader.values(patterns.map(fail, [0, 1], workers=2, ordered=False))
        assert caught.value.__notes__ == ["another goroutine of the errgroup failed: KeyError('second')"]

    reader.run(main)


@pytest.mark.parametrize("at", ["start", "work", "leaving", "reading"])
def test_the_end_of_a_context(reader, function, at):
    # rule PAT-06
    async def main():
        ctx, cancel = context.with_cancel_cause(BG)
        why = ValueError("why")
        entered = goconc.Chan(100)

        async def slow(n):
            await function.kind.send(entered, n)
            await function.kind.sleep(100)

        if at == "start":
            cancel(why)
        source = endless() if at != "reading" else goconc.Chan()
        stream = patterns.map(function(slow), source, workers=3, ordered=False, ctx=ctx)
        if at == "work":
            assert {await reader.recv(entered) for _ in range(3)} == {0, 1, 2}
        if at == "leaving":
            patterns_before = patterns.map(str, stream)
            cancel(why)
            stream = patterns_before
        cancel(why)
        with pytest.raises(goconc.Canceled, match="context canceled") as caught:
            await reader.values(stream)
        assert caught.value.__cause__ is why

    reader.run(main)


def test_a_context_ends_though_nobody_reads(reader):
    # rule PAT-06
    async def main():
        before = goconc.num_goroutine()
        ctx, cancel = context.with_cancel(BG)
        stream = patterns.map(str, patterns.merge(endless(), endless()), workers=3, ctx=ctx)
        cancel()
        await reader.until(lambda: goconc.num_goroutine() == before)
        with pytest.raises(goconc.Canceled):
            await reader.recv(stream)
        await reader.close(stream)

    reader.run(main)


def test_a_deadline(reader):
    # rule PAT-06
    async def main():
        with context.with_timeout(BG, 0.005) as ctx:
            with pytest.raises(goconc.DeadlineExceeded):
                await reader.values(patterns.source(goconc.Chan(), ctx=ctx))

    reader.run(main)


def test_a_context_that_ends_afterwards(reader):
    # rule PAT-06
    async def main():
        ctx, cancel = context.with_cancel(BG)
        stream = patterns.source([1, 2], ctx=ctx)
        assert await reader.values(stream) == [1, 2]
        cancel()
        assert await reader.values(stream) == []
        await reader.close(stream)

    reader.run(main)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("ordered", [True, False])
def test_goexit_in_a_function_stops_the_stage(reader, workers, ordered):
    # rule PAT-08
    async def main():
        def leave(n):
            if n == 5:
                goconc.goexit()
            return n

        found = []
        with pytest.raises(goconc.Canceled, match="goroutine of this stage"):
            while True:
                found.append(
                    await reader.recv(stream := patterns.map(leave, range(5, 9), workers=workers, ordered=ordered))
                )
        assert set(found) <= {6, 7, 8}
        del stream

    reader.run(main)


def test_a_reader_that_is_cancelled(goroutine_reader):
    # rule PAT-07
    reader = goroutine_reader

    async def main():
        async def read():
            async with reader.opened(patterns.map(str, patterns.source(goconc.Chan()))) as stream:
                await reader.recv(stream)

        handle = reader.go(read)
        await reader.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await reader.join(handle)

    reader.run(main)


def test_functions_that_wait_get_goroutine_exit(reader, function):
    # rule PAT-07
    async def main():
        ends, entered = goconc.Chan(1), goconc.Chan()

        async def slow(n):
            try:
                await function.kind.send(entered, None)
                await function.kind.sleep(100)
            except BaseException as error:
                ends.send_nowait(type(error))
                raise

        async with reader.opened(patterns.map(function(slow), [1])):
            await reader.recv(entered)
        assert issubclass(await reader.recv(ends), goconc.GoroutineExit)

    reader.run(main)


def test_clean_up_that_waits_is_waited_for(reader, function):
    # rule PAT-07
    async def main():
        ended, entered = [], goconc.Chan()

        async def slow(n):
            try:
                await function.kind.send(entered, None)
                await function.kind.sleep(100)
            finally:
                with goconc.shield():
                    await function.kind.sleep(0.01)
                    ended.append(n)

        async with reader.opened(patterns.map(str, patterns.map(function(slow), [1]))):
            await reader.recv(entered)
        assert ended == [1]

    reader.run(main)


def test_channels_are_left_open(reader):
    # rule PAT-01
    async def main():
        numbers = goconc.Chan(5)
        for n in range(5):
            await reader.send(numbers, n)
        async with reader.opened(patterns.map(str, numbers)) as stream:
            assert await reader.recv(stream) == "0"
        assert not numbers.closed
        assert len(numbers) >= 3

    reader.run(main)


def test_not_copied_and_not_made():
    # rule PY-12
    stream = endless()
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle or copy"):
            attempt(stream)
    stream.close()
    with pytest.raises(TypeError):
        patterns.Stream()


def test_a_blocking_read_in_an_async_goroutine_is_refused():
    # rule PY-06
    async def main():
        async with patterns.source([1, 2]) as stream:
            with pytest.raises(RuntimeError, match=r"arecv\(\)"):
                next(stream)
            with pytest.raises(RuntimeError, match=r"aclose\(\)"):
                stream.close()
            assert await stream.arecv() == 1

    goconc.run(main)


def test_tasks_of_asyncio_read_and_leave():
    # rule PAT-02, PAT-07
    before = goconc.num_goroutine()

    async def square(n):
        await goconc.asleep(0.0005)
        return n * n

    async def main():
        assert [n async for n in patterns.map(square, range(10), workers=3)] == [n * n for n in range(10)]
        async with patterns.map(square, itertools.count()) as stream:
            async for n in stream:
                if n > 20:
                    break
        with pytest.raises(OSError, match="disk"):
            await patterns.aggregate(fail, [1], 0).arecv()
        await patterns.afor_each(square, range(5), 2)
        async with patterns.source(goconc.Chan()) as silent:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(silent.arecv(), 0.005)
        while goconc.num_goroutine() > before:
            await asyncio.sleep(0.001)

    def fail(total, n):
        raise OSError("disk")

    asyncio.run(main())


def test_streams_that_are_open_when_their_run_ends(monkeypatch):
    # rule GO-10, GO-20, GO-19
    kept, reported = [], []
    monkeypatch.setattr(goconc, "excepthook", reported.append)

    def main():
        stream = patterns.buffer(patterns.map(str, patterns.tee(itertools.count())[0], workers=3), 2)
        kept.append(stream)
        kept.append(patterns.broadcast(itertools.count()).subscribe(1))
        kept.append(patterns.worker_pool(lambda n: goconc.sleep(100), range(5), 2, ordered=True))
        return next(stream)

    before = goconc.num_goroutine()
    assert goconc.run(main) == "0"
    assert goconc.num_goroutine() == before
    kept.clear()
    gc.collect()
    assert reported == []
