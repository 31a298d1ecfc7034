# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about contexts. Checked, never run: see CONTRIBUTING."""

from typing import Any, assert_type

from goconc import Canceled, Chan, DeadlineExceeded, RecvChan, context, select
from goconc.context import Cancelable, CancelCauseFunc, CancelFunc, Context


def deriving(parent: Context) -> None:
    ctx, cancel = context.with_cancel(parent)
    assert_type(cancel, CancelFunc)
    assert_type(cancel(), None)
    cancel(ValueError())  # type: ignore[arg-type]
    ctx, cancel_cause = context.with_cancel_cause(ctx)
    assert_type(cancel_cause, CancelCauseFunc)
    cancel_cause(ValueError())
    cancel_cause(None)
    cancel_cause("because")  # type: ignore[arg-type]
    pair: Cancelable = context.with_deadline(ctx, 1.5)
    pair = context.with_timeout_cause(ctx, 1, ValueError())
    context.with_timeout(ctx, "soon")  # type: ignore[arg-type]
    context.with_cancel(None)  # type: ignore[arg-type]
    context.with_cancel(pair)  # type: ignore[arg-type]
    with context.with_timeout(ctx, 0.5) as limited:
        takes_context(limited)
    takes_context(context.with_value(context.background(), "key", 1))
    takes_context(context.without_cancel(context.todo()))


def takes_context(ctx: Context) -> None:
    assert_type(ctx.done(), RecvChan[Any])
    assert_type(ctx.err(), Canceled | DeadlineExceeded | None)
    assert_type(ctx.deadline(), float | None)
    assert_type(ctx.value("key"), Any)
    assert_type(context.cause(ctx), BaseException | None)
    stop = context.after_func(ctx, lambda: 1)
    assert_type(stop(), bool)
    Chan[int]().recv(ctx=ctx)
    select(Chan[int](), ctx.done(), ctx=ctx)


class Mine:
    def done(self) -> RecvChan[None]:
        return Chan[None]()

    def err(self) -> Canceled | None:
        return None

    def value(self, key: object, /) -> int:
        return 1

    def deadline(self) -> None:
        return None


takes_context(Mine())
