"""Programs that work on files, pages and requests: what they find is what a plain loop finds."""

import threading
from collections import Counter

import pytest

from goconc import Chan, DeadlineExceeded, context, go, run
from goconc._examples import (
    combinators,
    crawler,
    digest_stdlib,
    errgroup_digest,
    errgroup_fetch,
    fan_out_fan_in,
    partial_results,
    pipeline,
    pipeline_cancel,
    worker_pool,
)
from goconc._examples._support import library_files, serve


@pytest.fixture(scope="module")
def files():
    return library_files("json", ".py") + library_files("logging", ".py")


def test_worker_pool(files, run_whole):
    sizes, shares, load = run_whole(worker_pool.compress_all, files)
    assert sizes == {path: (before, after) for path, before, after in map(worker_pool.compress, files)}
    assert sum(shares) == len(files)
    assert 1 <= load.most <= worker_pool.WORKERS


def test_fan_out_fan_in(files, run_whole):
    words, shares = run_whole(fan_out_fan_in.count_words, files)
    assert words == sum(map(fan_out_fan_in.words_in, files), Counter())
    assert sum(shares.values()) == len(files)


def test_pipeline(files, run_whole):
    expected = Counter()
    for path in files:
        if path.stat().st_size >= pipeline.LARGE:
            expected[path.suffix] += path.stat().st_size
    assert run_whole(lambda: pipeline.aggregate(large_files(files))) == expected


def large_files(paths):
    return pipeline.filter_(pipeline.is_large, pipeline.transform(pipeline.describe, pipeline.source(paths)))


@pytest.mark.parametrize("total", [0, 1, 100, 100_000])
def test_a_pipeline_that_is_left_early(total, run_whole):
    taken = run_whole(pipeline_cancel.squares_up_to, total)
    assert sum(taken) > total >= sum(taken[:-1])
    assert set(taken) <= {n * n for n in range(1, 2 * len(taken) + 10)}
    assert len(set(taken)) == len(taken)


def test_digests(files, run_whole):
    found, total = run_whole(digest_stdlib.digest_all, files)
    assert found == {path: hexdigest for path, hexdigest, _ in map(digest_stdlib.digest, files)}
    assert total == sum(path.stat().st_size for path in files)


def test_digests_in_an_errgroup(files, run_whole):
    assert run_whole(errgroup_digest.digest_all, files) == dict(map(errgroup_digest.digest, files))


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_missing_file_ends_the_errgroup(place, files, tmp_path, run_whole):
    paths = list(files)
    paths[place] = tmp_path / "missing"
    with pytest.raises(FileNotFoundError, match="missing"):
        run_whole(errgroup_digest.digest_all, paths)


def test_fetches_are_limited(run_whole):
    site = errgroup_fetch.Site()
    with serve(site.answer) as address:
        texts = run_whole(errgroup_fetch.fetch_all, [f"{address}/{n}" for n in range(20)])
    assert texts == [f"/{n}"[::-1] for n in range(20)]
    assert 1 <= site.most <= errgroup_fetch.AT_ONCE


def test_the_first_failure_stops_the_fetches(monkeypatch, run_whole):
    """Those that are under way end when the group's context has; whatever was started then is not fetched."""
    over = threading.Event()
    fetched = set()

    def get(url):
        if url == "3":
            raise OSError("page 3")
        fetched.add(url)
        over.wait(20)
        return url

    def fetch(ctx, url):
        context.after_func(ctx, over.set)
        return original(ctx, url)

    original = errgroup_fetch.fetch
    monkeypatch.setattr(errgroup_fetch, "fetch", fetch)
    monkeypatch.setattr(errgroup_fetch, "get", get)
    with pytest.raises(OSError, match="page 3"):
        run_whole(errgroup_fetch.fetch_all, list(map(str, range(1, 30))))
    assert fetched <= {"1", "2", "4"}


def test_partial_results_are_those_that_came_in_time(monkeypatch, run_whole):
    gate = threading.Event()

    def get(url):
        if url.startswith("slow"):
            gate.wait(20)
        return url.upper()

    monkeypatch.setattr(partial_results, "get", get)
    urls = [f"{speed} {n}" for n in range(4) for speed in ("fast", "slow")]
    try:
        results = run(partial_results.collect, urls, 0.1)
    finally:
        gate.set()
    assert set(results) <= {f"FAST {n}" for n in range(4)}  # all of them, but on a very busy machine


def test_with_enough_time_all_results_come(monkeypatch, run_whole):
    monkeypatch.setattr(partial_results, "get", str.upper)
    assert sorted(run_whole(partial_results.collect, ["a", "b", "c", "d", "e"], 10)) == ["A", "B", "C", "D", "E"]


def test_the_crawler_reads_every_page_once(run_whole):
    links = {"a": ["b", "c"], "b": ["a", "d"], "c": ["d", "c"], "d": ["a"], "island": ["a"]}
    asked = []
    counting = threading.Lock()

    def answer(path):
        with counting:
            asked.append(path)
        return 200, "\n".join(links[path.removeprefix("/")])

    with serve(answer) as address:
        pages = run_whole(crawler.crawl, address, "a")
    assert pages == {page: links[page] for page in "abcd"}
    assert sorted(asked) == ["/a", "/b", "/c", "/d"]


def test_no_more_requests_at_once_than_allowed(monkeypatch, run_whole):
    """All pages but the first are found at once; the limit is far below."""
    now, most = 0, 0
    counting = threading.Lock()

    def get(url):
        nonlocal now, most
        with counting:
            now += 1
            most = max(most, now)
        page = url.rpartition("/")[2]
        with counting:
            now -= 1
        return [str(n) for n in range(200)] if page == "0" else []

    monkeypatch.setattr(crawler, "get", get)
    assert len(run_whole(crawler.crawl, "", "0")) == 200
    assert most <= crawler.AT_ONCE


def test_combinators(run_whole):
    until_done, pairs, bridged = run_whole(combinators.use_them_all, 50)
    assert until_done == bridged == list(range(50))
    assert pairs == [(n, n) for n in range(50)]
    assert run_whole(combinators.first_of_three)


def test_or_done_ends_with_either(run_whole):
    def main(close_source):
        done, source = Chan(), Chan()
        out = combinators.or_done(done, source)
        (source if close_source else done).close()
        return list(out)

    assert run_whole(main, True) == []
    assert run_whole(main, False) == []


def test_a_tee_with_one_reader_left_behind_ends_with_done(run_whole):
    def main():
        done = Chan()
        with done:
            left, _ = combinators.tee(done, combinators.numbers(done))
            return left.recv()

    assert run_whole(main) == 0


def test_a_context_ends_what_waits_for_a_channel(run_whole):
    def main():
        with context.with_timeout(context.background(), 0.01) as ctx:
            return go(lambda: Chan().recv(ctx=ctx)).join()

    with pytest.raises(DeadlineExceeded):
        run_whole(main)
