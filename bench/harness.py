"""What every file here shares: a row (one workload for both kinds of goroutine), and the two ways to time it."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import goconc


@dataclass(frozen=True)
class Row:
    """One workload, under the name of the Go benchmark it mirrors.

    Both functions run ``n`` operations as main of a ``goconc.run``, check what they computed, and return the seconds
    that took.
    """

    name: str
    plain: Callable[[int], float]
    coro: Callable[[int], Coroutine[Any, Any, float]]
    loops: int  # operations in one round of compare.py: 10 to 100 ms
    parts: int = 1  # parts of one operation: the figure is per part

    def seconds(self, kind: str, n: int) -> float:
        return goconc.run(self.plain, n) if kind == "plain" else goconc.run(self.coro(n))


clock = time.perf_counter


def check(got: object, wanted: object) -> None:
    if got != wanted:
        raise AssertionError(f"the workload computed {got!r}, not {wanted!r}")


def main(rows: list[Row]) -> None:
    """Runs the rows of one file under pyperf."""
    import pyperf  # type: ignore[import-untyped]

    def add_arguments(command: list[str], args: object) -> None:
        if only := getattr(args, "only", None):
            command += ["--only", only]

    runner = pyperf.Runner(add_cmdline_args=add_arguments)
    runner.argparser.add_argument("--only", help="rows whose name contains this")
    args = runner.parse_args()
    for row in rows:
        if args.only and args.only not in row.name:
            continue
        for kind in ("plain", "async"):
            runner.bench_time_func(
                f"{row.name}, {kind}", lambda n, row=row, kind=kind: row.seconds(kind, n), inner_loops=row.parts
            )
