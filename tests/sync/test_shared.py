"""Pool, Map and the atomics."""

import gc
import pickle

import pytest

from goconc.sync import AtomicBool, AtomicInt, AtomicRef, Map, Pool


def test_pool():  # rule PO-01
    assert Pool().get() is None
    pool = Pool(list)
    pool.put(None)
    assert pool.get() == []
    item = [1]
    pool.put(item)
    assert pool.get() is item


def test_a_pool_is_emptied_by_two_collections():  # rule PO-03
    pool = Pool()
    pool.put("kept")
    gc.collect()
    assert pool.get() == "kept"
    pool.put("gone")
    gc.collect()
    gc.collect()
    assert pool.get() is None


def test_map():  # rule MP-01
    m = Map()
    assert m.load(1) == (None, False)
    m.store(1, "a")
    assert m.load(1) == ("a", True)
    assert m.load_or_store(1, "b") == ("a", True)
    assert m.load_or_store(2, "b") == ("b", False)
    assert m.swap(2, "c") == ("b", True)
    assert m.swap(3, "d") == (None, False)
    assert not m.compare_and_swap(3, "x", "y")
    assert m.compare_and_swap(3, "d", "e")
    assert not m.compare_and_swap(4, None, "y")
    assert not m.compare_and_delete(4, None)
    assert not m.compare_and_delete(3, "d")
    assert m.compare_and_delete(3, "e")
    assert m.load_and_delete(2) == ("c", True)
    assert m.load_and_delete(2) == (None, False)
    m.delete(2)
    assert list(m) == [(1, "a")]
    m.clear()
    assert list(m) == []
    with pytest.raises(TypeError):  # rule MP-03
        m.store([], 1)


def test_range():  # rule MP-02
    m = Map()
    for i in range(5):
        m.store(i, i)
    seen = []

    def change(key, value):
        seen.append(key)
        m.delete(4)
        m.store(key + 10, value)

    m.range(change)
    assert seen == [0, 1, 2, 3]
    seen.clear()
    m.range(lambda key, value: bool(seen.append(key)))
    assert len(seen) == 1


def test_a_map_shared_by_threads(thread):  # rule MP-01
    m = Map()
    m.store("n", 0)

    def add():
        for _ in range(500):
            while True:
                n, _ = m.load("n")
                if m.compare_and_swap("n", n, n + 1):
                    break

    for handle in [thread(add) for _ in range(4)]:
        handle.join()
    assert m.load("n") == (2000, True)


def test_atomic_int(thread):  # rule AT-01, AT-02
    n = AtomicInt(5)
    assert (n.load(), n.swap(6), n.add(-2), n.and_(0b110), n.or_(0b11), n.load()) == (5, 5, 4, 4, 4, 7)
    assert n.compare_and_swap(7, 2**70)
    assert not n.compare_and_swap(7, 1)
    assert n.add(1) == 2**70 + 1  # rule AT-03
    for wrong in (1.0, True, None):
        with pytest.raises(TypeError, match="holds an int"):
            n.store(wrong)
    n.store(0)

    def add():
        for _ in range(2000):
            n.add(1)

    for handle in [thread(add) for _ in range(4)]:
        handle.join()
    assert n.load() == 8000


def test_atomic_bool_and_ref():  # rule AT-01
    flag = AtomicBool()
    assert flag.swap(True) is False
    assert flag.compare_and_swap(True, False) is True
    assert flag.compare_and_swap(True, False) is False
    assert flag.load() is False
    with pytest.raises(TypeError, match="holds a bool"):
        flag.store(1)
    first, second = [1], [1]
    ref = AtomicRef[list](first)
    assert not ref.compare_and_swap(second, [])
    assert ref.compare_and_swap(first, second)
    assert ref.swap(first) is second
    assert ref.load() is first


@pytest.mark.parametrize("made", [Pool(), Map(), AtomicInt(), AtomicBool(), AtomicRef()], ids=repr)
def test_no_copies(made):
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        pickle.dumps(made)
