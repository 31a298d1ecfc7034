"""Deadlocks are found: the report names every goroutine, what it waits for and who started it.

When nothing can ever run again, `run` raises Deadlock instead of hanging.
"""

import time

from goconc import Chan, Deadlock, go, run
from goconc._examples._support import check


def send_one(numbers: Chan[int]) -> None:
    numbers.send(1)


def receive_too_often() -> None:
    """Two values are sent, and three are waited for."""
    numbers: Chan[int] = Chan()
    go(send_one, numbers)
    go(send_one, numbers)
    for _ in range(3):
        numbers.recv()


def plain_partner(mine: Chan[str], other: Chan[str]) -> None:
    mine.send("after you")  # both send first: nobody is there to receive
    other.recv()


async def async_partner(mine: Chan[str], other: Chan[str]) -> None:
    await mine.asend("after you")
    await other.arecv()


def wait_for_each_other() -> None:
    """Two goroutines wait for each other, and this one waits for both."""
    left: Chan[str] = Chan()
    right: Chan[str] = Chan()
    partners = [go(plain_partner, left, right), go(async_partner, right, left)]
    partners[0].name, partners[1].name = "left", "right"
    for partner in partners:
        partner.join()


def player(arriving: Chan[str], leaving: Chan[str]) -> None:
    for ball in arriving:
        leaving.send(ball)


async def async_player(arriving: Chan[str], leaving: Chan[str]) -> None:
    async for ball in arriving:
        await leaving.asend(ball)


def table_tennis() -> None:
    """Two play table tennis, and nobody has brought a ball."""
    table: Chan[str] = Chan()
    net: Chan[str] = Chan()
    go(player, table, net).name = "ping"
    go(async_player, net, table).join()


def main() -> None:
    for program, words in (
        (receive_too_often, ["chan receive"]),
        (table_tennis, ["goroutine join", "ping [chan receive]"]),
        (wait_for_each_other, ["left [chan send]", "right [chan send]"]),
    ):
        print(program.__doc__)
        started = time.perf_counter()
        try:
            run(program)
        except Deadlock as error:
            took = time.perf_counter() - started
            report = str(error)
        else:
            check(False, f"{program.__name__} did not deadlock")
        for line in report.splitlines():
            print(f"    | {line}".rstrip())
        check("all goroutines are asleep - deadlock!" in report, "the report begins with Go's words")
        check(all(word in report for word in words), f"the report should contain {words}")
        print(f"found after {took * 1000:.1f} ms\n")


if __name__ == "__main__":
    main()
