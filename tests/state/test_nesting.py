"""What is nested very deep is let go of without recursion, wherever that happens."""

import pytest

HEAD = """
import warnings
import goconc
from goconc import Chan, context
from goconc.sync import AtomicRef, AtomicValue

DEPTH = 50_000  # more than a C stack holds
DEEPER = 6 * DEPTH  # of what takes little of it

def channels():
    inner = None
    for _ in range(DEPTH):
        ch = Chan(1)
        ch.send_nowait(inner)
        inner = ch
    return inner

def views():
    inner = None
    for _ in range(DEPTH):
        ch = Chan(1)
        ch.send_nowait(inner)
        inner = ch.sender
    return inner

def selected():
    inner, ch = None, Chan(1)
    for _ in range(DEPTH):
        ch.send_nowait(inner)
        inner = goconc.select(ch)
    return inner

def results():
    if goconc.current() is None:
        return goconc.run(results)
    inner = None
    for _ in range(DEPTH):
        handle = goconc.go(lambda value: value, inner)
        handle.join()
        inner = handle
    return inner

def operations():
    inner, ch = None, Chan(1)
    for _ in range(DEPTH):
        inner = ch.asend(inner)
    return inner

def references():
    inner = None
    for _ in range(DEEPER):
        inner = AtomicRef(inner)
    return inner

def atomic_values():
    inner = AtomicValue()
    for _ in range(DEEPER):
        outer = AtomicValue()
        outer.store(inner)
        inner = outer
    return inner

def stops():
    inner = print
    for _ in range(DEEPER):
        inner = context.after_func(context.background(), inner)
    return inner

def mixed():
    inner, ch = None, Chan(1)
    for _ in range(DEPTH):
        ch.send_nowait(inner)
        outer = Chan(2)
        outer.send_nowait(goconc.select(ch))
        outer.send_nowait(1)
        inner = ch.asend(outer)
    return inner

warnings.simplefilter("ignore")  # operations that are never awaited
KINDS = (channels, views, selected, results, operations, references, atomic_values, stops, mixed)
"""

WHERE = {
    "main thread": "nest = make(); del nest",
    "plain": "goconc.run(lambda: goconc.go(drop, make).join())",
    "async": "goconc.run(lambda: goconc.go(adrop, make()).join())",
    "thread": "thread = threading.Thread(target=drop, args=(make,)); thread.start(); thread.join()",
    "scheduler": "goconc.run(start, make)",
    "collector": "nest = [make()]; nest.append(nest); del nest; gc.collect()",
}


@pytest.mark.parametrize("where", WHERE)
def test_it_is_let_go_of(where, output_of):
    # rule CH-08, PY-03
    program = f"""
import gc, threading

def drop(make):
    nest = make()
    del nest

async def adrop(nest):
    await goconc.agosched()
    del nest
    await goconc.agosched()

def start(make):
    goconc.go(make)  # its result is let go of when nobody runs
    while goconc.num_goroutine() > 1:
        goconc.sleep(0.001)

for make in KINDS:
    {WHERE[where]}
    print(make.__name__, flush=True)
"""
    kinds = ["channels", "views", "selected", "results", "operations", "references", "atomic_values", "stops", "mixed"]
    assert output_of(HEAD + program).split() == kinds
