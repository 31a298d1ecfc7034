"""gosched(): fair to all, and nobody starves."""

import pytest

import goconc


@pytest.mark.parametrize("mix", [["plain"] * 3, ["async"] * 3, ["plain", "async", "plain", "async"]], ids="-".join)
def test_those_that_yield_take_turns(make_kind, mix):
    # rule GO-30. Every 61st choice looks into another queue first (SCH-04), so one may be a little ahead.
    order, size = [], len(mix)

    async def body(kind, n):
        for _ in range(100):
            order.append(n)
            await kind.gosched()

    def main():
        handles = [make_kind(name).go(body, make_kind(name), n) for n, name in enumerate(mix)]
        for handle in handles:
            handle.join()

    goconc.run(main, procs=1)
    # Where the machine stops a worker for long, another takes over what it may (SCH-08): most of the turns is what can be asked for.
    in_turn = sum(sorted(order[i : i + size]) == list(range(size)) for i in range(0, 100 * size, size))
    assert sorted(order) == sorted([*range(size)] * 100)
    assert in_turn >= 25


def test_with_nobody_else_it_returns(kind):
    # rule GO-30
    async def main():
        for _ in range(1000):
            await kind.gosched()
        return "done"

    assert kind.run(main) == "done"


@pytest.mark.parametrize("count", [10, 1000])
def test_everything_that_was_ready_runs_first(kind, count):
    # rule GO-30: the caller goes to the tail. Every 61st choice looks elsewhere first (SCH-04), so not quite always.
    async def main():
        ran, everything = 0, 0

        async def body():
            nonlocal ran
            ran += 1

        for _ in range(30):
            ran = 0
            handles = [kind.go(body) for _ in range(count)]
            await kind.gosched()
            everything += ran >= count * 0.8
            for handle in handles:
                await kind.join(handle)
        return everything

    assert goconc.run(lambda: kind.go(main).join(), procs=1) >= 15


def test_a_flag_that_somebody_else_sets(kind, other_kind, thread):
    # rule GO-30, SCH-14
    async def main():
        flags = []

        async def setter():
            flags.append(1)

        if other_kind.goroutines:
            other_kind.go(setter)
        else:
            thread(flags.append, 1)
        while not flags:
            await kind.gosched()

    kind.run(main)


def test_a_pair_that_plays_ping_pong_does_not_starve_a_third(kind):
    # rule SCH-03, SCH-14
    async def main():
        ping, pong = goconc.Chan(), goconc.Chan()
        stop = []

        async def player(a, b):
            while not stop:
                await kind.recv(a)
                if (await kind.select((b, 1), timeout=10)).index != 0:
                    return

        async def first():
            rounds = 0
            while not stop:
                await kind.send(ping, 1)
                await kind.recv(pong)
                rounds += 1
                assert rounds < 3_000_000, "a third goroutine never ran"
            ping.close()

        async def second():
            async def answer():
                _, ok = await kind.recv_ok(ping)
                if ok:
                    await kind.send(pong, 1)
                return ok

            while await answer():
                pass

        async def third():
            for _ in range(5):
                await kind.gosched()
            stop.append(1)

        handles = [kind.go(first), kind.go(second), kind.go(third)]
        for handle in handles:
            await kind.join(handle)

    kind.run(main)


def test_a_chain_of_new_goroutines_does_not_starve_a_yielding_one(kind):
    # rule SCH-03, SCH-14
    async def main():
        stop = []

        async def link(depth):
            assert depth < 1_000_000, "a yielding goroutine never ran again"
            if not stop:
                kind.go(link, depth + 1)

        kind.go(link, 0)
        for _ in range(5):
            await kind.gosched()
        stop.append(1)
        await kind.gosched()

    kind.run(main)


def test_a_sleeper_wakes_beside_goroutines_that_only_yield(kind):
    # rule SCH-11, SCH-14
    async def main():
        stop = []

        async def spin():
            while not stop:
                await kind.gosched()

        for _ in range(3):
            kind.go(spin)
        await kind.sleep(0.005)
        stop.append(1)

    kind.run(main)


def test_a_thread_s_send_arrives_beside_goroutines_that_only_yield(kind, thread):
    # rule SCH-14, PY-06
    async def main():
        ch, stop = goconc.Chan(), []

        async def spin():
            while not stop:
                await kind.gosched()

        for _ in range(3):
            kind.go(spin)
        sender = thread(ch.send, "from a thread")
        assert await kind.recv(ch) == "from a thread"
        stop.append(1)
        while not sender.done():
            await kind.sleep(0.001)

    kind.run(main)


def test_gosched_in_an_ordinary_thread_returns():
    # rule GO-30
    assert goconc.gosched() is None


def test_the_blocking_form_is_refused_in_an_async_goroutine():
    # rule API "Errors"
    async def main():
        with pytest.raises(RuntimeError, match="agosched"):
            goconc.gosched()

    goconc.run(main)
