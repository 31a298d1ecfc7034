"""Random calls with random junk: ordinary exceptions only, no hang, no crash."""

import os
import subprocess
import sys

import pytest

import goconc

PROGRAM = os.path.join(os.path.dirname(__file__), "fuzz.py")
STRESS = os.environ.get("GOCONC_STRESS_SECONDS")
SECONDS = float(STRESS or 1)


@pytest.mark.timeout(90 + 4 * SECONDS)
def test_random_calls(rng):
    package = os.path.dirname(os.path.dirname(goconc._core.__file__))
    seed = (
        rng.randrange(2**32) if STRESS else 1
    )  # who looks for more gives it time; a second is for what is known to be right
    command = [sys.executable, PROGRAM, str(seed), str(SECONDS)]
    environment = {**os.environ, "PYTHONPATH": package}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" calls\n")
