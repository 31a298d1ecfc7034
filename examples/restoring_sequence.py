"""Restoring order: each message carries a channel on which its speaker waits for permission to go on.

Fan-in lets whoever is ready speak. A channel inside the message makes the speakers take turns again, round by round.
"""

from typing import NamedTuple

from goconc import Chan, RecvChan, SendChan, go, run
from goconc._examples._support import check

ROUNDS = 1000


class Message(NamedTuple):
    speaker: str
    number: int
    go_on: SendChan[None]


def ann(count: int, out: Chan[Message]) -> None:
    go_on: Chan[None] = Chan()
    with out:
        for number in range(count):
            out.send(Message("Ann", number, go_on.sender))
            go_on.recv()


async def joe(count: int, out: Chan[Message]) -> None:
    go_on: Chan[None] = Chan()
    with out:
        for number in range(count):
            await out.asend(Message("Joe", number, go_on.sender))
            await go_on.arecv()


def fan_in(*sources: RecvChan[Message]) -> RecvChan[Message]:
    """One channel for what comes from all; it is not closed."""
    merged: Chan[Message] = Chan()

    async def forward(source: RecvChan[Message]) -> None:
        async for message in source:
            await merged.asend(message)

    for source in sources:
        go(forward, source)
    return merged.receiver


def talk(rounds: int) -> list[set[tuple[str, int]]]:
    """What was said in each round."""
    anns: Chan[Message] = Chan()
    joes: Chan[Message] = Chan()
    go(ann, rounds, anns)
    go(joe, rounds, joes)
    messages = fan_in(anns.receiver, joes.receiver)
    heard = []
    for _ in range(rounds):
        pair = messages.recv(), messages.recv()
        heard.append({(message.speaker, message.number) for message in pair})
        for message in pair:
            message.go_on.send(None)
    return heard


def main() -> None:
    heard = run(talk, ROUNDS)
    check(heard == [{("Ann", n), ("Joe", n)} for n in range(ROUNDS)], "both speak once in each round")
    print(f"{ROUNDS} rounds, in each of them both spoke once")


if __name__ == "__main__":
    main()
