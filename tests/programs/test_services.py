"""Goroutines that own something and serve others: rooms, brokers, balancers, caches, stewards, limits."""

import pytest

from goconc import Chan, go, gosched, singleflight
from goconc._examples import cache_stampede, chat_server, heartbeat, load_balancer, pubsub, rate_limiter


def test_all_clients_of_a_chat_hear_the_same(run_whole):
    heard, sleeper = run_whole(chat_server.chat, 20, 10)
    assert all(each == heard[0] for each in heard)
    assert sorted(heard[0]) == sorted(f"client {n}: {k}" for n in range(20) for k in range(10))
    assert len(sleeper) == 5  # it is thrown out when it has no room


def test_who_leaves_a_chat_hears_nothing_more(run_whole):
    def main():
        room = chat_server.Room()
        ann, joe = chat_server.Client("Ann", 9), chat_server.Client("Joe", 9)
        room.entering.send(ann)
        room.entering.send(joe)
        room.lines.send("Joe: hello")
        room.leaving.send(ann)
        room.leaving.send(ann)  # twice does no harm
        room.lines.send("Joe: where are you?")
        room.closing.close()
        return list(ann.inbox), list(joe.inbox)

    assert run_whole(main) == (
        ["Joe is here", "Joe: hello"],
        ["Joe: hello", "Ann has left", "Joe: where are you?"],
    )


def test_publishers_and_subscribers(run_whole):
    received, got, missed = run_whole(pubsub.newsroom, 6, 20)
    for place, topic in enumerate(pubsub.TOPICS):
        assert sorted(received[topic]) == sorted(f"{n}: {k}" for n in range(6) for k in range(place, 20, 2))
    assert (got, missed) == (7, 60 - 7)


def test_a_broker_that_closes_while_messages_are_published(run_whole):
    """Nobody ever sends on a closed channel."""

    def main():
        broker = pubsub.Broker()
        subscriptions = [broker.subscribe("news", 1000) for _ in range(5)]
        publishing = [go(pubsub.apublisher if n % 2 else pubsub.publisher, broker, n, 50) for n in range(10)]
        for subscription in subscriptions[:3]:
            gosched()
            broker.unsubscribe(subscription)
            broker.unsubscribe(subscription)
        broker.close()
        for each in publishing:
            each.join()
        return [subscription.inbox.closed for subscription in subscriptions]

    assert run_whole(main) == [True] * 5


def test_load_balancer(run_whole):
    answers, served, spread = run_whole(load_balancer.serve, 30, 10, 4)
    assert answers == [[n * (n + 1) // 2 for n in range(10)]] * 30
    assert sum(served) == 300
    assert spread <= 1


def test_a_thousand_callers_and_one_load(run_whole, parked_words):
    """The load ends when all callers wait."""
    loader = cache_stampede.Loader()

    def main():
        flights = singleflight.Group()
        calls = [go(cache_stampede.aget if n % 2 else cache_stampede.get, flights, loader) for n in range(1000)]
        while not all(map(parked_words, calls)):
            gosched()
        loader.gate.close()
        return [call.join() for call in calls]

    assert run_whole(main) == [("PAGE", True)] * 1000
    assert loader.calls == 1


def test_lost_wards_are_replaced(run_whole):
    squares, wards = run_whole(heartbeat.work, 80)
    assert sorted(squares) == [n * n for n in range(80) if n not in heartbeat.POISON]
    assert wards >= 3


@pytest.mark.parametrize("burst", [1, 3])
def test_no_more_than_the_limit(burst, run_whole):
    requests = ["request"] * 8
    times = run_whole(rate_limiter.steadily, requests, 0.005)
    assert all(when >= n * 0.005 for n, when in enumerate(times, 1))
    times = run_whole(rate_limiter.in_bursts, requests, burst, 0.005)
    assert all(when >= (n - burst) * 0.005 for n, when in enumerate(times, 1))


def test_a_limiter_that_is_not_used_saves_no_more_than_a_burst(run_whole):
    def main():
        done = Chan()
        with done:
            limiter = rate_limiter.bursty_limiter(3, 0.001, done)
            while len(limiter) < 3:
                gosched()
            rate_limiter.Ticker(0.02).c.recv()
            return len(limiter), limiter.cap

    assert run_whole(main) == (3, 3)
