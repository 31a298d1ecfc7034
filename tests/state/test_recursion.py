"""Recursion: every goroutine has its own depth, and its end is a RecursionError, never a crash."""

import sys

import pytest

import goconc


def depth_left():
    """How deep this goroutine can still go, by trying."""
    try:
        return 1 + depth_left()
    except RecursionError:
        return 0


async def endless(kind, n=0):
    return await endless(kind, n + 1)


async def down(kind, depth, at_the_end):
    if depth:
        return await down(kind, depth - 1, at_the_end)
    return await at_the_end()


def test_endless_recursion_ends_in_recursion_error_and_harms_nobody(kind):
    # rule GO-07
    async def main():
        ch = goconc.Chan()
        others = [kind.go(kind.recv, ch) for _ in range(5)]
        await kind.parked(*others)
        for _ in range(3):
            with pytest.raises(RecursionError):
                await kind.join(kind.go(endless, kind))
        for n in range(5):
            await kind.send(ch, n)
        return sorted([await kind.join(other) for other in others])

    assert kind.run(main) == list(range(5))


def test_endless_recursion_in_main(kind):
    # rule GO-07
    async def main():
        await endless(kind)

    for _ in range(3):
        with pytest.raises(RecursionError):
            kind.run(main)


def test_after_a_recursion_error_as_much_room_as_before(kind):
    # rule GO-07, PY-01
    async def main():
        async def body():
            return depth_left()

        before = await kind.join(kind.go(body))
        for _ in range(20):
            with pytest.raises(RecursionError):
                await kind.join(kind.go(endless, kind))
        assert abs(await kind.join(kind.go(body)) - before) <= 5
        assert before > sys.getrecursionlimit() // 2

    kind.run(main)


def test_depth_is_a_goroutine_s_own(kind):
    # rule PY-01: forty together are far deeper than the limit
    most = sys.getrecursionlimit() // 3

    async def main():
        ch = goconc.Chan()

        async def wait():
            return await kind.recv(ch)

        handles = [kind.go(down, kind, most // 2, wait) for _ in range(40)]
        await kind.parked(*handles)

        async def body():
            return depth_left()

        assert await kind.join(kind.go(body)) > sys.getrecursionlimit() // 2
        for n in range(40):
            await kind.send(ch, n)
        return sorted([await kind.join(handle) for handle in handles])

    assert kind.run(main) == list(range(40))


def test_a_deep_parent_starts_goroutines_with_all_their_depth(kind):
    # rule PY-01
    async def main():
        async def start():
            async def body():
                return depth_left()

            return await kind.join(kind.go(body))

        shallow = await start()
        deep = await down(kind, sys.getrecursionlimit() // 3, start)
        return abs(shallow - deep)

    assert kind.run(main) <= 5


def test_parks_at_every_depth(kind):
    # rule PY-01
    async def walk(depth):
        await kind.gosched()
        return 0 if depth == 0 else 1 + await walk(depth - 1)

    async def main():
        handles = [kind.go(walk, 150) for _ in range(10)]
        return {await kind.join(handle) for handle in handles}

    assert kind.run(main) == {150}


def test_recursion_error_at_a_park(kind):
    # rule GO-07, PY-01: the error may come in the middle of one of goconc's calls
    async def park_deep(ch, depth):
        ch.send_nowait(depth)
        await kind.gosched()
        ch.recv_nowait()
        return await park_deep(ch, depth + 1)

    async def main():
        for _ in range(3):
            ch = goconc.Chan(5000)
            with pytest.raises(RecursionError):
                await kind.join(kind.go(park_deep, ch, 0))
            while len(ch):
                ch.recv_nowait()
            await kind.send(ch, "works")
            assert await kind.recv(ch) == "works"

    kind.run(main)


# Recursion through C code uses the goroutine's C stack. A mistake there is a crash, so each has a process of its own.

THROUGH_C = {
    "max with a key": "def f(n): return max([n], key=lambda _: f(n + 1))",
    "sorted with a key": "def f(n): return sorted([n, n], key=lambda _: f(n + 1))",
    "map": "def f(n): return list(map(f, [n + 1]))",
    "repr": "class R:\n    def __repr__(self): return repr([self])\ndef f(n): return repr(R())",
    "eq": "class E:\n    def __eq__(self, other): return [self] == [other]\ndef f(n): return E() == E()",
    "getattr": "class G:\n    def __getattr__(self, name): return getattr(self, name + 'x')\ndef f(n): return G().a",
    "call": "class C:\n    def __call__(self, n): return C().__call__(n + 1)\ndef f(n): return C()(n)",
    "partial": "import functools\ndef f(n): return functools.partial(f, n + 1)()",
    "json": "import json\nl = []\nfor _ in range(100000): l = [l]\ndef f(n): return json.dumps(l)",
    "pickle": "import pickle\nl = []\nfor _ in range(100000): l = [l]\ndef f(n): return pickle.dumps(l)",
    "regular expression": "import re\ndef f(n):\n    re.match('(' * 5000 + ')' * 5000, ''); raise RecursionError",
    "parser": "def f(n):\n    try: compile('-' * 50000 + '1', 'x', 'eval')\n"
    "    except (MemoryError, SyntaxError): pass\n    raise RecursionError",
    "str of deep exception notes": "def f(n): return format(f, f'{f(n + 1)}')",
    "sum of iterators": "def f(n): return sum(x for x in [f(n + 1)])",
    "import": "def f(n): return __import__('functools').reduce(lambda a, b: f(n + 1), [1, 2])",
}

PROGRAM = """
import sys
import goconc
{define}

def body():
    try:
        f(0)
    except RecursionError:
        return "RecursionError"
    return "went through"

async def abody():
    return body()

def main():
    ch = goconc.Chan()
    parked = [goconc.go(ch.recv) for _ in range(3)]
    goconc.gosched()
    found = set()
    for start in (body, abody) * 3:
        found.add(goconc.go(start).join())
    for _ in parked:
        ch.send(1)
    assert [g.join() for g in parked] == [1, 1, 1]
    return found

print(*goconc.run(main))
"""


@pytest.mark.parametrize("case", THROUGH_C)
def test_endless_recursion_through_c_code(case, output_of):
    # rule GO-07
    assert output_of(PROGRAM.format(define=THROUGH_C[case])).split() in (["RecursionError"], ["went", "through"])


RAISED_LIMIT = """
import sys
import goconc

sys.setrecursionlimit(50_000)

def f(n):
    if n:
        return 1 + f(n - 1)
    goconc.gosched()
    return 0

async def af(n):
    if n:
        return 1 + f(n - 1)
    return 0

def main():
    handles = [goconc.go(f, 20_000) for _ in range(3)] + [goconc.go(af, 0)]
    return [handle.join() for handle in handles]

print(*goconc.run(main))
"""


def test_python_frames_need_no_c_stack_so_a_raised_limit_is_honoured(output_of):
    # rule GO-07
    assert output_of(RAISED_LIMIT) == "20000 20000 20000 0\n"
