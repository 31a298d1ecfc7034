"""A load balancer: requests carry the channel for their answer, and a heap knows who has least to do.

One goroutine owns the heap. Workers tell it when they have finished something; who asked gets the answer directly.
(After Rob Pike's talk "Concurrency Is Not Parallelism".)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from typing import NamedTuple

from goconc import Chan, RecvChan, aselect, go, run
from goconc._examples._support import check

WORKERS = 10
REQUESTERS = 100
REQUESTS = 20


class Request(NamedTuple):
    number: int
    answer: Chan[int]


@dataclass(order=True)
class Worker:
    pending: int
    number: int
    requests: Chan[Request] = field(compare=False)
    served: int = field(default=0, compare=False)


async def work(worker: Worker, finished: Chan[Worker]) -> None:
    async for request in worker.requests:
        await request.answer.asend(sum(range(request.number + 1)))
        await finished.asend(worker)


async def balance(requests: RecvChan[Request], workers: list[Worker], finished: Chan[Worker]) -> int:
    """Hands out requests until there are no more; the largest difference between two workers' loads."""
    spread = 0
    open_: RecvChan[Request] | None = requests
    heapify(workers)
    while open_ or any(worker.pending for worker in workers):
        match await aselect(open_, finished):
            case 0, Request() as request, True:
                worker = workers[0]
                worker.pending += 1
                worker.served += 1
                heapreplace(workers, worker)
                await worker.requests.asend(request)  # has room for all, so this never waits
                spread = max(spread, worker.pending - workers[0].pending)
            case 1, Worker() as worker, True:
                worker.pending -= 1
                heapify(workers)
            case _:
                open_ = None
    for worker in workers:
        worker.requests.close()
    return spread


def ask(requests: Chan[Request], count: int) -> list[int]:
    answer: Chan[int] = Chan()
    answers = []
    for number in range(count):
        requests.send(Request(number, answer))
        answers.append(answer.recv())
    return answers


def serve(requesters: int, count: int, workers: int) -> tuple[list[list[int]], list[int], int]:
    """The answers, how many each worker gave, and the largest difference of loads just after a choice."""
    requests: Chan[Request] = Chan()
    finished: Chan[Worker] = Chan()
    pool = [Worker(0, n, Chan(requesters)) for n in range(workers)]
    for worker in pool:
        go(work, worker, finished)
    balancer = go(balance, requests.receiver, pool, finished)
    asking = [go(ask, requests, count) for _ in range(requesters)]
    answers = [each.join() for each in asking]
    requests.close()
    spread = balancer.join()
    return answers, [worker.served for worker in pool], spread


def main() -> None:
    answers, served, spread = run(serve, REQUESTERS, REQUESTS, WORKERS)
    right = [n * (n + 1) // 2 for n in range(REQUESTS)]
    check(answers == [right] * REQUESTERS, "every requester gets its own answers, in order")
    check(sum(served) == REQUESTERS * REQUESTS, f"{sum(served)} requests were handed out")
    check(spread <= 1, f"the chosen worker had {spread} more to do than another")
    print(f"{REQUESTERS} requesters, {REQUESTS} requests each, {WORKERS} workers: served {sorted(served)}")


if __name__ == "__main__":
    main()
