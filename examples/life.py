"""Conway's life on a torus: a goroutine for each band of rows, which tells its neighbours its edges. Nothing is shared or locked."""

import time
from itertools import pairwise

from goconc import Chan, RecvChan, SendChan, go, gomaxprocs, run
from goconc._examples._support import Progress, check

Row = list[bool]
WIDTH, HEIGHT, BANDS, GENERATIONS = 64, 36, 6, 100
R_PENTOMINO = ((1, 0), (2, 0), (0, 1), (1, 1), (1, 2))


def next_row(above: Row, row: Row, below: Row) -> Row:
    width, new = len(row), []
    for x in range(width):
        left, right = x - 1, (x + 1) % width
        near = sum(r[left] + r[x] + r[right] for r in (above, row, below)) - row[x]
        new.append(near == 3 or (near == 2 and row[x]))
    return new


def next_rows(rows: list[Row], above: Row, below: Row) -> list[Row]:
    padded = [above, *rows, below]
    return [next_row(*padded[y : y + 3]) for y in range(len(rows))]


class Band:
    """Rows, and the channels to the neighbours. Each holds one edge, so that all can tell before anybody asks."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.from_above: Chan[Row] = Chan(1)
        self.from_below: Chan[Row] = Chan(1)

    def live(self, up: SendChan[Row], down: SendChan[Row], generations: int, done: SendChan[None]) -> None:
        for _ in range(generations):
            up.send(self.rows[0])
            down.send(self.rows[-1])
            self.rows = next_rows(self.rows, self.from_above.recv(), self.from_below.recv())
        done.send(None)

    async def alive(self, up: SendChan[Row], down: SendChan[Row], generations: int, done: SendChan[None]) -> None:
        for _ in range(generations):
            await up.asend(self.rows[0])
            await down.asend(self.rows[-1])
            self.rows = next_rows(self.rows, await self.from_above.arecv(), await self.from_below.arecv())
        await done.asend(None)


def evolve(rows: list[Row], count: int, generations: int, progress: Progress | None = None) -> list[Row]:
    """So many generations later, by ``count`` bands of about the same height."""
    edges = [len(rows) * n // count for n in range(count + 1)]
    bands = [Band(rows[begin:end]) for begin, end in pairwise(edges)]
    done: Chan[None] = Chan(count)
    for n, band in enumerate(bands):
        up, down = bands[n - 1].from_below, bands[(n + 1) % count].from_above
        go(band.alive if n % 2 else band.live, up.sender, down.sender, generations, done.sender)
    wait_for(count, done.receiver, progress)
    return [row for band in bands for row in band.rows]


def wait_for(count: int, done: RecvChan[None], progress: Progress | None) -> None:
    for _ in range(count):
        done.recv()
        if progress:
            progress.advance()


def board(cells: tuple[tuple[int, int], ...], width: int, height: int) -> list[Row]:
    return [[(x, y) in cells for x in range(width)] for y in range(height)]


def main() -> None:
    middle = tuple((x + WIDTH // 2, y + HEIGHT // 2) for x, y in R_PENTOMINO)
    first = board(middle, WIDTH, HEIGHT)
    expected = first
    for _ in range(GENERATIONS):
        expected = next_rows(expected, expected[-1], expected[0])
    times = []
    for procs in (1, max(2, gomaxprocs())):
        with Progress("bands", BANDS) as progress:
            started = time.perf_counter()
            last = run(evolve, first, BANDS, GENERATIONS, progress, procs=procs)
            times.append(time.perf_counter() - started)
        check(last == expected, "the cells are those of a plain loop")
    for y in range(0, HEIGHT, 2):  # two rows a line
        print("".join(" '.:"[last[y][x] + 2 * last[y + 1][x]] for x in range(WIDTH)).rstrip())
    print(f"{sum(map(sum, last))} cells live after {GENERATIONS} generations of the R-pentomino")
    print(f"{BANDS} bands on 1 processor: {times[0]:.2f} s, on {max(2, gomaxprocs())}: {times[1]:.2f} s")


if __name__ == "__main__":
    main()
