"""An asyncio program as goroutines: `async def` stays, and a plain `def` can wait as well.

asyncio.sleep becomes goconc.asleep, asyncio.run becomes goconc.run. Who awaits a coroutine waits for it; `go` starts it
beside the caller. `go` starts a plain function just so, and that waits without any `await`.
"""

import time

from goconc import asleep, go, run, sleep
from goconc._examples._support import check

MANY = 100
NAP = 0.020


async def fetch_data(seconds: float) -> dict[str, str]:
    print("fetching data...")
    await asleep(seconds)
    print("data is here")
    return {"data": "sample"}


async def one_after_the_other() -> None:
    started = time.perf_counter()
    first = await fetch_data(0.1)
    second = await fetch_data(0.1)
    took = time.perf_counter() - started
    check(first == second == {"data": "sample"} and took >= 0.2, "each await waits for the whole of its coroutine")
    print(f"two awaits, one after the other: {took * 1000:.0f} ms")


async def both_at_once() -> None:
    started = time.perf_counter()
    fetches = [go(fetch_data(0.1)), go(fetch_data(0.1))]
    results = [await fetch for fetch in fetches]
    took = time.perf_counter() - started
    check(results == [{"data": "sample"}] * 2 and took >= 0.1, "both fetches give their data")
    print(f"two goroutines at once: {took * 1000:.0f} ms")


async def nap() -> None:
    await asleep(NAP)


def plain_nap() -> None:
    sleep(NAP)


async def many_naps() -> None:
    for kind, napper in ("async def", nap), ("plain def", plain_nap):
        started = time.perf_counter()
        nappers = [go(napper) for _ in range(MANY)]
        for napping in nappers:
            await napping
        took = time.perf_counter() - started
        check(NAP <= took < MANY * NAP / 2, f"{MANY} naps at once take about as long as one, not {took:.3f} s")
        print(f"{MANY} naps of {NAP * 1000:.0f} ms at once, {kind}: {took * 1000:.1f} ms")


def main() -> None:
    run(one_after_the_other)
    run(both_at_once)
    run(many_naps)


if __name__ == "__main__":
    main()
