"""Heartbeats: a ward shows that it lives, and a steward puts a new one in the place of one that has fallen silent.

The ward beats when it has nothing to do, and never waits for a listener. The steward ends a silent ward by its context.
"""

from goconc import Chan, RecvChan, SendChan, after, aselect, context, go, run, select
from goconc._examples._support import check

PULSE = 0.005  # seconds
PATIENCE = 0.100
JOBS = 100
POISON = {13, 66}  # who gets one of these never comes back


async def ward(ctx: context.Context, jobs: RecvChan[int], results: SendChan[int], beats: SendChan[None]) -> None:
    while True:
        match await aselect(jobs, after(PULSE), ctx.done()):
            case 0, int(job), True:
                if job in POISON:
                    await ctx.done().arecv_ok()  # hangs; only the steward can help
                    return
                await results.asend(job * job)
                await aselect((beats, None), default=True)
            case 1, *_:
                await aselect((beats, None), default=True)
            case _:
                return  # no more jobs, or the steward has lost patience


def steward(jobs: RecvChan[int], results: SendChan[int], done: RecvChan[None]) -> int:
    """How many wards it took until ``done`` was closed."""
    wards = 0
    while True:
        wards += 1
        with context.with_cancel(context.background()) as ctx:
            beats: Chan[None] = Chan(1)
            go(ward, ctx, jobs, results, beats)
            while (heard := select(beats, after(PATIENCE), done).index) == 0:
                pass
        if heard == 2:
            return wards


def feed(jobs: Chan[int], count: int) -> None:
    for job in range(count):
        jobs.send(job)


def work(count: int) -> tuple[list[int], int]:
    """The squares of all numbers below ``count`` that are not poison, and how many wards that took."""
    jobs: Chan[int] = Chan()
    results: Chan[int] = Chan()
    done: Chan[None] = Chan()
    go(feed, jobs, count)
    stewarding = go(steward, jobs.receiver, results.sender, done.receiver)
    squares = [results.recv() for job in range(count) if job not in POISON]
    done.close()
    return squares, stewarding.join()


def main() -> None:
    squares, wards = run(work, JOBS)
    check(sorted(squares) == [n * n for n in range(JOBS) if n not in POISON], "each other job is done once")
    check(wards > len(POISON), f"{wards} wards, though {len(POISON)} were lost")
    print(f"{len(squares)} of {JOBS} jobs are done; {wards} wards, {len(POISON)} of them fell silent")


if __name__ == "__main__":
    main()
