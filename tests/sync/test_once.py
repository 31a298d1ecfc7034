"""Once, once_func, once_value, once_values and their awaitable twins."""

import gc
import weakref

import pytest

import goconc
from goconc.sync import Once, aonce_func, aonce_value, once_func, once_value, once_values


async def do(kind, once, fn):
    if kind.awaits:
        await once.ado(fn)
    else:
        once.do(fn)


def test_once(every_kind):  # rule ON-01, ON-02
    calls = []

    def fn():
        calls.append(1)

    async def worker(once):
        await do(every_kind, once, fn)
        assert calls == [1]

    async def main():
        once = Once()
        for handle in [every_kind.go(worker, once) for _ in range(5)]:
            await every_kind.join(handle)
        await do(every_kind, once, lambda: calls.append(2))

    every_kind.run(main)
    assert calls == [1]


def test_a_function_that_raises_has_run(kind):  # rule ON-03
    def fail():
        raise KeyError

    async def main():
        once = Once()
        with pytest.raises(KeyError):
            await do(kind, once, fail)
        await do(kind, once, fail)

    kind.run(main)


@pytest.mark.parametrize("make", [once_func, once_value, once_values])
def test_the_same_exception_each_time(make):  # rule ON-05
    calls = []

    def fail():
        calls.append(1)
        raise KeyError("first")

    call = make(fail)
    errors = []
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            call()
        errors.append(caught.value)
    assert errors[0] is errors[1]
    assert calls == [1]


def test_the_traceback_does_not_grow():  # rule ON-05; Go: TestOnceFuncPanicTraceback
    def fail():
        raise KeyError

    call = once_value(fail)
    depths = []
    for _ in range(4):
        with pytest.raises(KeyError) as caught:
            call()
        names = [entry.name for entry in caught.traceback]
        assert names[-1] == "fail"
        depths.append(len(names))
    assert len(set(depths[1:])) == 1


def test_results_are_kept():  # rule ON-05
    value = once_value(object)
    assert value() is value()
    assert once_values(lambda: (1, 2))() == (1, 2)
    assert once_func(object)() is None


def test_the_function_is_let_go():  # rule ON-05; Go: TestOnceXGC
    def fn():
        pass

    gone = weakref.ref(fn)
    call = once_func(fn)
    call()
    del fn
    gc.collect()
    assert gone() is None
    call()


def test_interrupted_and_ended_functions():  # rule ON-06
    ends = [KeyboardInterrupt(), goconc.GoroutineExit()]

    def fn():
        raise ends.pop(0)

    call = once_value(fn)
    with pytest.raises(KeyboardInterrupt):
        call()
    with pytest.raises(goconc.GoroutineExit):
        call()
    with pytest.raises(RuntimeError, match="ended before it returned"):
        call()


def test_a_blocking_call_in_an_async_goroutine_is_refused():  # rule PY-06
    """Also if the function has run: whether it has must not decide."""
    once, value = Once(), once_value(list)
    once.do(print)
    value()

    async def main():
        with pytest.raises(RuntimeError, match=r"await Once\.ado\(\) instead"):
            once.do(print)
        with pytest.raises(RuntimeError, match=r"await what .*aonce_value\(\) makes instead"):
            value()

    goconc.run(main)


def test_twins():  # rule ON-05
    calls = []

    async def fn():
        await goconc.agosched()
        calls.append(1)
        return 7

    async def main():
        value, func = aonce_value(fn), aonce_func(fn)
        assert [await g for g in [goconc.go(value()) for _ in range(3)]] == [7, 7, 7]
        assert await func() is None
        assert await func() is None

    goconc.run(main)
    assert calls == [1, 1]
