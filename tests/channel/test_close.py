"""close: what it lets through, whom it wakes, and what it refuses."""

import traceback

import pytest

import goconc


def test_a_second_close_raises():
    # rule CH-31
    ch = goconc.Chan()
    ch.close()
    for again in (ch, ch.sender):
        with pytest.raises(goconc.ChannelClosed, match="close of closed channel"):
            again.close()
    assert ch.closed


@pytest.mark.parametrize("capacity", [0, 1, 2])
def test_a_send_on_a_closed_channel_raises(any_kind, capacity):
    # rule CH-32
    async def main():
        ch = goconc.Chan(capacity)
        if capacity == 2:
            await any_kind.send(ch, "inside")
        ch.close()
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            await any_kind.send(ch, 1)
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            await any_kind.send(ch, 1, timeout=0)
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            ch.send_nowait(1)
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            await any_kind.select((ch, 1), default=True)
        assert len(ch) == (1 if capacity == 2 else 0)

    any_kind.run(main)


def test_a_send_on_a_full_closed_channel_raises(any_kind):
    # rule CH-32
    async def main():
        ch = goconc.Chan(1)
        await any_kind.send(ch, 1)
        ch.close()
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            await any_kind.send(ch, 2)
        with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
            ch.send_nowait(2)
        assert await any_kind.recv_ok(ch) == (1, True)

    any_kind.run(main)


def test_buffered_values_come_first(any_kind):
    # rule CH-03, CH-33
    async def main():
        ch = goconc.Chan(3)
        for n in range(3):
            await any_kind.send(ch, n)
        ch.close()
        assert (len(ch), ch.cap, ch.closed) == (3, 3, True)
        assert await any_kind.recv_ok(ch) == (0, True)
        assert await any_kind.recv(ch) == 1
        assert ch.recv_nowait() == 2
        assert (len(ch), ch.cap) == (0, 3)
        for _ in range(3):
            assert await any_kind.recv_ok(ch) == (None, False)
            with pytest.raises(goconc.ChannelClosed, match="receive from closed channel"):
                await any_kind.recv(ch)
            with pytest.raises(goconc.ChannelClosed, match="receive from closed channel"):
                await any_kind.recv(ch, timeout=0)
            with pytest.raises(goconc.ChannelClosed):
                ch.recv_nowait()

    any_kind.run(main)


@pytest.mark.parametrize("capacity", [0, 2])
def test_close_wakes_every_receiver(any_kind, capacity):
    # rule CH-34, CH-37, MM-3
    async def main():
        ch, box = goconc.Chan(capacity), []

        async def receive():
            result = await any_kind.recv_ok(ch)
            return result, list(box)

        receivers = [any_kind.go(receive) for _ in range(20)]
        await any_kind.parked(*receivers)
        box.append("before the close")
        ch.close()
        return [await any_kind.join(receiver) for receiver in receivers]

    assert any_kind.run(main) == [((None, False), ["before the close"])] * 20


def test_recv_raises_in_a_woken_receiver(any_kind):
    # rule CH-34
    async def main():
        ch = goconc.Chan()
        receiver = any_kind.go(any_kind.recv, ch)
        await any_kind.parked(receiver)
        ch.close()
        with pytest.raises(goconc.ChannelClosed, match="receive from closed channel"):
            await any_kind.join(receiver)

    any_kind.run(main)


@pytest.mark.parametrize("capacity", [0, 1])
def test_close_wakes_every_sender(kind, capacity):
    # rule CH-35
    async def main():
        ch = goconc.Chan(capacity)
        for n in range(capacity):
            await kind.send(ch, n)
        senders = [kind.go(kind.send, ch, "lost") for _ in range(10)]
        await kind.parked(*senders)
        ch.close()
        for sender in senders:
            with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
                await kind.join(sender)
        return [await kind.recv_ok(ch) for _ in range(capacity + 2)]

    assert kind.run(main) == [(n, True) for n in range(capacity)] + [(None, False)] * 2


def test_close_wakes_sending_threads(make_kind):
    # rule CH-35
    kind = make_kind("thread")

    async def main():
        ch = goconc.Chan(1)
        ch.send_nowait("kept")
        senders = [kind.go(kind.send, ch, "lost") for _ in range(4)]
        await kind.parked(*senders)
        ch.close()
        for sender in senders:
            with pytest.raises(goconc.ChannelClosed, match="send on closed channel"):
                await kind.join(sender)
        assert await kind.values(ch) == ["kept"]

    kind.run(main)


@pytest.mark.parametrize("select", [False, True])
def test_the_traceback_is_the_sender_s(kind, select):
    # rule CH-40
    async def main():
        ch = goconc.Chan()

        async def parked_here():
            if select:
                await kind.select((ch, 1))
            else:
                await kind.send(ch, 1)

        def closer():
            ch.close()

        sender = kind.go(parked_here)
        await kind.parked(sender)
        closer()
        with pytest.raises(goconc.ChannelClosed) as caught:
            await kind.join(sender)
        return [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]

    names = kind.run(main)
    assert "parked_here" in names
    assert "closer" not in names


def test_each_sender_gets_an_exception_of_its_own(kind):
    # rule CH-40
    async def main():
        ch, errors = goconc.Chan(), []
        senders = [kind.go(kind.send, ch, 1) for _ in range(2)]
        await kind.parked(*senders)
        ch.close()
        for sender in senders:
            with pytest.raises(goconc.ChannelClosed) as caught:
                await kind.join(sender)
            errors.append(caught.value)
        assert errors[0] is not errors[1]

    kind.run(main)


def test_with_closes(any_kind):
    # rule CH-31 (and the contract of `with ch:`)
    async def main():
        for ch in (goconc.Chan(), goconc.Chan().sender):
            with ch as entered:
                assert entered is ch
                assert not ch.closed
            assert ch.closed
        ch = goconc.Chan()
        with ch:
            ch.close()  # and leaving does not close again
        with pytest.raises(ZeroDivisionError), goconc.Chan() as ch:
            1 / 0
        assert ch.closed

    any_kind.run(main)


def test_async_with_closes():
    # rule CH-31 (and the contract of `with ch:`)
    async def main():
        async with goconc.Chan() as ch:
            assert not ch.closed
        assert ch.closed
        async with ch:
            pass

    goconc.run(main)


def test_async_with_closes_a_sender():
    # rule CH-51 (a view does what the channel does)
    async def main():
        ch = goconc.Chan()
        async with ch.sender as sender:
            assert sender == ch
        assert ch.closed

    goconc.run(main)


def test_no_way_back(any_kind):
    # rule CH-39
    async def main():
        ch = goconc.Chan(1)
        ch.close()
        with pytest.raises(goconc.ChannelClosed):
            await any_kind.send(ch, 1)
        assert ch.closed
        with pytest.raises(AttributeError):
            ch.closed = False

    any_kind.run(main)


def test_close_from_another_kind(any_kind, other_kind):
    # rule CH-34
    async def main():
        ch = goconc.Chan()

        async def close():
            ch.close()

        handle = other_kind.go(close)
        assert await any_kind.recv_ok(ch) == (None, False)
        while not handle.done():
            await any_kind.gosched()

    any_kind.run(main)
