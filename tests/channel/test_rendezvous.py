"""Channels without a buffer: both sides meet; order of those who wait; hand-over."""

from itertools import chain

import pytest

import goconc


def test_a_send_completes_once_the_value_was_taken(any_kind):
    # rule CH-10
    async def main():
        ch, events = goconc.Chan(), []

        async def receive():
            events.append("receiving")
            await any_kind.recv(ch)

        async def send():
            await any_kind.send(ch, 1)
            assert events == ["receiving"]

        sender = any_kind.go(send)
        await any_kind.parked(sender)
        assert not sender.done()
        receiver = any_kind.go(receive)
        await any_kind.join(sender)
        await any_kind.join(receiver)

    any_kind.run(main)


def test_the_receiver_s_writes_are_seen_after_the_send(any_kind):
    # rule CH-10, MM-4, MM-7
    async def main():
        ch, box = goconc.Chan(), {}

        async def receive():
            for n in range(100):
                box[n] = n
                await any_kind.recv(ch)

        receiver = any_kind.go(receive)
        for n in range(100):
            await any_kind.send(ch, None)
            assert box[n] == n
        await any_kind.join(receiver)

    any_kind.run(main)


def test_a_rendezvous_never_holds_a_value(any_kind):
    # rule CH-02
    async def main():
        ch = goconc.Chan()
        sender = any_kind.go(any_kind.send, ch, 1)
        await any_kind.parked(sender)
        assert (len(ch), ch.cap) == (0, 0)
        await any_kind.recv(ch)
        await any_kind.join(sender)
        assert len(ch) == 0

    any_kind.run(main)


def test_receivers_are_served_in_the_order_they_parked(kind):
    # rule CH-13
    async def main():
        ch, got = goconc.Chan(), {}

        async def receive(who):
            got[who] = await kind.recv(ch)

        receivers = []
        for who in range(8):
            receivers.append(kind.go(receive, who))
            await kind.parked(receivers[-1])
        for n in range(8):
            await kind.send(ch, n)
        for receiver in receivers:
            await kind.join(receiver)
        return got

    assert kind.run(main) == {n: n for n in range(8)}


@pytest.mark.parametrize("capacity", [0, 1, 3])
def test_parked_senders_are_served_in_order(kind, capacity):
    # rule CH-12, CH-13
    async def main():
        ch = goconc.Chan(capacity)
        for n in range(capacity):
            await kind.send(ch, n)
        senders = []
        for n in range(capacity, 20):
            senders.append(kind.go(kind.send, ch, n))
            await kind.parked(senders[-1])
        received = [await kind.recv(ch) for _ in range(20)]
        for sender in senders:
            await kind.join(sender)
        return received

    assert kind.run(main) == list(range(20))


def test_plain_and_selecting_receivers_share_one_line(kind):
    # rule CH-13
    async def main():
        ch, quiet, got = goconc.Chan(), goconc.Chan(), {}

        async def receive(who):
            got[who] = await kind.recv(ch) if who % 2 == 0 else (await kind.select(quiet, ch)).value

        receivers = []
        for who in range(6):
            receivers.append(kind.go(receive, who))
            await kind.parked(receivers[-1])
        for n in range(6):
            await kind.send(ch, n)
        for receiver in receivers:
            await kind.join(receiver)
        return got

    assert kind.run(main) == {n: n for n in range(6)}


def test_plain_and_selecting_senders_share_one_line(kind):
    # rule CH-13
    async def main():
        ch, quiet = goconc.Chan(), goconc.Chan()

        async def send(who):
            if who % 2 == 0:
                await kind.send(ch, who)
            else:
                await kind.select((ch, who), (quiet, who))

        senders = []
        for who in range(6):
            senders.append(kind.go(send, who))
            await kind.parked(senders[-1])
        received = [await kind.recv(ch) for _ in range(6)]
        for sender in senders:
            await kind.join(sender)
        return received

    assert kind.run(main) == list(range(6))


def test_both_kinds_share_one_line(make_kind, kind):
    # rule CH-13
    plain, async_ = make_kind("plain"), make_kind("async")

    async def main():
        ch, got = goconc.Chan(), {}

        async def receive(who, k):
            got[who] = await k.recv(ch)

        receivers = []
        for who in range(6):
            k = (plain, async_)[who % 2]
            receivers.append(k.go(receive, who, k))
            await kind.parked(receivers[-1])
        for n in range(6):
            await kind.send(ch, n)
        for receiver in receivers:
            await kind.join(receiver)
        return got

    assert kind.run(main) == {n: n for n in range(6)}


def test_a_value_handed_over_cannot_be_stolen(kind):
    # rule CH-14
    async def main():
        ch = goconc.Chan(1)
        receiver = kind.go(kind.recv, ch)
        await kind.parked(receiver)
        ch.send_nowait("mine")  # the receiver has it from now on, although it has not run yet
        assert len(ch) == 0
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        assert await kind.join(receiver) == "mine"

    kind.run(main)


def test_a_send_that_was_received_is_over(kind):
    # rule CH-14
    async def main():
        ch = goconc.Chan()
        sender = kind.go(kind.send, ch, "taken")
        await kind.parked(sender)
        assert ch.recv_nowait() == "taken"
        ch.close()  # too late for that send
        await kind.join(sender)

    kind.run(main)


def test_operands_are_evaluated_once_and_before_waiting(kind):
    # rule CH-17
    async def main():
        order = []
        ch = goconc.Chan()

        def channel():
            order.append("channel")
            return ch

        def value(v):
            order.append("value")
            return v

        async def send():
            v = "then"
            box = [v]
            sending = kind.send(channel(), value(box[0]))
            box[0] = "later"
            await sending

        sender = kind.go(send)
        await kind.parked(sender)
        assert order == ["channel", "value"]
        assert await kind.recv(ch) == "then"
        await kind.join(sender)

    kind.run(main)


def test_ping_pong(any_kind, other_kind):
    # rule CH-10, CH-12, CH-19
    async def main():
        there, back = goconc.Chan(), goconc.Chan()

        async def pong():
            while True:
                n, ok = await other_kind.recv_ok(there)
                if not ok:
                    break
                await other_kind.send(back, n + 1)

        handle = other_kind.go(pong)
        n = 0
        for _ in range(100):
            await any_kind.send(there, n)
            n = await any_kind.recv(back)
        there.close()
        if other_kind.goroutines:
            await any_kind.join(handle)
        else:
            while not handle.done():
                await any_kind.sleep(0.001)
        return n

    assert any_kind.run(main) == 100


@pytest.mark.parametrize("capacity", [0, 1, 5])
def test_every_value_arrives_once(any_kind, capacity):
    # rule CH-19
    async def main():
        ch, done = goconc.Chan(capacity), goconc.Chan()
        got = [[] for _ in range(4)]

        async def send(who):
            for n in range(100):
                await any_kind.send(ch, (who, n))
            await any_kind.send(done, None)

        async def receive(mine):
            mine.extend(await any_kind.values(ch))

        handles = [any_kind.go(send, who) for who in range(4)] + [any_kind.go(receive, mine) for mine in got]
        for _ in range(4):
            await any_kind.recv(done)
        ch.close()
        for handle in handles:
            await any_kind.join(handle)
        return got

    got = any_kind.run(main)
    assert sorted(chain.from_iterable(got)) == [(who, n) for who in range(4) for n in range(100)]
    for mine in got:  # each receiver sees each sender's values in order
        for who in range(4):
            numbers = [n for sender, n in mine if sender == who]
            assert numbers == sorted(numbers)


def test_a_chain(kind):
    # rule CH-10
    async def main():
        async def pass_on(left, right):
            await kind.send(left, 1 + await kind.recv(right))

        left = first = goconc.Chan()
        for _ in range(300):
            right = goconc.Chan()
            kind.go(pass_on, left, right)
            left = right
        starter = kind.go(kind.send, left, 0)
        result = await kind.recv(first)
        await kind.join(starter)
        return result

    assert kind.run(main) == 300


def test_what_came_before_go_is_seen(any_kind):
    # rule MM-1
    async def main():
        box = []

        async def look():
            return list(box)

        box.append("before")
        return await any_kind.join(any_kind.go(look))

    assert any_kind.run(main) == ["before"]
