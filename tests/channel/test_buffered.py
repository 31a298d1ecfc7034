"""Channels with a buffer: room, order, len and cap."""

import pytest

import goconc


def test_sends_wait_only_when_full(any_kind):
    # rule CH-11, CH-12
    async def main():
        ch = goconc.Chan(3)
        for n in range(3):
            await any_kind.send(ch, n)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(3)
        return [await any_kind.recv(ch) for _ in range(3)]

    assert any_kind.run(main) == [0, 1, 2]


def test_receives_wait_only_when_empty(any_kind):
    # rule CH-11
    async def main():
        ch = goconc.Chan(3)
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        receiver = any_kind.go(any_kind.recv, ch)
        await any_kind.parked(receiver, on="chan receive")
        await any_kind.send(ch, "first")
        return await any_kind.join(receiver)

    assert any_kind.run(main) == "first"


def test_a_send_parks_on_a_full_buffer(kind):
    # rule CH-11
    async def main():
        ch = goconc.Chan(1)
        await kind.send(ch, 0)
        sender = kind.go(kind.send, ch, 1)
        await kind.parked(sender, on="chan send")
        assert await kind.recv(ch) == 0
        await kind.join(sender)
        assert await kind.recv(ch) == 1

    kind.run(main)


def test_len_and_cap():
    # rule CH-02, CH-04
    ch = goconc.Chan(2)
    assert (len(ch), ch.cap) == (0, 2)
    ch.send_nowait("a")
    assert (len(ch), ch.cap) == (1, 2)
    ch.send_nowait("b")
    assert (len(ch), ch.cap) == (2, 2)
    ch.recv_nowait()
    assert (len(ch), ch.cap) == (1, 2)
    assert (len(ch.sender), ch.sender.cap, len(ch.receiver), ch.receiver.cap) == (1, 2, 1, 2)


def test_an_empty_channel_is_true():
    # rule CH-02
    assert goconc.Chan()
    assert goconc.Chan().sender
    assert goconc.Chan(1).receiver


def test_parked_senders_do_not_count(kind):
    # rule CH-02
    async def main():
        ch = goconc.Chan()
        senders = [kind.go(kind.send, ch, n) for n in range(3)]
        await kind.parked(*senders)
        assert len(ch) == 0
        for _ in senders:
            await kind.recv(ch)

    kind.run(main)


@pytest.mark.parametrize("capacity", [0, 1, 2, 7, 199])
def test_capacities(any_kind, capacity):
    # rule CH-01, CH-02, CH-11
    async def main():
        ch = goconc.Chan(capacity)
        for n in range(capacity):
            assert len(ch) == n
            await any_kind.send(ch, n)
        assert (len(ch), ch.cap) == (capacity, capacity)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("too many")
        for n in range(capacity):
            assert await any_kind.recv(ch) == n
            assert len(ch) == capacity - n - 1
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()

    any_kind.run(main)


def test_the_buffer_goes_round():
    # rule CH-12
    ch = goconc.Chan(3)
    received = []
    for n in range(20):
        ch.send_nowait(n)
        if n >= 2:
            received.append(ch.recv_nowait())
    assert received == list(range(18))
    assert len(ch) == 2


def test_a_receive_moves_the_first_parked_sender_into_the_buffer(kind):
    # rule CH-12, CH-13, CH-15
    async def main():
        ch = goconc.Chan(2)
        await kind.send(ch, 100)
        await kind.send(ch, 101)
        senders = []
        for n in range(3):
            senders.append(kind.go(kind.send, ch, n))
            await kind.parked(senders[-1])
        seen = []
        for _ in range(5):
            value = await kind.recv(ch)
            seen.append((value, len(ch)))
        for sender in senders:
            await kind.join(sender)
        return seen

    assert kind.run(main) == [(100, 2), (101, 2), (0, 2), (1, 1), (2, 0)]


def test_no_buffer_is_made_ahead():
    # rule CH-06
    channels = [goconc.Chan(2**40) for _ in range(100)]
    for ch in channels:
        ch.send_nowait(None)
    assert all(len(ch) == 1 and ch.cap == 2**40 for ch in channels)


def test_a_buffer_grows_in_order():
    # rule CH-06, CH-12
    ch = goconc.Chan(10**9)
    for n in range(10):
        ch.send_nowait(n)
    assert [ch.recv_nowait() for _ in range(6)] == [0, 1, 2, 3, 4, 5]
    for n in range(10, 5000):
        ch.send_nowait(n)
    assert [ch.recv_nowait() for _ in range(4994)] == list(range(6, 5000))


def test_a_channel_as_a_semaphore(kind):
    # rule MM-4
    async def main():
        slots, active, most = goconc.Chan(3), 0, 0

        async def work():
            nonlocal active, most
            await kind.send(slots, None)
            active += 1
            most = max(most, active)
            await kind.gosched()
            active -= 1
            await kind.recv(slots)

        workers = [kind.go(work) for _ in range(20)]
        for worker in workers:
            await kind.join(worker)
        return most

    assert kind.run(main) <= 3


def test_none_and_channels_are_values(any_kind):
    # rule CH-07
    async def main():
        ch = goconc.Chan(3)
        inner = goconc.Chan()
        for value in (None, inner, ch):
            await any_kind.send(ch, value)
        assert await any_kind.recv_ok(ch) == (None, True)
        assert await any_kind.recv(ch) is inner
        assert await any_kind.recv(ch) is ch
        ch.close()
        assert await any_kind.recv_ok(ch) == (None, False)

    any_kind.run(main)


def test_the_object_itself_is_passed(any_kind):
    # rule CH-18
    async def main():
        ch = goconc.Chan(1)
        thing = [1]
        await any_kind.send(ch, thing)
        thing.append(2)
        received = await any_kind.recv(ch)
        assert received is thing
        assert received == [1, 2]

    any_kind.run(main)


def test_a_send_wakes_one_receiver(kind, eventually):
    # rule CH-20
    async def main():
        ch, woken = goconc.Chan(1), []

        async def receive():
            woken.append(await kind.recv_ok(ch))

        receivers = [kind.go(receive) for _ in range(100)]
        await kind.parked(*receivers)
        await kind.send(ch, "one")
        for _ in range(10):
            await kind.gosched()
        assert woken in ([], [("one", True)])
        assert sum(receiver.done() for receiver in receivers) <= 1
        ch.close()
        for receiver in receivers:
            await kind.join(receiver)
        assert sorted(woken, key=str) == [("one", True)] + [(None, False)] * 99 or woken.count(("one", True)) == 1

    kind.run(main)


def test_work_before_a_buffered_send_is_seen_after_its_receive(any_kind):
    # rule MM-2, MM-7
    async def main():
        ch, seen = goconc.Chan(1), []
        box = {}

        async def produce():
            for n in range(200):
                box[n] = n * n
                await any_kind.send(ch, n)
            ch.close()

        producer = any_kind.go(produce)
        for n in range(200):
            assert await any_kind.recv(ch) == n
            seen.append(box[n])
        await any_kind.join(producer)
        return seen

    assert any_kind.run(main) == [n * n for n in range(200)]
