"""A channel against a model: a deque with a capacity.

NowaitMachine has operations that never wait. In LineMachine parked goroutines take part: rules start them, in the
background, and the model knows who stands in line.
"""

import collections
import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import goconc

SETTINGS = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=False,  # as the profile for CI has it; a failure names the blob that repeats it
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class NowaitMachine(RuleBasedStateMachine):
    """send_nowait, recv_nowait, select with default, close, len: capacities 0 to 3, nobody in line."""

    @initialize(capacity=st.integers(0, 3))
    def make(self, capacity):
        self.ch = goconc.Chan(capacity)
        self.model = collections.deque()
        self.closed = False
        self.serial = 0

    def expected_send(self):
        if self.closed:
            return goconc.ChannelClosed
        return None if len(self.model) < self.ch.cap else goconc.WouldBlock

    def expected_recv(self):
        if self.model:
            return None
        return goconc.ChannelClosed if self.closed else goconc.WouldBlock

    @rule(view=st.booleans())
    def send(self, view):
        self.serial += 1
        to = self.ch.sender if view else self.ch
        error = self.expected_send()
        if error:
            with pytest.raises(error):
                to.send_nowait(self.serial)
        else:
            to.send_nowait(self.serial)
            self.model.append(self.serial)

    @rule(view=st.booleans())
    def recv(self, view):
        source = self.ch.receiver if view else self.ch
        error = self.expected_recv()
        if error:
            with pytest.raises(error):
                source.recv_nowait()
        else:
            assert source.recv_nowait() == self.model.popleft()

    @rule()
    def send_with_no_time(self):
        self.serial += 1
        error = self.expected_send()
        if error:
            with pytest.raises(TimeoutError if error is goconc.WouldBlock else error):
                self.ch.send(self.serial, timeout=0)
        else:
            self.ch.send(self.serial, timeout=0)
            self.model.append(self.serial)

    @rule()
    def recv_ok_with_no_time(self):
        error = self.expected_recv()
        if error is goconc.WouldBlock:
            with pytest.raises(TimeoutError):
                self.ch.recv_ok(timeout=0)
        elif error:
            assert self.ch.recv_ok(timeout=0) == (None, False)
        else:
            assert self.ch.recv_ok(timeout=0) == (self.model.popleft(), True)

    @rule(sends=st.lists(st.booleans(), max_size=5))
    def select(self, sends):
        cases = []
        for is_send in sends:
            self.serial += 1
            cases.append((self.ch, self.serial) if is_send else self.ch)
        ready = [n for n, is_send in enumerate(sends) if not self.is_blocked(is_send)]
        try:
            index, value, ok = goconc.select(*cases, default=True)
        except goconc.ChannelClosed:
            assert self.closed
            assert any(sends)
            return
        assert index in (ready or [-1])
        if index < 0:
            return
        if sends[index]:
            assert (value, ok) == (None, True)
            self.model.append(cases[index][1])
        elif self.model:
            assert (value, ok) == (self.model.popleft(), True)
        else:
            assert (value, ok) == (None, False)

    def is_blocked(self, is_send):
        return (self.expected_send() if is_send else self.expected_recv()) is goconc.WouldBlock

    @rule()
    def close(self):
        if self.closed:
            with pytest.raises(goconc.ChannelClosed):
                self.ch.close()
        else:
            self.ch.close()
            self.closed = True

    @precondition(lambda self: self.closed)
    @rule()
    def drain(self):
        assert list(self.ch) == list(self.model)
        self.model.clear()

    @invariant()
    def looks_the_same(self):
        if hasattr(self, "ch"):
            assert len(self.ch) == len(self.model)
            assert self.ch.closed == self.closed


def parked(goroutine):
    limit = time.monotonic() + 10
    while not repr(goroutine).endswith(("chan send>", "chan receive>", "select>")):
        assert time.monotonic() < limit, f"{goroutine!r} was to be parked"
        time.sleep(0)


class LineMachine(RuleBasedStateMachine):
    """The same with goroutines in line: plain and async, waiting plainly or by select, some cancelled."""

    @initialize(capacity=st.integers(0, 3))
    def make(self, capacity):
        self.ch, self.quiet = goconc.Chan(capacity), goconc.Chan()
        self.buffer = collections.deque()
        self.senders = collections.deque()  # (goroutine, value), in the order they parked
        self.receivers = collections.deque()
        self.closed = False
        self.serial = 0

    def start(self, is_send, is_async, by_select):
        ch, quiet, value = self.ch, self.quiet, self.serial

        def plain():
            if by_select:
                return goconc.select(quiet, (ch, value) if is_send else ch).value
            return ch.send(value) if is_send else ch.recv()

        async def async_():
            if by_select:
                return (await goconc.aselect(quiet, (ch, value) if is_send else ch)).value
            return await (ch.asend(value) if is_send else ch.arecv())

        return goconc.go(async_ if is_async else plain)

    @precondition(lambda self: not self.closed)
    @rule(is_async=st.booleans(), by_select=st.booleans())
    def send(self, is_async, by_select):
        self.serial += 1
        sender = self.start(True, is_async, by_select)
        if self.receivers:
            assert sender.join(timeout=10) is None
            assert self.receivers.popleft().join(timeout=10) == self.serial
        elif len(self.buffer) < self.ch.cap:
            assert sender.join(timeout=10) is None
            self.buffer.append(self.serial)
        else:
            parked(sender)
            self.senders.append((sender, self.serial))

    @precondition(lambda self: not self.closed)
    @rule(is_async=st.booleans(), by_select=st.booleans())
    def receive(self, is_async, by_select):
        receiver = self.start(False, is_async, by_select)
        if self.buffer or self.senders:
            assert receiver.join(timeout=10) == self.take()
        else:
            parked(receiver)
            self.receivers.append(receiver)

    def take(self):
        """What comes out next; the first sender in line moves up."""
        if self.senders:
            sender, value = self.senders.popleft()
            self.buffer.append(value)
            assert sender.join(timeout=10) is None
        return self.buffer.popleft()

    @rule()
    def receive_nowait(self):
        if self.buffer or self.senders:
            value = self.ch.recv_nowait()
            assert value == self.take()
        else:
            with pytest.raises(goconc.ChannelClosed if self.closed else goconc.WouldBlock):
                self.ch.recv_nowait()

    @precondition(lambda self: self.senders or self.receivers)
    @rule(data=st.data())
    def cancel(self, data):
        line = self.senders or self.receivers
        n = data.draw(st.integers(0, len(line) - 1))
        victim = line[n][0] if line is self.senders else line[n]
        del line[n]
        victim.cancel()
        with pytest.raises(goconc.Canceled):
            victim.join(timeout=10)

    @precondition(lambda self: not self.closed)
    @rule()
    def close(self):
        self.ch.close()
        self.closed = True
        for sender, _ in self.senders:
            with pytest.raises(goconc.ChannelClosed):
                sender.join(timeout=10)
        for receiver in self.receivers:
            try:
                assert receiver.join(timeout=10) is None  # by select
            except goconc.ChannelClosed:
                pass
        self.senders.clear()
        self.receivers.clear()

    @invariant()
    def looks_the_same(self):
        if hasattr(self, "ch"):
            assert len(self.ch) == len(self.buffer)
            assert not (self.senders and self.receivers)
            assert not (self.receivers and self.buffer)

    def teardown(self):
        if hasattr(self, "ch") and not self.closed:
            self.close()


@pytest.mark.slow
def test_without_waiting():
    # rule CH-02, CH-03, CH-11, CH-12, CH-21, CH-31, CH-32, CH-33, SEL-02, SEL-06, SEL-09, SEL-10
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(NowaitMachine, settings=SETTINGS)


@pytest.mark.slow
def test_with_goroutines_in_line():
    # rule CH-12, CH-13, CH-14, CH-15, CH-16, CH-19, CH-34, CH-35, SEL-06, SEL-14, SEL-22
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(LineMachine, settings=SETTINGS)
