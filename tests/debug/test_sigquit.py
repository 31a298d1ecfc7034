"""SIGQUIT prints the dump, and ends the process, whatever the goroutines do."""

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

PROGRAM = """
import faulthandler, os, signal, sys, time
import goconc
from goconc import Chan, go

def stuck_here():
    Chan().recv()

def spin():
    while True:
        pass

def ready():
    go(goconc.sleep, 1000)
    print("ready", flush=True)

async def say_ready():
    ready()

{body}

goconc.run(main)
"""

MAINS = {
    "waits": "def main():\n    go(stuck_here)\n    go(ready)\n    Chan().recv()",
    "async, waits": "async def main():\n    go(stuck_here)\n    go(say_ready)\n    await Chan().arecv()",
    "spins": "def main():\n    go(stuck_here)\n    goconc.sleep(0.01)\n    ready()\n    spin()",
    "all spin": "def main():\n    go(stuck_here)\n    goconc.sleep(0.01)\n    for _ in range(3): go(spin)\n    ready()\n    spin()",
    "sits in C": "def main():\n    go(stuck_here)\n    goconc.sleep(0.01)\n    ready()\n    while True: time.sleep(1000)",
    "sits in C, deaf to signals": (
        "import threading\n"
        "def main():\n    go(stuck_here)\n    goconc.sleep(0.01)\n    ready()\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, ())\n    sum(range(10**12))"
    ),
}


def start(body, **env):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("body", [MAINS[name] for name in list(MAINS)[:5]], ids=list(MAINS)[:5])
def test_it_dumps_and_ends(body):
    # rule DBG-04
    process = start(body)
    process.send_signal(signal.SIGQUIT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 2, text
    assert "SIGQUIT: quit\n" in text
    assert "[chan receive]:" in text
    assert "created by main\n" in text


def test_where_nobody_can_answer_the_second_one_ends_the_process():
    # rule DBG-04: a call that holds the GIL, or Python's main thread, for good
    process = start(MAINS["sits in C, deaf to signals"])
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
    process.communicate(timeout=60)
    assert process.returncode in (2, -signal.SIGQUIT)


def test_it_may_go_on():
    # rule DBG-04
    body = "def main():\n    ready()\n    sys.stdin.readline()\n    print('went on', flush=True)"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GOCONC_SIGQUIT": "dump"},
    )
    assert process.stdout.readline() == "ready\n"
    for _ in range(2):
        process.send_signal(signal.SIGQUIT)
        while "created by ready" not in process.stderr.readline():
            assert process.poll() is None
    out, _ = process.communicate("\n", timeout=30)
    assert out == "went on\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    "own", ["signal.signal(signal.SIGQUIT, lambda *_: sys.exit(7))", "faulthandler.register(signal.SIGQUIT)"]
)
def test_a_handler_of_the_program_s_own_stays(own):
    # rule DBG-04
    process = start(f"{own}\ndef main():\n    ready()\n    time.sleep(1) or time.sleep(1)")
    process.send_signal(signal.SIGQUIT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == (7 if "exit" in own else 0), text
    assert "SIGQUIT: quit" not in text


def test_off_leaves_it_to_the_system():
    # rule DBG-04
    process = start("def main():\n    ready()\n    time.sleep(1000)", GOCONC_SIGQUIT="off")
    process.send_signal(signal.SIGQUIT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGQUIT


def test_a_wrong_setting_is_refused(python):
    done = python("import goconc", GOCONC_SIGQUIT="maybe")
    assert "GOCONC_SIGQUIT must be one of exit, dump, off, not 'maybe'" in done.stderr


def test_a_handler_set_meanwhile_stays():
    # rule DBG-06
    process = start(
        "def main():\n    signal.signal(signal.SIGQUIT, lambda *_: sys.exit(7))\n    ready()\n    while True: time.sleep(0.01)"
    )
    process.send_signal(signal.SIGQUIT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 7, text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_of_a_fork_has_the_default():
    # rule DBG-06, PY-05
    process = start(
        """def main():
    began, begins = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(begins, b"x")
        time.sleep(100)
    os.read(began, 1)
    ready()
    os.kill(child, signal.SIGQUIT)
    print('child:', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGQUIT)
    Chan().recv()
"""
    )
    _, text = process.communicate(timeout=60)
    assert process.returncode == 2, text
    assert f"child: {int(-signal.SIGQUIT)}\n" in text
    assert text.count("SIGQUIT: quit") == 1


def test_while_main_is_on_an_event_loop():
    # rule DBG-04: the loop waits in C code
    process = start(
        """import asyncio
def main():
    async def task():
        go(ready)
        await Chan().arecv()
    asyncio.run(task())
"""
    )
    process.send_signal(signal.SIGQUIT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 2, text
    assert ", in task" not in text
    assert ", in main" in text


def test_after_the_run_all_is_as_before():
    # rule DBG-04
    import goconc

    before = signal.getsignal(signal.SIGQUIT)
    goconc.run(lambda: None)
    assert signal.getsignal(signal.SIGQUIT) is before
