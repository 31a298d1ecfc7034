"""select acts at one moment: if at every instant a case is ready, default is never taken.

Go: TestNonblockSelectRace, TestNonblockSelectRace2.
"""

import pytest

import goconc

ROUNDS = 1000


@pytest.mark.parametrize("cases_first", ["c1", "c2"])
def test_readiness_that_moves(any_kind, thread, cases_first):
    """A value comes into c2 before the one in c1 goes: a look that begins after c1 was filled finds one of them."""
    # rule SEL-12, SEL-02
    start, done = goconc.Chan(), goconc.Chan()
    state = {}

    def move():
        for c1, c2 in start:
            c2.send_nowait(1)
            try:
                c1.recv_nowait()
            except goconc.WouldBlock:
                pass  # the other was quicker
            done.send(None)

    async def main():
        for _ in range(ROUNDS):
            c1, c2 = goconc.Chan(1), goconc.Chan(1)
            c1.send_nowait(1)
            await any_kind.send(start, (c1, c2))
            cases = (c1, c2) if cases_first == "c1" else (c2, c1)
            state["index"] = (await any_kind.select(*cases, default=True)).index
            assert state["index"] in (0, 1)
            await any_kind.recv(done)

    mover = thread(move)
    try:
        any_kind.run(main)
    finally:
        start.close()
    mover.join()


def test_readiness_that_moves_to_a_close(any_kind, thread):
    # rule SEL-12, SEL-10
    start, done = goconc.Chan(), goconc.Chan()

    def move():
        for c1, c2 in start:
            c2.close()
            try:
                c1.recv_nowait()
            except goconc.WouldBlock:
                pass
            done.send(None)

    async def main():
        for _ in range(ROUNDS):
            c1, c2 = goconc.Chan(1), goconc.Chan()
            c1.send_nowait(1)
            await any_kind.send(start, (c1, c2))
            assert (await any_kind.select(c1, c2, default=True)).index in (0, 1)
            await any_kind.recv(done)

    mover = thread(move)
    try:
        any_kind.run(main)
    finally:
        start.close()
    mover.join()


def test_room_that_moves(any_kind, thread):
    """The same for sends: c2 gets room before c1 loses its."""
    # rule SEL-12
    start, done = goconc.Chan(), goconc.Chan()

    def move():
        for c1, c2 in start:
            c2.recv_nowait()
            try:
                c1.send_nowait(1)
            except goconc.WouldBlock:
                pass
            done.send(None)

    async def main():
        for _ in range(ROUNDS):
            c1, c2 = goconc.Chan(1), goconc.Chan(1)
            c2.send_nowait(0)
            await any_kind.send(start, (c1, c2))
            assert (await any_kind.select((c1, 2), (c2, 2), default=True)).index in (0, 1)
            await any_kind.recv(done)

    mover = thread(move)
    try:
        any_kind.run(main)
    finally:
        start.close()
    mover.join()


def test_two_looks_at_one_value(any_kind, thread):
    """Of two that look at the same value exactly one gets it."""
    # rule SEL-06, CH-19
    start, results = goconc.Chan(), goconc.Chan()

    def look():
        for ch in start:
            results.send(goconc.select(goconc.Chan(), ch, default=True).index)

    async def main():
        for _ in range(ROUNDS):
            ch = goconc.Chan(1)
            ch.send_nowait(1)
            await any_kind.send(start, ch)
            mine = (await any_kind.select(ch, default=True)).index
            theirs = await any_kind.recv(results)
            assert (mine == 0) != (theirs == 1)

    looker = thread(look)
    try:
        any_kind.run(main)
    finally:
        start.close()
    looker.join()
