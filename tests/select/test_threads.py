"""select in ordinary threads, and against them."""

from itertools import chain

import pytest

import goconc


@pytest.mark.parametrize("way", ["receive", "send"])
def test_thread_against_goroutine(kind, thread, way):
    # rule SEL-16, CH-19, PY-06
    async def main():
        a, b = goconc.Chan(), goconc.Chan()
        got = []

        def in_thread():
            for n in range(200):
                if way == "receive":
                    got.append(goconc.select(a, b).value)
                else:
                    goconc.select((a, n), (b, n))

        handle = thread(in_thread)
        for n in range(200):
            if way == "receive":
                await kind.select((a, n), (b, n))
            else:
                got.append((await kind.select(b, a)).value)
        while not handle.done():
            await kind.sleep(0.001)
        handle.join()
        return got

    assert kind.run(main) == list(range(200))


def test_threads_against_threads(thread):
    """Many selects over the same channels in opposite orders: no deadlock, nothing lost."""
    # rule SEL-13, SEL-16, CH-19
    channels = [goconc.Chan(n % 2) for n in range(4)]
    got = [[] for _ in range(3)]

    def send(who):
        cases = channels if who % 2 else channels[::-1]
        for n in range(100):
            goconc.select(*((ch, (who, n)) for ch in cases))

    def receive(mine, order):
        cases = channels[order:] + channels[:order]
        for _ in range(100):
            mine.append(goconc.select(*cases).value)

    handles = [thread(send, who) for who in range(3)] + [thread(receive, mine, n) for n, mine in enumerate(got)]
    for handle in handles:
        handle.join()
    assert sorted(chain.from_iterable(got)) == [(who, n) for who in range(3) for n in range(100)]


def test_a_thread_waits_for_a_timer(thread):
    # rule SEL-20, TM-02
    index, _, ok = goconc.select(goconc.Chan(), goconc.after(0.005))
    assert (index, ok) == (1, True)
    handle = thread(goconc.select, goconc.after(0.005), goconc.Chan())
    assert handle.join().index == 0


def test_a_thread_woken_by_close(thread):
    # rule CH-36
    for _ in range(50):
        a, b = goconc.Chan(), goconc.Chan()
        receiving = thread(goconc.select, a, b)
        sending = thread(goconc.select, (b, 1))
        # either they met each other, or the close ends both
        b.close()
        got = receiving.join()
        if got.ok:
            assert got == (1, 1, True)
            assert sending.join() == (0, None, True)
        else:
            assert got == (1, None, False)
            with pytest.raises(goconc.ChannelClosed):
                sending.join()


def test_both_ways_between_many_threads(thread, rng):
    # rule SEL-07, SEL-14, CH-19
    ch, results = goconc.Chan(), goconc.Chan(10)

    def both(who, seed):
        sent, received = [], []
        for n in range(150):
            try:
                index, value, _ = goconc.select((ch, (who, n)), ch, timeout=0.002)
            except TimeoutError:
                continue
            if index == 0:
                sent.append((who, n))
            else:
                received.append(value)
        results.send((sent, received))

    handles = [thread(both, who, rng.random()) for who in range(4)]
    for handle in handles:
        handle.join()
    results.close()
    outcomes = list(results)
    sent = sorted(chain.from_iterable(s for s, _ in outcomes))
    received = sorted(chain.from_iterable(r for _, r in outcomes))
    assert sent == received
