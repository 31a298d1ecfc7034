"""What the examples share: a check, progress, the files they work on, and an HTTP server on this machine."""

import socketserver
import sys
import sysconfig
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from goconc._core import fiber_engine


class WrongResult(Exception):
    """An example did not do what it shows."""


def check(right: bool, what: str) -> None:
    if not right:
        raise WrongResult(what)


def plain_goroutines(wanted: int) -> int:
    """So many, or 1000 where each is a thread of the operating system."""
    return min(wanted, 1000) if fiber_engine() == "threads" else wanted


class Progress:
    """``with Progress("files hashed", 500) as progress: progress.advance()``.

    On a terminal one line that is rewritten, elsewhere a line a second.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._tty = sys.stdout.isatty()
        self._pause = 0.1 if self._tty else 1.0

    def __enter__(self) -> Self:
        self._next = time.perf_counter() + self._pause
        return self

    def advance(self, count: int = 1) -> None:
        self._done += count
        if time.perf_counter() < self._next:
            return
        self._next = time.perf_counter() + self._pause
        text = f"... {self._done} of {self._total} {self._what}"
        print("\r" + text if self._tty else text, end="" if self._tty else "\n", flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tty:
            print("\r\033[K", end="", flush=True)


class AtOnce:
    """How many blocks ``with at_once:`` were under way at once, at most: ``most``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._now -= 1


def library_files(folder: str = "", suffix: str = "") -> list[Path]:
    """The files of the standard library, or of one of its folders: real data that every machine has."""
    root = Path(sysconfig.get_path("stdlib"))
    return sorted(
        path
        for path in (root / folder).rglob(f"*{suffix}")
        if not {"site-packages", "dist-packages", "__pycache__"}.intersection(path.parts[len(root.parts) :])
        and path.is_file()
    )


open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # urlopen, but never through a proxy


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, answer: Callable[[str], tuple[int, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own looks up the machine's name, which can take seconds
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        status, text = self.server.answer(self.path)
        body = text.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # nobody waits for it any more

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serve(answer: Callable[[str], tuple[int, str]]) -> Iterator[str]:
    """An HTTP server on 127.0.0.1, a thread for each request; ``answer(path)`` gives the status and the text."""
    with _Server(answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
