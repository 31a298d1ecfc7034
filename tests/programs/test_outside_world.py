"""Programs that deal with signals, sockets and processors."""

import sys

import pytest

from goconc import go, run, sleep
from goconc._examples import graceful_shutdown, life, mandelbrot, matmul, tcp_proxy
from goconc._examples._support import Progress


@pytest.mark.parametrize("procs", [1, 3])
def test_mandelbrot(procs, run_whole):
    assert run_whole(mandelbrot.picture, 40, 20, 50, procs=procs) == [mandelbrot.row(y, 40, 20, 50) for y in range(20)]
    assert mandelbrot.row(10, 40, 20, 50)[39 * 22 // 30] == 50  # near the origin: inside


GLIDER = ((1, 0), (2, 1), (0, 2), (1, 2), (2, 2))


@pytest.mark.parametrize("procs", [1, 3])
@pytest.mark.parametrize(("bands", "height"), [(1, 9), (2, 8), (3, 10), (8, 8)])
def test_a_glider_flies_through_all_bands(bands, height, procs, run_whole):
    first = life.board(GLIDER, 8, height)
    last = run_whole(life.evolve, first, bands, 20, procs=procs)
    assert last == life.board(tuple(((x + 5) % 8, (y + 5) % height) for x, y in GLIDER), 8, height)


@pytest.mark.parametrize("procs", [1, 3])
@pytest.mark.parametrize("block", [1, 2, 5])
def test_matmul(block, procs, run_whole):
    a, b = [[1, 2, 3], [4, 5, 6]], [[7, -8], [9, 10], [0, 12]]
    assert run_whole(matmul.product, a, b, block, procs=procs) == [[25, 48], [73, 90]]


def test_a_proxy_passes_everything_on_in_both_directions(run_whole):
    texts = [[], [b"one"], [b"a" * 100_000, b"b" * 100_000], *([b"%d " % n] * 3 for n in range(10))]
    with tcp_proxy.event_loop() as loop, Progress("clients", len(texts)) as progress:
        answers = run_whole(tcp_proxy.through_the_proxy, loop, texts, progress)
    assert answers == [b"".join(lines) for lines in texts]


needs_sigterm = pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM that a program could handle")


@needs_sigterm
def test_what_is_under_way_is_finished_after_sigterm():
    code, lines = graceful_shutdown.session(["a", "b", "c", "d"], 30.0)
    assert code == 0
    assert lines[0] == "ready"
    assert {f"done {request}" for request in "abcd"} <= set(lines)
    assert lines[-1] == "4 finished, 0 given up"


@needs_sigterm
def test_what_needs_too_long_is_given_up():
    """Both kinds of handler."""
    code, lines = graceful_shutdown.session(["endless", "endless-too"], 0.1)
    assert code == 1
    assert lines[-1] == "0 finished, 2 given up"


@needs_sigterm
def test_sigterm_with_nothing_under_way():
    assert graceful_shutdown.session([], 30.0) == (0, ["ready", "draining", "0 finished, 0 given up"])


def test_drain_waits_for_all():
    def main():
        handlers = [go(sleep, 0.01) for _ in range(5)]
        return graceful_shutdown.drain(handlers, 30.0), all(handler.done() for handler in handlers)

    assert run(main) == (0, True)
