"""A worker pool: however many jobs there are, four workers do them.

The workers share a channel of jobs and one of results. Closing the jobs ends the workers.
"""

import threading
import time
import zlib
from pathlib import Path

from goconc import Chan, blocking, go, run
from goconc._examples._support import Progress, check, library_files

WORKERS = 4


class Load:
    """How many workers are busy, and how many were at most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._counting = threading.Lock()

    def __enter__(self) -> None:
        with self._counting:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *exc: object) -> None:
        with self._counting:
            self.now -= 1


def compress(path: Path) -> tuple[Path, int, int]:
    data = path.read_bytes()
    return path, len(data), len(zlib.compress(data, 9))


def worker(jobs: Chan[Path], results: Chan[tuple[Path, int, int]], load: Load) -> int:
    done = 0
    for path in jobs:
        with load:
            results.send(blocking(compress, path))
        done += 1
    return done


def feed(paths: list[Path], jobs: Chan[Path]) -> None:
    with jobs:  # closes it at the end
        for path in paths:
            jobs.send(path)


def compress_all(paths: list[Path]) -> tuple[dict[Path, tuple[int, int]], list[int], Load]:
    jobs: Chan[Path] = Chan()
    results: Chan[tuple[Path, int, int]] = Chan()
    load = Load()
    go(feed, paths, jobs)
    workers = [go(worker, jobs, results, load) for _ in range(WORKERS)]
    sizes = {}
    with Progress("files compressed", len(paths)) as progress:
        for _ in paths:
            path, before, after = results.recv()
            sizes[path] = before, after
            progress.advance()
    return sizes, [each.join() for each in workers], load


def main() -> None:
    paths = [
        path for folder in ("email", "json", "logging", "unittest", "xml") for path in library_files(folder, ".py")
    ]
    started = time.perf_counter()
    sizes, shares, load = run(compress_all, paths)
    took = time.perf_counter() - started
    check(set(sizes) == set(paths) and sum(shares) == len(paths), "each file is compressed once")
    check(1 <= load.most <= WORKERS, f"{load.most} workers were busy at once")
    check(all(compress(path)[1:] == sizes[path] for path in paths[::20]), "the sizes are those of a plain call")
    before, after = (sum(column) for column in zip(*sizes.values()))
    print(f"{len(paths)} files, {before / 1e6:.2f} MB compressed to {after / 1e6:.2f} MB in {took:.2f} s")
    print(f"jobs done by each of {WORKERS} workers: {shares}; busy at once: {load.most} at most")


if __name__ == "__main__":
    main()
