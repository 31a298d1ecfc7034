"""Channels out of channels: `or_`, `or_done`, `tee` and `bridge`. Each is a goroutine, and none stays behind.

The rule that keeps them from leaking: who sends also selects on `done`.
"""

from itertools import count, islice
from typing import Any, TypeVar

from goconc import Chan, RecvChan, after, aselect, go, run, select
from goconc._examples._support import check

T = TypeVar("T")


def or_(*signals: RecvChan[Any]) -> RecvChan[None]:
    """Closed as soon as one of ``signals`` is ready."""
    out: Chan[None] = Chan()

    def wait() -> None:
        with out:
            select(*signals)

    go(wait)
    return out.receiver


def or_done(done: RecvChan[None], source: RecvChan[T]) -> RecvChan[T]:
    """What comes from ``source``, until ``done`` is closed."""
    out: Chan[T] = Chan()

    async def forward() -> None:
        with out:
            while True:
                match await aselect(source, done):
                    case 0, value, True:
                        if (await aselect((out, value), done)).index == 1:
                            return
                    case _:
                        return

    go(forward)
    return out.receiver


def tee(done: RecvChan[None], source: RecvChan[T]) -> tuple[RecvChan[T], RecvChan[T]]:
    """Two channels, each of which gets every value; the slower one sets the pace."""
    outs: tuple[Chan[T], Chan[T]] = Chan(), Chan()

    async def copy() -> None:
        with outs[0], outs[1]:
            async for value in or_done(done, source):
                left: list[tuple[Chan[T], T] | None] = [(out, value) for out in outs]
                while any(left):
                    chosen = (await aselect(*left, done)).index
                    if chosen == 2:
                        return
                    left[chosen] = None

    go(copy)
    return outs[0].receiver, outs[1].receiver


def bridge(done: RecvChan[None], sources: RecvChan[RecvChan[T]]) -> RecvChan[T]:
    """The values of one channel after the other, as they come in a channel of channels."""
    out: Chan[T] = Chan()

    def forward() -> None:
        with out:
            for source in or_done(done, sources):
                for value in or_done(done, source):
                    if select((out, value), done).index == 1:
                        return

    go(forward)
    return out.receiver


def numbers(done: RecvChan[None]) -> RecvChan[int]:
    out: Chan[int] = Chan()

    def generate() -> None:
        for number in count():
            if select((out, number), done).index == 1:
                return

    go(generate)
    return out.receiver


def chunks(done: RecvChan[None], size: int) -> RecvChan[RecvChan[int]]:
    """Channels of ``size`` numbers each: 0, 1, 2, then 3, 4, 5, and so on."""
    out: Chan[RecvChan[int]] = Chan()

    async def generate() -> None:
        for start in count(0, size):
            chunk: Chan[int] = Chan(size)
            with chunk:
                for number in range(start, start + size):
                    await chunk.asend(number)
            if (await aselect((out, chunk.receiver), done)).index == 1:
                return

    go(generate)
    return out.receiver


def use_them_all(many: int) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    done: Chan[None] = Chan()
    with done:
        until_done = list(islice(or_done(done.receiver, numbers(done.receiver)), many))
        left, right = tee(done.receiver, numbers(done.receiver))
        pairs = [(left.recv(), right.recv()) for _ in range(many)]
        bridged = list(islice(bridge(done.receiver, chunks(done.receiver, 3)), many))
    return until_done, pairs, bridged


def first_of_three() -> bool:
    return or_(after(60), after(0.005), after(60)).recv_ok() == (None, False)


def main() -> None:
    until_done, pairs, bridged = run(use_them_all, 100)
    check(until_done == bridged == list(range(100)), "or_done and bridge keep the order")
    check(pairs == [(n, n) for n in range(100)], "tee gives every value to both")
    print("or_done, tee and bridge: 100 values each, in order")
    check(run(first_of_three), "or_ gives a channel that is closed")
    print("or_: over when the first of three signals came")


if __name__ == "__main__":
    main()
