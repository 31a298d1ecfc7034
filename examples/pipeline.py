"""A pipeline: each stage is a goroutine that receives from the one before: transform, filter, aggregate.

A stage makes its channel, starts its goroutine and returns the receiving end. Closing runs from the first stage to the
last, so each ends by itself.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from goconc import Chan, RecvChan, go, gosched, num_goroutine, run
from goconc._examples._support import check, library_files

T = TypeVar("T")
U = TypeVar("U")

LARGE = 20_000  # bytes


class File(NamedTuple):
    kind: str
    size: int


def source(values: Iterable[T]) -> RecvChan[T]:
    out: Chan[T] = Chan()

    def stage() -> None:
        with out:
            for value in values:
                out.send(value)

    go(stage)
    return out.receiver


def transform(change: Callable[[T], U], values: RecvChan[T]) -> RecvChan[U]:
    out: Chan[U] = Chan()

    def stage() -> None:
        with out:
            for value in values:
                out.send(change(value))

    go(stage)
    return out.receiver


def filter_(wanted: Callable[[T], bool], values: RecvChan[T]) -> RecvChan[T]:
    out: Chan[T] = Chan()

    def stage() -> None:
        with out:
            for value in values:
                if wanted(value):
                    out.send(value)

    go(stage)
    return out.receiver


def aggregate(files: RecvChan[File]) -> Counter[str]:
    total: Counter[str] = Counter()
    for file in files:
        total[file.kind] += file.size
    return total


def describe(path: Path) -> File:
    return File(path.suffix or "(none)", path.stat().st_size)


def is_large(file: File) -> bool:
    return file.size >= LARGE


def bytes_in_large_files(paths: list[Path]) -> Counter[str]:
    total = aggregate(filter_(is_large, transform(describe, source(paths))))
    while num_goroutine() > 1:  # a stage closes its channel just before it ends
        gosched()
    return total


def main() -> None:
    print("listing the standard library")
    paths = library_files()
    started = time.perf_counter()
    total = run(bytes_in_large_files, paths)
    took = time.perf_counter() - started
    expected: Counter[str] = Counter()
    for file in map(describe, paths):
        if is_large(file):
            expected[file.kind] += file.size
    check(total == expected, f"{total} should be {expected}")
    print(f"{len(paths)} files went through 3 stages in {took:.2f} s")
    for kind, size in total.most_common(4):
        print(f"{kind:6} {size / 1e6:7.2f} MB in files of at least {LARGE // 1000} kB")


if __name__ == "__main__":
    main()
