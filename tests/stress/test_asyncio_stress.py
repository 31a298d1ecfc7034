"""Loops in several threads, and goroutines between them: nothing is lost or duplicated, however tasks are cancelled."""

import asyncio
import contextlib
import random

import pytest

import goconc

LOOPS = 3


async def in_a_task(operation, rng):
    """Awaits it in a task of its own, which may be cancelled at any moment. Whether it has happened, and its result."""
    task = asyncio.create_task(operation)
    chance = rng.random()
    if chance < 0.2:
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
        task.cancel()
    elif chance < 0.3:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, 0.0002 * rng.random())
    try:
        return True, await task
    except asyncio.CancelledError:
        return False, None


async def producer(ch, values, rng):
    for value in values:
        sent = False
        while not sent:
            if rng.random() < 0.5:
                sent, _ = await in_a_task(ch.asend(value), rng)
            else:
                sent, _ = await in_a_task(goconc.aselect((ch, value), goconc.Chan()), rng)


async def consumer(ch, found, rng):
    other = goconc.Chan()
    while True:
        if rng.random() < 0.5:
            happened, received = await in_a_task(ch.arecv_ok(), rng)
        else:
            happened, received = await in_a_task(goconc.aselect(other, ch), rng)
            received = received and received[1:]
        if happened:
            value, ok = received
            if not ok:
                return
            found.append(value)


@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.slow)])
def test_random_cancellations(count, thread, rng):
    # rule SEL-22, CH-18, PY-06, PY-11
    first, second = goconc.Chan(), goconc.Chan(3)
    found = [[] for _ in range(LOOPS)]
    done = goconc.Chan()
    seeds = [rng.random() for _ in range(2 * LOOPS)]

    def relay():
        for value in first:
            second.send(value)
        done.send(None)

    async def arelay():
        async for value in first:
            await second.asend(value)
        await done.asend(None)

    async def loop(me):
        producing = producer(first, range(me, count, LOOPS), random.Random(seeds[2 * me]))
        consuming = consumer(second, found[me], random.Random(seeds[2 * me + 1]))

        async def produce():
            await producing
            await done.asend(None)

        await asyncio.gather(produce(), consuming)

    def main():
        loops = [thread(asyncio.run, loop(me)) for me in range(LOOPS)]
        goconc.go(relay)
        goconc.go(arelay)
        for _ in range(LOOPS):
            done.recv()
        first.close()
        done.recv()
        done.recv()
        second.close()
        return loops

    for handle in goconc.run(main):
        handle.join(timeout=60)
    assert sorted(value for values in found for value in values) == list(range(count))
