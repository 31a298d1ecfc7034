"""Pool, Map and the atomics."""

import gc
import pickle
import sys
import sysconfig
import time
import weakref

import pytest

from goconc.sync import AtomicBool, AtomicInt, AtomicRef, AtomicValue, Map, Pool


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


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this build has a GIL, and young collections"
)
def test_every_collection_of_a_free_threaded_build_counts():  # rule PO-03
    pool = Pool()
    pool.put("gone")
    gc.collect(0)
    gc.collect(0)
    assert pool.get() is None


def test_pools_that_come_and_go_during_collections(thread, monkeypatch):  # rule PO-03
    """A collection may begin while another thread makes a pool."""
    errors, stop = [], []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: errors.append(args.exc_value))

    def make():
        pools = []
        while not stop:
            pools.append(Pool())
            if len(pools) > 3000:
                pools.clear()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [thread(make) for _ in range(2)]
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            gc.collect()
        stop.append(1)
        for one in threads:
            one.join()
    finally:
        stop.append(1)
        sys.setswitchinterval(before)
    assert errors == []


def test_a_pool_lets_go():  # rule PO-03; Go: TestPoolRelease
    class Item:
        pass

    pool = Pool()
    items = [Item() for _ in range(10)]
    gone = [weakref.ref(item) for item in items]
    while items:
        pool.put(items.pop())
    for _ in range(3):
        gc.collect()
    assert [ref() for ref in gone] == [None] * 10


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


def test_a_map_matches_a_dict(rng):  # rule MP-01; Go: TestMapMatchesRWMutex, TestMapMatchesDeepCopy
    def found(key):
        return (model[key], True) if key in model else (None, False)

    m, model = Map(), {}
    for _ in range(5000):
        key, value, old = rng.choice("abcdefgh"), rng.randrange(3), rng.randrange(3)
        was, there = found(key)
        match rng.randrange(10):
            case 0:
                m.store(key, value)
                model[key] = value
            case 1:
                assert m.load_or_store(key, value) == ((was, True) if there else (value, False))
                model.setdefault(key, value)
            case 2:
                assert m.load_and_delete(key) == (was, there)
                model.pop(key, None)
            case 3:
                m.delete(key)
                model.pop(key, None)
            case 4:
                assert m.swap(key, value) == (was, there)
                model[key] = value
            case 5:
                assert m.compare_and_swap(key, old, value) == (there and was == old)
                if there and was == old:
                    model[key] = value
            case 6:
                assert m.compare_and_delete(key, old) == (there and was == old)
                if there and was == old:
                    del model[key]
            case 7 if rng.random() < 0.05:
                m.clear()
                model.clear()
            case _:
                assert m.load(key) == (was, there)
        if rng.random() < 0.02:
            assert dict(m) == model
    assert dict(m) == model


def test_a_map_lets_go():  # rule MP-01; Go: TestIssue40999
    class Item:
        pass

    m = Map()
    gone = []
    for _ in range(3):
        item = Item()
        gone.append(weakref.ref(item))
        m.store(item, 1)
        m.load(item)
        m.delete(item)
    del item
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3


def test_range_in_range():  # rule MP-02; Go: TestMapRangeNestedCall
    m = Map()
    for i, word in enumerate(["hello", "world", "go"]):
        m.store(i, word)
    seen = []

    def inner(key, value):
        assert m.load(key) == (value, True)
        assert m.load_or_store("Go", "python")[0] == "python"
        assert not m.compare_and_swap("nobody", None, 1)
        m.delete("Go")
        seen.append(key)

    m.range(lambda key, value: m.range(inner))
    assert sorted(seen) == sorted([0, 1, 2] * 3)


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


class Equal:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    __hash__ = None


def test_atomic_value():  # rule AT-04; Go: TestValue, TestValuePanic, TestValue_Swap, TestValue_CompareAndSwap
    value = AtomicValue()
    assert value.load() is None
    for refused in (value.store, value.swap, lambda v: value.compare_and_swap(None, v)):
        with pytest.raises(TypeError, match="does not hold None"):
            refused(None)
    assert not value.compare_and_swap(1, 2)
    assert value.compare_and_swap(None, 1)
    assert not value.compare_and_swap(None, 2)
    assert value.swap(2) == 1
    for refused in (value.store, value.swap, lambda v: value.compare_and_swap(None, v)):
        for wrong in ("x", True, 1.0):
            with pytest.raises(TypeError, match="that holds a int takes no"):
                refused(wrong)
        with pytest.raises(TypeError, match="does not hold None"):
            refused(None)
    with pytest.raises(TypeError, match="got a str and a int"):
        value.compare_and_swap("x", 1)
    assert value.load() == 2
    value.store(3)
    assert repr(value) == "AtomicValue(3)"
    alike = AtomicValue[Equal]()
    alike.store(Equal(1))
    assert not alike.compare_and_swap(Equal(2), Equal(3))
    assert alike.compare_and_swap(Equal(1), Equal(3))
    assert alike.load().n == 3


@pytest.mark.parametrize("made", [Pool(), Map(), AtomicInt(), AtomicBool(), AtomicRef(), AtomicValue()], ids=repr)
def test_no_copies(made):
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        pickle.dumps(made)
