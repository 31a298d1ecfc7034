"""Types of goconc's compiled core.

`SendChan` and `RecvChan` are declared as protocols, so that a `Chan[int]` is accepted where one of its views is asked
for, as in Go.
At run time they are classes of their own, which only `.sender` and `.receiver` make: checkers refuse to call them,
and refuse
`isinstance` with them, where a `Chan` is neither.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager
from traceback import FrameSummary
from types import GenericAlias, TracebackType
from typing import (
    Any,
    Final,
    Generic,
    Literal,
    Never,
    NoReturn,
    ParamSpec,
    Protocol,
    Self,
    SupportsIndex,
    TypeAlias,
    TypeVarTuple,
    final,
    overload,
    type_check_only,
)

from typing_extensions import TypeVar, disjoint_base

from goconc.context import Context

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_T_contra = TypeVar("_T_contra", contravariant=True)
_Result_co = TypeVar("_Result_co", covariant=True, default=Any)
_Index_co = TypeVar("_Index_co", covariant=True, default=int)
_Ok_co = TypeVar("_Ok_co", covariant=True, default=bool)
_P = ParamSpec("_P")
_Ts = TypeVarTuple("_Ts")
_Cancel_co = TypeVar("_Cancel_co", bound=Callable[..., None], covariant=True, default=CancelFunc)

class GoconcError(Exception):
    """Base of goconc's own exceptions."""

class ChannelClosed(GoconcError):
    """A send on, a receive from, or a second close of a closed channel."""

class WouldBlock(GoconcError):
    """``send_nowait`` or ``recv_nowait`` would have had to wait."""

class Deadlock(GoconcError):
    """Nothing can ever run again. Carries a dump of every goroutine. (Go: "all goroutines are asleep - deadlock!")"""

class Canceled(GoconcError):
    """What was waited for was cancelled: a goroutine that is joined, or a context."""

class DeadlineExceeded(GoconcError, TimeoutError):
    """The deadline of a context has passed."""

class GoroutineExit(BaseException):
    """Raised inside a goroutine that is cancelled, or whose ``run()`` ends, so that its ``finally`` blocks run."""

class _Goexit(GoroutineExit): ...

@type_check_only
class _Context(Protocol):
    """What ``ctx=`` takes: a context of ``goconc.context``."""

    def done(self) -> RecvChan[Any]: ...
    def err(self) -> BaseException | None: ...

# ---- goroutines ----

@final
class Scope:
    """Internal: the goroutines of one ``run()``."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...

@final
class Await(Generic[_T_co]):
    """An operation to be awaited."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __iter__(self) -> Generator[Any, Any, _T_co]: ...
    def __next__(self) -> Any: ...
    def send(self, value: Any) -> Any:
        """Part of the coroutine protocol."""

    def throw(
        self,
        error: type[BaseException] | BaseException,
        value: BaseException | object = None,
        traceback: TracebackType | None = None,
    ) -> NoReturn:
        """Part of the coroutine protocol: ends the wait, unless the operation has happened, and raises."""

    def close(self) -> None:
        """Part of the coroutine protocol: ends the wait."""

@final
class Goroutine(Generic[_Result_co]):
    """A started goroutine, as returned by ``go()``. Await it, or ``join()`` it, for its result."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str:
        """Its name; may be set. Without one of its own, it is called after its number."""

    @name.setter
    def name(self, value: str) -> None: ...
    def done(self) -> bool:
        """Whether it has ended."""

    def cancel(self) -> None:
        """Raises ``GoroutineExit`` in it at its next suspension, or at the one it is in. One that has ended is left
        alone.
        """

    def join(self, *, timeout: float | None = None) -> _Result_co:
        """Waits for its end; returns its result, or raises what it raised.

        ``Canceled`` if it was cancelled; None if it called ``goexit``. ``timeout`` in seconds: ``TimeoutError``.
        """

    def ajoin(self, *, timeout: float | None = None) -> Await[_Result_co]:
        """The awaitable twin of ``join``."""

    def __await__(self) -> Generator[Any, Any, _Result_co]: ...
    def stack(self) -> list[FrameSummary]:
        """Its frames now, outermost first, as ``traceback.FrameSummary``. Empty if it has not started or has
        ended; free-threaded, also if it is an async one that is about to go on."""

@overload
def go(fn: Coroutine[Any, Any, _T], /) -> Goroutine[_T]: ...
@overload
def go(fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs) -> Goroutine[_T]: ...
@overload
def go(fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Goroutine[_T]: ...
@overload
def run(main: Coroutine[Any, Any, _T], /, *, procs: int | None = None, debug: bool | None = None) -> _T: ...
@overload
def run(
    main: Callable[[*_Ts], Coroutine[Any, Any, _T]],
    /,
    *args: *_Ts,
    procs: int | None = None,
    debug: bool | None = None,
) -> _T: ...
@overload
def run(main: Callable[[*_Ts], _T], /, *args: *_Ts, procs: int | None = None, debug: bool | None = None) -> _T: ...
def current() -> Goroutine[Any] | None:
    """The running goroutine, or None outside one."""

def goexit() -> NoReturn:
    """Ends the running goroutine: its ``finally`` blocks run, ``join()`` gives None. (Go: ``runtime.Goexit``)"""

def num_goroutine() -> int:
    """How many goroutines exist in this process. (Go: ``runtime.NumGoroutine``)"""

def gomaxprocs(n: int | None = None) -> int:
    """How many goroutines run at once, at most; with ``n`` (at least 1), from now on. Returns what it was.

    By default 1 on a build with a GIL, and as many as there are processors for this process on a free-threaded one.
    (Go: ``runtime.GOMAXPROCS``)
    """

def lock_os_thread() -> AbstractContextManager[object]:
    """From here on the running goroutine runs on this OS thread only, and the thread runs no other, but those that
    cannot leave it.

    Until ``unlock_os_thread()`` was called as often, or the ``with`` block is left:
    ``with goconc.lock_os_thread(): ...``. (Go: ``runtime.LockOSThread``)
    """

def unlock_os_thread() -> None:
    """Undoes one ``lock_os_thread()``. Without one it does nothing. (Go: ``runtime.UnlockOSThread``)"""

def gosched() -> None:
    """Lets other goroutines run; returns when it is this one's turn again. (Go: ``runtime.Gosched``)

    In a thread that is not a goroutine it gives the core away. In an ``async def`` goroutine: ``await agosched()``.
    """

def agosched() -> Await[None]:
    """The awaitable twin of ``gosched``."""

def who_is(go: Goroutine[Any]) -> str:
    """Its number, name and where it was created. For goconc's own modules."""

def leave_child(error: BaseException | None) -> NoReturn:
    """Ends a child process in which a goroutine, or a call on a helper thread, has come to its end, as Python's main
    thread would end it: other threads are waited for, and the exit code says how it went. For goconc's own modules.
    """

def in_plain_goroutine(twin: str) -> bool:
    """Whether the caller may park. Refuses, naming the awaitable twin, where it must not block. For goconc's own
    modules.
    """

def check_runnable(argument: str, fn: object, given: bool = False) -> int:
    """Refuses what no goroutine can run; ``given``: with arguments. For goconc's own modules too."""

def check_callable(name: str, fn: object) -> int:
    """For goconc's own modules too."""

def fiber_engine() -> str:
    """On what plain goroutines run: "native", "greenlet" or "threads"."""

def makes_coroutine_function(fn: object) -> bool:
    """Whether ``fn`` is an ``async def`` function, as ``go`` sees it. For goconc's own modules."""

def dump() -> str:
    """For ``goconc.debug``."""

def records(make: Callable[..., _T]) -> list[_T]:
    """For ``goconc.debug``: what ``make`` makes of each unfinished goroutine."""

class shield:
    """``with shield():`` in a goroutine: cancellation waits until the block is left; clean-up code may block in it."""

    __slots__ = ("_goroutine",)
    def __init__(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

# ---- channels ----

@final
class SendChan(Protocol[_T_contra]):
    """The send-only view of a channel: ``ch.sender``. It equals its channel. A ``Chan`` serves wherever one is asked
    for.
    """

    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    @property
    def cap(self) -> int:
        """How many values it buffers."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    @property
    def sender(self) -> SendChan[_T_contra]:
        """Itself."""

    def send(self, value: _T_contra, *, timeout: float | None = None, ctx: _Context | None = None) -> None:
        """See ``Chan.send``."""

    def send_nowait(self, value: _T_contra) -> None:
        """See ``Chan.send_nowait``."""

    def asend(self, value: _T_contra, *, timeout: float | None = None, ctx: _Context | None = None) -> Await[None]:
        """See ``Chan.asend``."""

    def close(self) -> None:
        """See ``Chan.close``."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

@final
class RecvChan(Protocol[_T_co]):
    """The receive-only view of a channel: ``ch.receiver``. It equals its channel. A ``Chan`` serves wherever one is
    asked for.
    """

    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    @property
    def cap(self) -> int:
        """How many values it buffers."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    @property
    def receiver(self) -> RecvChan[_T_co]:
        """Itself."""

    def recv(self, *, timeout: float | None = None, ctx: _Context | None = None) -> _T_co:
        """See ``Chan.recv``."""

    def recv_ok(
        self, *, timeout: float | None = None, ctx: _Context | None = None
    ) -> tuple[_T_co, Literal[True]] | tuple[None, Literal[False]]:
        """See ``Chan.recv_ok``."""

    def recv_nowait(self) -> _T_co:
        """See ``Chan.recv_nowait``."""

    def arecv(self, *, timeout: float | None = None, ctx: _Context | None = None) -> Await[_T_co]:
        """See ``Chan.arecv``."""

    def arecv_ok(
        self, *, timeout: float | None = None, ctx: _Context | None = None
    ) -> Await[tuple[_T_co, Literal[True]] | tuple[None, Literal[False]]]:
        """See ``Chan.arecv_ok``."""

    def __iter__(self) -> Iterator[_T_co]: ...
    def __next__(self) -> _T_co: ...
    def __aiter__(self) -> AsyncIterator[_T_co]: ...
    def __anext__(self) -> Await[_T_co]: ...

@final
class Chan(Generic[_T]):
    """A typed conduit between goroutines, threads and event loops. (Go: ``make(chan T, capacity)``)

    ``capacity`` 0 is a rendezvous: a send completes when a receiver has taken the value. ``capacity`` n buffers up to
    n values.
    """

    def __new__(cls, capacity: SupportsIndex = 0) -> Self: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    @property
    def cap(self) -> int:
        """How many values it buffers."""

    @property
    def closed(self) -> bool:
        """Whether it was closed. Another goroutine may close it right after."""

    @property
    def sender(self) -> SendChan[_T]:
        """The send-only view of it."""

    @property
    def receiver(self) -> RecvChan[_T]:
        """The receive-only view of it."""

    def send(self, value: _T, *, timeout: float | None = None, ctx: _Context | None = None) -> None:
        """Sends ``value``; waits while there is no room or, without a buffer, until a receiver takes it. (Go: ``ch <-
        value``)

        ``timeout`` in seconds: ``TimeoutError``. ``ctx``: its ``err()`` once it is done. ``ChannelClosed`` if it is
        or gets closed. Whenever
        this raises, the value was not sent.
        """

    def recv(self, *, timeout: float | None = None, ctx: _Context | None = None) -> _T:
        """Receives the next value; waits for one. (Go: ``<-ch``) ``ChannelClosed`` once it is closed and empty.

        ``timeout`` in seconds: ``TimeoutError``. ``ctx``: its ``err()`` once it is done.
        """

    def recv_ok(
        self, *, timeout: float | None = None, ctx: _Context | None = None
    ) -> tuple[_T, Literal[True]] | tuple[None, Literal[False]]:
        """``(value, True)``, or ``(None, False)`` once it is closed and empty. (Go: ``v, ok := <-ch``)"""

    def send_nowait(self, value: _T) -> None:
        """Sends if that takes no waiting; else raises ``WouldBlock``."""

    def recv_nowait(self) -> _T:
        """Receives if a value is there; else raises ``WouldBlock``."""

    def asend(self, value: _T, *, timeout: float | None = None, ctx: _Context | None = None) -> Await[None]:
        """The awaitable twin of ``send``."""

    def arecv(self, *, timeout: float | None = None, ctx: _Context | None = None) -> Await[_T]:
        """The awaitable twin of ``recv``."""

    def arecv_ok(
        self, *, timeout: float | None = None, ctx: _Context | None = None
    ) -> Await[tuple[_T, Literal[True]] | tuple[None, Literal[False]]]:
        """The awaitable twin of ``recv_ok``."""

    def close(self) -> None:
        """No more sends. Values in the buffer can still be received. A second close raises ``ChannelClosed``. (Go:
        ``close(ch)``)
        """

    def __iter__(self) -> Iterator[_T]: ...
    def __next__(self) -> _T: ...
    def __aiter__(self) -> AsyncIterator[_T]: ...
    def __anext__(self) -> Await[_T]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

never: Final[RecvChan[Any]]

# ---- select ----

@final
class Selected(tuple[_Index_co, _Result_co, _Ok_co], Generic[_Result_co, _Index_co, _Ok_co]):
    """What ``select`` did: a tuple (index, value, ok), and the chosen channel as ``.chan``."""

    __match_args__: Final = ("index", "value", "ok")
    n_fields: Final = 4
    n_sequence_fields: Final = 3
    n_unnamed_fields: Final = 0
    @property
    def index(self) -> _Index_co:  # type: ignore[override]
        """which case happened; -1: none, default was asked for"""

    @property
    def value(self) -> _Result_co:
        """what was received; None for a send"""

    @property
    def ok(self) -> _Ok_co:
        """False: the channel received from is closed and empty"""

    @property
    def chan(self) -> Any:
        """the channel of the case that happened"""

# A receive gives its value and True, or None and False once the channel is closed and empty; a send gives None and
# True. Each position of
# a call has its type of value, None where it is a send, and its index, so that `match` tells the cases apart.
_R0 = TypeVar("_R0", default=None)
_R1 = TypeVar("_R1", default=None)
_R2 = TypeVar("_R2", default=None)
_R3 = TypeVar("_R3", default=None)
_S0 = TypeVar("_S0", default=None)
_S1 = TypeVar("_S1", default=None)
_S2 = TypeVar("_S2", default=None)
_S3 = TypeVar("_S3", default=None)
_Case0: TypeAlias = Selected[_T, Literal[0], Literal[True]] | Selected[None, Literal[0], Literal[False]]
_Case1: TypeAlias = Selected[_T, Literal[1], Literal[True]] | Selected[None, Literal[1], Literal[False]]
_Case2: TypeAlias = Selected[_T, Literal[2], Literal[True]] | Selected[None, Literal[2], Literal[False]]
_Case3: TypeAlias = Selected[_T, Literal[3], Literal[True]] | Selected[None, Literal[3], Literal[False]]
_Any: TypeAlias = Selected[_T, int, Literal[True]] | Selected[None, int, Literal[False]]
_None: TypeAlias = Selected[None, Literal[-1], Literal[False]]

@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0]:
    """Does exactly one of several sends and receives; waits until one can be done. (Go: ``select``)

    A case is a channel (receive), ``(channel, value)`` (send) or None (never ready). Of several that are ready one is
    chosen at random. Returns ``Selected(index, value, ok)``. With ``default=True`` and nothing ready: index -1 at once.
    ``timeout`` in seconds raises ``TimeoutError``, ``ctx`` its ``err()``. A chosen send on a closed channel raises
    ``ChannelClosed``.
    """

@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _Case1[_R1]: ...
@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _Case1[_R1] | _Case2[_R2]: ...
@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    c3: RecvChan[_R3] | tuple[SendChan[_S3], _S3] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _Case1[_R1] | _Case2[_R2] | _Case3[_R3]: ...
@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _None: ...
@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _Case1[_R1] | _None: ...
@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _Case1[_R1] | _Case2[_R2] | _None: ...
@overload
def select(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    c3: RecvChan[_R3] | tuple[SendChan[_S3], _S3] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Case0[_R0] | _Case1[_R1] | _Case2[_R2] | _Case3[_R3] | _None: ...
@overload
def select(
    *cases: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Any[_R0]: ...
@overload
def select(
    *cases: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> _Any[_R0] | _None: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0]]:
    """The awaitable twin of ``select``."""

@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _Case1[_R1]]: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _Case1[_R1] | _Case2[_R2]]: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    c3: RecvChan[_R3] | tuple[SendChan[_S3], _S3] | None,
    /,
    *,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _Case1[_R1] | _Case2[_R2] | _Case3[_R3]]: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _None]: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _Case1[_R1] | _None]: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _Case1[_R1] | _Case2[_R2] | _None]: ...
@overload
def aselect(
    c0: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    c1: RecvChan[_R1] | tuple[SendChan[_S1], _S1] | None,
    c2: RecvChan[_R2] | tuple[SendChan[_S2], _S2] | None,
    c3: RecvChan[_R3] | tuple[SendChan[_S3], _S3] | None,
    /,
    *,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Case0[_R0] | _Case1[_R1] | _Case2[_R2] | _Case3[_R3] | _None]: ...
@overload
def aselect(
    *cases: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    default: Literal[False] = False,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Any[_R0]]: ...
@overload
def aselect(
    *cases: RecvChan[_R0] | tuple[SendChan[_S0], _S0] | None,
    default: bool,
    timeout: float | None = None,
    ctx: _Context | None = None,
) -> Await[_Any[_R0] | _None]: ...

# ---- time ----

def sleep(seconds: float) -> None:
    """Waits for at least ``seconds``; other goroutines run meanwhile. Zero and less return at once. (Go:
    ``time.Sleep``)

    In an ``async def`` goroutine: ``await asleep(seconds)``.
    """

def asleep(seconds: float) -> Await[None]:
    """The awaitable twin of ``sleep``; the time counts from the call."""

def after(seconds: float) -> RecvChan[float]:
    """A channel that delivers one value, the time it is due, ``seconds`` from now. (Go: ``time.After``)"""

def tick(seconds: float) -> RecvChan[float]:
    """A channel that delivers the time every ``seconds``. Zero or less gives a channel that is never ready. (Go:
    ``time.Tick``)
    """

@final
class Timer:
    """One event, ``seconds`` from now, on the channel ``.c``. (Go: ``time.NewTimer``)"""

    def __init__(self, seconds: float) -> None: ...
    @property
    def c(self) -> RecvChan[float]: ...
    def stop(self) -> bool:
        """Prevents the event; True if it had not been received yet. Nothing stale is left in the channel."""

    def reset(self, seconds: float) -> bool:
        """Starts it afresh; True if it was still active."""

@final
class Ticker:
    """The time every ``seconds`` on the channel ``.c``; a slow receiver misses ticks. (Go: ``time.NewTicker``)"""

    def __init__(self, seconds: float) -> None: ...
    @property
    def c(self) -> RecvChan[float]: ...
    def stop(self) -> None:
        """No more ticks. The channel is not closed."""

    def reset(self, seconds: float) -> None:
        """A new period; the next tick comes after it."""

@final
class AfterFunc:
    """A call that is due; see ``after_func``."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    @property
    def c(self) -> None:
        """None: this timer has no channel."""

    def stop(self) -> bool:
        """Prevents the call; False if its goroutine was started already. Does not wait for it."""

    def reset(self, seconds: float) -> bool:
        """The call is made ``seconds`` from now, again if it was made before; True if it was still due."""

def after_func(seconds: float, fn: Callable[[], object], /) -> AfterFunc:
    """Calls ``fn()`` in a goroutine of its own, ``seconds`` from now. Returns a timer: ``stop()``,
    ``reset(seconds)``. (Go: ``time.AfterFunc``)
    """

# ---- contexts: see goconc.context ----

@final
class CancelContext:
    """A context that can end: by its cancel function, at its deadline, or with its parent."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def done(self) -> RecvChan[Any]:
        """A channel that is closed when the context ends; the same one each time. (Go: ``ctx.Done()``)"""

    def err(self) -> Canceled | DeadlineExceeded | None:
        """Why it has ended, a ``Canceled`` or a ``DeadlineExceeded``; None while it has not. (Go: ``ctx.Err()``)"""

    def cause(self) -> BaseException | None:
        """The exception it was cancelled for, or ``err()`` if none was given; None while it has not ended."""

    def value(self, key: object) -> Any:
        """What ``with_value`` has set for ``key``, the nearest one; None if nothing. (Go: ``ctx.Value(key)``)"""

    def deadline(self) -> float | None:
        """When it ends at the latest, in seconds on the clock of ``time.monotonic()``; None: no deadline. (Go:
        ``ctx.Deadline()``)
        """

@final
class PassiveContext:
    """A context that adds no end of its own: ``background()``, ``with_value``, ``without_cancel``."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def done(self) -> RecvChan[Any]:
        """A channel that is closed when the context ends; never ready if it cannot end. (Go: ``ctx.Done()``)"""

    def err(self) -> Canceled | DeadlineExceeded | None:
        """Why it has ended, a ``Canceled`` or a ``DeadlineExceeded``; None while it has not. (Go: ``ctx.Err()``)"""

    def cause(self) -> BaseException | None:
        """The exception it was cancelled for, or ``err()`` if none was given; None while it has not ended."""

    def value(self, key: object) -> Any:
        """What ``with_value`` has set for ``key``, the nearest one; None if nothing. (Go: ``ctx.Value(key)``)"""

    def deadline(self) -> float | None:
        """When it ends at the latest, in seconds on the clock of ``time.monotonic()``; None: no deadline. (Go:
        ``ctx.Deadline()``)
        """

@final
class CancelFunc:
    """``cancel()`` ends the context it was made with. Not the first time: nothing happens. (Go:
    ``context.CancelFunc``)
    """

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def __call__(self, *args: Never) -> None: ...

@final
class CancelCauseFunc:
    """``cancel(cause)`` ends the context it was made with; ``context.cause(ctx)`` is then ``cause``. (Go:
    ``context.CancelCauseFunc``)
    """

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def __call__(self, cause: BaseException | None = None, /) -> None: ...

class Cancelable(tuple[CancelContext, _Cancel_co], Generic[_Cancel_co]):
    """A new context and the function that cancels it: ``ctx, cancel = with_cancel(parent)``, or ``with
    with_cancel(parent) as ctx:``.

    Leaving the block cancels the context. If an exception leaves a block of ``with_cancel_cause``, that is the cause.
    """

    __slots__ = ()
    def __init__(self, made_elsewhere: Never, /) -> None: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def __enter__(self) -> CancelContext: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

@final
class DoneFunc:
    """Takes an ``after_func`` back when it is called: True if that has prevented the call of its function."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def __call__(self, *args: Never) -> bool: ...

def context_background() -> PassiveContext:
    """The root of all contexts: it never ends, has no deadline and no values. (Go: ``context.Background``)"""

def context_todo() -> PassiveContext:
    """As ``background()``, for where it is not yet clear which context to use. (Go: ``context.TODO``)"""

def context_cause(ctx: Context) -> BaseException | None:
    """Why ``ctx`` has ended: the exception it, or what it ended with, was cancelled for; else ``ctx.err()``. (Go:
    ``context.Cause``)
    """

def context_after_func(ctx: Context, fn: Callable[[], object], /) -> DoneFunc:
    """Calls ``fn()`` in a goroutine of its own once ``ctx`` has ended, at once if it has. (Go:
    ``context.AfterFunc``)

    Returns ``stop``: ``stop()`` is True if it has prevented the call; it does not wait for one that was started.
    """

def with_cancel(parent: Context) -> Cancelable:
    """A context that ends when it is cancelled, or with ``parent``. (Go: ``context.WithCancel``)

    Returns ``(ctx, cancel)``, to be unpacked or used by ``with``.
    """

def with_cancel_cause(parent: Context) -> Cancelable[CancelCauseFunc]:
    """As ``with_cancel``; ``cancel(cause)`` says why. (Go: ``context.WithCancelCause``)"""

def with_deadline(parent: Context, when: float) -> Cancelable:
    """As ``with_cancel``, and it ends at ``when`` at the latest, with ``DeadlineExceeded``. (Go:
    ``context.WithDeadline``)

    ``when`` is in seconds on the clock of ``time.monotonic()``. If the parent's deadline is earlier, that one stays.
    """

def with_deadline_cause(parent: Context, when: float, cause: BaseException | None) -> Cancelable:
    """As ``with_deadline``; ``cause`` is the cause if the deadline passes. (Go: ``context.WithDeadlineCause``)"""

def with_timeout(parent: Context, seconds: float) -> Cancelable:
    """As ``with_cancel``, and it ends after ``seconds`` at the latest, with ``DeadlineExceeded``. (Go:
    ``context.WithTimeout``)
    """

def with_timeout_cause(parent: Context, seconds: float, cause: BaseException | None) -> Cancelable:
    """As ``with_timeout``; ``cause`` is the cause if the time runs out. (Go: ``context.WithTimeoutCause``)"""

def with_value(parent: Context, key: object, value: object) -> PassiveContext:
    """A context in which ``value(key)`` gives ``value``; all else is as in ``parent``. (Go: ``context.WithValue``)

    ``key`` is anything hashable but None; keys are found by equality. For what belongs to a request and crosses many
    functions, not for optional arguments. A key of a class of your own meets nobody else's.
    """

def without_cancel(parent: Context) -> PassiveContext:
    """A context with the values of ``parent`` that does not end with it, and has no deadline. (Go:
    ``context.WithoutCancel``)
    """

def raise_if_done(ctx: _Context) -> None:
    """Raises the error of a context that has ended. For goconc's own modules."""

def check_context(name: str, ctx: object) -> int:
    """Refuses what is no context. For goconc's own modules too."""

def check_limits(timeout: float | None, ctx: _Context | None) -> None:
    """Refuses wrong limits of a wait, and raises the error of a context that has ended. For goconc's own modules."""

def number_text(n: float) -> str:
    """A number for an error message: CPython refuses to print an int of some thousand digits. For goconc's own
    modules.
    """

# ---- for goconc.semaphore and goconc.singleflight ----

@final
class TokenWait:
    """A place in the line for tokens. ``ready`` is closed when they have been handed over."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    @property
    def ready(self) -> RecvChan[None]: ...

@disjoint_base
class Tokens:
    """So many tokens, and a line of those who wait for some: the state of ``goconc.semaphore.Weighted``."""

    def __new__(cls, n: SupportsIndex) -> Self: ...
    @property
    def size(self) -> int: ...
    def enter(self, n: SupportsIndex) -> TokenWait | None:
        """Takes ``n`` tokens: None. If they are not there, or others wait, stands in line for them."""

    def leave(self, wait: TokenWait) -> None:
        """Gives up: leaves the line, or gives the tokens back if they have been handed over meanwhile."""

    def try_acquire(self, n: SupportsIndex = 1) -> bool:
        """Takes ``n`` tokens if that takes no waiting and overtakes nobody. (Go: ``TryAcquire``)"""

    def release(self, n: SupportsIndex = 1) -> None:
        """Gives ``n`` tokens back. ``RuntimeError`` if so many are not taken. (Go: ``Release``)"""

def check_tokens(n: SupportsIndex) -> None:
    """Refuses what is no number of tokens. For goconc's own modules."""

def remove_if(owner: object, table: dict[Any, Any], key: object, value: object) -> None:
    """Removes ``key`` if it stands for ``value``, or for anything if that is None, in one step among such calls with
    the same ``owner``.
    """

# ---- goconc.sync ----

@final
class Mutex:
    """A lock for one holder at a time. (Go: ``sync.Mutex``)

    Whoever holds it blocks when it locks it again; anybody may unlock it. ``with mu:``, or ``async with mu:`` in an async
    goroutine or a task of asyncio.
    """

    def __init__(self) -> None: ...
    def lock(self, *, timeout: float | None = None) -> None:
        """Locks it; waits while it is locked. ``timeout`` in seconds: ``TimeoutError``."""

    def alock(self, *, timeout: float | None = None) -> Await[None]:
        """The awaitable twin of ``lock``."""

    def try_lock(self) -> bool:
        """Locks it if it is free; says whether it did. Never waits."""

    def unlock(self) -> None:
        """Unlocks it. ``RuntimeError`` if it is not locked."""

    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, traceback: object) -> None: ...
    def __aenter__(self) -> Await[None]: ...
    def __aexit__(self, kind: object, error: object, traceback: object) -> Ready[None]: ...

@final
class RWMutex:
    """A lock for many readers or one writer. (Go: ``sync.RWMutex``)

    A writer that waits keeps new readers out, so reading must not be nested. As a context manager it is locked for
    writing; ``with rw.rlocker():`` for reading.
    """

    def __init__(self) -> None: ...
    def lock(self, *, timeout: float | None = None) -> None:
        """Locks it for writing; waits until nobody is inside. ``timeout`` in seconds: ``TimeoutError``."""

    def alock(self, *, timeout: float | None = None) -> Await[None]:
        """The awaitable twin of ``lock``."""

    def try_lock(self) -> bool:
        """Locks it for writing if nobody is inside; says whether it did. Never waits."""

    def unlock(self) -> None:
        """Ends writing. ``RuntimeError`` if it is not locked for writing."""

    def rlock(self, *, timeout: float | None = None) -> None:
        """Locks it for reading; waits while a writer is inside or waits. ``timeout`` in seconds: ``TimeoutError``."""

    def arlock(self, *, timeout: float | None = None) -> Await[None]:
        """The awaitable twin of ``rlock``."""

    def try_rlock(self) -> bool:
        """Locks it for reading if no writer is inside or waits; says whether it did. Never waits."""

    def runlock(self) -> None:
        """Ends one reader's reading. ``RuntimeError`` if nobody reads."""

    def rlocker(self) -> RLocker:
        """The reading side as a lock of its own: its ``lock`` is this one's ``rlock``."""

    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, traceback: object) -> None: ...
    def __aenter__(self) -> Await[None]: ...
    def __aexit__(self, kind: object, error: object, traceback: object) -> Ready[None]: ...

@final
class RLocker:
    """The reading side of an ``RWMutex``, as ``rlocker()`` returns it."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def lock(self, *, timeout: float | None = None) -> None:
        """Locks it for reading, as ``RWMutex.rlock``."""

    def alock(self, *, timeout: float | None = None) -> Await[None]:
        """The awaitable twin of ``lock``."""

    def try_lock(self) -> bool:
        """As ``RWMutex.try_rlock``."""

    def unlock(self) -> None:
        """As ``RWMutex.runlock``."""

    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, traceback: object) -> None: ...
    def __aenter__(self) -> Await[None]: ...
    def __aexit__(self, kind: object, error: object, traceback: object) -> Ready[None]: ...

@final
class WaitGroup:
    """Counts what is under way, and waits until it is none. (Go: ``sync.WaitGroup``)

    ``wg.go(fn)`` starts a goroutine that it counts. ``await wg`` in an async goroutine or a task of asyncio. As a context
    manager it waits when the block is left without an exception.
    """

    def __init__(self) -> None: ...
    def add(self, delta: SupportsIndex = 1, /) -> None:
        """Changes the counter by ``delta``; at 0 it releases all who wait.

        ``RuntimeError``, and nothing changes, if it would fall below 0.
        """

    def done(self) -> None:
        """One less: ``add(-1)``."""

    def wait(self, *, timeout: float | None = None) -> None:
        """Waits until the counter is 0. ``timeout`` in seconds: ``TimeoutError``."""

    def await_(self, *, timeout: float | None = None) -> Await[None]:
        """The awaitable twin of ``wait``; ``await wg`` is the same without a limit."""

    @overload
    def go(
        self, fn: Callable[_P, Coroutine[Any, Any, _T]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Goroutine[_T]: ...
    @overload
    def go(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Goroutine[_T]:
        """Starts ``fn(*args, **kwargs)`` as a goroutine, counted until it has ended, in whatever way. Returns it. (Go:
        ``wg.Go``)
        """

    def __await__(self) -> Generator[Any, Any]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: object, error: object, traceback: object) -> None: ...
    def __aenter__(self) -> Ready[Self]: ...
    def __aexit__(self, kind: object, error: object, traceback: object) -> Coroutine[Any, Any, None] | Ready[None]: ...

@final
class Notice:
    """What one ``Cond.wait`` waits for. Internal."""

    def __init__(self) -> None: ...
    def wait(self, *, timeout: float | None = None) -> None: ...
    def await_(self, *, timeout: float | None = None) -> Await[None]: ...
    @staticmethod
    def check() -> None:
        """Whether the caller may wait at all."""

    def give(self) -> None: ...

@final
class Ready(Generic[_T_co]):
    """An awaitable whose value is there already: what entering or leaving an ``async with`` awaits that does not wait."""

    def __new__(cls, made_elsewhere: Never, /) -> Self: ...
    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Any: ...

@final
class AtomicInt:
    """An integer that several threads and goroutines change. It does not wrap: Python's integers have no bounds. (Go:
    ``atomic.Int64``)
    """

    def __new__(cls, value: int = 0, /) -> Self: ...
    def load(self) -> int:
        """Its value."""

    def store(self, value: int, /) -> None:
        """Sets it."""

    def swap(self, value: int, /) -> int:
        """Sets it; returns what it was."""

    def add(self, delta: int, /) -> int:
        """Adds ``delta``; returns the new value."""

    def compare_and_swap(self, old: int, new: int, /) -> bool:
        """Sets it to ``new`` if it is ``old``; says whether it was."""

    def and_(self, mask: int, /) -> int:
        """Keeps the bits of ``mask``; returns what it was."""

    def or_(self, mask: int, /) -> int:
        """Sets the bits of ``mask``; returns what it was."""

@final
class AtomicBool:
    """A truth value that several threads and goroutines change. (Go: ``atomic.Bool``)"""

    def __new__(cls, value: bool = False, /) -> Self: ...
    def load(self) -> bool:
        """Its value."""

    def store(self, value: bool, /) -> None:
        """Sets it."""

    def swap(self, value: bool, /) -> bool:
        """Sets it; returns what it was."""

    def compare_and_swap(self, old: bool, new: bool, /) -> bool:
        """Sets it to ``new`` if it is ``old``; says whether it was."""

@final
class AtomicRef(Generic[_T]):
    """A reference that several threads and goroutines change. Compared by identity. (Go: ``atomic.Pointer[T]``)"""

    @overload
    def __new__(cls) -> AtomicRef[_T | None]: ...
    @overload
    def __new__(cls, value: _T, /) -> AtomicRef[_T]: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def load(self) -> _T:
        """What it refers to."""

    def store(self, value: _T, /) -> None:
        """Sets it."""

    def swap(self, value: _T, /) -> _T:
        """Sets it; returns what it was."""

    def compare_and_swap(self, old: _T, new: _T, /) -> bool:
        """Sets it to ``new`` if it ``is`` ``old``; says whether it was."""

@final
class AtomicValue(Generic[_T]):
    """A value of one type that several threads and goroutines change; its first value fixes the type. (Go: ``atomic.Value``)"""

    def __init__(self) -> None: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def load(self) -> _T | None:
        """The value; None before the first ``store``."""

    def store(self, value: _T, /) -> None:
        """Sets it. ``TypeError`` if ``value`` is None, or of another type than what was stored first."""

    def swap(self, value: _T, /) -> _T | None:
        """Sets it, as ``store``; returns what it was."""

    def compare_and_swap(self, old: _T | None, new: _T, /) -> bool:
        """Sets it to ``new`` if it equals ``old``; says whether it did. ``old`` is None: if nothing was stored yet."""
