"""Ctrl-C is raised in main, wherever main waits and whatever the others do."""

import os
import signal
import statistics
import subprocess
import sys
import time

import pytest

import goconc

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

SOON = 30  # seconds; the rule says 0.2, on a quiet machine

PROGRAM = """
import signal, sys, threading, time
import goconc
from goconc import Chan, go

def ready():
    go(goconc.sleep, 1000)  # without a sleeper, whoever waits for nobody is told of a deadlock
    print("ready", flush=True)

def spin():
    while True:
        pass

def spin_in_steps():
    while True:
        goconc.gosched()

async def aspin():
    while True:
        pass

async def say_ready():
    ready()

events = []

def never():
    try:
        Chan().recv()
    finally:
        events.append("clean-up")

{body}

before = signal.getsignal(signal.SIGINT)
start = time.monotonic()
try:
    goconc.run(main)
except KeyboardInterrupt:
    print("interrupted", *events, flush=True)
assert signal.getsignal(signal.SIGINT) is before
"""

MAINS = {
    "recv": "def main():\n    go(ready)\n    Chan().recv()",
    "send": "def main():\n    go(ready)\n    Chan().send(1)",
    "select": "def main():\n    go(ready)\n    goconc.select(Chan(), (Chan(), 1))",
    "no cases": "def main():\n    go(ready)\n    goconc.select()",
    "sleep": "def main():\n    go(ready)\n    goconc.sleep(1000)",
    "join": "def main():\n    go(ready)\n    go(goconc.sleep, 1000).join()",
    "recv with a timeout": "def main():\n    go(ready)\n    Chan().recv(timeout=1000)",
    "for": "def main():\n    go(ready)\n    list(goconc.tick(0.001))",
    "blocking": "def main():\n    go(ready)\n    goconc.blocking(time.sleep, 3)",
    "async recv": "async def main():\n    go(say_ready)\n    await Chan().arecv()",
    "async select": "async def main():\n    go(say_ready)\n    await goconc.aselect(Chan(), Chan())",
    "async sleep": "async def main():\n    go(say_ready)\n    await goconc.asleep(1000)",
    "async join": "async def main():\n    go(say_ready)\n    await go(goconc.sleep, 1000)",
    "beside one that computes": "def main():\n    go(spin)\n    ready()\n    Chan().recv()",
    "beside an async one that computes": "def main():\n    go(aspin)\n    ready()\n    Chan().recv()",
    "async, beside one that computes": "async def main():\n    go(spin)\n    ready()\n    await Chan().arecv()",
    "asleep, beside one that computes": "def main():\n    go(spin)\n    ready()\n    goconc.sleep(1000)",
    "beside many that yield": "def main():\n    for _ in range(10): go(spin_in_steps)\n    ready()\n    Chan().recv()",
    "while it computes": "def main():\n    ready()\n    spin()",
    "async, while it computes": "async def main():\n    ready()\n    await aspin()",
    "while it sleeps in its thread": "def main():\n    ready()\n    time.sleep(1000)",
    "while it yields": "def main():\n    ready()\n    spin_in_steps()",
    "in a ping-pong": "def main():\n    a, b = Chan(), Chan()\n    def other():\n        for v in a: b.send(v)\n"
    "    go(other)\n    ready()\n    while True:\n        a.send(1); b.recv()",
}


@pytest.fixture(autouse=True, params=["1", "4"], ids=["one processor", "four"])
def of_so_many(request, monkeypatch):
    """The programs have so many processors."""
    monkeypatch.setenv("GOCONC_MAXPROCS", request.param)


class Program:
    def __init__(self, body):
        package = os.path.dirname(os.path.dirname(goconc._core.__file__))
        command = [sys.executable, "-X", "faulthandler", "-c", PROGRAM.replace("{body}", body)]
        environment = {**os.environ, "PYTHONPATH": package}
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip

    def __enter__(self):
        assert self.process.stdout.readline() == "ready\n", self.process.stderr.read()
        time.sleep(0.03)
        return self

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self):
        try:
            return (*self.process.communicate(timeout=SOON), self.process.returncode)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler says where it hangs
            out, err = self.process.communicate()
            raise AssertionError(f"it did not end:\n{out}\n{err}") from None

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize("where", MAINS)
def test_it_reaches_main(where):
    # rule PY-02
    with Program(MAINS[where]) as program:
        program.interrupt()
        assert program.end() == ("interrupted\n", "", 0)


SOON_ENOUGH = {
    "parked": "def main():\n    answer(lambda: Chan().recv(timeout=1000))",
    "parked, beside one that computes": "def main():\n    go(spin)\n    answer(lambda: Chan().recv(timeout=1000))",
    "asleep, beside an async one that computes": "def main():\n    go(aspin)\n    answer(lambda: goconc.sleep(1000))",
    "computing": "def main():\n    answer(spin)",
    "async": "async def main():\n    await aanswer(lambda: Chan().arecv(timeout=1000))",
    "async, beside one that yields": "async def main():\n    go(spin_in_steps)\n    await aanswer(lambda: goconc.asleep(1000))",
}

ANSWERS = """
INTERRUPTS = 7

def answer(wait):
    for _ in range(INTERRUPTS):
        try:
            print("ready", flush=True)
            wait()
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)

async def aanswer(wait):
    for _ in range(INTERRUPTS):
        try:
            print("ready", flush=True)
            await wait()
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)

"""


@pytest.mark.not_on_threads("nobody can make another thread give way", only="parked, beside one that computes")
@pytest.mark.not_on_threads("nobody can make another thread give way", only="asleep, beside an async one that computes")
@pytest.mark.parametrize("where", SOON_ENOUGH)
def test_within_a_fifth_of_a_second(where):
    # rule PY-02: most times; a busy machine may need longer once
    with Program(ANSWERS + SOON_ENOUGH[where]) as program:
        times = []
        for n in range(7):
            if n:
                assert program.process.stdout.readline() == "ready\n"
                time.sleep(0.013 * n)
            sent = time.monotonic()
            program.interrupt()
            times.append(float(program.process.stdout.readline()) - sent)
        assert statistics.median(times) < 0.2, times
        assert program.end() == ("", "", 0)


@pytest.mark.not_on_threads("nobody can make another thread give way")
@pytest.mark.parametrize("main_kind", ["plain", "async"])
def test_main_comes_first_every_time(main_kind, kind, make_kind, one_processor):
    # rule PY-02, SCH-03: also when it is the turn of those that others are about to starve
    caught, missed, ch, mains = [], [], goconc.Chan(), make_kind(main_kind)

    async def others():
        while len(caught) < 130:
            await kind.gosched()

    async def interrupt():
        for n in range(130):
            signal.raise_signal(signal.SIGINT)
            if len(caught) != n + 1:
                missed.append(n)
        for _ in range(200):  # whoever was missed comes now
            await kind.gosched()
        ch.close()

    async def main():
        kind.go(others)
        kind.go(interrupt)
        while not ch.closed:
            try:
                await mains.recv_ok(ch)
            except KeyboardInterrupt:
                caught.append(1)

    mains.run(main)
    assert (len(caught), missed) == (130, [])


def test_the_others_are_unwound():
    # rule PY-02, GO-20
    body = "def main():\n    for _ in range(3): go(never)\n    goconc.sleep(0.01)\n    ready()\n    Chan().recv()"
    with Program(body) as program:
        program.interrupt()
        assert program.end() == ("interrupted clean-up clean-up clean-up\n", "", 0)


@pytest.mark.parametrize("kind_name", ["plain", "async"])
def test_main_may_catch_it_and_go_on(kind_name):
    # rule PY-02, SEL-22: what it waited in is left clean
    plain = """
def main():
    ch = Chan()
    for _ in range(3):
        try:
            ready()
            ch.recv()
        except KeyboardInterrupt:
            events.append("caught")
            try:
                ch.send_nowait("to nobody")
            except goconc.WouldBlock:
                pass
    go(ch.send, "went on")
    events.append(ch.recv())
    raise KeyboardInterrupt
"""
    suspending = plain.replace("def main", "async def main").replace("ch.recv()", "(await ch.arecv())")
    with Program(plain if kind_name == "plain" else suspending) as program:
        for n in range(3):
            program.interrupt()
            if n < 2:
                assert program.process.stdout.readline() == "ready\n"
                time.sleep(0.03)
        assert program.end() == ("interrupted caught caught caught went on\n", "", 0)


@pytest.mark.not_on_threads(
    "whoever does not let main come in 0.3 s gets it too: nobody can make another thread give way"
)
def test_a_goroutine_does_not_get_what_is_main_s():
    # rule PY-02
    body = """
def other():
    try:
        while True:
            pass
    except KeyboardInterrupt:
        events.append("wrong goroutine")
        raise

def main():
    go(other)
    ready()
    Chan().recv()
"""
    with Program(body) as program:
        program.interrupt()
        assert program.end() == ("interrupted\n", "", 0)


def test_a_handler_of_the_user_s_own_is_left_in_place():
    # rule PY-02
    body = """
def main():
    ch = Chan(1)
    ours = lambda *args: ch.send_nowait("handled")
    signal.signal(signal.SIGINT, ours)
    ready()
    events.append(ch.recv())
    assert signal.getsignal(signal.SIGINT) is ours
    signal.signal(signal.SIGINT, before)
    raise KeyboardInterrupt
"""
    with Program(body) as program:
        program.interrupt()
        assert program.end() == ("interrupted handled\n", "", 0)


def test_other_signals_handlers_run_and_may_use_channels():
    # rule PY-08
    body = """
def main():
    ch = Chan(1)
    signal.signal(signal.SIGUSR1, lambda *args: ch.send_nowait("signalled"))
    ready()
    events.append(ch.recv())
    raise KeyboardInterrupt
"""
    with Program(body) as program:
        program.process.send_signal(signal.SIGUSR1)
        assert program.end() == ("interrupted signalled\n", "", 0)


def test_what_another_signal_s_handler_raises_comes_out_of_main():
    # rule PY-02
    body = """
class Stop(KeyboardInterrupt):
    pass

def stop(*args):
    raise Stop

def main():
    signal.signal(signal.SIGTERM, stop)
    ready()
    Chan().recv()
"""
    with Program(body) as program:
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == ("interrupted\n", "", 0)


def test_outside_run_a_thread_that_waits_is_interrupted():
    # rule PY-02
    body = """
def main():
    raise KeyboardInterrupt

ready()
try:
    Chan().recv()
except KeyboardInterrupt:
    events.append("outside")
"""
    with Program(body) as program:
        program.interrupt()
        assert program.end() == ("interrupted outside\n", "", 0)


def test_uncaught_it_ends_the_program_as_python_does():
    # rule PY-02
    body = "def main():\n    ready()\n    Chan().recv()\nexcept_nothing = True\ngoconc.run(main)"
    with Program(body) as program:
        program.interrupt()
        _, err, code = program.end()
        assert code in (-signal.SIGINT, 130, 1)
        assert "KeyboardInterrupt" in err


def test_the_handler_is_restored_after_every_kind_of_end():
    # rule PY-02
    def fail():
        raise ValueError

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        seen = []
        goconc.run(lambda: seen.append(signal.getsignal(signal.SIGINT)))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        with pytest.raises(ValueError):
            goconc.run(fail)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        goconc.run(lambda: None)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_reaches_the_run_that_waits_after_goexit_in_main():
    # rule PY-02, GO-15
    with Program("def main():\n    go(never)\n    ready()\n    goconc.goexit()") as program:
        program.interrupt()
        assert program.end() == ("interrupted clean-up\n", "", 0)


class Raised(Exception):
    pass


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("name", ["getsignal", "signal"])
def test_a_handler_that_raises_at_the_edges_of_run_skips_nothing(kind, monkeypatch, name, call, after):
    # rule PY-02, PY-08. Handlers run inside these two functions, which run() calls at its beginning and at its end.
    real = getattr(signal, name)
    calls, seen = [], []

    def interrupted(*args):
        calls.append(args)
        seen.append(goconc.current())
        if len(calls) != call:
            return real(*args)
        if after:
            real(*args)
        raise Raised

    before = signal.getsignal(signal.SIGINT)
    assert before is signal.default_int_handler
    monkeypatch.setattr(signal, name, interrupted)
    with pytest.raises(Raised):
        kind.run(kind.gosched)
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is before
    assert seen == [None] * len(seen)
    assert kind.run(kind.gosched) is None


def test_ctrl_c_at_the_very_end_of_run(kind, monkeypatch):
    # rule PY-02: main has ended, and nobody else is there to raise it in
    real = signal.signal

    pressed = []

    def interrupted(number, handler):
        if handler is signal.default_int_handler and not pressed:
            pressed.append(True)
            signal.raise_signal(signal.SIGINT)
        return real(number, handler)

    monkeypatch.setattr(signal, "signal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kind.run(kind.gosched)
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert kind.run(kind.gosched) is None
