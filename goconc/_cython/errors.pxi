# The exceptions of the public API, and durations.

from functools import partial as _partial
from types import GenericAlias as _GenericAlias
import sysconfig as _sysconfig

cdef bint FREE_THREADED = bool(_sysconfig.get_config_var("Py_GIL_DISABLED"))


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


class _Goexit(GoroutineExit):
    pass


for _error in (GoconcError, ChannelClosed, WouldBlock, Deadlock, Canceled, DeadlineExceeded, GoroutineExit, _Goexit):
    _error.__module__ = "goconc"
del _error


cdef int64_t nanoseconds(object seconds, str name) except? -1:
    """A duration given in seconds, as ns; too long means for ever. Negative ones stay negative."""
    cdef double s
    if type(seconds) is float:
        s = <double>seconds
    else:
        if isinstance(seconds, (str, bytes, bytearray)):
            raise TypeError(f"{name} must be a number of seconds, not {type(seconds).__name__}")
        try:
            s = float(seconds)
        except TypeError:
            raise TypeError(f"{name} must be a number of seconds, not {type(seconds).__name__}") from None
        except OverflowError:
            s = 1e300 if seconds > 0 else -1e300
    if s != s:
        raise ValueError(f"{name} must be a number of seconds, not nan")
    if s >= 9.2e9:
        return forever
    if s <= -9.2e9:
        return -forever
    # Rounded up: never earlier than asked.
    cdef double ns = s * 1e9
    cdef int64_t whole = <int64_t>ns
    return whole + 1 if whole < ns else whole


def number_text(n) -> str:
    """A number for an error message: CPython refuses to print an int of some thousand digits. For goconc's own modules."""
    return f"one of {n.bit_length()} bits" if isinstance(n, int) and n.bit_length() > 1000 else f"{n}"


cdef extern from "Python.h":
    object PyNumber_Index(object)
    const Py_ssize_t PY_SSIZE_T_MAX
    int64_t PyLong_AsLongLongAndOverflow(object, int *) except? -1


cdef int64_t whole_number(object n, str name, int &overflow) except? -1:
    """What must be an int, or say by ``__index__`` which one it is. ``overflow``: 1 if it is too large, -1 if it is too far below 0."""
    (&overflow)[0] = 0
    if type(n) is not int:
        if isinstance(n, bool) or not hasattr(type(n), "__index__"):
            raise TypeError(f"{name} must be an int, not {type(n).__name__}")
        n = PyNumber_Index(n)
    return PyLong_AsLongLongAndOverflow(n, &overflow)


cdef inline int64_t deadline_of(object timeout) except? -1:
    """The moment at which ``timeout`` seconds from now are over."""
    if timeout is None:
        return forever
    cdef int64_t ns = nanoseconds(timeout, "timeout")
    return 0 if ns <= 0 else deadline_after(now_ns(), ns)
