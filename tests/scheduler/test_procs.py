"""gomaxprocs(), procs= and GOCONC_MAXPROCS: how many goroutines run at once."""

import os
import sysconfig
import threading
import time

import pytest

import goconc

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@pytest.fixture(autouse=True)
def as_before():
    before = goconc.gomaxprocs()
    yield
    goconc.gomaxprocs(before)


@pytest.fixture
def python(python, monkeypatch):
    """In an environment of these variables alone: exit code, output, errors."""
    for name in [name for name in os.environ if name.startswith("GOCONC_")]:
        monkeypatch.delenv(name)

    def run(program, **variables):
        done = python(program, **variables)
        return done.returncode, done.stdout.strip(), done.stderr

    return run


def test_it_returns_what_was_and_sets_what_is_given():
    # rule GO-32
    goconc.gomaxprocs(3)
    assert goconc.gomaxprocs() == 3
    assert goconc.gomaxprocs(5) == 3
    assert goconc.gomaxprocs(0) == 5, "less than 1 only asks"
    assert goconc.gomaxprocs(-1) == 5
    assert goconc.gomaxprocs(1) == 5
    assert goconc.gomaxprocs() == 1


@pytest.mark.parametrize("bad", ["2", 2.0, True, [2]])
def test_what_is_not_an_int_is_refused(bad):
    with pytest.raises(TypeError, match="n must be an int"):
        goconc.gomaxprocs(bad)
    with pytest.raises(TypeError, match="procs must be an int"):
        goconc.run(int, procs=bad)


@pytest.mark.parametrize("bad", [0, -1, 10**9])
def test_procs_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match=f"not {bad}"):
        goconc.run(int, procs=bad)
    assert goconc.num_goroutine() == 0


def test_too_many_are_refused():
    with pytest.raises(ValueError, match="n must be at most"):
        goconc.gomaxprocs(10**6)


def test_run_sets_it_for_its_time():
    before = goconc.gomaxprocs(2)
    assert goconc.run(goconc.gomaxprocs, procs=4) == 4
    assert goconc.gomaxprocs(before) == 2


def test_run_sets_it_back_when_main_fails():
    goconc.gomaxprocs(2)
    with pytest.raises(ZeroDivisionError):
        goconc.run(lambda: 1 / 0, procs=4)
    assert goconc.gomaxprocs() == 2


def test_beside_another_run_that_says_otherwise_it_is_refused(thread):
    started, end = threading.Event(), goconc.Chan()

    def main():
        started.set()
        end.recv()

    other = thread(lambda: goconc.run(main, procs=2))
    started.wait()
    try:
        assert goconc.run(goconc.gomaxprocs, procs=2) == 2, "the same is fine"
        with pytest.raises(RuntimeError, match=r"run\(procs=3\) beside a run\(procs=2\)"):
            goconc.run(int, procs=3)
    finally:
        end.send(None)
        other.join()


def test_the_environment_sets_it(python):
    assert python("import goconc; print(goconc.gomaxprocs())", GOCONC_MAXPROCS="7") == (0, "7", "")


def test_without_it_there_is_one_with_a_gil_and_one_a_cpu_without(python):
    code, out, err = python("import goconc; print(goconc.gomaxprocs())")
    assert (code, err) == (0, "")
    assert 1 <= int(out) <= os.cpu_count() if FREE_THREADED else int(out) == 1


@pytest.mark.parametrize("variable", ["GOCONC_MAXPROCS", "GOCONC_MAXTHREADS", "GOCONC_BLOCKED_WARN"])
@pytest.mark.parametrize("bad", ["many", "-1", ""])
def test_nonsense_in_the_environment_is_named(variable, bad, python):
    code, _, err = python("import goconc", **{variable: bad})
    assert code == 1
    assert f"ValueError: {variable} must be" in err


def test_no_more_goroutines_run_at_once_than_there_are_processors(kind):
    # rule SCH-01: counted where nothing gives way between the two steps
    lock, inside, most = threading.Lock(), 0, 0

    async def body():
        nonlocal inside, most
        for _ in range(200):
            with lock:
                inside += 1
                most = max(most, inside)
            for _ in range(200):
                pass
            with lock:
                inside -= 1
            await kind.gosched()

    async def main():
        for handle in [kind.go(body) for _ in range(8)]:
            await kind.join(handle)

    goconc.gomaxprocs(2)
    kind.run(main)
    # One that computes for long has lost its processor to another: that is at most one more here.
    assert most <= 3


def test_it_changes_while_goroutines_run(kind):
    # rule GO-32
    async def body(ch):
        for n in range(300):
            await kind.send(ch, n)

    async def main():
        ch = goconc.Chan(3)
        for _ in range(4):
            kind.go(body, ch)
        total = 0
        for n in range(1200):
            total += await kind.recv(ch)
            if n % 20 == 0:
                goconc.gomaxprocs(1 + n // 20 % 5)
        return total

    assert kind.run(main) == 4 * sum(range(300))


@pytest.mark.skipif(not FREE_THREADED, reason="with a GIL, Python code runs on one core at a time")
def test_goroutines_run_at_the_same_time(kind):
    # rule GO-32, SCH-05: each waits for the other without giving way
    async def main():
        here = [False, False]
        limit = time.monotonic() + 10

        async def meet(me):
            here[me] = True
            while not here[1 - me]:
                assert time.monotonic() < limit, "the other one never ran beside this one"

        for handle in [kind.go(meet, 0), kind.go(meet, 1)]:
            await kind.join(handle)

    goconc.gomaxprocs(2)
    kind.run(main)
