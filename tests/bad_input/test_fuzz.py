"""Random calls with random junk: ordinary exceptions only, no hang, no crash."""

import os
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("fuzz.py")
STRESS = os.environ.get("GOCONC_STRESS_SECONDS")
SECONDS = float(STRESS or 1)


@pytest.mark.timeout(90 + 4 * SECONDS)
def test_random_calls(rng, python):
    seed = (
        rng.randrange(2**32) if STRESS else 1
    )  # who looks for more gives it time; a second is for what is known to be right
    done = python(PROGRAM, str(seed), str(SECONDS), at_most=80 + 4 * SECONDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" calls\n")
