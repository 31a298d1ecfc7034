"""Identity, hash and the send-only and receive-only views."""

import copy
import pickle

import pytest

import goconc


def test_equality_is_identity():
    # rule CH-05
    a, b = goconc.Chan(), goconc.Chan()
    assert a == a
    assert a != b
    assert {a: 1, b: 2}[a] == 1
    assert a != "something else"


def test_a_view_equals_its_channel():
    # rule CH-05, CH-51
    ch, other = goconc.Chan(), goconc.Chan()
    views = [ch, ch.sender, ch.receiver, ch.sender.sender, ch.receiver.receiver]
    for left in views:
        for right in views:
            assert left == right
            assert hash(left) == hash(right)
        assert left != other
        assert left != other.sender
        assert left != None  # noqa: E711
        assert left != 3
    assert len(set(views)) == 1


def test_a_sender_cannot_receive():
    # rule CH-51
    sender = goconc.Chan(1).sender
    assert isinstance(sender, goconc.SendChan)
    for verb in ("recv", "recv_ok", "recv_nowait", "arecv", "arecv_ok", "receiver"):
        assert not hasattr(sender, verb)
    with pytest.raises(AttributeError):
        sender.recv()
    with pytest.raises(TypeError):
        iter(sender)
    with pytest.raises(TypeError):
        aiter(sender)
    with pytest.raises(TypeError, match="send-only"):
        goconc.select(sender, default=True)


def test_a_receiver_cannot_send_or_close():
    # rule CH-38, CH-51
    receiver = goconc.Chan(1).receiver
    assert isinstance(receiver, goconc.RecvChan)
    for verb in ("send", "send_nowait", "asend", "close", "sender", "__enter__"):
        assert not hasattr(receiver, verb)
    with pytest.raises(AttributeError):
        receiver.close()
    with pytest.raises(TypeError, match="receive-only"):
        goconc.select((receiver, 1), default=True)


def test_every_verb_through_views(any_kind):
    # rule CH-51
    async def main():
        ch = goconc.Chan(4)
        sender, receiver = ch.sender, ch.receiver
        await any_kind.send(sender, 0)
        sender.send_nowait(1)
        await any_kind.send(sender, 2, timeout=1)
        assert (await any_kind.select((sender, 3))).chan == ch
        assert (len(sender), len(receiver), sender.cap, receiver.cap) == (4, 4, 4, 4)
        with pytest.raises(goconc.WouldBlock):
            sender.send_nowait(4)
        with pytest.raises(TimeoutError):
            await any_kind.send(sender, 4, timeout=0)
        assert await any_kind.recv(receiver) == 0
        assert await any_kind.recv_ok(receiver) == (1, True)
        assert receiver.recv_nowait() == 2
        assert (await any_kind.select(receiver)).value == 3
        with pytest.raises(TimeoutError):
            await any_kind.recv(receiver, timeout=0)
        assert not sender.closed
        sender.close()
        assert sender.closed
        assert receiver.closed
        assert await any_kind.values(receiver) == []

    any_kind.run(main)


def test_views_are_not_made_by_hand():
    # rule CH-51
    for view in (goconc.SendChan, goconc.RecvChan):
        with pytest.raises(TypeError):
            view()
        with pytest.raises(TypeError):
            view(goconc.Chan())


def test_a_view_keeps_its_channel():
    # rule CH-51
    receiver = goconc.Chan(1).receiver
    assert receiver.cap == 1
    with pytest.raises(goconc.WouldBlock):
        receiver.recv_nowait()


def test_no_copies():
    # rule CH-05, PY-12
    ch = goconc.Chan()
    for thing in (ch, ch.sender, ch.receiver):
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot pickle or copy"):
                attempt(thing)


def test_types_take_a_parameter():
    # rule CH-51 (API: Chan[T])
    assert goconc.Chan[int](3).cap == 3
    assert goconc.SendChan[int].__args__ == (int,)
    assert goconc.RecvChan[int].__args__ == (int,)


def test_repr():
    # rule CH-04 (a snapshot, never blocking)
    ch = goconc.Chan(2)
    ch.send_nowait(1)
    assert "Chan 1/2" in repr(ch)
    ch.close()
    assert "closed" in repr(ch)
    assert repr(ch) in repr(ch.sender)
    assert repr(ch) in repr(ch.receiver)
