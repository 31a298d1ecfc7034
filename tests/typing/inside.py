"""What a checker must say about goconc.debug. Checked, never run: see CONTRIBUTING."""

import io
from traceback import FrameSummary
from typing import Any, Literal, assert_type

from goconc import Chan, debug


def records() -> None:
    for g in debug.goroutines():
        assert_type(g, debug.GoroutineInfo)
        assert_type(g.id, int)
        assert_type(g.name, str)
        assert_type(g.kind, Literal["plain", "async"])
        assert_type(g.state, Literal["runnable", "running", "waiting"])
        assert_type(g.wait_reason, str | None)
        assert_type(g.channel, Chan[Any] | None)
        assert_type(g.since, float | None)
        assert_type(g.stack, tuple[FrameSummary, ...])
        assert_type(g.created_at, debug.CreatedAt | None)
        g.id = 3  # type: ignore[misc]
        if g.created_at:
            filename, lineno, name = g.created_at
            assert_type((filename, lineno, name), tuple[str, int, str])


def dumps() -> None:
    debug.dump()
    debug.dump(io.StringIO())
    debug.dump(io.BytesIO())  # type: ignore[arg-type]
