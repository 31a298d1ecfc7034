"""What the native fiber engine costs: `python bench/fiber_switch.py`. Builds tests/native/fiber_probe.cpp with -O2 into a temporary
directory. Nanoseconds, the best of several runs; memory in bytes."""

import mmap
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SETUP = """
import sys
from setuptools import Extension, setup
setup(name="fiber_probe", ext_modules=[Extension("fiber_probe", [sys.argv.pop()], language="c++",
      extra_compile_args=["-std=c++17", "-O2", "-g0", "-DNDEBUG", "-pthread"])])
"""


def build(where):
    (where / "setup.py").write_text(SETUP)
    source = HERE.parent / "tests" / "native" / "fiber_probe.cpp"
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace", str(source)], cwd=where, check=True)


def best(measure, runs=7):
    return min(measure() for _ in range(runs))


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * mmap.PAGESIZE


def page_tables():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmPTE"))


def call_at(depth, p):
    """A Python call made `depth` frames below the base: what it costs inside a fiber, and outside."""

    def leaf(a, b, c):
        return a

    def down(n):
        if n:
            return down(n - 1)
        rounds = range(5000)
        begun = time.perf_counter_ns()
        for _ in rounds:
            leaf(1, 2, 3)
        return (time.perf_counter_ns() - begun) / len(rounds)

    inside, outside = [], []
    for _ in range(5):  # by turns, so that a busy machine slows both
        p.spawn(lambda: inside.append(best(lambda: down(depth), 3)))
        p.run()
        outside.append(best(lambda: down(depth), 3))
    return min(inside), min(outside)


def gosched_from_python(p, fibers, n):
    def body():
        gosched = p.gosched
        for _ in range(n):
            gosched()

    for _ in range(fibers):
        p.spawn(body)
    begun = time.perf_counter_ns()
    p.run()
    return (time.perf_counter_ns() - begun) / (fibers * n)


def main():
    with tempfile.TemporaryDirectory() as where:
        build(pathlib.Path(where))
        sys.path.insert(0, where)
        import fiber_probe as p
    print(sys.version.split()[0], "stack", p.stack_size() >> 10, "KB")
    for k, n in (2, 1_000_000), (100, 20_000), (1000, 2000), (10_000, 200):
        print(f"  switch in a C loop, {k:6} fibers     {best(lambda k=k, n=n: p.bench(k, n)):8.1f}")
    for k, n in (2, 300_000), (1000, 600):
        print(f"  gosched() from Python, {k:6} fibers  {best(lambda k=k, n=n: gosched_from_python(p, k, n)):8.1f}")
    print(f"  new + run + recycle, warm              {best(lambda: p.bench_new(200_000)):8.1f}")
    worst = max(((call_at(d, p), d) for d in range(1, 61)), key=lambda x: x[0][0] / x[0][1])
    (inside, outside), depth = worst
    print(f"  a call, worst of depths 1 to 60        {inside:8.1f} inside, {outside:.1f} outside, at depth {depth}")
    if not os.path.exists("/proc/self/statm"):
        return
    n = 100_000
    handles = [None] * n

    def inner():
        p.park()

    def body():
        inner()

    before, tables = resident(), page_tables()
    begun = time.perf_counter_ns()
    for i in range(n):
        handles[i] = p.spawn(body)
    p.run()
    each = (time.perf_counter_ns() - begun) / n
    print(
        f"  parked, {n}: resident {(resident() - before) / n:.0f},"
        f" page tables {(page_tables() - tables) / n:.0f}; {each:.0f} ns to start cold"
    )
    for h in handles:
        p.ready(h)
    p.run()


main()
