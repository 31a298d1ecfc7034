"""goconc.debug: every goroutine as a record, and as text."""

import dataclasses
import io
import sys

import pytest

import goconc
from goconc import debug


def record_of(handle):
    return next(g for g in debug.goroutines() if g.id == handle.id)


def test_a_record_of_one_that_waits(kind):
    # rule DBG-01, DBG-02, GO-35
    async def waits(ch):
        return await kind.recv(ch)

    async def main():
        ch = goconc.Chan()
        handle = kind.go(waits, ch)
        handle.name = "waiter"
        await kind.parked(handle)
        await kind.sleep(0.05)
        g = record_of(handle)
        assert (g.name, g.kind, g.state, g.wait_reason) == ("waiter", kind.name, "waiting", "chan receive")
        assert g.channel is ch
        assert 0.02 <= g.since < 30
        assert [frame.name for frame in g.stack].count("waits") == 1
        assert g.created_at.filename.endswith(".py")
        with pytest.raises(dataclasses.FrozenInstanceError):
            g.id = 0
        await kind.send(ch, 1)
        await kind.join(handle)
        assert handle.id not in [g.id for g in debug.goroutines()]

    kind.run(main)


def test_a_record_of_one_that_sends_selects_or_sleeps(kind):
    # rule DBG-02, GO-35
    async def main():
        ch = goconc.Chan()
        sender = kind.go(kind.send, ch, 1)
        chooser = kind.go(kind.select, goconc.Chan(), goconc.Chan())
        sleeper = kind.go(kind.sleep, 1000)
        timed = kind.go(kind.recv, goconc.after(1000))
        await kind.parked(sender, chooser, sleeper, timed)
        assert record_of(sender).channel is ch
        for handle, words in (chooser, "select"), (sleeper, "sleep"), (timed, "chan receive"):
            g = record_of(handle)
            assert (g.state, g.wait_reason, g.channel) == ("waiting", words, None)
        for handle in (sender, chooser, sleeper, timed):
            handle.cancel()
            with pytest.raises(goconc.Canceled):
                await kind.join(handle)

    kind.run(main)


def test_the_running_one_and_one_that_has_not_started(kind):
    # rule DBG-01, GO-34
    async def main():
        fresh = kind.go(kind.sleep, 0)
        me, it = record_of(goconc.current()), record_of(fresh)
        assert (me.state, me.wait_reason, me.since, me.channel) == ("running", None, None, None)
        assert me.stack
        assert it.state == "runnable"
        await kind.join(fresh)

    goconc.gomaxprocs(1)
    kind.run(main)


def test_asked_by_an_ordinary_thread(kind, eventually, parked_words):
    # rule DBG-01, GO-34
    ch = goconc.Chan()
    handles = [kind.go(kind.recv, ch) for _ in range(5)]
    eventually(lambda: all(map(parked_words, handles)))
    seen = {g.id: g for g in debug.goroutines()}
    for handle in handles:
        assert seen[handle.id].stack
        assert seen[handle.id].channel is ch
        ch.send(1)
    for handle in handles:
        handle.join(timeout=10)


def test_the_dump_goes_to_a_file_or_standard_error(capsys, monkeypatch):
    # rule DBG-01, GO-34
    def main():
        file = io.StringIO()
        debug.dump(file)
        debug.dump()
        return file.getvalue()

    text = goconc.run(main)
    assert text.startswith("goroutine ")
    assert " [running]:\n" in text
    assert "test_records.py" in text
    assert "goroutine " in capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)
    goconc.run(debug.dump)
    with pytest.raises(TypeError, match="file must be a text file or None, not int"):
        debug.dump(3)
