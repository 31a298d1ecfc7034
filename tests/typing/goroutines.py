# ruff: noqa: F841
# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about goroutines: the result's type passes through `go`, `run` and `join`."""

from typing import Any, assert_type

from goconc import (
    AfterFunc,
    Goroutine,
    ablocking,
    after_func,
    agosched,
    blocking,
    current,
    excepthook,
    go,
    goexit,
    gosched,
    run,
    shield,
)


def length(word: str, times: int = 1, *, plus: int = 0) -> int:
    return len(word) * times + plus


async def alength(word: str, times: int = 1) -> int:
    return len(word) * times


def nothing() -> None: ...


class Counter:
    def __call__(self, start: int) -> float:
        return start / 2

    def method(self, name: str) -> bytes:
        return name.encode()


async def start() -> None:
    g = go(length, "word", 2, plus=1)
    assert_type(g, Goroutine[int])
    assert_type(g.join(), int)
    assert_type(g.join(timeout=1), int)
    assert_type(await g, int)
    assert_type(await g.ajoin(timeout=1), int)
    assert_type(go(alength, "word"), Goroutine[int])
    assert_type(go(alength("word")), Goroutine[int])
    assert_type(go(nothing), Goroutine[None])
    assert_type(go(Counter(), 1), Goroutine[float])
    assert_type(go(Counter().method, "x"), Goroutine[bytes])
    assert_type(go(lambda: 1.5), Goroutine[float])
    wider: Goroutine[float] = g
    bare: Goroutine = g
    assert_type(bare.join(), Any)
    go(length)  # type: ignore[call-overload]
    go(length, 3)  # type: ignore[call-overload]
    go(length, "word", minus=1)  # type: ignore[call-arg, arg-type]
    go(alength, 3)  # type: ignore[call-overload]
    go(alength("word"), 3)  # type: ignore[call-overload]
    go(3)  # type: ignore[call-overload]
    Goroutine()  # type: ignore[call-arg]
    g.id = 3  # type: ignore[misc]
    g.name = "reader"
    g.name = 3  # type: ignore[assignment]


def main() -> None:
    assert_type(run(length, "word"), int)
    assert_type(run(length, "word", 2), int)
    assert_type(run(length, "word", 2, procs=1), int)
    assert_type(run(alength, "word", 2, debug=True), int)
    assert_type(run(alength("word")), int)
    assert_type(run(nothing), None)
    assert_type(run(lambda: "x"), str)
    run(length, 3)  # type: ignore[arg-type]
    run(nothing, 3)  # type: ignore[arg-type]
    run(length, "word", procs="all")  # type: ignore[call-overload]


async def the_rest() -> int:
    assert_type(current(), Goroutine[Any] | None)
    assert_type(blocking(length, "word"), int)
    assert_type(await ablocking(length, "word", plus=2), int)
    blocking(length, 3)  # type: ignore[arg-type]
    gosched()
    await agosched()
    await gosched()  # type: ignore[func-returns-value, misc]
    with shield() as held:
        assert_type(held, shield)
    timer = after_func(0.5, nothing)
    assert_type(timer, AfterFunc)
    assert_type(timer.reset(1), bool)
    after_func(0.5, length)  # type: ignore[arg-type]
    excepthook(3)  # type: ignore[arg-type]
    goexit()
    return "unreachable"  # type: ignore[unreachable]
