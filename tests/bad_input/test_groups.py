"""Bad input to `goconc.errgroup`, `goconc.semaphore` and `goconc.singleflight`."""

import pytest

from goconc import errgroup, semaphore, singleflight

ERRGROUP = """
errgroup.Group(1)                               | TypeError  | ^ctx must be a goconc context, not int$
errgroup.Group(Foreign(5, None))                | TypeError  | ^done\\(\\) of the context Foreign must give a channel, not int$
errgroup.Group(limit="1")                       | TypeError  | ^limit must be an int or None, not str$
errgroup.Group(limit=True)                      | TypeError  | ^limit must be an int or None, not bool$
errgroup.Group(limit=1.5)                       | TypeError  | ^limit must be an int or None, not float$
errgroup.Group(limit=2**63)                     | ValueError | ^limit must be at most \\d+, not 9223372036854775808$
errgroup.Group(limit=vast)                      | ValueError | ^limit must be at most \\d+, not one of 16610 bits$
errgroup.Group(None, 1, True)                   | TypeError  | positional argument
errgroup.Group(limits=1)                        | TypeError  | 'limits'
setattr(group, "limit", "1")                    | TypeError  | ^limit must be an int or None, not str$
group.go()                                      | TypeError  | 'fn'
group.go(None)                                  | TypeError  | ^go\\(\\) argument 'fn' must be callable or a coroutine, not NoneType$
group.go(coroutine, 1)                          | TypeError  | ^go\\(\\) argument 'fn' is a coroutine object, .* takes no arguments$
group.go(coroutine_function, 1)                 | TypeError  | takes 0 positional arguments but 1 was given
group.go(async_generator)                       | TypeError  | ^go\\(\\) argument 'fn' must not be an async generator function
await group.ago(1)                              | TypeError  | ^go\\(\\) argument 'fn' must be callable or a coroutine, not int$
group.try_go("fn")                              | TypeError  | ^go\\(\\) argument 'fn' must be callable or a coroutine, not str$
group.wait(1)                                   | TypeError  | argument
errgroup.gather(1)                              | TypeError  | ^each of 'calls' must be callable or a coroutine, not int$
errgroup.gather(wg.done, 1)                     | TypeError  | ^each of 'calls' must be callable or a coroutine, not int$
errgroup.gather(wg.done, limit="1")             | TypeError  | ^limit must be an int or None, not str$
errgroup.gather(wg.done, ctx=1)                 | TypeError  | ^ctx must be a goconc context, not int$
await errgroup.agather(wg.done, None)           | TypeError  | ^each of 'calls' must be callable or a coroutine, not NoneType$
await errgroup.agather(wg.done, limit=True)     | TypeError  | ^limit must be an int or None, not bool$
"""

SEMAPHORE = """
semaphore.Weighted()                            | TypeError  | argument
semaphore.Weighted(None)                        | TypeError  | ^n must be an int, not NoneType$
semaphore.Weighted(True)                        | TypeError  | ^n must be an int, not bool$
semaphore.Weighted(-1)                          | ValueError | ^n must be between 0 and 2\\*\\*63 - 1, not -1$
semaphore.Weighted(2**63)                       | ValueError | ^n must be between 0 and 2\\*\\*63 - 1, not 9223372036854775808$
semaphore.Weighted(vast)                        | ValueError | ^n must be between 0 and 2\\*\\*63 - 1, not one of 16610 bits$
semaphore.Weighted(lies)                        | Lie        |
semaphore.Weighted(wrong)                       | TypeError  | __index__
sem.acquire("1")                                | TypeError  | ^n must be an int, not str$
sem.acquire(-1)                                 | ValueError | ^n must be between 0 and 2\\*\\*63 - 1, not -1$
sem.acquire(1, 1)                               | TypeError  | positional argument
sem.acquire(timeout="1")                        | TypeError  | ^timeout must be a number of seconds, not str$
sem.acquire(timeout=nan)                        | ValueError | ^timeout must be a number of seconds, not nan$
sem.acquire(timeout=lies)                       | Lie        |
sem.acquire(ctx=1)                              | TypeError  | ^ctx must be a goconc context, not int$
sem.acquire(ctx=Foreign(5, None))               | TypeError  | ^done\\(\\) of the context Foreign must give a channel, not int$
none.acquire(timeout=-inf)                      | TimeoutError | ^acquire timed out$
none.acquire(timeout=nan)                       | ValueError | ^timeout
await sem.aacquire(None)                        | TypeError  | ^n must be an int, not NoneType$
await sem.aacquire(timeout="1")                 | TypeError  | ^timeout must be a number of seconds, not str$
await sem.aacquire(ctx=1)                       | TypeError  | ^ctx must be a goconc context, not int$
await none.aacquire(timeout=-1)                 | TimeoutError | ^acquire timed out$
sem.try_acquire(1.5)                            | TypeError  | ^n must be an int, not float$
sem.try_acquire(2**70)                          | ValueError | ^n must be between 0 and
sem.release("1")                                | TypeError  | ^n must be an int, not str$
sem.release(-1)                                 | ValueError | ^n must be between 0 and 2\\*\\*63 - 1, not -1$
sem.release(lies)                               | Lie        |
sem.release()                                   | RuntimeError | ^semaphore: released more than held$
sem.__exit__(None, None, None)                  | RuntimeError | ^semaphore: released more than held$
sem.hold("1")                                   | TypeError  | ^n must be an int, not str$
sem.hold(timeout="1")                           | TypeError  | ^timeout must be a number of seconds, not str$
sem.hold(ctx=1)                                 | TypeError  | ^ctx must be a goconc context, not int$
sem.hold(1, 2)                                  | TypeError  | positional argument
sem.enter(None)                                 | TypeError  | ^n must be an int, not NoneType$
sem.leave(None)                                 | TypeError  | 'wait'
"""

SINGLEFLIGHT = """
singleflight.Group(1)                           | TypeError  | argument
flight.do("key")                                | TypeError  | 'fn'
flight.do("key", None)                          | TypeError  | ^fn must be callable, not NoneType$
flight.do([], print)                            | TypeError  | unhashable
flight.do(lies, print)                          | Lie        |
flight.do("key", lies)                          | Lie        |
flight.do("key", coroutine_function)            | TypeError  | ^do\\(\\) cannot await
await flight.ado("key", 1)                      | TypeError  | ^fn must be callable, not int$
await flight.ado([], print)                     | TypeError  | unhashable
flight.do_chan("key", "fn")                     | TypeError  | ^fn must be callable, not str$
flight.do_chan([], print)                       | TypeError  | unhashable
flight.forget([])                               | TypeError  | unhashable
flight.forget(lies)                             | Lie        |
flight.forget()                                 | TypeError  | 'key'
singleflight.Result(1)                          | TypeError  | 'error'
singleflight.Shared(1)                          | TypeError  | 'shared'
"""


def rows(table):
    return table.strip().splitlines()


@pytest.mark.parametrize("row", rows(ERRGROUP) + rows(SEMAPHORE) + rows(SINGLEFLIGHT))
def test_refused(row, refused):
    refused(row)


def test_the_tables_are_complete(covers_all):
    covers_all(errgroup, rows(ERRGROUP))
    covers_all(semaphore, rows(SEMAPHORE))
    covers_all(singleflight, rows(SINGLEFLIGHT))
