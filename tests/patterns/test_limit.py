"""Limiter and rate_limit. No test says how fast something is, only that it is not too fast."""

import copy
import itertools
import time

import pytest

import goconc
from goconc import context, patterns


async def acquire(reader, limiter, *args, **limits):
    if reader.name == "async":
        return await limiter.aacquire(*args, **limits)
    return limiter.acquire(*args, **limits)


def test_a_bucket_begins_full_and_is_refilled(reader):
    # rule PAT-19
    async def main():
        limiter = patterns.Limiter(1000, 3)
        started = time.monotonic()
        for _ in range(13):
            await acquire(reader, limiter)
        assert time.monotonic() - started >= 0.0099

    reader.run(main)


def test_try_acquire():
    # rule PAT-19
    limiter = patterns.Limiter(1e-6, 3)
    assert limiter.try_acquire()
    assert not limiter.try_acquire(3)
    assert limiter.try_acquire(2)
    assert not limiter.try_acquire()
    always = patterns.Limiter(float("inf"))
    assert all(always.try_acquire() for _ in range(1000))
    for burst in range(1, 50):  # a full bucket holds all of it, whatever the clock says
        assert patterns.Limiter(0.1 * burst, burst).try_acquire(burst)
    for rate in (1e-9, 5e-324, 1e308):
        assert patterns.Limiter(rate, 5).try_acquire(5)


def test_what_was_not_used_is_not_saved_up():
    # rule PAT-19
    limiter = patterns.Limiter(1000, 2)
    time.sleep(0.01)
    taken = sum(limiter.try_acquire() for _ in range(5))
    assert 2 <= taken <= 5  # 2, and what came meanwhile
    slow = patterns.Limiter(0.001, 2)
    time.sleep(0.01)
    assert sum(slow.try_acquire() for _ in range(5)) == 2


def test_who_gives_up_has_taken_nothing(reader):
    # rule PAT-19
    async def main():
        limiter = patterns.Limiter(0.01)
        await acquire(reader, limiter)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await acquire(reader, limiter, timeout=0.001)
        with context.with_timeout(context.background(), 0.001) as ctx:
            with pytest.raises(goconc.DeadlineExceeded):
                await acquire(reader, limiter, ctx=ctx)
            with pytest.raises(goconc.DeadlineExceeded):
                await acquire(reader, patterns.Limiter(1), ctx=ctx)
        assert not limiter.try_acquire()
        assert -0.5 < limiter._tokens <= 0.5  # only the first one has taken a token

    reader.run(main)


class Promises(patterns.Limiter):
    """Keeps when the tokens are there that it has promised."""

    def __init__(self, rate):
        super().__init__(rate)
        self.due = []

    def _take(self, n, most):
        wait = super()._take(n, most)
        self.due.append(self._at + wait)
        return wait


def test_those_who_wait_are_served_in_order(reader):
    # rule PAT-19
    async def main():
        limiter, gone_on = Promises(200), {}

        async def wait(n):
            await acquire(reader, limiter)
            gone_on[n] = time.monotonic()

        await acquire(reader, limiter)
        handles = []
        for n in range(4):
            handles.append(reader.go(wait, n))
            await reader.until(lambda n=n: len(limiter.due) == n + 2)
        for handle in handles:
            await reader.join(handle)
        assert all(later - earlier > 0.0049 for earlier, later in itertools.pairwise(limiter.due))
        for n, due in enumerate(limiter.due[1:]):
            assert gone_on[n] > due - 0.0001

    reader.run(main)


def test_rate_limit(reader):
    # rule PAT-19
    async def main():
        started = time.monotonic()
        assert await reader.values(patterns.rate_limit(range(6), 500)) == list(range(6))
        assert time.monotonic() - started >= 0.0099

    reader.run(main)


def test_two_stages_share_a_limiter(reader):
    # rule PAT-19
    async def main():
        limiter = patterns.Limiter(500)
        started = time.monotonic()
        both = patterns.merge(patterns.rate_limit(range(3), limiter), patterns.rate_limit(range(3), limiter))
        assert sorted(await reader.values(both)) == [0, 0, 1, 1, 2, 2]
        assert time.monotonic() - started >= 0.0099

    reader.run(main)


def test_rate_limit_by_a_channel(reader):
    # rule PAT-19
    async def main():
        tokens = goconc.Chan(3)
        for _ in range(3):
            await reader.send(tokens, None)
        stream = patterns.rate_limit(itertools.count(), tokens)
        assert [await reader.recv(stream) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(TimeoutError):
            await reader.recv(stream, timeout=0.002)
        await reader.send(tokens, None)
        assert await reader.recv(stream) == 3
        tokens.close()
        assert await reader.values(stream) == []
        assert await reader.values(patterns.rate_limit(range(3), goconc.tick(0.001))) == [0, 1, 2]

    reader.run(main)


def test_a_limited_stream_is_left(reader):
    # rule PAT-07
    async def main():
        async with reader.opened(patterns.rate_limit(range(10), 0.001)) as stream:
            assert await reader.recv(stream) == 0

    reader.run(main)


def test_not_copied():
    # rule PY-12
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        copy.copy(patterns.Limiter(1))
