"""Tracers, profilers and sys.monitoring: they see goroutines, and may park in their callbacks."""

import sys
import threading

import pytest

import goconc

MINE = __file__

# Hooks belong to a thread: with several processors, goroutines run on threads that have none.
pytestmark = pytest.mark.usefixtures("one_processor")


@pytest.fixture(autouse=True)
def hooks_restored():
    trace, profile = sys.gettrace(), sys.getprofile()
    yield
    sys.settrace(trace)
    sys.setprofile(profile)


def work(n):
    goconc.gosched()
    n += 1
    goconc.gosched()
    return n


async def awork(n):
    await goconc.agosched()
    n += 1
    await goconc.agosched()
    return n


BODIES = {"plain": work, "async": awork}


@pytest.mark.not_on_threads("sys.settrace and sys.setprofile are for one thread")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_tracer_sees_every_goroutine(body):
    # rule PY-08
    lines, returns = [], []

    def trace(frame, event, arg):
        if frame.f_code is not body.__code__:
            return None
        if event == "line":
            lines.append(frame.f_lineno - body.__code__.co_firstlineno)
        elif event == "return":
            returns.append(arg)
        return trace

    def main():
        handles = [goconc.go(body, n) for n in range(5)]
        return [handle.join() for handle in handles]

    sys.settrace(trace)
    try:
        assert goconc.run(main) == [1, 2, 3, 4, 5]
        assert sys.gettrace() is trace
    finally:
        sys.settrace(None)
    for line in (1, 2, 3, 4):
        assert lines.count(line) == 5
    assert sorted(value for value in returns if isinstance(value, int)) == [1, 2, 3, 4, 5]


@pytest.mark.not_on_threads("sys.settrace and sys.setprofile are for one thread")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_profiler_sees_every_goroutine(body):
    # rule PY-08
    calls = []

    def profile(frame, event, arg):
        if frame.f_code is body.__code__ and event in ("call", "return"):
            calls.append(event)

    def main():
        handles = [goconc.go(body, n) for n in range(5)]
        return [handle.join() for handle in handles]

    sys.setprofile(profile)
    try:
        assert goconc.run(main) == [1, 2, 3, 4, 5]
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert calls.count("call") == calls.count("return")
    assert calls.count("call") == (5 if body is work else 15)  # a coroutine is called and returns at every suspension


@pytest.mark.not_on_threads("sys.settrace and sys.setprofile are for one thread")
@pytest.mark.parametrize("setter", [sys.settrace, sys.setprofile], ids=["trace", "profile"])
def test_a_callback_that_parks_silences_nobody(setter):
    # rule PY-08
    seen, depth = [], [0]

    def callback(frame, event, arg):
        if frame.f_code is work.__code__:
            seen.append(event)
            if not depth[0]:
                depth[0] = 1
                goconc.gosched()
                depth[0] = 0
        return callback

    def main():
        handles = [goconc.go(work, n) for n in range(5)]
        return [handle.join() for handle in handles]

    setter(callback)
    try:
        assert goconc.run(main) == [1, 2, 3, 4, 5]
    finally:
        setter(None)
    assert seen.count("return") == 5
    assert seen.count("call") == 5


def test_a_callback_that_waits_for_another_goroutine():
    # rule PY-08
    def main():
        ch, seen = goconc.Chan(), []

        def target():
            return 5

        def trace(frame, event, arg):
            if frame.f_code is target.__code__:
                seen.append(ch.recv())
            return None

        def traced():
            sys.settrace(trace)
            try:
                return target()
            finally:
                sys.settrace(None)

        handle = goconc.go(traced)
        ch.send("from main")
        assert handle.join() == 5
        assert seen == ["from main"]

    goconc.run(main)


@pytest.mark.not_on_threads("sys.settrace and sys.setprofile are for one thread", only="plain")
def test_a_tracer_that_raises(kind):
    # rule PY-08
    async def target():
        await kind.gosched()
        return 1

    def trace(frame, event, arg):
        if frame.f_code is target.__code__:
            raise LookupError("from the tracer")

    async def main():
        sys.settrace(trace)
        try:
            handle = kind.go(target)
            with pytest.raises(LookupError):
                await kind.join(handle)
        finally:
            sys.settrace(None)
        assert await kind.join(kind.go(target)) == 1

    kind.run(main)


def test_f_trace_of_a_parked_frame(kind):
    # rule PY-08
    async def main():
        ch, lines = goconc.Chan(), []

        async def target():
            await kind.recv(ch)
            lines.append("after")

        handle = kind.go(target)
        await kind.parked(handle)
        sys.settrace(lambda *args: None)
        await kind.send(ch, 1)
        await kind.join(handle)
        sys.settrace(None)
        assert lines == ["after"]

    kind.run(main)


def test_threading_settrace_reaches_the_background(eventually):
    # rule PY-08: nothing breaks; who is traced is up to threading
    threading.settrace(lambda *args: None)
    try:
        assert goconc.go(work, 1).join(timeout=10) == 2
        assert goconc.go(awork, 1).join(timeout=10) == 2
    finally:
        threading.settrace(None)


monitoring = pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="sys.monitoring came with 3.12")


@pytest.fixture
def tool():
    number = 4
    sys.monitoring.use_tool_id(number, "goconc-tests")
    yield number
    sys.monitoring.set_events(number, 0)
    for event in (sys.monitoring.events.PY_START, sys.monitoring.events.PY_RETURN, sys.monitoring.events.LINE):
        sys.monitoring.register_callback(number, event, None)
    sys.monitoring.free_tool_id(number)


@monitoring
@pytest.mark.parametrize("parks", [False, True], ids=["plainly", "parking"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_monitoring(tool, body, parks):
    # rule PY-08
    events, seen = sys.monitoring.events, []

    def started(code, offset):
        if code is body.__code__:
            seen.append("start")
            if parks and body is work:
                goconc.gosched()

    def returned(code, offset, value):
        if code is body.__code__:
            seen.append(value)
            if parks and body is work:
                goconc.gosched()

    def line(code, number):
        if parks and code is body.__code__ and body is work:
            goconc.gosched()

    sys.monitoring.register_callback(tool, events.PY_START, started)
    sys.monitoring.register_callback(tool, events.PY_RETURN, returned)
    sys.monitoring.register_callback(tool, events.LINE, line)
    sys.monitoring.set_events(tool, events.PY_START | events.PY_RETURN | events.LINE)

    def main():
        handles = [goconc.go(body, n) for n in range(5)]
        return [handle.join() for handle in handles]

    assert goconc.run(main) == [1, 2, 3, 4, 5]
    assert seen.count("start") == 5
    assert sorted(value for value in seen if value != "start") == [1, 2, 3, 4, 5]
