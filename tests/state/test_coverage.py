"""coverage.py sees what goroutines of both kinds run, before and after they have waited."""

import sys

import pytest

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
def test_coverage(core, procs, tmp_path, python):
    # rule PY-08
    variables = {"GOCONC_MAXPROCS": procs, **({"COVERAGE_CORE": core} if core else {})}
    (tmp_path / "program.py").write_text(PROGRAM)
    for command in ("run --include=program.py program.py", "report -m"):
        program = f"import sys, coverage.cmdline as c; sys.exit(c.main({command.split()}))"
        done = python(program, cwd=tmp_path, **variables)
        assert done.returncode == 0, done.stderr
    missed = PROGRAM.splitlines().index('    return "missed"') + 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("program.py"))
    assert line.split()[4:] == [str(missed)], done.stdout
