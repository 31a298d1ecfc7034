"""All asleep on something of package sync: a Deadlock that says on what (GO-35). Each case has a process of its own, as in
tests/ends/test_deadlock.py.
"""

import pytest

HEAD = """
import goconc
from goconc.sync import *
"""

STUCK = {
    "mutex": ("mu = Mutex(); mu.lock(); mu.lock()", "sync.Mutex.Lock"),  # rule MU-01
    "amutex": ("mu = Mutex(); await mu.alock(); await mu.alock()", "sync.Mutex.Lock"),
    "upgrade": ("rw = RWMutex(); rw.rlock(); rw.lock()", "sync.RWMutex.Lock"),  # rule RW-04
    "rlock": ("rw = RWMutex(); rw.lock(); rw.rlock()", "sync.RWMutex.RLock"),
    "arlock": ("rw = RWMutex(); await rw.alock(); await rw.arlock()", "sync.RWMutex.RLock"),
    "waitgroup": ("wg = WaitGroup(); wg.add(1); wg.wait()", "sync.WaitGroup.Wait"),
    "await waitgroup": ("wg = WaitGroup(); wg.add(1); await wg", "sync.WaitGroup.Wait"),
    "cond": ("c = Cond(); c.l.lock(); c.wait()", "sync.Cond.Wait"),
    "await cond": ("c = Cond(); await c.l.alock(); await c", "sync.Cond.Wait"),
    "nested reading": (
        "rw = RWMutex(); rw.rlock(); goconc.go(rw.lock); goconc.gosched(); rw.rlock()",
        "sync.RWMutex.RLock",
    ),  # rule RW-02
    "aonce": ("o = Once(); await o.ado(lambda: o.ado(print))", "sync.Mutex.Lock"),
    "once": ("o = Once(); o.do(lambda: o.do(print))", "sync.Mutex.Lock"),  # rule ON-04
}


@pytest.mark.parametrize("name", STUCK)
def test_deadlock(name, output_of):
    code, words = STUCK[name]
    kind = "async def" if "await" in code else "def"
    program = f"""{HEAD}
{kind} main():
    {code}
try:
    goconc.run(main)
except goconc.Deadlock as error:
    print(error)
"""
    assert f"[{words}]" in output_of(program)
