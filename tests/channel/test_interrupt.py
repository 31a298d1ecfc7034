"""Ctrl-C while main waits: KeyboardInterrupt comes out of the wait, and nothing is left behind."""

import _thread
import signal
import threading
import time

import pytest

import goconc

WAITS = {
    "recv": lambda kind, ch: kind.recv(ch),
    "recv with a limit": lambda kind, ch: kind.recv(ch, timeout=60),
    "send": lambda kind, ch: kind.send(ch, "never"),
    "select": lambda kind, ch: kind.select(ch, (ch, "never"), goconc.after(3600)),
    "select nothing": lambda kind, ch: kind.select(),
    "after": lambda kind, ch: kind.recv(goconc.after(3600)),
    "sleep": lambda kind, ch: kind.sleep(3600),
}


@pytest.fixture
def interrupt(thread):
    """Simulates a Ctrl-C, a moment from now."""
    assert threading.current_thread() is threading.main_thread()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def start():
        def ctrl_c():
            time.sleep(0.02)
            _thread.interrupt_main()

        return thread(ctrl_c)

    return start


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_wait_is_interrupted(any_kind, interrupt, wait):
    # rule SEL-22, PY-02
    async def main():
        ch = goconc.Chan()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
            await wait(any_kind, ch)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("nobody is there")
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        return "goes on"

    assert any_kind.run(main) == "goes on"


def test_it_leaves_run(any_kind, interrupt):
    # rule PY-02
    async def main():
        interrupt()
        await any_kind.recv(goconc.Chan())

    with pytest.raises(KeyboardInterrupt):
        any_kind.run(main)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
