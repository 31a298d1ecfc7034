"""The programs of Rob Pike's "Go Concurrency Patterns" and Sameer Ajmani's "Advanced Go Concurrency Patterns"."""

import pytest

from goconc import Chan, after, go, num_goroutine, run
from goconc._examples import (
    conversation_timeout,
    feed_reader,
    generator,
    merge_feeds,
    quit_round_trip,
    restoring_sequence,
    search,
)


def test_generators_end_when_nobody_listens(run_whole):
    assert run_whole(generator.common_numbers) == [1, 3, 21, 55]


def test_speakers_take_turns(run_whole):
    def talk():
        return restoring_sequence.talk(200)

    assert run_whole(talk) == [{("Ann", n), ("Joe", n)} for n in range(200)]


def test_a_speaker_who_falls_silent_is_left(run_whole):
    done, words = Chan(), ["so", "be", "it"]

    def talk():
        with done:
            return conversation_timeout.listen_until_silent(conversation_timeout.falls_silent(words, done), 0.1)

    heard = run_whole(talk)
    assert heard == words[: len(heard)]  # all of them, but on a very busy machine


def test_a_conversation_ends_when_its_time_is_up(run_whole):
    done = Chan()

    def talk():
        with done:
            return conversation_timeout.listen_for(conversation_timeout.never_stops("bla", done), 0.05)

    assert set(run_whole(talk)) <= {"bla"}


@pytest.mark.parametrize("kind", ["plain def", "async def"])
def test_clean_up_comes_before_the_last_words(kind, run_whole):
    assert run_whole(quit_round_trip.order, 3, kind) == ([0, 1, 2], "See you!", False)


class Backends:
    """Two that answer and one that does not until the gate is opened."""

    def __init__(self):
        self.gate = Chan()

    def quick(self, query):
        return f"quick {query}"

    def late(self, query):
        self.gate.recv_ok()
        return f"late {query}"


def test_search_without_a_limit_waits_for_all(run_whole):
    backends = Backends()

    def main():
        go(backends.gate.close)
        return search.at_once("x", [backends.late, backends.quick, backends.quick])

    assert sorted(run_whole(main)) == ["late x", "quick x", "quick x"]


def test_search_leaves_out_who_is_late(run_whole):
    backends = Backends()

    def main():
        found = search.in_time("x", [backends.late, backends.quick, backends.quick], 0.1)
        backends.gate.close()  # who came too late ends all the same
        return found

    found = run_whole(main)
    assert found == ["quick x", "quick x"][: len(found)]  # both, but on a very busy machine


def test_the_first_replica_wins(run_whole):
    backends = Backends()

    def main():
        found = search.first("x", [backends.late, backends.late, backends.quick])
        backends.gate.close()
        return found

    assert run_whole(main) == "quick x"


def test_async_backends_answer_plain_callers(run_whole):
    def main():
        return search.one_by_one("x", [search.async_backend("web", lambda: 0), search.backend("image", lambda: 0)])

    assert run_whole(main) == ["web result for 'x'", "image result for 'x'"]


def test_a_subscription_gives_every_item_once(run_whole):
    items, error, closed = run_whole(feed_reader.read, 30)
    assert items == [feed_reader.Item("news", n) for n in range(30)]
    assert error is None or str(error) == "news does not answer"
    assert closed


def test_a_subscription_closes_while_it_fetches(run_whole):
    """The fetch is under way, and ends after the subscription has."""
    fetching, gate = Chan(1), Chan()

    def fetch():
        fetching.send(None)
        gate.recv_ok()
        return [], 0.0

    def main():
        subscription = feed_reader.Subscription(fetch)
        fetching.recv()
        error = subscription.close()
        gate.close()
        return error, subscription.updates.recv_ok()

    assert run_whole(main) == (None, (None, False))


def test_a_subscription_does_not_fetch_without_end(run_whole):
    """With enough items pending it waits for the reader."""
    calls = []

    def fetch():
        calls.append(None)  # one call at a time
        return [feed_reader.Item("feed", n) for n in range(4 * len(calls))], 0.0

    def main():
        subscription = feed_reader.Subscription(fetch)
        first = subscription.updates.recv()
        after(0.05).recv()
        subscription.close()
        return first.number

    assert run_whole(main) == 0
    assert len(calls) <= 5


def test_closing_a_merge_closes_all_its_sources(run_whole):
    numbers = run_whole(merge_feeds.read_all, 6, 10)
    assert len(numbers) == 6
    assert all(found == list(range(len(found))) and len(found) >= 10 for found in numbers.values())


def test_a_merge_closes_while_nobody_reads(run_whole):
    """Forwarders hold an item that nobody takes."""

    def main():
        merged = merge_feeds.Merged(
            *(feed_reader.Subscription(feed_reader.growing_feed(f"feed {n}")) for n in range(4))
        )
        merged.updates.recv()
        merged.close()
        return list(merged.updates)

    assert run_whole(main) == []


def test_run_ends_what_was_left_behind():
    def main():
        search.in_time("x", [Backends().late], 0.001)
        return num_goroutine()

    assert run(main) == 2
