"""The tour: every example runs from the command line and finds its own results right."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import goconc

KEY_LINES = {
    "coroutine_vs_goroutine": "100 naps of 20 ms at once, plain def:",
    "ping_pong": "async def: 400000 messages in ",
    "generator": "Fibonacci numbers that are triangular: 1 3 21 55",
    "fetch_urls": "took ",
    "rest_handler": "GET /lines/bisect: Result: bisect has ",
    "deadlock": "    | all goroutines are asleep - deadlock!",
    "restoring_sequence": "1000 rounds, in each of them both spoke once",
    "quit_round_trip": "async def: 5 pieces, then Bye! - See you!",
    "conversation_timeout": "a limit of 50 ms for all: heard ",
    "same_tree": "two trees of 1000 values: the same, 1000 values compared",
    "worker_pool": "jobs done by each of 4 workers: ",
    "fan_out_fan_in": "files by reader: ",
    "pipeline": ".py ",
    "pipeline_cancel": "left after ",
    "search": "2.0 at once                      3 results, ",
    "three_services": "slow-stock: 'TimeoutError: no offer within 50 ms' after ",
    "partial_results": "within 50 ms: ",
    "errgroup_fetch": "page 2 is broken: HTTP Error 500: Internal Server Error, and ",
    "errgroup_digest": "with a missing file among them: FileNotFoundError",
    "digest_stdlib": "with a missing file among them: FileNotFoundError ",
    "cache_stampede": "1000 callers, loaded ",
    "rate_limiter": "in bursts: ",
    "crawler": "reachable from email.message: ",
    "chat_server": "100 clients spoke 20 lines each: 200000 deliveries, all in the same order",
    "pubsub": "a subscriber with room for 7 got 7 and missed 493",
    "load_balancer": "100 requesters, 20 requests each, 10 workers: served ",
    "feed_reader": "50 items, each once; ",
    "merge_feeds": "20 feeds in a merge of two merges: ",
    "combinators": "or_done, tee and bridge: 100 values each, in order",
    "heartbeat": "98 of 100 jobs are done; ",
    "dining_philosophers": "left fork first: all goroutines are asleep - deadlock!",
    "sleeping_barber": "1000 customers, 5 chairs: ",
    "barrier": "128 goroutines, 7 rounds: all prefix sums are right, the last is 5963",
    "readers_writers": "500 transfers; 1000 audits, ",
    "prime_sieve": "async def: the first 500 primes, up to 3571, through 500 filters in ",
    "powser": "tan x: 0, 1, 0, 1/3, 0, 2/15, 0, 17/315, 0, 62/2835, 0, 1382/155925 ...",
    "token_ring": "100000 passes in ",
    "daisy_chain": "10000 goroutines: 10000 came out after ",
    "thousand_channels": "2000 selects over 1000 channels: ",
    "mandelbrot": "on 1 processor: ",
    "life": "121 cells live after 100 generations of the R-pentomino",
    "matmul": "120 x 120, 12 goroutines: on 1 processor ",
    "tcp_proxy": "40 clients through a proxy to an echo server, 25 lines each: ",
    "graceful_shutdown": "three requests under way: draining, ",
    "parked": "async def: all woken and ended in ",
}
SLOW = {"digest_stdlib", "parked"}


def python(*arguments, cwd):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=100)


def check_output(done, key_line):
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert any(line.startswith(key_line) for line in done.stdout.splitlines()), done.stdout


def test_list(tmp_path):
    done = python("-m", "goconc", "tour", "--list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [name for name, _ in lines] == list(KEY_LINES)
    assert all(idea.endswith(".") for _, idea in lines)


@pytest.mark.timeout(110)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in KEY_LINES]
)
def test_program(name, tmp_path):
    done = python("-m", "goconc", "tour", name, cwd=tmp_path)
    check_output(done, KEY_LINES[name])
    assert done.stdout.endswith(", all results are right\n")


def test_several_programs(tmp_path):
    done = python("-m", "goconc", "tour", "deadlock", "pipeline", cwd=tmp_path)
    check_output(done, "== deadlock (1 of 2)")
    check_output(done, "== pipeline (2 of 2)")


def test_a_program_alone(tmp_path):
    spec = importlib.util.find_spec("goconc._examples.ping_pong")
    check_output(python(spec.origin, cwd=tmp_path), KEY_LINES["ping_pong"])


def test_unknown_name(tmp_path):
    done = python("-m", "goconc", "tour", "ping_pong", "ping_pang", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no example 'ping_pang'" in done.stderr
    assert all(name in done.stderr for name in KEY_LINES)


def test_a_failing_program_fails_the_tour_and_the_others_run(tmp_path):
    program = """if True:
        import sys
        from goconc import __main__
        from goconc._examples import deadlock, fetch_urls
        from goconc._examples._support import check

        fetch_urls.main = lambda: check(False, "2 is not 3")
        sys.argv = ["goconc", "tour", "fetch_urls", "deadlock"]
        sys.exit(__main__.main())
    """
    done = python("-c", program, cwd=tmp_path)
    assert done.returncode == 1
    assert "WrongResult: 2 is not 3" in done.stderr
    assert KEY_LINES["deadlock"] in done.stdout
    assert "== FAILED" in done.stdout
    assert "== ok" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("1 of 2 programs failed")
    assert last.endswith(": fetch_urls")


def test_info(tmp_path):
    done = python("-m", "goconc", "info", cwd=tmp_path)
    check_output(done, f"goconc       {goconc.__version__} ")
    check_output(done, "GIL          ")


def test_no_command(tmp_path):
    done = python("-m", "goconc", cwd=tmp_path)
    assert done.returncode == 2
    assert "tour" in done.stderr


def test_every_example_is_in_the_tour():
    spec = importlib.util.find_spec("goconc._examples")
    files = {path.stem for path in Path(spec.origin).parent.glob("[!_]*.py")}
    assert files == set(KEY_LINES)
