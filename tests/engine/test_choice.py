"""Which engine is chosen, and what is said about it (GOCONC_FIBERS)."""

import importlib.util
import tomllib
import warnings
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import goconc
from goconc import _engines

MISSING = ModuleNotFoundError("No module named 'greenlet'")


def choose(
    wanted="auto", *, native=False, built=False, greenlet=True, version=(3, 13), free_threaded=False, release=(3, 5, 6)
):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        chosen = _engines.choose(
            wanted,
            native=native,
            built=built,
            load_greenlet=lambda: None if greenlet else MISSING,
            version=version,
            free_threaded=free_threaded,
            greenlet_version=lambda: release if greenlet else (),
        )
    return chosen, [str(warning.message) for warning in caught]


def test_native_fibers_where_they_are():
    assert choose(native=True, built=True) == ("native", [])


@pytest.mark.parametrize("version", [(3, 11), (3, 15)])
def test_greenlet_or_threads_on_other_platforms(version):
    # Windows, other machines: nothing is said, there is nothing better
    assert choose(version=version) == ("greenlet", [])
    assert choose(version=version, greenlet=False) == ("threads", [])


def test_threads_on_free_threaded_builds_whose_collector_does_not_see_greenlets():
    def refuse():
        raise AssertionError("greenlet was imported")

    assert choose(version=(3, 14), free_threaded=True) == ("threads", [])
    assert choose(version=(3, 15), free_threaded=True, release=(3, 2)) == ("threads", [])
    assert choose(version=(3, 15), free_threaded=True, greenlet=False) == ("threads", [])
    assert choose(version=(3, 15), free_threaded=True) == ("greenlet", [])
    # not even imported: that might bring the GIL back
    chosen = _engines.choose(
        "auto", native=False, built=False, load_greenlet=refuse, version=(3, 14), free_threaded=True
    )
    assert chosen == "threads"


@pytest.mark.parametrize(("version", "release"), [((3, 14), (3, 5, 6)), ((3, 15), (3, 5, 3))])
def test_greenlets_that_are_asked_for_where_the_collector_does_not_see_them(version, release):
    assert choose("greenlet", version=version, free_threaded=True, release=release) == (
        "greenlet",
        ["GOCONC_FIBERS=greenlet without the GIL needs Python 3.15 and greenlet 3.5.4, or it may crash"],
    )


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
    assert choose("native", native=True, built=True) == ("native", [])
    for wanted in ("greenlet", "threads"):
        assert choose(wanted, version=(3, 16)) == (wanted, [])
        assert choose(wanted, native=True, built=True) == (wanted, [])


def test_what_cannot_be_had_is_said():
    with pytest.raises(ImportError, match=r"pip install 'goconc\[greenlet\]'") as caught:
        choose("greenlet", greenlet=False)
    assert caught.value.__cause__ is MISSING
    with pytest.raises(ImportError, match="no native fibers for this platform or Python"):
        choose("native")


def test_the_installed_greenlet_is_known_without_importing_it(monkeypatch):
    for text, version in (("3.5.6", (3, 5, 6)), ("3.6", (3, 6)), ("4.0.0rc1", (4, 0))):
        monkeypatch.setattr("importlib.metadata.version", lambda name, text=text: text)
        assert _engines.greenlet_version() == version
    monkeypatch.undo()
    assert (_engines.greenlet_version() == ()) == (importlib.util.find_spec("greenlet") is None)


ELSEWHERE = [
    {"sys_platform": "win32", "platform_machine": "AMD64", "python_version": "3.13"},
    {"sys_platform": "linux", "platform_machine": "riscv64", "python_version": "3.13"},
    {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.16"},
]
NATIVE = [
    {"sys_platform": platform, "platform_machine": machine, "python_version": version}
    for platform, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64"))
    for version in ("3.11", "3.15")
]


@pytest.mark.parametrize(("environments", "wanted"), [(ELSEWHERE, True), (NATIVE, False)], ids=["elsewhere", "native"])
def test_greenlet_is_required_only_where_there_are_no_native_fibers(environments, wanted):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = map(Requirement, project["dependencies"])
    assert requirement.name == "greenlet"
    for environment in environments:
        assert requirement.marker.evaluate(environment) == wanted, environment
    (extra,) = map(Requirement, project["optional-dependencies"]["greenlet"])
    assert (extra.name, extra.specifier) == ("greenlet", requirement.specifier)


# ---- in a program of its own ----


@pytest.fixture
def start(python):
    return lambda engine, program: python(program, options=["-W", "error"], GOCONC_FIBERS=engine)


def test_a_bad_value_is_named(start):
    done = start("fast", "import goconc")
    assert done.returncode == 1
    message = "ValueError: GOCONC_FIBERS must be one of auto, native, greenlet, threads, not 'fast'"
    assert done.stderr.splitlines()[-1] == message


def test_greenlet_is_missing(start):
    hide = "import sys; sys.modules['greenlet'] = None; "
    done = start("greenlet", hide + "import goconc")
    assert done.returncode == 1
    message = "ImportError: GOCONC_FIBERS=greenlet needs the package greenlet: pip install 'goconc[greenlet]'"
    assert done.stderr.splitlines()[-1] == message
    done = start("threads", hide + "import goconc; print(goconc._core.fiber_engine())")
    assert (done.stdout, done.stderr) == ("threads\n", "")


@pytest.mark.parametrize("engine", sorted({"threads", goconc._core.fiber_engine()}))
def test_greenlet_is_imported_only_where_it_is_the_engine(engine, start):
    done = start(engine, "import sys, goconc; print('greenlet' in sys.modules, goconc._core.fiber_engine())")
    assert (done.stdout, done.stderr) == (f"{engine == 'greenlet'} {engine}\n", "")
