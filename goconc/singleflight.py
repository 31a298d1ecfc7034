"""One call for all who want the same thing at the same time. (Go: ``golang.org/x/sync/singleflight``)"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Hashable
from types import CoroutineType, GenericAlias
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar, overload

from goconc._core import (
    Canceled,
    Chan,
    ChannelClosed,
    RecvChan,
    _Goexit,
    check_callable,
    current,
    go,
    goexit,
    in_plain_goroutine,
    remove_if,
)

__all__ = ["Group", "Result", "Shared"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Shared(NamedTuple, Generic[_T]):
    """What ``do`` returns: the value, and whether several callers got it."""

    value: _T
    shared: bool

    @classmethod
    def __class_getitem__(cls, item: Any, /) -> GenericAlias:
        return GenericAlias(cls, item)


class Result(NamedTuple, Generic[_T]):
    """What ``do_chan`` delivers: the value or the exception, and whether several callers got it. (Go: ``singleflight.Result``)"""

    value: _T | None
    error: BaseException | None
    shared: bool

    @classmethod
    def __class_getitem__(cls, item: Any, /) -> GenericAlias:
        return GenericAlias(cls, item)


class _Call:
    """A call under way. Who comes later takes a seat: a channel for the result. When the call has ended, the seats are closed, so whoever
    has got one is served, and whoever has not knows it.
    """

    __slots__ = ("seats",)

    def __init__(self) -> None:
        self.seats: Chan[Chan[Result[Any]]] = Chan(sys.maxsize)

    def take_seat(self) -> Chan[Result[Any]] | None:
        reply: Chan[Result[Any]] = Chan(1)
        try:
            self.seats.send_nowait(reply)
        except ChannelClosed:
            return None
        return reply

    def end(self, value: Any, error: BaseException | None, reply: Chan[Result[Any]] | None = None) -> bool:
        """Serves everybody, and ``reply``; returns whether others than that had a seat."""
        self.seats.close()
        replies = [self.seats.recv_nowait() for _ in range(len(self.seats))]
        shared = bool(replies)
        if reply is not None:
            replies.append(reply)
        if replies:
            result = Result(value, _error_for_others(error), shared)
            for each in replies:
                each.send_nowait(result)
        return shared


def _error_for_others(error: BaseException | None) -> BaseException | None:
    """What ends one goroutine, or the program, is not an error of the others."""
    if error is None or isinstance(error, Exception):
        return error
    canceled = Canceled("the shared call did not end")
    canceled.__cause__ = error
    return canceled


def _received(result: Result[Any]) -> Shared[Any]:
    """What somebody who shared a call returns or raises."""
    error = result.error
    if error is None:
        return Shared(result.value, True)
    try:
        if isinstance(error.__cause__, _Goexit) and current() is not None:
            goexit()
        raise error
    finally:
        del error, result


class Group:
    """Keys, and for each at most one call under way. (Go: ``singleflight.Group``)

        value, shared = group.do(url, fetch, url)

    Nothing is kept once a call has ended: the next one calls again.
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call] = {}

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle or copy a singleflight.Group")

    def do(self, key: Hashable, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Shared[_T]:
        """Calls ``fn(*args, **kwargs)`` and returns ``(value, shared)``; if a call for ``key`` is under way, waits for that one instead.

        An exception is raised in all callers. If the caller that makes the call is ended by ``goexit``, the others are too; if it is
        cancelled, they get ``Canceled``. In an ``async def`` goroutine: ``await ado(...)``. (Go: ``Group.Do``)
        """
        in_plain_goroutine("ado()")
        check_callable("fn", fn)
        call, reply = self._join(key)
        if reply is not None:
            return _received(reply.recv())
        try:
            value = fn(*args, **kwargs)
            if isinstance(value, CoroutineType):
                value.close()
                raise TypeError("do() cannot await: call ado(), or do_chan(), for an async function")
        except BaseException as error:
            self._end(key, call, None, error)
            raise
        return Shared(value, self._end(key, call, value, None))

    @overload
    async def ado(
        self, key: Hashable, fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Shared[_T]: ...
    @overload
    async def ado(self, key: Hashable, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Shared[_T]: ...
    async def ado(self, key: Hashable, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Shared[Any]:
        """The awaitable twin of ``do``; ``fn`` may be an ``async def``."""
        check_callable("fn", fn)
        call, reply = self._join(key)
        if reply is not None:
            return _received(await reply.arecv())
        try:
            value = fn(*args, **kwargs)
            if type(value) is CoroutineType:
                value = await value
        except BaseException as error:
            self._end(key, call, None, error)
            raise
        return Shared(value, self._end(key, call, value, None))

    @overload
    def do_chan(
        self, key: Hashable, fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> RecvChan[Result[_T]]: ...
    @overload
    def do_chan(
        self, key: Hashable, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> RecvChan[Result[_T]]: ...
    def do_chan(self, key: Hashable, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> RecvChan[Result[Any]]:
        """As ``do``, in a goroutine of its own. Returns a channel that delivers one ``Result`` and is not closed. (Go: ``Group.DoChan``)

        This is the one for time limits: ``select(group.do_chan(key, fn), ctx.done())``.
        """
        check_callable("fn", fn)
        call, reply = self._join(key)
        if reply is None:
            reply = Chan(1)
            try:
                go(self._detached, key, call, reply, fn, args, kwargs)
            except BaseException as error:
                self._end(key, call, None, error)
                raise
        return reply.receiver

    def forget(self, key: Hashable) -> None:
        """The next ``do`` for ``key`` makes a call of its own, even if one is under way. (Go: ``Group.Forget``)"""
        remove_if(self, self._calls, key, None)

    def _join(self, key: Hashable) -> tuple[_Call, Chan[Result[Any]] | None]:
        """A call of one's own, or one under way and a seat in it."""
        mine = _Call()
        while True:
            call = self._calls.setdefault(key, mine)
            if call is mine:
                return mine, None
            reply = call.take_seat()
            if reply is not None:
                return call, reply
            remove_if(self, self._calls, key, call)  # it has just ended

    def _end(
        self,
        key: Hashable,
        call: _Call,
        value: Any,
        error: BaseException | None,
        reply: Chan[Result[Any]] | None = None,
    ) -> bool:
        remove_if(self, self._calls, key, call)
        return call.end(value, error, reply)

    def _detached(
        self, key: Hashable, call: _Call, reply: Chan[Result[Any]], fn: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        value = error = None
        try:
            value = fn(*args, **kwargs)
        except BaseException as raised:
            error = raised
        if type(value) is CoroutineType:
            return self._detached_async(key, call, reply, value)  # and this goroutine goes on with that
        self._end(key, call, value, error, reply)
        self._pass_on(error)
        return None

    async def _detached_async(
        self, key: Hashable, call: _Call, reply: Chan[Result[Any]], coroutine: Coroutine[Any, Any, Any]
    ) -> None:
        value = error = None
        try:
            value = await coroutine
        except BaseException as raised:
            error = raised
        self._end(key, call, value, error, reply)
        self._pass_on(error)

    @staticmethod
    def _pass_on(error: BaseException | None) -> None:
        """Exceptions have been delivered; what ends a goroutine or the program goes on to do so."""
        if error is not None and not isinstance(error, Exception):
            raise error
