"""A cache stampede: 1000 goroutines want the same page at once, and it is loaded once.

`singleflight` lets one of them load it; the others wait for its result.
"""

import threading

from goconc import Chan, go, run, singleflight, sleep
from goconc._examples._support import check
from goconc.sync import WaitGroup

CALLERS = 1000


class Loader:
    """Loads a page once its gate is closed; counts how often."""

    def __init__(self) -> None:
        self.gate: Chan[None] = Chan()
        self.calls = 0
        self._counting = threading.Lock()

    def _count(self) -> None:
        with self._counting:
            self.calls += 1

    def load(self, page: str) -> str:
        self._count()
        self.gate.recv_ok()
        return page.upper()

    async def aload(self, page: str) -> str:
        self._count()
        await self.gate.arecv_ok()
        return page.upper()


def get(flights: singleflight.Group, loader: Loader) -> tuple[str, bool]:
    return flights.do("page", loader.load, "page")


async def aget(flights: singleflight.Group, loader: Loader) -> tuple[str, bool]:
    return await flights.ado("page", loader.aload, "page")


def stampede(callers: int, loader: Loader) -> list[tuple[str, bool]]:
    """What each got, and whether it was shared. The page comes when all have asked for it."""
    flights = singleflight.Group()
    arrived = WaitGroup()
    arrived.add(callers)

    def caller() -> tuple[str, bool]:
        arrived.done()
        return get(flights, loader)

    async def acaller() -> tuple[str, bool]:
        arrived.done()
        return await aget(flights, loader)

    calls = [go(acaller) if n % 2 else go(caller) for n in range(callers)]
    arrived.wait()
    sleep(0.01)  # for the last of them, who may be on the way
    loader.gate.close()
    return [call.join() for call in calls]


def main() -> None:
    loader = Loader()
    pages = run(stampede, CALLERS, loader)
    check({page for page, _ in pages} == {"PAGE"}, f"{set(pages)} should be one page")
    check(loader.calls < CALLERS / 10, f"{loader.calls} loads for {CALLERS} callers")  # 1, but on a very busy machine
    print(f"{CALLERS} callers, loaded {loader.calls} time(s)")


if __name__ == "__main__":
    main()
