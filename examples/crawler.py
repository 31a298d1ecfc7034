"""A crawler: a goroutine for each page, at most 20 requests at once, no page twice, and an end when nothing is left.

A channel with 20 places is the limit: sending takes a place, receiving gives it back. Only one goroutine knows which pages
were seen, and how many answers are still to come.
"""

import re
import time

from goconc import Chan, ablocking, go, run
from goconc._examples._support import Progress, check, library_files, open_url, serve

AT_ONCE = 20
IMPORT = re.compile(r"^\s*(?:from|import) (email(?:\.\w+)*)(?: import (\w+))?", re.MULTILINE)


def site() -> dict[str, list[str]]:
    """The modules of the package email as pages: links are what they import."""
    sources = {
        "email" if path.stem == "__init__" else f"email.{path.stem}": path.read_text(encoding="utf-8")
        for path in library_files("email", ".py")
        if path.parent.name == "email"
    }
    links = {}
    for page, source in sources.items():
        imported = {name for module, what in IMPORT.findall(source) for name in (module, f"{module}.{what}")}
        links[page] = sorted(imported.intersection(sources) - {page})
    return links


def get(url: str) -> list[str]:
    with open_url(url, timeout=10) as response:
        return str(response.read().decode()).split()


async def visit(address: str, page: str, places: Chan[None], found: Chan[tuple[str, list[str]]]) -> None:
    await places.asend(None)
    try:
        links = await ablocking(get, f"{address}/{page}")
    finally:
        places.recv_nowait()
    await found.asend((page, links))


def crawl(address: str, start: str, progress: Progress | None = None) -> dict[str, list[str]]:
    """Every page that can be reached, and its links."""
    places: Chan[None] = Chan(AT_ONCE)
    found: Chan[tuple[str, list[str]]] = Chan()
    seen = {start}
    pages: dict[str, list[str]] = {}
    go(visit, address, start, places, found)
    while len(pages) < len(seen):  # an answer is still to come
        page, links = found.recv()
        pages[page] = links
        for link in links:
            if link not in seen:
                seen.add(link)
                go(visit, address, link, places, found)
        if progress:
            progress.advance()
    return pages


def reachable(links: dict[str, list[str]], start: str) -> set[str]:
    seen = {start}
    to_do = [start]
    while to_do:
        new = set(links[to_do.pop()]) - seen
        seen |= new
        to_do += new
    return seen


def main() -> None:
    links = site()
    start = "email.message"
    expected = {page: links[page] for page in reachable(links, start)}
    with serve(lambda path: (200, "\n".join(links[path.removeprefix("/")]))) as address:
        started = time.perf_counter()
        with Progress("pages read", len(expected)) as progress:
            pages = run(crawl, address, start, progress)
        took = time.perf_counter() - started
    check(pages == expected, f"{sorted(pages)} should be {sorted(expected)}")
    print(f"reachable from {start}: {len(pages)} of {len(links)} pages, each read once, in {took:.2f} s")


if __name__ == "__main__":
    main()
