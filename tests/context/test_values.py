"""Values that contexts carry."""

import dataclasses
import enum

import pytest

import goconc
from goconc import context

BG = context.background()


class Key(enum.Enum):
    USER = 1
    TRACE = 2


def test_values():
    # rule CTX-10 (Go: TestValues)
    first = context.with_value(BG, Key.USER, "ada")
    assert first.value(Key.USER) == "ada"
    assert first.value(Key.TRACE) is None
    second = context.with_value(first, Key.TRACE, 7)
    assert (second.value(Key.USER), second.value(Key.TRACE)) == ("ada", 7)
    third = context.with_value(second, Key.USER, None)
    assert third.value(Key.USER) is None
    assert second.value(Key.USER) == "ada"
    fourth, _ = context.with_cancel(context.without_cancel(context.with_timeout(second, 60)[0]))
    assert (fourth.value(Key.USER), fourth.value(Key.TRACE)) == ("ada", 7)


def test_keys_are_found_by_equality():
    # rule CTX-10
    @dataclasses.dataclass(frozen=True)
    class Name:
        text: str

    ctx = context.with_value(BG, Name("user"), "ada")
    assert ctx.value(Name("user")) == "ada"
    assert ctx.value("user") is None
    assert ctx.value(None) is None


def test_an_object_is_a_private_key():
    # rule CTX-10
    mine, other = object(), object()
    ctx = context.with_value(context.with_value(BG, mine, 1), other, 2)
    assert (ctx.value(mine), ctx.value(other)) == (1, 2)


def test_keys_are_checked():
    # rule CTX-10 (Go: TestWithValueChecksKey)
    with pytest.raises(TypeError, match="key must not be None"):
        context.with_value(BG, None, 1)
    with pytest.raises(TypeError, match="unhashable"):
        context.with_value(BG, ["a", "list"], 1)


def test_the_rest_is_the_parents():
    # rule CTX-10
    parent, cancel = context.with_deadline(BG, 1e9)
    ctx = context.with_value(context.with_value(parent, "a", 1), "b", 2)
    assert ctx.done() is parent.done()
    assert ctx.deadline() == 1e9
    assert ctx.err() is None
    cancel()
    assert ctx.err() is parent.err()


def test_a_comparison_may_wait():
    # rule CTX-10, PY-14
    ready = goconc.Chan()

    class Slow:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            ready.recv()
            return isinstance(other, Slow)

    def main():
        ctx = context.with_value(BG, Slow(), "found")
        looking = goconc.go(ctx.value, Slow())
        ready.send(None)
        assert looking.join() == "found"

    goconc.run(main)


def test_a_comparison_may_fail():
    # rule CTX-10
    class Broken:
        __hash__ = object.__hash__

        def __eq__(self, other):
            raise ValueError("incomparable")

    ctx = context.with_value(context.with_value(BG, "key", 1), Broken(), 2)
    with pytest.raises(ValueError, match="incomparable"):
        ctx.value("key")
