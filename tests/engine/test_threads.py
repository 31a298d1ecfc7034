"""The engine of threads, in programs of their own. The whole suite runs on it too: GOCONC_FIBERS=threads pytest."""

import os
import signal
import subprocess
import sys
import time

import pytest

import goconc

PROGRAM = """
import asyncio, os, signal, sys, threading, time
import goconc
from goconc import Chan, go, run
from goconc._core import fiber_engine

assert fiber_engine() == "threads", fiber_engine()
{body}
print("done", flush=True)
"""


def start(body, engine="threads"):
    package = os.path.dirname(os.path.dirname(goconc._core.__file__))
    environment = {**os.environ, "PYTHONPATH": package, "GOCONC_FIBERS": engine}
    command = [sys.executable, "-X", "faulthandler", "-W", "error", "-c", PROGRAM.replace("{body}", body)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    try:
        return (*process.communicate(timeout=60), process.returncode)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it did not end: {process.communicate()}") from None


def check(body):
    out, err, code = end(start(body))
    assert err == ""
    assert (out, code) == ("done\n", 0)


def test_plain_goroutines_have_threads_of_their_own():
    check("""
def main():
    arrived, gate = Chan(), Chan()
    def other():
        arrived.send(threading.get_ident())
        gate.recv_ok()
        return goconc.current().name
    handles = [go(other) for _ in range(50)]
    idents = {arrived.recv() for _ in handles}
    assert len(idents | {threading.get_ident()}) == 51
    gate.close()
    assert [h.join() for h in handles] == [h.name for h in handles]
    return threading.current_thread()
assert run(main) is threading.main_thread()
""")


def test_an_async_main_stays_on_the_thread_of_run():
    # Locked, since sysmon may take a thread that the system does not let run for stuck, and then any worker goes on with main.
    check("""
async def main():
    goconc.lock_os_thread()
    before = threading.get_ident()
    ch = Chan()
    for n in range(20):
        go(ch.send, n)
    assert sorted([await ch.arecv() for _ in range(20)]) == list(range(20))
    await goconc.asleep(0.001)
    assert threading.get_ident() == before
    return threading.current_thread()
assert run(main) is threading.main_thread()
""")


def test_threads_end_and_are_forgotten():
    check("""
def main():
    arrived, gate = Chan(), Chan()
    def other():
        arrived.send(None)
        gate.recv_ok()
        return threading.current_thread()
    handles = [go(other) for _ in range(500)]
    for _ in handles:
        arrived.recv()
    gate.close()
    assert len({h.join() for h in handles}) == 500

before = set(threading.enumerate())
run(main)

def kept():  # a helper, which may have run some of them, keeps 64 at most
    new = [t.name.startswith("goconc-worker-") for t in set(threading.enumerate()) - before]
    return new.count(False) <= 64 * new.count(True)

limit = time.monotonic() + 20
while not kept():
    assert time.monotonic() < limit, threading.enumerate()
    time.sleep(0.01)
""")


@pytest.mark.parametrize("round_", range(6))
def test_the_interpreter_ends_after_the_threads_that_are_ending(round_):
    # Without a GIL they would meet at a lock of CPython's, and one keep it for ever: one of three such programs hung.
    check("""
def main():
    arrived, gate = Chan(), Chan()
    def other():
        arrived.send(threading.current_thread())
        gate.recv_ok()
    handles = [go(other) for _ in range(300)]
    for _ in handles:
        arrived.recv()
    gate.close()
run(main)
""")


def test_a_deadlock_is_reported():
    check("""
def main():
    def other():
        threading.current_thread()  # makes `threading` know it
        Chan().recv()
    for _ in range(3):
        go(other)
    Chan().recv()
try:
    run(main)
except goconc.Deadlock as error:
    assert str(error).count("[chan receive]") == 4, error
    assert str(error).count("in other") >= 3, error  # the stacks of suspended threads are in it
else:
    raise AssertionError("no Deadlock")
""")


def test_threading_settrace_reaches_goroutines():
    check("""
seen = set()
def trace(frame, event, arg):
    seen.add(frame.f_code.co_name)
def traced():
    pass
threading.settrace(trace)
run(lambda: go(traced).join())
assert "traced" in seen
""")


def test_a_coroutine_that_swallows_its_end_is_given_up():
    # rule GO-20: run() returns on the stack that drove it
    check("""
import warnings
async def for_ever():
    while True:
        try:
            await goconc.asleep(1000)
        except goconc.GoroutineExit:
            pass
async def main():
    go(for_ever)
    await goconc.asleep(0.01)
    return 7
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert run(main) == 7
assert "these did not" in str(caught[0].message)
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("define", "wait"), [("def", ""), ("async def", "await goconc.asleep(0.001)")], ids=["plain", "async"]
)
def test_main_forks(define, wait):
    check(f"""
import warnings
warnings.simplefilter("ignore")
{define} main():
    goconc.lock_os_thread()
    go(lambda: None)
    {wait}
    pid = os.fork()
    if pid:
        assert os.waitpid(pid, 0)[1] == 3 << 8
    return pid
if run(main) == 0:
    os._exit(3)
""")


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("other", ["while True: pass", "goconc.sleep(1000)"], ids=["computes", "sleeps"])
def test_ctrl_c_ends_the_run(other):
    # rule PY-02
    process = start(f"""
signal.signal(signal.SIGINT, signal.default_int_handler)
def other():
    print("ready", flush=True)
    {other}
def main():
    go(other)
    Chan().recv()
try:
    run(main)
except KeyboardInterrupt:
    print("interrupted", flush=True)
""")
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert end(process) == ("interrupted\ndone\n", "", 0)
