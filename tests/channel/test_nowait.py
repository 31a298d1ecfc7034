"""send_nowait and recv_nowait."""

import pytest

import goconc


def test_an_empty_rendezvous_would_block():
    # rule CH-10, CH-21
    ch = goconc.Chan()
    with pytest.raises(goconc.WouldBlock):
        ch.send_nowait(1)
    with pytest.raises(goconc.WouldBlock):
        ch.recv_nowait()
    assert len(ch) == 0


def test_send_nowait_to_a_parked_receiver(any_kind):
    # rule CH-14, CH-21
    async def main():
        ch = goconc.Chan()
        receiver = any_kind.go(any_kind.recv, ch)
        while True:
            try:
                ch.send_nowait("v")
                break
            except goconc.WouldBlock:
                await any_kind.gosched()
        assert await any_kind.join(receiver) == "v"

    any_kind.run(main)


def test_recv_nowait_from_a_parked_sender(any_kind):
    # rule CH-14, CH-21
    async def main():
        ch = goconc.Chan()
        sender = any_kind.go(any_kind.send, ch, "v")
        while True:
            try:
                assert ch.recv_nowait() == "v"
                break
            except goconc.WouldBlock:
                await any_kind.gosched()
        await any_kind.join(sender)

    any_kind.run(main)


def test_buffer_first_then_the_parked_sender(kind):
    # rule CH-15
    async def main():
        ch = goconc.Chan(1)
        ch.send_nowait(0)
        sender = kind.go(kind.send, ch, 1)
        await kind.parked(sender)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait(2)
        assert [ch.recv_nowait(), ch.recv_nowait()] == [0, 1]
        with pytest.raises(goconc.WouldBlock):
            ch.recv_nowait()
        await kind.join(sender)

    kind.run(main)


def test_in_every_place(in_event_loop):
    # rule CH-21 (never blocks, so allowed everywhere)
    ch = goconc.Chan(1)

    def there_and_back():
        ch.send_nowait("v")
        return ch.recv_nowait()

    async def coroutine():
        return there_and_back()

    assert there_and_back() == "v"
    assert goconc.run(there_and_back) == "v"
    assert goconc.run(coroutine) == "v"
    assert in_event_loop(there_and_back) == "v"


def test_would_block_is_not_closed():
    # rule CH-21, CH-33
    ch = goconc.Chan(1)
    with pytest.raises(goconc.WouldBlock):
        ch.recv_nowait()
    ch.send_nowait(1)
    ch.close()
    assert ch.recv_nowait() == 1
    with pytest.raises(goconc.ChannelClosed):
        ch.recv_nowait()


@pytest.mark.parametrize("capacity", [1, 2])
def test_while_values_pass_it_is_never_both(thread, capacity):
    """One thread sends with no waiting after room was seen, another receives: nothing is lost or comes twice."""
    # rule CH-19, CH-21
    ch, count = goconc.Chan(capacity), 2000
    received = []

    def send():
        sent = 0
        while sent < count:
            try:
                ch.send_nowait(sent)
                sent += 1
            except goconc.WouldBlock:
                goconc.gosched()

    def receive():
        while len(received) < count:
            try:
                received.append(ch.recv_nowait())
            except goconc.WouldBlock:
                goconc.gosched()

    handles = [thread(send), thread(receive)]
    for handle in handles:
        handle.join()
    assert received == list(range(count))


def test_a_value_that_is_there_is_found_whatever_close_does(thread):
    """Go's TestNonblockRecvRace: a receive that begins after the send finds it or the close, never "would block"."""
    # rule CH-21, SEL-12
    for _ in range(300):
        ch = goconc.Chan(1)
        ch.send_nowait(1)
        outcomes = []

        def look(ch=ch, outcomes=outcomes):
            try:
                outcomes.append(ch.recv_nowait())
            except goconc.GoconcError as error:
                outcomes.append(error)

        handle = thread(look)
        ch.close()
        try:
            mine = ch.recv_nowait()
        except goconc.ChannelClosed:
            mine = None
        handle.join()
        (theirs,) = outcomes
        assert not isinstance(theirs, goconc.WouldBlock)
        assert (mine == 1) != (theirs == 1)
