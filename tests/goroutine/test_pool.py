"""Goroutines, their stacks and their records are used again."""

import os
import sys

import pytest

import goconc

PROGRAM = """
import gc, os, sys
import goconc

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def short():
    pass

async def ashort():
    pass

def parks():
    goconc.gosched()

async def aparks():
    await goconc.agosched()

def some(body, count):
    for _ in range(count // 1000):
        for _ in range(1000):
            goconc.go(body)
        goconc.gosched()
        goconc.gosched()

def main():
    body, count = {"short": short, "ashort": ashort, "parks": parks, "aparks": aparks}[sys.argv[1]], int(sys.argv[2])
    some(body, 20_000)
    gc.collect()
    before = resident()
    some(body, count)
    while goconc.num_goroutine() > 1:
        goconc.gosched()
    print((resident() - before) // 1024)

goconc.run(main)
"""


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.not_on_threads("what one thread makes and another drops is freed in bursts", free_threaded=True)
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc/self/statm to measure with")
@pytest.mark.parametrize(
    ("body", "count"), [("short", 1_000_000), ("ashort", 1_000_000), ("parks", 200_000), ("aparks", 200_000)]
)
def test_short_goroutines_do_not_add_up(body, count, output_of):
    # rule GO-06: 100 bytes each would be 100 MB
    if body == "parks" and goconc._core.fiber_engine() == "threads":
        count = 30_000  # threads
    grown = int(output_of(PROGRAM, body, str(count)))
    assert grown <= 8 * 1024, f"{grown} KiB more after {count} goroutines"


def test_stacks_are_used_again_after_an_exception(kind):
    # rule GO-06, PY-01
    async def fail(n):
        if n % 2:
            await kind.gosched()
        raise ValueError(n)

    async def main():
        for n in range(2000):
            handle = kind.go(fail, n)
            with pytest.raises(ValueError) as caught:
                await kind.join(handle)
            assert caught.value.args == (n,)
            assert caught.value.__context__ is None

    kind.run(main)
    assert sys.exception() is None


def test_stacks_are_used_again_in_another_run(kind):
    # rule GO-06
    async def body(ch):
        return await kind.recv(ch)

    async def main():
        ch = goconc.Chan()
        handles = [kind.go(body, ch) for _ in range(50)]
        for n in range(50):
            await kind.send(ch, n)
        return sum([await kind.join(handle) for handle in handles])

    assert [kind.run(main) for _ in range(20)] == [sum(range(50))] * 20
