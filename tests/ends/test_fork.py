"""Forks while goroutines run."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

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


def test_threads_fork_while_goroutines_run():
    run = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
