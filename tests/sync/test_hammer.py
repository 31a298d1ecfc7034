"""Everything of package sync under load, on one worker and on more workers than there are cores: Go's own tests, written anew."""

import threading

import pytest

import goconc
from goconc.sync import AtomicInt, AtomicRef, AtomicValue, Cond, Map, Mutex, Once, Pool, RWMutex, WaitGroup

pytestmark = pytest.mark.usefixtures("workers")


async def lock(kind, mu):
    if kind.awaits:
        await mu.alock()
    else:
        mu.lock()


async def wait(kind, what):
    if kind.awaits:
        await what
    else:
        what.wait()


async def join_all(kind, handles):
    return [await kind.join(handle) for handle in handles]


def test_mutex(every_kind):  # rule MU-01, MU-04; Go: TestMutex
    mu = Mutex()
    count = [0]

    async def worker():
        for i in range(60):
            if i % 3 == 0:
                while not mu.try_lock():
                    await every_kind.gosched()
            else:
                await lock(every_kind, mu)
            seen = count[0]
            if i % 7 == 0:
                await every_kind.gosched()
            count[0] = seen + 1
            mu.unlock()

    async def main():
        await join_all(every_kind, [every_kind.go(worker) for _ in range(8)])

    every_kind.run(main)
    assert count == [480]
    assert mu.try_lock()


def test_limits_and_cancellation_on_a_mutex(kind):  # rule MU-01
    """However its waits end, it is neither lost nor held by two."""
    mu, count, entered = Mutex(), [0], AtomicInt()

    async def worker(limit):
        for _ in range(30):
            try:
                await (mu.alock(timeout=limit) if kind.awaits else Now(mu.lock, timeout=limit))
            except TimeoutError:
                continue
            seen = count[0]
            try:
                await kind.gosched()
            finally:
                entered.add(1)
                count[0] = seen + 1
                mu.unlock()

    async def main():
        handles = [kind.go(worker, limit) for limit in (None, 0.0001, None, 0.001, None, 0)]
        for victim in handles[:3]:
            await kind.sleep(0.0005)
            victim.cancel()
        for handle in handles:
            try:
                await kind.join(handle)
            except goconc.Canceled:
                pass

    kind.run(main)
    assert count == [entered.load()]
    assert mu.try_lock()


class Now:
    """A blocking call as something to await."""

    def __init__(self, call, **options):
        self.call, self.options = call, options

    def __await__(self):
        return self.call(**self.options)
        yield


@pytest.mark.parametrize("n", [1, 3, 10])
def test_parallel_readers(every_kind, n):  # rule RW-01; Go: TestParallelReaders
    async def main():
        rw, inside, release = RWMutex(), WaitGroup(), WaitGroup()
        inside.add(n)
        release.add(1)

        async def reader():
            await lock(every_kind, rw.rlocker())
            inside.done()
            await wait(every_kind, release)
            rw.runlock()

        handles = [every_kind.go(reader) for _ in range(n)]
        await wait(every_kind, inside)  # all at once
        assert not rw.try_lock()
        release.done()
        await join_all(every_kind, handles)
        assert rw.try_lock()

    every_kind.run(main)


@pytest.mark.parametrize("n", [1, 3, 10])
def test_rwmutex(every_kind, n):  # rule RW-01; Go: TestRWMutex
    rw, readers, writers = RWMutex(), AtomicInt(), AtomicInt()

    async def reader():
        for _ in range(20):
            await lock(every_kind, rw.rlocker())
            readers.add(1)
            assert writers.load() == 0
            await every_kind.gosched()
            assert writers.load() == 0
            readers.add(-1)
            rw.runlock()

    async def writer():
        for _ in range(20):
            await lock(every_kind, rw)
            assert (writers.add(1), readers.load()) == (1, 0)
            await every_kind.gosched()
            assert (writers.add(-1), readers.load()) == (0, 0)
            rw.unlock()

    async def main():
        handles = [every_kind.go(writer), *[every_kind.go(reader) for _ in range(n)], every_kind.go(writer)]
        await join_all(every_kind, handles)

    every_kind.run(main)
    assert rw.try_lock()


def test_rlocker(every_kind):  # rule RW-07; Go: TestRLocker
    async def main():
        rw = RWMutex()
        reading = rw.rlocker()
        wrote, read = goconc.Chan(1), goconc.Chan(1)

        async def other():
            for _ in range(10):
                await lock(every_kind, reading)
                await lock(every_kind, reading)
                await every_kind.send(read, True)
                await lock(every_kind, rw)
                await every_kind.send(wrote, True)

        handle = every_kind.go(other)
        for _ in range(10):
            await every_kind.recv(read)
            reading.unlock()
            assert len(wrote) == 0, "one reader is inside still"
            reading.unlock()
            await every_kind.recv(wrote)
            assert len(read) == 0, "the writer is inside"
            rw.unlock()
        await every_kind.join(handle)

    every_kind.run(main)


def test_two_waitgroups(every_kind):  # rule WG-04, WG-05; Go: TestWaitGroup
    async def main():
        first, second = WaitGroup(), WaitGroup()
        exited = AtomicInt()

        async def body():
            first.done()
            await wait(every_kind, second)
            exited.add(1)

        for _ in range(4):
            exited.store(0)
            first.add(16)
            second.add(16)
            handles = [every_kind.go(body) for _ in range(16)]
            await wait(every_kind, first)
            for _ in range(16):
                assert exited.load() == 0
                second.done()
            await join_all(every_kind, handles)
            assert exited.load() == 16

    every_kind.run(main)


def test_waitgroup_race(kind):  # rule WG-03; Go: TestWaitGroupRace
    async def main():
        for _ in range(100):
            wg, n = WaitGroup(), AtomicInt()

            async def body(wg=wg, n=n):
                n.add(1)
                wg.done()

            for _ in range(2):
                wg.add(1)
                kind.go(body)
            await wait(kind, wg)
            assert n.load() == 2

    kind.run(main)


def test_wait_does_not_return_before_an_exception_ends_the_run(kind):  # rule WG-06; Go: TestIssue76126
    reached = []

    def fail():
        raise KeyError("the end")

    async def main():
        wg = WaitGroup()
        wg.go(fail)
        await wait(kind, wg)
        reached.append(1)

    for _ in range(30):
        with pytest.raises(KeyError):
            kind.run(main)
    assert not reached


def test_once(every_kind):  # rule ON-01, ON-02; Go: TestOnce
    async def main():
        for _ in range(5):
            once, calls = Once(), []

            async def body(once=once, calls=calls):
                if every_kind.awaits:
                    await once.ado(lambda: calls.append(1))
                else:
                    once.do(lambda: calls.append(1))
                assert calls == [1]

            await join_all(every_kind, [every_kind.go(body) for _ in range(10)])

    every_kind.run(main)


def test_cond_signal_generations(every_kind):  # rule CO-04; Go: TestCondSignalGenerations
    async def main():
        cond, running, awake = Cond(), goconc.Chan(100), goconc.Chan(100)

        async def body(i):
            await lock(every_kind, cond.l)
            await every_kind.send(running, i)
            await wait(every_kind, cond)
            await every_kind.send(awake, i)
            cond.l.unlock()

        handles = []
        for i in range(100):
            handles.append(every_kind.go(body, i))
            if i > 0:
                assert await every_kind.recv(awake) == i - 1
            await every_kind.recv(running)
            await lock(every_kind, cond.l)  # it waits now
            cond.signal()
            cond.l.unlock()
        assert await every_kind.recv(awake) == 99
        await join_all(every_kind, handles)

    every_kind.run(main)


def test_cond_broadcast(every_kind):  # rule CO-02; Go: TestCondBroadcast
    n = 20

    async def main():
        cond, running, awake = Cond(), goconc.Chan(n), goconc.Chan(n)
        leave = [False]

        async def body():
            await lock(every_kind, cond.l)
            while not leave[0]:
                await every_kind.send(running, 1)
                await wait(every_kind, cond)
                await every_kind.send(awake, 1)
            cond.l.unlock()

        handles = [every_kind.go(body) for _ in range(n)]
        for i in range(4):
            for _ in range(n):
                await every_kind.recv(running)
            await lock(every_kind, cond.l)
            leave[0] = i == 3
            assert len(awake) == 0
            cond.broadcast()
            cond.l.unlock()
            for _ in range(n):
                await every_kind.recv(awake)
        await join_all(every_kind, handles)

    every_kind.run(main)


def test_cond_race(every_kind):  # rule CO-01; Go: TestRace
    async def main():
        for _ in range(5):
            cond, x = Cond(), [0]

            async def first(cond=cond, x=x):
                await lock(every_kind, cond.l)
                x[0] = 1
                await wait(every_kind, cond)
                assert x[0] == 2
                x[0] = 3
                cond.signal()
                cond.l.unlock()

            async def second(cond=cond, x=x):
                await lock(every_kind, cond.l)
                while x[0] != 1:
                    cond.l.unlock()
                    await every_kind.gosched()
                    await lock(every_kind, cond.l)
                x[0] = 2
                cond.signal()
                cond.l.unlock()

            async def third(cond=cond, x=x):
                await lock(every_kind, cond.l)
                while x[0] != 3:
                    if x[0] == 2:
                        await wait(every_kind, cond)
                        assert x[0] == 3
                        break
                    cond.l.unlock()
                    await every_kind.gosched()
                    await lock(every_kind, cond.l)
                cond.l.unlock()

            await join_all(every_kind, [every_kind.go(body) for body in (first, second, third)])

    every_kind.run(main)


def test_cond_signal_is_not_stolen(every_kind):  # rule CO-04; Go: TestCondSignalStealing
    async def main():
        for _ in range(5):
            cond, seen, done = Cond(), goconc.Chan(2), [False]

            async def waiter(cond=cond, seen=seen):
                await lock(every_kind, cond.l)
                await every_kind.send(seen, 1)
                await wait(every_kind, cond)
                cond.l.unlock()
                await every_kind.send(seen, 2)

            async def signaller(cond=cond):
                cond.signal()

            async def latecomer(cond=cond, done=done):
                await lock(every_kind, cond.l)
                while not done[0]:
                    await wait(every_kind, cond)
                cond.l.unlock()

            handles = [every_kind.go(waiter)]
            await every_kind.recv(seen)
            await lock(every_kind, cond.l)  # it waits now
            cond.l.unlock()
            handles += [every_kind.go(signaller), every_kind.go(latecomer)]
            assert await every_kind.recv(seen) == 2
            await lock(every_kind, cond.l)
            done[0] = True
            cond.l.unlock()
            cond.broadcast()
            await join_all(every_kind, handles)

    every_kind.run(main)


def test_cond_waits_that_end_by_themselves(kind):  # rule CO-06
    """As many signals as tokens: none is lost to one that gives up."""
    n = 6

    async def main():
        cond, tokens, got = Cond(), [0], AtomicInt()

        async def taker(limit):
            await lock(kind, cond.l)
            try:
                while not tokens[0]:
                    try:
                        await (cond.await_(timeout=limit) if kind.awaits else Now(cond.wait, timeout=limit))
                    except TimeoutError:
                        pass
                tokens[0] -= 1
                got.add(1)
            finally:
                cond.l.unlock()

        handles = [kind.go(taker, 0.001 if i % 2 else None) for i in range(n)]
        doomed = kind.go(taker, None)
        for i in range(n):
            await kind.sleep(0.001)
            await lock(kind, cond.l)
            tokens[0] += 1
            cond.signal()
            cond.l.unlock()
            if i == 2:
                doomed.cancel()
        try:
            await kind.join(doomed)
            await lock(kind, cond.l)
            tokens[0] += 1  # it had got one
            cond.signal()
            cond.l.unlock()
        except goconc.Canceled:
            pass
        await join_all(kind, handles)
        assert got.load() - n in (0, 1)
        assert tokens == [0]

    kind.run(main)


def test_pool_stress(every_kind):  # rule PO-01; Go: TestPoolStress
    pool = Pool(list)

    async def body(me):
        for _ in range(50):
            item = pool.get()
            assert item == [], "two have it"
            item.append(me)
            await every_kind.gosched()
            assert item == [me], "two have it"
            item.clear()
            pool.put(item)
            pool.put(None)

    async def main():
        await join_all(every_kind, [every_kind.go(body, i) for i in range(8)])

    every_kind.run(main)


def test_concurrent_range(every_kind):  # rule MP-02; Go: TestConcurrentRange
    size = 64
    m, stop = Map(), []
    for n in range(1, size + 1):
        m.store(n, n)

    async def change(g):
        for i in range(2000):
            if stop:
                return
            for n in range(1, size):
                if n % 8 == g:
                    m.store(n, n * i * g)
                else:
                    m.load(n)
            await every_kind.gosched()

    async def main():
        handles = [every_kind.go(change, g) for g in range(1, 4)]
        for _ in range(5):
            seen = set()

            def look(key, value, seen=seen):
                assert value % key == 0
                assert key not in seen
                seen.add(key)

            m.range(look)
            assert len(seen) == size
            await every_kind.gosched()
        stop.append(True)
        await join_all(every_kind, handles)

    every_kind.run(main)


def test_concurrent_clear(every_kind):  # rule MP-01; Go: TestConcurrentClear
    m = Map()

    async def store(g):
        for i in range(50):
            m.store((g, i), i)
            if i % 10 == 0:
                await every_kind.gosched()

    async def clear():
        for _ in range(10):
            m.clear()
            await every_kind.gosched()

    async def main():
        await join_all(every_kind, [*[every_kind.go(store, g) for g in range(4)], every_kind.go(clear)])
        m.clear()
        assert list(m) == []

    every_kind.run(main)


def test_map_counts(every_kind):  # rule MP-01
    m = Map()
    m.store("n", 0)

    async def add():
        for _ in range(50):
            while True:
                n, _ = m.load("n")
                if m.compare_and_swap("n", n, n + 1):
                    break
                await every_kind.gosched()

    async def main():
        await join_all(every_kind, [every_kind.go(add) for _ in range(6)])

    every_kind.run(main)
    assert m.load("n") == (300, True)


def test_atomics(every_kind):  # rule AT-01, AT-02; Go: TestHammer32 and its like
    n, bits, swapped, ref, value = AtomicInt(), AtomicInt(), AtomicInt(), AtomicRef((0,)), AtomicValue()
    value.store((0,))

    async def body(me):
        for _ in range(50):
            n.add(1)
            bits.or_(1 << me)
            while not swapped.compare_and_swap(old := swapped.load(), old + 1):
                pass
            for one in (ref, value):
                while not one.compare_and_swap(old := one.load(), (old[0] + 1,)):
                    pass
            await every_kind.gosched()

    async def main():
        await join_all(every_kind, [every_kind.go(body, i) for i in range(6)])

    every_kind.run(main)
    assert (n.load(), bits.load(), swapped.load(), ref.load(), value.load()) == (300, 63, 300, (300,), (300,))


def test_store_then_load(thread):  # rule AT-02; Go: TestStoreLoadSeqCst64
    """Of two that store one word each and then load the other's, one sees the other's store."""
    rounds = 300
    words = AtomicInt(), AtomicInt()
    seen = [[0] * rounds, [0] * rounds]
    step = threading.Barrier(2)

    def body(me):
        for i in range(rounds):
            step.wait()
            words[me].store(i + 1)
            seen[me][i] = words[1 - me].load()

    for handle in [thread(body, i) for i in range(2)]:
        handle.join()
    assert all(a == i + 1 or b == i + 1 for i, (a, b) in enumerate(zip(*seen, strict=True)))
