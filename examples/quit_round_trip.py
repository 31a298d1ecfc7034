"""Quit, and the answer: a goroutine that is told to stop cleans up first, and says so on the same channel.

The rendezvous goes both ways, so that main knows that the clean-up is over when it goes on.
"""

from goconc import Chan, RecvChan, aselect, go, run, select
from goconc._examples._support import check


class Workshop:
    """Numbers its pieces; its tools must be put away at the end."""

    def __init__(self) -> None:
        self.tools_out = True
        self.quit: Chan[str] = Chan()
        self._pieces: Chan[int] = Chan()

    @property
    def pieces(self) -> RecvChan[int]:
        return self._pieces.receiver

    def work(self) -> None:
        piece = 0
        while select((self._pieces, piece), self.quit).index == 0:
            piece += 1
        self.tools_out = False
        self.quit.send("See you!")

    async def awork(self) -> None:
        piece = 0
        while (await aselect((self._pieces, piece), self.quit)).index == 0:
            piece += 1
        self.tools_out = False
        await self.quit.asend("See you!")


def order(pieces: int, kind: str) -> tuple[list[int], str, bool]:
    """What was delivered, the last words, and whether the tools are still out when they are heard."""
    workshop = Workshop()
    if kind == "plain def":
        go(workshop.work)
    else:
        go(workshop.awork)
    delivered = [workshop.pieces.recv() for _ in range(pieces)]
    workshop.quit.send("Bye!")
    last_words = workshop.quit.recv()
    return delivered, last_words, workshop.tools_out


def main() -> None:
    for kind in "plain def", "async def":
        delivered, last_words, tools_out = run(order, 5, kind)
        check(delivered == [0, 1, 2, 3, 4], f"{delivered} was delivered")
        check(not tools_out, "the tools are put away before the last words")
        print(f"{kind}: {len(delivered)} pieces, then Bye! - {last_words}")


if __name__ == "__main__":
    main()
