"""What happens to an exception that nobody will ever ask for, outside ``run()``; and to async generators that nobody will exhaust."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from goconc._core import Goroutine


class ExceptHookArgs(NamedTuple):
    """What ``goconc.excepthook`` is called with, as ``threading.excepthook`` is."""

    exc_type: type[BaseException]
    exc_value: BaseException
    exc_traceback: TracebackType | None
    goroutine: Goroutine | None


def excepthook(args: ExceptHookArgs, /) -> None:
    """Prints the traceback of an exception that left a goroutine whose result nobody can join.

    Assign another function to ``goconc.excepthook`` to do something else. Under ``run()`` such an exception stops the program instead.
    """
    if not isinstance(args, ExceptHookArgs):
        raise TypeError(f"args must be an ExceptHookArgs, not {type(args).__name__}")
    if sys.stderr is None:
        return
    from goconc._core import who_is  # not at the top: it imports this module

    who = "goconc" if args.goroutine is None else who_is(args.goroutine)
    text = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
    sys.stderr.write(f"Exception in {who}:\n{text}")
    sys.stderr.flush()


async def close_async_generator(generator: AsyncGenerator[Any, Any]) -> None:
    """The body of a goroutine. What the clean-up raises is reported: nobody is there to be told, and it is no reason to stop a run."""
    try:
        await generator.aclose()
    except Exception as error:
        import goconc  # looked up each time: users assign to goconc.excepthook

        goconc.excepthook(ExceptHookArgs(type(error), error, error.__traceback__, goconc.current()))
