"""An echo server and a TCP proxy in front of it: a goroutine for each connection, and two in the proxy.

goconc has no sockets of its own yet. Here an event loop of asyncio reads and writes them in another thread, and what goroutines
see of a connection is a pair of channels. There are 40 connections; the 10 000 that such programs have in Go wait for sockets
that park a goroutine.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from goconc import Chan, RecvChan, SendChan, go, run
from goconc._examples._support import Progress, check

CONNECTIONS = 40
LINES = 25


class Connection(NamedTuple):
    """``input`` is closed when the other side has sent all; closing ``output`` tells it the same."""

    input: RecvChan[bytes]
    output: SendChan[bytes]


# ---- the network: an event loop ----


async def receive(reader: asyncio.StreamReader, input_: Chan[bytes]) -> None:
    with input_:
        try:
            while data := await reader.read(65536):
                await input_.asend(data)
        except ConnectionError:
            pass


async def send(output: Chan[bytes], writer: asyncio.StreamWriter) -> None:
    async for data in output:  # to its end, also if nobody takes it any more: the sender must not be stuck
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError:
            pass
    if writer.can_write_eof() and not writer.is_closing():
        writer.write_eof()


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread of its own."""
    started: Chan[asyncio.AbstractEventLoop] = Chan(1)
    stop: Chan[None] = Chan()

    async def until_stopped() -> None:
        started.send_nowait(asyncio.get_running_loop())
        await stop.arecv_ok()

    thread = threading.Thread(target=lambda: asyncio.run(until_stopped()))
    thread.start()
    try:
        yield started.recv()
    finally:
        stop.close()
        thread.join()


class Network:
    """Sockets as channels. Everything that is `async def` here runs as a task of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: set[asyncio.Task[object] | None] = set()  # asyncio itself does not keep its tasks alive
        self._stop: Chan[None] = Chan()

    def dial(self, port: int) -> Connection:
        connections: Chan[Connection] = Chan()

        async def connect() -> None:
            await self._attach(*await asyncio.open_connection("127.0.0.1", port), connections)

        asyncio.run_coroutine_threadsafe(connect(), self._loop)
        return connections.recv()

    def listen(self) -> tuple[int, RecvChan[Connection]]:
        """A port, and the connections that come there."""
        ports: Chan[int] = Chan()
        connections: Chan[Connection] = Chan()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._attach(reader, writer, connections)

        async def serve() -> None:
            self._tasks.add(asyncio.current_task())
            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            await ports.asend(server.sockets[0].getsockname()[1])
            await self._stop.arecv_ok()
            server.close()
            connections.close()

        asyncio.run_coroutine_threadsafe(serve(), self._loop)
        return ports.recv(), connections.receiver

    def stop_listening(self) -> None:
        self._stop.close()

    async def _attach(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connections: Chan[Connection]
    ) -> None:
        """Makes a connection of a socket, and serves it until both directions have ended."""
        self._tasks.add(asyncio.current_task())
        input_: Chan[bytes] = Chan()
        output: Chan[bytes] = Chan()
        await connections.asend(Connection(input_.receiver, output.sender))
        try:
            await asyncio.gather(receive(reader, input_), send(output, writer))
        finally:
            writer.close()


# ---- goroutines ----


def echo(connection: Connection) -> None:
    with connection.output:
        for data in connection.input:
            connection.output.send(data)


async def copy(source: RecvChan[bytes], target: SendChan[bytes]) -> None:
    with target:
        async for data in source:
            await target.asend(data)


def proxy(network: Network, client: Connection, port: int) -> None:
    server = network.dial(port)
    go(copy, client.input, server.output)
    go(copy, server.input, client.output)


def serve_echo(connections: RecvChan[Connection]) -> None:
    for connection in connections:
        go(echo, connection)


def serve_proxy(network: Network, connections: RecvChan[Connection], port: int) -> None:
    for connection in connections:
        go(proxy, network, connection, port)


def say(lines: list[bytes], output: SendChan[bytes]) -> None:
    with output:
        for line in lines:
            output.send(line)


def client(network: Network, port: int, lines: list[bytes]) -> bytes:
    """What comes back."""
    connection = network.dial(port)
    go(say, lines, connection.output)
    return b"".join(connection.input)


def through_the_proxy(loop: asyncio.AbstractEventLoop, texts: list[list[bytes]], progress: Progress) -> list[bytes]:
    network = Network(loop)
    echo_port, echo_connections = network.listen()
    proxy_port, proxy_connections = network.listen()
    go(serve_echo, echo_connections)
    go(serve_proxy, network, proxy_connections, echo_port)
    clients = [go(client, network, proxy_port, lines) for lines in texts]
    answers = []
    for each in clients:
        answers.append(each.join())
        progress.advance()
    network.stop_listening()
    return answers


def main() -> None:
    texts = [[f"client {n}, line {k}\n".encode() for k in range(LINES)] for n in range(CONNECTIONS)]
    started = time.perf_counter()
    with event_loop() as loop, Progress("clients served", CONNECTIONS) as progress:
        answers = run(through_the_proxy, loop, texts, progress)
    took = time.perf_counter() - started
    check(answers == [b"".join(lines) for lines in texts], "each client gets back what it has sent")
    print(f"{CONNECTIONS} clients through a proxy to an echo server, {LINES} lines each: {took:.2f} s")


if __name__ == "__main__":
    main()
