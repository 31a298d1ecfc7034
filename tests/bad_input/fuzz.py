"""Random calls with random junk, for so many seconds: ``python fuzz.py SEED SECONDS``. Run by test_fuzz.py, in a process of its own."""

import asyncio
import faulthandler
import inspect
import random
import sys
import time
import warnings

from conftest import JUNK, OBJECTS, Lie

import goconc
from goconc import context, debug, errgroup, patterns, semaphore, singleflight, sync

MODULES = (goconc, sync, context, debug, errgroup, semaphore, singleflight, patterns)
KEYWORDS = (
    "timeout", "ctx", "default", "limit", "workers", "ordered", "n", "size", "capacity", "key", "slow", "within", "step", "total",
    "silence", "restarts", "backoff", "attempts", "on", "procs", "value", "progress",
)  # fmt: skip
METHODS = {
    "__init__", "__enter__", "__iter__", "__next__", "__aiter__", "__anext__", "__aenter__", "__await__", "__len__",
    "__call__", "__eq__", "__hash__", "__repr__", "__reduce__", "__bool__",
}  # fmt: skip
FAMILIES = (
    TypeError, ValueError, OverflowError, MemoryError, ImportError, TimeoutError, RuntimeError, StopIteration, StopAsyncIteration,
    goconc.GoconcError, Lie,
)  # fmt: skip
NEVER = (NotImplementedError, RecursionError)  # though they are RuntimeErrors


def generator(*args):
    yield from args


async def coroutine_function(*args):
    await goconc.agosched()
    return args


def block(thing):
    with thing as inner:
        return inner


def block_that_fails(thing):
    with thing:
        raise ValueError


async def async_block(thing):
    async with thing as inner:
        return inner


NUMBERS = [-1, 0, 1, 2, 3, 0.001, 2**31, 2**63, -(2**70), 10**400, float("-inf"), True, 1j]
OTHERS = [
    None,
    "",
    "text",
    b"bytes",
    (),
    (1, 2),
    object(),
    int,
    ValueError,
    ValueError("error"),
    range(3),
    "wait",
    "drop_oldest",
]
CALLABLES = [
    abs,
    len,
    generator,
    coroutine_function,
    block,
    block_that_fails,
    async_block,
    lambda *args: None,
    lambda *args: args,
]
VALUES = [*NUMBERS, *OTHERS, *CALLABLES, *JUNK.values()]


def public_things():
    things = [getattr(module, name) for module in MODULES for name in module.__all__]
    # Not what prints, and no protocols: nobody calls them.
    return [
        each
        for each in things
        if callable(each) and not getattr(each, "_is_protocol", False) and each is not goconc.excepthook
    ]


def functions_of(thing):
    """What can be called on an object of ours, or the thing itself."""
    if not type(thing).__module__.startswith("goconc"):
        return [thing]
    names = [name for name in dir(type(thing)) if not name.startswith("_") or name in METHODS]
    return [getattr(thing, name) for name in names if callable(inspect.getattr_static(thing, name, None))] or [thing]


async def awaited(thing):
    return await thing


def outcome(goroutine):
    """What comes of it in a moment."""
    try:
        return goroutine.join(timeout=0.005)
    except TimeoutError:
        goroutine.cancel()
    except Exception as error:
        check(error)


def check(error):
    if isinstance(error, NEVER) or not isinstance(error, FAMILIES):
        raise AssertionError(f"no error of bad input: {error!r}") from error


def one_call(rng, pool):
    """Makes a random call in a goroutine of its own. What it returns may become an argument."""
    function = rng.choice(functions_of(rng.choice(pool)))
    if not callable(function):
        return
    args = [rng.choice(pool) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4)))]
    kwargs = {rng.choice(KEYWORDS): rng.choice(pool) for _ in range(rng.choice((0, 0, 0, 1, 2)))}
    result = outcome(goconc.go(lambda: function(*args, **kwargs)))
    if inspect.isawaitable(result) and not isinstance(result, asyncio.Future):
        result = outcome(goconc.go(awaited(result)))
    if result is not None and len(pool) < 500:
        pool.append(result)


def main(rng, until):
    pool = [*public_things() * 3, *VALUES, *(make() for make, _ in OBJECTS.values())]
    for calls in range(200):
        if time.monotonic() > until:
            return calls
        one_call(rng, pool)
    return 200


def fuzz(seed, seconds):
    rng = random.Random(seed)
    until = time.monotonic() + seconds
    calls = 0
    while time.monotonic() < until:
        try:
            calls += goconc.run(main, rng, until)
        except AssertionError:
            raise
        except Exception as error:  # of a goroutine that nobody joined
            check(error)
    print(calls, "calls")


if __name__ == "__main__":
    faulthandler.enable()
    faulthandler.dump_traceback_later(60 + 3 * float(sys.argv[2]), exit=True)
    warnings.simplefilter("ignore")  # operations that are never awaited
    fuzz(int(sys.argv[1]), float(sys.argv[2]))
