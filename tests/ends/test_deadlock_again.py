"""A deadlock is told to those it concerns, once, however many workers notice it.

In a process of its own: the test runner's other threads could still wake somebody.
"""

import os
import subprocess
import sys

import pytest

import goconc

PROGRAM = """
import goconc
from goconc import Chan, Deadlock, go

def stuck():
    Chan().recv()

def fine():
    ch = Chan()
    waiter = go(ch.recv)
    goconc.sleep(0.002)
    ch.send(1)
    return waiter.join()

def goes_on():
    heard = 0
    for _ in range(10):
        try:
            Chan().recv()
        except Deadlock:
            heard += 1
        goconc.sleep(0.002)
    return heard

for _ in range(20):
    try:
        goconc.run(stuck)
    except Deadlock:
        pass
    else:
        raise AssertionError("no deadlock was reported")
    assert goconc.run(fine) == 1
assert goconc.run(goes_on) == 10
"""


@pytest.mark.parametrize("procs", ["1", "4"])
def test_the_next_run_hears_nothing_of_it(procs):
    # rule GO-40, GO-41
    package = os.path.dirname(os.path.dirname(goconc._core.__file__))
    environment = {**os.environ, "PYTHONPATH": package, "GOCONC_MAXPROCS": procs}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
