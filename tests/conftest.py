"""What the tests share: one body for every kind of caller, a watchdog, a leak check, repeatable random numbers.

A body is an ``async def`` that does everything through `kind`. As an async goroutine it awaits the `a` twins. As a
plain goroutine, or in an ordinary thread, the same body is driven by hand: there the adapter makes the blocking call
and the coroutine is never suspended.
"""

import asyncio
import gc
import os
import random
import signal
import subprocess
import sys
import sysconfig
import threading
import time

import pytest

# Who holds up others of its thread is said after a second, but tests do that on purpose, and on a busy machine any may.
os.environ.setdefault("GOCONC_BLOCKED_WARN", "60")

import goconc

SOON = 30.0  # no wait in these tests takes so long, unless something is broken
# Seconds for a test without a limit of its own; then all stacks are printed and the run ends.
WATCHDOG = 100 + 2 * float(os.environ.get("GOCONC_STRESS_SECONDS", "0"))


ENGINE = goconc._core.fiber_engine()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(WATCHDOG))
        for mark in item.iter_markers("not_on_threads"):
            if ENGINE == "threads" and holds_for(item, **mark.kwargs):
                item.add_marker(pytest.mark.skip(reason=f"GOCONC_FIBERS=threads: {mark.args[0]}"))


def pytest_collection_finish():
    """Collections in tests are of what the tests make: pytest's own objects, a million of them, would take most of the time."""
    gc.collect()
    gc.freeze()


def holds_for(item, only=None, free_threaded=False):
    """Whether a mark concerns this build, and this case of the test."""
    params = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return (only is None or only in params) and (not free_threaded or bool(sysconfig.get_config_var("Py_GIL_DISABLED")))


def drive(coroutine):
    """Runs a coroutine that never suspends, in the caller."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the body of a plain goroutine was suspended")


def eventually(condition, what="the condition"):
    """Waits, in an ordinary thread, until ``condition()`` holds."""
    limit = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < limit, f"{what} did not come true within {SOON} s"
        time.sleep(0.001)


def parked_words(goroutine):
    """What it waits on, in Go's words; "" if it is not parked."""
    status = repr(goroutine).rsplit("' ", 1)[1].rstrip(">")
    return "" if status in ("runnable", "running", "waiting", "done") else status


class PlainKind:
    """Blocking calls, in plain goroutines."""

    name = "plain"
    goroutines = True
    awaits = False  # it uses the awaitable twins

    def run(self, main, *args):
        return goconc.run(lambda: drive(main(*args)))

    def go(self, fn, *args):
        return goconc.go(lambda: drive(fn(*args)))

    async def join(self, handle, **limits):
        return handle.join(**limits)

    async def send(self, chan, value, **limits):
        return chan.send(value, **limits)

    async def recv(self, chan, **limits):
        return chan.recv(**limits)

    async def recv_ok(self, chan, **limits):
        return chan.recv_ok(**limits)

    async def select(self, *cases, **options):
        return goconc.select(*cases, **options)

    async def sleep(self, seconds):
        return goconc.sleep(seconds)

    async def gosched(self):
        goconc.gosched()

    async def values(self, chan, most=None):
        """The values of a ``for`` over ``chan``, left by ``break`` after ``most``."""
        found = []
        for value in chan:
            found.append(value)
            if len(found) == most:
                break
        return found

    async def parked(self, *handles, on=""):
        """Returns once each of ``handles`` is parked (on ``on``)."""
        limit = time.monotonic() + SOON
        for handle in handles:
            while not (words := parked_words(handle)) or on not in words:
                assert not handle.done(), f"{handle!r} was to be parked"
                assert time.monotonic() < limit, f"{handle!r} was to be parked"
                await self.gosched()


class AsyncKind(PlainKind):
    """Awaitable twins, in async goroutines."""

    name = "async"
    awaits = True

    def run(self, main, *args):
        return goconc.run(main, *args)

    def go(self, fn, *args):
        return goconc.go(fn, *args)

    async def join(self, handle, **limits):
        return await handle.ajoin(**limits)

    async def send(self, chan, value, **limits):
        return await chan.asend(value, **limits)

    async def recv(self, chan, **limits):
        return await chan.arecv(**limits)

    async def recv_ok(self, chan, **limits):
        return await chan.arecv_ok(**limits)

    async def select(self, *cases, **options):
        return await goconc.aselect(*cases, **options)

    async def sleep(self, seconds):
        return await goconc.asleep(seconds)

    async def gosched(self):
        await goconc.agosched()

    async def values(self, chan, most=None):
        found = []
        async for value in chan:
            found.append(value)
            if len(found) == most:
                break
        return found


class ThreadHandle:
    """An ordinary thread with a result."""

    def __init__(self, call):
        self._result = self._error = None
        self._thread = threading.Thread(target=self._main, args=(call,), daemon=True)
        self._thread.start()

    def _main(self, call):
        try:
            self._result = call()
        except BaseException as error:
            self._error = error

    def done(self):
        return not self._thread.is_alive()

    def join(self, *, timeout=SOON):
        self._thread.join(timeout)
        assert self.done(), "a thread did not end"
        if self._error is not None:
            raise self._error
        return self._result


class ThreadKind(PlainKind):
    """Blocking calls, in ordinary threads."""

    name = "thread"
    goroutines = False

    def __init__(self):
        self._handles = []

    def run(self, main, *args):
        try:
            return drive(main(*args))
        finally:
            for handle in self._handles:
                eventually(handle.done, "the end of a thread")

    def go(self, fn, *args):
        handle = ThreadHandle(lambda: drive(fn(*args)))
        self._handles.append(handle)
        return handle

    async def gosched(self):
        time.sleep(0)

    async def parked(self, *handles, on=""):
        """Nobody can tell. What is tested with threads has to hold whether they wait already or not."""
        time.sleep(0.01)


class TaskKind(AsyncKind):
    """Awaitable twins, in tasks of asyncio."""

    name = "task"
    goroutines = False

    def run(self, main, *args):
        return asyncio.run(main(*args))

    def go(self, fn, *args):
        return asyncio.ensure_future(fn(*args))

    async def join(self, handle, *, timeout=SOON):
        return await asyncio.wait_for(handle, timeout)

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)

    async def gosched(self):
        await asyncio.sleep(0)

    async def parked(self, *handles, on=""):
        """After a few turns of the loop each task has gone as far as it can."""
        for _ in range(10):
            await asyncio.sleep(0)
        assert not any(handle.done() for handle in handles)


KINDS = {"plain": PlainKind, "async": AsyncKind, "thread": ThreadKind, "task": TaskKind}


@pytest.fixture(params=["plain", "async"])
def kind(request):
    """Both kinds of goroutine."""
    return KINDS[request.param]()


@pytest.fixture(params=["plain", "async", "thread"])
def any_kind(request):
    """Both kinds of goroutine, and ordinary threads."""
    return KINDS[request.param]()


@pytest.fixture(params=["plain", "async", "thread", "task"])
def every_kind(request):
    """Both kinds of goroutine, ordinary threads, and tasks of asyncio."""
    return KINDS[request.param]()


@pytest.fixture(params=["plain", "async", "thread"])
def other_kind(request):
    """The other side of an operation, independent of `kind` or `any_kind`."""
    return KINDS[request.param]()


@pytest.fixture
def make_kind():
    """A kind by its name: "plain", "async", "thread"."""
    return lambda name: KINDS[name]()


@pytest.fixture
def thread():
    """Starts ``fn(*args)`` in an ordinary thread; the handle's ``join()`` gives its result or raises. All must end."""
    handles = []

    def start(fn, *args):
        handles.append(ThreadHandle(lambda: fn(*args)))
        return handles[-1]

    yield start
    for handle in handles:
        eventually(handle.done, "the end of a thread")


@pytest.fixture(name="eventually")
def eventually_fixture():
    return eventually


@pytest.fixture(name="parked_words")
def parked_words_fixture():
    return parked_words


@pytest.fixture(autouse=True)
def no_leaked_goroutines():
    """After every test as many goroutines exist as before it."""
    before = goconc.num_goroutine()
    yield
    eventually(lambda: goconc.num_goroutine() <= before, f"the end of {goconc.num_goroutine() - before} goroutines")
    assert goconc.num_goroutine() == before


# These count on nothing that one processor gives. The others do in places (orders, counters without a lock), and have one
# unless GOCONC_MAXPROCS says otherwise.
ON_EVERY_CORE = (
    "asyncio",
    "context",
    "errgroup",
    "patterns",
    "programs",
    "scheduler",
    "semaphore",
    "singleflight",
    "stress",
)


@pytest.fixture(autouse=True)
def processors(request):
    """As many processors as the tests of a folder are written for."""
    before = goconc.gomaxprocs()
    if "GOCONC_MAXPROCS" not in os.environ and request.path.parent.name not in ON_EVERY_CORE:
        goconc.gomaxprocs(1)
    yield
    goconc.gomaxprocs(before)


@pytest.fixture
def one_processor():
    """One goroutine runs at a time, on the thread of ``run()``: for what belongs to a thread, and for orders."""
    before = goconc.gomaxprocs(1)
    yield
    goconc.gomaxprocs(before)


@pytest.fixture(params=[1, 8], ids=["1 worker", "8 workers"])
def workers(request):
    """One processor, and more than there are cores."""
    before = goconc.gomaxprocs(request.param)
    yield request.param
    goconc.gomaxprocs(before)


@pytest.fixture
def rng():
    """Random numbers. The seed is printed when the test fails; GOCONC_SEED sets it."""
    seed = int(os.environ.get("GOCONC_SEED") or random.SystemRandom().randrange(2**32))
    print(f"GOCONC_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def collect():
    """Collects garbage, thoroughly: free-threaded, one pass may leave what another thread was about to drop."""

    def collect_garbage():
        for _ in range(3):
            gc.collect()

    return collect_garbage


@pytest.fixture
def settle():
    """Call it before looking whether something is gone. With a GIL it does nothing: references must fall at once.

    On a free-threaded build an async goroutine may have gone on in another thread; CPython then leaves the last decref
    to the thread that made the object, which a collection hurries up.
    """
    return gc.collect if sysconfig.get_config_var("Py_GIL_DISABLED") else lambda: None


@pytest.fixture
def python():
    """Runs a program, its text or the path of its file, in a process of its own; returns the process that ended.

    Variables are for its environment. One that hangs is stopped: the stacks of its threads are on its standard error then.
    """

    def run(program, *arguments, options=(), cwd=None, input="", at_most=90, **variables):
        package = os.path.dirname(os.path.dirname(goconc._core.__file__))
        what = ["-c", program] if isinstance(program, str) else [program]
        command = [sys.executable, "-X", "faulthandler", *options, *what, *arguments]
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": package, **variables}, cwd=cwd, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = process.communicate(input, timeout=at_most)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT if os.name == "posix" else signal.SIGTERM)
            out, err = process.communicate(timeout=10)
            err += f"\nnot ended after {at_most} s\n"
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    return run


@pytest.fixture
def output_of(python):
    """What a program prints that ends well and says nothing else."""

    def run(program, *arguments, **settings):
        done = python(program, *arguments, **settings)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    return run


@pytest.fixture
def in_event_loop():
    """Calls ``fn()`` on a thread whose asyncio loop is running."""

    def call(fn):
        async def body():
            return fn()

        return asyncio.run(body())

    return call
