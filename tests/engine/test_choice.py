"""Which engine is chosen, and what is said about it (GOCONC_FIBERS)."""

import os
import subprocess
import sys
import warnings

import pytest

import goconc
from goconc import _engines

MISSING = ModuleNotFoundError("No module named 'greenlet'")


def choose(wanted="auto", *, native=False, built=False, greenlet=True, version=(3, 13), free_threaded=False):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        chosen = _engines.choose(
            wanted,
            native=native,
            built=built,
            load_greenlet=lambda: None if greenlet else MISSING,
            version=version,
            free_threaded=free_threaded,
        )
    return chosen, [str(warning.message) for warning in caught]


def test_native_fibers_where_they_are():
    assert choose(native=True, built=True) == ("native", [])


@pytest.mark.parametrize("version", [(3, 11), (3, 15)])
def test_greenlet_or_threads_elsewhere(version):
    # nothing is said: there is nothing better
    assert choose(version=version) == ("greenlet", [])
    assert choose(version=version, greenlet=False) == ("threads", [])


def test_threads_on_free_threaded_builds_whose_collector_does_not_see_greenlets():
    assert choose(version=(3, 14), free_threaded=True) == ("threads", [])
    assert choose(version=(3, 15), free_threaded=True) == ("greenlet", [])


@pytest.mark.parametrize("free_threaded", [False, True])
def test_an_unknown_minor(free_threaded):
    chosen, said = choose(version=(3, 16), free_threaded=free_threaded)
    assert chosen == "greenlet"
    assert said == [
        "goconc does not know Python 3.16: plain goroutines are greenlets, which is slower "
        "(GOCONC_FIBERS=greenlet chooses that silently)"
    ]
    chosen, said = choose(version=(3, 16), free_threaded=free_threaded, greenlet=False)
    assert chosen == "threads"
    assert said == [
        "goconc does not know Python 3.16: each plain goroutine gets a thread, which is slower "
        "(GOCONC_FIBERS=threads chooses that silently)"
    ]


def test_another_patch_release():
    chosen, said = choose(built=True, greenlet=False)
    assert chosen == "threads"
    assert said == [
        "goconc was built for another patch release of this Python: each plain goroutine gets a thread, which is slower "
        "(GOCONC_FIBERS=threads chooses that silently)"
    ]


def test_what_is_asked_for_is_taken_silently():
    for wanted in ("greenlet", "threads"):
        assert choose(wanted, version=(3, 16)) == (wanted, [])
        assert choose(wanted, native=True, built=True) == (wanted, [])


def test_what_cannot_be_had_is_said():
    with pytest.raises(ImportError, match=r"pip install 'goconc\[greenlet\]'") as caught:
        choose("greenlet", greenlet=False)
    assert caught.value.__cause__ is MISSING
    with pytest.raises(ImportError, match="no native fibers for this platform or Python"):
        choose("native")


# ---- in a program of its own ----


def start(engine, program, *options):
    package = os.path.dirname(os.path.dirname(goconc._core.__file__))
    environment = {**os.environ, "PYTHONPATH": package, "GOCONC_FIBERS": engine}
    command = [sys.executable, *options, "-W", "error", "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_bad_value_is_named():
    done = start("fast", "import goconc")
    assert done.returncode == 1
    message = "ValueError: GOCONC_FIBERS must be one of auto, native, greenlet, threads, not 'fast'"
    assert done.stderr.splitlines()[-1] == message


def test_greenlet_is_missing():
    hide = "import sys; sys.modules['greenlet'] = None; "
    done = start("greenlet", hide + "import goconc")
    assert done.returncode == 1
    message = "ImportError: GOCONC_FIBERS=greenlet needs the package greenlet: pip install 'goconc[greenlet]'"
    assert done.stderr.splitlines()[-1] == message
    done = start("threads", hide + "import goconc; print(goconc._core.fiber_engine())")
    assert (done.stdout, done.stderr) == ("threads\n", "")
