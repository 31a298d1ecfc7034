# ruff: noqa: F841
# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about select: each case has its index and its type of value, so `match` tells them apart."""

from typing import Literal, assert_type

from goconc import Chan, RecvChan, Selected, SendChan, Ticker, Timer, after, aselect, select, tick


def one_of_three(jobs: RecvChan[int], out: SendChan[str], quit_: Chan[None]) -> str:
    match select(jobs, (out, "item"), after(0.05), quit_):
        case 0, job, True:
            assert_type(job, int)
            return str(job)
        case 0, closed, False:
            assert_type(closed, None)
        case 1, sent, _:
            assert_type(sent, None)
        case 2, when, True:
            assert_type(when, float)
        case 3, *_:
            pass
    return ""


def results(a: Chan[int], b: Chan[str]) -> None:
    index, value, ok = select(a, b)
    assert_type(index, Literal[0, 1])
    assert_type(value, int | str | None)
    assert_type(ok, bool)
    s = select(a)
    assert_type(s, Selected[int, Literal[0], Literal[True]] | Selected[None, Literal[0], Literal[False]])
    assert_type(s.value, int | None)
    assert_type(select(a, default=False).index, Literal[0])
    assert_type(select(a, default=True).index, Literal[0, -1])
    assert_type(select(a, None).index, Literal[0, 1])
    assert_type(select((b, "x")).value, None)
    assert_type(select(a, timeout=0.5).value, int | None)


def any_number(chans: list[Chan[int]], flag: bool) -> None:
    s = select(*chans)
    assert_type(s.index, int)
    assert_type(s.value, int | None)
    sends = [(ch, 1) for ch in chans]
    assert_type(select(*sends).value, None)
    wide: Selected[int | None] = s
    many = select(chans[0], chans[1], chans[2], chans[3], chans[4])
    assert_type(many.index, int)
    assert_type(select(chans[0], default=flag).index, Literal[0, -1])


def mistakes(a: Chan[int], b: Chan[str]) -> None:
    select(a, (b, 1))  # type: ignore[misc]
    select(a, b.sender)  # type: ignore[call-overload]
    select((b.receiver, "x"))  # type: ignore[arg-type]
    select(a, "x")  # type: ignore[call-overload]
    select(a, timeout="x")  # type: ignore[call-overload]
    select((b, "x", 1))  # type: ignore[arg-type]


async def twins(a: Chan[int], b: Chan[str]) -> None:
    match await aselect(a, (b, "x"), default=True):
        case 0, v, True:
            assert_type(v, int)
        case -1, v, _:
            assert_type(v, None)
    assert_type((await aselect(a)).index, Literal[0])


def time(timer: Timer, ticker: Ticker) -> None:
    assert_type(after(1), RecvChan[float])
    assert_type(tick(1), RecvChan[float])
    assert_type(timer.c.recv(), float)
    assert_type(ticker.c, RecvChan[float])
    assert_type(timer.stop(), bool)
    assert_type(timer.reset(0.5), bool)
    timer.c = after(1)  # type: ignore[misc]
    Timer("soon")  # type: ignore[arg-type]
    after(1).send(1.0)  # type: ignore[attr-defined]
