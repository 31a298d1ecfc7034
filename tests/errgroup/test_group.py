"""errgroup.Group."""

import copy

import pytest

import goconc
from goconc import context, errgroup

BG = context.background()


async def wait(kind, group):
    if kind.name == "async":
        await group
    else:
        group.wait()


async def start(kind, group, fn, *args):
    if kind.name == "async":
        return await group.ago(fn, *args)
    return group.go(fn, *args)


def function(kind, body):
    """``body``, an ``async def`` that works through the kind, as a function of that kind."""
    if kind.name == "async":
        return body

    def plain(*args):
        try:
            body(*args).send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError

    return plain


def failing(error):
    def fail():
        raise error

    return fail


@pytest.mark.parametrize("given", ["function", "coroutine"])
def test_a_run_ends_before_a_task_has_started(given, one_processor):
    # rule GO-20 (Python warns of a coroutine that is dropped; that would be an error here)
    async def work():
        raise AssertionError("it must not start")

    def main():
        group = errgroup.Group()
        group.go(work if given == "function" else work())

    goconc.run(main)


def test_an_empty_group(any_kind):
    # rule EG-01 (Go: TestZeroGroup)
    async def main():
        group = errgroup.Group()
        await wait(any_kind, group)
        await wait(any_kind, group)
        assert group.limit is None

    any_kind.run(main)


@pytest.mark.parametrize("failures", [[], [0], [0, 1], [None, 0], [None, 0, None, 1]], ids=str)
def test_the_first_error(kind, failures):
    # rule EG-02, EG-09 (Go: TestZeroGroup, TestWithContext)
    async def main():
        errors = [OSError("first"), ValueError("second")]
        group = errgroup.Group()
        for failure in failures:
            await kind.join(
                group.go((lambda: 1) if failure is None else failing(errors[failure]))
            ) if failure is None else group.go(failing(errors[failure]))
            while group._live and not all(task.done() for task in group._live):
                await kind.gosched()
        if not any(failure is not None for failure in failures):
            await wait(kind, group)
            assert context.cause(group.ctx) is group.ctx.err()
        else:
            with pytest.raises(OSError, match="first") as caught:
                await wait(kind, group)
            assert caught.value is context.cause(group.ctx) is errors[0]
            notes = getattr(errors[0], "__notes__", [])
            assert [("second" in note) for note in notes] == [True] * (1 in failures)
        assert isinstance(group.ctx.err(), goconc.Canceled)

    kind.run(main)


def test_the_first_error_cancels_the_others(any_kind):
    # rule EG-03 (Go: TestWithContext, TestCancelCause)
    async def main():
        parent, _ = context.with_cancel(context.with_value(BG, "key", "value"))
        group = errgroup.Group(parent)
        stopped = []

        async def work():
            assert group.ctx.value("key") == "value"
            try:
                if any_kind.name == "async":
                    await goconc.Chan().arecv(ctx=group.ctx)
                else:
                    goconc.Chan().recv(ctx=group.ctx)
            except goconc.Canceled as error:
                stopped.append(error.__cause__)
                raise

        for _ in range(3):
            group.go(function(any_kind, work))
        error = ValueError("why")
        group.go(failing(error))
        with pytest.raises(ValueError, match="why"):
            await wait(any_kind, group)
        assert stopped == [error] * 3
        assert parent.err() is None
        assert not hasattr(error, "__notes__")  # that they stopped is no news

    any_kind.run(main)


def test_the_parent_cancels_all(any_kind):
    # rule EG-03
    async def main():
        parent, cancel = context.with_cancel(BG)
        group = errgroup.Group(parent)
        task = group.go(lambda: goconc.Chan().recv(ctx=group.ctx))
        cancel()
        with pytest.raises(goconc.Canceled):
            await wait(any_kind, group)
        assert task.done()

    any_kind.run(main)


def test_results(any_kind):
    # rule EG-02 (API: go returns the Goroutine)
    async def main():
        group = errgroup.Group()

        async def suspending(n):
            await goconc.agosched()
            return n

        tasks = [group.go(pow, 2, 5), group.go(suspending, 7), group.go(suspending(8)), group.go(int, "ff", base=16)]
        tasks.append(group.go(lambda: suspending(9)))
        await wait(any_kind, group)
        assert [await any_kind.join(task) if any_kind.goroutines else task.join() for task in tasks] == [
            32,
            7,
            8,
            255,
            9,
        ]

    any_kind.run(main)


def test_a_failed_task_can_be_joined_too(kind):
    # rule EG-02
    async def main():
        group = errgroup.Group()
        task = group.go(failing(KeyError("mine")))
        for _ in range(2):
            with pytest.raises(KeyError, match="mine"):
                await wait(kind, group)
        with pytest.raises(KeyError, match="mine"):
            await kind.join(task)

    kind.run(main)


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_limit(kind, limit):
    # rule EG-04 (Go: TestGoLimit)
    async def main():
        group = errgroup.Group(limit=limit)
        assert group.limit == limit
        active, most = [], []

        async def work(n):
            active.append(n)
            most.append(len(active))
            await kind.gosched()
            await kind.gosched()
            active.remove(n)

        for n in range(20):
            await start(kind, group, function(kind, work), n)
        await wait(kind, group)
        assert max(most) == limit

    kind.run(main)


def test_try_go(any_kind):
    # rule EG-05 (Go: TestTryGo)
    async def main():
        group, gate = errgroup.Group(limit=2), goconc.Chan()
        assert group.try_go(gate.recv_ok)
        assert group.try_go(gate.recv_ok)
        assert group.try_go(gate.recv_ok) is None
        gate.close()
        await wait(any_kind, group)
        task = group.try_go(lambda: 1)
        await wait(any_kind, group)
        assert task.done()
        assert errgroup.Group().try_go(lambda: 1).id
        assert errgroup.Group(limit=0).try_go(lambda: 1) is None
        assert errgroup.Group(limit=-1).limit is None

    any_kind.run(main)


def test_changing_the_limit(any_kind):
    # rule EG-04
    async def main():
        group, gate = errgroup.Group(), goconc.Chan()
        group.limit = 1
        group.go(gate.recv_ok) if any_kind.name != "async" else await group.ago(gate.recv_ok)
        with pytest.raises(RuntimeError, match="modify limit while 1 goroutines in the group are still active"):
            group.limit = 2
        gate.close()
        await wait(any_kind, group)
        group.limit = None
        for wrong in ("2", 1.5, True):
            with pytest.raises(TypeError, match="limit must be an int or None"):
                group.limit = wrong

    any_kind.run(main)


def test_goexit_and_cancelled_tasks_are_no_errors(any_kind):
    # rule EG-06
    async def main():
        group = errgroup.Group()
        group.go(goconc.goexit)
        stuck = group.go(lambda: goconc.Chan().recv())
        stuck.cancel()
        await wait(any_kind, group)
        assert context.cause(group.ctx) is group.ctx.err()

    any_kind.run(main)


def test_system_exit_ends_the_program():
    # rule EG-09, GO-11
    def main():
        with errgroup.Group() as group:
            group.go(failing(SystemExit(3)))

    with pytest.raises(SystemExit) as caught:
        goconc.run(main)
    assert caught.value.code == 3


def test_an_error_sticks(any_kind):
    # rule EG-07
    async def main():
        group = errgroup.Group()
        group.go(failing(ValueError("sticks")))
        for _ in range(3):
            with pytest.raises(ValueError, match="sticks"):
                await wait(any_kind, group)
            group.go(lambda: 1)

    any_kind.run(main)


def test_used_again(any_kind):
    # rule EG-07
    async def main():
        group = errgroup.Group(limit=2)
        for _ in range(3):
            tasks = [await start(any_kind, group, int, n) for n in range(5)]
            await wait(any_kind, group)
            assert all(task.done() for task in tasks)

    any_kind.run(main)


def test_a_task_that_starts_more(kind):
    # rule EG-02, EG-08
    async def main():
        group, count = errgroup.Group(), []

        def work(depth):
            count.append(depth)
            if depth:
                group.go(work, depth - 1)
                group.go(work, depth - 1)

        group.go(work, 4)
        await wait(kind, group)
        assert len(count) == 31

    kind.run(main)


@pytest.mark.not_on_threads("what a parked thread has made is finalized once it runs again", free_threaded=True)
def test_an_error_nobody_waits_for_is_not_lost():
    # rule EG-09, GO-12
    def main():
        errgroup.Group().go(failing(ZeroDivisionError("nobody waits")))
        goconc.Chan().recv()

    with pytest.raises(ZeroDivisionError, match="nobody waits"):
        goconc.run(main)


def test_what_cannot_be_started(any_kind):
    # rule GO-01, EG-04: the place is free again
    async def main():
        group = errgroup.Group(limit=1)

        async def suspending(argument):
            pass

        for _ in range(3):
            for wrong in (None, 5, suspending):
                with pytest.raises(TypeError):
                    group.try_go(wrong)
        assert group.try_go(int)
        await wait(any_kind, group)

    any_kind.run(main)


def test_blocks(any_kind):
    # rule EG-02 (API: with)
    async def main():
        done = []
        if any_kind.name == "async":
            async with errgroup.Group() as group:
                group.go(done.append, 1)
            with pytest.raises(KeyError):
                async with errgroup.Group() as group:
                    group.go(failing(KeyError(1)))
        else:
            with errgroup.Group() as group:
                group.go(done.append, 1)
            with pytest.raises(KeyError), errgroup.Group() as group:
                group.go(failing(KeyError(1)))
        assert done == [1]
        assert group.ctx.err() is not None

    any_kind.run(main)


def test_an_exception_in_the_block_stops_the_others(any_kind):
    # rule EG-03 (API: with)
    async def main():
        error = KeyError("in the block")

        def work(ctx):
            ctx.done().recv_ok()
            raise OSError("of a task")

        with pytest.raises(KeyError) as caught:
            if any_kind.name == "async":
                async with errgroup.Group() as group:
                    group.go(work, group.ctx)
                    raise error
            else:
                with errgroup.Group() as group:
                    group.go(work, group.ctx)
                    raise error
        assert caught.value is error
        assert ["of a task" in note for note in error.__notes__] == [True]
        assert context.cause(group.ctx) is error

    any_kind.run(main)


def test_a_block_that_waits_for_the_context(any_kind):
    # rule EG-03 (API: with): the error that ended it is the one to raise
    async def main():
        with pytest.raises(ValueError, match="of a task"):
            if any_kind.name == "async":
                async with errgroup.Group() as group:
                    group.go(failing(ValueError("of a task")))
                    await goconc.Chan().arecv(ctx=group.ctx)
            else:
                with errgroup.Group() as group:
                    group.go(failing(ValueError("of a task")))
                    goconc.Chan().recv(ctx=group.ctx)

    any_kind.run(main)


def test_cancelled_in_the_block(kind):
    # rule EG-03, GO-14: the others are stopped, and the cancel goes on
    async def main():
        seen = []

        def work(ctx):
            ctx.done().recv_ok()
            seen.append("stopped")

        async def block():
            if kind.name == "async":
                async with errgroup.Group() as group:
                    group.go(work, group.ctx)
                    await goconc.Chan().arecv()
            else:
                with errgroup.Group() as group:
                    group.go(work, group.ctx)
                    goconc.Chan().recv()

        handle = kind.go(block)
        await kind.parked(handle)
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(handle)
        assert seen == ["stopped"]

    kind.run(main)


def test_all_errors(any_kind):
    # rule EG-09 (ExceptionGroup on request)
    async def main():
        group = errgroup.Group(all_errors=True)
        for n in range(3):
            group.go(failing(ValueError(n)))
        with pytest.raises(ExceptionGroup, match="3 goroutines of an errgroup failed") as caught:
            await wait(any_kind, group)
        assert sorted(error.args[0] for error in caught.value.exceptions) == [0, 1, 2]

    any_kind.run(main)


def test_many_errors(any_kind):
    # rule EG-09: notes, but not without limit
    async def main():
        group = errgroup.Group()
        for n in range(30):
            group.go(failing(ValueError(n)))
        with pytest.raises(ValueError) as caught:
            await wait(any_kind, group)
        assert len(caught.value.__notes__) == 11
        assert caught.value.__notes__[-1] == "and 19 more"

    any_kind.run(main)


def test_blocking_in_an_async_goroutine_is_refused():
    # rule PY-06 (API)
    async def main():
        group = errgroup.Group(limit=5)
        with pytest.raises(RuntimeError, match=r"await ago\(\) instead"):
            group.go(int)
        with pytest.raises(RuntimeError, match="await the Group instead"):
            group.wait()
        with pytest.raises(RuntimeError, match=r"await agather\(\) instead"):
            errgroup.gather(int)
        assert group._slots is not None
        assert len(group._slots) == 0

    goconc.run(main)


def test_gather(any_kind):
    # rule EG-02, EG-04 (API: gather keeps order)
    async def main():
        async def suspending():
            await goconc.agosched()
            return 0

        calls = [suspending, suspending(), *(lambda n=n: n for n in range(10))]
        if any_kind.name == "async":
            assert await errgroup.agather(*calls, limit=3) == [0, 0, *range(10)]
            with pytest.raises(KeyError):
                await errgroup.agather(int, failing(KeyError()))
            assert await errgroup.agather() == []
        else:
            assert errgroup.gather(*calls, limit=3) == [0, 0, *range(10)]
            with pytest.raises(KeyError):
                errgroup.gather(int, failing(KeyError()))
            assert errgroup.gather() == []

    any_kind.run(main)


def test_waited_for_by_several(kind):
    # rule EG-02
    async def main():
        group, gate = errgroup.Group(), goconc.Chan()
        group.go(gate.recv_ok)
        group.go(failing(ValueError("for all")))

        async def waiter():
            await wait(kind, group)

        waiting = [kind.go(waiter) for _ in range(3)]
        await kind.parked(*waiting)
        gate.close()
        for each in waiting:
            with pytest.raises(ValueError, match="for all"):
                await kind.join(each)

    kind.run(main)


def test_it_cannot_be_copied():
    # rule PY-12
    with pytest.raises(TypeError):
        copy.copy(errgroup.Group())


def test_it_keeps_nothing(kind):
    # rule PY-03
    async def main():
        group = errgroup.Group()
        for _ in range(100):
            group.go(int)
        while any(not task.done() for task in list(group._live)):
            await kind.gosched()
        assert not group._live
        await wait(kind, group)

    kind.run(main)
