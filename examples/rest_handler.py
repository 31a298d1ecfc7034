"""A REST handler that starts a goroutine and answers with what comes out of its channel.

The handlers run in the server's own threads, outside `run`: `go` and channels work in any thread.
"""

import importlib.util
import time
from pathlib import Path

from goconc import Chan, blocking, go, run, sleep
from goconc._examples._support import AtOnce, check, open_url, serve

MODULES = ["argparse", "ast", "bisect", "calendar", "cmd", "csv", "dis", "heapq"]
HEAVY = 0.2  # seconds

under_way = AtOnce()


def count_lines(module: str) -> int:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_bytes().count(b"\n")


def heavy_processing(module: str, result: Chan[str]) -> None:
    sleep(HEAVY)
    result.send(f"{module} has {blocking(count_lines, module)} lines")


def handle_request(path: str) -> tuple[int, str]:
    result: Chan[str] = Chan()
    go(heavy_processing, path.removeprefix("/lines/"), result)
    with under_way:
        return 200, f"Result: {result.recv()}"


def get(url: str) -> str:
    with open_url(url, timeout=10) as response:
        return str(response.read().decode())


def ask_for_all(site: str) -> list[str]:
    requests = [go(blocking, get, f"{site}/lines/{module}") for module in MODULES]
    return [request.join() for request in requests]


def main() -> None:
    with serve(handle_request) as site:
        started = time.perf_counter()
        answers = run(ask_for_all, site)
        took = time.perf_counter() - started
    for module, answer in zip(MODULES, answers):
        print(f"GET /lines/{module}: {answer}")
        check(answer == f"Result: {module} has {count_lines(module)} lines", f"{answer!r} is wrong")
    total = HEAVY * len(MODULES)
    check(took >= HEAVY and under_way.most > 1, f"{len(MODULES)} requests were answered one by one, in {took:.2f} s")
    print(f"{len(MODULES)} requests at once took {took:.2f} s; one after the other they need {total:.2f} s")


if __name__ == "__main__":
    main()
