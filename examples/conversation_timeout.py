"""Two time limits: `after` in the loop limits each message, `after` before the loop the whole conversation.

A timer nobody waits for any more costs nothing, so a new one for each message is fine.
"""

import time

from goconc import Chan, RecvChan, after, asleep, go, run, select
from goconc._examples._support import check

LIMIT = 0.05  # seconds


def falls_silent(words: list[str], done: RecvChan[None]) -> RecvChan[str]:
    out: Chan[str] = Chan()

    def speak() -> None:
        for word in words:
            if select((out, word), done).index == 1:
                return
        done.recv_ok()  # not a word more, and the channel stays open

    go(speak)
    return out.receiver


def never_stops(word: str, done: RecvChan[None]) -> RecvChan[str]:
    out: Chan[str] = Chan()

    async def speak() -> None:
        while not done.closed:
            await asleep(0.001)
            try:
                await out.asend(word, timeout=LIMIT)
            except TimeoutError:
                pass  # nobody listens

    go(speak)
    return out.receiver


def listen_until_silent(speaker: RecvChan[str], limit: float) -> list[str]:
    heard = []
    while True:
        match select(speaker, after(limit)):
            case 0, word, True:
                heard.append(word)
            case _:
                return heard


def listen_for(speaker: RecvChan[str], limit: float) -> list[str]:
    heard = []
    time_is_up = after(limit)
    while True:
        match select(speaker, time_is_up):
            case 0, word, True:
                heard.append(word)
            case _:
                return heard


WORDS = ["well,", "you", "know", "how", "it", "is"]


def both(limit: float) -> tuple[list[str], list[str]]:
    done: Chan[None] = Chan()
    with done:
        first = listen_until_silent(falls_silent(WORDS, done.receiver), limit)
        second = listen_for(never_stops("bla", done.receiver), limit)
    return first, second


def main() -> None:
    started = time.perf_counter()
    first, second = run(both, LIMIT)
    took = time.perf_counter() - started
    check(first == WORDS[: len(first)], f"{first} are not the first words")  # a busy machine may cut it short
    check(set(second) <= {"bla"}, f"{second} was not said")
    check(took >= 2 * LIMIT, f"two limits of {LIMIT} s passed in {took:.3f} s")
    print(f"a limit of {LIMIT * 1000:.0f} ms for each message: heard {len(first)} words, until the speaker fell silent")
    print(f"a limit of {LIMIT * 1000:.0f} ms for all: heard {len(second)} times 'bla', and left")


if __name__ == "__main__":
    main()
