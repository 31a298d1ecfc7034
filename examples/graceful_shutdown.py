"""A server that is told to stop: SIGTERM ends a context, what is under way is finished, and there is a limit to that.

The signal handler cancels a context; that is all it has to do. The server takes nothing new then, waits for its goroutines,
and cancels those that need too long.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from goconc import Canceled, Chan, Goroutine, RecvChan, asleep, context, go, run, select, sleep
from goconc._examples._support import check

DRAIN = 30.0  # seconds


@contextmanager
def notify_context(parent: context.Context, *signals: signal.Signals) -> Iterator[context.Context]:
    """A context that ends with the first of these signals. (Go: ``signal.NotifyContext``)"""
    ctx, cancel = context.with_cancel(parent)
    before = {each: signal.signal(each, lambda *_: cancel()) for each in signals}
    try:
        yield ctx
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        cancel()


def read_lines(requests: Chan[str]) -> None:
    """Requests come as lines of the standard input."""
    while data := os.read(0, 4096):  # sys.stdin has a lock, which a thread must not hold when the program ends
        for request in data.decode().split():
            requests.send(request)


def handle(request: str) -> None:
    print("begun", request, flush=True)
    sleep(60 if request.startswith("endless") else 0.1)
    print("done", request, flush=True)


async def ahandle(request: str) -> None:
    print("begun", request, flush=True)
    await asleep(60 if request.startswith("endless") else 0.1)
    print("done", request, flush=True)


def drain(handlers: list[Goroutine[None]], limit: float) -> int:
    """Waits for the handlers; how many had to be cancelled."""
    given_up = 0
    with context.with_timeout(context.background(), limit) as ctx:
        for handler in handlers:
            context.after_func(ctx, handler.cancel)
        for handler in handlers:
            try:
                handler.join()
            except Canceled:
                given_up += 1
    return given_up


def serve(requests: RecvChan[str], limit: float) -> int:
    handlers: list[Goroutine[None]] = []
    with notify_context(context.background(), signal.SIGTERM, signal.SIGINT) as ctx:
        print("ready", flush=True)
        while True:
            match select(requests, ctx.done()):
                case 0, str(request), True:
                    handlers.append(go(ahandle if len(handlers) % 2 else handle, request))
                case _:
                    break
        print("draining", flush=True)
        given_up = drain(handlers, limit)
    print(f"{len(handlers) - given_up} finished, {given_up} given up", flush=True)
    return 1 if given_up else 0


def server(limit: float) -> int:
    requests: Chan[str] = Chan()
    threading.Thread(target=read_lines, args=[requests], daemon=True).start()
    return run(serve, requests.receiver, limit)


def session(requests: list[str], limit: float) -> tuple[int, list[str]]:
    """Starts a server, sends requests (no two alike) and then SIGTERM; its exit code and what it printed."""
    command = [sys.executable, __file__, str(limit)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        lines = [process.stdout.readline().strip()]  # ready
        for request in requests:
            print(request, file=process.stdin, flush=True)
            while lines[-1] != f"begun {request}":
                lines.append(process.stdout.readline().strip())
        process.send_signal(signal.SIGTERM)
        lines += process.stdout.read().splitlines()  # until it has ended
        return process.wait(), lines


def main() -> None:
    if sys.platform == "win32":
        print("Windows has no SIGTERM that a program could handle")
        return
    code, lines = session(["a", "b", "c"], DRAIN)
    check(code == 0 and lines[-1] == "3 finished, 0 given up", f"{code}, {lines}")
    print("three requests under way:", ", ".join(lines[lines.index("draining") :]))
    code, lines = session(["a", "endless"], 0.5)
    check(code == 1 and "done endless" not in lines, f"{code}, {lines}")
    print("one of them endless:", ", ".join(lines[lines.index("draining") :]), f"- exit code {code}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(server(float(sys.argv[1])))
    main()
