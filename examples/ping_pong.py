"""Two goroutines and one ball: what a message through a channel costs.

The channels have no room, so each message is a rendezvous: the sender goes on when the other has taken the ball.
"""

import time

from goconc import Chan, go, run
from goconc._examples._support import Progress, check

ROUNDS = 200_000


def pong(pings: Chan[int], pongs: Chan[int]) -> None:
    for ball in pings:
        pongs.send(ball + 1)
    pongs.close()


def ping(progress: Progress) -> int:
    pings: Chan[int] = Chan()
    pongs: Chan[int] = Chan()
    go(pong, pings, pongs)
    ball = 0
    for played in range(ROUNDS):
        pings.send(ball)
        ball = pongs.recv()
        if played % 10_000 == 9_999:
            progress.advance(10_000)
    pings.close()
    return ball


async def async_pong(pings: Chan[int], pongs: Chan[int]) -> None:
    async for ball in pings:
        await pongs.asend(ball + 1)
    pongs.close()


async def async_ping(progress: Progress) -> int:
    pings: Chan[int] = Chan()
    pongs: Chan[int] = Chan()
    go(async_pong, pings, pongs)
    ball = 0
    for played in range(ROUNDS):
        await pings.asend(ball)
        ball = await pongs.arecv()
        if played % 10_000 == 9_999:
            progress.advance(10_000)
    pings.close()
    return ball


def main() -> None:
    for kind, player in ("plain def", ping), ("async def", async_ping):
        with Progress("rounds played", ROUNDS) as progress:
            started = time.perf_counter()
            ball = run(player, progress)
            took = time.perf_counter() - started
        check(ball == ROUNDS, f"the ball counted {ball} rounds, not {ROUNDS}")
        print(f"{kind}: {2 * ROUNDS} messages in {took:.2f} s, {took / (2 * ROUNDS) * 1e9:.0f} ns per message")


if __name__ == "__main__":
    main()
