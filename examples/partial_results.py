"""Twelve backends, 50 ms for all: what has come by then is the answer, the rest is abandoned.

`with_timeout` is the budget. A request that is still out when it is used up is cancelled where it waits.
"""

import time

from goconc import Chan, DeadlineExceeded, ablocking, blocking, context, go, run
from goconc._examples._support import check, open_url, serve

BUDGET = 0.050  # seconds
SLOW = 0.500
BACKENDS = [f"/{speed}/{n}" for n in range(6) for speed in ("fast", "slow")]


def answer(path: str) -> tuple[int, str]:
    time.sleep(SLOW if path.startswith("/slow") else 0.002)
    return 200, f"prices of {path}"


def get(url: str) -> str:
    with open_url(url, timeout=10) as response:
        return str(response.read().decode())


def ask(url: str, answers: Chan[str]) -> None:
    answers.send(blocking(get, url))


async def aask(url: str, answers: Chan[str]) -> None:
    await answers.asend(await ablocking(get, url))


def collect(urls: list[str], budget: float) -> list[str]:
    answers: Chan[str] = Chan(len(urls))
    results: list[str] = []
    with context.with_timeout(context.background(), budget) as ctx:
        for n, url in enumerate(urls):
            request = go(aask if n % 4 > 1 else ask, url, answers)
            context.after_func(ctx, request.cancel)
        try:
            while len(results) < len(urls):
                results.append(answers.recv(ctx=ctx))
        except DeadlineExceeded:
            pass
    return results


def main() -> None:
    with serve(answer) as site:
        started = time.perf_counter()
        results = run(collect, [site + path for path in BACKENDS], BUDGET)
        took = time.perf_counter() - started
    fast = {f"prices of {path}" for path in BACKENDS if path.startswith("/fast")}
    check(set(results) <= fast, f"{results}: nothing slow can be among them")
    check(len(set(results)) == len(results), "none comes twice")
    print(f"within {BUDGET * 1000:.0f} ms: {len(results)} of {len(BACKENDS)} backends; it took {took * 1000:.0f} ms")


if __name__ == "__main__":
    main()
