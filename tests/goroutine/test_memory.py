"""What a parked goroutine costs."""

import os

import pytest

import goconc

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc/self/statm to measure with"),
]

PROGRAM = """
import gc, os, sys
import goconc

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def plain(ch):
    ch.recv()

async def suspending(ch):
    await ch.arecv()

def fill(ch, body, count):
    for _ in range(count):
        goconc.go(body, ch)
    goconc.sleep(0)
    while len([1 for _ in range(3) if goconc.gosched()]):
        pass

def empty(ch, count):
    for _ in range(count):
        ch.send(None)
    while goconc.num_goroutine() > 1:
        goconc.gosched()

def main():
    body, count = {"plain": plain, "async": suspending}[sys.argv[1]], int(sys.argv[2])
    ch = goconc.Chan()
    fill(ch, body, 100)
    empty(ch, 100)
    gc.collect()
    before = resident()
    fill(ch, body, count)
    each = (resident() - before) / count
    empty(ch, count)
    first = resident()
    for _ in range(3):  # filled again and again, it does not grow: everything is used again
        fill(ch, body, count)
        empty(ch, count)
    print(int(each), int((resident() - first) / count))

goconc.run(main)
"""


@pytest.mark.not_on_threads("there cannot be 100 000 threads", only="plain")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind_name", ["plain", "async"])
def test_memory_of_a_parked_goroutine(kind_name, output_of):
    # rule GO-06
    # One processor: several threads have a heap each, and keep what is free in it for themselves.
    each, grown = map(int, output_of(PROGRAM, kind_name, "100000", GOCONC_MAXPROCS="1").split())
    plain = 10 * 1024 if goconc._core.fiber_engine() == "greenlet" else 5 * 1024  # greenlet itself takes 6 KB
    most = {"plain": plain, "async": 1024}[kind_name]
    assert each <= most, f"{each} bytes a goroutine"
    # Three times over: what is leaked would be three goroutines. Free memory in half-used pages is some of it.
    assert grown <= each, f"it grew by {grown} bytes a goroutine when it was used again"
