"""blocking() and ablocking(): calls that block their thread, beside everything else."""

import contextvars
import threading

import pytest

import goconc


async def call(kind, fn, *args, **kwargs):
    if kind.name == "plain":
        return goconc.blocking(fn, *args, **kwargs)
    return await goconc.ablocking(fn, *args, **kwargs)


def test_the_result(kind):
    # rule GO-41
    async def main():
        return await call(kind, divmod, 7, 2), await call(kind, dict, a=1), await call(kind, lambda: None)

    assert kind.run(main) == ((3, 1), {"a": 1}, None)


@pytest.mark.parametrize(
    "error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt(), goconc.GoroutineExit()], ids=repr
)
def test_the_exception_is_raised_in_the_goroutine(kind, error):
    def fail():
        raise error

    async def main():
        with pytest.raises(type(error)) as caught:
            await call(kind, fail)
        assert caught.value is error
        return "went on"

    assert kind.run(main) == "went on"


def test_the_call_is_made_on_another_thread(kind):
    async def main():
        here = threading.get_ident()
        assert await call(kind, threading.get_ident) != here
        assert await call(kind, goconc.current) is None
        assert threading.get_ident() == here

    kind.run(main)


def test_others_run_meanwhile(kind):
    # rule GO-41, PY-07
    async def main():
        entered, leave = threading.Event(), threading.Event()
        events = []

        def block():
            entered.set()
            assert leave.wait(30)
            events.append("block")

        async def other():
            while not entered.is_set():
                await kind.gosched()
            events.append("other")
            leave.set()

        handle = kind.go(other)
        await call(kind, block)
        await kind.join(handle)
        return events

    assert kind.run(main) == ["other", "block"]


def test_calls_overlap(kind):
    # rule PY-07
    async def main():
        together = threading.Barrier(10)  # broken unless all ten are under way at once
        handles = [kind.go(call, kind, together.wait, 30) for _ in range(10)]
        return sorted([await kind.join(handle) for handle in handles])

    assert kind.run(main) == list(range(10))


def test_the_context_goes_along(kind):
    # rule PY-01
    var = contextvars.ContextVar("var", default="nobody's")

    def look_and_set():
        seen = var.get()
        var.set("the helper's")
        return seen

    async def body(n):
        var.set(n)
        await kind.gosched()
        seen = [await call(kind, look_and_set), await call(kind, var.get)]
        return seen, var.get()

    async def main():
        handles = [kind.go(body, n) for n in range(5)]
        for n, handle in enumerate(handles):
            assert await kind.join(handle) == ([n, n], n)
        assert var.get() == "nobody's"

    kind.run(main)


def test_channels_can_be_used_in_the_call(kind):
    # rule PY-06
    async def main():
        there, back = goconc.Chan(), goconc.Chan()

        def talk():
            back.send(there.recv() + 1)
            return "talked"

        handle = kind.go(call, kind, talk)
        await kind.send(there, 1)
        assert await kind.recv(back) == 2
        assert await kind.join(handle) == "talked"

    kind.run(main)


def test_a_call_may_start_goroutines_and_run_a_blocking_call_of_its_own(kind):
    async def main():
        def nested():
            return goconc.blocking(lambda: goconc.go(lambda: 5).join(timeout=10))

        return await call(kind, nested)

    assert kind.run(main) == 5


def test_a_run_of_its_own_in_the_call(kind):
    async def main():
        return await call(kind, goconc.run, lambda: goconc.go(lambda: 6).join())

    assert kind.run(main) == 6


def test_a_cancelled_goroutine_stops_waiting_and_the_call_goes_on(kind, eventually):
    events, leave = [], threading.Event()

    def block():
        assert leave.wait(30)
        events.append("ended")
        return "dropped"

    async def body():
        try:
            await call(kind, block)
        finally:
            events.append("cancelled")

    async def main():
        handle = kind.go(body)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)

    kind.run(main)
    leave.set()
    eventually(lambda: events == ["cancelled", "ended"])


def test_an_error_in_a_call_nobody_waits_for_any_longer_harms_nobody(kind, eventually):
    leave, failed = threading.Event(), []

    def block():
        leave.wait(30)
        failed.append(1)
        raise ValueError("nobody hears this")

    async def main():
        handle = kind.go(call, kind, block)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        leave.set()
        while not failed:
            await kind.sleep(0.001)
        assert await call(kind, int) == 0

    kind.run(main)


@pytest.mark.parametrize("bad", [None, 3, "text"])
def test_what_cannot_be_called_is_named(kind, bad):
    async def main():
        with pytest.raises(TypeError, match=rf"fn.*{type(bad).__name__}"):
            await call(kind, bad)

    kind.run(main)


def test_outside_a_goroutine_the_call_is_made_at_once():
    assert goconc.blocking(threading.get_ident) == threading.get_ident()
    with pytest.raises(TypeError, match="fn"):
        goconc.blocking(3)
    with pytest.raises(ZeroDivisionError):
        goconc.blocking(divmod, 1, 0)


def test_the_blocking_form_is_refused_in_an_async_goroutine():
    # rule API "Errors": always, naming the twin, before any effect
    made = []

    async def main():
        with pytest.raises(RuntimeError, match="ablocking"):
            goconc.blocking(made.append, 1)

    goconc.run(main)
    assert made == []


def test_the_result_and_the_arguments_are_let_go_of(kind, collect):
    # rule PY-03
    import weakref

    class Value:
        pass

    async def main():
        value = Value()
        gone = weakref.ref(value)
        value = await call(kind, lambda v: v, value)
        assert value is gone()
        del value
        for _ in range(3):
            await kind.sleep(0.005)  # the helper is on its way to rest
        collect()
        assert gone() is None

    kind.run(main)


LIMITED = """
import threading, time
import goconc

lock, now, most, made = threading.Lock(), 0, 0, []
gate = threading.Event()

def work(n):
    global now, most
    with lock:
        now += 1
        most = max(most, now)
    gate.wait(20)
    with lock:
        now -= 1
        made.append(n)
    return n

async def awork(n):
    return await goconc.ablocking(work, n)

def main():
    handles = [goconc.go(goconc.blocking, work, n) if n % 2 else goconc.go(awork, n) for n in range(20)]
    queued, limit = [], time.monotonic() + 20
    while now < 3 or len(queued) < 17:
        assert time.monotonic() < limit, handles
        goconc.sleep(0.001)
        queued = [h for h in handles if "chan send" in repr(h)]
    for handle in queued[:2]:
        handle.cancel()  # a call that was still queued is not made
    gate.set()
    values = []
    for handle in handles:
        try:
            values.append(handle.join())
        except goconc.Canceled:
            pass
    return values

values = goconc.run(main)
assert sorted(made) == values and len(values) == 18, (made, values)
helpers = [t for t in threading.enumerate() if "helper" in t.name]
print(most, len(helpers))
"""


def test_no_more_helpers_than_allowed_and_cancelled_calls_in_the_queue_are_not_made(python):
    done = python(LIMITED, GOCONC_HELPERS="3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 3\n", "")


def test_one_helper_serves_all(python):
    program = """
import goconc
def main():
    handles = [goconc.go(goconc.blocking, divmod, n, 7) for n in range(100)]
    return [handle.join() for handle in handles]
assert goconc.run(main) == [divmod(n, 7) for n in range(100)]
"""
    done = python(program, GOCONC_HELPERS="1")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("bad", ["0", "-1", "many", "1.5"])
def test_a_bad_number_of_helpers_is_named(bad, python):
    done = python("import goconc", GOCONC_HELPERS=bad)
    assert done.returncode == 1
    assert "GOCONC_HELPERS" in done.stderr
    assert bad in done.stderr
