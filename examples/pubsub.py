"""Publish and subscribe: a message goes to all who have subscribed to its topic by then.

Closing a channel while somebody sends on it is an error. Here publishers share a lock that whoever closes has alone, so the two
never meet. Publishing does not wait: a subscriber without room misses the message, and is told how many it missed.
"""

from collections import defaultdict

from goconc import Chan, RecvChan, WouldBlock, go, run
from goconc._examples._support import check
from goconc.sync import AtomicInt, RWMutex

PUBLISHERS = 10
MESSAGES = 100
TOPICS = "news", "sports"


class Subscription:
    def __init__(self, topic: str, room: int) -> None:
        self.topic = topic
        self.inbox: Chan[str] = Chan(room)
        self.missed = AtomicInt()

    @property
    def messages(self) -> RecvChan[str]:
        return self.inbox.receiver


class Broker:
    def __init__(self) -> None:
        self._lock = RWMutex()
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)

    def subscribe(self, topic: str, room: int) -> Subscription:
        subscription = Subscription(topic, room)
        with self._lock:
            self._subscriptions[topic].add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._subscriptions[subscription.topic]:
                self._subscriptions[subscription.topic].remove(subscription)
                subscription.inbox.close()

    def close(self) -> None:
        """Ends all subscriptions."""
        with self._lock:
            for subscriptions in self._subscriptions.values():
                for subscription in subscriptions:
                    subscription.inbox.close()
            self._subscriptions.clear()

    def _deliver(self, topic: str, message: str) -> None:
        for subscription in self._subscriptions.get(topic, ()):
            try:
                subscription.inbox.send_nowait(message)
            except WouldBlock:
                subscription.missed.add(1)

    def publish(self, topic: str, message: str) -> None:
        with self._lock.rlocker():
            self._deliver(topic, message)

    async def apublish(self, topic: str, message: str) -> None:
        async with self._lock.rlocker():
            self._deliver(topic, message)


def publisher(broker: Broker, name: int, messages: int) -> None:
    for number in range(messages):
        broker.publish(TOPICS[number % 2], f"{name}: {number}")


async def apublisher(broker: Broker, name: int, messages: int) -> None:
    for number in range(messages):
        await broker.apublish(TOPICS[number % 2], f"{name}: {number}")


async def read(messages: RecvChan[str]) -> list[str]:
    return [message async for message in messages]


def newsroom(publishers: int, messages: int) -> tuple[dict[str, list[str]], int, int]:
    """What the subscriber of each topic got; what one with little room got, and missed."""
    broker = Broker()
    subscriptions = {topic: broker.subscribe(topic, publishers * messages) for topic in TOPICS}
    small = broker.subscribe("news", 7)
    leaver = broker.subscribe("news", 1)
    readers = {topic: go(read, subscription.messages) for topic, subscription in subscriptions.items()}
    publishing = [go(apublisher if n % 2 else publisher, broker, n, messages) for n in range(publishers)]
    broker.unsubscribe(leaver)  # in the midst of it
    for each in publishing:
        each.join()
    broker.close()
    return {topic: reader.join() for topic, reader in readers.items()}, len(list(small.messages)), small.missed.load()


def main() -> None:
    received, got, missed = run(newsroom, PUBLISHERS, MESSAGES)
    for place, topic in enumerate(TOPICS):
        for name in range(PUBLISHERS):
            mine = [message for message in received[topic] if message.startswith(f"{name}:")]
            expected = [f"{name}: {number}" for number in range(place, MESSAGES, 2)]
            check(mine == expected, f"the {topic} of publisher {name} come in order")
    check(got == 7 and got + missed == len(received["news"]), f"{got} and {missed} are not all the news")
    print(f"{PUBLISHERS} publishers: {', '.join(f'{len(received[topic])} messages on {topic}' for topic in TOPICS)}")
    print(f"a subscriber with room for 7 got {got} and missed {missed}")


if __name__ == "__main__":
    main()
