"""What the tables of bad input share.

A row is ``call | error | what the message says``. The call is tried wherever it may be made: without an `await` in a thread and in a
plain goroutine, with one in an async goroutine and in a task of asyncio. It raises exactly that error, and leaves every object that it
names as it was: see `OBJECTS`.
"""

import ast
import asyncio
import inspect

import pytest

import goconc
from goconc import Chan, WouldBlock, context, debug, errgroup, patterns, semaphore, singleflight, sync

MODULES = {
    module.__name__.rpartition(".")[2]: module
    for module in (context, debug, errgroup, patterns, semaphore, singleflight, sync)
}
BACKGROUND = context.background()


class Lie(Exception):
    """What `Lies` raises."""


def lie(*args):
    raise Lie


class Lies:
    """Claims to be a number, iterable, hashable and callable, and raises whatever it is asked."""

    __index__ = __float__ = __hash__ = __eq__ = __bool__ = __call__ = __iter__ = __aiter__ = lie


class Wrong:
    """Answers with what is of the wrong type."""

    __index__ = __float__ = __hash__ = lambda self: "wrong"


class Foreign:
    """A context by its methods; what it says is made up."""

    def __init__(self, done, error):
        self.done = lambda: done
        self.err = lambda: error
        self.value = self.deadline = lambda *args: None


async def coroutine_function():
    return 1


async def async_generator():
    yield 1


JUNK = {
    "nothing": object(),
    "nan": float("nan"),
    "inf": float("inf"),
    "vast": 10**5000,  # CPython prints no such number
    "lies": Lies(),
    "wrong": Wrong(),
    "Foreign": Foreign,
    "queue": asyncio.Queue(),
    "coroutine_function": coroutine_function,
    "async_generator": async_generator,
    "BACKGROUND": BACKGROUND,
}


def would_block(*calls):
    for call in calls:
        with pytest.raises(WouldBlock):
            call()


def buffered():
    ch = Chan(2)
    ch.send_nowait("there")
    return ch


def is_buffered(ch):
    """Nothing was sent or received, nobody waits for it, and it works."""
    assert (len(ch), ch.cap, ch.closed, ch.recv_nowait()) == (1, 2, False, "there")
    would_block(ch.recv_nowait)
    ch.send_nowait(1)
    ch.send_nowait(2)
    would_block(lambda: ch.send_nowait(3))
    assert (ch.recv_nowait(), ch.recv_nowait()) == (1, 2)


def is_unbuffered(ch):
    would_block(ch.recv_nowait, lambda: ch.send_nowait(1))


def closed():
    ch = buffered()
    ch.close()
    return ch


def is_closed(ch):
    assert (len(ch), ch.closed, ch.recv_ok(), ch.recv_ok()) == (1, True, ("there", True), (None, False))


def ended():
    g = goconc.go(lambda: 7)
    g.join()
    g.name = "ended"
    return g


def is_ended(g):
    assert (g.join(), g.name) == (7, "ended")


def is_timer(timer):
    assert timer.stop() is True


def is_ticker(ticker):
    ticker.stop()
    would_block(ticker.c.recv_nowait)


def is_pair(pair):
    assert pair[0].err() is None
    pair[1]()
    assert pair[0].err() is not None


def is_mutex(mu):
    assert mu.try_lock()
    mu.unlock()


def is_rwmutex(rw):
    assert rw.try_lock()
    rw.unlock()
    assert rw.try_rlock()
    rw.runlock()


def waitgroup():
    wg = sync.WaitGroup()
    wg.add(1)
    return wg


def is_waitgroup(wg):
    with pytest.raises(TimeoutError):
        wg.wait(timeout=0)
    wg.done()
    wg.wait()


def is_once(once):
    calls = []
    once.do(lambda: calls.append(1))
    assert calls == [1]


def is_cond(cond):
    assert not cond._line
    is_mutex(cond.l)


def table():
    made = sync.Map()
    made.store("key", "value")
    return made


def value():
    made = sync.AtomicValue()
    made.store("value")
    return made


def is_semaphore(sem):
    assert sem.try_acquire(2)
    assert not sem.try_acquire(1)
    sem.release(2)


def is_group(group):
    assert group.go(lambda: 1).join() == 1
    assert group.limit is None
    group.wait()


def is_flight(flight):
    assert not flight._calls
    assert flight.do("key", lambda: 1) == (1, False)


def is_stream(stream):
    would_block(stream.receiver.recv_nowait)
    stream.close()


def is_dog(dog):
    assert dog.ctx.err() is None
    dog.close()


# The objects that rows name: how each is made, and what holds as long as nothing has happened to it.
OBJECTS = {
    "ch": (buffered, is_buffered),
    "empty": (Chan, is_unbuffered),
    "shut": (closed, is_closed),
    "ended": (ended, is_ended),
    "operation": (lambda: Chan().arecv(), lambda operation: operation.close()),
    "coroutine": (coroutine_function, lambda coroutine: coroutine.close()),
    "timer": (lambda: goconc.Timer(1000), is_timer),
    "ticker": (lambda: goconc.Ticker(1000), is_ticker),
    "called": (lambda: goconc.after_func(1000, print), is_timer),
    "shielded": (goconc.shield, lambda shielded: None),
    "pair": (lambda: context.with_cancel(BACKGROUND), is_pair),
    "cause_pair": (lambda: context.with_cancel_cause(BACKGROUND), is_pair),
    "watch": (lambda: context.after_func(context.with_cancel(BACKGROUND)[0], print), lambda watch: watch()),
    "mu": (sync.Mutex, is_mutex),
    "rw": (sync.RWMutex, is_rwmutex),
    "side": (lambda: sync.RWMutex().rlocker(), is_mutex),
    "wg": (waitgroup, is_waitgroup),
    "once": (sync.Once, is_once),
    "cond": (sync.Cond, is_cond),
    "pool": (sync.Pool, lambda pool: None),
    "table": (table, lambda table: list(table) == [("key", "value")] or pytest.fail("the map was changed")),
    "number": (lambda: sync.AtomicInt(7), lambda number: number.load() == 7 or pytest.fail("it was changed")),
    "flag": (lambda: sync.AtomicBool(True), lambda flag: flag.load() is True or pytest.fail("it was changed")),
    "ref": (lambda: sync.AtomicRef("ref"), lambda ref: ref.load() == "ref" or pytest.fail("it was changed")),
    "value": (value, lambda value: value.load() == "value" or pytest.fail("it was changed")),
    "sem": (lambda: semaphore.Weighted(2), is_semaphore),
    "none": (lambda: semaphore.Weighted(0), lambda sem: repr(sem) == "<Weighted 0 of 0 taken>" or pytest.fail(repr(sem))),
    "group": (errgroup.Group, is_group),
    "flight": (singleflight.Group, is_flight),
    "items": (lambda: iter([1, 2, 3]), lambda items: list(items) == [1, 2, 3] or pytest.fail("a value was taken")),
    "stream": (lambda: patterns.source(Chan()), is_stream),
    "limiter": (lambda: patterns.Limiter(1e-3, 3), lambda limiter: limiter.try_acquire(3) or pytest.fail("a token was taken")),
    "dog": (lambda: patterns.Watchdog(1000), is_dog),
    "topic": (lambda: patterns.broadcast(Chan()), lambda topic: topic.close()),
}  # fmt: skip


class World:
    """The names that a row may use, with new objects."""

    def __init__(self, names):
        self.objects = {name: make() for name, (make, _) in OBJECTS.items() if name in names}
        self.names = {**vars(goconc), **MODULES, **JUNK, **self.objects}
        self.goroutines = goconc.num_goroutine()

    def check(self, eventually):
        eventually(lambda: goconc.num_goroutine() <= self.goroutines, "the end of what a refused call started")
        for name, made in self.objects.items():
            OBJECTS[name][1](made)


async def awaited(code, names):
    await eval(code, names)


async def called(code, names):
    eval(code, names)


PLACES = {
    "thread": eval,
    "plain": lambda code, names: goconc.run(eval, code, names),
    "async": lambda code, names: goconc.run(awaited, code, names),
    "task": lambda code, names: asyncio.run(awaited(code, names)),
    # where nothing may block
    "in a coroutine": lambda code, names: goconc.run(called, code, names),
    "in a loop": lambda code, names: asyncio.run(called(code, names)),
}


@pytest.fixture
def refused(eventually):
    """Makes the call of a row in all places, and sees that it is refused as the row says, with nothing half done."""

    def check(row, places=None):
        call, error, message = (part.strip() for part in row.split("|", 2))
        code = compile(call, "<row>", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for place in places or (["async", "task"] if code.co_flags & inspect.CO_COROUTINE else ["thread", "plain"]):
            world = World(code.co_names)
            with pytest.raises(Exception, match=message or None) as raised:
                PLACES[place](code, world.names)
            wanted = Lie if error == "Lie" else eval(error, vars(goconc))
            assert raised.type is wanted, f"{place}: {raised.value!r}"
            del raised
            world.check(eventually)

    return check


def public_callables(module):
    """The names of functions, classes, and what can be called or set on instances; exceptions and protocols take anything."""
    found = set()
    for name in module.__all__:
        thing = getattr(module, name)
        if not isinstance(thing, type):
            found.update({name} if inspect.isroutine(thing) else ())
        elif not issubclass(thing, BaseException) and not getattr(thing, "_is_protocol", False):
            found.add(name)
            found.update(f"{name}.{attribute}" for attribute in dir(thing) if takes_something(thing, attribute))
    return found


def takes_something(cls, attribute):
    if attribute.startswith("_") or attribute in dir(tuple):
        return attribute == "__call__"
    found = inspect.getattr_static(cls, attribute)
    return (
        inspect.isroutine(found)
        or getattr(found, "fset", None) is not None
        or (cls, attribute) == (goconc.Goroutine, "name")
    )


def name_of_called(row):
    """What the call of a row calls: ``function``, ``Class`` or ``Class.method``."""

    def value(node):
        code = compile(ast.Expression(node), "<row>", "eval")
        return eval(code, World(code.co_names).names)

    call = ast.parse(row.split("|")[0].strip(), mode="eval").body
    call = call.value if isinstance(call, ast.Await) else call
    if isinstance(call.func, ast.Name) and call.func.id == "setattr":
        return f"{type(value(call.args[0])).__name__}.{call.args[1].value}"
    if isinstance(call.func, ast.Name) and call.func.id not in OBJECTS:
        return call.func.id
    if isinstance(call.func, ast.Attribute):
        owner = value(call.func.value)
        return call.func.attr if inspect.ismodule(owner) else f"{type(owner).__name__}.{call.func.attr}"
    return f"{type(value(call.func)).__name__}.__call__"


@pytest.fixture
def covers_all():
    """Whether a table has a row for each public callable of a module; ``anything`` names those that no argument is wrong for."""

    def check(module, table, anything=()):
        covered = {name_of_called(row) for row in table}
        public = public_callables(module)
        assert public - covered == set(anything)

    return check


@pytest.fixture
def objects():
    """All objects that rows name, new; and a function that sees that nothing has happened to one of them."""
    made = {name: make() for name, (make, _) in OBJECTS.items()}
    return made, lambda name: OBJECTS[name][1](made[name])


@pytest.fixture
def junk():
    """Values that hardly any argument may have."""
    return dict(JUNK)
