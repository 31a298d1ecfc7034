"""Calls that block their thread, made on helper threads while the goroutine is parked."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from goconc._core import Chan, WouldBlock, in_plain_goroutine, leave_child

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Call:
    """One call: made by a helper, waited for by a goroutine. Its end is a channel of one."""

    __slots__ = ("_context", "_done", "_error", "_fn", "_result")

    def __init__(self, fn: Callable[[], Any]) -> None:
        self._fn: Callable[[], Any] | None = fn
        self._context = contextvars.copy_context()
        self._done: Chan[None] = Chan(1)
        self._result: Any = None
        self._error: BaseException | None = None

    def make(self) -> None:
        fn, self._fn = self._fn, None
        assert fn is not None
        try:
            self._result = self._context.run(fn)
        except BaseException as error:
            self._error = error

    def tell(self) -> None:
        self._done.send_nowait(None)

    def wait(self) -> Any:
        self._done.recv()
        return self._outcome()

    async def await_(self) -> Any:
        await self._done.arecv()
        return self._outcome()

    def _outcome(self) -> Any:
        error = self.take_error()
        try:
            if error is not None:
                raise error
            return self._result
        finally:
            del error

    def take_error(self) -> BaseException | None:
        error, self._error = self._error, None
        return error


class _Helpers:
    """A bounded pool of threads. Those at rest wait for a receive, so a send that need not wait finds one.

    There is no lock: a signal handler or finalizer may come by anywhere. A thread has a seat from before its start.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.start_afresh()

    def start_afresh(self) -> None:
        self._jobs: Chan[_Call] = Chan()
        self._seats: Chan[None] = Chan(self._most)

    def take_now(self, call: _Call) -> bool:
        """Gives the call to a helper at rest, or to a new one. False: all are busy, and there may be no more."""
        try:
            self._jobs.send_nowait(call)
            return True
        except WouldBlock:
            pass
        try:
            self._seats.send_nowait(None)
        except WouldBlock:
            return False
        name = f"goconc-helper-{len(self._seats)}"
        try:
            threading.Thread(target=self._help, args=(call,), name=name, daemon=True).start()
        except BaseException:
            self._seats.recv_nowait()
            raise
        return True

    def _help(self, call: _Call) -> None:
        jobs = self._jobs
        while True:
            call.make()
            if jobs is not self._jobs:  # the call has forked, and this is the child
                leave_child(call.take_error())
            call.tell()
            del call
            call = jobs.recv()

    def submit(self, call: _Call) -> None:
        if not self.take_now(call):
            self._jobs.send(call)

    async def asubmit(self, call: _Call) -> None:
        if not self.take_now(call):
            await self._jobs.asend(call)


def _most() -> int:
    text = os.environ.get("GOCONC_HELPERS", "64")
    try:
        most = int(text)
    except ValueError:
        most = 0
    if most < 1:
        raise ValueError(f"GOCONC_HELPERS must be a whole number of at least 1, not {text!r}")
    return most


_helpers = _Helpers(_most())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.start_afresh)


def blocking(fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Makes a call that blocks its thread on a helper thread; other goroutines run meanwhile. Returns its result, or raises what it raised.

    At most ``GOCONC_HELPERS`` (64) such calls run at once; more wait their turn. A goroutine that is cancelled stops waiting: a call
    that was still queued is not made, one under way goes on and its result is dropped. Outside a goroutine the call is simply made.
    In an ``async def`` goroutine: ``await ablocking(...)``.
    """
    if not callable(fn):
        raise TypeError(f"blocking() argument 'fn' must be callable, not {type(fn).__name__}")
    if not in_plain_goroutine("ablocking()"):
        return fn(*args, **kwargs)
    call = _Call(lambda: fn(*args, **kwargs))
    _helpers.submit(call)
    result: _T = call.wait()
    return result


async def ablocking(fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """The awaitable twin of ``blocking``."""
    if not callable(fn):
        raise TypeError(f"ablocking() argument 'fn' must be callable, not {type(fn).__name__}")
    call = _Call(lambda: fn(*args, **kwargs))
    await _helpers.asubmit(call)
    result: _T = await call.await_()
    return result
