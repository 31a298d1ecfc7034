"""Goroutines: starting them, switching between them, waking many."""

from __future__ import annotations

from harness import Row, check, clock, main

from goconc import Chan, agosched, go, gosched

# ---- CreateGoroutines: each starts the next ----


def start_next(n: int, done: Chan[int]) -> None:
    if n:
        go(start_next, n - 1, done)
    else:
        done.send(1)


def create_goroutines(n: int) -> float:
    done: Chan[int] = Chan()
    start = clock()
    go(start_next, n - 1, done)
    got = done.recv()
    taken = clock() - start
    check(got, 1)
    return taken


async def astart_next(n: int, done: Chan[int]) -> None:
    if n:
        go(astart_next, n - 1, done)
    else:
        await done.asend(1)


async def acreate_goroutines(n: int) -> float:
    done: Chan[int] = Chan()
    start = clock()
    go(astart_next, n - 1, done)
    got = await done.arecv()
    taken = clock() - start
    check(got, 1)
    return taken


# ---- SpawnJoin: a hundred at a time, all waited for; an operation is one of them ----


def one(i: int) -> int:
    return i


def spawn_join(n: int) -> float:
    total = 0
    batches = -(-n // 100)
    start = clock()
    for _ in range(batches):
        for g in [go(one, i) for i in range(100)]:
            total += g.join()
    taken = clock() - start
    check(total, batches * 4950)
    return taken * n / (batches * 100)


async def aone(i: int) -> int:
    return i


async def aspawn_join(n: int) -> float:
    total = 0
    batches = -(-n // 100)
    start = clock()
    for _ in range(batches):
        for g in [go(aone, i) for i in range(100)]:
            total += await g
    taken = clock() - start
    check(total, batches * 4950)
    return taken * n / (batches * 100)


# ---- PingPong: there on one unbuffered channel, back on another ----


def echo(ping: Chan[int], pong: Chan[int], n: int) -> None:
    for _ in range(n):
        pong.send(ping.recv() + 1)


def ping_pong(n: int) -> float:
    ping: Chan[int] = Chan()
    pong: Chan[int] = Chan()
    value = 0
    start = clock()
    go(echo, ping, pong, n)
    for _ in range(n):
        ping.send(value)
        value = pong.recv()
    taken = clock() - start
    check(value, n)
    return taken


async def aecho(ping: Chan[int], pong: Chan[int], n: int) -> None:
    for _ in range(n):
        await pong.asend(await ping.arecv() + 1)


async def aping_pong(n: int) -> float:
    ping: Chan[int] = Chan()
    pong: Chan[int] = Chan()
    value = 0
    start = clock()
    go(aecho, ping, pong, n)
    for _ in range(n):
        await ping.asend(value)
        value = await pong.arecv()
    taken = clock() - start
    check(value, n)
    return taken


# ---- TokenRing: a hundred goroutines in a ring; an operation is one hop ----


def ring_node(before: Chan[int], behind: Chan[int], rounds: int) -> None:
    for _ in range(rounds):
        behind.send(before.recv() + 1)


def token_ring(n: int) -> float:
    links: list[Chan[int]] = [Chan() for _ in range(100)]
    rounds = -(-n // 100)
    token = 0
    start = clock()
    for i in range(99):
        go(ring_node, links[i], links[i + 1], rounds)
    for _ in range(rounds):
        links[0].send(token + 1)
        token = links[99].recv()
    taken = clock() - start
    check(token, rounds * 100)
    return taken * n / (rounds * 100)


async def aring_node(before: Chan[int], behind: Chan[int], rounds: int) -> None:
    for _ in range(rounds):
        await behind.asend(await before.arecv() + 1)


async def atoken_ring(n: int) -> float:
    links: list[Chan[int]] = [Chan() for _ in range(100)]
    rounds = -(-n // 100)
    token = 0
    start = clock()
    for i in range(99):
        go(aring_node, links[i], links[i + 1], rounds)
    for _ in range(rounds):
        await links[0].asend(token + 1)
        token = await links[99].arecv()
    taken = clock() - start
    check(token, rounds * 100)
    return taken * n / (rounds * 100)


# ---- Gosched: two goroutines take turns; an operation is one call ----


def take_turns(n: int) -> int:
    for _ in range(n):
        gosched()
    return n


def gosched_2(n: int) -> float:
    turns = -(-n // 2)
    start = clock()
    a, b = go(take_turns, turns), go(take_turns, turns)
    total = a.join() + b.join()
    taken = clock() - start
    check(total, turns * 2)
    return taken * n / (turns * 2)


async def atake_turns(n: int) -> int:
    for _ in range(n):
        await agosched()
    return n


async def agosched_2(n: int) -> float:
    turns = -(-n // 2)
    start = clock()
    a, b = go(atake_turns, turns), go(atake_turns, turns)
    total = await a + await b
    taken = clock() - start
    check(total, turns * 2)
    return taken * n / (turns * 2)


# ---- PingPongHog: the same beside a goroutine that spins. Go interrupts its own every 10 ms; nothing interrupts a
# goroutine here, so it gives way each time ----


def hog(stop: list[bool]) -> int:
    turns = 0
    while not stop:
        turns += 1
        gosched()
    return turns


def ping_pong_hog(n: int) -> float:
    stop: list[bool] = []
    spinning = go(hog, stop)
    taken = ping_pong(n)
    stop.append(True)
    check(spinning.join() > 0 or n < 100, True)
    return taken


async def ahog(stop: list[bool]) -> int:
    turns = 0
    while not stop:
        turns += 1
        await agosched()
    return turns


async def aping_pong_hog(n: int) -> float:
    stop: list[bool] = []
    spinning = go(ahog, stop)
    taken = await aping_pong(n)
    stop.append(True)
    check(await spinning > 0 or n < 100, True)
    return taken


# ---- CloseWake1000: a thousand goroutines start, wait on one channel, and are woken by its close; an operation is all
# of that ----


def wait_for_close(ch: Chan[int], started: list[int], all_started: Chan[int]) -> int:
    started.append(1)
    if len(started) == 1000:
        all_started.send(1)
    _, ok = ch.recv_ok()
    return 0 if ok else 1


def close_wake(n: int) -> float:
    woken = 0
    start = clock()
    for _ in range(n):
        ch: Chan[int] = Chan()
        started: list[int] = []
        all_started: Chan[int] = Chan(1)
        waiting = [go(wait_for_close, ch, started, all_started) for _ in range(1000)]
        all_started.recv()
        ch.close()
        for g in waiting:
            woken += g.join()
    taken = clock() - start
    check(woken, n * 1000)
    return taken


async def await_close(ch: Chan[int], started: list[int], all_started: Chan[int]) -> int:
    started.append(1)
    if len(started) == 1000:
        await all_started.asend(1)
    _, ok = await ch.arecv_ok()
    return 0 if ok else 1


async def aclose_wake(n: int) -> float:
    woken = 0
    start = clock()
    for _ in range(n):
        ch: Chan[int] = Chan()
        started: list[int] = []
        all_started: Chan[int] = Chan(1)
        waiting = [go(await_close, ch, started, all_started) for _ in range(1000)]
        await all_started.arecv()
        ch.close()
        for g in waiting:
            woken += await g
    taken = clock() - start
    check(woken, n * 1000)
    return taken


ROWS = [
    Row("CreateGoroutines", create_goroutines, acreate_goroutines, 100_000),
    Row("SpawnJoin", spawn_join, aspawn_join, 100_000),
    Row("PingPong", ping_pong, aping_pong, 50_000),
    Row("TokenRing", token_ring, atoken_ring, 100_000),
    Row("Gosched", gosched_2, agosched_2, 100_000),
    Row("PingPongHog", ping_pong_hog, aping_pong_hog, 200_000),
    Row("CloseWake1000", close_wake, aclose_wake, 50),
]

if __name__ == "__main__":
    main(ROWS)
