# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about patterns. Checked, never run: see CONTRIBUTING."""

import operator
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Literal, assert_type

from goconc import Chan, RecvChan, context, patterns, run, tick
from goconc.patterns import Broadcast, Outcome, Stream


def plain(n: int) -> str:
    return str(n)


async def suspending(n: int) -> str:
    return str(n)


def letters(word: str) -> Iterator[bytes]:
    yield word.encode()


async def aletters(word: str) -> AsyncIterator[bytes]:
    yield word.encode()


def transforming(ctx: context.Context, numbers: Chan[int], words: RecvChan[str]) -> None:
    assert_type(patterns.source([1, 2]), Stream[int])
    assert_type(patterns.source(words, ctx=ctx), Stream[str])
    assert_type(patterns.map(plain, [1, 2], workers=2, ordered=False), Stream[str])
    assert_type(patterns.map(suspending, numbers), Stream[str])
    assert_type(patterns.map(len, patterns.map(plain, numbers.receiver)), Stream[int])
    assert_type(patterns.filter(suspending, numbers), Stream[int])
    assert_type(patterns.filter(plain, numbers), Stream[int])
    assert_type(patterns.flat_map(letters, words), Stream[bytes])
    assert_type(patterns.flat_map(aletters, words), Stream[bytes])
    assert_type(patterns.batch(numbers, 3, within=0.1), Stream[list[int]])
    assert_type(patterns.window(numbers, 3, step=2), Stream[tuple[int, ...]])
    assert_type(patterns.aggregate(operator.add, numbers, 0), Stream[int])
    assert_type(patterns.buffer(numbers, 3), Stream[int])
    patterns.map(plain, words)  # type: ignore[arg-type]
    patterns.map(plain, 3)  # type: ignore[call-overload]
    patterns.batch(numbers)  # type: ignore[call-arg]


def pools(jobs: list[int]) -> None:
    assert_type(patterns.worker_pool(plain, jobs, 3, progress=True), Stream[str])
    assert_type(patterns.worker_pool(suspending, jobs, 3, ordered=True), Stream[str])
    assert_type(patterns.for_each(plain, jobs, 3, progress=lambda done, total: print(done, total)), None)
    assert_type(patterns.catching(plain), Callable[[int], Outcome[int, str]])
    assert_type(patterns.catching(suspending), Callable[[int], Coroutine[Any, Any, Outcome[int, str]]])
    for job, value, error in patterns.worker_pool(patterns.catching(plain), jobs, 3):
        assert_type(job, int)
        assert_type(value, str | None)
        assert_type(error, Exception | None)
    assert_type(patterns.progress(jobs, total=3), Stream[int])
    patterns.worker_pool(plain, jobs)  # type: ignore[call-overload]


def fans(numbers: Chan[int], words: Chan[str]) -> None:
    assert_type(patterns.merge(numbers, [1]), Stream[int])
    assert_type(patterns.split(numbers, 3), tuple[Stream[int], ...])
    assert_type(patterns.tee(words), tuple[Stream[str], ...])
    topic = patterns.broadcast(words)
    assert_type(topic, Broadcast[str])
    assert_type(topic.subscribe(3, slow="drop_oldest"), Stream[str])
    topic.subscribe(3, slow="hurry")  # type: ignore[arg-type]
    assert_type(patterns.bridge([numbers, numbers]), Stream[int])
    for each in patterns.or_done(numbers, context.background()):
        assert_type(each, int)
    patterns.or_done([1], context.background())  # type: ignore[arg-type]
    assert_type(patterns.rate_limit(words, tick(1)), Stream[str])
    assert_type(patterns.rate_limit(words, patterns.Limiter(3.5, 2)), Stream[str])


async def reading(stream: Stream[int]) -> None:
    assert_type(stream.recv(timeout=1), int)
    assert_type(await stream.arecv(), int)
    assert_type(stream.recv_ok(), tuple[int, Literal[True]] | tuple[None, Literal[False]])
    assert_type(next(stream), int)
    assert_type(list(stream), list[int])
    assert_type([n async for n in stream], list[int])
    assert_type(stream.receiver, RecvChan[int])
    wider: Stream[float] = stream
    with stream as same:
        assert_type(same, Stream[int])
    async with stream as same:
        assert_type(same, Stream[int])
    wider.close()
    await wider.aclose()
    stream.send(1)  # type: ignore[attr-defined]


def calls() -> None:
    assert_type(patterns.retry(plain, attempts=3, on=(OSError, ValueError))(1), str)
    assert_type(run(patterns.retry(suspending), 1), str)
    patterns.retry(plain)("x")  # type: ignore[arg-type]
    assert_type(patterns.first(lambda: 1, lambda: 2), Stream[int])

    async def ward(watchdog: patterns.Watchdog) -> int:
        watchdog.beat()
        return 1

    assert_type(patterns.supervise(ward, silence=3, restarts=None), Stream[int])
    assert_type(patterns.supervise(lambda watchdog: "x"), Stream[str])
