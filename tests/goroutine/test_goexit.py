"""goexit(): a goroutine ends itself, from any depth."""

import pytest

import goconc


def test_goexit_runs_the_clean_up_innermost_first_and_join_gives_none(kind):
    # rule GO-14
    events = []

    async def inner():
        try:
            goconc.goexit()
        except Exception:
            events.append("except Exception")
        finally:
            events.append("inner")
        events.append("never")

    async def middle():
        try:
            await inner()
        finally:
            await kind.gosched()
            events.append("middle")

    async def body():
        try:
            await middle()
        finally:
            events.append("outer")

    async def main():
        handle = kind.go(body)
        assert await kind.join(handle) is None
        assert await kind.join(handle) is None

    kind.run(main)
    assert events == ["inner", "middle", "outer"]


def test_goexit_is_a_goroutine_exit_and_can_be_seen(kind):
    # rule GO-14, PY-13
    async def body():
        try:
            goconc.goexit()
        except goconc.GoroutineExit as error:
            return isinstance(error, Exception)

    async def main():
        return await kind.join(kind.go(body))

    assert kind.run(main) is False


def test_others_do_not_notice(kind):
    # rule GO-14
    async def other(ch):
        return await kind.recv(ch)

    async def leave():
        await kind.gosched()
        goconc.goexit()

    async def main():
        ch = goconc.Chan()
        staying = kind.go(other, ch)
        for _ in range(10):
            await kind.join(kind.go(leave))
        await kind.send(ch, "still here")
        return await kind.join(staying)

    assert kind.run(main) == "still here"


def test_goexit_unjoined_is_no_error(kind):
    # rule GO-14: it is not a panic
    async def main():
        async def body():
            goconc.goexit()

        kind.go(body)
        for _ in range(3):
            await kind.gosched()
        return "main"

    assert kind.run(main) == "main"


def test_an_exception_caught_during_goexit_resumes_it(kind):
    # rule GO-16
    events = []

    async def body():
        try:
            goconc.goexit()
        finally:
            try:
                raise ValueError
            except ValueError:
                events.append("caught")
        events.append("never")

    async def main():
        assert await kind.join(kind.go(body)) is None

    kind.run(main)
    assert events == ["caught"]


def test_an_exception_that_escapes_during_goexit_replaces_it(kind):
    # rule GO-16, GO-17
    async def body():
        try:
            goconc.goexit()
        finally:
            raise ValueError("in a deferred call")

    async def main():
        with pytest.raises(ValueError) as caught:
            await kind.join(kind.go(body))
        assert isinstance(caught.value.__context__, goconc.GoroutineExit)

    kind.run(main)


def test_goexit_through_a_generator(kind):
    # rule GO-14, PY-14
    events = []

    def values():
        try:
            yield 1
            goconc.goexit()
        finally:
            events.append("generator")

    async def body():
        for _ in values():
            await kind.gosched()

    async def main():
        assert await kind.join(kind.go(body)) is None

    kind.run(main)
    assert events == ["generator"]


def test_goexit_while_handling_an_exception(kind):
    # rule GO-14, PY-01
    async def body():
        try:
            raise ValueError
        except ValueError:
            goconc.goexit()

    async def main():
        assert await kind.join(kind.go(body)) is None

    kind.run(main)


def test_goexit_needs_a_goroutine():
    # rule GO-14
    with pytest.raises(RuntimeError, match="goroutine"):
        goconc.goexit()


def test_goexit_in_main_lets_the_others_finish_and_is_then_a_deadlock(kind):
    # rule GO-15
    events = []

    async def body(n):
        await kind.sleep(0.001 * n)
        events.append(n)

    async def main():
        for n in range(3):
            kind.go(body, n)
        goconc.goexit()

    with pytest.raises(goconc.Deadlock, match=r"no goroutines .* - deadlock!"):
        kind.run(main)
    assert sorted(events) == [0, 1, 2]


def test_goexit_in_main_alone(kind):
    # rule GO-15
    async def main():
        try:
            goconc.goexit()
        finally:
            await kind.gosched()

    with pytest.raises(goconc.Deadlock, match="no goroutines"):
        kind.run(main)


STUCK = """
import goconc
def body():
    try:
        goconc.Chan().recv()
    finally:
        print("unwound")
async def abody():
    try:
        await goconc.Chan().arecv()
    finally:
        print("unwound")
def main():
    goconc.go({body})
    goconc.gosched()
    goconc.goexit()
try:
    goconc.run(main)
except goconc.Deadlock as error:
    print(error)
"""


@pytest.mark.parametrize("body", ["body", "abody"])
def test_goexit_in_main_while_the_others_are_stuck(body, output_of):
    # rule GO-15, GO-40. In a process of its own: the watchdog's thread here could still wake somebody.
    text = output_of(STUCK.format(body=body))
    assert "deadlock!" in text
    assert text.count("unwound") == 1


@pytest.mark.parametrize("code", [0, 3])
def test_after_goexit_in_main_another_may_end_the_program(kind, code):
    # rule GO-15, GO-11
    async def leave():
        await kind.sleep(0.002)
        raise SystemExit(code)

    async def main():
        kind.go(leave)
        goconc.goexit()

    with pytest.raises(SystemExit) as caught:
        kind.run(main)
    assert caught.value.code == code


def test_after_goexit_in_main_an_exception_nobody_joins_ends_the_run(kind):
    # rule GO-15, GO-12
    async def fail():
        await kind.sleep(0.002)
        raise ValueError("late")

    async def main():
        kind.go(fail)
        goconc.goexit()

    with pytest.raises(ValueError, match="late"):
        kind.run(main)


def test_after_goexit_in_main_an_exception_somebody_could_still_ask_for_is_told(kind):
    # rule GO-15, GO-12
    handles = []

    async def fail():
        raise ValueError("kept")

    async def main():
        handles.append(kind.go(fail))
        goconc.goexit()

    with pytest.raises(ValueError, match="kept") as caught:
        kind.run(main)
    assert any("no goroutines" in note for note in caught.value.__notes__)
