"""For tests of patterns: readers and functions of every kind, one processor and eight; and after each body no goroutine is left."""

import gc
import time

import pytest

import goconc


class Opened:
    """``async with Opened(kind, stream)``: the block of a stream, entered and left as the kind does it."""

    def __init__(self, kind, stream):
        self._kind = kind
        self._stream = stream

    async def __aenter__(self):
        return await self._stream.__aenter__() if self._kind.name == "async" else self._stream.__enter__()

    async def __aexit__(self, *exc):
        if self._kind.name == "async":
            return await self._stream.__aexit__(*exc)
        return self._stream.__exit__(*exc)


def all_gone(before):
    """Whether as few goroutines exist as before. A dropped stream may be in a cycle, or, free-threaded, wait for another thread."""
    if goconc.num_goroutine() <= before:
        return True
    gc.collect()
    return False


class Reader:
    """A kind that reads streams. Its ``run`` fails if a goroutine is left when the body has ended, and not only when the run has."""

    def __init__(self, kind):
        self._kind = kind

    def __getattr__(self, name):
        return getattr(self._kind, name)

    def run(self, main):
        async def checked():
            before = goconc.num_goroutine()
            result = await main()
            limit = time.monotonic() + 10
            while not all_gone(before):
                assert time.monotonic() < limit, goconc.num_goroutine() - before
                await self.sleep(0.001)
            return result

        return self._kind.run(checked)

    def opened(self, stream):
        return Opened(self._kind, stream)

    async def close(self, stream):
        if self.name == "async":
            await stream.aclose()
        else:
            stream.close()

    async def until(self, condition):
        limit = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < limit
            await self.sleep(0.001)


@pytest.fixture(params=["plain", "async", "thread"])
def reader(request, make_kind):
    return Reader(make_kind(request.param))


@pytest.fixture(params=["plain", "async"])
def goroutine_reader(request, make_kind):
    return Reader(make_kind(request.param))


class Functions:
    """Makes functions of bodies, which are ``async def`` and do everything through ``kind``."""

    def __init__(self, name, kind):
        self.name = name
        self.kind = kind

    def __call__(self, body):
        if self.name == "async":
            return body
        if self.name == "lambda":
            return lambda *args: body(*args)

        def plain(*args):
            try:
                body(*args).send(None)
            except StopIteration as end:
                return end.value
            raise AssertionError("the body of a plain function was suspended")

        return plain


@pytest.fixture(params=["plain", "async", "lambda"])
def function(request, make_kind):
    """Plain functions, ``async def`` functions, and plain ones that return a coroutine."""
    return Functions(request.param, make_kind("plain" if request.param == "plain" else "async"))


@pytest.fixture(params=[1, 8], autouse=True)
def procs(request, processors):
    goconc.gomaxprocs(request.param)
    return request.param
