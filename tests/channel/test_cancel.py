"""Cancellation of a goroutine that waits on a channel: no value moves, and nothing is left in line."""

import gc
import weakref

import pytest

import goconc


class Thing:
    """A value that can be watched."""


def test_a_cancelled_receiver_takes_nothing(kind):
    # rule CH-19, SEL-22
    async def main():
        ch = goconc.Chan()
        receiver = kind.go(kind.recv, ch)
        await kind.parked(receiver)
        receiver.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(receiver)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("nobody is there")
        receiver = kind.go(kind.recv, ch)
        await kind.send(ch, "for the next")
        assert await kind.join(receiver) == "for the next"

    kind.run(main)


@pytest.mark.parametrize("capacity", [0, 1])
def test_a_cancelled_sender_sends_nothing(kind, capacity):
    # rule CH-19, SEL-22
    async def main():
        ch = goconc.Chan(capacity)
        for n in range(capacity):
            await kind.send(ch, n)
        sender = kind.go(kind.send, ch, "never")
        await kind.parked(sender)
        sender.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(sender)
        ch.close()
        assert await kind.values(ch) == list(range(capacity))

    kind.run(main)


def test_one_of_several_in_line(kind):
    # rule CH-13, SEL-14
    async def main():
        ch = goconc.Chan()
        receivers = []
        for _ in range(3):
            receivers.append(kind.go(kind.recv, ch))
            await kind.parked(receivers[-1])
        receivers[1].cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(receivers[1])
        await kind.send(ch, 0)
        await kind.send(ch, 2)
        assert [await kind.join(receivers[n]) for n in (0, 2)] == [0, 2]

    kind.run(main)


def test_a_value_handed_over_first_arrives(kind):
    """Cancelled after the hand-over, before it ran again: the receive has happened. The next wait is cancelled."""

    # rule CH-14, SEL-22
    async def main():
        ch, got = goconc.Chan(), []

        async def receive():
            got.append(await kind.recv(ch))
            await kind.recv(ch)

        receiver = kind.go(receive)
        await kind.parked(receiver)
        ch.send_nowait("arrives")
        receiver.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(receiver)
        assert got == ["arrives"]

    kind.run(main)


def test_a_send_received_first_has_happened(kind):
    # rule CH-14, SEL-22
    async def main():
        ch, sent = goconc.Chan(), []

        async def send():
            await kind.send(ch, "arrives")
            sent.append("arrives")

        sender = kind.go(send)
        await kind.parked(sender)
        assert ch.recv_nowait() == "arrives"
        sender.cancel()
        await kind.join(sender)
        assert sent == ["arrives"]

    kind.run(main)


def test_cancelled_before_the_wait(kind):
    # rule SEL-22
    async def main():
        ch = goconc.Chan()
        receiver = kind.go(kind.recv, ch)
        receiver.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(receiver)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(1)

    kind.run(main)


def test_what_needs_no_wait_is_done_though_cancelled(kind):
    """A cancellation comes where a goroutine suspends. A channel operation that can be done at once does not."""

    # rule CH-11
    async def main():
        ch, done = goconc.Chan(2), []

        async def work():
            await kind.send(ch, 1)
            done.append(await kind.recv(ch))
            await kind.gosched()
            done.append("not reached")

        worker = kind.go(work)
        worker.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(worker)
        assert done in ([1], [])

    kind.run(main)


def test_finally_may_wait_under_a_shield(kind):
    # rule CH-11, GO-20
    async def main():
        ch, log = goconc.Chan(), []

        async def work():
            try:
                await kind.recv(goconc.Chan())
            finally:
                with goconc.shield():
                    log.append(await kind.recv(ch))

        worker = kind.go(work)
        await kind.parked(worker)
        worker.cancel()
        await kind.send(ch, "cleaned up")
        with pytest.raises(goconc.Canceled):
            await kind.join(worker)
        assert log == ["cleaned up"]

    kind.run(main)


@pytest.mark.parametrize("what", ["recv", "send", "select"])
def test_a_shielded_wait_goes_on(kind, what):
    # rule SEL-22
    async def main():
        ch, log = goconc.Chan(), []

        async def work():
            with goconc.shield():
                if what == "recv":
                    log.append(await kind.recv(ch))
                elif what == "send":
                    await kind.send(ch, "served")
                else:
                    log.append((await kind.select(ch, goconc.Chan())).value)
            await kind.gosched()
            log.append("not reached")

        worker = kind.go(work)
        await kind.parked(worker)
        worker.cancel()
        for _ in range(5):
            await kind.gosched()
        assert not worker.done()
        if what == "send":
            log.append(await kind.recv(ch))
        else:
            await kind.send(ch, "served")
        with pytest.raises(goconc.Canceled):
            await kind.join(worker)
        assert log == ["served"]

    kind.run(main)


def test_the_value_of_a_cancelled_send_is_let_go(kind):
    # rule CH-09, PY-03
    async def main():
        ch = goconc.Chan()
        thing = Thing()
        alive = weakref.ref(thing)

        async def send(box):
            await kind.send(ch, box.pop())

        sender = kind.go(send, [thing])
        del thing
        await kind.parked(sender)
        assert alive() is not None
        sender.cancel()
        with pytest.raises(goconc.Canceled):
            await kind.join(sender)
        del sender
        gc.collect()
        assert alive() is None

    kind.run(main)


def test_the_end_of_run_takes_waiters_off(kind):
    # rule SEL-22, GO-20
    ch, ended = goconc.Chan(), []

    async def wait(receive):
        try:
            await (kind.recv(ch) if receive else kind.send(goconc.Chan(), 1))
        finally:
            ended.append(receive)

    async def main():
        waiting = [kind.go(wait, True), kind.go(wait, False)]
        await kind.parked(*waiting)

    kind.run(main)
    assert sorted(ended) == [False, True]
    with pytest.raises(goconc.WouldBlock):
        ch.send_nowait("nobody is there")


def test_cancellations_racing_hand_overs(kind, rng):
    # rule CH-19, SEL-22
    async def main():
        ch, received, sent = goconc.Chan(), [], []

        async def receive():
            while True:
                received.append(await kind.recv(ch))

        async def send(n):
            await kind.send(ch, n)
            sent.append(n)

        receivers = [kind.go(receive) for _ in range(3)]
        senders = [kind.go(send, n) for n in range(200)]
        victims = senders + receivers[1:]
        rng.shuffle(victims)
        for victim in victims[:120]:
            victim.cancel()
            if rng.random() < 0.3:
                await kind.gosched()
        for sender in senders:
            try:
                await kind.join(sender)
            except goconc.Canceled:
                pass
        for receiver in receivers:
            receiver.cancel()
            with pytest.raises(goconc.Canceled):
                await kind.join(receiver)
        assert sorted(received) == sorted(sent)

    kind.run(main)


def test_cancellation_from_a_thread(kind, thread):
    # rule SEL-22, PY-06
    async def main():
        ch = goconc.Chan()
        receiver = kind.go(kind.recv, ch)
        await kind.parked(receiver)
        thread(receiver.cancel)
        with pytest.raises(goconc.Canceled):
            await kind.join(receiver)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(1)

    kind.run(main)


def test_an_awaitable_thrown_into_leaves_the_line():
    """An operation that was suspended and then closed from outside has moved nothing."""

    # rule SEL-22
    async def main():
        ch = goconc.Chan()

        async def wait():
            await ch.arecv()

        handle = goconc.go(wait)
        while not repr(handle).endswith("receive>"):
            await goconc.agosched()
        handle.cancel()
        with pytest.raises(goconc.Canceled):
            await handle
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(1)

    goconc.run(main)
