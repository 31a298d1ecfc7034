"""Do two trees hold the same values? Two goroutines walk them, and values are compared as they come.

The trees may have different shapes. At the first difference the walkers are told to stop, deep in their recursion: one is
a plain function, which sends from there without further ado, the other an `async def` that awaits itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from goconc import Chan, RecvChan, aselect, go, run, select
from goconc._examples._support import check

VALUES = 1000


@dataclass
class Tree:
    value: int
    left: Tree | None = None
    right: Tree | None = None

    def insert(self, value: int) -> None:
        side = "left" if value < self.value else "right"
        child: Tree | None = getattr(self, side)
        if child:
            child.insert(value)
        else:
            setattr(self, side, Tree(value))


def tree_of(values: Sequence[int], seed: int) -> Tree:
    """A search tree; the seed decides its shape."""
    first, *rest = random.Random(seed).sample(values, len(values))
    tree = Tree(first)
    for value in rest:
        tree.insert(value)
    return tree


def walk(tree: Tree | None, out: Chan[int], done: RecvChan[None]) -> bool:
    """Sends the values in order; false if it was told to stop."""
    return tree is None or (
        walk(tree.left, out, done) and select((out, tree.value), done).index == 0 and walk(tree.right, out, done)
    )


async def async_walk(tree: Tree | None, out: Chan[int], done: RecvChan[None]) -> bool:
    return tree is None or (
        await async_walk(tree.left, out, done)
        and (await aselect((out, tree.value), done)).index == 0
        and await async_walk(tree.right, out, done)
    )


def walker(tree: Tree, done: RecvChan[None]) -> RecvChan[int]:
    out: Chan[int] = Chan()

    def values() -> None:
        with out:
            walk(tree, out, done)

    go(values)
    return out.receiver


def async_walker(tree: Tree, done: RecvChan[None]) -> RecvChan[int]:
    out: Chan[int] = Chan()

    async def values() -> None:
        with out:
            await async_walk(tree, out, done)

    go(values)
    return out.receiver


def same(one: Tree, other: Tree) -> tuple[bool, int]:
    """Whether they hold the same values, and how many were compared."""
    done: Chan[None] = Chan()
    with done:
        first, second = walker(one, done.receiver), async_walker(other, done.receiver)
        for compared in count():
            a, b = first.recv_ok(), second.recv_ok()
            if a != b:
                return False, compared
            if a == (None, False):
                return True, compared
    raise AssertionError("count() never ends")


def main() -> None:
    numbers = range(VALUES)
    equal, compared = run(same, tree_of(numbers, seed=1), tree_of(numbers, seed=2))
    check(equal and compared == VALUES, "two shapes of one set are the same")
    print(f"two trees of {VALUES} values: the same, {compared} values compared")
    changed = [n if n != 41 else -1 for n in numbers]
    equal, compared = run(same, tree_of(numbers, seed=1), tree_of(changed, seed=2))
    check(not equal and compared == 0, "the smallest value differs")
    print(f"one value changed: not the same, found after {compared} values that are")


if __name__ == "__main__":
    main()
