"""All goroutines are asleep: when that is said, and when it is not.

Every case has a process of its own: here, the test runner's other threads could still wake somebody, so no deadlock is
reported.
"""

import pytest

HEAD = """
import threading, time
import goconc
from goconc import Chan, Deadlock, go

def expect_deadlock(main):
    try:
        goconc.run(main)
    except Deadlock as error:
        assert str(error).startswith("all goroutines are asleep - deadlock!"), error
        print("deadlock")
        return str(error)
    raise AssertionError("no deadlock was reported")
"""


@pytest.fixture(autouse=True, params=["1", "4"], ids=["one processor", "four"])
def of_so_many(request, monkeypatch):
    """The programs have so many processors."""
    monkeypatch.setenv("GOCONC_MAXPROCS", request.param)


@pytest.fixture
def output_of(output_of):
    return lambda program: output_of(HEAD + program)


STUCK = {
    "chan receive": ("Chan().recv()", "await Chan().arecv()"),
    "chan send": ("Chan().send(1)", "await Chan().asend(1)"),
    "chan send, buffer full": (
        "ch = Chan(1); ch.send(1); ch.send(2)",
        "ch = Chan(1); await ch.asend(1); await ch.asend(2)",
    ),
    "chan receive (nil chan)": ("goconc.tick(0).recv()", "await goconc.tick(0).arecv()"),
    "for over a channel": ("list(Chan())", "[x async for x in Chan()]"),
    "select": ("goconc.select(Chan(), (Chan(), 1))", "await goconc.aselect(Chan(), (Chan(), 1))"),
    "select (no cases)": ("goconc.select()", "await goconc.aselect()"),
    "select, nil channels only": ("goconc.select(None, None)", "await goconc.aselect(None, None)"),
}


@pytest.mark.parametrize("stuck", STUCK)
def test_whatever_main_is_stuck_in(stuck, output_of):
    # rule GO-40
    plain, suspending = STUCK[stuck]
    program = f"""
def main():
    {plain}

async def amain():
    {suspending}

text = expect_deadlock(main)
assert "in main" in text and "goroutine 1 [" in text, text
if {stuck in ("chan receive", "chan send", "chan receive (nil chan)", "select", "select (no cases)")}:
    assert "[{stuck}]" in text, text
text = expect_deadlock(amain)
assert "in amain" in text, text
assert goconc.run(lambda: go(lambda: 5).join()) == 5  # the runtime is as good as new
"""
    assert output_of(program) == "deadlock\ndeadlock\n"


@pytest.mark.parametrize("others", ["", "time.sleep", "Chan().recv"])
def test_within_a_second(others, output_of):
    # rule GO-40: most times; a busy machine may need longer once
    program = f"""
others = {others or None}
if others is time.sleep:  # after it has ended
    threading.Thread(target=others, args=(0.1,), daemon=True).start()
elif others:
    threading.Thread(target=others, daemon=True).start()

def main():
    global began
    go(Chan().recv)
    goconc.sleep(0.12 if others else 0)
    began = time.monotonic()
    Chan().recv()

times = []
for _ in range(3):
    expect_deadlock(main)
    times.append(time.monotonic() - began)
assert sorted(times)[1] < 1, times
"""
    assert output_of(program) == "deadlock\n" * 3


def test_those_that_wait_for_each_other_s_end(output_of):
    # rule GO-40
    program = """
def main():
    box = []
    box.append(go(lambda: box[1].join()))
    box.append(go(lambda: box[0].join()))
    box[0].join()

async def amain():
    box = []
    async def wait(n):
        await box[n]
    box.append(go(wait, 1))
    box.append(go(wait, 0))
    await box[0]

def one():
    me = goconc.current()
    go(me.join).join()

for body in (main, amain, one):
    expect_deadlock(body)
"""
    assert output_of(program) == "deadlock\n" * 3


def test_many_that_are_stuck_are_all_in_the_dump_and_are_unwound(output_of):
    # rule GO-40, GO-34, GO-20
    program = """
unwound = []

def receiver(ch):
    try:
        ch.recv()
    finally:
        unwound.append(1)

async def sender(ch):
    try:
        await ch.asend(1)
    finally:
        unwound.append(1)

def main():
    for _ in range(3):
        go(receiver, Chan()).name = "the receiver"
        go(sender, Chan())
    Chan().recv()

text = expect_deadlock(main)
assert text.count("[chan receive]:") == 4, text
assert text.count("[chan send]:") == 3, text
assert text.count(", in receiver") == 3, text
assert text.count(", in sender") == 3, text
assert text.count("the receiver [chan receive]") == 3, text
assert text.count("created by") >= 6, text
assert len(unwound) == 6
"""
    assert output_of(program) == "deadlock\n"


def test_main_may_catch_it_and_go_on(output_of):
    # rule GO-40
    program = """
def main():
    for _ in range(3):
        try:
            Chan().recv()
        except Deadlock:
            print("deadlock")
    ch = Chan()
    go(ch.send, "went on")
    return ch.recv()

async def amain():
    for _ in range(3):
        try:
            await Chan().arecv()
        except Deadlock:
            print("deadlock")
    ch = Chan()
    go(ch.send, "went on")
    return await ch.arecv()

print(goconc.run(main), goconc.run(amain))
"""
    assert output_of(program) == "deadlock\n" * 6 + "went on went on\n"


def test_an_exception_nobody_joined_comes_first(output_of):
    # rule GO-40, GO-12: it is the likely reason
    program = """
def main():
    ch = Chan()
    def fail():
        raise ValueError("the reason")
    handle = go(fail)
    ch.recv()

try:
    goconc.run(main)
except ValueError as error:
    assert error.args == ("the reason",)
    assert "all goroutines are asleep - deadlock!" in "".join(error.__notes__)
    print("the reason")
"""
    assert output_of(program) == "the reason\n"


WAKES = {
    "a sleeper": "go(lambda: (goconc.sleep(0.05), ch.send(1)))",
    "an async sleeper": "go(asleeper, ch)",
    "a timer's function": "goconc.after_func(0.05, lambda: ch.send(1))",
    "a call on a helper thread": "go(lambda: (goconc.blocking(time.sleep, 0.05), ch.send(1)))",
    "a send on a helper thread": "go(goconc.blocking, lambda: (time.sleep(0.05), ch.send(1)))",
    "a timeout": "go(wait_and_send, ch)",
    "a thread": "threading.Thread(target=lambda: (time.sleep(0.05), ch.send(1))).start()",
    "a daemon thread": "threading.Thread(target=lambda: (time.sleep(0.05), ch.send(1)), daemon=True).start()",
    "a slow thread": "threading.Thread(target=lambda: (time.sleep(0.8), ch.send(1))).start()",
    "a thread in a timed wait of goconc's": "threading.Thread(target=timed_wait, args=(ch,)).start()",
    "a thread not started yet": "threading.Timer(0.05, ch.send, (1,)).start()",
    "the background": "background(ch)",
}


@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=pytest.mark.slow if who == "a slow thread" else ()) for who in WAKES]
)
def test_not_while_somebody_can_still_wake_somebody(who, output_of):
    # rule GO-41
    program = f"""
async def asleeper(ch):
    await goconc.asleep(0.05)
    await ch.asend(1)

def wait_and_send(ch):
    try:
        Chan().recv(timeout=0.05)
    except TimeoutError:
        ch.send(1)

def timed_wait(ch):
    try:
        Chan().recv(timeout=0.05)
    except TimeoutError:
        ch.send(1)

def background(ch):
    # a goroutine that a thread outside the run has started
    def start():
        go(lambda: (goconc.sleep(0.05), ch.send(1))).join()
    threading.Thread(target=start).start()

def main():
    ch = Chan()
    {WAKES[who]}
    return ch.recv()

async def amain():
    ch = Chan()
    {WAKES[who]}
    return await ch.arecv()

print(goconc.run(main), goconc.run(amain))
"""
    assert output_of(program) == "1 1\n"


UNREAD = {
    "Timer": "goconc.Timer(1000)",
    "Ticker": "goconc.Ticker(0.01)",
    "after": "goconc.after(1000)",
    "tick": "goconc.tick(0.01)",
}


@pytest.mark.parametrize("timer", UNREAD)
def test_a_channel_timer_nobody_waits_on_does_not_hold_it_off(timer, output_of):
    # rule GO-42
    program = f"""
def main():
    timer = {UNREAD[timer]}
    Chan().recv()

async def amain():
    timer = {UNREAD[timer]}
    await Chan().arecv()

expect_deadlock(main)
expect_deadlock(amain)
"""
    assert output_of(program) == "deadlock\ndeadlock\n"


def test_a_stopped_timer_s_function_does_not_hold_it_off(output_of):
    # rule GO-41, GO-42
    program = """
def main():
    pending = goconc.after_func(1000, int)
    assert pending.stop()
    try:
        Chan().recv(timeout=1e-3)
    except TimeoutError:
        pass
    Chan().recv()

expect_deadlock(main)
"""
    assert output_of(program) == "deadlock\n"


def test_after_the_last_thread_has_ended(output_of):
    # rule GO-41
    program = """
def main():
    threading.Thread(target=time.sleep, args=(0.2,)).start()
    Chan().recv()

expect_deadlock(main)
"""
    assert output_of(program) == "deadlock\n"


def test_a_thread_that_waits_for_ever_in_goconc_does_not_hold_it_off(output_of):
    # rule GO-41: such a thread can wake nobody
    program = """
ch = Chan()
threading.Thread(target=lambda: ch.recv_ok()).start()
time.sleep(0.05)
expect_deadlock(lambda: Chan().recv())
ch.close()
"""
    assert output_of(program) == "deadlock\n"


def test_helpers_at_rest_do_not_hold_it_off(output_of):
    # rule GO-41
    program = """
def main():
    for _ in range(3):
        goconc.blocking(time.sleep, 0.001)
    Chan().recv()

expect_deadlock(main)
"""
    assert output_of(program) == "deadlock\n"


def test_a_partial_deadlock_is_not_reported(output_of):
    # rule GO-43
    program = """
def main():
    handles = [go(Chan().recv), go(Chan().send, 1)]
    goconc.sleep(0.05)
    assert not any(handle.done() for handle in handles)
    return "fine"

print(goconc.run(main))
"""
    assert output_of(program) == "fine\n"


def test_work_that_goes_through_threads_and_helpers_is_never_taken_for_a_deadlock(output_of):
    # rule GO-41: every moment between two steps is a chance to be wrong
    program = """
def main():
    total = 0
    for n in range(300):
        total += go(goconc.blocking, lambda: n).join()
        ch = Chan()
        if n % 10 == 0:
            thread = threading.Thread(target=ch.send, args=(n,))
            thread.start()
            assert ch.recv() == n
            thread.join()
    return total

async def amain():
    total = 0
    for n in range(300):
        total += await goconc.ablocking(lambda: n)
    return total

print(goconc.run(main), goconc.run(amain))
"""
    assert output_of(program) == f"{sum(range(300))} {sum(range(300))}\n"


def test_a_thread_that_answers_every_time(output_of):
    # rule GO-41: it waits without limit, wakes, answers, and waits again
    program = """
there, back = Chan(), Chan()

def answer():
    for value in there:
        back.send(value)

thread = threading.Thread(target=answer)
thread.start()

def main():
    for n in range(2000):
        there.send(n)
        assert back.recv() == n

async def amain():
    for n in range(2000):
        await there.asend(n)
        assert await back.arecv() == n

goconc.run(main)
goconc.run(amain)
there.close()
thread.join()
print("fine")
"""
    assert output_of(program) == "fine\n"


def test_in_two_runs_at_once(output_of):
    # rule GO-40, GO-41: one run may still wake the other; when neither can, both are told
    program = """
ch, ends = Chan(), []

def first():
    assert ch.recv() == 1
    Chan().recv()

def second():
    goconc.sleep(0.05)
    ch.send(1)
    Chan().recv()

def call(main):
    try:
        goconc.run(main)
    except Deadlock:
        ends.append("deadlock")

thread = threading.Thread(target=call, args=(second,))
thread.start()
call(first)
thread.join()
print(ends)
"""
    assert output_of(program) == "['deadlock', 'deadlock']\n"


def test_uncaught_it_ends_the_program_with_a_traceback(python):
    # rule GO-40
    done = python("import goconc\ndef main():\n    goconc.Chan().recv()\ngoconc.run(main)\n")
    assert done.returncode == 1
    assert "Deadlock: all goroutines are asleep - deadlock!" in done.stderr
    assert "goroutine 1 [chan receive]:" in done.stderr
