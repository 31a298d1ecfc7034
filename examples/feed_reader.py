"""A feed reader: one goroutine owns all the state, and a `select` loop decides what may happen next.

Fetching, delivering and closing are cases of one `select`; a case that makes no sense just now is None, Go's nil channel.
(After Sameer Ajmani's talk "Advanced Go Concurrency Patterns".)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from goconc import Chan, RecvChan, after, aselect, blocking, go, run
from goconc._examples._support import check

MOST_PENDING = 10


class Item(NamedTuple):
    feed: str
    number: int


Fetch = Callable[[], tuple[list[Item], float]]  # the items there are now, and seconds until it is worth asking again


class Subscription:
    """Items of one feed, each once, as ``updates``; ``close()`` ends it and returns the error of the last fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._updates: Chan[Item] = Chan()
        self._closing: Chan[Chan[OSError | None]] = Chan()
        go(self._loop)

    @property
    def updates(self) -> RecvChan[Item]:
        return self._updates.receiver

    def close(self) -> OSError | None:
        answer: Chan[OSError | None] = Chan()
        self._closing.send(answer)
        return answer.recv()

    async def _loop(self) -> None:
        pending: deque[Item] = deque()
        seen: set[Item] = set()
        error: OSError | None = None
        fetched: Chan[tuple[list[Item], float, OSError | None]] | None = None  # while a fetch is under way
        time_to_fetch = after(0)
        while True:
            chosen = await aselect(
                self._closing,
                time_to_fetch if fetched is None and len(pending) < MOST_PENDING else None,
                fetched,
                (self._updates, pending[0]) if pending else None,
            )
            match chosen:
                case 0, Chan() as answer, _:
                    self._updates.close()
                    await answer.asend(error)
                    return
                case 1, *_:
                    fetched = Chan(1)  # has room: the fetch ends, even if we are closed meanwhile
                    go(self._fetch_into, fetched)
                case 2, (items, seconds, error), _:
                    fetched = None
                    time_to_fetch = after(seconds)
                    pending.extend(item for item in items if item not in seen)
                    seen.update(items)
                case 3, *_:
                    pending.popleft()

    def _fetch_into(self, fetched: Chan[tuple[list[Item], float, OSError | None]]) -> None:
        try:
            fetched.send((*blocking(self._fetch), None))
        except OSError as error:
            fetched.send(([], 0.01, error))


def growing_feed(name: str) -> Fetch:
    """It has three items more at each call, but every third call fails. Only one call is made at a time."""
    calls = 0

    def fetch() -> tuple[list[Item], float]:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise OSError(f"{name} does not answer")
        return [Item(name, number) for number in range(3 * calls)], 0.001

    return fetch


def read(count: int) -> tuple[list[Item], OSError | None, bool]:
    """So many items, the last fetch's error, and whether the updates are closed at the end."""
    subscription = Subscription(growing_feed("news"))
    items = [subscription.updates.recv() for _ in range(count)]
    error = subscription.close()
    return items, error, subscription.updates.closed


def main() -> None:
    items, error, closed = run(read, 50)
    check(items == [Item("news", number) for number in range(50)], "each item comes once, in order")
    check(error is None or "does not answer" in str(error), f"{error!r} is not the feed's error")
    check(closed, "closing a subscription closes its updates")
    print(f"{len(items)} items, each once; every third fetch failed, and the last error was {error!r}")


if __name__ == "__main__":
    main()
