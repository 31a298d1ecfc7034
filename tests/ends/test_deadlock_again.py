"""A deadlock is told to those it concerns, once, however many workers notice it.

In a process of its own: the test runner's other threads could still wake somebody.
"""

import pytest

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
def test_the_next_run_hears_nothing_of_it(procs, output_of):
    # rule GO-40, GO-41
    assert output_of(PROGRAM, GOCONC_MAXPROCS=procs) == ""
