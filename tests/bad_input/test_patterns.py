"""Bad input to `goconc.patterns`. No source gives a value for a call that is refused."""

import pytest

from goconc import patterns

TABLE = """
patterns.source(1)                                | TypeError  | ^values must be iterable, not int$
list(patterns.source(lies))                       | Lie        |
patterns.source(items, 1)                         | TypeError  | positional argument
patterns.source(items, ctx=1)                     | TypeError  | ^ctx must be a context, not int$
patterns.source(items, ctx=Foreign(5, None))      | TypeError  | ^done\\(\\) of the context Foreign must give a channel, not int$
patterns.map(None, items)                         | TypeError  | ^fn must be callable, not NoneType$
patterns.map(abs, 1)                              | TypeError  | ^source must be iterable, not int$
patterns.map(abs, queue)                          | TypeError  | ^source must be iterable, not Queue$
patterns.map(abs, items, workers="1")             | TypeError  | ^workers must be an int, not str$
patterns.map(abs, items, workers=True)            | TypeError  | ^workers must be an int, not bool$
patterns.map(abs, items, workers=0)               | ValueError | ^workers must be at least 1, not 0$
patterns.map(abs, items, workers=2**31)           | ValueError | ^workers must be at most 1000000, not 2147483648$
patterns.map(abs, items, workers=vast)            | ValueError | ^workers must be at most \\d+, not one of 16610 bits$
patterns.map(abs, items, workers=lies)            | TypeError  | ^workers must be an int, not Lies$
patterns.map(abs, items, ordered=lies, workers=2) | Lie        |
patterns.map(abs, items, ctx=1)                   | TypeError  | ^ctx must be a context, not int$
patterns.map(abs, items, workers=2, ctx=1)        | TypeError  | ^ctx must be a context, not int$
patterns.filter("fn", items)                      | TypeError  | ^wanted must be callable, not str$
patterns.filter(abs, None)                        | TypeError  | ^source must be iterable, not NoneType$
patterns.filter(abs, items, ctx=1)                | TypeError  | ^ctx must be a context, not int$
patterns.flat_map(1, items)                       | TypeError  | ^fn must be callable, not int$
patterns.flat_map(abs, 1.5)                       | TypeError  | ^source must be iterable, not float$
patterns.flat_map(abs, items, ctx=1)              | TypeError  | ^ctx must be a context, not int$
patterns.batch(1, 2)                              | TypeError  | ^source must be iterable, not int$
patterns.batch(items, "2")                        | TypeError  | ^size must be an int, not str$
patterns.batch(items, 0)                          | ValueError | ^size must be at least 1, not 0$
patterns.batch(items, -vast)                      | ValueError | ^size must be at least 1, not one of 16610 bits$
patterns.batch(items, 2, within="1")              | TypeError  | ^within must be a number of seconds, not str$
patterns.batch(items, 2, within=nan)              | ValueError | ^within must not be negative or nan, but is nan$
patterns.batch(items, 2, within=-1)               | ValueError | ^within must not be negative or nan, but is -1.0$
patterns.batch(items, 2, within=vast)             | ValueError | ^within must be a number that fits a float, not one of 16610 bits$
patterns.batch(items, 2, ctx=1)                   | TypeError  | ^ctx must be a context, not int$
patterns.window(1, 2)                             | TypeError  | ^source must be iterable, not int$
patterns.window(items, None)                      | TypeError  | ^size must be an int, not NoneType$
patterns.window(items, 2**63)                     | ValueError | ^size must be at most \\d+, not 9223372036854775808$
patterns.window(items, 2, step=0)                 | ValueError | ^step must be at least 1, not 0$
patterns.window(items, 2, step="1")               | TypeError  | ^step must be an int, not str$
patterns.window(items, 2, ctx=1)                  | TypeError  | ^ctx must be a context, not int$
patterns.aggregate(None, items, 0)                | TypeError  | ^fn must be callable, not NoneType$
patterns.aggregate(max, 1, 0)                     | TypeError  | ^source must be iterable, not int$
patterns.aggregate(max, items)                    | TypeError  | 'initial'
patterns.aggregate(max, items, 0, ctx=1)          | TypeError  | ^ctx must be a context, not int$
patterns.worker_pool(None, items, 2)              | TypeError  | ^fn must be callable, not NoneType$
patterns.worker_pool(abs, 1, 2)                   | TypeError  | ^jobs must be iterable, not int$
patterns.worker_pool(abs, items, "2")             | TypeError  | ^workers must be an int, not str$
patterns.worker_pool(abs, items, -1)              | ValueError | ^workers must be at least 1, not -1$
patterns.worker_pool(abs, items, 1_000_001)       | ValueError | ^workers must be at most 1000000, not 1000001$
patterns.worker_pool(abs, items, 2, progress=1)   | TypeError  | ^progress must be callable, not int$
patterns.worker_pool(abs, items, 2, ctx=1)        | TypeError  | ^ctx must be a context, not int$
patterns.for_each(1, items, 2)                    | TypeError  | ^fn must be callable, not int$
patterns.for_each(abs, None, 2)                   | TypeError  | ^jobs must be iterable, not NoneType$
patterns.for_each(abs, items, 0)                  | ValueError | ^workers must be at least 1, not 0$
patterns.for_each(abs, items, 2, progress=None)   | TypeError  | ^progress must be callable, not NoneType$
patterns.for_each(abs, items, 2, ctx=1)           | TypeError  | ^ctx must be a context, not int$
await patterns.afor_each(abs, items, nan)         | TypeError  | ^workers must be an int, not float$
await patterns.afor_each(abs, 1, 2)               | TypeError  | ^jobs must be iterable, not int$
patterns.catching(None)                           | TypeError  | ^fn must be callable, not NoneType$
patterns.Outcome(1)                               | TypeError  | 'value'
patterns.progress(1, print)                       | TypeError  | ^source must be iterable, not int$
patterns.progress(items, 1)                       | TypeError  | ^show must be callable, not int$
patterns.progress(items, print, total="3")        | TypeError  | ^total must be an int, not str$
patterns.progress(items, print, total=-1)         | ValueError | ^total must be at least 0, not -1$
patterns.progress(items, print, ctx=1)            | TypeError  | ^ctx must be a context, not int$
patterns.merge()                                  | ValueError | ^merge\\(\\) needs at least one source$
patterns.merge(items, 1)                          | TypeError  | ^sources must be iterable, not int$
patterns.merge(items, ctx=1)                      | TypeError  | ^ctx must be a context, not int$
patterns.split(1, 2)                              | TypeError  | ^source must be iterable, not int$
patterns.split(items, None)                       | TypeError  | ^n must be an int, not NoneType$
patterns.split(items, 0)                          | ValueError | ^n must be at least 1, not 0$
patterns.split(items, 2**40)                      | ValueError | ^n must be at most 65536, not 1099511627776$
patterns.split(items, 2, key=1)                   | TypeError  | ^key must be callable, not int$
patterns.split(items, 2, ctx=1)                   | TypeError  | ^ctx must be a context, not int$
patterns.tee(1)                                   | TypeError  | ^source must be iterable, not int$
patterns.tee(items, "2")                          | TypeError  | ^n must be an int, not str$
patterns.tee(items, 2**40)                        | ValueError | ^n must be at most 65536, not 1099511627776$
patterns.tee(items, ctx=1)                        | TypeError  | ^ctx must be a context, not int$
patterns.buffer(1, 2)                             | TypeError  | ^source must be iterable, not int$
patterns.buffer(items, "2")                       | TypeError  | ^size must be an int, not str$
patterns.buffer(items, 0)                         | ValueError | ^size must be at least 1, not 0$
patterns.buffer(items, 2**63)                     | ValueError | ^size must be at most \\d+, not 9223372036854775808$
patterns.buffer(items, 2, ctx=1)                  | TypeError  | ^ctx must be a context, not int$
patterns.broadcast(1)                             | TypeError  | ^source must be iterable, not int$
patterns.broadcast(items, ctx=1)                  | TypeError  | ^ctx must be a context, not int$
patterns.Broadcast(1, None)                       | TypeError  | ^source must be iterable, not int$
topic.subscribe("1")                              | TypeError  | ^capacity must be an int, not str$
topic.subscribe(-1)                               | ValueError | ^capacity must be at least 0, not -1$
topic.subscribe(vast)                             | ValueError | ^capacity must be at most \\d+, not one of 16610 bits$
topic.subscribe(1, slow="fast")                   | ValueError | ^slow must be one of 'wait', 'drop', 'drop_oldest', not 'fast'$
topic.subscribe(1, slow=None)                     | ValueError | ^slow must be one of 'wait', 'drop', 'drop_oldest', not None$
topic.subscribe(0, slow="drop_oldest")            | ValueError | ^capacity must be at least 1 for slow='drop_oldest'$
topic.close(1)                                    | TypeError  | positional argument
await topic.aclose(1)                             | TypeError  | positional argument
patterns.or_done(1, BACKGROUND)                   | TypeError  | ^source must be a channel or a stream, not int$
patterns.or_done(items, BACKGROUND)               | TypeError  | ^source must be a channel or a stream, not list_iterator$
patterns.or_done(ch, None)                        | TypeError  | ^ctx must be a context, not NoneType$
patterns.or_channel()                             | ValueError | ^or_channel\\(\\) needs at least one channel$
patterns.or_channel(empty, queue)                 | TypeError  | ^channels must be channels, not Queue$
patterns.or_channel(ch, ctx=1)                    | TypeError  | ^ctx must be a context, not int$
patterns.bridge(1)                                | TypeError  | ^sources must be iterable, not int$
patterns.bridge(items, ctx=1)                     | TypeError  | ^ctx must be a context, not int$
patterns.first()                                  | ValueError | ^first\\(\\) needs at least one call$
patterns.first(wg.done, 1)                        | TypeError  | ^calls must be callable, not int$
patterns.first(wg.done, ctx=1)                    | TypeError  | ^ctx must be a context, not int$
patterns.rate_limit(1, 2)                         | TypeError  | ^source must be iterable, not int$
patterns.rate_limit(items, "2")                   | TypeError  | ^rate must be a number per second, not str$
patterns.rate_limit(items, 0)                     | ValueError | ^rate must be more than 0 per second, not 0.0$
patterns.rate_limit(items, nan)                   | ValueError | ^rate must be more than 0 per second, not nan$
patterns.rate_limit(items, 2, ctx=1)              | TypeError  | ^ctx must be a context, not int$
patterns.Limiter(None)                            | TypeError  | ^rate must be a number per second, not NoneType$
patterns.Limiter(-inf)                            | ValueError | ^rate must be more than 0 per second, not -inf$
patterns.Limiter(vast)                            | ValueError | ^rate must be a number that fits a float, not one of 16610 bits$
patterns.Limiter(1, "1")                          | TypeError  | ^burst must be an int, not str$
patterns.Limiter(1, 0)                            | ValueError | ^burst must be at least 1, not 0$
patterns.Limiter(1, vast)                         | ValueError | ^burst must be at most \\d+, not one of 16610 bits$
limiter.acquire("1")                              | TypeError  | ^n must be an int, not str$
limiter.acquire(0)                                | ValueError | ^n must be at least 1, not 0$
limiter.acquire(4)                                | ValueError | ^n must be at most burst, which is 3, not 4$
limiter.acquire(timeout="1")                      | TypeError  | ^timeout must be a number of seconds, not str$
limiter.acquire(timeout=nan)                      | ValueError | ^timeout must be a number of seconds, not nan$
limiter.acquire(ctx=1)                            | TypeError  | ^ctx must be a goconc context, not int$
await limiter.aacquire(None)                      | TypeError  | ^n must be an int, not NoneType$
await limiter.aacquire(timeout="1")               | TypeError  | ^timeout must be a number of seconds, not str$
await limiter.aacquire(ctx=Foreign(5, None))      | TypeError  | ^done\\(\\) of the context Foreign must give a channel, not int$
limiter.try_acquire(1.5)                          | TypeError  | ^n must be an int, not float$
limiter.try_acquire(vast)                         | ValueError | ^n must be at most
patterns.retry(None)                              | TypeError  | ^fn must be callable, not NoneType$
patterns.retry(abs, attempts="3")                 | TypeError  | ^attempts must be an int, not str$
patterns.retry(abs, attempts=0)                   | ValueError | ^attempts must be at least 1, not 0$
patterns.retry(abs, backoff=1)                    | TypeError  | ^backoff must be a Backoff, not int$
patterns.retry(abs, on=int)                       | TypeError  | ^on must be a class of exceptions or a tuple of them, not <class 'int'>$
patterns.retry(abs, on=(OSError, "E"))            | TypeError  | ^on must be a class of exceptions or a tuple of them, not 'E'$
patterns.retry(abs, ctx=1)                        | TypeError  | ^ctx must be a context, not int$
patterns.Backoff("1")                             | TypeError  | ^first must be a number of seconds, not str$
patterns.Backoff(vast)                            | ValueError | ^first must be a number that fits a float, not one of 16610 bits$
patterns.Backoff(factor=0.5)                      | ValueError | ^factor must be at least 1, not 0.5$
patterns.Backoff(factor=nan)                      | ValueError | ^factor must be at least 1, not nan$
patterns.Backoff(factor=None)                     | TypeError  | ^factor must be a number, not NoneType$
patterns.Backoff(most=-1)                         | ValueError | ^most must not be negative or nan, but is -1.0$
patterns.supervise(1)                             | TypeError  | ^ward must be callable, not int$
patterns.supervise(print, silence="1")            | TypeError  | ^silence must be a number of seconds, not str$
patterns.supervise(print, silence=nan)            | ValueError | ^silence must not be negative or nan, but is nan$
patterns.supervise(print, restarts=-1)            | ValueError | ^restarts must be at least 0, not -1$
patterns.supervise(print, backoff=None)           | TypeError  | ^backoff must be a Backoff, not NoneType$
patterns.supervise(print, on_restart=1)           | TypeError  | ^on_restart must be callable, not int$
patterns.supervise(print, ctx=1)                  | TypeError  | ^ctx must be a context, not int$
patterns.Watchdog(None)                           | TypeError  | ^silence must be a number of seconds, not NoneType$
patterns.Watchdog(-1)                             | ValueError | ^silence must not be negative or nan, but is -1.0$
patterns.Watchdog(1, 1)                           | TypeError  | ^ctx must be a context, not int$
dog.beat(1)                                       | TypeError  | positional argument
dog.close(1)                                      | TypeError  | positional argument
patterns.Stream(1, 2)                             | TypeError  | ^a Stream is made by the patterns, such as goconc.patterns.source\\(\\)$
stream.recv(1)                                    | TypeError  | positional argument
stream.recv(timeout="1")                          | TypeError  | ^timeout must be a number of seconds, not str$
stream.recv(timeout=-inf)                         | TimeoutError | ^receive timed out$
stream.recv_ok(ctx=1)                             | TypeError  | ^ctx must be a goconc context, not int$
await stream.arecv(timeout=nan)                   | ValueError | ^timeout must be a number of seconds, not nan$
await stream.arecv_ok(ctx=1)                      | TypeError  | ^ctx must be a goconc context, not int$
stream.close(1)                                   | TypeError  | positional argument
await stream.aclose(1)                            | TypeError  | positional argument
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_refused(row, refused):
    refused(row)


def test_the_table_is_complete(covers_all):
    covers_all(patterns, TABLE.strip().splitlines())
