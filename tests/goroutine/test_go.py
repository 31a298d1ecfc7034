"""Starting goroutines: what may be started, where mistakes are raised, in which order they run."""

import copy
import functools
import os
import pickle
import threading

import pytest

import goconc


def add(a, b=0, *more, c=0):
    return a + b + sum(more) + c


async def aadd(a, b=0, *more, c=0):
    await goconc.agosched()
    return a + b + sum(more) + c


class Adder:
    def __init__(self, start):
        self.start = start

    def plain(self, n):
        return self.start + n

    async def suspending(self, n):
        await goconc.agosched()
        return self.start + n

    @classmethod
    def of_class(cls, n):
        return cls(1).plain(n)

    @staticmethod
    async def of_nobody(n):
        return 1 + n

    def __call__(self, n):
        return self.start + n


class AsyncAdder(Adder):
    async def __call__(self, n):
        await goconc.agosched()
        return self.start + n


def gives_coroutine(a, b):
    return aadd(a, b)


CALLABLES = {
    "function": (add, (1, 2), {}),
    "async function": (aadd, (1, 2), {}),
    "function, all kinds of arguments": (add, (1, 0, 1), {"c": 1}),
    "async function, all kinds of arguments": (aadd, (1, 0, 1), {"c": 1}),
    "lambda": (lambda: 3, (), {}),
    "lambda that gives a coroutine": (lambda: aadd(1, 2), (), {}),
    "function that gives a coroutine": (gives_coroutine, (1, 2), {}),
    "bound method": (Adder(1).plain, (2,), {}),
    "async bound method": (Adder(1).suspending, (2,), {}),
    "class method": (Adder.of_class, (2,), {}),
    "async static method": (Adder.of_nobody, (2,), {}),
    "instance": (Adder(1), (2,), {}),
    "instance with an async call": (AsyncAdder(1), (2,), {}),
    "partial": (functools.partial(add, 1), (2,), {}),
    "partial of an async function": (functools.partial(aadd, 1), (2,), {}),
    "partial of a partial of an async function": (functools.partial(functools.partial(aadd, 1), c=1), (1,), {}),
    "partial of an async method": (functools.partial(Adder(1).suspending), (2,), {}),
    "built-in function": (sum, ([1, 2],), {}),
    "method of a built-in type": ([7, 7, 7].__len__, (), {}),
    "class": (int, ("3",), {}),
    "wrapped function": (functools.wraps(aadd)(lambda *args: add(*args)), (1, 2), {}),
}


@pytest.mark.parametrize("case", CALLABLES)
def test_whatever_can_be_called_can_be_started(kind, case):
    # rule GO-01, GO-02
    fn, args, kwargs = CALLABLES[case]

    async def main():
        handle = goconc.go(fn, *args, **kwargs)
        assert isinstance(handle, goconc.Goroutine)
        return await kind.join(handle, timeout=10)

    assert kind.run(main) == 3


def test_a_coroutine_object_is_started_as_it_is(kind):
    # rule GO-01
    async def main():
        return await kind.join(goconc.go(aadd(1, 2)))

    assert kind.run(main) == 3


def test_a_parameter_may_be_called_fn():
    # rule GO-01: go()'s own parameter is positional only
    def main():
        return goconc.go(lambda fn, main=0: fn + main, fn=1, main=2).join()

    assert goconc.run(main) == 3


def test_arguments_are_those_of_the_moment_of_go(kind):
    # rule GO-01
    async def main():
        found = []
        n, method = 1, found.append
        handle = kind.go(_append, method, n)
        n, method = 2, None
        await kind.join(handle)
        assert found == [1]

    async def _append(method, n):
        method(n)

    kind.run(main)


def test_loop_variables_as_arguments(kind):
    # rule GO-05
    async def main():
        found = []

        async def body(n):
            found.append(n)

        for handle in [kind.go(body, n) for n in range(20)]:
            await kind.join(handle)
        return sorted(found)

    assert kind.run(main) == list(range(20))


@pytest.mark.parametrize("bad", [None, 3, "text", [], object()], ids=repr)
def test_what_cannot_be_called_is_refused_in_the_caller(kind, bad):
    # rule GO-01, GO-03
    async def main():
        before = goconc.num_goroutine()
        with pytest.raises(TypeError, match=rf"fn.*{type(bad).__name__}"):
            goconc.go(bad)
        assert goconc.num_goroutine() == before

    kind.run(main)


def test_no_function_at_all_is_a_type_error():
    # rule GO-03
    with pytest.raises(TypeError):
        goconc.go()


def test_what_an_async_function_refuses_is_raised_in_the_caller(kind):
    # rule GO-01
    async def main():
        with pytest.raises(TypeError, match="argument"):
            goconc.go(aadd)

    kind.run(main)


def test_a_coroutine_object_takes_no_arguments(kind):
    # rule GO-01
    async def main():
        coroutine = aadd(1)
        with pytest.raises(TypeError, match="argument"):
            goconc.go(coroutine, 2)
        with pytest.raises(TypeError, match="argument"):
            goconc.go(coroutine, c=2)
        assert await kind.join(goconc.go(coroutine)) == 1  # it was not touched

    kind.run(main)


def test_a_coroutine_object_has_one_life(kind):
    # rule GO-01
    async def main():
        coroutine = aadd(1)
        assert await kind.join(goconc.go(coroutine)) == 1
        with pytest.raises(RuntimeError):
            await kind.join(goconc.go(coroutine))

    kind.run(main)


def test_a_coroutine_object_started_twice_is_an_error_not_a_crash():
    # rule GO-01
    async def main():
        ch = goconc.Chan()
        coroutine = ch_body(ch)
        handles = [goconc.go(coroutine), goconc.go(coroutine)]
        for _ in range(5):
            await goconc.agosched()
        try:
            ch.send_nowait(1)
        except goconc.WouldBlock:
            pass
        ends = []
        for handle in handles:
            try:
                ends.append(await handle.ajoin(timeout=10))
            except RuntimeError:
                ends.append("refused")
        assert "refused" in ends

    async def ch_body(ch):
        return await ch.arecv()

    goconc.run(main)


def test_an_error_in_the_call_belongs_to_the_goroutine(kind):
    # rule GO-01
    async def main():
        handle = goconc.go(add)  # called in the goroutine, so that is where its arguments are missing
        with pytest.raises(TypeError, match="argument"):
            await kind.join(handle)

    kind.run(main)


def test_go_returns_before_the_body_runs(kind):
    # rule GO-04
    async def main():
        events = []

        async def body():
            events.append("body")

        handle = kind.go(body)
        events.append("after go")
        await kind.join(handle)
        return events

    assert sorted(kind.run(main)) == ["after go", "body"]


@pytest.mark.parametrize("start_as", ["plain", "async"])
def test_on_one_processor_the_last_started_runs_first_and_then_the_others_in_order(start_as):
    # rule GO-04. Every 61st choice looks into another queue first (SCH-04), so not quite always.
    order = []

    async def body(n):
        order.append(n)

    def main():
        expected = 0
        for _ in range(30):
            order.clear()
            handles = [goconc.go(order.append if start_as == "plain" else body, n) for n in range(8)]
            assert order == []
            for handle in handles:
                handle.join()
            assert sorted(order) == list(range(8))
            expected += order == [7, 0, 1, 2, 3, 4, 5, 6]
        return expected

    assert goconc.run(main, procs=1) >= 15


def test_more_than_a_queue_holds_all_run(kind):
    # rule GO-04, SCH-02
    async def main():
        ran = []

        async def body():
            ran.append(None)  # in one step: on several processors a `count += 1` would lose some

        handles = [kind.go(body) for _ in range(3000)]
        for handle in handles:
            await kind.join(handle)
        return len(ran)

    assert kind.run(main) == 3000


def test_a_goroutine_may_start_others(kind):
    # rule GO-01, GO-02
    async def main():
        async def tree(depth):
            if depth == 0:
                return 1
            halves = [kind.go(tree, depth - 1), kind.go(tree, depth - 1)]
            return await kind.join(halves[0]) + await kind.join(halves[1])

        return await kind.join(kind.go(tree, 8))

    assert kind.run(main) == 256


def test_the_child_outlives_its_parent(kind):
    # rule GO-02
    async def main():
        ch = goconc.Chan()

        async def child():
            await kind.send(ch, "child")

        async def parent():
            kind.go(child)

        await kind.join(kind.go(parent))
        return await kind.recv(ch)

    assert kind.run(main) == "child"


@pytest.mark.not_on_threads("each goroutine is a thread", only="plain")
def test_parked_goroutines_need_no_thread(kind):
    # rule GO-06
    async def main():
        ch, n = goconc.Chan(), 10_000
        threads = threading.active_count()
        tasks = len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 0
        for _ in range(n):
            kind.go(kind.recv, ch)
        await kind.gosched()
        await kind.gosched()
        assert threading.active_count() <= threads + 4  # a helper or two may have come
        if tasks:
            assert len(os.listdir("/proc/self/task")) <= tasks + 4
        for _ in range(n):
            await kind.send(ch, None)

    kind.run(main)


def test_goroutines_are_not_made_copied_or_pickled_by_hand(kind):
    # rule PY-12
    async def main():
        with pytest.raises(TypeError):
            goconc.Goroutine()
        handle = goconc.go(add, 1)
        for fails in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                fails(handle)
        await kind.join(handle)

    kind.run(main)


def test_an_async_goroutine_cannot_await_what_is_not_ours():
    # rule GO-01: what it yields that is not goconc's raises RuntimeError inside it
    class Foreign:
        def __await__(self):
            yield self

    async def main():
        with pytest.raises(RuntimeError, match="Foreign"):
            await Foreign()
        return "went on"

    assert goconc.run(main) == "went on"
