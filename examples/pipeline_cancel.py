"""A pipeline that is left early: every stage sends within a context, so that no goroutine stays behind.

generate, square on two goroutines, merge. Whoever has enough leaves the `with` block; that ends the context, and with it all
stages.
"""

from collections.abc import Callable, Coroutine

from goconc import Canceled, Chan, RecvChan, context, go, run
from goconc._examples._support import check

ENOUGH = 1_000_000


async def until_over(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Canceled:
        pass


def stage(body: Callable[[Chan[int]], Coroutine[object, object, None]]) -> RecvChan[int]:
    """A goroutine that sends what ``body`` does, until that or the context ends; then its channel is closed."""
    out: Chan[int] = Chan()

    async def whole() -> None:
        with out:
            await until_over(body(out))

    go(whole)
    return out.receiver


def generate(ctx: context.Context) -> RecvChan[int]:
    async def body(out: Chan[int]) -> None:
        number = 1
        while True:
            await out.asend(number, ctx=ctx)
            number += 1

    return stage(body)


def square(ctx: context.Context, numbers: RecvChan[int]) -> RecvChan[int]:
    async def body(out: Chan[int]) -> None:
        async for number in numbers:
            await out.asend(number * number, ctx=ctx)

    return stage(body)


def merge(ctx: context.Context, *sources: RecvChan[int]) -> RecvChan[int]:
    async def body(out: Chan[int]) -> None:
        async def forward(source: RecvChan[int]) -> None:
            async for number in source:
                await out.asend(number, ctx=ctx)

        for forwarder in [go(until_over, forward(source)) for source in sources]:
            await forwarder

    return stage(body)


def squares_up_to(total: int) -> list[int]:
    """Squares in the order in which they come, until their sum exceeds ``total``."""
    taken: list[int] = []
    with context.with_cancel(context.background()) as ctx:
        numbers = generate(ctx)
        for number in merge(ctx, square(ctx, numbers), square(ctx, numbers)):
            taken.append(number)
            if sum(taken) > total:
                break
    return taken


def main() -> None:
    taken = run(squares_up_to, ENOUGH)
    check(sum(taken) > ENOUGH >= sum(taken[:-1]), "it stops as soon as it has enough")
    check(len(set(taken)) == len(taken) and all(round(n**0.5) ** 2 == n for n in taken), "squares, none of them twice")
    print(f"left after {len(taken)} squares, {sum(taken)} together")


if __name__ == "__main__":
    main()
