"""Random calls with random junk: ordinary exceptions only, no hang, no crash."""

import asyncio
import inspect
import os
import time

import pytest

import goconc
from goconc import context, errgroup, patterns, semaphore, singleflight, sync

SECONDS = float(os.environ.get("GOCONC_STRESS_SECONDS") or 1)
MODULES = (goconc, sync, context, errgroup, semaphore, singleflight, patterns)
KEYWORDS = (
    "timeout", "ctx", "default", "limit", "workers", "ordered", "n", "size", "capacity", "key", "slow", "within", "step", "total", "silence",
    "restarts", "backoff", "attempts", "on", "procs", "value", "progress",
)  # fmt: skip
FAMILIES = (
    TypeError, ValueError, OverflowError, MemoryError, ImportError, TimeoutError, RuntimeError, KeyError, IndexError, StopIteration,
    StopAsyncIteration, ZeroDivisionError, goconc.GoconcError,
)  # fmt: skip
NEVER = (NotImplementedError, RecursionError)  # though they are RuntimeErrors
LEFT_OUT = {"excepthook", "run"}  # what prints, and what replaces the whole process's settings
METHODS = ("__init__", "__enter__", "__exit__", "__iter__", "__next__", "__aiter__", "__anext__", "__aenter__", "__await__", "__len__",
           "__call__", "__eq__", "__hash__", "__repr__", "__reduce__", "__bool__", "__class_getitem__")  # fmt: skip


def generator(*args):
    yield from args


async def coroutine_function(*args):
    await goconc.agosched()
    return args


def values(junk):
    """What arguments are drawn from, besides the objects."""
    numbers = [-1, 0, 1, 2, 3, 0.001, 2**31, 2**63, -(2**70), 10**400, float("nan"), float("inf"), float("-inf"), True, 1j]
    others = [None, "", "text", b"bytes", (), [], {}, object(), int, ValueError, ValueError("error"), range(3), "wait", "drop_oldest"]
    callables = [abs, len, generator, coroutine_function, lambda *args: None, lambda *args: args]
    return [*numbers, *others, *callables, patterns.Backoff(0.001), *junk.values()]


def callables_of(thing):
    names = [name for name in dir(type(thing)) if not name.startswith("_") or name in METHODS]
    return [getattr(thing, name) for name in names if callable(getattr(thing, name, None))]


async def awaited(thing):
    return await thing


def one_call(rng, pool):
    """Makes a random call in a goroutine of its own. What comes of it may become an argument."""
    thing = rng.choice(pool)
    function = rng.choice(callables_of(thing) or [thing]) if rng.random() < 0.6 else thing
    if not callable(function) or getattr(function, "__name__", "") in LEFT_OUT:
        return
    args = [rng.choice(pool) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4)))]
    kwargs = {rng.choice(KEYWORDS): rng.choice(pool) for _ in range(rng.choice((0, 0, 0, 1, 2)))}
    result = outcome(goconc.go(lambda: function(*args, **kwargs)))
    if inspect.isawaitable(result) and not isinstance(result, asyncio.Future):
        result = outcome(goconc.go(awaited(result)))
    if result is not None and len(pool) < 400:
        pool.append(result)


def outcome(goroutine):
    try:
        return goroutine.join(timeout=0.005)
    except TimeoutError:
        goroutine.cancel()
    except NEVER:
        raise
    except Exception as error:
        check_family(error)


def check_family(error):
    if type(error).__name__ != "Lie" and not isinstance(error, FAMILIES):
        raise AssertionError(f"no family: {error!r}") from error


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(60 + 3 * SECONDS)
def test_random_calls(rng, junk, objects):
    until = time.monotonic() + SECONDS
    public = [getattr(module, name) for module in MODULES for name in module.__all__]
    public = [thing for thing in public if callable(thing) and not getattr(thing, "_is_protocol", False)]
    made, _ = objects

    def main():
        pool = [*public * 3, *values(junk), *made.values(), *(goconc.Chan(n) for n in (0, 1, 2))]
        for _ in range(200):
            one_call(rng, pool)
            if time.monotonic() > until:
                return

    while time.monotonic() < until:
        try:
            goconc.run(main)
        except NEVER:
            raise
        except Exception as error:
            check_family(error)
    made["coroutine"].close()
