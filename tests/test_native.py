"""The C++ tests of goconc/_native, which need no Python: built and run by their own Makefile."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parent / "native"
HEADERS = NATIVE.parent.parent / "goconc" / "_native"


def make(target):
    compiler = os.environ.get("CXX", "g++").split()[0]
    if os.name != "posix":
        pytest.skip("the Makefile wants a POSIX shell")
    for tool in ("make", compiler):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here")
    if not HEADERS.is_dir():
        pytest.skip("the headers under test are not beside the tests")
    done = subprocess.run(
        ["make", "-C", str(NATIVE), target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    passed = re.findall(r"^(\w+): (\d+) passed, seed \d+$", done.stdout, re.MULTILINE)
    finished = re.search(rf"^{target}: all (\d+) programs passed$", done.stdout, re.MULTILINE)
    assert finished, done.stdout
    assert len(passed) == int(finished[1]), done.stdout
    assert all(int(count) > 0 for _, count in passed), done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_check():
    output = make("check")
    assert re.search(r"all models: \d{4,} schedules", output), output


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_tsan():
    probe = subprocess.run(
        [*os.environ.get("CXX", "g++").split(), "-fsanitize=thread", "-x", "c++", "-", "-o", os.devnull],
        input="int main() {}",
        text=True,
        capture_output=True,
        check=False,
    ) if shutil.which(os.environ.get("CXX", "g++").split()[0]) else None
    if probe is not None and probe.returncode != 0:
        pytest.skip("this compiler has no ThreadSanitizer")
    make("tsan")
