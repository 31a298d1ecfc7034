"""Code that Python calls in the middle of an operation uses the channel that the operation is about (PY-04, PY-08)."""

import sys

import pytest

HEAD = """
import gc, os, signal, sys, threading, time, weakref
import goconc
from goconc import Chan, go

ch = Chan(2)
calls = [0]

def touch(value=None):
    # Everything that does not wait, on the channel that is interrupted.
    calls[0] += 1
    try:
        ch.send_nowait(value)
    except goconc.WouldBlock:
        pass
    try:
        ch.recv_nowait()
    except goconc.WouldBlock:
        pass
    len(ch), repr(ch)
    try:
        if calls[0] % 10 == 0:
            go(int)
        if calls[0] % 7 == 0:
            goconc.after_func(0.0001, int).stop()
    except RuntimeError as error:
        assert "its run() is ending" in str(error)

def step():
    try:
        ch.send(1, timeout=0.0005)
    except TimeoutError:
        pass
    try:
        ch.recv(timeout=0.0005)
    except TimeoutError:
        pass
    goconc.select(ch, (ch, 1), default=True)
    goconc.gosched()

async def astep():
    try:
        await ch.asend(1, timeout=0.0005)
    except TimeoutError:
        pass
    try:
        await ch.arecv(timeout=0.0005)
    except TimeoutError:
        pass
    await goconc.aselect(ch, (ch, 1), default=True)
    await goconc.agosched()

def begin():
    pass

def plain(done):
    begin()
    while not done():
        step()

async def suspending(done):
    begin()
    while not done():
        await astep()

def both_kinds(done):
    handles = [go(body, done) for body in (plain, suspending) * 2]
    for handle in handles:
        handle.join()
    assert calls[0] > 50, calls
    print("fine", flush=True)
"""

PROGRAMS = {
    "trace": """
inside = threading.local()

def trace(frame, event, arg):
    if not getattr(inside, "it", False):
        inside.it = True
        touch()
        inside.it = False
    return trace

def main(setter):
    global begin
    calls[0] = 0
    begin = lambda: setter(trace)  # a goroutine may have a thread of its own
    begin()
    try:
        both_kinds(lambda: calls[0] > 2000)
    finally:
        setter(None)

goconc.run(main, sys.settrace)
goconc.run(main, sys.setprofile)
""",
    "finalizers": """
class Final:
    def __init__(self):
        self.cycle = self
    def __del__(self):
        touch(Value())

class Value:
    def __del__(self):
        touch()

refs = []

def make():
    final = Final()
    refs.append(weakref.ref(final, lambda ref: touch()))
    ch_value = Value()

def done():
    make()
    return calls[0] > 3000

gc.set_threshold(10)
goconc.run(both_kinds, done)
calls[0] = 0
goconc.run(both_kinds, done)
gc.set_threshold(700)
gc.collect()
sys.stdout.flush()
os._exit(0)
""",
    "signals": """
def handler(*args):
    touch()
    here = goconc.current()
    if here is not None and here.name == "plain":  # it may wait, like any code of a plain goroutine
        goconc.gosched()
        goconc.sleep(0.0001)
        there = Chan()
        go(there.send, 1)
        assert there.recv() == 1
        assert go(goconc.blocking, int).join() == goconc.blocking(int) == 0

def main():
    goconc.current().name = "plain"
    plain(lambda: calls[0] > 100)

async def amain():
    await suspending(lambda: calls[0] > 100)

def idle():
    while calls[0] <= 100:
        goconc.sleep(0.01)

async def aidle():
    while calls[0] <= 100:
        await goconc.asleep(0.01)

def thread():
    while calls[0] <= 100:
        there = Chan()
        go(there.send, 1)
        there.recv()

def runs():
    while calls[0] <= 100:
        goconc.run(lambda: go(int).join())

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for body in (main, amain, idle, aidle):
    calls[0] = 0
    goconc.run(body)
for body in (thread, runs):
    calls[0] = 0
    body()
signal.setitimer(signal.ITIMER_REAL, 0)
print("fine\\nfine")
""",
    # The very first goroutine outside a run() starts a thread, which handlers interrupt too.
    "signals at the start": """
signal.signal(signal.SIGALRM, lambda *args: (touch(), go(int), time.sleep(0.0003)))
started = threading.Thread.start

def interrupted(self):
    signal.raise_signal(signal.SIGALRM)
    started(self)
    signal.raise_signal(signal.SIGALRM)

threading.Thread.start = interrupted
assert go(lambda: 5).join(timeout=20) == 5
assert goconc.run(lambda: goconc.blocking(lambda: 6)) == 6
threading.Thread.start = started
signal.signal(signal.SIGALRM, signal.SIG_IGN)  # a worker started late raises it when the interpreter shuts down, and go() raises then
print("fine\\nfine")
""",
}


@pytest.mark.parametrize("procs", ["1", "4"])
@pytest.mark.parametrize("what", PROGRAMS)
def test_who_is_called_in_between_may_use_the_channel(what, procs, output_of):
    # rule PY-04, PY-08
    if "signals" in what and not hasattr(__import__("signal"), "setitimer"):
        pytest.skip("sends POSIX signals")
    assert output_of(HEAD + PROGRAMS[what], GOCONC_MAXPROCS=procs) == "fine\nfine\n"


DEBUGGED = """
import goconc

def body(n):
    here = n + 1
    breakpoint()
    goconc.gosched()
    return here

async def abody(n):
    here = n + 1
    breakpoint()
    await goconc.agosched()
    return here

def main(fn):
    others = [goconc.go(goconc.sleep, 1000) for _ in range(2)]
    return goconc.go(fn, 40).join()

print(goconc.run(main, body), goconc.run(main, abody))
"""


def test_a_debugger_stops_in_a_goroutine(tmp_path, output_of):
    # rule PY-08: it shows the goroutine's own frames and names, steps over a suspension, and changes what it likes
    path = tmp_path / "debugged.py"
    path.write_text(DEBUGGED)
    commands = "n\np here, goconc.current().id\nw\nn\nhere = 70\nc\n" * 2
    out = output_of(path, input=commands, PYTHONBREAKPOINT="pdb.set_trace", GOCONC_MAXPROCS="1")
    kept = (
        70 if sys.version_info >= (3, 13) else 41
    )  # before, pdb forgets what it changed when it has shown a stack, here as anywhere
    assert out.splitlines()[-1].endswith(f"{kept} {kept}")
    assert out.count("(41, ") == 2
    assert "in main" not in out.replace("goconc.run(main", "")


def test_a_profiler_of_the_standard_library(kind):
    # rule PY-08
    import cProfile
    import pstats

    async def body(n):
        await kind.gosched()
        return n

    async def main():
        handles = [kind.go(body, n) for n in range(10)]
        return [await kind.join(handle) for handle in handles]

    profile = cProfile.Profile()
    assert profile.runcall(kind.run, main) == list(range(10))
    counts = {name: calls[1] for (_, _, name), calls in pstats.Stats(profile).stats.items()}
    assert counts["body"] >= 10


def test_a_subinterpreter_cannot_import_it(output_of):
    # rule PY-10: an ImportError that says so, and no harm to who goes on
    program = """
try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters
import goconc
inner = _interpreters.create()
_interpreters.run_string(inner, '''
try:
    import goconc
except ImportError as error:
    print(error, flush=True)
''')
_interpreters.destroy(inner)
print(goconc.run(lambda: goconc.go(lambda: 5).join()))
"""
    first, *_, last = output_of(program).splitlines()
    assert "interpreter" in first  # the words are Python's own or Cython's
    assert last == "5"
