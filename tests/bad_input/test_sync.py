"""Bad input to `goconc.sync`."""

import pytest

from goconc import sync

TABLE = """
sync.Mutex(1)                                | TypeError    | argument
sync.Mutex(locked=True)                      | TypeError    | argument
mu.lock(1)                                   | TypeError    | takes exactly 0 positional arguments
mu.lock(timeout="1")                         | TypeError    | ^timeout must be a number of seconds, not str$
mu.lock(timeout=nan)                         | ValueError   | ^timeout must be a number of seconds, not nan$
mu.lock(timeout=lies)                        | Lie          |
await mu.alock(timeout="1")                  | TypeError    | ^timeout must be a number of seconds, not str$
await mu.alock(timeout=nan)                  | ValueError   | ^timeout must be a number of seconds, not nan$
mu.try_lock(1)                               | TypeError    | argument
mu.unlock(1)                                 | TypeError    | argument
mu.unlock()                                  | RuntimeError | ^unlock of unlocked mutex$
mu.__exit__(None, None, None)                | RuntimeError | ^unlock of unlocked mutex$
sync.RWMutex(1)                              | TypeError    | argument
rw.lock(timeout="1")                         | TypeError    | ^timeout must be a number of seconds, not str$
rw.rlock(timeout=nan)                        | ValueError   | ^timeout must be a number of seconds, not nan$
await rw.alock(timeout="1")                  | TypeError    | ^timeout must be a number of seconds, not str$
await rw.arlock(timeout=nan)                 | ValueError   | ^timeout must be a number of seconds, not nan$
rw.try_lock(1)                               | TypeError    | argument
rw.try_rlock(1)                              | TypeError    | argument
rw.unlock(1)                                 | TypeError    | argument
rw.unlock()                                  | RuntimeError | ^unlock of unlocked RWMutex$
rw.runlock(1)                                | TypeError    | argument
rw.runlock()                                 | RuntimeError | ^runlock of unlocked RWMutex$
rw.rlocker(1)                                | TypeError    | argument
sync.RLocker(rw)                             | TypeError    | ^made by RWMutex.rlocker\\(\\)$
side.lock(timeout="1")                       | TypeError    | ^timeout must be a number of seconds, not str$
await side.alock(timeout=nan)                | ValueError   | ^timeout must be a number of seconds, not nan$
side.try_lock(1)                             | TypeError    | argument
side.unlock(1)                               | TypeError    | argument
side.unlock()                                | RuntimeError | ^runlock of unlocked RWMutex$
sync.WaitGroup(1)                            | TypeError    | argument
wg.add("1")                                  | TypeError    | ^delta must be an int, not str$
wg.add(None)                                 | TypeError    | ^delta must be an int, not NoneType$
wg.add(1.5)                                  | TypeError    | ^delta must be an int, not float$
wg.add(True)                                 | TypeError    | ^delta must be an int, not bool$
wg.add(nan)                                  | TypeError    | ^delta must be an int, not float$
wg.add(lies)                                 | Lie          |
wg.add(wrong)                                | TypeError    | __index__
wg.add(2**63 - 1)                            | OverflowError | ^WaitGroup counter too large$
wg.add(2**63)                                | OverflowError | ^WaitGroup counter too large$
wg.add(vast)                                 | OverflowError | ^WaitGroup counter too large$
wg.add(-2)                                   | RuntimeError | ^negative WaitGroup counter$
wg.add(-(2**63))                             | RuntimeError | ^negative WaitGroup counter$
wg.add(-vast)                                | RuntimeError | ^negative WaitGroup counter$
wg.add(1, 2)                                 | TypeError    | argument
wg.add(delta=1)                              | TypeError    | argument
wg.done(1)                                   | TypeError    | argument
sync.WaitGroup().done()                      | RuntimeError | ^negative WaitGroup counter$
wg.wait(1)                                   | TypeError    | takes exactly 0 positional arguments
wg.wait(timeout="1")                         | TypeError    | ^timeout must be a number of seconds, not str$
wg.wait(timeout=nan)                         | ValueError   | ^timeout must be a number of seconds, not nan$
wg.wait(timeout=-inf)                        | TimeoutError |
await wg.await_(timeout="1")                 | TypeError    | ^timeout must be a number of seconds, not str$
wg.go()                                      | TypeError    | ^go\\(\\) needs a function or a coroutine to run$
wg.go(None)                                  | TypeError    | ^go\\(\\) argument 'fn' must be callable or a coroutine, not NoneType$
wg.go(coroutine, 1)                          | TypeError    | ^go\\(\\) argument 'fn' is a coroutine object
wg.go(coroutine_function, 1)                 | TypeError    | takes 0 positional arguments but 1 was given
wg.go(async_generator)                       | TypeError    | ^go\\(\\) argument 'fn' must not be an async generator function
sync.Once(1)                                 | TypeError    | argument
once.do()                                    | TypeError    | 'fn'
once.do(None)                                | TypeError    | ^fn must be callable, not NoneType$
once.do(coroutine_function)                  | TypeError    | ^fn must not be an async function here: Once.ado\\(\\) awaits it$
await once.ado("fn")                         | TypeError    | ^fn must be callable, not str$
sync.once_func(None)                         | TypeError    | ^fn must be callable, not NoneType$
sync.once_func(coroutine_function)           | TypeError    | ^fn must not be an async function here: aonce_func\\(\\) awaits it$
sync.once_value(1)                           | TypeError    | ^fn must be callable, not int$
sync.once_value(coroutine_function)          | TypeError    | ^fn must not be an async function here: aonce_value\\(\\) awaits it$
sync.once_values(coroutine)                  | TypeError    | ^fn must be callable, not coroutine$
sync.once_values(coroutine_function)         | TypeError    | ^fn must not be an async function here: aonce_values\\(\\) awaits it$
sync.aonce_func(None)                        | TypeError    | ^fn must be callable, not NoneType$
sync.aonce_value("fn")                       | TypeError    | ^fn must be callable, not str$
sync.aonce_values(coroutine)                 | TypeError    | ^fn must be callable, not coroutine$
sync.Cond(1)                                 | TypeError    | ^l must be a lock, such as a Mutex, not int$
sync.Cond(queue)                             | TypeError    | ^l must be a lock, such as a Mutex, not Queue$
cond.wait()                                  | RuntimeError | ^unlock of unlocked mutex$
cond.wait(1)                                 | TypeError    | positional argument
await cond.await_()                          | RuntimeError | ^unlock of unlocked mutex$
await cond.await_(1)                         | TypeError    | positional argument
cond.signal(1)                               | TypeError    | argument
cond.broadcast(1)                            | TypeError    | argument
sync.Pool(1)                                 | TypeError    | ^new must be callable, not int$
sync.Pool(new=list)                          | TypeError    | 'new'
pool.get(1)                                  | TypeError    | argument
pool.put()                                   | TypeError    | 'item'
sync.Map({})                                 | TypeError    | argument
table.load([])                               | TypeError    | unhashable
table.load(lies)                             | Lie          |
table.load(wrong)                            | TypeError    | __hash__
table.store("key")                           | TypeError    | 'value'
table.store([], 1)                           | TypeError    | unhashable
table.store(lies, 1)                         | Lie          |
table.swap([], 1)                            | TypeError    | unhashable
table.load_or_store([], 1)                   | TypeError    | unhashable
table.load_and_delete([])                    | TypeError    | unhashable
table.delete([])                             | TypeError    | unhashable
table.delete(lies)                           | Lie          |
table.compare_and_swap([], 1, 2)             | TypeError    | unhashable
table.compare_and_swap("key", lies, 2)       | Lie          |
table.compare_and_delete([], 1)              | TypeError    | unhashable
table.compare_and_delete("key", lies)        | Lie          |
table.range(None)                            | TypeError    | ^fn must be callable, not NoneType$
table.range(lies)                            | Lie          |
table.clear(1)                               | TypeError    | argument
sync.AtomicInt("1")                          | TypeError    | ^an AtomicInt holds an int, not str$
sync.AtomicInt(True)                         | TypeError    | ^an AtomicInt holds an int, not bool$
sync.AtomicInt(lies)                         | TypeError    | ^an AtomicInt holds an int, not Lies$
sync.AtomicInt(1, 2)                         | TypeError    | argument
number.load(1)                               | TypeError    | argument
number.store(1.0)                            | TypeError    | ^an AtomicInt holds an int, not float$
number.store()                               | TypeError    | argument
number.swap(None)                            | TypeError    | ^an AtomicInt holds an int, not NoneType$
number.add(1.5)                              | TypeError    | ^an AtomicInt holds an int, not float$
number.and_(nan)                             | TypeError    | ^an AtomicInt holds an int, not float$
number.or_("1")                              | TypeError    | ^an AtomicInt holds an int, not str$
number.compare_and_swap(7, None)             | TypeError    | ^an AtomicInt holds an int, not NoneType$
number.compare_and_swap(lies, 1)             | TypeError    | ^an AtomicInt holds an int, not Lies$
sync.AtomicBool(1)                           | TypeError    | ^an AtomicBool holds a bool, not int$
flag.load(1)                                 | TypeError    | argument
flag.store(None)                             | TypeError    | ^an AtomicBool holds a bool, not NoneType$
flag.swap(lies)                              | TypeError    | ^an AtomicBool holds a bool, not Lies$
flag.compare_and_swap(True, 0)               | TypeError    | ^an AtomicBool holds a bool, not int$
flag.compare_and_swap(1, False)              | TypeError    | ^an AtomicBool holds a bool, not int$
sync.AtomicRef(1, 2)                         | TypeError    | argument
ref.load(1)                                  | TypeError    | argument
ref.store()                                  | TypeError    | argument
ref.swap()                                   | TypeError    | argument
ref.compare_and_swap("ref")                  | TypeError    | argument
sync.AtomicValue(1)                          | TypeError    | argument
value.load(1)                                | TypeError    | argument
value.store(None)                            | TypeError    | ^an AtomicValue does not hold None$
value.store(1)                               | TypeError    | ^an AtomicValue that holds a str takes no int$
value.swap(lies)                             | TypeError    | ^an AtomicValue that holds a str takes no Lies$
value.compare_and_swap("value", None)        | TypeError    | ^compare_and_swap\\(\\) got a str and a NoneType$
value.compare_and_swap(None, 1)              | TypeError    | ^an AtomicValue that holds a str takes no int$
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_refused(row, refused):
    refused(row)


def test_the_table_is_complete(covers_all):
    covers_all(sync, TABLE.strip().splitlines())
