"""Fan-out, fan-in: readers share one channel of work, and `select` merges what they send.

A channel that is closed is replaced by None, which is never ready, until none is left: Go's nil channel.
"""

import re
import time
from collections import Counter
from pathlib import Path

from goconc import Chan, RecvChan, blocking, go, run, select
from goconc._examples._support import Progress, check, library_files

READERS = 3
WORD = re.compile(r"[a-z]{4,}")


def words_in(path: Path) -> Counter[str]:
    return Counter(WORD.findall(path.read_text(encoding="utf-8", errors="replace").lower()))


def reader(paths: RecvChan[Path], counts: Chan[Counter[str]]) -> None:
    with counts:
        for path in paths:
            counts.send(blocking(words_in, path))


def fan_out(paths: list[Path]) -> list[RecvChan[Counter[str]]]:
    work: Chan[Path] = Chan(len(paths))
    with work:
        for path in paths:
            work.send(path)
    counts: list[Chan[Counter[str]]] = [Chan() for _ in range(READERS)]
    for each in counts:
        go(reader, work.receiver, each)
    return [each.receiver for each in counts]


def merge(sources: list[RecvChan[Counter[str]]], merged: Chan[tuple[int, Counter[str]]]) -> None:
    waiting: list[RecvChan[Counter[str]] | None] = [*sources]
    with merged:
        while any(waiting):
            index, value, ok = select(*waiting)
            if ok and value is not None:
                merged.send((index, value))
            else:
                waiting[index] = None


def count_words(paths: list[Path]) -> tuple[Counter[str], Counter[int]]:
    merged: Chan[tuple[int, Counter[str]]] = Chan()
    go(merge, fan_out(paths), merged)
    words: Counter[str] = Counter()
    shares: Counter[int] = Counter()
    with Progress("files read", len(paths)) as progress:
        for index, found in merged:
            words.update(found)
            shares[index] += 1
            progress.advance()
    return words, shares


def main() -> None:
    paths = [path for folder in ("asyncio", "email", "unittest") for path in library_files(folder, ".py")]
    started = time.perf_counter()
    words, shares = run(count_words, paths)
    took = time.perf_counter() - started
    expected: Counter[str] = Counter()
    for path in paths:
        expected.update(words_in(path))
    check(words == expected, "the merged counts are those of a plain loop")
    check(sum(shares.values()) == len(paths), "each file is read once")
    print(f"{words.total()} words in {len(paths)} files in {took:.2f} s")
    print("files by reader:", ", ".join(f"{shares[index]}" for index in range(READERS)))
    print("most frequent:", ", ".join(f"{word} {count}" for word, count in words.most_common(5)))


if __name__ == "__main__":
    main()
