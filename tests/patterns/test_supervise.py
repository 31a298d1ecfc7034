"""Watchdog and supervise."""

import pytest

import goconc
from goconc import context, patterns

QUICK = patterns.Backoff(0.0005)
BG = context.background()


def test_a_watchdog_bites_when_nothing_is_heard(reader):
    # rule PAT-22
    async def main():
        with patterns.Watchdog(0.003) as watchdog:
            with pytest.raises(goconc.Canceled) as caught:
                await reader.recv(goconc.Chan(), ctx=watchdog.ctx)
            assert isinstance(caught.value.__cause__, TimeoutError)
            assert str(caught.value.__cause__) == "no heartbeat for 0.003 s"
            watchdog.beat()  # too late
            assert watchdog.ctx.err() is not None

    reader.run(main)


def test_heartbeats_keep_it_quiet(reader):
    # rule PAT-22
    async def main():
        with patterns.Watchdog(5) as watchdog:
            for _ in range(10):
                await reader.sleep(0.001)
                watchdog.beat()
            assert watchdog.ctx.err() is None
        assert context.cause(watchdog.ctx) is watchdog.ctx.err() is not None
        watchdog.beat()

    reader.run(main)


def test_a_heartbeat_puts_it_off(reader):
    # rule PAT-22
    async def main():
        with patterns.Watchdog(60) as watchdog:
            watchdog.silence = 0.001  # from the next heartbeat on
            watchdog.beat()
            with pytest.raises(goconc.Canceled):
                await reader.recv(goconc.Chan(), ctx=watchdog.ctx)

    reader.run(main)


def test_a_watchdog_below_a_context(reader):
    # rule PAT-22
    async def main():
        ctx, cancel = context.with_cancel(BG)
        with patterns.Watchdog(60, ctx) as watchdog:
            cancel()
            assert isinstance(watchdog.ctx.err(), goconc.Canceled)

    reader.run(main)


def test_a_ward_that_returns(reader, function):
    # rule PAT-23
    async def main():
        async def ward(watchdog):
            await function.kind.sleep(0.001)
            return "done"

        stream = patterns.supervise(function(ward))
        assert await reader.recv(stream) == "done"
        assert await reader.values(stream) == []

    reader.run(main)


def test_a_ward_that_fails_is_started_again(reader, function):
    # rule PAT-23
    async def main():
        lives, told = [], []

        async def ward(watchdog):
            lives.append(1)
            await function.kind.gosched()
            if len(lives) < 4:
                raise OSError(len(lives))
            return "done"

        stream = patterns.supervise(function(ward), backoff=QUICK, on_restart=lambda error: told.append(error.args[0]))
        assert await reader.recv(stream) == "done"
        assert told == [1, 2, 3]

    reader.run(main)


@pytest.mark.parametrize("restarts", [0, 2])
def test_so_many_restarts(reader, function, restarts):
    # rule PAT-23
    async def main():
        lives = []

        async def ward(watchdog):
            lives.append(1)
            raise OSError(len(lives))

        with pytest.raises(OSError) as caught:
            await reader.recv(patterns.supervise(function(ward), restarts=restarts, backoff=QUICK))
        assert caught.value.args == (restarts + 1,)

    reader.run(main)


def test_a_silent_ward_is_ended_and_started_again(reader, function):
    # rule PAT-23
    async def main():
        lives, ended, told = [], [], []

        async def ward(watchdog):
            lives.append(1)
            life = len(lives)
            try:
                if life < 3:
                    await function.kind.sleep(100)
                return life
            finally:
                ended.append(life)

        stream = patterns.supervise(function(ward), silence=0.02, backoff=QUICK, on_restart=told.append)
        life = await reader.recv(stream)
        assert life >= 3
        assert ended == list(range(1, life + 1))
        assert {str(error) for error in told} == {"no heartbeat for 0.02 s"}
        assert all(type(error) is TimeoutError for error in told)

    reader.run(main)


def test_silence_is_a_failure_though_the_ward_returns(reader):
    # rule PAT-23
    async def main():
        def ward(watchdog):
            watchdog.ctx.done().recv_ok()  # it sees that its time is over, and leaves in order

        with pytest.raises(TimeoutError, match="no heartbeat"):
            await reader.recv(patterns.supervise(ward, silence=0.002, restarts=0))

    reader.run(main)


@pytest.mark.parametrize("while_it", ["works", "waits for a restart"])
def test_a_supervised_ward_is_left(reader, function, while_it):
    # rule PAT-23, PAT-07
    async def main():
        entered, ended = goconc.Chan(1), []

        async def ward(watchdog):
            entered.send_nowait(None)
            try:
                if while_it == "works":
                    await function.kind.sleep(100)
                raise OSError
            finally:
                with goconc.shield():
                    await function.kind.sleep(0.002)
                ended.append(1)

        async with reader.opened(patterns.supervise(function(ward), backoff=patterns.Backoff(100, most=100))):
            await reader.recv(entered)
            if while_it != "works":
                await reader.until(lambda: ended)
        assert ended == [1]

    reader.run(main)


def test_the_context_of_a_supervisor(reader, function):
    # rule PAT-23, PAT-06
    async def main():
        async def ward(watchdog):
            await function.kind.sleep(100)

        with context.with_timeout(BG, 0.005) as ctx:
            with pytest.raises(goconc.DeadlineExceeded):
                await reader.recv(patterns.supervise(function(ward), ctx=ctx))

    reader.run(main)


def test_a_ward_that_is_cancelled_by_somebody_is_started_again(reader):
    # rule PAT-23
    async def main():
        lives = []

        def ward(watchdog):
            lives.append(1)
            if len(lives) == 1:
                goconc.current().cancel()
                goconc.sleep(100)
            return len(lives)

        assert await reader.recv(patterns.supervise(ward, backoff=QUICK)) == 2

    reader.run(main)
