"""Seeing what goroutines do: who they are, what they wait on and for how long, where they stand. (Go: ``runtime.Stack``, SIGQUIT)

    from goconc import debug

    debug.dump()                       # text, to standard error
    for g in debug.goroutines():       # the same as records
        print(g.id, g.wait_reason, g.since)

Nothing here costs anything before it is called. It may be called from anywhere: goroutines of both kinds, other threads, tasks of asyncio,
signal handlers. On a free-threaded build all threads are stopped for a moment, as they are for the garbage collector; one that sits in C
code that does not let itself be stopped is waited for.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from traceback import FrameSummary
from typing import Any, Literal, NamedTuple, TextIO

from goconc import _core
from goconc._core import Chan

__all__ = ["CreatedAt", "GoroutineInfo", "dump", "goroutines"]


class CreatedAt(NamedTuple):
    """Where ``go`` was called."""

    filename: str
    lineno: int
    name: str


@dataclass(frozen=True, slots=True)
class GoroutineInfo:
    """One goroutine as it was at one moment."""

    id: int
    name: str
    kind: Literal["plain", "async"]
    state: Literal["runnable", "running", "waiting"]
    # In Go's words, "chan receive" for example; None if it does not wait.
    wait_reason: str | None
    # The one it sends to or receives from; None for a select, too, and for the channel of a timer.
    channel: Chan[Any] | None
    # For how many seconds it has waited, to about 5 ms; None if it does not.
    since: float | None
    # Its calls, outermost first; empty if it has not started, and if none of them is Python's.
    stack: tuple[FrameSummary, ...]
    # None: not by Python code.
    created_at: CreatedAt | None


def _record(created_at: tuple[str, int, str] | None, *others: Any) -> GoroutineInfo:
    fields = [*others, None if created_at is None else CreatedAt(*created_at)]
    return GoroutineInfo(*fields)


def goroutines() -> list[GoroutineInfo]:
    """Every goroutine that has not ended: the background's, then those of each ``run()``, oldest first. (Go: ``runtime.GoroutineProfile``)

    All are seen at the same moment. A record keeps its channel alive, and nothing else of the goroutine.
    """
    return _core.records(_record)


def dump(file: TextIO | None = None) -> None:
    """Writes what every goroutine does to ``file``, or standard error, as Go prints it::

        goroutine 7 [chan receive, 3 minutes]:
          File "program.py", line 9, in worker
            job = jobs.recv()
        created by main
          File "program.py", line 15

    (Go: ``runtime.Stack(buf, true)``)
    """
    if file is None:
        file = sys.stderr
    elif not callable(getattr(file, "write", None)):
        raise TypeError(f"file must be a text file or None, not {type(file).__name__}")
    text = _core.dump()
    if file is not None:  # there is no standard error
        file.write(text)
