"""What a channel keeps alive, and for how long."""

import gc
import sys
import weakref

import pytest

import goconc


class Thing:
    """A value that can be watched."""


@pytest.fixture
def watch():
    """A new thing with a weak reference to it: ``(thing, alive)``."""

    def make():
        thing = Thing()
        return thing, weakref.ref(thing)

    return make


def test_a_received_value_is_the_receiver_s_alone():
    # rule CH-09
    ch = goconc.Chan(2)
    thing = Thing()
    alone = sys.getrefcount(thing)
    ch.send_nowait(thing)
    assert sys.getrefcount(thing) == alone + 1
    received = ch.recv_nowait()
    assert sys.getrefcount(thing) == alone + 1
    del received
    assert sys.getrefcount(thing) == alone


def test_a_slot_is_cleared_on_receive(watch):
    # rule CH-09
    ch = goconc.Chan(3)
    thing, alive = watch()
    ch.send_nowait(thing)
    del thing
    assert alive() is not None
    ch.recv_nowait()
    assert alive() is None


@pytest.mark.parametrize("capacity", [0, 1])
def test_a_value_dies_with_its_last_user(kind, watch, capacity, settle):
    """Through a wait on either side nothing in the channel, the waiter or the goroutine keeps the value."""

    # rule CH-09, PY-03
    async def main():
        ch = goconc.Chan(capacity)
        for receiver_first in (True, False):
            thing, alive = watch()
            box = [thing]
            del thing

            async def send(box=box):
                await kind.send(ch, box.pop())

            async def receive(alive=alive):
                value = await kind.recv(ch)
                assert value is alive()
                del value

            sender = None if receiver_first else kind.go(send)
            if sender:
                await kind.gosched()
            receiver = kind.go(receive)
            await kind.gosched()
            if receiver_first:
                sender = kind.go(send)
            await kind.join(sender)
            await kind.join(receiver)
            settle()
            assert alive() is None

    kind.run(main)


def test_a_value_handed_to_a_thread_is_its_alone(thread, watch, settle):
    # rule CH-09
    ch = goconc.Chan()
    thing, alive = watch()

    def receive():
        ch.recv()

    handle = thread(receive)
    ch.send(thing)
    del thing
    handle.join()
    settle()
    assert alive() is None


@pytest.mark.parametrize("how", ["closed", "timeout", "would block", "select", "select default", "select timeout"])
def test_a_value_that_was_not_sent_is_let_go(any_kind, watch, how, settle):
    # rule CH-09, SEL-06
    async def main():
        ch = goconc.Chan()
        thing, alive = watch()
        box = [thing]
        alone = sys.getrefcount(thing)

        async def attempt():
            thing = box[0]
            if how == "closed":
                ch.close()
                await any_kind.send(ch, thing)
            elif how == "timeout":
                await any_kind.send(ch, thing, timeout=0.001)
            elif how == "would block":
                ch.send_nowait(thing)
            elif how == "select":
                await any_kind.select((ch, thing), goconc.after(0.001))
            elif how == "select default":
                await any_kind.select((ch, thing), default=True)
            else:
                await any_kind.select((ch, thing), timeout=0.001)

        try:
            await attempt()
        except (goconc.GoconcError, TimeoutError):
            pass
        settle()
        assert sys.getrefcount(thing) == alone
        box.clear()
        del thing
        settle()
        assert alive() is None

    any_kind.run(main)


def test_the_value_of_a_closed_wait_is_let_go(kind, watch):
    # rule CH-09, CH-35
    async def main():
        ch = goconc.Chan()
        thing, alive = watch()
        box = [thing]
        del thing

        async def send():
            await kind.send(ch, box.pop())

        sender = kind.go(send)
        await kind.parked(sender)
        ch.close()
        with pytest.raises(goconc.ChannelClosed):
            await kind.join(sender)
        del sender
        gc.collect()
        assert alive() is None

    kind.run(main)


def test_a_dropped_channel_drops_its_values(watch):
    # rule CH-08
    ch = goconc.Chan(3)
    things = [watch() for _ in range(3)]
    lives = [alive for _, alive in things]
    for thing, _ in things:
        ch.send_nowait(thing)
    del thing, things, _
    assert all(alive() is not None for alive in lives)
    del ch
    assert all(alive() is None for alive in lives)


def test_a_closed_channel_still_keeps_its_values(watch):
    # rule CH-03, CH-08
    ch = goconc.Chan(1)
    thing, alive = watch()
    ch.send_nowait(thing)
    del thing
    ch.close()
    assert alive() is not None
    del ch
    assert alive() is None


def test_a_channel_that_holds_itself_is_collected(collect):
    # rule CH-08, PY-03
    ch = goconc.Chan(1)
    alive = weakref.ref(ch)
    ch.send_nowait([ch])
    del ch
    collect()
    assert alive() is None


def test_cycles_through_views_and_objects_are_collected(collect):
    # rule CH-08, PY-03
    class Node:
        pass

    for view in ("sender", "receiver"):
        node, ch = Node(), goconc.Chan(2)
        node.view = getattr(ch, view)
        node.ch = ch
        ch.send_nowait(node)
        ch.send_nowait(node.view)
        alive = weakref.ref(node), weakref.ref(ch)
        del node, ch
        collect()
        assert [ref() for ref in alive] == [None, None]


def test_a_ring_that_went_round_is_traversed(collect):
    # rule CH-08
    ch = goconc.Chan(3)
    for _ in range(5):
        ch.send_nowait(None)
        ch.recv_nowait()
    ch.send_nowait([ch])
    ch.send_nowait({"ch": ch})
    alive = weakref.ref(ch)
    del ch
    collect()
    assert alive() is None


def test_what_is_reachable_is_not_collected(collect, watch):
    # rule CH-08
    ch = goconc.Chan(2)
    thing, alive = watch()
    ch.send_nowait(thing)
    del thing
    collect()
    assert alive() is not None
    assert ch.recv_nowait() is alive()


def test_a_timer_s_channel_is_collected(collect):
    # rule TM-06
    class Holder:
        pass

    holder = Holder()
    holder.c = goconc.after(3600)
    holder.self = holder
    alive = weakref.ref(holder)
    del holder
    collect()
    assert alive() is None


def test_finalizers_may_use_the_channel(collect):
    """A value's __del__ runs when its channel is dropped; it may use other channels, and even the one it came from."""
    # rule CH-08, PY-04, PY-08
    log = goconc.Chan(10)

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.send_nowait(self.n)

    ch = goconc.Chan(3)
    for n in range(3):
        ch.send_nowait(Noisy(n))
    del ch
    collect()
    assert [log.recv_nowait() for _ in range(3)] == [0, 1, 2]

    own = goconc.Chan(2)

    class Back:
        def __del__(self):
            own.send_nowait("from a finalizer")

    own.send_nowait(Back())
    own.recv_nowait()
    assert own.recv_nowait() == "from a finalizer"


def test_many_values_leave_no_reference_behind(any_kind, settle):
    # rule CH-09
    async def main():
        ch, thing = goconc.Chan(2), Thing()
        alone = sys.getrefcount(thing)

        async def send():
            for n in range(200):
                if n % 2:
                    await any_kind.send(ch, thing)
                else:
                    await any_kind.select((ch, thing), goconc.Chan())
            ch.close()

        handle = any_kind.go(send)
        count = 0
        while True:
            if count % 2:
                value, ok = await any_kind.recv_ok(ch)
            else:
                _, value, ok = await any_kind.select(goconc.Chan(), ch)
            del value
            if not ok:
                break
            count += 1
        await any_kind.join(handle)
        del handle
        assert count == 200
        settle()
        assert sys.getrefcount(thing) == alone

    any_kind.run(main)


def test_weak_references():
    # rule CH-08
    for make in (goconc.Chan, lambda: goconc.Timer(3600), lambda: goconc.Ticker(3600)):
        thing = make()
        alive = weakref.ref(thing)
        assert alive() is thing
        del thing
        assert alive() is None


def test_an_operation_never_awaited_keeps_nothing(watch, recwarn):
    # rule CH-09
    ch = goconc.Chan(1)
    thing, alive = watch()
    operation = ch.asend(thing)
    del thing
    assert len(ch) == 0
    del operation
    gc.collect()
    assert alive() is None
    assert len(ch) == 0
