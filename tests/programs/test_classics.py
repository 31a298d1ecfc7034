"""Philosophers, barbers, barriers, readers and writers, trees."""

from itertools import accumulate

import pytest

from goconc._examples import barrier, dining_philosophers, readers_writers, same_tree, sleeping_barber


def test_all_philosophers_eat(run_whole):
    """(The deadlock of the other order is in the tour: a deadlock is found where no other thread is.)"""
    assert run_whole(dining_philosophers.dinner, 50) == dict.fromkeys(dining_philosophers.NAMES, 50)


@pytest.mark.parametrize("chairs", [1, 5, 300])
def test_sleeping_barber(chairs, run_whole):
    said, cuts = run_whole(sleeping_barber.day, 300, chairs)
    assert sorted(filter(None, said)) == sorted(f"cut number {n}" for n in range(1, cuts + 1))
    assert min(chairs, 300) <= cuts <= 300
    assert chairs < 300 or cuts == 300


@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_barrier(count, run_whole):
    numbers = [n * n % 11 for n in range(count)]
    assert run_whole(barrier.prefix_sums, numbers) == list(accumulate(numbers))


def test_readers_and_writers(run_whole):
    bank = readers_writers.Bank()
    assert run_whole(readers_writers.business, bank) == {readers_writers.ACCOUNTS * readers_writers.MONEY}
    assert sum(bank.accounts) == readers_writers.ACCOUNTS * readers_writers.MONEY
    assert min(bank.accounts) >= 0


def test_trees_of_different_shapes_hold_the_same(run_whole):
    one, other = (same_tree.tree_of(range(200), seed) for seed in (1, 2))
    assert one != other
    assert run_whole(same_tree.same, one, other) == (True, 200)


@pytest.mark.parametrize("odd", [0, 100, 199])
def test_walkers_stop_at_the_first_difference(odd, run_whole):
    one = same_tree.tree_of(range(200), seed=1)
    other = same_tree.tree_of([n if n != odd else n + 0.5 for n in range(200)], seed=2)
    assert run_whole(same_tree.same, one, other) == (False, odd)


def test_a_tree_that_holds_more(run_whole):
    one, other = same_tree.tree_of(range(10), seed=1), same_tree.tree_of(range(11), seed=1)
    assert run_whole(same_tree.same, one, other) == (False, 10)
