"""Wrong arguments: refused at the call, by name, before anything starts."""

import gc

import pytest

import goconc
from goconc import context, patterns

NUMBERS = range(3)

MISTAKES = [
    (lambda: patterns.source(7), TypeError, "values must be iterable, not int"),
    (lambda: patterns.source(NUMBERS, ctx=7), TypeError, "ctx must be a context, not int"),
    (lambda: patterns.map(7, NUMBERS), TypeError, "fn must be callable, not int"),
    (lambda: patterns.map(str, 7), TypeError, "source must be iterable, not int"),
    (lambda: patterns.map(str, NUMBERS, workers=0), ValueError, "workers must be at least 1, not 0"),
    (lambda: patterns.map(str, NUMBERS, workers=1.5), TypeError, "workers must be an int, not float"),
    (lambda: patterns.map(str, NUMBERS, workers=True), TypeError, "workers must be an int, not bool"),
    (
        lambda: patterns.map(str, NUMBERS, ctx=context.with_cancel(context.background())),
        TypeError,
        "ctx must be a context, not Cancelable",
    ),
    (lambda: patterns.filter(None, NUMBERS), TypeError, "wanted must be callable, not NoneType"),
    (lambda: patterns.filter(bool, None), TypeError, "source must be iterable, not NoneType"),
    (lambda: patterns.flat_map(7, NUMBERS), TypeError, "fn must be callable, not int"),
    (lambda: patterns.batch(NUMBERS, 0), ValueError, "size must be at least 1, not 0"),
    (lambda: patterns.batch(NUMBERS, "3"), TypeError, "size must be an int, not str"),
    (lambda: patterns.batch(NUMBERS, 3, within="1"), TypeError, "within must be a number of seconds, not str"),
    (lambda: patterns.batch(NUMBERS, 3, within=-1), ValueError, "within must not be negative or nan, but is -1"),
    (lambda: patterns.window(NUMBERS, 0), ValueError, "size must be at least 1, not 0"),
    (lambda: patterns.window(NUMBERS, 1, step=0), ValueError, "step must be at least 1, not 0"),
    (lambda: patterns.aggregate(7, NUMBERS, 0), TypeError, "fn must be callable, not int"),
    (lambda: patterns.worker_pool(str, NUMBERS, 0), ValueError, "workers must be at least 1, not 0"),
    (lambda: patterns.worker_pool(7, NUMBERS, 1), TypeError, "fn must be callable, not int"),
    (lambda: patterns.worker_pool(str, NUMBERS, 1, progress=7), TypeError, "progress must be callable, not int"),
    (lambda: patterns.for_each(str, NUMBERS, 0), ValueError, "workers must be at least 1, not 0"),
    (lambda: patterns.catching(7), TypeError, "fn must be callable, not int"),
    (lambda: patterns.progress(NUMBERS, 7), TypeError, "show must be callable, not int"),
    (lambda: patterns.progress(NUMBERS, False, total=-1), ValueError, "total must be at least 0, not -1"),
    (lambda: patterns.merge(), ValueError, "at least one source"),
    (lambda: patterns.merge(NUMBERS, 7), TypeError, "sources must be iterable, not int"),
    (lambda: patterns.buffer(NUMBERS, 0), ValueError, "size must be at least 1, not 0"),
    (lambda: patterns.split(NUMBERS, 0), ValueError, "n must be at least 1, not 0"),
    (lambda: patterns.split(NUMBERS, 2, key=7), TypeError, "key must be callable, not int"),
    (lambda: patterns.tee(NUMBERS, 0), ValueError, "n must be at least 1, not 0"),
    (lambda: patterns.broadcast(7), TypeError, "source must be iterable, not int"),
    (lambda: patterns.broadcast(NUMBERS).subscribe(-1), ValueError, "capacity must be at least 0, not -1"),
    (
        lambda: patterns.broadcast(NUMBERS).subscribe(slow="x"),
        ValueError,
        "slow must be one of 'wait', 'drop', 'drop_oldest'",
    ),
    (lambda: patterns.broadcast(NUMBERS).subscribe(slow="drop_oldest"), ValueError, "capacity must be at least 1"),
    (
        lambda: patterns.or_done(NUMBERS, context.background()),
        TypeError,
        "source must be a channel or a stream, not range",
    ),
    (lambda: patterns.or_done(goconc.Chan(), 7), TypeError, "ctx must be a context, not int"),
    (lambda: patterns.or_channel(), ValueError, "at least one channel"),
    (lambda: patterns.or_channel(goconc.Chan(), 7), TypeError, "channels must be channels, not int"),
    (lambda: patterns.bridge(7), TypeError, "sources must be iterable, not int"),
    (lambda: patterns.first(), ValueError, "at least one call"),
    (lambda: patterns.first(7), TypeError, "calls must be callable, not int"),
    (lambda: patterns.rate_limit(NUMBERS, 0), ValueError, "rate must be more than 0 per second, not 0"),
    (lambda: patterns.rate_limit(NUMBERS, "3"), TypeError, "rate must be a number per second, not str"),
    (lambda: patterns.Limiter(float("nan")), ValueError, "rate must be more than 0 per second, not nan"),
    (lambda: patterns.Limiter(1, 0), ValueError, "burst must be at least 1, not 0"),
    (lambda: patterns.Limiter(1, 2).try_acquire(3), ValueError, "n must be at most burst, which is 2, not 3"),
    (lambda: patterns.Limiter(1).acquire(0), ValueError, "n must be at least 1, not 0"),
    (lambda: patterns.retry(7), TypeError, "fn must be callable, not int"),
    (lambda: patterns.retry(str, attempts=0), ValueError, "attempts must be at least 1, not 0"),
    (lambda: patterns.retry(str, backoff=1), TypeError, "backoff must be a Backoff, not int"),
    (
        lambda: patterns.retry(str, on=KeyboardInterrupt),
        TypeError,
        "on must be a class of exceptions or a tuple of them",
    ),
    (lambda: patterns.retry(str, on="x"), TypeError, "on must be a class of exceptions or a tuple of them"),
    (lambda: patterns.Backoff(-1), ValueError, "first must not be negative or nan, but is -1"),
    (lambda: patterns.Backoff(most="1"), TypeError, "most must be a number of seconds, not str"),
    (lambda: patterns.Backoff(factor=0.5), ValueError, "factor must be at least 1, not 0.5"),
    (lambda: patterns.supervise(7), TypeError, "ward must be callable, not int"),
    (lambda: patterns.supervise(str, silence=-1), ValueError, "silence must not be negative or nan, but is -1"),
    (lambda: patterns.supervise(str, restarts=-1), ValueError, "restarts must be at least 0, not -1"),
    (lambda: patterns.supervise(str, backoff=1), TypeError, "backoff must be a Backoff, not int"),
    (lambda: patterns.supervise(str, on_restart=1), TypeError, "on_restart must be callable, not int"),
    (lambda: patterns.Watchdog("1"), TypeError, "silence must be a number of seconds, not str"),
]


def all_gone(before):
    if goconc.num_goroutine() <= before:
        return True
    gc.collect()
    return False


@pytest.mark.parametrize(("mistake", "kind", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_it_is_refused(mistake, kind, words, eventually):
    # rule PAT-01
    before = goconc.num_goroutine()
    with pytest.raises(kind) as caught:
        mistake()
    assert words in str(caught.value)
    del caught
    eventually(lambda: all_gone(before), "the end of what was started")
