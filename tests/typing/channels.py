# ruff: noqa: C416, F841
# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about channels and their views. Checked, never run: see CONTRIBUTING."""

from collections.abc import Awaitable
from typing import Literal, assert_type

from goconc import Chan, RecvChan, SendChan


def directions(ch: Chan[int]) -> None:
    assert_type(ch.recv(), int)
    assert_type(ch.recv(timeout=0.5), int)
    assert_type(ch.recv_nowait(), int)
    assert_type(ch.recv_ok(), tuple[int, Literal[True]] | tuple[None, Literal[False]])
    assert_type(ch.sender, SendChan[int])
    assert_type(ch.receiver, RecvChan[int])
    assert_type(ch.receiver.recv(), int)
    assert_type([v for v in ch], list[int])
    assert_type([v for v in ch.receiver], list[int])
    assert_type(len(ch) + ch.cap, int)
    ch.send("one")  # type: ignore[arg-type]
    ch.send_nowait(None)  # type: ignore[arg-type]
    ch.send(1, 0.5)  # type: ignore[call-arg]
    ch.recv(timeout="soon")  # type: ignore[arg-type]
    ch.recv(ctx=1)  # type: ignore[arg-type]
    ch.sender.recv()  # type: ignore[attr-defined]
    ch.receiver.send(1)  # type: ignore[attr-defined]
    ch.receiver.close()  # type: ignore[attr-defined]
    for _ in ch.sender:  # type: ignore[attr-defined]
        pass
    with ch as same, ch.sender as sender:
        assert_type(same, Chan[int])
        sender.send("one")  # type: ignore[arg-type]
    with ch.receiver:  # type: ignore[attr-defined]
        pass


def two_values(ch: Chan[int]) -> int:
    match ch.recv_ok():
        case v, True:
            assert_type(v, int)
            return v
        case v, False:
            assert_type(v, None)
    value, ok = ch.recv_ok()
    assert_type(value, int | None)
    assert_type(ok, bool)
    return 0


def takes_receiver(jobs: RecvChan[int]) -> int:
    return jobs.recv()


def takes_sender(results: SendChan[int]) -> None:
    with results:
        results.send(1)


def a_channel_serves_as_either_view(ch: Chan[int], words: Chan[str]) -> None:
    takes_receiver(ch)
    takes_receiver(ch.receiver)
    takes_sender(ch)
    takes_sender(ch.sender)
    takes_receiver(ch.sender)  # type: ignore[arg-type]
    takes_sender(ch.receiver)  # type: ignore[arg-type]
    takes_receiver(words)  # type: ignore[arg-type]
    takes_sender(words)  # type: ignore[arg-type]


def variance(ints: Chan[int], numbers: Chan[float]) -> None:
    wide: RecvChan[float] = ints
    wide = ints.receiver
    narrow: SendChan[int] = numbers
    narrow = numbers.sender
    bad_wide: SendChan[float] = ints  # type: ignore[assignment]
    bad_narrow: RecvChan[int] = numbers.receiver  # type: ignore[assignment]
    bad: Chan[float] = ints  # type: ignore[assignment]


def making() -> None:
    ch: Chan[int] = Chan()
    words = Chan[str](capacity=3)
    assert_type(words, Chan[str])
    Chan[int]("3")  # type: ignore[arg-type]
    RecvChan()  # type: ignore[misc]
    isinstance(ch, RecvChan)  # type: ignore[misc]

    class Mine(Chan[int]):  # type: ignore[misc]
        pass


async def twins(ch: Chan[int]) -> None:
    assert_type(await ch.arecv(), int)
    assert_type(await ch.arecv_ok(), tuple[int, Literal[True]] | tuple[None, Literal[False]])
    assert_type(await ch.receiver.arecv(), int)
    assert_type(await ch.asend(1), None)
    await ch.asend("one")  # type: ignore[arg-type]
    await ch.recv()  # type: ignore[misc]
    later: Awaitable[int] = ch.arecv()
    async for v in ch:
        assert_type(v, int)
    async for v in ch.receiver:
        assert_type(v, int)
    async with ch.sender as sender:
        await sender.asend(1)
    async with ch as same:
        assert_type(same, Chan[int])
