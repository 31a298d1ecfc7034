"""An errgroup as a pipeline: one goroutine lists the files, 20 digest them, and the first error stops them all.

All stages are in one group. A file that cannot be read ends `g.ctx`; every send and receive has it, so nobody is stuck.
"""

import hashlib
import time
from pathlib import Path
from typing import NamedTuple

from goconc import Chan, ablocking, context, errgroup, run
from goconc._examples._support import check, library_files

DIGESTERS = 20


class Digest(NamedTuple):
    path: Path
    hexdigest: str


def digest(path: Path) -> Digest:
    return Digest(path, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest())


def list_files(ctx: context.Context, paths: list[Path], out: Chan[Path]) -> None:
    with out:
        for path in paths:
            out.send(path, ctx=ctx)


async def digester(ctx: context.Context, paths: Chan[Path], out: Chan[Digest]) -> int:
    done = 0
    async for path in paths:
        await out.asend(await ablocking(digest, path), ctx=ctx)
        done += 1
    return done


def collect(ctx: context.Context, digests: Chan[Digest], count: int) -> dict[Path, str]:
    return dict(digests.recv(ctx=ctx) for _ in range(count))


def digest_all(paths: list[Path]) -> dict[Path, str]:
    listed: Chan[Path] = Chan()
    digests: Chan[Digest] = Chan()
    with errgroup.Group() as g:
        g.go(list_files, g.ctx, paths, listed)
        for _ in range(DIGESTERS):
            g.go(digester, g.ctx, listed, digests)
        collected = g.go(collect, g.ctx, digests, len(paths))
    return collected.join()


def main() -> None:
    paths = library_files("email", ".py") + library_files("json", ".py")
    started = time.perf_counter()
    digests = run(digest_all, paths)
    took = time.perf_counter() - started
    check(digests == dict(map(digest, paths)), "the digests are those of a plain loop")
    print(f"{len(paths)} files in {took:.2f} s, at most {DIGESTERS} at a time")

    missing = Path(__file__).with_name("no_such_file")
    try:
        run(digest_all, [*paths[:5], missing, *paths[5:]])
    except FileNotFoundError as error:
        check(error.filename == str(missing), f"{error} is about another file")
        print("with a missing file among them: FileNotFoundError, and the others have stopped")
    else:
        check(False, "the missing file was not noticed")


if __name__ == "__main__":
    main()
