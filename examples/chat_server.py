"""A chat room: one goroutine owns the set of clients; entering, leaving and speaking are messages to it.

No lock: nobody else touches the set. A client that does not read what it gets is thrown out, so that it cannot hold up the
others.
"""

from __future__ import annotations

from collections.abc import Iterator

from goconc import Chan, aselect, go, run
from goconc._examples._support import check

CLIENTS = 100
LINES = 20


class Client:
    def __init__(self, name: str, room_for: int) -> None:
        self.name = name
        self.inbox: Chan[str] = Chan(room_for)


class Room:
    def __init__(self) -> None:
        self.entering: Chan[Client] = Chan()
        self.leaving: Chan[Client] = Chan()
        self.lines: Chan[str] = Chan()
        self.closing: Chan[None] = Chan()
        go(self._serve)

    async def _serve(self) -> None:
        clients: set[Client] = set()

        def tell_all(line: str) -> None:
            for client in list(clients):
                if len(client.inbox) < client.inbox.cap:  # only this goroutine sends, so there is room for one
                    client.inbox.send_nowait(line)
                else:
                    throw_out(client)

        def throw_out(client: Client) -> None:
            if client in clients:
                clients.remove(client)
                client.inbox.close()
                tell_all(f"{client.name} has left")

        while True:
            match await aselect(self.entering, self.leaving, self.lines, self.closing):
                case 0, Client() as client, _:
                    tell_all(f"{client.name} is here")
                    clients.add(client)
                case 1, Client() as client, _:
                    throw_out(client)
                case 2, str(line), _:
                    tell_all(line)
                case _:
                    for client in clients:
                        client.inbox.close()
                    return


def speak(room: Room, name: str, lines: int) -> None:
    for n in range(lines):
        room.lines.send(f"{name}: {n}")


async def aspeak(room: Room, name: str, lines: int) -> None:
    for n in range(lines):
        await room.lines.asend(f"{name}: {n}")


def said(client: Client, lines: int) -> Iterator[str]:
    """What was said, up to so many lines; not who came and left."""
    for line in client.inbox:
        if ": " in line:
            yield line
            lines -= 1
            if lines == 0:
                return


def chat(clients: int, lines: int) -> tuple[list[list[str]], list[str]]:
    """What each client heard, and what one heard that did not read until the end."""
    room = Room()
    total = clients * lines
    everyone = [Client(f"client {n}", total + 2 * clients) for n in range(clients)]
    sleeper = Client("sleeper", 5)
    for client in (*everyone, sleeper):
        room.entering.send(client)
    for n, client in enumerate(everyone):
        go(aspeak if n % 2 else speak, room, client.name, lines)
    heard = [go(lambda client: list(said(client, total)), client) for client in everyone]
    result = [each.join() for each in heard]
    room.closing.close()
    return result, list(sleeper.inbox)


def main() -> None:
    heard, sleeper = run(chat, CLIENTS, LINES)
    check(all(each == heard[0] for each in heard), "all hear the same in the same order")
    lines = {f"client {n}": [f"client {n}: {k}" for k in range(LINES)] for n in range(CLIENTS)}
    for name, expected in lines.items():
        check([line for line in heard[0] if line.startswith(name + ":")] == expected, f"{name} is heard in order")
    check(len(sleeper) == 5, f"the sleeper was thrown out after 5 lines, not {len(sleeper)}")
    print(f"{CLIENTS} clients spoke {LINES} lines each: {len(heard) * len(heard[0])} deliveries, all in the same order")
    print("one who did not read was thrown out")


if __name__ == "__main__":
    main()
