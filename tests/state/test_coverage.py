"""coverage.py sees what goroutines of both kinds run, before and after they have waited."""

import os
import subprocess
import sys

import pytest

import goconc

PROGRAM = """\
import goconc
from goconc import Chan, go
ch = Chan()
def plain(n):
    if n == 1:
        got = ch.recv()
        return got + 1
    ch.send(5)
    return "sent"
async def suspending(n):
    if n == 1:
        got = await ch.arecv()
        return got + 1
    await ch.asend(7)
    return "sent"
def never():
    return "missed"
def helper():
    return "helped"
def main():
    for _ in range(20):
        for handle in [go(body, n) for n in (1, 2) for body in (plain, suspending)]:
            handle.join()
    goconc.blocking(helper)
goconc.run(main)
"""
CORES = ["", "pytrace", *(["sysmon"] if sys.version_info >= (3, 12) else [])]


@pytest.mark.parametrize("procs", ["1", "4"])
@pytest.mark.parametrize("core", CORES)
def test_coverage(core, procs, tmp_path):
    # rule PY-08
    package = os.path.dirname(os.path.dirname(goconc._core.__file__))
    environment = {**os.environ, "PYTHONPATH": package, "GOCONC_MAXPROCS": procs}
    if core:
        environment["COVERAGE_CORE"] = core
    (tmp_path / "program.py").write_text(PROGRAM)
    for command in ("run --include=program.py program.py", "report -m"):
        arguments = [sys.executable, "-m", "coverage", *command.split()]
        done = subprocess.run(
            arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
    missed = PROGRAM.splitlines().index('    return "missed"') + 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("program.py"))
    assert line.split()[4:] == [str(missed)], done.stdout
