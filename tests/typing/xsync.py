# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What a checker must say about errgroup, semaphore and singleflight. Checked, never run: see CONTRIBUTING."""

from typing import assert_type

from goconc import Goroutine, RecvChan, context, errgroup, semaphore, singleflight


def plain(n: int) -> str:
    return str(n)


async def suspending(n: int) -> str:
    return str(n)


def thunk() -> int:
    return 1


def groups(ctx: context.Context) -> None:
    with errgroup.Group(ctx, limit=3) as g:
        assert_type(g, errgroup.Group)
        assert_type(g.go(plain, 1), Goroutine[str])
        assert_type(g.go(suspending, 1), Goroutine[str])
        assert_type(g.go(suspending(1)), Goroutine[str])
        assert_type(g.try_go(plain, 1), Goroutine[str] | None)
        g.go(plain, "1")  # type: ignore[call-overload]
        assert_type(g.limit, int | None)
    assert_type(g.wait(), None)
    assert_type(errgroup.gather(thunk, thunk, limit=2), list[int])
    assert_type(errgroup.gather(suspending(1), suspending(2)), list[str])
    errgroup.Group(limit="3")  # type: ignore[arg-type]


async def async_groups() -> None:
    async with errgroup.Group() as g:
        assert_type(await g.ago(plain, 1), Goroutine[str])
        assert_type(await g.ago(suspending, 1), Goroutine[str])
    await g
    assert_type(await errgroup.agather(suspending(1)), list[str])


async def semaphores(ctx: context.Context) -> None:
    sem = semaphore.Weighted(3)
    sem.acquire(2, timeout=0.5, ctx=ctx)
    await sem.aacquire()
    assert_type(sem.try_acquire(), bool)
    with sem, sem.hold(2):
        sem.release()
    async with sem, sem.hold(2, ctx=ctx):
        pass
    sem.acquire("2")  # type: ignore[arg-type]


async def shared_calls() -> None:
    group = singleflight.Group()
    value, shared = group.do("key", plain, 1)
    assert_type(value, str)
    assert_type(shared, bool)
    assert_type((await group.ado("key", suspending, 1)).value, str)
    assert_type(group.do_chan("key", suspending, 1), RecvChan[singleflight.Result[str]])
    assert_type(group.do_chan("key", plain, 1).recv().error, BaseException | None)
    group.do([], plain, 1)  # type: ignore[arg-type]
