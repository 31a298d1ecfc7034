"""Merged subscriptions: many become one, and closing the one closes them all.

A merge has the two methods of a subscription, so merges can be merged again. No goroutine is left behind, wherever each of
them was waiting.
"""

from __future__ import annotations

from typing import Protocol

from goconc import Chan, RecvChan, aselect, go, run, select
from goconc._examples._support import check
from goconc._examples.feed_reader import Item, Subscription, growing_feed

FEEDS = 20
ITEMS = 30


class Source(Protocol):
    @property
    def updates(self) -> RecvChan[Item]: ...
    def close(self) -> OSError | None: ...


class Merged:
    def __init__(self, *sources: Source) -> None:
        self._sources = sources
        self._updates: Chan[Item] = Chan()
        self._quit: Chan[None] = Chan()
        self._forwarders = [
            go(self._forward if n % 2 else self._async_forward, source.updates) for n, source in enumerate(sources)
        ]

    @property
    def updates(self) -> RecvChan[Item]:
        return self._updates.receiver

    def close(self) -> OSError | None:
        """Closes all sources; the first of their errors."""
        self._quit.close()
        errors = [source.close() for source in self._sources]
        for forwarder in self._forwarders:
            forwarder.join()
        self._updates.close()  # all its senders have ended
        return next(filter(None, errors), None)

    def _forward(self, source: RecvChan[Item]) -> None:
        for item in source:
            if select((self._updates, item), self._quit).index == 1:
                return

    async def _async_forward(self, source: RecvChan[Item]) -> None:
        async for item in source:
            if (await aselect((self._updates, item), self._quit)).index == 1:
                return


def read_all(feeds: int, count: int) -> dict[str, list[int]]:
    """The first ``count`` items at least of each feed, from one channel."""
    names = [f"feed {n}" for n in range(feeds)]
    subscriptions = [Subscription(growing_feed(name)) for name in names]
    half = feeds // 2
    everything = Merged(Merged(*subscriptions[:half]), Merged(*subscriptions[half:]))
    numbers: dict[str, list[int]] = {name: [] for name in names}
    wanted = set(names)
    for item in everything.updates:
        numbers[item.feed].append(item.number)
        if len(numbers[item.feed]) == count:
            wanted.discard(item.feed)
            if not wanted:
                break
    everything.close()
    check(all(subscription.updates.closed for subscription in subscriptions), "closing reaches every subscription")
    return numbers


def main() -> None:
    numbers = run(read_all, FEEDS, ITEMS)
    check(all(found == list(range(len(found))) for found in numbers.values()), "each feed's items, once and in order")
    check(all(len(found) >= ITEMS for found in numbers.values()), f"at least {ITEMS} items of each feed")
    print(f"{FEEDS} feeds in a merge of two merges: {sum(map(len, numbers.values()))} items, then one close for all")


if __name__ == "__main__":
    main()
