"""run(): the scope of a program."""

import asyncio
import functools
import threading

import pytest

import goconc


def test_the_result_of_main(kind):
    result = object()

    async def main():
        await kind.gosched()
        return result

    assert kind.run(main) is result


def test_arguments_are_passed_on():
    assert goconc.run(divmod, 7, 2) == (3, 1)

    async def main(a, b):
        return a, b

    assert goconc.run(main, 1, 2) == (1, 2)


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt(), StopIteration(1)], ids=repr)
def test_the_exception_of_main(error):
    def main():
        goconc.gosched()
        raise error

    with pytest.raises(type(error)) as caught:
        goconc.run(main)
    assert caught.value is error
    assert not hasattr(error, "__notes__")

    if not isinstance(error, StopIteration):

        async def amain():
            await goconc.agosched()
            raise error

        with pytest.raises(type(error)) as caught:
            goconc.run(amain)
        assert caught.value is error


def test_the_traceback_of_main_s_exception_shows_main(kind):
    async def main():
        await kind.gosched()
        raise ValueError

    with pytest.raises(ValueError) as caught:
        kind.run(main)
    names = [entry.name for entry in caught.traceback]
    assert names[-1] == "main"
    assert names[0] == "test_the_traceback_of_main_s_exception_shows_main"


MAINS = {
    "lambda": lambda: 3,
    "partial": functools.partial(divmod, 7),
    "lambda that gives a coroutine": lambda: amain(),
    "coroutine object": None,
}


async def amain():
    await goconc.agosched()
    return 3


def test_main_may_be_whatever_go_takes():
    # rule GO-01
    assert goconc.run(lambda: 3) == 3
    assert goconc.run(functools.partial(divmod, 7), 2) == (3, 1)
    assert goconc.run(amain()) == 3
    assert goconc.run(functools.partial(amain)) == 3

    class Main:
        async def __call__(self):
            await goconc.agosched()
            return 3

    assert goconc.run(Main()) == 3
    assert goconc.run(lambda: amain()) == 3  # a callable that gives a coroutine: that is its body


@pytest.mark.parametrize("bad", [None, 3, "main"])
def test_what_cannot_be_run(bad):
    # rule GO-03
    with pytest.raises(TypeError, match=type(bad).__name__):
        goconc.run(bad)
    with pytest.raises(TypeError):
        goconc.run()
    assert goconc.run(lambda: 1) == 1


def test_wrong_arguments_for_an_async_main_leave_nothing_behind():
    with pytest.raises(TypeError, match="argument"):
        goconc.run(amain, 1)
    assert goconc.run(lambda: 1) == 1
    assert goconc.num_goroutine() == 0


def test_run_inside_a_goroutine_is_refused(kind):
    async def body():
        with pytest.raises(RuntimeError, match="inside a goroutine"):
            goconc.run(lambda: 1)

    async def main():
        await body()
        await kind.join(kind.go(body))
        return "went on"

    assert kind.run(main) == "went on"


def test_run_inside_a_goroutine_of_the_background_is_refused(kind):
    async def body():
        with pytest.raises(RuntimeError, match="inside a goroutine"):
            goconc.run(lambda: 1)
        return "refused"

    assert kind.go(body).join(timeout=10) == "refused"


def test_a_refused_run_does_not_start_main(kind):
    made = []

    async def never():
        made.append(1)

    async def main():
        with pytest.raises(RuntimeError):
            goconc.run(never)

    kind.run(main)
    assert made == []


def test_run_on_a_running_event_loop_is_refused(in_event_loop):
    def call():
        with pytest.raises(RuntimeError, match="event loop"):
            goconc.run(lambda: 1)
        return goconc.current()

    assert in_event_loop(call) is None
    assert goconc.run(lambda: 1) == 1


def test_asyncio_inside_a_goroutine():
    async def loop_main():
        await asyncio.sleep(0.001)
        return "asyncio"

    def main():
        ch = goconc.Chan()
        handle = goconc.go(ch.recv)
        result = asyncio.run(loop_main())
        ch.send(result)
        return handle.join()

    assert goconc.run(main) == "asyncio"


@pytest.mark.parametrize("bad", ["2", 1.0, True, [1]], ids=repr)
def test_procs_of_a_wrong_type_is_named(bad):
    # rule GO-32
    with pytest.raises(TypeError, match=rf"procs.*{type(bad).__name__}"):
        goconc.run(lambda: 1, procs=bad)


@pytest.mark.parametrize("bad", [0, -1])
def test_procs_below_one_is_named(bad):
    # rule GO-32
    with pytest.raises(ValueError, match=rf"procs.*{bad}"):
        goconc.run(lambda: 1, procs=bad)


@pytest.mark.parametrize("procs", [None, 1, 2, 4])
def test_procs(kind, procs):
    # rule GO-32
    async def body(n):
        await kind.gosched()
        return n

    async def main():
        handles = [kind.go(body, n) for n in range(50)]
        return sum([await kind.join(handle) for handle in handles])

    if kind.name == "async":
        assert goconc.run(main, procs=procs) == sum(range(50))
    else:
        assert goconc.run(lambda: kind.go(main).join(), procs=procs) == sum(range(50))


def test_beside_another_run_with_different_procs_it_is_refused(thread):
    entered, leave = threading.Event(), threading.Event()

    def main():
        entered.set()
        while not leave.is_set():
            goconc.sleep(0.001)

    other = thread(functools.partial(goconc.run, main, procs=1))
    try:
        assert entered.wait(10)
        with pytest.raises(RuntimeError, match="procs"):
            goconc.run(lambda: 1, procs=2)
        assert goconc.run(lambda: 1, procs=1) == 1
        assert goconc.run(lambda: 1) == 1
    finally:
        leave.set()
        other.join()
    assert goconc.run(lambda: 1, procs=2) == 1


def test_keywords_are_run_s_own():
    with pytest.raises(TypeError):
        goconc.run(lambda **kwargs: kwargs, other=1)
    assert goconc.run(lambda: 1, debug=True) == 1
    assert goconc.run(lambda: 1, debug=None) == 1


def test_again_and_again(kind):
    async def main(n):
        ch = goconc.Chan()
        handle = kind.go(kind.recv, ch)
        await kind.send(ch, n)
        return await kind.join(handle)

    assert [kind.run(main, n) for n in range(300)] == list(range(300))
    assert goconc.num_goroutine() == 0


def test_after_a_run_that_failed(kind):
    async def fail():
        kind.go(kind.recv, goconc.Chan())
        await kind.gosched()
        raise ValueError

    async def succeed():
        return await kind.join(kind.go(kind.gosched))

    for _ in range(10):
        with pytest.raises(ValueError):
            kind.run(fail)
        assert kind.run(succeed) is None


def test_several_threads_at_once(kind, thread):
    # rule PY-11
    async def main(n):
        ch = goconc.Chan()

        async def body():
            for i in range(100):
                await kind.send(ch, (n, i))

        kind.go(body)
        return [await kind.recv(ch) for _ in range(100)]

    handles = [thread(kind.run, main, n) for n in range(6)]
    for n, handle in enumerate(handles):
        assert handle.join() == [(n, i) for i in range(100)]
    assert goconc.num_goroutine() == 0


def test_each_run_ends_only_its_own_goroutines(kind, thread, eventually):
    # rule GO-20
    events = []
    gates = [goconc.Chan(), goconc.Chan()]
    ready = [threading.Event(), threading.Event()]

    async def body(n):
        try:
            await kind.recv(goconc.Chan())
        finally:
            events.append(n)

    async def nested(n):
        kind.go(body, n)  # started indirectly from main

    async def main(n):
        await kind.join(kind.go(nested, n))
        await kind.gosched()
        await kind.gosched()
        ready[n].set()
        await kind.recv(gates[n])

    handles = [thread(kind.run, main, n) for n in range(2)]
    assert ready[0].wait(10)
    assert ready[1].wait(10)
    gates[0].send(None)
    handles[0].join()
    assert events == [0]
    gates[1].send(None)
    handles[1].join()
    assert events == [0, 1]


def test_runs_talk_to_each_other_and_to_the_background(kind, other_kind, thread):
    # rule PY-06
    there, back = goconc.Chan(), goconc.Chan()

    async def serve():
        async def worker():
            async for value in Values(kind, there):
                await kind.send(back, value * 2)

        workers = [kind.go(worker) for _ in range(2)]
        for handle in workers:
            await kind.join(handle)

    server = thread(kind.run, serve)

    async def ask():
        async def sender():
            for n in range(100):
                await other_kind.send(there, n)

        handle = other_kind.go(sender)
        total = 0
        for _ in range(100):
            total += await other_kind.recv(back)
        await other_kind.join(handle)
        return total

    assert other_kind.run(ask) == 2 * sum(range(100))
    there.close()
    server.join()


class Values:
    """``async for`` over a channel, whatever the kind."""

    def __init__(self, kind, ch):
        self.kind, self.ch = kind, ch

    def __aiter__(self):
        return self

    async def __anext__(self):
        value, ok = await self.kind.recv_ok(self.ch)
        if not ok:
            raise StopAsyncIteration
        return value


def test_a_failure_in_one_run_leaves_the_other_alone(kind, thread):
    # rule GO-12
    gate, ready = goconc.Chan(), threading.Event()

    async def fail():
        raise ValueError("of the first")

    async def first():
        assert ready.wait(10)
        kind.go(fail)
        await kind.recv(goconc.Chan())

    async def second():
        handle = kind.go(kind.recv, gate)
        ready.set()
        return await kind.join(handle)

    other = thread(kind.run, second)
    with pytest.raises(ValueError, match="of the first"):
        kind.run(first)
    gate.send("still here")
    assert other.join() == "still here"
