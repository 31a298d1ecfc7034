"""Cancellation, deadlines and values, handed down a tree of contexts. (Go: ``context``)

    with context.with_timeout(context.background(), 0.05) as ctx:
        rows = results.recv(ctx=ctx)

Whoever starts work passes a context on, and whoever waits takes it into account: as ``ctx=`` of goconc's own calls, or with ``ctx.done()``
as a case of ``select``. Ending a context ends all contexts below it before the call returns; what they end is left to those who watch them.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from goconc._core import (
    Cancelable,
    CancelCauseFunc,
    Canceled,
    CancelFunc,
    DeadlineExceeded,
    DoneFunc,
    RecvChan,
    with_cancel,
    with_cancel_cause,
    with_deadline,
    with_deadline_cause,
    with_timeout,
    with_timeout_cause,
    with_value,
    without_cancel,
)
from goconc._core import context_after_func as after_func
from goconc._core import context_background as background
from goconc._core import context_cause as cause
from goconc._core import context_todo as todo

__all__ = [
    "Context",
    "background",
    "todo",
    "with_cancel",
    "with_cancel_cause",
    "with_deadline",
    "with_deadline_cause",
    "with_timeout",
    "with_timeout_cause",
    "with_value",
    "without_cancel",
    "after_func",
    "cause",
    "Canceled",
    "DeadlineExceeded",
    "Cancelable",
    "CancelFunc",
    "CancelCauseFunc",
    "DoneFunc",
]


@runtime_checkable
class Context(Protocol):
    """What every context can be asked. Objects of other classes that answer this may be parents, too. (Go: ``context.Context``)

    A class of its own that also has ``after_func(fn)``, which arranges for ``fn()`` to be called at its end and returns a function that
    takes that back, saves each of its children a goroutine.
    """

    def done(self) -> RecvChan[Any]:
        """A channel that is closed when the context ends; the same one each time."""

    def err(self) -> Canceled | DeadlineExceeded | None:
        """Why it has ended; None while it has not."""

    def value(self, key: object, /) -> Any:
        """What was set for ``key``; else what the parent says; None if nothing was."""

    def deadline(self) -> float | None:
        """When it ends at the latest, on the clock of ``time.monotonic()``; None: no deadline."""
