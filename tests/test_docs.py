"""Every ```python block of the guide and the README is a program that runs. (```python no-run: not one.)"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import goconc

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/guide.md")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"^- (?:\*\*[A-Z]+-\d+\*\*(?:, )?)+", re.MULTILINE)
RULE = re.compile(r"\b(?:CH|MM|SEL|GO|SCH|TM|PAT|PY)-\d+")


def programs():
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 2
            yield pytest.param(block[1], id=f"{page}:{line}")


@pytest.mark.parametrize("program", list(programs()))
def test_it_runs(program, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(goconc.__path__[0]).parent)}  # the goconc that runs these tests
    command = [sys.executable, "-W", "error", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_rules_that_tests_cite_are_written_down():
    text = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
    known = [rule for line in REFERENCE.findall(text) for rule in RULE.findall(line)]
    assert len(known) == len(set(known))
    cited = set()
    for path in (ROOT / "tests").rglob("*.py"):
        cited.update(RULE.findall(path.read_text(encoding="utf-8")))
    assert not cited - set(known)
