"""Dining philosophers: five forks, five philosophers, and each needs two forks to eat.

Each takes the left fork first: once all have one, nobody ever eats, and the report tells who waits where. If all take the
fork with the lower number first, everybody eats.
"""

from goconc import Chan, Deadlock, go, run
from goconc._examples._support import check
from goconc.sync import Mutex, WaitGroup

NAMES = "Aristotle", "Confucius", "Hypatia", "Kant", "Zeno"
MEALS = 100


def dine(first: Mutex, second: Mutex, meals: int) -> int:
    eaten = 0
    for _ in range(meals):
        with first, second:
            eaten += 1
    return eaten


async def adine(first: Mutex, second: Mutex, meals: int) -> int:
    eaten = 0
    for _ in range(meals):
        async with first, second:
            eaten += 1
    return eaten


def dinner(meals: int) -> dict[str, int]:
    forks = [Mutex() for _ in NAMES]
    diners = {}
    for n, name in enumerate(NAMES):
        left, right = sorted((n, (n + 1) % len(NAMES)))
        own = forks[left], forks[right]
        diners[name] = go(adine, *own, meals) if n % 2 else go(dine, *own, meals)
    return {name: diner.join() for name, diner in diners.items()}


def left_first(left: Mutex, right: Mutex, all_have_one: WaitGroup) -> None:
    with left:
        all_have_one.done()
        all_have_one.wait()
        with right:
            pass


def stuck_dinner() -> None:
    forks = [Mutex() for _ in NAMES]
    all_have_one = WaitGroup()
    all_have_one.add(len(NAMES))
    for n, name in enumerate(NAMES):
        go(left_first, forks[n], forks[(n + 1) % len(NAMES)], all_have_one).name = name
    Chan[None]().recv()


def main() -> None:
    eaten = run(dinner, MEALS)
    check(eaten == dict.fromkeys(NAMES, MEALS), f"{eaten}: each eats {MEALS} times")
    print(f"lower fork first: each of {len(NAMES)} eats {MEALS} times")
    try:
        run(stuck_dinner)
    except Deadlock as error:
        lines = [line for line in str(error).splitlines() if any(name in line for name in NAMES)]
        check(len(lines) == len(NAMES), f"all philosophers are in the report: {lines}")
        print("left fork first:", str(error).splitlines()[0])
        print(*(f"    {line}" for line in lines), sep="\n")
    else:
        check(False, "there was no deadlock")


if __name__ == "__main__":
    main()
