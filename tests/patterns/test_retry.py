"""retry, Backoff, first."""

import inspect
import itertools
import threading

import pytest

import goconc
from goconc import context, patterns

QUICK = patterns.Backoff(0.0005, jitter=False)


async def call(function, fn, *args):
    return await fn(*args) if function.name == "async" else fn(*args)


def in_a_goroutine(function, fn, *args):
    """What ``fn(*args)`` gives in a goroutine of its kind."""
    return goconc.run(fn, *args)


def failing(function, times, error=OSError, before=lambda: None):
    """A function that fails so many times, ``before()`` first."""
    calls = []

    async def work(n):
        await function.kind.gosched()
        calls.append(n)
        if len(calls) <= times:
            before()
            raise error(f"failure {len(calls)}")
        return n + 1

    return calls, function(work)


@pytest.mark.parametrize("times", [0, 1, 4])
def test_it_is_called_again(function, times):
    # rule PAT-20
    calls, fn = failing(function, times)
    assert in_a_goroutine(function, patterns.retry(fn, attempts=5, backoff=QUICK), 7) == 8
    assert calls == [7] * (times + 1)


def test_the_last_exception_is_raised(function):
    # rule PAT-20
    calls, fn = failing(function, 10)
    with pytest.raises(OSError, match="failure 3") as caught:
        in_a_goroutine(function, patterns.retry(fn, attempts=3, backoff=QUICK), 7)
    assert len(calls) == 3
    assert caught.value.__notes__[0] == "this was attempt 3 of 3"


@pytest.mark.parametrize("error", [KeyError, goconc.Canceled])
def test_what_is_not_tried_again(function, error):
    # rule PAT-20
    calls, fn = failing(function, 10, error)
    on = (OSError, ValueError) if error is KeyError else Exception
    with pytest.raises(error):
        in_a_goroutine(function, patterns.retry(fn, on=on, backoff=QUICK), 7)
    assert len(calls) == 1


def test_it_is_of_the_same_kind_and_name():
    # rule PAT-20
    async def fetch(url):
        """Fetches."""

    assert inspect.iscoroutinefunction(patterns.retry(fetch))
    assert patterns.retry(fetch).__doc__ == "Fetches."
    assert not inspect.iscoroutinefunction(patterns.retry(len))


class Until:
    """A context whose deadline passes when it is told to."""

    def __init__(self):
        self._done, self._error = goconc.Chan(), None

    def end(self):
        self._error = goconc.DeadlineExceeded("context deadline exceeded")
        self._done.close()

    def done(self):
        return self._done.receiver

    def err(self):
        return self._error

    def value(self, key):
        return None

    def deadline(self):
        return None


def test_the_context_ends_while_it_waits(function):
    # rule PAT-20: also where its error is one that is tried again
    ctx = Until()
    calls, fn = failing(function, 10, before=lambda: goconc.after_func(0.01, ctx.end))
    again = patterns.retry(fn, backoff=patterns.Backoff(100, most=100, jitter=False), ctx=ctx)
    with pytest.raises(goconc.DeadlineExceeded) as caught:
        in_a_goroutine(function, again, 7)
    assert caught.value.__context__.args == ("failure 1",)
    assert len(calls) == 1
    with pytest.raises(goconc.DeadlineExceeded):
        in_a_goroutine(function, again, 7)
    assert len(calls) == 1


def test_in_a_thread(thread):
    # rule PAT-20
    calls = []

    def fail():
        calls.append(threading.get_ident())
        raise OSError

    handle = thread(patterns.retry(fail, backoff=QUICK))
    with pytest.raises(OSError):
        handle.join()
    assert len(calls) == 3


def test_backoff():
    # rule PAT-20
    def delays(n, *args, **options):
        return list(itertools.islice(patterns.Backoff(*args, **options), n))

    assert delays(6, 1, most=10, jitter=False) == [1, 2, 4, 8, 10, 10]
    assert delays(3, 5, 1, jitter=False) == [5, 5, 5]
    assert delays(2, 5, most=1, jitter=False) == [1, 1]
    drawn = delays(200, 1, most=4)
    assert all(0 <= delay <= most for delay, most in zip(drawn, [1, 2, *[4] * 198]))
    assert len(set(drawn)) > 150
    backoff = patterns.Backoff(1, jitter=False)
    assert next(iter(backoff)) == next(iter(backoff)) == 1


def test_with_a_pool(reader, function):
    # rule PAT-20, PAT-10
    async def main():
        failed, lock = set(), threading.Lock()

        async def flaky(n):
            await function.kind.gosched()
            with lock:
                if n not in failed:
                    failed.add(n)
                    raise OSError(n)
            return n

        pool = patterns.worker_pool(patterns.retry(function(flaky), backoff=QUICK), range(10), 3)
        assert sorted(await reader.values(pool)) == list(range(10))

    reader.run(main)


def test_the_first_that_succeeds(reader, function):
    # rule PAT-21
    async def main():
        async def slow():
            await function.kind.sleep(100)

        async def fail():
            raise OSError("down")

        async def quick():
            await function.kind.sleep(0.002)
            return "quick"

        answers = patterns.first(function(slow), function(fail), function(quick), function(slow))
        assert await reader.recv(answers, timeout=10) == "quick"
        assert await reader.values(answers) == []

    reader.run(main)


def test_none_succeeds(reader):
    # rule PAT-21
    async def main():
        turns = [goconc.Chan() for _ in range(3)]

        def fail(i):
            turns[i].recv_ok()
            if i < 2:
                turns[i + 1].close()
            raise OSError(i)

        turns[0].close()
        with pytest.raises(OSError) as caught:
            await reader.recv(patterns.first(*(lambda i=i: fail(i) for i in range(3))))
        told = {repr(caught.value), *(note.partition(": ")[2] for note in caught.value.__notes__)}
        assert told == {"OSError(0)", "OSError(1)", "OSError(2)"}

    reader.run(main)


def test_first_is_left(reader):
    # rule PAT-21, PAT-07
    async def main():
        async def asleep():
            await goconc.asleep(100)

        async with reader.opened(patterns.first(lambda: goconc.sleep(100), asleep)) as answers:
            with pytest.raises(TimeoutError):
                await reader.recv(answers, timeout=0.001)
        ctx, cancel = context.with_cancel(context.background())
        answers = patterns.first(lambda: goconc.sleep(100), ctx=ctx)
        cancel()
        with pytest.raises(goconc.Canceled):
            await reader.recv(answers)

    reader.run(main)
