"""The end of the interpreter: no hang, no crash, no noise, and the exit code is kept."""

import pytest

HEAD = """
import atexit, os, sys, threading, time
import goconc
from goconc import Chan, go

def parked():
    Chan().recv()

async def aparked():
    await Chan().arecv()

def sleeping():
    goconc.sleep(1000)

async def asleeping():
    await goconc.asleep(1000)

def spinning():
    while True:
        pass

def yielding():
    while True:
        goconc.gosched()

async def ayielding():
    while True:
        await goconc.agosched()

def selecting():
    goconc.select(Chan(), goconc.after(1000), (Chan(), 1))

def settle():
    time.sleep(0.03)
"""


@pytest.fixture(autouse=True, params=["1", "4"], ids=["one processor", "four"])
def of_so_many(request, monkeypatch):
    """The programs have so many processors."""
    monkeypatch.setenv("GOCONC_MAXPROCS", request.param)


@pytest.fixture
def run_program(python):
    def run(program):
        done = python(HEAD + program)
        return done.returncode, done.stdout, done.stderr

    return run


BODIES = ["parked", "aparked", "sleeping", "asleeping", "spinning", "yielding", "ayielding", "selecting"]


@pytest.mark.parametrize(
    "body", [pytest.param(body, marks=pytest.mark.slow if body == "spinning" else ()) for body in BODIES]
)
@pytest.mark.parametrize("code", [0, 3])
def test_with_goroutines_in_the_background(body, code, run_program):
    # rule PY-09
    program = f"""
handles = [go({body}) for _ in range(3)]
settle()
sys.exit({code})
"""
    assert run_program(program) == (code, "", "")


def test_with_all_of_them_and_no_handles(run_program):
    # rule PY-09
    program = f"""
for body in ({", ".join(body for body in BODIES if body != "spinning")}):
    for _ in range(5):
        go(body)
settle()
"""
    assert run_program(program) == (0, "", "")


def test_with_goroutines_that_never_started(run_program):
    # rule PY-09
    assert run_program("for _ in range(1000): go(int); go(aparked)") == (0, "", "")


def test_background_goroutines_are_not_unwound(run_program):
    # rule PY-09, GO-20
    program = """
def body():
    try:
        Chan().recv()
    finally:
        print("unwound")

go(body)
settle()
"""
    assert run_program(program) == (0, "", "")


def test_after_a_run(run_program):
    # rule PY-09
    program = """
def main():
    go(parked); go(aparked); go(sleeping)
    goconc.gosched()
    return 4

sys.exit(goconc.run(main))
"""
    assert run_program(program) == (4, "", "")


def test_system_exit_from_main_and_from_a_goroutine(run_program):
    # rule GO-11
    program = """
def leave():
    sys.exit(5)

def main():
    go(parked)
    go(leave)
    Chan().recv()

goconc.run(main)
"""
    assert run_program(program) == (5, "", "")
    assert run_program("goconc.run(lambda: sys.exit(6))") == (6, "", "")


def test_system_exit_in_the_background_is_not_lost_in_a_crash(run_program):
    # rule GO-11, PY-09
    code, _, err = run_program("go(sys.exit, 7)\nsettle()\nprint('main goes on')")
    assert code in (0, 7)
    assert "Fatal" not in err


def test_an_uncaught_exception_gives_1_and_one_traceback(run_program):
    # rule GO-12
    program = """
def fail():
    raise ValueError("nobody joins this")

def main():
    go(fail)
    Chan().recv()

goconc.run(main)
"""
    code, out, err = run_program(program)
    assert (code, out) == (1, "")
    assert err.count("ValueError: nobody joins this") == 1
    assert "in goroutine" in err
    assert "in fail" in err


def test_an_unjoined_exception_in_the_background_is_printed_and_the_program_goes_on(run_program):
    # rule GO-19
    program = """
def fail():
    raise ValueError("in the background")

go(fail)
settle()
print("went on")
"""
    code, out, err = run_program(program)
    assert (code, out) == (0, "went on\n")
    assert err.count("ValueError: in the background") == 1


def test_a_held_failure_at_the_end_is_printed_not_lost(run_program):
    # rule GO-19
    program = """
def fail():
    raise ValueError("held to the end")

handle = go(fail)
settle()
"""
    code, out, err = run_program(program)
    assert (code, out) == (0, "")
    assert "held to the end" in err
    assert "Fatal" not in err


def test_in_daemon_threads(run_program):
    # rule PY-09
    program = """
ch = Chan()
for target in (
    ch.recv,
    lambda: ch.send(1) or ch.send(1),
    lambda: goconc.sleep(1000),
    lambda: goconc.select(Chan(), Chan()),
    lambda: goconc.run(parked),
    lambda: goconc.run(asleeping),
    lambda: goconc.run(yielding),
    lambda: go(parked).join(),
):
    threading.Thread(target=target, daemon=True).start()
settle()
sys.exit(8)
"""
    assert run_program(program) == (8, "", "")


def test_a_thread_that_is_no_daemon_is_waited_for(run_program):
    # rule PY-09
    program = """
def later():
    time.sleep(0.1)
    ch = Chan()
    go(ch.send, "from a goroutine")
    print(ch.recv(), goconc.run(lambda: go(lambda: 5).join()))

threading.Thread(target=later).start()
go(parked)
"""
    assert run_program(program) == (0, "from a goroutine 5\n", "")


def test_in_atexit_handlers_everything_still_works(run_program):
    # rule PY-09: workers stop in goconc's own handler, after those registered later
    program = """
def leave():
    ch = Chan()
    handle = go(ch.send, 1)
    print(ch.recv(), handle.join(), goconc.run(lambda: go(lambda: 5).join()))
    goconc.sleep(0.001)
    print(goconc.blocking(lambda: 6))

atexit.register(leave)
go(parked)
settle()
"""
    assert run_program(program) == (0, "1 None 5\n6\n", "")


def test_in_atexit_handlers_registered_before_it_was_imported(output_of):
    # rule PY-09: calls afterwards raise RuntimeError, or work; they do not hang or crash
    program = """
import atexit
def leave():
    for call in (lambda: goconc.go(int), lambda: goconc.run(int), lambda: goconc.Chan(1).send(1), goconc.num_goroutine):
        try:
            call()
        except RuntimeError as error:
            print("refused")
atexit.register(leave)
import goconc
goconc.go(goconc.sleep, 1000)
goconc.run(lambda: 1)
"""
    assert output_of(program).count("refused") >= 2


def test_finalizers_at_the_end_may_use_channels(run_program):
    # rule PY-09, PY-04
    program = """
class Final:
    def __init__(self):
        self.ch, self.go, self.refused = Chan(1), go, RuntimeError
    def __del__(self):
        try:
            self.ch.send_nowait(1)
            self.ch.close()
            self.go(int)
        except self.refused:
            pass

keep = Final()
sys.modules["keep"] = Final()
cycle = [Final()]
cycle.append(cycle)
go(lambda final: parked(), Final())
settle()
"""
    assert run_program(program) == (0, "", "")


def test_os_exit_in_a_goroutine(run_program):
    # rule GO-11
    assert run_program("goconc.run(lambda: go(os._exit, 9).join())") == (9, "", "")


def test_a_blocking_call_under_way_does_not_hold_it_up(run_program):
    # rule PY-09
    program = """
def main():
    go(goconc.blocking, time.sleep, 1000)
    goconc.sleep(0.02)

goconc.run(main)
go(goconc.blocking, time.sleep, 1000)
settle()
sys.exit(2)
"""
    assert run_program(program) == (2, "", "")


def test_timers_that_were_to_come(run_program):
    # rule PY-09
    program = """
goconc.after_func(1000, print)
goconc.after_func(0.03, lambda: None)
tickers = [goconc.Ticker(0.001) for _ in range(3)]
goconc.tick(0.001).recv()
goconc.after(0.02).recv()
"""
    assert run_program(program) == (0, "", "")


def test_just_imported(run_program):
    # rule PY-09
    assert run_program("") == (0, "", "")


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(10))
def test_many_of_every_kind_in_a_hurry(round_, run_program):
    # rule PY-09: the end comes at any moment
    program = f"""
ch = Chan()
for _ in range(50):
    go(ch.recv); go(ayielding); go(yielding); go(ch.send, 1); go(asleeping); go(goconc.sleep, 0.001)
time.sleep({round_} * 0.0007)
sys.exit(1)
"""
    assert run_program(program) == (1, "", "")


@pytest.mark.parametrize("body", ["fail", "afail"])
def test_a_failed_handle_of_an_ended_run_that_is_held_to_the_end(body, run_program):
    # rule GO-19: reported, once
    code, out, err = run_program(f"""
def fail():
    raise ValueError("held")

async def afail():
    raise ValueError("held")

def main():
    handle = go({body})
    goconc.gosched()
    return handle

held = goconc.run(main)
print("main goes on")
""")
    assert (code, out) == (0, "main goes on\n"), err
    assert err.count("ValueError: held") == 1
    assert err.count("Traceback") == 1
