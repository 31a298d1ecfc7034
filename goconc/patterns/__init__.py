"""Patterns of Go's talks and blog, as pieces to be put together: each takes sources and returns a ``Stream``, which is a source again.

    with patterns.worker_pool(fetch, urls, 8) as pages:
        for page in patterns.filter(is_wanted, pages):
            print(page)

A source is anything to iterate over, by ``for`` or ``async for``: a list, a generator, a channel, a stream. Functions that are passed in
may be plain or ``async def``; the goroutines that call them are of the same kind. Streams are read by both, by threads and by tasks of
asyncio.

Nothing is buffered but where a size says so: who reads slowly slows down all before. What the reader leaves (by ``with``, ``close()``, or
because nobody holds it any more) is stopped, and so is what belongs to a ``ctx`` that has ended, or to a stage that has failed: whatever
function of yours is waiting gets ``GoroutineExit``. No goroutine stays behind.
"""

from goconc.patterns._broadcast import Broadcast, broadcast
from goconc.patterns._fan import buffer, merge, split, tee
from goconc.patterns._first import first
from goconc.patterns._gather import aggregate, batch, window
from goconc.patterns._limit import Limiter, rate_limit
from goconc.patterns._pool import Outcome, afor_each, catching, for_each, worker_pool
from goconc.patterns._progress import progress
from goconc.patterns._retry import Backoff, retry
from goconc.patterns._signals import bridge, or_channel, or_done
from goconc.patterns._source import source
from goconc.patterns._stage import Source, Stream
from goconc.patterns._supervise import Watchdog, supervise
from goconc.patterns._transform import filter, flat_map, map

__all__ = [
    "Stream",
    "Source",
    "source",
    "map",
    "filter",
    "flat_map",
    "batch",
    "window",
    "aggregate",
    "worker_pool",
    "for_each",
    "afor_each",
    "catching",
    "Outcome",
    "progress",
    "merge",
    "split",
    "tee",
    "buffer",
    "broadcast",
    "Broadcast",
    "or_done",
    "or_channel",
    "bridge",
    "first",
    "rate_limit",
    "Limiter",
    "retry",
    "Backoff",
    "supervise",
    "Watchdog",
]
