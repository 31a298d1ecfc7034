"""goconc: goroutines, channels and select for Python.

import goconc

def main():
    results = goconc.Chan()
    for n in range(3):
        goconc.go(lambda n: results.send(n * n), n)
    return sum(results.recv() for _ in range(3))

print(goconc.run(main))
"""

from importlib.machinery import PathFinder as _PathFinder

if not _PathFinder.find_spec("goconc._core", __path__):
    # `python -m goconc` in a checkout finds this folder before the installed package, and nothing here is compiled.
    import sys as _sys

    for _entry in _sys.path:
        _spec = _PathFinder.find_spec("goconc", [_entry])
        _places = list(_spec.submodule_search_locations or ()) if _spec else []
        if _places and _PathFinder.find_spec("goconc._core", _places):
            __path__[:] = _places
            break
    else:
        raise ImportError("goconc is not built here: `pip install .` first")

from goconc._blocking import ablocking, blocking
from goconc._core import (
    AfterFunc,
    Canceled,
    Chan,
    ChannelClosed,
    DeadlineExceeded,
    Deadlock,
    GoconcError,
    Goroutine,
    GoroutineExit,
    RecvChan,
    Selected,
    SendChan,
    Ticker,
    Timer,
    WouldBlock,
    after,
    after_func,
    agosched,
    aselect,
    asleep,
    current,
    go,
    goexit,
    gomaxprocs,
    gosched,
    lock_os_thread,
    num_goroutine,
    run,
    select,
    shield,
    sleep,
    tick,
    unlock_os_thread,
)
from goconc._hooks import ExceptHookArgs, excepthook

__version__ = "0.1.0"

__all__ = [
    "AfterFunc",
    "Canceled",
    "Chan",
    "ChannelClosed",
    "Deadlock",
    "DeadlineExceeded",
    "ExceptHookArgs",
    "GoconcError",
    "Goroutine",
    "GoroutineExit",
    "RecvChan",
    "Selected",
    "SendChan",
    "Ticker",
    "Timer",
    "WouldBlock",
    "ablocking",
    "after",
    "after_func",
    "agosched",
    "aselect",
    "asleep",
    "blocking",
    "current",
    "excepthook",
    "go",
    "goexit",
    "gomaxprocs",
    "gosched",
    "lock_os_thread",
    "num_goroutine",
    "run",
    "select",
    "shield",
    "sleep",
    "tick",
    "unlock_os_thread",
]
