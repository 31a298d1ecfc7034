"""Channels between ordinary threads and goroutines, inside run() and with the background's."""

import threading
import time

import pytest

import goconc


@pytest.mark.parametrize("capacity", [0, 1, 4])
def test_thread_to_thread(thread, capacity):
    # rule CH-10, CH-12, CH-19, PY-06
    ch = goconc.Chan(capacity)

    def send():
        for n in range(300):
            ch.send(n)
        ch.close()

    sender = thread(send)
    assert list(ch) == list(range(300))
    sender.join()


@pytest.mark.parametrize("capacity", [0, 1, 4])
def test_thread_to_goroutine(kind, thread, capacity):
    # rule CH-12, CH-19, PY-06
    async def main():
        ch = goconc.Chan(capacity)

        def send():
            for n in range(300):
                ch.send(n)
            ch.close()

        thread(send)
        return await kind.values(ch)

    assert kind.run(main) == list(range(300))


@pytest.mark.parametrize("capacity", [0, 1, 4])
def test_goroutine_to_thread(kind, thread, capacity):
    # rule CH-12, CH-19, PY-06
    ch = goconc.Chan(capacity)
    receiver = thread(list, ch)

    async def main():
        for n in range(300):
            await kind.send(ch, n)
        ch.close()

    kind.run(main)
    assert receiver.join() == list(range(300))


def test_a_waiting_thread_does_not_hold_up_goroutines(kind, thread):
    # rule PY-06
    async def main():
        ch, other = goconc.Chan(), goconc.Chan()
        waiting = thread(ch.recv)
        echo = kind.go(kind.recv, other)
        await kind.send(other, "passed")
        assert await kind.join(echo) == "passed"
        await kind.send(ch, "for the thread")
        while not waiting.done():
            await kind.sleep(0.001)
        assert waiting.join() == "for the thread"

    kind.run(main)


def test_a_thread_waits_with_the_gil_released(thread):
    # rule PY-06
    ch = goconc.Chan()
    waiting = thread(ch.recv)
    counted = 0
    limit = time.monotonic() + 0.02
    while time.monotonic() < limit:
        counted += 1
    assert counted > 10
    ch.send("v")
    assert waiting.join() == "v"


def test_four_threads_and_four_goroutines(kind, thread):
    # rule CH-19, MM-7
    async def main():
        ch, results = goconc.Chan(2), goconc.Chan(100)

        def thread_sends(who):
            for n in range(100):
                ch.send((who, n))
            results.send(who)

        async def goroutine_sends(who):
            for n in range(100):
                await kind.send(ch, (who, n))
            await kind.send(results, who)

        got = []
        receiving = [thread(list, ch) for _ in range(2)]
        receivers = [kind.go(kind.values, ch) for _ in range(2)]
        for who in range(2):
            thread(thread_sends, who)
            kind.go(goroutine_sends, who + 2)
        for _ in range(4):
            await kind.recv(results)
        ch.close()
        for receiver in receivers:
            got.extend(await kind.join(receiver))
        while not all(handle.done() for handle in receiving):
            await kind.sleep(0.001)
        for handle in receiving:
            got.extend(handle.join())
        return got

    assert sorted(kind.run(main)) == [(who, n) for who in range(4) for n in range(100)]


def test_two_runs_at_once_share_a_channel(kind, thread):
    # rule CH-19, PY-06
    ch = goconc.Chan(1)

    async def send():
        for n in range(100):
            await kind.send(ch, n)
        ch.close()

    async def receive():
        return await kind.values(ch)

    sender = thread(kind.run, send)
    receiver = thread(kind.run, receive)
    sender.join()
    assert receiver.join() == list(range(100))


def test_the_background_serves_threads(kind):
    # rule PY-06
    requests, answers = goconc.Chan(), goconc.Chan()

    async def serve():
        for n in await kind.values(requests, most=3):
            await kind.send(answers, n * n)

    server = kind.go(serve)
    for n in range(3):
        requests.send(n)
    assert [answers.recv() for _ in range(3)] == [0, 1, 4]
    server.join()


def test_a_thread_is_cheated_of_nothing_by_many_others(thread):
    # rule CH-20
    ch = goconc.Chan()
    waiting = [thread(ch.recv_ok) for _ in range(10)]
    for n in range(10):
        ch.send(n)
    assert sorted(handle.join() for handle in waiting) == [(n, True) for n in range(10)]


def test_threads_come_and_go(thread):
    """Threads that time out while others are served."""
    # rule CH-19, SEL-14
    ch, lock, received = goconc.Chan(), threading.Lock(), []

    def receive():
        while True:
            try:
                value, ok = ch.recv_ok(timeout=0.0005)
            except TimeoutError:
                continue
            if not ok:
                return
            with lock:
                received.append(value)

    receivers = [thread(receive) for _ in range(3)]
    for n in range(200):
        ch.send(n)
    ch.close()
    for receiver in receivers:
        receiver.join()
    assert sorted(received) == list(range(200))


def test_a_send_racing_close_raises_or_arrives(thread):
    # rule CH-19, CH-32, CH-35, MM-7
    for capacity in (0, 1):
        for _ in range(50):
            ch = goconc.Chan(capacity)
            sent, received = [], []

            def send(ch=ch, sent=sent):
                try:
                    for n in range(100):
                        ch.send(n)
                        sent.append(n)
                except goconc.ChannelClosed:
                    pass

            def receive(ch=ch, received=received):
                received.extend(ch)

            handles = [thread(send), thread(receive)]
            goconc.gosched()
            ch.close()
            for handle in handles:
                handle.join()
            assert received == sent


def test_len_and_cap_from_anywhere(kind, thread):
    # rule CH-04
    async def main():
        ch, wrong = goconc.Chan(3), []

        def look():
            while not ch.closed:
                if not (0 <= len(ch) <= 3 and ch.cap == 3):
                    wrong.append(len(ch))

        looking = [thread(look) for _ in range(2)]
        receiver = kind.go(kind.values, ch)
        for n in range(500):
            await kind.send(ch, n)
        ch.close()
        assert await kind.join(receiver) == list(range(500))
        while not all(handle.done() for handle in looking):
            await kind.sleep(0.001)
        return wrong

    assert kind.run(main) == []
