"""Blocking calls where nothing may block, and operations that nobody may await there."""

import pytest

BLOCKING = r"""
ch.send(1)                             | RuntimeError | await asend\(\) instead$
ch.send(1, timeout=0)                  | RuntimeError | await asend\(\) instead$
ch.recv()                              | RuntimeError | await arecv\(\) instead$
ch.recv_ok()                           | RuntimeError | await arecv\w*\(\) instead$
next(ch)                               | RuntimeError | await arecv\(\) instead$
list(ch)                               | RuntimeError | await arecv\(\) instead$
shut.recv()                            | RuntimeError | await arecv\(\) instead$
ch.sender.send(1)                      | RuntimeError | await asend\(\) instead$
ch.receiver.recv()                     | RuntimeError | await arecv\(\) instead$
ch.receiver.recv_ok(ctx=1)             | RuntimeError | await arecv\w*\(\) instead$
next(ch.receiver)                      | RuntimeError | await arecv\(\) instead$
select(ch)                             | RuntimeError | await aselect\(\) instead$
select((ch, 1), default=True)          | RuntimeError | await aselect\(\) instead$
sleep(0)                               | RuntimeError | await asleep\(\) instead$
sleep(-1)                              | RuntimeError | await asleep\(\) instead$
gosched()                              | RuntimeError | await agosched\(\) instead$
ended.join()                           | RuntimeError | await Goroutine.ajoin\(\) instead$
blocking(wg.done)                      | RuntimeError | await ablocking\(\) instead$
mu.lock()                              | RuntimeError | await Mutex.alock\(\) instead$
mu.__enter__()                         | RuntimeError | await Mutex.alock\(\) instead$
rw.lock()                              | RuntimeError | await RWMutex.alock\(\) instead$
rw.rlock()                             | RuntimeError | await RWMutex.arlock\(\) instead$
rw.__enter__()                         | RuntimeError | await RWMutex.alock\(\) instead$
side.lock()                            | RuntimeError | await RLocker.alock\(\) instead$
side.__enter__()                       | RuntimeError | await RLocker.alock\(\) instead$
wg.wait()                              | RuntimeError | await the WaitGroup instead$
wg.__enter__()                         | RuntimeError | await the WaitGroup instead$
once.do(wg.done)                       | RuntimeError | await Once.ado\(\) instead$
sync.once_func(wg.done)()              | RuntimeError | await what aonce_func\(\) or aonce_value\(\) makes instead$
sync.once_value(wg.done)()             | RuntimeError | await what aonce_func\(\) or aonce_value\(\) makes instead$
cond.wait()                            | RuntimeError | await the Cond instead$
cond.__enter__()                       | RuntimeError | await Mutex.alock\(\) instead$
sem.acquire()                          | RuntimeError | await aacquire\(\) instead$
sem.__enter__()                        | RuntimeError | await aacquire\(\) instead$
sem.hold().__enter__()                 | RuntimeError | await aacquire\(\) instead$
group.wait()                           | RuntimeError | await the Group instead$
errgroup.Group(limit=1).go(wg.done)    | RuntimeError | await ago\(\) instead$
errgroup.gather(wg.done)               | RuntimeError | await agather\(\) instead$
flight.do("key", wg.done)              | RuntimeError | await ado\(\) instead$
stream.recv()                          | RuntimeError | await arecv\(\) instead$
stream.recv_ok()                       | RuntimeError | await arecv\w*\(\) instead$
next(stream)                           | RuntimeError | await arecv\w*\(\) instead$
list(stream)                           | RuntimeError | await arecv\w*\(\) instead$
stream.close()                         | RuntimeError | await aclose\(\) instead$
topic.close()                          | RuntimeError | await aclose\(\) instead$
limiter.acquire()                      | RuntimeError | await aacquire\(\) instead$
next(patterns.or_done(ch, BACKGROUND)) | RuntimeError | await arecv\w*\(\) instead$
patterns.for_each(wg.done, items, 2)   | RuntimeError | await afor_each\(\) instead$
patterns.retry(wg.done)()              | RuntimeError | await a retry\(\) of an async function instead$
"""

# Stepped by hand, as an `await` would.
AWAITED = """
ch.asend(1).send(None)                 | RuntimeError | can be awaited in an async goroutine .* or in a task of asyncio$
ch.arecv().send(None)                  | RuntimeError | can be awaited in an async goroutine
ch.arecv_ok().send(None)               | RuntimeError | can be awaited in an async goroutine
aselect((ch, 1)).send(None)            | RuntimeError | can be awaited in an async goroutine
asleep(0).send(None)                   | RuntimeError | can be awaited in an async goroutine
agosched().send(None)                  | RuntimeError | can be awaited in an async goroutine
ended.ajoin().send(None)               | RuntimeError | can be awaited in an async goroutine
mu.alock().__next__()                  | RuntimeError | can be awaited in an async goroutine
wg.await_().send(None)                 | RuntimeError | can be awaited in an async goroutine
operation.throw(1)                     | TypeError    | ^throw\\(\\) argument 'error' must be an exception, not int$
"""

KINDS = """
iter(ch.sender)                        | TypeError    | not iterable
next(ch.sender)                        | TypeError    | not an iterator
aiter(ch.sender)                       | TypeError    | 'async for' requires|not an async iterable
iter(wg)                               | TypeError    | not iterable
iter(ended)                            | TypeError    | not iterable
iter(pair[0])                          | TypeError    | not iterable
len(ended)                             | TypeError    | has no len
ch[0]                                  | TypeError    | not subscriptable
ch < ch                                | TypeError    | not supported between
"""


@pytest.mark.parametrize("row", BLOCKING.strip().splitlines())
def test_blocking_calls_are_refused_in_async_code(row, refused):
    """Even where they would not have to wait, and before any effect."""
    # rule PY-06
    refused(row, places=["in a coroutine", "in a loop"])


@pytest.mark.parametrize("row", (AWAITED + KINDS.lstrip()).strip().splitlines())
def test_what_no_thread_can_do(row, refused):
    refused(row)
