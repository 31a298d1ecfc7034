"""Every goroutine has a context of its own, copied when it is started."""

import contextvars

import pytest

import goconc

var = contextvars.ContextVar("var", default="default")


@pytest.fixture(params=["plain", "async"])
def other_kind(request, make_kind):
    """Both kinds of goroutine, independent of `kind`."""
    return make_kind(request.param)


@pytest.fixture(autouse=True)
def untouched():
    yield
    assert var.get() == "default"


def test_a_goroutine_sees_the_values_of_the_moment_it_was_started(kind):
    # rule PY-01
    async def body():
        return var.get()

    async def main():
        var.set("before")
        handle = kind.go(body)
        var.set("after")
        assert await kind.join(handle) == "before"
        assert var.get() == "after"

    kind.run(main)


def test_what_it_sets_nobody_else_sees(kind, other_kind):
    # rule PY-01
    async def body(own, n):
        for i in range(10):
            var.set((n, i))
            await own.gosched()
            assert var.get() == (n, i)
        return var.get()

    async def main():
        var.set("main's")
        kinds = [kind, other_kind]
        handles = [kinds[n % 2].go(body, kinds[n % 2], n) for n in range(10)]
        for _ in range(5):
            await kind.gosched()
            assert var.get() == "main's"
        for n, handle in enumerate(handles):
            assert await kind.join(handle) == (n, 9)
        assert var.get() == "main's"

    kind.run(main)


def test_what_main_sets_stays_in_the_run(kind):
    # rule PY-01
    async def main():
        var.set("in main")
        await kind.gosched()
        return var.get()

    token = var.set("outside")
    try:
        assert kind.run(main) == "in main"
        assert var.get() == "outside"
    finally:
        var.reset(token)


def test_main_sees_the_caller_s_values(kind):
    # rule PY-01
    async def main():
        return var.get()

    token = var.set("outside")
    try:
        assert kind.run(main) == "outside"
    finally:
        var.reset(token)


def test_tokens_after_a_park(kind):
    # rule PY-01
    async def body():
        token = var.set(1)
        await kind.gosched()
        inner = var.set(2)
        await kind.gosched()
        var.reset(inner)
        assert var.get() == 1
        await kind.gosched()
        var.reset(token)
        return var.get()

    async def main():
        handles = [kind.go(body) for _ in range(5)]
        return {await kind.join(handle) for handle in handles}

    assert kind.run(main) == {"default"}


def test_a_token_is_of_no_use_in_another_goroutine(kind):
    # rule PY-01
    async def body(token):
        with pytest.raises(ValueError):
            var.reset(token)

    async def main():
        token = var.set(1)
        await kind.join(kind.go(body, token))
        var.reset(token)

    kind.run(main)


def test_context_run_with_a_park_in_it():
    # rule PY-01
    def inside(n):
        var.set(n)
        for _ in range(5):
            goconc.gosched()
            assert var.get() == n
        return var.get()

    def body(n):
        var.set("outer")
        context = contextvars.copy_context()
        assert context.run(inside, n) == n
        assert var.get() == "outer"
        assert context[var] == n
        return n

    def main():
        handles = [goconc.go(body, n) for n in range(10)]
        assert [handle.join() for handle in handles] == list(range(10))
        assert var.get() == "default"

    goconc.run(main)


def test_a_context_that_another_goroutine_is_in_cannot_be_entered():
    # rule PY-01
    def main():
        context, ch = contextvars.copy_context(), goconc.Chan()
        first = goconc.go(context.run, ch.recv)
        while "chan receive" not in repr(first):
            goconc.gosched()
        with pytest.raises(RuntimeError):
            context.run(int)
        ch.send(1)
        assert first.join() == 1
        assert context.run(int) == 0

    goconc.run(main)


def test_starting_a_goroutine_from_within_context_run(kind):
    # rule PY-01
    async def body():
        await kind.gosched()
        return var.get()

    async def main():
        context = contextvars.copy_context()

        def start():
            var.set("of the context")
            return kind.go(body)

        assert await kind.join(context.run(start)) == "of the context"
        assert var.get() == "default"

    kind.run(main)


def test_many_values(kind):
    # rule PY-01
    variables = [contextvars.ContextVar(f"v{n}") for n in range(50)]

    async def body(n):
        for i, variable in enumerate(variables):
            variable.set(n * i)
            if i % 10 == 0:
                await kind.gosched()
        await kind.gosched()
        return [variable.get() for variable in variables]

    async def main():
        handles = [kind.go(body, n) for n in range(20)]
        for n, handle in enumerate(handles):
            assert await kind.join(handle) == [n * i for i in range(50)]

    kind.run(main)


def test_the_context_goes_when_the_goroutine_ends(kind, collect):
    # rule PY-03
    import weakref

    class Value:
        pass

    gone = []

    async def body():
        value = Value()
        gone.append(weakref.ref(value))
        var.set(value)
        await kind.gosched()

    async def main():
        handles = [kind.go(body) for _ in range(3)]
        for handle in handles:
            await kind.join(handle)
        for _ in range(3):
            await kind.gosched()
        collect()
        assert [ref() for ref in gone] == [None] * 3
        return handles

    kind.run(main)


def test_a_timer_s_function_and_the_background(eventually):
    # rule PY-01: neither sees what another goroutine has set
    found = []

    def main():
        var.set("in main")
        goconc.go(lambda: var.set("in a goroutine")).join()
        ch = goconc.Chan()
        goconc.after_func(0.001, lambda: (found.append(var.get()), ch.send(None)))
        ch.recv()

    goconc.run(main)
    assert found[0] in ("default", "in main")
    assert goconc.go(var.get).join(timeout=10) == "default"
