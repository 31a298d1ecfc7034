"""fork, in a goroutine and beside goroutines; multiprocessing and subprocess: the child starts afresh, the parent notices nothing."""

import os
import subprocess
import sys

import pytest

import goconc

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

HEAD = """
import os, sys, threading, time, warnings
import goconc
from goconc import Chan, go

warnings.simplefilter("ignore", DeprecationWarning)  # fork in a process of several threads

def forked(child, *args):
    # What the child's standard output and exit code are.
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.dup2(writer, 1)
        child(*args)
        sys.stdout.flush()
        os._exit(0)
    os.close(writer)
    text = b""
    while piece := os.read(reader, 1000):
        text += piece
    os.close(reader)
    return text.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def use():
    # Everything works in a child.
    ch = Chan()
    handle = go(ch.send, 1)
    assert (ch.recv(timeout=20), handle.join(timeout=20)) == (1, None)
    async def main():
        other = Chan()
        async def send():
            await other.asend(2)
        go(send)
        await goconc.asleep(0.001)
        return await other.arecv() + await goconc.ablocking(lambda: 3)
    assert goconc.run(main) == 5
    assert goconc.run(lambda: goconc.select(goconc.after(0.001)).ok and go(goconc.blocking, int).join()) == 0
    goconc.after_func(0.001, lambda: ch.send(6))
    assert goconc.current() is None and ch.recv(timeout=20) == 6
    print("used", flush=True)
"""


@pytest.fixture
def run_program(python):
    def run(program, procs=""):
        done = python(HEAD + program, **({"GOCONC_MAXPROCS": procs} if procs else {}))
        return done.returncode, done.stdout, done.stderr

    return run


WHERE = {
    "thread": "result = forked(use)",
    "main": "result = goconc.run(forked, use)",
    "async main": "result = goconc.run(aforked)",
    "plain": "result = goconc.run(lambda: go(forked, use).join())",
    "async": "result = goconc.run(lambda: go(aforked).join())",
    "plain, in the background": "result = go(forked, use).join()",
    "async, in the background": "result = go(aforked).join()",
    "blocking": "result = goconc.run(lambda: goconc.blocking(forked, use))",
    "locked": "result = goconc.run(lambda: go(locked).join())",
}


@pytest.mark.parametrize("procs", ["1", "4"])
@pytest.mark.parametrize("where", WHERE)
def test_in_the_child_everything_starts_afresh(where, procs, run_program):
    # rule PY-05
    program = f"""
async def aforked():
    return forked(use)

def locked():
    goconc.lock_os_thread()
    return forked(use)

for _ in range(3):
    {WHERE[where]}
    assert result == ("used\\n", 0), result
assert goconc.run(lambda: go(lambda: 7).join()) == 7
print("fine")
"""
    assert run_program(program, procs=procs) == (0, "fine\n", "")


def test_the_goroutines_of_the_parent_are_not_the_child_s(run_program):
    # rule PY-05: neither resumed nor unwound there, and nobody waits for them; their waits are passed over
    program = """
ch, full, ended = Chan(), Chan(1), []
full.send(0)

def body(wait, *args):
    try:
        wait(*args)
    finally:
        ended.append(os.getpid())

async def abody():
    try:
        await ch.arecv()
    finally:
        ended.append(os.getpid())

def child():
    assert goconc.num_goroutine() == 0
    try:
        ch.send_nowait("to nobody")
    except goconc.WouldBlock:
        print("passed over")
    assert full.recv() == 0 and len(full) == 0  # and not: the value of a parked sender moves up
    for handle in handles:
        assert handle.done()
        try:
            handle.join()
        except goconc.Canceled:
            print("canceled")
    timer.stop()
    timer.reset(0.001)
    goconc.sleep(0.01)
    assert not ended

def main():
    global timer
    timer = goconc.after_func(1000, int)
    handles.extend([go(body, ch.recv), go(abody), go(body, full.send, 1), go(body, goconc.select, ch, Chan()),
                    go(body, goconc.sleep, 1000), go(body, ch.recv_ok)])
    limited = go(lambda: ch.recv(timeout=1000))
    goconc.sleep(0.02)
    result = go(forked, child).join()
    assert result == ("passed over\\n" + "canceled\\n" * 6, 0), result
    limited.cancel()

handles = []
goconc.run(main)
assert ended == [os.getpid()] * 6
print("fine")
"""
    for procs in ("1", "4"):
        assert run_program(program, procs=procs) == (0, "fine\n", "")


def test_threads_that_waited_in_the_parent_leave_their_lines(run_program):
    # rule PY-05: their stacks are used for other threads in the child
    program = """
ch, other = Chan(), Chan()

def wait(call):
    try:
        call()
    except goconc.ChannelClosed:
        pass

calls = [ch.recv, lambda: goconc.select(ch, other), lambda: other.send(1), lambda: ch.recv(timeout=1000),
         lambda: goconc.select(*[ch] * 9, (other, 2)), lambda: wait(parked.join)]
parked = go(Chan().recv)
threads = [threading.Thread(target=wait, args=(call,), daemon=True) for call in calls * 3]
for thread in threads:
    thread.start()
time.sleep(0.05)

def child():
    more = [threading.Thread(target=time.sleep, args=(0.02,)) for _ in range(20)]
    for thread in more:
        thread.start()
    for channel, call in ((ch, lambda: ch.send_nowait(1)), (other, other.recv_nowait)):
        try:
            call()
        except goconc.WouldBlock:
            print("nobody")
    go(ch.send, 3)
    assert ch.recv(timeout=20) == 3
    go(other.send, 4)
    assert other.recv(timeout=20) == 4

print(forked(child))
ch.close()
"""
    code, out, err = run_program(program)
    assert (code, out) == (0, "('nobody\\nnobody\\n', 0)\n"), err


def test_contexts_keep_their_deadlines_in_the_child(run_program):
    # rule PY-05, CTX-03: whoever waits for them there; what else the parent's timers were for is the parent's
    program = """
from goconc import context

def child():
    fired = []
    goconc.after_func(0.001, lambda: fired.append("child's"))
    for ctx, wait in zip(contexts, (context_in_thread, context_in_goroutine, context_in_coroutine, goconc.blocking)):
        wait(lambda ctx=ctx: ended(ctx))
    assert goconc.go(lambda: goconc.sleep(0.01)).join() is None
    assert late.err() is None and fired == ["child's"], fired

def ended(ctx):
    try:
        Chan().recv(ctx=ctx, timeout=20)
    except context.DeadlineExceeded:
        print("exceeded", flush=True)

def context_in_thread(wait):
    wait()

def context_in_goroutine(wait):
    go(wait).join()

def context_in_coroutine(wait):
    async def body():
        await goconc.asleep(0)
        await goconc.ablocking(wait)
    goconc.run(body)

def main():
    global contexts, late
    top, _ = context.with_cancel(context.background())
    late, _ = context.with_timeout(top, 3600)
    contexts = [context.with_timeout(top, 0.05 * n)[0] for n in (4, 2, 3, 1)]
    canceled, cancel = context.with_timeout(top, 0.05)
    cancel()
    waiting = [go(ended, ctx) for ctx in contexts]
    goconc.after_func(0.05, lambda: print("parent's", flush=True))
    goconc.sleep(0.01)
    assert forked(child) == ("exceeded\\n" * 4, 0)
    for handle in waiting:
        handle.join()

goconc.run(main)
"""
    for procs in ("1", "4"):
        code, out, err = run_program(program, procs=procs)
        assert (code, sorted(out.split()), err) == (0, ["exceeded"] * 4 + ["parent's"], "")


ENDS = {"": 0, "sys.exit(3)": 3, "sys.exit()": 0, "raise ValueError('in the child')": 1, "goconc.sleep(0.01)": 0}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("where", ["plain", "async", "blocking", "callable"])
def test_a_goroutine_that_ends_in_the_child_ends_the_process(where, end, run_program):
    # rule PY-05
    program = f"""
def body():
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print("child's")
    threading.Thread(target=lambda: (time.sleep(0.05), print("a thread's")), daemon=False).start()
    {end}

async def abody():
    return body()

async def parked():
    await Chan().arecv()

def main():
    others = [go(Chan().recv), go(parked)]
    goconc.sleep(0.01)
    if {where!r} == "plain":
        return go(body).join()
    if {where!r} == "async":
        return go(abody).join()
    if {where!r} == "callable":
        return go(lambda: abody()).join()
    return goconc.blocking(body)

sys.stdout.reconfigure(line_buffering=True)
print(goconc.run(main))
"""
    code, out, err = run_program(program)
    assert (code, out) == (0, f"child's\na thread's\n{ENDS[end]}\n"), err
    assert err.count("ValueError: in the child") == ("ValueError" in end)
    assert "Fatal" not in err


# With several processors an async main may be on another thread than the run() that is to return.
@pytest.mark.parametrize(("main", "procs"), [("main", 1), ("main", 4), ("amain", 1)])
def test_main_goes_on_in_the_child_and_run_returns(main, procs, run_program):
    # rule PY-05
    program = f"""
others = []

def main():
    others.extend([go(Chan().recv) for _ in range(3)])
    goconc.gosched()
    pid = os.fork()
    if pid == 0:
        ch = Chan()
        go(ch.send, "child")
        return ch.recv()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

async def amain():
    others.extend([go(Chan().recv) for _ in range(3)])
    pid = os.fork()
    if pid == 0:
        ch = Chan(1)
        go(ch.send, "child").join(timeout=20)
        return ch.recv_nowait()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

result = goconc.run({main}, procs={procs})
print(result, goconc.run(lambda: go(lambda: 6).join()), flush=True)
sys.exit(5 if result == "child" else 0)
"""
    code, out, err = run_program(program)
    assert (code, out, err) == (0, "child 6\n5 6\n", "")


def test_what_main_raises_in_the_child_leaves_run(run_program):
    # rule PY-05
    program = """
def main():
    pid = os.fork()
    if pid == 0:
        raise LookupError("child")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

async def amain():
    return main()

for body in (main, amain):
    try:
        print(goconc.run(body), flush=True)
    except LookupError as error:
        os._exit(4)
"""
    assert run_program(program) == (0, "4\n4\n", "")


def test_an_await_in_the_child_says_that_there_is_no_goroutine(run_program):
    # rule PY-05
    program = """
async def body():
    pid = os.fork()
    if pid == 0:
        try:
            await goconc.asleep(0)
        except RuntimeError as error:
            print(error, flush=True)
        return None
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

print(goconc.run(lambda: go(body).join()))
"""
    code, out, err = run_program(program)
    assert (code, err) == (0, "")
    assert "async goroutine" in out.splitlines()[0]
    assert out.splitlines()[1] == "0"


def test_a_hook_that_gives_the_gil_away_beside_busy_threads(output_of):
    # rule PY-05: what is held over a fork must be nobody else's to wait for
    program = """
stop = []

def busy():
    while not stop:
        goconc.run(lambda: go(int).join())

thread = threading.Thread(target=busy)
thread.start()
for _ in range(10):
    assert forked(use) == ("used\\n", 0)
stop.append(1)
thread.join()
print("fine")
"""
    # A hook that was registered first is called last, while all others' hooks have been called.
    program = "import os, time\nos.register_at_fork(before=lambda: time.sleep(0.02))\n" + HEAD + program
    assert output_of(program) == "fine\n"


@pytest.mark.parametrize("procs", ["1", "4"])
@pytest.mark.parametrize("rounds", [10, pytest.param(40, marks=pytest.mark.slow)])
def test_under_load(rounds, procs, run_program):
    # rule PY-05: from threads and goroutines, in the middle of everything
    program = f"""
ch, stop = Chan(3), []

def plain():
    while not stop:
        try:
            ch.send(1, timeout=0.001)
        except TimeoutError:
            pass

async def suspending():
    while not stop:
        try:
            await ch.arecv(timeout=0.001)
        except TimeoutError:
            await goconc.agosched()

def forker(n):
    for _ in range(n):
        assert forked(use) == ("used\\n", 0)
        goconc.sleep(0.001)

def main():
    busy = [go(body) for body in (plain, suspending) * 3]
    threads = [threading.Thread(target=forker, args=({rounds},)), threading.Thread(target=plain)]
    for thread in threads:
        thread.start()
    for handle in [go(forker, {rounds}) for _ in range(2)]:
        handle.join()
    goconc.blocking(threads[0].join)
    stop.append(1)
    goconc.blocking(threads[1].join)
    for handle in busy:
        handle.join()
    return "fine"

print(goconc.run(main))
"""
    assert run_program(program, procs=procs) == (0, "fine\n", "")


METHODS = """
import multiprocessing, os, sys, warnings
import goconc

warnings.simplefilter("ignore", DeprecationWarning)

def work(n):
    ch = goconc.Chan()
    goconc.go(ch.send, n)
    return goconc.run(lambda: goconc.go(lambda: ch.recv() * 2).join())

def tell(queue, n):
    queue.put(work(n))

def main(method):
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    parked = goconc.go(goconc.Chan().recv)
    processes = [context.Process(target=tell, args=(queue, n)) for n in range(2)]
    for process in processes:
        process.start()
    values = sorted(goconc.blocking(queue.get) for _ in processes)
    for process in processes:
        goconc.blocking(process.join)
    codes = [process.exitcode for process in processes]
    with context.Pool(1) as pool:
        return values, codes, goconc.blocking(pool.map, work, range(2))

async def amain(method):
    return await goconc.ablocking(goconc.run, main, method)

if __name__ == "__main__":
    print(goconc.run(main, sys.argv[1]), goconc.run(amain, sys.argv[1]))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(tmp_path, method, output_of):
    # rule PY-05: processes started in a goroutine
    path = tmp_path / "program.py"
    path.write_text(METHODS)
    assert output_of(path, method) == "([0, 2], [0, 0], [0, 2]) ([0, 2], [0, 0], [0, 2])\n"


def test_subprocess(kind):
    # rule PY-05: in a goroutine, with and without a function that is called in the child
    async def start(preexec):
        process = subprocess.Popen([sys.executable, "-c", "print(6)"], stdout=subprocess.PIPE, preexec_fn=preexec)
        text = process.stdout.read()
        process.stdout.close()
        return text, process.wait()

    async def main():
        parked = kind.go(kind.recv, goconc.Chan())
        handles = [kind.go(start, preexec) for preexec in (None, os.getpid)]
        results = [await kind.join(handle) for handle in handles]
        assert not parked.done()
        return results

    assert kind.run(main) == [(b"6\n", 0)] * 2


FORKS = """
import os, threading, time

# Called after goconc's own, since it was registered before.
os.register_at_fork(before=lambda: time.sleep(0.01))

import goconc

stop = False

async def leaf():
    pass

async def busy():
    while not stop:
        for handle in [goconc.go(leaf) for _ in range(20)]:
            await handle

def fork():
    for _ in range(5):
        pid = os.fork()
        if pid == 0:
            goconc.go(leaf).join(timeout=20)  # the child starts afresh
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7

def main():
    global stop
    handles = [goconc.go(busy) for _ in range(3)]
    threads = [threading.Thread(target=fork) for _ in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        goconc.sleep(0.01)
    stop = True
    for handle in handles:
        handle.join()

goconc.run(main, procs=3)
print("done")
"""


def test_threads_fork_while_goroutines_run(output_of):
    assert output_of(FORKS, options=["-W", "ignore::DeprecationWarning"]) == "done\n"
