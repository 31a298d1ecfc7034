"""SHA-256 of every file of the standard library, eight at a time; a file that cannot be read ends it.

A helper thread reads and hashes (`blocking`), a goroutine waits for it. Nobody joins the workers, so an exception in
one of them stops `run` at once, which cancels the others and raises it.
"""

import hashlib
import time
from pathlib import Path

from goconc import Chan, blocking, go, num_goroutine, run
from goconc._examples._support import Progress, check, library_files

WORKERS = 8


def digest(path: Path) -> tuple[Path, str, int]:
    with path.open("rb") as file:
        return path, hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def worker(paths: Chan[Path], digests: Chan[tuple[Path, str, int]], finished: Chan[None]) -> None:
    for path in paths:
        digests.send(blocking(digest, path))
    finished.send(None)


def feed(paths: list[Path], jobs: Chan[Path]) -> None:
    with jobs:
        for path in paths:
            jobs.send(path)


def close_after(finished: Chan[None], digests: Chan[tuple[Path, str, int]]) -> None:
    for _ in range(WORKERS):
        finished.recv()
    digests.close()


def digest_all(paths: list[Path]) -> tuple[dict[Path, str], int]:
    jobs: Chan[Path] = Chan()
    digests: Chan[tuple[Path, str, int]] = Chan()
    finished: Chan[None] = Chan()
    go(feed, paths, jobs)
    for _ in range(WORKERS):
        go(worker, jobs, digests, finished)
    go(close_after, finished, digests)
    found = {}
    total = 0
    with Progress("files hashed", len(paths)) as progress:
        for path, hexdigest, size in digests:
            found[path] = hexdigest
            total += size
            progress.advance()
    return found, total


def main() -> None:
    print("listing the standard library")
    paths = library_files()
    started = time.perf_counter()
    found, total = run(digest_all, paths)
    took = time.perf_counter() - started
    check(len(found) == len(paths), f"{len(found)} of {len(paths)} files were hashed")
    sample = paths[:: len(paths) // 50 + 1]
    check(all(hashlib.sha256(path.read_bytes()).hexdigest() == found[path] for path in sample), "a digest is wrong")
    print(
        f"{len(paths)} files, {total / 1e6:.1f} MB in {took:.2f} s: {total / 1e6 / took:.0f} MB/s, {WORKERS} at a time"
    )

    missing = Path(__file__).with_name("no_such_file")
    started = time.perf_counter()
    try:
        run(digest_all, [*paths[:100], missing, *paths[100:]])
    except FileNotFoundError as error:
        check(error.filename == str(missing), f"{error} is about another file")
        took = time.perf_counter() - started
        print(f"with a missing file among them: FileNotFoundError after {took:.2f} s")
        print(*(f"    {note}" for note in error.__notes__), sep="\n")
    else:
        check(False, "the missing file was not noticed")
    check(num_goroutine() == 0, "no goroutine is left behind")


if __name__ == "__main__":
    main()
