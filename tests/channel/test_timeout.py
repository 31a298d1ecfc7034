"""timeout= of channel calls: when it ends the wait, and that nothing has moved then."""

import time

import pytest

import goconc


@pytest.mark.parametrize("capacity", [0, 1])
def test_recv_times_out(any_kind, capacity):
    # rule SEL-20, TM-12
    async def main():
        ch = goconc.Chan(capacity)
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="receive timed out"):
            await any_kind.recv(ch, timeout=0.02)
        with pytest.raises(TimeoutError):
            await any_kind.recv_ok(ch, timeout=0.02)
        assert time.monotonic() - began >= 0.04

    any_kind.run(main)


@pytest.mark.parametrize("capacity", [0, 1])
def test_send_times_out_and_sends_nothing(any_kind, capacity):
    # rule CH-19, SEL-20
    async def main():
        ch = goconc.Chan(capacity)
        for n in range(capacity):
            await any_kind.send(ch, n)
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="send timed out"):
            await any_kind.send(ch, "never", timeout=0.02)
        assert time.monotonic() - began >= 0.02
        ch.close()
        assert await any_kind.values(ch) == list(range(capacity))

    any_kind.run(main)


@pytest.mark.parametrize("timeout", [0, 0.0, -1, -1e300, float("-inf"), False])
def test_no_time_at_all(any_kind, timeout):
    """What can be done at once is done; what would wait is over at once."""

    # rule TM-01, TM-02
    async def main():
        ch = goconc.Chan(1)
        await any_kind.send(ch, 1, timeout=timeout)
        with pytest.raises(TimeoutError):
            await any_kind.send(ch, 2, timeout=timeout)
        assert await any_kind.recv(ch, timeout=timeout) == 1
        with pytest.raises(TimeoutError):
            await any_kind.recv(ch, timeout=timeout)

    any_kind.run(main)


@pytest.mark.parametrize("timeout", [None, 1e9, 1e300, float("inf"), 10**400])
def test_a_very_long_time(any_kind, timeout):
    # rule TM-01 (saturates)
    async def main():
        ch = goconc.Chan()
        receiver = any_kind.go(lambda: any_kind.recv(ch, timeout=timeout))
        await any_kind.parked(receiver)
        await any_kind.send(ch, "v", timeout=timeout)
        assert await any_kind.join(receiver) == "v"

    any_kind.run(main)


def test_a_late_value_goes_to_the_next_receiver(kind):
    # rule CH-14, SEL-14
    async def main():
        ch = goconc.Chan()
        with pytest.raises(TimeoutError):
            await kind.recv(ch, timeout=0.001)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("nobody is there")
        receiver = kind.go(kind.recv, ch)
        await kind.parked(receiver)
        ch.send_nowait("for the next")
        assert await kind.join(receiver) == "for the next"

    kind.run(main)


def test_a_sender_that_gave_up_is_passed_over(kind):
    # rule CH-13, SEL-14
    async def main():
        ch = goconc.Chan()
        early = kind.go(lambda: kind.send(ch, "early", timeout=0.01))
        await kind.gosched()
        late = kind.go(kind.send, ch, "late")
        await kind.parked(late)
        with pytest.raises(TimeoutError):
            await kind.join(early)
        assert await kind.recv(ch) == "late"
        await kind.join(late)

    kind.run(main)


def test_a_receiver_that_gave_up_is_passed_over(kind):
    # rule CH-13, SEL-14
    async def main():
        ch = goconc.Chan()
        waiting = [kind.go(lambda limit=limit: kind.recv(ch, timeout=limit)) for limit in (None, 0.01, None)]
        await kind.parked(waiting[0], waiting[2])
        with pytest.raises(TimeoutError):
            await kind.join(waiting[1])
        await kind.send(ch, 1)
        await kind.send(ch, 2)
        return sorted([await kind.join(waiting[0]), await kind.join(waiting[2])])

    assert kind.run(main) == [1, 2]


def test_no_deadlock_while_a_timeout_runs(kind):
    # rule GO-41
    async def main():
        with pytest.raises(TimeoutError):
            await kind.recv(goconc.Chan(), timeout=0.01)
        return "done"

    assert kind.run(main) == "done"


def test_the_timeout_of_a_served_wait_is_forgotten(kind):
    """A limit that passes later must not end a later wait."""

    # rule SEL-20
    async def main():
        ch = goconc.Chan()

        async def serve():
            for n in range(3):
                await kind.send(ch, n)
            await kind.sleep(0.03)
            await kind.send(ch, "last")

        server = kind.go(serve)
        for n in range(3):
            try:
                assert await kind.recv(ch, timeout=0.02) == n
            except TimeoutError:  # the machine was away for so long
                assert await kind.recv(ch) == n
        assert await kind.recv(ch) == "last"
        await kind.join(server)

    kind.run(main)


def test_many_timeouts_leave_nothing_in_line(any_kind):
    # rule SEL-15 (the same of plain waits)
    async def main():
        ch = goconc.Chan()
        for _ in range(300):
            with pytest.raises(TimeoutError):
                await any_kind.recv(ch, timeout=0.00001)
        with pytest.raises(goconc.WouldBlock):
            ch.send_nowait("nobody is in line")

    any_kind.run(main)


def test_timeouts_racing_hand_overs(any_kind, other_kind):
    """A value either arrives or its send raises, and a receive that raises has taken none."""

    # rule CH-19, SEL-22
    async def main():
        ch, sent, received = goconc.Chan(), [], []

        async def send():
            for n in range(200):
                try:
                    await other_kind.send(ch, n, timeout=0.0001 * (n % 3))
                    sent.append(n)
                except TimeoutError:
                    pass
            ch.close()

        handle = other_kind.go(send)
        while True:
            try:
                value, ok = await any_kind.recv_ok(ch, timeout=0.0002)
            except TimeoutError:
                continue
            if not ok:
                break
            received.append(value)
        while not handle.done():
            await any_kind.gosched()
        assert received == sent

    any_kind.run(main)


def test_earlier_limits_end_first(kind, eventually):
    # rule TM-09
    async def main():
        ch, order = goconc.Chan(), []

        start = time.monotonic() + 0.02

        async def wait(limit):
            with pytest.raises(TimeoutError):
                await kind.recv(ch, timeout=start + limit - time.monotonic())
            order.append(limit)

        limits = [0.05, 0.01, 0.03]
        waiting = [kind.go(wait, limit) for limit in limits]
        for handle in waiting:
            await kind.join(handle)
        return order

    # Whom the machine holds up for longer than the gap runs late, and out of turn: it is the firing that has an order.
    eventually(lambda: kind.run(main) == [0.01, 0.03, 0.05], "the order")


def test_limits_of_awaitables_count_from_the_call():
    # rule SEL-20
    async def main():
        receiving = goconc.Chan().arecv(timeout=0.01)
        await goconc.asleep(0.02)
        with pytest.raises(TimeoutError):
            await receiving

    goconc.run(main)
