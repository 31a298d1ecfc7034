"""Pipelines put together at random, read to the end, left, cancelled or failing at random: nothing is lost, doubled or left behind."""

import random
from collections import Counter

import pytest

import goconc
from goconc import context, patterns

FEW, MANY = 12, 400


class Made:
    """A stream, and the values it must deliver, in any order."""

    def __init__(self, stream, values):
        self.stream = stream
        self.values = values


def suspending(fn, rng):
    """``fn`` as a function of a random kind that now and then lets others run."""
    waits = rng.randrange(3)
    if rng.random() < 0.5:

        async def call(value):
            if waits:
                await goconc.agosched()
            return fn(value)
    else:

        def call(value):
            if waits:
                goconc.gosched()
            return fn(value)

    return call


def leaf(rng, fails):
    values = list(range(rng.randrange(30)))

    def generate():
        for value in values:
            if fails():
                raise OSError("source")
            yield value

    return Made(patterns.source(generate()), values)


def node(rng, depth, fails):
    if depth == 0:
        return leaf(rng, fails)
    below = node(rng, depth - 1, fails)
    stream, values = below.stream, below.values
    match rng.randrange(9):
        case 0 | 1:

            def add(value):
                if fails():
                    raise OSError("function")
                return value + 1

            options = {"workers": rng.randint(1, 4), "ordered": rng.random() < 0.5}
            return Made(patterns.map(suspending(add, rng), stream, **options), [value + 1 for value in values])
        case 2:
            return Made(patterns.filter(suspending(lambda n: n % 3, rng), stream), [n for n in values if n % 3])
        case 3:
            return Made(patterns.flat_map(suspending(lambda n: [n, n], rng), stream), values * 2)
        case 4:
            return Made(patterns.buffer(stream, rng.randint(1, 5)), values)
        case 5:
            other = node(rng, rng.randrange(depth), fails)
            return Made(patterns.merge(stream, other.stream), values + other.values)
        case 6:
            n = rng.randint(1, 3)
            return Made(patterns.merge(*patterns.tee(stream, n)), values * n)
        case 7:
            key = rng.choice([None, abs])
            return Made(patterns.merge(*patterns.split(stream, rng.randint(1, 3), key=key)), values)
        case _:
            batches = patterns.batch(stream, rng.randint(1, 4), within=rng.choice([None, 100]))
            return Made(patterns.bridge(batches), values)


async def one(reader, rng):
    fate = rng.choice(["end", "leave", "fail", "cancel", "drop"])
    left = rng.randrange(1, 60)

    def fails():
        nonlocal left
        left -= 1
        return fate == "fail" and left <= 0

    made = node(rng, rng.randint(1, 4), fails)
    ctx, cancel = context.with_cancel(context.background())
    stream = patterns.map(str, made.stream, ctx=ctx)
    expected = Counter(map(str, made.values))
    del made
    most = rng.randrange(1, 20) if fate in ("leave", "drop", "cancel") else None
    found, error = [], None
    try:
        if fate == "drop":
            found = await reader.values(stream, most)
            del stream
        else:
            async with reader.opened(stream):
                found = await reader.values(stream, most)
                if fate == "cancel":
                    cancel()
                    found += await reader.values(stream)
    except (OSError, goconc.Canceled) as raised:
        error = raised
    assert not Counter(found) - expected
    if fate == "end" or (error is None and fate in ("fail", "cancel")):
        assert Counter(found) == expected
    assert isinstance(error, {"fail": OSError, "cancel": goconc.Canceled}.get(fate, ())) or error is None


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_random_pipelines(reader, rng, count):
    # rule PAT-02, PAT-04, PAT-05, PAT-06, PAT-07
    async def main():
        for _ in range(count):
            await one(reader, random.Random(rng.random()))

    reader.run(main)
