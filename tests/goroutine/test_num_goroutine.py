"""num_goroutine(): how many exist, whatever they do."""

import contextlib

import goconc


def test_main_counts(kind):
    # rule GO-31
    before = goconc.num_goroutine()

    async def main():
        return goconc.num_goroutine()

    assert kind.run(main) == before + 1
    assert goconc.num_goroutine() == before


def test_it_counts_those_that_have_not_run_run_wait_and_sleep(kind):
    # rule GO-31
    async def main():
        before = goconc.num_goroutine()
        ch = goconc.Chan()
        handles = [kind.go(kind.recv, ch) for _ in range(5)]
        sleepers = [kind.go(kind.sleep, 60) for _ in range(3)]
        handles += sleepers
        assert goconc.num_goroutine() == before + 8  # not one of them has run yet, or some have: all count
        await kind.parked(*handles)
        assert goconc.num_goroutine() == before + 8
        for _ in range(5):
            await kind.send(ch, None)
        for sleeper in sleepers:
            sleeper.cancel()
        for handle in handles:
            with contextlib.suppress(goconc.Canceled):  # the sleepers were
                await kind.join(handle)
        assert goconc.num_goroutine() == before
        return handles  # ended ones do not count, held or not

    kind.run(main)


def test_every_way_to_end_is_counted(kind, eventually):
    # rule GO-31
    async def fail():
        raise ValueError

    async def leave():
        goconc.goexit()

    async def main():
        before = goconc.num_goroutine()
        failed, left = kind.go(fail), kind.go(leave)
        cancelled, unstarted = kind.go(kind.recv, goconc.Chan()), kind.go(leave)
        unstarted.cancel()
        await kind.parked(cancelled)
        cancelled.cancel()
        handles = [failed, left, cancelled, unstarted]
        while not all(handle.done() for handle in handles):
            await kind.gosched()
        await kind.gosched()
        assert goconc.num_goroutine() == before
        try:
            await kind.join(failed)
        except ValueError:
            pass

    kind.run(main)


def test_the_runtime_s_own_do_not_count(kind):
    # rule GO-31
    before = goconc.num_goroutine()

    async def main():
        ticker, timer = goconc.Ticker(0.001), goconc.Timer(1000)
        pending = goconc.after_func(1000, int)
        await kind.recv(ticker.c)
        found = goconc.num_goroutine()
        ticker.stop()
        timer.stop()
        pending.stop()
        return found

    assert kind.run(main) == before + 1


def test_after_a_run_that_cut_goroutines_off(kind):
    # rule GO-31, GO-20
    before = goconc.num_goroutine()

    async def main():
        for _ in range(10):
            kind.go(kind.recv, goconc.Chan())
        await kind.gosched()

    kind.run(main)
    assert goconc.num_goroutine() == before
