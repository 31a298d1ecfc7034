"""An exception that nobody joins is never silent."""

import gc
import sys
import threading
import traceback

import pytest

import goconc


async def fail(kind, error):
    await kind.gosched()
    raise error


async def never(kind):
    await kind.recv(goconc.Chan())


def test_with_no_handle_it_stops_the_run(kind):
    # rule GO-12, GO-19
    error = ValueError("nobody's")
    events, started = [], []

    async def other():
        started.append(True)
        try:
            await never(kind)
        finally:
            events.append("other ended")

    async def main():
        kind.go(other)
        while not started:  # one that never began has nothing to clean up
            await kind.gosched()
        kind.go(fail, kind, error)
        try:
            await never(kind)
        except Exception:
            events.append("main saw it")  # it does not: the parent's recover never sees it
        finally:
            events.append("main ended")

    with pytest.raises(ValueError) as caught:
        kind.run(main)
    assert caught.value is error
    assert sorted(events) == ["main ended", "other ended"]


def test_the_note_says_which_goroutine_and_where_it_was_created(kind):
    # rule GO-12
    error = ValueError("nobody's")

    async def main():
        plain = kind.name == "plain"
        handle = goconc.go(lambda: (_ for _ in ()).throw(error)) if plain else goconc.go(fail, kind, error)
        handle.name = "the culprit"
        number = handle.id
        numbers.append(number)
        del handle
        await never(kind)

    numbers = []
    with pytest.raises(ValueError) as caught:
        kind.run(main)
    (note,) = caught.value.__notes__
    assert f"goroutine {numbers[0]}" in note
    assert "the culprit" in note
    assert __file__ in note
    assert "in main" in note
    assert note in "".join(traceback.format_exception(caught.value))


def test_the_deferred_of_the_failing_goroutine_run_first(kind):
    # rule GO-12
    events = []

    async def body():
        try:
            raise ValueError
        finally:
            events.append("its own finally")

    async def main():
        kind.go(body)
        try:
            await never(kind)
        finally:
            events.append("main's")

    with pytest.raises(ValueError):
        kind.run(main)
    assert events == ["its own finally", "main's"]


def test_while_the_handle_is_held_nothing_happens_and_join_raises(kind):
    # rule GO-19
    async def main():
        handle = kind.go(fail, kind, ValueError("for join"))
        while not handle.done():
            await kind.gosched()
        for _ in range(10):
            await kind.gosched()
        with pytest.raises(ValueError, match="for join"):
            await kind.join(handle)
        del handle
        for _ in range(5):
            await kind.gosched()
        return "fine"

    assert kind.run(main) == "fine"


def test_a_handle_dropped_later_stops_the_run(kind):
    # rule GO-19
    async def main():
        handles = [kind.go(fail, kind, ValueError("dropped"))]
        while not handles[0].done():
            await kind.gosched()
        await kind.gosched()
        handles.clear()
        await never(kind)

    with pytest.raises(ValueError, match="dropped"):
        kind.run(main)


def test_a_handle_dropped_by_the_collector_stops_the_run(kind, collect):
    # rule GO-19
    async def main():
        box = [kind.go(fail, kind, ValueError("in a cycle"))]
        box.append(box)
        while not box[0].done():
            await kind.gosched()
        del box
        collect()
        await never(kind)

    with pytest.raises(ValueError, match="in a cycle"):
        kind.run(main)


def test_a_handle_that_main_still_holds_when_it_returns_is_reported_or_raised(kind, monkeypatch, eventually):
    # rule GO-19: never silent
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)

    async def main():
        handle = kind.go(fail, kind, ValueError("held to the end"))
        while not handle.done():
            await kind.gosched()
        await kind.gosched()

    try:
        kind.run(main)
    except ValueError as error:
        assert error.args == ("held to the end",)  # noqa: PT017
    else:
        gc.collect()
        eventually(lambda: reports)
        assert reports[0].exc_value.args == ("held to the end",)


def test_a_handle_held_beyond_the_run_can_still_be_joined(kind):
    # rule GO-19
    async def main():
        handle = kind.go(fail, kind, ValueError("later"))
        while not handle.done():
            await kind.gosched()
        return handle

    handle = kind.run(main)
    with pytest.raises(ValueError, match="later"):
        handle.join()
    del handle
    gc.collect()


def test_a_joiner_that_timed_out_has_not_joined(kind):
    # rule GO-19
    async def main():
        gate = goconc.Chan()

        async def body():
            await kind.recv(gate)
            raise ValueError("after the timeout")

        handle = kind.go(body)
        with pytest.raises(TimeoutError):
            await kind.join(handle, timeout=0.001)
        await kind.send(gate, None)
        del handle
        await never(kind)

    with pytest.raises(ValueError, match="after the timeout"):
        kind.run(main)


def test_main_s_own_exception_goes_first(kind, monkeypatch):
    # rule GO-12
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)

    async def main():
        kind.go(fail, kind, ValueError("another's"))
        raise KeyError("main's")

    with pytest.raises(KeyError, match="main's"):
        kind.run(main)


def test_of_two_failures_one_is_raised_and_the_other_told_of(kind, monkeypatch):
    # rule GO-12, GO-17
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)

    async def main():
        handles = [kind.go(fail, kind, ValueError(n)) for n in (1, 2)]
        while not all(handle.done() for handle in handles):
            await kind.gosched()
        await kind.gosched()
        handles.clear()
        await never(kind)

    with pytest.raises(ValueError) as caught:
        kind.run(main)
    (other,) = {1, 2} - set(caught.value.args)
    assert f"ValueError({other})" in "".join(caught.value.__notes__) + repr(reports)


def test_a_failure_in_the_clean_up_at_the_end_is_not_silent(kind, monkeypatch, eventually):
    # rule GO-19
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)

    async def body():
        try:
            await never(kind)
        finally:
            raise ValueError("clean-up")

    async def main():
        kind.go(body)
        await kind.gosched()
        await kind.gosched()

    try:
        kind.run(main)
    except ValueError as error:
        assert error.args == ("clean-up",)  # noqa: PT017
    else:
        eventually(lambda: reports)
        assert reports[0].exc_value.args == ("clean-up",)


def test_main_may_not_swallow_the_end(kind):
    # rule GO-12
    async def main():
        kind.go(fail, kind, ValueError("stops it"))
        while True:
            try:
                await never(kind)
            except goconc.GoroutineExit:
                return "swallowed"

    with pytest.raises(ValueError, match="stops it"):
        kind.run(main)


@pytest.mark.parametrize("error", [SystemExit(3), SystemExit(0), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("held", [False, True], ids=["no handle", "handle held"])
def test_system_exit_and_keyboard_interrupt_end_the_run_from_any_goroutine(kind, error, held):
    # rule GO-11
    async def main():
        handle = kind.go(fail, kind, error)
        if not held:
            del handle
        await never(kind)

    with pytest.raises(type(error)) as caught:
        kind.run(main)
    assert caught.value is error
    if isinstance(error, SystemExit):
        assert caught.value.code == error.code


def test_other_base_exceptions_are_exceptions_like_any_other(kind):
    # rule GO-12
    class Strange(BaseException):
        pass

    async def joined():
        with pytest.raises(Strange):
            await kind.join(kind.go(fail, kind, Strange()))
        return "fine"

    assert kind.run(joined) == "fine"

    async def unjoined():
        kind.go(fail, kind, Strange())
        await never(kind)

    with pytest.raises(Strange):
        kind.run(unjoined)


def test_cancelled_and_left_goroutines_are_no_failures(kind):
    # rule GO-14
    async def main():
        handle = kind.go(never, kind)
        await kind.parked(handle)
        handle.cancel()
        del handle
        for _ in range(5):
            await kind.gosched()
        return "fine"

    assert kind.run(main) == "fine"


# ---- outside run(): goconc.excepthook ----


def test_outside_run_the_hook_is_called(kind, monkeypatch, eventually):
    # rule GO-19
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)
    error = ValueError("in the background")
    kind.go(fail, kind, error)
    eventually(lambda: reports)
    (report,) = reports
    assert isinstance(report, goconc.ExceptHookArgs)
    assert report.exc_type is ValueError
    assert report.exc_value is error
    assert report.exc_traceback is error.__traceback__
    assert isinstance(report.goroutine, goconc.Goroutine)


def test_outside_run_a_handle_dropped_later(kind, monkeypatch, eventually, collect):
    # rule GO-19
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)
    handle = kind.go(fail, kind, ValueError("later"))
    eventually(handle.done)
    assert reports == []
    del handle
    collect()
    eventually(lambda: reports)


def test_outside_run_join_takes_it(kind, monkeypatch, collect):
    # rule GO-19
    reports = []
    monkeypatch.setattr(goconc, "excepthook", reports.append)
    handle = kind.go(fail, kind, ValueError("joined"))
    with pytest.raises(ValueError, match="joined"):
        handle.join(timeout=10)
    del handle
    collect()
    assert reports == []


class Printed(list):
    """In the place of stderr: what other threads write. (capsys loses what comes while it is read.)"""

    write = list.append

    def flush(self):
        pass


def test_the_hook_that_goconc_brings_prints_a_traceback(kind, monkeypatch, eventually):
    # rule GO-19
    printed = Printed()
    monkeypatch.setattr(sys, "stderr", printed)
    kind.go(fail, kind, ValueError("printed"))
    eventually(lambda: "ValueError: printed" in "".join(printed))
    text = "".join(printed)
    head = text.splitlines()[0]
    assert head.startswith("Exception in goroutine ")
    assert 'created at File "' in head
    assert "Traceback" in text
    assert "in fail" in text


def test_a_hook_that_fails_itself_is_reported(kind, monkeypatch, eventually):
    # rule GO-19
    printed = Printed()
    monkeypatch.setattr(sys, "stderr", printed)

    def broken(args):
        raise LookupError("broken hook")

    monkeypatch.setattr(goconc, "excepthook", broken)
    kind.go(fail, kind, ValueError)
    eventually(lambda: "broken hook" in "".join(printed))
    assert kind.go(kind.gosched).join(timeout=10) is None


def test_the_hook_may_use_goconc(kind, monkeypatch):
    # rule PY-08
    ch = goconc.Chan(1)

    def hook(args):
        ch.send_nowait(args.exc_value)
        goconc.go(int)

    monkeypatch.setattr(goconc, "excepthook", hook)
    kind.go(fail, kind, ValueError("through the hook"))
    assert ch.recv(timeout=10).args == ("through the hook",)


def test_who_started_it_need_not_run_for_it_to_be_reported(kind, monkeypatch):
    # rule GO-19. On a free-threaded build the last reference would else be left to the thread that made the goroutine.
    reported = threading.Lock()
    reported.acquire()
    monkeypatch.setattr(goconc, "excepthook", lambda args: reported.release())

    async def body():
        await kind.sleep(0.05)
        raise ValueError("while its maker waits")

    kind.go(body)
    assert reported.acquire(timeout=10)
