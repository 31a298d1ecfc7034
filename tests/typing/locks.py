# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about goconc.sync. Checked, never run: see CONTRIBUTING."""

from typing import assert_type

from goconc import Goroutine
from goconc.sync import (
    AtomicBool,
    AtomicInt,
    AtomicRef,
    AtomicValue,
    Cond,
    Locker,
    Map,
    Mutex,
    Once,
    Pool,
    RWMutex,
    WaitGroup,
    aonce_value,
    once_value,
    once_values,
)


def square(n: int) -> int:
    return n * n


async def asquare(n: int) -> int:
    return n * n


def text() -> str:
    return ""


async def atext() -> str:
    return ""


def pair() -> tuple[int, str]:
    return 1, ""


def plain() -> None:
    mu, rw, wg = Mutex(), RWMutex(), WaitGroup()
    with mu, rw, rw.rlocker(), wg:
        pass
    mu.lock(timeout=1)
    assert_type(mu.try_lock(), bool)
    lockers: list[Locker] = [mu, rw, rw.rlocker()]
    assert_type(wg.go(square, 3), Goroutine[int])
    assert_type(wg.go(asquare, 3), Goroutine[int])
    wg.go(square, "3")  # type: ignore[call-overload]
    Cond(lockers[0]).wait(timeout=0.1)
    Cond(3)  # type: ignore[arg-type]
    Once().do(text)
    assert_type(once_value(text)(), str)
    assert_type(once_values(pair)(), tuple[int, str])
    assert_type(Pool(text).get(), str | None)
    m: Map[str, int] = Map()
    assert_type(m.load("a"), tuple[int | None, bool])
    assert_type(m.load_or_store("a", 1), tuple[int, bool])
    m.store(1, 1)  # type: ignore[arg-type]
    for key, value in m:
        assert_type(key, str)
        assert_type(value, int)
    assert_type(AtomicInt().add(2), int)
    assert_type(AtomicBool(True).swap(False), bool)
    assert_type(AtomicRef("a").load(), str)
    assert_type(AtomicValue[str]().load(), str | None)
    AtomicValue[str]().store(1)  # type: ignore[arg-type]


async def coroutine() -> None:
    mu, wg, cond = Mutex(), WaitGroup(), Cond()
    async with mu, cond, wg:
        await cond
    await mu.alock(timeout=1)
    await wg
    await wg.await_(timeout=1)
    await Once().ado(atext)
    assert_type(await aonce_value(atext)(), str)
