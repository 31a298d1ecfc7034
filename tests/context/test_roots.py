"""background, todo, and what all contexts have in common."""

import copy
import pickle

import pytest

import goconc
from goconc import context

BG = context.background()


def every_context():
    ctx, cancel = context.with_cancel(BG)
    yield from (BG, context.todo(), ctx, cancel)
    yield from context.with_cancel_cause(BG)
    with context.with_timeout(BG, 5) as limited:
        yield limited
    yield context.with_value(BG, "key", 1)
    yield context.without_cancel(ctx)
    yield context.after_func(ctx, list)


@pytest.mark.parametrize("root", [context.background, context.todo], ids=["background", "todo"])
def test_a_root_never_ends(root):
    # rule CTX-01 (Go: TestBackground, TestTODO)
    ctx = root()
    assert ctx is root()
    assert ctx.err() is None
    assert ctx.deadline() is None
    assert ctx.value("anything") is None
    assert context.cause(ctx) is None
    assert ctx.done() is ctx.done()
    with pytest.raises(goconc.WouldBlock):
        ctx.done().recv_nowait()
    assert goconc.select(ctx.done(), default=True).index == -1
    with pytest.raises(AttributeError):
        ctx.done().close()


def test_names():
    # rule CTX-01, CTX-16
    assert str(BG) == "context.background"
    assert str(context.todo()) == "context.todo"
    ctx, cancel = context.with_cancel(context.with_value(BG, "user", "ada"))
    assert str(ctx) == "context.background.with_value(user, ada).with_cancel"
    assert repr(ctx) == f"<{ctx}>"
    assert "[4." in str(context.with_timeout(context.without_cancel(ctx), 5)[0])
    assert "without_cancel.with_deadline(" in str(context.with_timeout(context.without_cancel(ctx), 5)[0])
    secret = context.with_value(BG, "token", {"password": "hunter2"})
    assert str(secret) == "context.background.with_value(token, dict)"
    cancel()


def test_what_they_are():
    # rule CTX-01, CTX-03
    for ctx in (BG, context.with_cancel(BG)[0], context.with_value(BG, "key", 1)):
        assert isinstance(ctx, context.Context)
    assert not isinstance(goconc.Chan(), context.Context)
    assert context.Canceled is goconc.Canceled
    assert issubclass(context.DeadlineExceeded, TimeoutError)
    assert issubclass(context.DeadlineExceeded, goconc.GoconcError)


def test_they_are_neither_copied_nor_pickled_nor_made_by_hand():
    # rule PY-12
    for thing in every_context():
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                attempt(thing)
        with pytest.raises(TypeError):
            type(thing)()
    pair = context.with_cancel(BG)
    with pytest.raises(TypeError):
        pickle.dumps(pair)
    with pytest.raises(TypeError):
        type(pair)(pair)


DERIVE = {
    "with_cancel": context.with_cancel,
    "with_cancel_cause": context.with_cancel_cause,
    "with_deadline": lambda parent: context.with_deadline(parent, 1e9),
    "with_deadline_cause": lambda parent: context.with_deadline_cause(parent, 1e9, None),
    "with_timeout": lambda parent: context.with_timeout(parent, 5),
    "with_timeout_cause": lambda parent: context.with_timeout_cause(parent, 5, ValueError()),
    "with_value": lambda parent: context.with_value(parent, "key", 1),
    "without_cancel": context.without_cancel,
    "after_func": lambda parent: context.after_func(parent, list),
    "cause": context.cause,
}


@pytest.mark.parametrize("derive", DERIVE.values(), ids=DERIVE)
def test_the_parent_must_be_a_context(derive):
    # rule CTX-13 (Go: TestInvalidDerivedFail)
    with pytest.raises(TypeError, match="cannot create context from nil parent"):
        derive(None)
    for wrong in (1, "context", goconc.Chan(), context.with_cancel(BG)):
        with pytest.raises(TypeError, match=f"must be a goconc context, not {type(wrong).__name__}"):
            derive(wrong)


WRONG = {
    "seconds must be a number of seconds, not str": lambda: context.with_timeout(BG, "soon"),
    "seconds must be a number of seconds, not NoneType": lambda: context.with_timeout(BG, None),
    "when must be a number of seconds, not str": lambda: context.with_deadline(BG, "noon"),
    "cause must be an exception, not str": lambda: context.with_timeout_cause(BG, 5, "late"),
    "cause must be an exception, not type": lambda: context.with_deadline_cause(BG, 5, ValueError),
    "cause must be an exception, not int": lambda: context.with_cancel_cause(BG)[1](1),
    "'fn' must be callable, not int": lambda: context.after_func(BG, 1),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_arguments(message):
    # rule CTX-13 (API: wrong arguments name what was given)
    with pytest.raises(TypeError, match=message):
        WRONG[message]()


def test_not_a_number():
    # rule CTX-07
    for make in (context.with_timeout, context.with_deadline):
        with pytest.raises(ValueError, match="nan"):
            make(BG, float("nan"))
