"""The tour: every example runs from the command line and finds its own results right."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import goconc

KEY_LINES = {
    "coroutine_vs_goroutine": "100 naps of 20 ms at once, plain def:",
    "ping_pong": "async def: 400000 messages in ",
    "fetch_urls": "took ",
    "rest_handler": "GET /lines/bisect: Result: bisect has ",
    "deadlock": "    | all goroutines are asleep - deadlock!",
    "worker_pool": "jobs done by each of 4 workers: ",
    "fan_out_fan_in": "files by reader: ",
    "pipeline": ".py ",
    "three_services": "slow-stock: 'TimeoutError: no offer within 50 ms' after ",
    "digest_stdlib": "with a missing file among them: FileNotFoundError ",
    "prime_sieve": "async def: the first 500 primes, up to 3571, through 500 filters in ",
    "parked": "async def: all woken and ended in ",
}
SLOW = {"digest_stdlib", "parked"}


def python(*arguments, cwd):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=100)


def check_output(done, key_line):
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert any(line.startswith(key_line) for line in done.stdout.splitlines()), done.stdout


def test_list(tmp_path):
    done = python("-m", "goconc", "tour", "--list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [name for name, _ in lines] == list(KEY_LINES)
    assert all(idea.endswith(".") for _, idea in lines)


@pytest.mark.timeout(110)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in KEY_LINES]
)
def test_program(name, tmp_path):
    done = python("-m", "goconc", "tour", name, cwd=tmp_path)
    check_output(done, KEY_LINES[name])
    assert done.stdout.endswith(", all results are right\n")


def test_several_programs(tmp_path):
    done = python("-m", "goconc", "tour", "deadlock", "pipeline", cwd=tmp_path)
    check_output(done, "== deadlock (1 of 2)")
    check_output(done, "== pipeline (2 of 2)")


def test_a_program_alone(tmp_path):
    spec = importlib.util.find_spec("goconc._examples.ping_pong")
    check_output(python(spec.origin, cwd=tmp_path), KEY_LINES["ping_pong"])


def test_unknown_name(tmp_path):
    done = python("-m", "goconc", "tour", "ping_pong", "ping_pang", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no example 'ping_pang'" in done.stderr
    assert all(name in done.stderr for name in KEY_LINES)


def test_a_failing_program_fails_the_tour_and_the_others_run(tmp_path):
    program = """if True:
        import sys
        from goconc import __main__
        from goconc._examples import deadlock, fetch_urls
        from goconc._examples._support import check

        fetch_urls.main = lambda: check(False, "2 is not 3")
        sys.argv = ["goconc", "tour", "fetch_urls", "deadlock"]
        sys.exit(__main__.main())
    """
    done = python("-c", program, cwd=tmp_path)
    assert done.returncode == 1
    assert "WrongResult: 2 is not 3" in done.stderr
    assert KEY_LINES["deadlock"] in done.stdout
    assert "== FAILED" in done.stdout
    assert "== ok" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("1 of 2 programs failed")
    assert last.endswith(": fetch_urls")


def test_info(tmp_path):
    done = python("-m", "goconc", "info", cwd=tmp_path)
    check_output(done, f"goconc       {goconc.__version__} ")
    check_output(done, "GIL          ")


def test_no_command(tmp_path):
    done = python("-m", "goconc", cwd=tmp_path)
    assert done.returncode == 2
    assert "tour" in done.stderr


def test_every_example_is_in_the_tour():
    spec = importlib.util.find_spec("goconc._examples")
    files = {path.stem for path in Path(spec.origin).parent.glob("[!_]*.py")}
    assert files == set(KEY_LINES)
