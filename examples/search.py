"""A search engine in four steps: one after the other, at once, with a time limit, with replicas.

From Rob Pike's talk "Go Concurrency Patterns". No locks, no callbacks; what is too late is dropped. The channels have room
for every answer, so that a backend which nobody waits for any more still ends.
"""

import random
import time
from collections.abc import Callable
from functools import partial

from goconc import Chan, RecvChan, after, asleep, go, run, select, sleep
from goconc._examples._support import check

Backend = Callable[[str], str]


def one_by_one(query: str, backends: list[Backend]) -> list[str]:
    return [backend(query) for backend in backends]


def ask_all(query: str, backends: list[Backend]) -> RecvChan[str]:
    answers: Chan[str] = Chan(len(backends))
    for backend in backends:
        go(lambda backend: answers.send(backend(query)), backend)
    return answers.receiver


def at_once(query: str, backends: list[Backend]) -> list[str]:
    answers = ask_all(query, backends)
    return [answers.recv() for _ in backends]


def in_time(query: str, backends: list[Backend], limit: float) -> list[str]:
    answers = ask_all(query, backends)
    time_is_up = after(limit)
    results: list[str] = []
    for _ in backends:
        match select(answers, time_is_up):
            case 0, str(answer), _:
                results.append(answer)
            case _:
                break
    return results


def first(query: str, replicas: list[Backend]) -> str:
    return ask_all(query, replicas).recv()


def replicated(query: str, groups: list[list[Backend]], limit: float) -> list[str]:
    return in_time(query, [partial(first, replicas=group) for group in groups], limit)


KINDS = "web", "image", "video"


def backend(kind: str, seconds: Callable[[], float]) -> Backend:
    """A plain function, which sleeps like one."""

    def search(query: str) -> str:
        sleep(seconds())
        return f"{kind} result for {query!r}"

    return search


def async_backend(kind: str, seconds: Callable[[], float]) -> Backend:
    """An `async def`, called as a plain function: a goroutine of its own runs it."""

    async def search(query: str) -> str:
        await asleep(seconds())
        return f"{kind} result for {query!r}"

    return lambda query: go(search, query).join()


def compare(query: str, seed: int) -> dict[str, list[str]]:
    rng = random.Random(seed)

    def seconds() -> float:
        return rng.uniform(0.001, 0.030)

    backends = [backend("web", seconds), async_backend("image", seconds), backend("video", seconds)]
    groups = [[backend(kind, seconds), async_backend(kind, seconds), backend(kind, seconds)] for kind in KINDS]
    found = {}
    for title, search in (
        ("1.0 one after the other", lambda: one_by_one(query, backends)),
        ("2.0 at once", lambda: at_once(query, backends)),
        ("2.1 at once, 20 ms at most", lambda: in_time(query, backends, 0.020)),
        ("3.0 three replicas each, 20 ms", lambda: replicated(query, groups, 0.020)),
    ):
        started = time.perf_counter()
        found[title] = search()
        print(f"{title:32} {len(found[title])} results, {(time.perf_counter() - started) * 1000:5.1f} ms")
    return found


def main() -> None:
    found = list(run(compare, "goroutine", 1).values())
    everything = [f"{kind} result for 'goroutine'" for kind in KINDS]
    check(found[0] == everything, f"{found[0]}: each backend has one result")
    check(sorted(found[1]) == sorted(everything), f"{found[1]}: in the order in which they came")
    check(all(set(some) <= set(everything) and len(set(some)) == len(some) for some in found[2:]), "none comes twice")


if __name__ == "__main__":
    main()
