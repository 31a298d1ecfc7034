"""The C++ tests of goconc/_native, which need no Python: built and run by their own Makefile."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parent / "native"
HEADERS = NATIVE.parent.parent / "goconc" / "_native"
COMPILER = os.environ.get("CXX", "g++").split()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.name != "posix", reason="the Makefile wants a POSIX shell"),
    pytest.mark.skipif(shutil.which("make") is None, reason="no make here"),
    pytest.mark.skipif(shutil.which(COMPILER[0]) is None, reason=f"no {COMPILER[0]} here"),
    pytest.mark.skipif(not HEADERS.is_dir(), reason="the headers under test are not beside the tests"),
]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def make(target):
    done = run("make", "-C", str(NATIVE), target)
    assert done.returncode == 0, done.stdout
    finished = re.search(rf"^{target}: all (\d+) programs passed$", done.stdout, re.MULTILINE)
    assert finished, done.stdout
    counts = re.findall(r"^\w+: (\d+) passed, seed \d+$", done.stdout, re.MULTILINE)
    assert len(counts) == int(finished[1]), done.stdout
    assert all(int(count) > 0 for count in counts), done.stdout
    return done.stdout


def test_check():
    output = make("check")
    assert re.search(r"all models: \d{4,} schedules", output), output


def test_thread_sanitizer(tmp_path):
    source = tmp_path / "empty.cpp"
    source.write_text("int main() {}\n")
    if run(*COMPILER, "-fsanitize=thread", str(source), "-o", str(tmp_path / "empty")).returncode != 0:
        pytest.skip("this compiler has no ThreadSanitizer")
    make("tsan")
