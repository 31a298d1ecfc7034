"""Generators: a function starts a goroutine and returns the channel of what it says.

The caller gets the receiving end only, and closes `done` when it has heard enough. A plain function and an `async def` make
equally good generators; who listens cannot tell.
"""

from goconc import Chan, RecvChan, aselect, go, run, select
from goconc._examples._support import check


def fibonacci(done: RecvChan[None]) -> RecvChan[int]:
    out: Chan[int] = Chan()

    def generate() -> None:
        number, following = 1, 2
        while select((out, number), done).index == 0:
            number, following = following, number + following

    go(generate)
    return out.receiver


def triangular(done: RecvChan[None]) -> RecvChan[int]:
    out: Chan[int] = Chan()

    async def generate() -> None:
        number = side = 1
        while (await aselect((out, number), done)).index == 0:
            side += 1
            number += side

    go(generate)
    return out.receiver


def in_both(first: RecvChan[int], second: RecvChan[int], count: int) -> list[int]:
    """The first ``count`` numbers that two increasing generators have in common."""
    common: list[int] = []
    a, b = first.recv(), second.recv()
    while len(common) < count:
        if a == b:
            common.append(a)
        if a <= b:
            a = first.recv()
        else:
            b = second.recv()
    return common


def common_numbers() -> list[int]:
    done: Chan[None] = Chan()
    with done:  # closing it ends both generators
        return in_both(fibonacci(done.receiver), triangular(done.receiver), 4)


def main() -> None:
    numbers = run(common_numbers)
    check(numbers == [1, 3, 21, 55], f"{numbers} are not the Fibonacci numbers that are triangular")
    print("Fibonacci numbers that are triangular:", *numbers)


if __name__ == "__main__":
    main()
