"""Bad input to what `goconc` itself offers."""

import pkgutil

import pytest

import goconc

TABLE = """
Chan(None)                                  | TypeError    | ^capacity must be an int, not NoneType$
Chan("3")                                   | TypeError    | ^capacity must be an int, not str$
Chan(1.0)                                   | TypeError    | ^capacity must be an int, not float$
Chan(True)                                  | TypeError    | ^capacity must be an int, not bool$
Chan(-1)                                    | ValueError   | ^capacity must be between 0 and \\d+, not -1$
Chan(2**63)                                 | ValueError   | ^capacity must be between 0 and \\d+, not 9223372036854775808$
Chan(vast)                                  | ValueError   | ^capacity must be between 0 and \\d+, not one of 16610 bits$
Chan(-vast)                                 | ValueError   | ^capacity must be between
Chan(lies)                                  | Lie          |
Chan(wrong)                                 | TypeError    | __index__
Chan(1, 2)                                  | TypeError    | takes at most 1 positional argument
Chan(size=1)                                | TypeError    | 'size'
Chan[int](None)                             | TypeError    | ^capacity
ch.send()                                   | TypeError    | takes exactly 1 positional argument
ch.send(1, 2)                               | TypeError    | takes exactly 1 positional argument
ch.send(1, time=2)                          | TypeError    | 'time'
ch.send(1, timeout="1")                     | TypeError    | ^timeout must be a number of seconds, not str$
ch.send(1, timeout=nothing)                 | TypeError    | ^timeout must be a number of seconds, not object$
ch.send(1, timeout=1j)                      | TypeError    | ^timeout must be a number of seconds, not complex$
ch.send(1, timeout=nan)                     | ValueError   | ^timeout must be a number of seconds, not nan$
ch.send(1, timeout=lies)                    | Lie          |
ch.send(1, timeout=wrong)                   | TypeError    | ^timeout must be a number of seconds, not Wrong$
ch.send(1, ctx=1)                           | TypeError    | ^ctx must be a goconc context, not int$
ch.send(1, ctx=Foreign(5, None))            | TypeError    | ^done\\(\\) of the context Foreign must give a channel, not int$
ch.send(1, ctx=Foreign(None, 5))            | TypeError    | ^err\\(\\) of the context Foreign must give an exception or None, not int$
shut.send(1)                                | ChannelClosed | ^send on closed channel$
shut.send(1, timeout="1")                   | TypeError    | ^timeout
empty.send(1, timeout=-vast)                | TimeoutError | ^send timed out$
empty.send(1, timeout=-inf)                 | TimeoutError | ^send timed out$
ch.send_nowait()                            | TypeError    | takes exactly 1 positional argument
ch.send_nowait(1, timeout=1)                | TypeError    | 'timeout'|keyword
shut.send_nowait(1)                         | ChannelClosed | ^send on closed channel$
empty.send_nowait(1)                        | WouldBlock   | ^send would block$
ch.recv(1)                                  | TypeError    | takes exactly 0 positional arguments
ch.recv(timeout="1")                        | TypeError    | ^timeout must be a number of seconds, not str$
ch.recv(timeout=nan)                        | ValueError   | ^timeout must be a number of seconds, not nan$
ch.recv(timeout=lies)                       | Lie          |
ch.recv(ctx="ctx")                          | TypeError    | ^ctx must be a goconc context, not str$
ch.recv(ctx=Foreign(5, 5))                  | TypeError    | of the context Foreign must give
empty.recv(timeout=-1)                      | TimeoutError | ^receive timed out$
ch.recv_ok(1)                               | TypeError    | takes exactly 0 positional arguments
ch.recv_ok(timeout=b"1")                    | TypeError    | ^timeout must be a number of seconds, not bytes$
ch.recv_ok(ctx=queue)                       | TypeError    | ^ctx must be a goconc context, not Queue$
ch.recv_nowait(1)                           | TypeError    | takes exactly 0 positional arguments
empty.recv_nowait()                         | WouldBlock   | ^receive would block$
ch.close(1)                                 | TypeError    | takes exactly 0 positional arguments
shut.close()                                | ChannelClosed | ^close of closed channel$
await ch.asend()                            | TypeError    | takes exactly 1 positional argument
await ch.asend(1, timeout="1")              | TypeError    | ^timeout must be a number of seconds, not str$
await ch.asend(1, timeout=nan)              | ValueError   | ^timeout must be a number of seconds, not nan$
await ch.asend(1, timeout=lies)             | Lie          |
await ch.asend(1, ctx=1)                    | TypeError    | ^ctx must be a goconc context, not int$
await ch.asend(1, ctx=Foreign(5, None))     | TypeError    | ^done\\(\\) of the context Foreign must give a channel
await ch.asend(1, ctx=Foreign(None, 5))     | TypeError    | ^err\\(\\) of the context Foreign must give an exception
await empty.asend(1, timeout=-vast)         | TimeoutError | ^send timed out$
await shut.asend(1)                         | ChannelClosed | ^send on closed channel$
await ch.arecv(1)                           | TypeError    | takes exactly 0 positional arguments
await ch.arecv(timeout="1")                 | TypeError    | ^timeout must be a number of seconds, not str$
await ch.arecv(ctx=1)                       | TypeError    | ^ctx must be a goconc context, not int$
await empty.arecv(timeout=-inf)             | TimeoutError | ^receive timed out$
await ch.arecv_ok(1)                        | TypeError    | takes exactly 0 positional arguments
await ch.arecv_ok(timeout=nan)              | ValueError   | ^timeout must be a number of seconds, not nan$
await ch.arecv_ok(ctx=Foreign(queue, None)) | TypeError    | must give a channel, not Queue$
ch.sender.send(1, timeout="1")              | TypeError    | ^timeout must be a number of seconds, not str$
ch.sender.send()                            | TypeError    | takes exactly 1 positional argument
ch.sender.send_nowait()                     | TypeError    | takes exactly (1|one)
ch.sender.close(1)                          | TypeError    | takes (exactly 0 positional|no) arguments
ch.sender.recv()                            | AttributeError | 'recv'
await ch.sender.asend(1, ctx=1)             | TypeError    | ^ctx must be a goconc context, not int$
ch.receiver.recv(timeout=nan)               | ValueError   | ^timeout must be a number of seconds, not nan$
ch.receiver.recv_ok(ctx=1)                  | TypeError    | ^ctx must be a goconc context, not int$
ch.receiver.recv_nowait(1)                  | TypeError    | takes (exactly 0 positional|no) arguments
ch.receiver.send(1)                         | AttributeError | 'send'
ch.receiver.close()                         | AttributeError | 'close'
await ch.receiver.arecv(timeout="1")        | TypeError    | ^timeout must be a number of seconds, not str$
await ch.receiver.arecv_ok(ctx=1)           | TypeError    | ^ctx must be a goconc context, not int$
SendChan(ch)                                | TypeError    | ^a SendChan is the .sender of a Chan$
RecvChan(ch)                                | TypeError    | ^a RecvChan is the .receiver of a Chan$
select(1)                                   | TypeError    | ^case 0 must be a channel, \\(channel, value\\) or None, not int$
select(ch, queue)                           | TypeError    | ^case 1 must be a channel, \\(channel, value\\) or None, not Queue$
select(ch, (queue, 1))                      | TypeError    | ^case 1 must be .*, not \\(Queue, value\\)$
select((ch, 1, 2))                          | TypeError    | ^case 0 must be .*, not a tuple of 3$
select(())                                  | TypeError    | ^case 0 must be .*, not a tuple of 0$
select([ch, 1])                             | TypeError    | ^case 0 must be .*, not list$
select(ch.sender)                           | TypeError    | ^case 0 receives from a send-only channel$
select((ch.receiver, 1))                    | TypeError    | ^case 0 sends on a receive-only channel$
select((timer.c, 1))                        | TypeError    | ^case 0 sends on a timer's channel$
select(*[None] * 65537)                     | ValueError   | ^too many cases: 65537, at most 65536$
select(ch, default=lies)                    | Lie          |
select(ch, timeout="1")                     | TypeError    | ^timeout must be a number of seconds, not str$
select(ch, timeout=nan, default=True)       | ValueError   | ^timeout must be a number of seconds, not nan$
select(ch, ctx=1, default=True)             | TypeError    | ^ctx must be a goconc context, not int$
select(ch, ctx=Foreign(5, None))            | TypeError    | ^done\\(\\) of the context Foreign
select((empty, 1), timeout=-vast)           | TimeoutError | ^select timed out$
select(ch, time=1)                          | TypeError    | 'time'
select((shut, 1))                           | ChannelClosed | ^send on closed channel$
await aselect(ch, queue)                    | TypeError    | ^case 1 must be a channel, \\(channel, value\\) or None, not Queue$
await aselect((ch, 1), (ch, 1, 2))          | TypeError    | ^case 1 must be .*, not a tuple of 3$
await aselect(ch, timeout="1")              | TypeError    | ^timeout must be a number of seconds, not str$
await aselect((ch, 1), timeout=nan)         | ValueError   | ^timeout must be a number of seconds, not nan$
await aselect((ch, 1), ctx=1)               | TypeError    | ^ctx must be a goconc context, not int$
await aselect((ch, 1), ctx=Foreign(None, 5)) | TypeError   | ^err\\(\\) of the context Foreign
await aselect(ch, default=lies)             | Lie          |
await aselect(*[None] * 65537)              | ValueError   | ^too many cases
Selected(1, 2, 3)                           | TypeError    | ^a Selected is made by goconc.select\\(\\)$
sleep("1")                                  | TypeError    | ^seconds must be a number of seconds, not str$
sleep(None)                                 | TypeError    | ^seconds must be a number of seconds, not NoneType$
sleep(nan)                                  | ValueError   | ^seconds must be a number of seconds, not nan$
sleep(lies)                                 | Lie          |
sleep()                                     | TypeError    | argument
sleep(1, 2)                                 | TypeError    | argument
await asleep("1")                           | TypeError    | ^seconds must be a number of seconds, not str$
await asleep(nan)                           | ValueError   | ^seconds must be a number of seconds, not nan$
after(None)                                 | TypeError    | ^seconds must be a number of seconds, not NoneType$
after(nan)                                  | ValueError   | ^seconds must be a number of seconds, not nan$
tick("1")                                   | TypeError    | ^seconds must be a number of seconds, not str$
tick(nan)                                   | ValueError   | ^seconds must be a number of seconds, not nan$
Timer()                                     | TypeError    | takes exactly 1 positional argument
Timer("1")                                  | TypeError    | ^seconds must be a number of seconds, not str$
Timer(nan)                                  | ValueError   | ^seconds must be a number of seconds, not nan$
timer.reset(None)                           | TypeError    | ^seconds must be a number of seconds, not NoneType$
timer.reset(nan)                            | ValueError   | ^seconds must be a number of seconds, not nan$
timer.stop(1)                               | TypeError    | argument
timer.__init__(1)                           | TypeError    | ^a Timer is initialised once; use reset\\(\\)$
Ticker(0)                                   | ValueError   | ^seconds must be more than 0 for a ticker, not 0$
Ticker(-1)                                  | ValueError   | ^seconds must be more than 0 for a ticker, not -1$
Ticker(-vast)                               | ValueError   | ^seconds must be more than 0 for a ticker, not one of 16610 bits$
Ticker("1")                                 | TypeError    | ^seconds must be a number of seconds, not str$
Ticker(nan)                                 | ValueError   | ^seconds must be a number of seconds, not nan$
ticker.reset(0)                             | ValueError   | ^seconds must be more than 0 for a ticker, not 0$
ticker.reset(lies)                          | Lie          |
ticker.stop(1)                              | TypeError    | argument
ticker.__init__(1)                          | TypeError    | ^a Ticker is initialised once; use reset\\(\\)$
AfterFunc(1, print)                         | TypeError    | ^made by goconc.after_func\\(\\)$
after_func(1, None)                         | TypeError    | ^after_func\\(\\) argument 'fn' must be callable, not NoneType$
after_func("1", print)                      | TypeError    | ^seconds must be a number of seconds, not str$
after_func(nan, print)                      | ValueError   | ^seconds must be a number of seconds, not nan$
after_func(1)                               | TypeError    | argument
after_func(1, async_generator)              | TypeError    | ^after_func\\(\\) argument 'fn' must not be an async generator function
called.reset("1")                           | TypeError    | ^seconds must be a number of seconds, not str$
called.stop(1)                              | TypeError    | argument
go()                                        | TypeError    | ^go\\(\\) needs a function or a coroutine to run$
go(None)                                    | TypeError    | ^go\\(\\) argument 'fn' must be callable or a coroutine, not NoneType$
go(b"fn")                                   | TypeError    | ^go\\(\\) argument 'fn' must be callable or a coroutine, not bytes$
go(queue)                                   | TypeError    | ^go\\(\\) argument 'fn' must be callable or a coroutine, not Queue$
go(coroutine, 1)                            | TypeError    | ^go\\(\\) argument 'fn' is a coroutine object, .* takes no arguments$
go(coroutine, x=1)                          | TypeError    | ^go\\(\\) argument 'fn' is a coroutine object, .* takes no arguments$
go(coroutine_function, 1)                   | TypeError    | takes 0 positional arguments but 1 was given
go(coroutine_function, x=1)                 | TypeError    | 'x'
go(async_generator)                         | TypeError    | ^go\\(\\) argument 'fn' must not be an async generator function
go(async_generator())                       | TypeError    | ^go\\(\\) argument 'fn' must be callable or a coroutine, not async_generator$
go(fn=print)                                | TypeError    | ^go\\(\\) needs a function or a coroutine to run$
ended.join(1)                               | TypeError    | takes exactly 0 positional arguments
ended.join(timeout="1")                     | TypeError    | ^timeout must be a number of seconds, not str$
ended.join(timeout=nan)                     | ValueError   | ^timeout must be a number of seconds, not nan$
await ended.ajoin(timeout="1")              | TypeError    | ^timeout must be a number of seconds, not str$
await ended.ajoin(1)                        | TypeError    | takes exactly 0 positional arguments
ended.done(1)                               | TypeError    | argument
ended.cancel(1)                             | TypeError    | argument
ended.stack(1)                              | TypeError    | argument
setattr(ended, "name", None)                | TypeError    | ^name must be a str, not NoneType$
setattr(ended, "name", b"name")             | TypeError    | ^name must be a str, not bytes$
Goroutine(print)                            | TypeError    | ^goroutines are started with goconc.go\\(\\)$
blocking()                                  | TypeError    | 'fn'
blocking(None)                              | TypeError    | ^blocking\\(\\) argument 'fn' must be callable, not NoneType$
blocking(coroutine)                         | TypeError    | ^blocking\\(\\) argument 'fn' must be callable, not coroutine$
await ablocking(1)                          | TypeError    | ^ablocking\\(\\) argument 'fn' must be callable, not int$
excepthook(None)                            | TypeError    | ^args must be an ExceptHookArgs, not NoneType$
ExceptHookArgs()                            | TypeError    | 'exc_type'
gomaxprocs("1")                             | TypeError    | ^n must be an int, not str$
gomaxprocs(True)                            | TypeError    | ^n must be an int, not bool$
gomaxprocs(1.0)                             | TypeError    | ^n must be an int, not float$
gomaxprocs(2**70)                           | ValueError   | ^n must be at most 1024, not 1180591620717411303424$
gomaxprocs(vast)                            | ValueError   | ^n must be at most 1024, not one of 16610 bits$
gomaxprocs(lies)                            | Lie          |
current(1)                                  | TypeError    | argument
num_goroutine(1)                            | TypeError    | argument
gosched(1)                                  | TypeError    | argument
await agosched(1)                           | TypeError    | argument
goexit(1)                                   | TypeError    | argument
lock_os_thread(1)                           | TypeError    | argument
unlock_os_thread(1)                         | TypeError    | argument
shield(1)                                   | TypeError    | argument
"""

# What holds in one place only.
IN_THREAD = """
run()                                       | TypeError    | argument
run(None)                                   | TypeError    | ^run\\(\\) argument 'main' must be callable or a coroutine, not NoneType$
run("main")                                 | TypeError    | ^run\\(\\) argument 'main' must be callable or a coroutine, not str$
run(coroutine, 1)                           | TypeError    | ^run\\(\\) argument 'main' is a coroutine object, .* takes no arguments$
run(coroutine_function, 1)                  | TypeError    | takes 0 positional arguments but 1 was given
run(async_generator)                        | TypeError    | ^run\\(\\) argument 'main' must not be an async generator function
run(print, proc=1)                          | TypeError    | 'proc'
run(print, procs="1")                       | TypeError    | ^procs must be an int, not str$
run(print, procs=True)                      | TypeError    | ^procs must be an int, not bool$
run(print, procs=0)                         | ValueError   | ^procs must be between 1 and 1024, not 0$
run(print, procs=-1)                        | ValueError   | ^procs must be between 1 and 1024, not -1$
run(print, procs=2**70)                     | ValueError   | ^procs must be between 1 and 1024, not 1180591620717411303424$
run(print, procs=vast)                      | ValueError   | ^procs must be between 1 and 1024, not one of 16610 bits$
run(print, procs=lies)                      | Lie          |
goexit()                                    | RuntimeError | ^goexit\\(\\) outside a goroutine$
lock_os_thread()                            | RuntimeError | ^lock_os_thread\\(\\) outside a goroutine$
unlock_os_thread()                          | RuntimeError | ^unlock_os_thread\\(\\) outside a goroutine$
shielded.__enter__()                          | RuntimeError | ^shield\\(\\) outside a goroutine$
shielded.__exit__(None, None, None)           | RuntimeError | ^this shield\\(\\) was not entered$
"""

IN_GOROUTINE = """
run(print)                                  | RuntimeError | ^run\\(\\) was called inside a goroutine; use go\\(\\)$
current().join()                            | RuntimeError | ^a goroutine cannot join itself$
shielded.__exit__(None, None, None)           | RuntimeError | ^this shield\\(\\) was not entered$
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_refused(row, refused):
    refused(row)


@pytest.mark.parametrize("row", IN_THREAD.strip().splitlines())
def test_refused_in_a_thread(row, refused):
    refused(row, places=["thread"])


@pytest.mark.parametrize("row", IN_GOROUTINE.strip().splitlines())
def test_refused_in_a_goroutine(row, refused):
    refused(row, places=["plain"])


def test_the_tables_are_complete(covers_all):
    modules = {module.name for module in pkgutil.iter_modules(goconc.__path__) if not module.name.startswith("_")}
    assert modules == {"context", "debug", "errgroup", "patterns", "semaphore", "singleflight", "sync"}
    covers_all(goconc, (TABLE + IN_THREAD.lstrip()).strip().splitlines())
