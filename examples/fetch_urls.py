"""Eight URLs at once: each goroutine fetches one and sends OK or FAILED through a channel.

urllib blocks its thread, so the fetch goes through `blocking`: a helper thread makes the call while the goroutine is
parked. The results come in the order in which the answers do.
"""

import time
import urllib.error
from typing import NamedTuple

from goconc import Chan, blocking, go, run
from goconc._examples._support import AtOnce, check, open_url, serve

PAGES = {  # path: seconds until the answer, its status
    "/airbnb": (0.40, 200),
    "/google": (0.05, 200),
    "/amazon": (0.35, 200),
    "/reddit": (0.15, 404),
    "/search": (0.10, 200),
    "/soundcloud": (0.30, 200),
    "/facebook": (0.20, 200),
    "/instagram": (0.25, 500),
}


under_way = AtOnce()


class Result(NamedTuple):
    url: str
    status: str


def answer(path: str) -> tuple[int, str]:
    seconds, status = PAGES[path]
    with under_way:
        time.sleep(seconds)
    return status, f"this is {path}"


def get(url: str) -> int:
    try:
        with open_url(url, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def hit_url(url: str, results: Chan[Result]) -> None:
    try:
        status = "OK" if blocking(get, url) < 400 else "FAILED"
    except OSError:
        status = "FAILED"
    results.send(Result(url, status))


def fetch_all(urls: list[str]) -> dict[str, str]:
    results: Chan[Result] = Chan()
    for url in urls:
        go(hit_url, url, results)
    statuses = {}
    for _ in urls:
        result = results.recv()
        print(f"{result.status:6} {result.url}")
        statuses[result.url] = result.status
    return statuses


def main() -> None:
    with serve(answer) as site:
        started = time.perf_counter()
        statuses = run(fetch_all, [site + path for path in PAGES])
        took = time.perf_counter() - started
    expected = {site + path: "OK" if status < 400 else "FAILED" for path, (_, status) in PAGES.items()}
    check(statuses == expected, f"{statuses} should be {expected}")
    slowest = max(seconds for seconds, _ in PAGES.values())
    total = sum(seconds for seconds, _ in PAGES.values())
    check(took >= slowest and under_way.most > 1, f"one after the other, in {took:.2f} s")
    print(f"took {took:.2f} s: the slowest page needs {slowest:.2f} s, one after the other they need {total:.2f} s")


if __name__ == "__main__":
    main()
