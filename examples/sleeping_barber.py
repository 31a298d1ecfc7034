"""The sleeping barber: he sleeps until somebody comes, and whoever finds no free chair in the waiting room leaves.

The waiting room is a channel with room for as many as there are chairs; to look in without waiting is `select` with a default.
"""

from typing import NamedTuple

from goconc import Chan, agosched, aselect, go, gosched, run
from goconc._examples._support import check

CHAIRS = 5
CUSTOMERS = 1000


class Customer(NamedTuple):
    number: int
    done: Chan[str]


def barber(waiting_room: Chan[Customer]) -> int:
    cuts = 0
    for customer in waiting_room:
        for _ in range(10):
            gosched()  # it takes a while
        cuts += 1
        customer.done.send(f"cut number {cuts}")
    return cuts


async def visit(number: int, waiting_room: Chan[Customer]) -> str:
    """What the barber said, or "" if there was no chair."""
    customer = Customer(number, Chan())
    for _ in range(number % 7):
        await agosched()  # not all come at once
    if (await aselect((waiting_room, customer), default=True)).index == -1:
        return ""
    return await customer.done.arecv()


def day(customers: int, chairs: int) -> tuple[list[str], int]:
    waiting_room: Chan[Customer] = Chan(chairs)
    shop = go(barber, waiting_room)
    visits = [go(visit, number, waiting_room) for number in range(customers)]
    said = [each.join() for each in visits]
    waiting_room.close()
    return said, shop.join()


def main() -> None:
    said, cuts = run(day, CUSTOMERS, CHAIRS)
    served = [words for words in said if words]
    check(len(served) == cuts >= CHAIRS, f"the barber cut {cuts} times, {len(served)} customers were served")
    check(set(served) == {f"cut number {n}" for n in range(1, cuts + 1)}, "each cut is for one customer")
    print(f"{CUSTOMERS} customers, {CHAIRS} chairs: {cuts} haircuts, {CUSTOMERS - cuts} found no chair")


if __name__ == "__main__":
    main()
