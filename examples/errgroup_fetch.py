"""Parallel fetches in an errgroup: at most four at once, and the first failure stops the rest.

Leaving the block waits for all, and raises the first exception. It also ends `g.ctx`, so that nothing more is asked for.
"""

import threading
import time
import urllib.error

from goconc import ablocking, blocking, context, errgroup, run
from goconc._examples._support import check, open_url, serve

AT_ONCE = 4
PAGES = [f"/page/{n}" for n in range(40)]


class Site:
    """Counts how many requests it answers at once, at most."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.now = self.most = self.answered = 0
        self._counting = threading.Lock()

    def answer(self, path: str) -> tuple[int, str]:
        with self._counting:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.005)
        with self._counting:
            self.now -= 1
            self.answered += 1
        return (500, "broken") if path == self.broken else (200, path[::-1])


def get(url: str) -> str:
    with open_url(url, timeout=10) as response:
        return str(response.read().decode())


def fetch(ctx: context.Context, url: str) -> str:
    if error := ctx.err():
        raise error
    return blocking(get, url)


async def afetch(ctx: context.Context, url: str) -> str:
    if error := ctx.err():
        raise error
    return await ablocking(get, url)


def fetch_all(urls: list[str]) -> list[str]:
    with errgroup.Group(limit=AT_ONCE) as g:
        texts = [g.go(afetch, g.ctx, url) if n % 2 else g.go(fetch, g.ctx, url) for n, url in enumerate(urls)]
    return [text.join() for text in texts]


def main() -> None:
    good = Site()
    with serve(good.answer) as address:
        texts = run(fetch_all, [address + path for path in PAGES])
    check(texts == [path[::-1] for path in PAGES], f"{texts} are not the pages, in order")
    check(1 <= good.most <= AT_ONCE, f"{good.most} requests at once")
    print(f"{len(texts)} pages, at most {good.most} at once")

    bad = Site(broken="/page/2")
    with serve(bad.answer) as address:
        try:
            run(fetch_all, [address + path for path in PAGES])
        except urllib.error.HTTPError as error:
            check(error.code == 500 and error.url.endswith(bad.broken), f"{error} is about another page")
            print(
                f"page 2 is broken: {error}, and {len(PAGES) - bad.answered} of {len(PAGES)} were not asked for any more"
            )
            error.close()
        else:
            check(False, "the broken page was not noticed")


if __name__ == "__main__":
    main()
