"""The native fiber engine on its own (goconc/_cpython/fiber.hpp), through tests/native/fiber_probe.cpp, built here with assertions on."""

import contextvars
import gc
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import threading
import weakref

import pytest

HERE = pathlib.Path(__file__).parent
SETUP = """
import sys
from setuptools import Extension, setup
setup(name="fiber_probe", ext_modules=[Extension("fiber_probe", [sys.argv.pop()], language="c++",
      extra_compile_args=["-std=c++17", "-O1", "-g0", "-UNDEBUG", "-pthread", "-Wall", "-Wextra", "-Werror",
                          "-Wno-missing-field-initializers", "-Wno-cast-function-type", "-Wno-unknown-warning-option"])])
"""
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
LINUX = sys.platform.startswith("linux")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the native fiber engine is for Linux and macOS"),
    pytest.mark.skipif(
        FREE_THREADED and sys.version_info >= (3, 14), reason="no native fibers on free-threaded 3.14 and later"
    ),
]


@pytest.fixture(scope="session")
def probe_dir(tmp_path_factory):
    pytest.importorskip("setuptools", reason="setuptools is needed to build the probe")
    if not (os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("no C++ compiler to build the probe with")
    where = tmp_path_factory.mktemp("fiber_probe")
    (where / "setup.py").write_text(SETUP)
    built = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace", str(HERE / "native" / "fiber_probe.cpp")],
        cwd=where,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return where


@pytest.fixture(scope="session")
def probe(probe_dir):
    sys.path.insert(0, str(probe_dir))
    try:
        import fiber_probe
    finally:
        sys.path.pop(0)
    return fiber_probe


class Fibers:
    """Starts functions on fibers; what they raise is raised by run()."""

    def __init__(self, probe):
        self.probe = probe
        self.errors = []

    def go(self, *fns):
        def guarded(fn):
            def body():
                try:
                    fn()
                except BaseException as e:
                    self.errors.append(e)

            return body

        bodies = tuple(guarded(fn) for fn in fns)
        return self.probe.spawn(bodies if len(fns) > 1 else bodies[0])

    def run(self, parked=0):
        live = self.probe.run()
        if self.errors:
            raise self.errors[0]
        assert live == parked


@pytest.fixture
def fibers(probe):
    return Fibers(probe)


@pytest.fixture
def alone(probe_dir):
    """Runs a script in a process of its own, with `p` for the probe; returns the finished process."""

    def run(source, *args, timeout=120):
        source = "import sys, os, fiber_probe as p\n" + textwrap.dedent(source)
        env = dict(os.environ, PYTHONPATH=str(probe_dir), PYTHONFAULTHANDLER="0")
        return subprocess.run(
            [sys.executable, "-c", source, *map(str, args)], env=env, capture_output=True, text=True, timeout=timeout
        )

    return run


def checked(process):
    assert process.returncode == 0, f"exit {process.returncode}\n{process.stdout}{process.stderr}"
    return process.stdout


# --- the switch ---------------------------------------------------------------------------------------------------------------------


def test_the_interpreter_has_the_layout_that_was_compiled_in(probe):
    assert probe.matches()


def test_fibers_take_turns_and_keep_their_locals(fibers, probe):
    seen = []

    def body(name):
        for i in range(3):
            seen.append((name, i))
            probe.gosched()

    for name in "abc":
        fibers.go(lambda name=name: body(name))
    fibers.run()
    assert seen == [(name, i) for i in range(3) for name in "abc"]


def test_a_parked_fiber_goes_on_only_when_readied(fibers, probe):
    seen = []
    handle = fibers.go(lambda: (seen.append(1), probe.park(), seen.append(2)))
    fibers.run(parked=1)
    assert seen == [1]
    probe.ready(handle)
    fibers.run()
    assert seen == [1, 2]


def test_callee_saved_registers_and_floats_survive(fibers, probe):
    def body(k):
        x = float(k)
        for _ in range(50):
            x = x * 1.5 + k
            probe.gosched()
            x = (x - k) / 1.5
        assert x == k

    for k in range(20):
        fibers.go(lambda k=k: body(k))
    fibers.run()


def test_same_thread(fibers, probe):
    idents = set()
    for _ in range(3):
        fibers.go(lambda: (idents.add(threading.get_ident()), probe.gosched(), idents.add(threading.get_ident())))
    fibers.run()
    assert idents == {threading.get_ident()}


def test_unwinding_ends_at_the_base(fibers, probe):
    found = []

    def body():
        probe.gosched()
        found.append(probe.unwind())
        assert probe.throw_and_catch() == 42

    fibers.go(body)
    fibers.go(body)
    fibers.run()
    for frames, ended in found:
        assert ended
        assert 3 < frames < 100


def test_in_threads_each_with_fibers_of_its_own(probe):
    failed = []

    def thread(n):
        try:
            mine = Fibers(probe)
            total = []

            def body(k):
                for i in range(200):
                    total.append([i] * k)
                    if i % 10 == 0:
                        probe.gosched()

            for k in range(40):
                mine.go(lambda k=k: body(k))
            mine.run()
            assert len(total) == 8000
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=thread, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed


# --- exceptions, generators, contexts -----------------------------------------------------------------------------------------------


def test_exceptions_being_handled_are_the_fibers_own(fibers, probe):
    def body(k):
        assert sys.exc_info()[1] is None
        try:
            raise KeyError(k)
        except KeyError:
            probe.gosched()
            assert sys.exc_info()[1].args == (k,)
            try:
                raise ValueError(k)
            except ValueError as e:
                probe.gosched()
                assert e.__context__.args == (k,)  # noqa: PT017 - what is handled after the switch is the point
            probe.gosched()
            with pytest.raises(KeyError) as again:
                raise
            assert again.value.args == (k,)
        probe.gosched()
        assert sys.exc_info()[1] is None

    try:
        raise OSError("of the caller")
    except OSError:
        for k in range(5):
            fibers.go(lambda k=k: body(k))
        fibers.run()
        assert isinstance(sys.exc_info()[1], OSError)


def test_a_fiber_finishing_inside_handlers_leaves_nothing(fibers, probe):
    kept = []

    class Error(ValueError):
        pass

    def body():
        try:
            raise Error
        except Error as e:
            kept.append(weakref.ref(e))
            probe.gosched()

    for _ in range(10):
        fibers.go(body, body)
    fibers.run()
    gc.collect()
    assert len(kept) == 20
    assert all(r() is None for r in kept)


def test_generators(fibers, probe):
    def generate(k):
        for i in range(10):
            probe.gosched()
            try:
                yield i * k
            finally:
                probe.gosched()

    def outer(k):
        yield from generate(k)

    def body(k):
        assert list(outer(k)) == [i * k for i in range(10)]

    for k in range(10):
        fibers.go(lambda k=k: body(k))
    fibers.run()


def test_a_generator_started_on_one_fiber_and_resumed_on_another(fibers, probe):
    def generate():
        try:
            raise KeyError
        except KeyError:
            for i in range(4):
                yield i, type(sys.exc_info()[1])

    g = generate()
    got = []
    for _ in range(4):
        fibers.go(lambda: (got.append(next(g)), probe.gosched()))
    fibers.run()
    assert got == [(i, KeyError) for i in range(4)]


def test_contexts_are_the_fibers_own(fibers, probe):
    var = contextvars.ContextVar("var", default="none")
    var.set("main")

    def body(k):
        assert var.get() == "none"
        var.set(k)
        for _ in range(5):
            assert var.get() == k
            probe.gosched()
            inside = contextvars.copy_context()
            inside.run(var.set, -k)
            inside.run(probe.gosched)
            assert var.get() == k
            assert inside[var] == -k

    for k in range(1, 6):
        fibers.go(lambda k=k: body(k))
    fibers.run()
    assert var.get() == "main"


def test_a_context_variables_cache_does_not_outlive_a_switch(fibers, probe):
    var = contextvars.ContextVar("var")

    def body(k):
        var.set(k)
        for _ in range(3):
            probe.gosched()
            assert var.get() == k  # the last one read or set, by another fiber, is what the variable remembers

    for k in range(4):
        fibers.go(lambda k=k: body(k))
    fibers.run()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal")
def test_handled_exceptions_leave_no_references_to_none(fibers):
    def body():
        try:
            raise ValueError
        except ValueError:
            pass

    before = sys.getrefcount(None)
    for _ in range(500):
        fibers.go(body)
        fibers.run()
    assert sys.getrefcount(None) - before < 100


def test_between_goroutines_of_one_fiber_the_context_is_dropped(fibers, probe):
    var = contextvars.ContextVar("var", default=None)
    seen, kept = [], []

    class Value:
        pass

    def body():
        seen.append(var.get())
        value = Value()
        kept.append(weakref.ref(value))
        var.set(value)
        probe.gosched()

    fibers.go(body, body, body)
    fibers.run()
    gc.collect()
    assert seen == [None] * 3
    assert [r() for r in kept] == [None] * 3


def test_the_frame_of_a_parked_fiber(fibers, probe):
    def inner():
        probe.park()

    handle = fibers.go(inner)
    assert probe.frame(handle) is None  # has not run
    fibers.run(parked=1)
    frame = probe.frame(handle)
    assert frame.f_code is inner.__code__
    assert frame.f_back.f_code.co_name == "body"
    assert frame.f_back.f_back is None
    assert sys._getframe().f_code.co_name == "test_the_frame_of_a_parked_fiber"
    probe.ready(handle)
    fibers.run()


def test_the_bottom_of_a_fiber_is_the_bottom(fibers, probe):
    depths = []

    def body():
        frame, n = sys._getframe(), 0
        while frame:
            frame, n = frame.f_back, n + 1
        depths.append(n)

    fibers.go(body)
    fibers.run()
    assert depths == [2]


# --- depths -------------------------------------------------------------------------------------------------------------------------


def recurse(n, then):
    return recurse(n - 1, then) if n else then()


def test_depth_of_python_calls_is_the_fibers_own(fibers, probe):
    limit = sys.getrecursionlimit()
    deep = limit * 7 // 10
    for _ in range(5):
        fibers.go(lambda: recurse(deep, probe.gosched))
    fibers.go(lambda: recurse(deep, lambda: None))
    fibers.run()


def test_recursion_limit_changed_while_parked(fibers, probe):
    limit = sys.getrecursionlimit()
    hit = []

    def body():
        def inside():
            probe.park()
            with pytest.raises(RecursionError):
                recurse(limit, lambda: None)
            hit.append(True)

        recurse(100, inside)

    handle = fibers.go(body)
    fibers.run(parked=1)
    sys.setrecursionlimit(limit + 500)
    try:
        fibers2 = fibers.go(lambda: recurse(limit + 200, lambda: None))
        fibers.run(parked=1)
    finally:
        sys.setrecursionlimit(limit)
    assert fibers2
    probe.ready(handle)
    fibers.run()
    assert hit


def test_between_goroutines_of_one_fiber_depths_are_fresh(fibers, probe):
    state = []

    def spoiled():
        try:
            recurse(10**6, lambda: None)
        except RecursionError:
            pass
        probe.set_tracing(3)  # as if a trace function had not come back

    fibers.go(
        spoiled,
        lambda: state.append(probe.state_of_thread()),
        lambda: recurse(sys.getrecursionlimit() - 50, lambda: None),
    )
    fibers.run()
    assert state[0]["tracing"] == 0
    assert state[0]["headroom"] == 0


def test_depths_of_error_handling_and_of_destruction_are_the_fibers_own(fibers, probe):
    seen = []

    class Parks:
        def __del__(self):
            probe.park()

    def destroys():
        x = ((((Parks(),),),),)
        probe.set_headroom(2)
        del x
        mine = probe.state_of_thread()
        probe.set_headroom(0)
        seen.append(mine)

    handle = fibers.go(destroys)
    fibers.go(lambda: seen.append(probe.state_of_thread()))
    fibers.run(parked=1)
    assert seen == [{"tracing": 0, "headroom": 0, "trash": 0}]
    assert probe.state_of_thread() == seen[0]
    probe.ready(handle)
    fibers.run()
    assert seen[1] == {"tracing": 0, "headroom": 2, "trash": 0}


def test_sixty_calls_deep_stay_in_the_fibers_own_memory(fibers, probe):
    found = []

    def down(n, a=1, b=2, c=3, d=4, *rest, e=5, f=6, g=7, h=8):
        i = j = k = m = o = q = n
        return down(n - 1) + i + j + k + m + o + q if n else found.append(probe.in_first_chunk()) or 0

    fibers.go(lambda: down(60))
    fibers.go(lambda: recurse(900, lambda: found.append(probe.in_first_chunk())))
    fibers.run()
    assert found[0] is True
    assert found[1] is False  # else this test could not fail


def test_chunks_that_cpython_maps_belong_to_the_fiber(fibers, probe):
    def body(k):
        def inside():
            for _ in range(5):
                recurse(20, probe.gosched)

        recurse(400 + 40 * k, inside)

    for k in range(8):
        fibers.go(lambda k=k: body(k))
    fibers.run()


# --- tracing ------------------------------------------------------------------------------------------------------------------------


def test_parking_inside_a_trace_function_silences_nobody_else(fibers, probe):
    seen = []

    def target_a():
        return 1

    def target_b():
        return 2

    def trace(frame, event, arg):
        if event == "call" and frame.f_code is target_a.__code__:
            seen.append("a")
            probe.park()
        elif event == "call" and frame.f_code is target_b.__code__:
            seen.append("b")

    handle = fibers.go(lambda: (target_a(), target_b()))
    fibers.go(lambda: (probe.gosched(), target_b()))
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        fibers.run(parked=1)
        assert seen == ["a", "b"]
        target_b()
        assert seen == ["a", "b", "b"]
        probe.ready(handle)
        fibers.run()
        assert seen == ["a", "b", "b", "b"]
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("switch", ["settrace", "setprofile"])
def test_a_parked_fiber_follows_the_threads_setting(fibers, probe, switch):
    seen = []
    setter, before = getattr(sys, switch), getattr(sys, "get" + switch[3:])()

    def target():
        return 1

    def tracer(frame, event, arg):
        if event == "call" and frame.f_code is target.__code__:
            seen.append(1)

    def body():
        for _ in range(3):
            target()
            probe.park()

    handle = fibers.go(body)
    try:
        fibers.run(parked=1)
        assert len(seen) == 0
        setter(tracer)
        probe.ready(handle)
        fibers.run(parked=1)
        assert len(seen) == 1
        setter(None)
        probe.ready(handle)
        fibers.run(parked=1)
        assert len(seen) == 1
    finally:
        setter(before)
    probe.ready(handle)
    fibers.run()


def test_tracing_across_many_switches(fibers, probe):
    lines = []

    def body():
        for _ in range(20):
            probe.gosched()

    def trace(frame, event, arg):
        if frame.f_code is body.__code__:
            if event == "line":
                lines.append(frame.f_lineno)
            return trace

    for _ in range(5):
        fibers.go(body)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        fibers.run()
    finally:
        sys.settrace(before)
    assert len(lines) == 5 * (20 * 2 + 1)


# --- parks in odd places ------------------------------------------------------------------------------------------------------------


def test_parks_inside_comparisons_and_hashes(fibers, probe):
    class Key:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return 1

        def __eq__(self, other):
            probe.gosched()
            return self.n == other.n

        def __lt__(self, other):
            probe.gosched()
            return self.n < other.n

    shared = {Key(i): i for i in range(5)}

    def body(k):
        own = [Key((i * 7 + k) % 10) for i in range(10)]
        own.sort()
        assert [x.n for x in own] == list(range(10))
        assert sorted(range(10), key=lambda i: (probe.gosched(), -i)[1]) == list(range(9, -1, -1))
        assert shared[Key(4)] == 4
        assert len({Key(i % 3) for i in range(9)}) == 3

    for k in range(6):
        fibers.go(lambda k=k: body(k))
    fibers.run()


def test_parks_inside_locked_objects_release_them(fibers, probe):
    # On a free-threaded build list.sort, dict and set methods hold the object's lock while they compare; extend() takes it again.
    shared = []

    class Parks:
        def __lt__(self, other):
            probe.gosched()
            return False

    def sorter():
        own = [Parks() for _ in range(4)]
        own.sort()
        shared.extend(own)
        shared[:] = shared[:2]

    for _ in range(10):
        fibers.go(sorter)
    fibers.run()


@pytest.mark.skipif(not FREE_THREADED, reason="critical sections are of free-threaded builds")
def test_another_thread_gets_the_lock_of_a_parked_fibers_object(fibers, probe):
    hold = {}

    class Parks:
        def __hash__(self):
            return 7

        def __eq__(self, other):
            probe.park()
            return self is other

    hold[Parks()] = 1
    handle = fibers.go(lambda: hold.setdefault(Parks(), 2))
    fibers.run(parked=1)
    other = threading.Thread(target=lambda: hold.update(x=1), daemon=True)
    other.start()
    other.join(10)
    assert not other.is_alive()
    probe.ready(handle)
    fibers.run()


def test_parks_inside_finalizers(fibers, probe):
    done = []

    class Parks:
        def __del__(self):
            probe.gosched()
            done.append(1)

    def body():
        for _ in range(5):
            Parks()
            x = [Parks(), Parks()]
            x.append(x)
            del x

    for _ in range(5):
        fibers.go(body)
    fibers.run()
    gc.collect()
    probe.run()
    assert len(done) == 75


def test_deep_structures_die_while_others_park_inside_theirs(fibers, probe):
    alive = []

    class Node:
        def __init__(self, below):
            self.below = below
            alive.append(1)

        def __del__(self):
            alive.pop()
            if len(alive) % 100 == 0:
                probe.gosched()

    def body():
        node, plain = None, None
        for _ in range(3000):
            node, plain = Node(node), (plain,)
        del node
        probe.gosched()
        del plain

    for _ in range(4):
        fibers.go(body)
    fibers.run()
    probe.run()
    assert not alive


def test_collector_with_hundreds_parked(fibers, probe):
    class Thing:
        pass

    handles, seen = [], []

    def body(k):
        mine = Thing()
        mine.cycle = mine
        data = [Thing() for _ in range(10)]
        for x in data:
            x.others = data
        try:
            raise ValueError(k)
        except ValueError:
            lost = Thing()
            lost.me = lost
            del lost
            probe.park()
        assert mine.cycle is mine
        assert len(data) == 10
        assert data[3].others is data
        seen.append(k)

    for k in range(400):
        handles.append(fibers.go(lambda k=k: body(k)))
    fibers.run(parked=400)
    for _ in range(3):
        gc.collect()
    junk = [[i] for i in range(200_000)]  # young collections too
    for h in handles:
        probe.ready(h)
        del junk[-100:]
    fibers.run()
    assert seen == list(range(400))


def test_collections_started_on_fibers(fibers, probe):
    def body():
        for _ in range(10):
            x = []
            x.append(x)
            gc.collect()
            probe.gosched()

    for _ in range(10):
        fibers.go(body)
    gc.freeze()  # what else there is in the process would take most of the time
    try:
        fibers.run()
    finally:
        gc.unfreeze()


# --- overflow -----------------------------------------------------------------------------------------------------------------------

OVERFLOW = """
import copy, functools, json, marshal, pickle, re
def nest(n):
    x = []
    for _ in range(n): x = [x]
    return x
NEST = nest(100_000)
def python():
    def f(n): return f(n + 1) + 1
    f(0)
def mapped():
    def f(x): return list(map(f, [x]))
    f(1)
def compare(): nest(100_000) == nest(100_000)
def sort_key():
    def k(x): return sorted([1, 2], key=k)
    k(1)
def reduced():
    def r(a, b): return functools.reduce(r, [1, 2])
    r(1, 1)
def attribute():
    class A:
        def __getattr__(self, name): return getattr(self, name + "x")
    A().y
def constructed():
    class A:
        def __init__(self): type(self)()
    A()
def called():
    class A: pass
    A.__call__ = A()
    A()()
def formatted():
    class A:
        def __str__(self): return "%s" % self
    str(A())
def substituted():
    r = re.compile("a")
    def s(m): return r.sub(s, "a")
    s(None)
def executed():
    src = "exec(src)"
    exec(src, {"src": src, "exec": exec})
def generated():
    def g(): yield from g()
    next(g())
CASES = {
    "python": python, "repr": lambda: repr(NEST), "map": mapped, "dumps": lambda: json.dumps(NEST),
    "loads": lambda: json.loads("[" * 100_000), "pickle": lambda: pickle.dumps(NEST), "compare": compare, "sort": sort_key,
    "reduce": reduced, "getattr": attribute, "init": constructed, "call": called, "format": formatted, "sub": substituted,
    "exec": executed, "yield from": generated, "deepcopy": lambda: copy.deepcopy(NEST),
    "unary": lambda: compile("-" * 100_000 + "1", "x", "eval"), "calls": lambda: compile("x" + "(0)" * 30_000, "x", "eval"),
    "marshal": lambda: marshal.dumps(NEST), "regex": lambda: re.compile("(" * 3000 + ")" * 3000),
}
got = {}
def body(name):
    for _ in range(2):
        try: CASES[name](); got[name] = "nothing"
        except BaseException as e: got[name] = type(e).__name__
only = sys.argv[1:]
for name in only or CASES: p.spawn(functools.partial(body, name))
assert p.run() == 0
# and there is nothing left of it
for name in ["python", "repr"]:
    try: CASES[name]()
    except RecursionError: pass
import json
print(json.dumps(got))
"""


def test_overflow_raises(alone):
    got = json.loads(checked(alone(OVERFLOW)))
    assert len(got) == 21
    allowed = {
        "unary": {"MemoryError", "RecursionError"},
        "exec": {"MemoryError", "RecursionError"},
        "marshal": {"ValueError"},
    }
    assert {name: raised for name, raised in got.items() if raised not in allowed.get(name, {"RecursionError"})} == {}


def test_c_recursion_is_bounded_by_the_stack_not_by_the_limit(alone):
    # Room for a tenth of what the thread's own stack takes, and the recursion limit out of the way.
    if sys.version_info < (3, 12):
        pytest.skip("3.11 has no limit of its own for C recursion")
    source = "sys.setrecursionlimit(10**6)\n" + OVERFLOW
    got = json.loads(checked(alone(source, "repr", "dumps", "pickle", "sort", "map", "compare")))
    assert set(got.values()) == {"RecursionError"}


@pytest.mark.parametrize("size", [64 << 10, 100_000, 2 << 20])
def test_overflow_on_stacks_of_other_sizes(alone, size):
    if sys.version_info < (3, 12) and size < 6 << 20:
        pytest.skip("3.11 bounds C recursion by the size of its default stack only")
    source = f"assert p.configure({size})\n" + OVERFLOW
    got = json.loads(checked(alone(source, "python", "repr", "dumps", "sort", "compare")))
    assert set(got.values()) <= {"RecursionError", "MemoryError"}


def test_importing_much_on_a_fiber(alone):
    checked(
        alone("""
        done = []
        def body():
            import asyncio, http.client, email.mime.text, decimal, unittest.mock, concurrent.futures, xml.etree.ElementTree
            eval("(" * 60 + "1" + ")" * 60)
            done.append(1)
        p.spawn(body); p.run()
        assert done
    """)
    )


# --- memory -------------------------------------------------------------------------------------------------------------------------


def test_sizes_out_of_range_and_too_late(alone):
    checked(
        alone("""
        assert not p.configure((64 << 10) - 1) and not p.configure((64 << 20) + 1)
        assert p.configure(100_000)
        import mmap
        assert p.stack_size() == (100_000 + mmap.PAGESIZE - 1) // mmap.PAGESIZE * mmap.PAGESIZE
        assert p.configure(128 << 10) and p.stack_size() == 128 << 10
        p.spawn(lambda: None); p.run()
        assert not p.configure(256 << 10) and p.configure(128 << 10) and p.stack_size() == 128 << 10
    """)
    )


RSS = """
import mmap
def rss(): return int(open("/proc/self/statm").read().split()[1]) * mmap.PAGESIZE
"""


@pytest.mark.skipif(not LINUX, reason="reads /proc")
@pytest.mark.parametrize("guard", [0, 1, 2], ids=["marker", "protect", "canary"])
def test_a_parked_fiber_costs_one_page(alone, guard):
    out = checked(
        alone(
            f"p.guard({guard})\n"
            + RSS
            + """
n = 5000 if mmap.PAGESIZE > 4096 else 20_000
p.spawn(lambda: None); p.run()
handles = [None] * n
def inner(): p.park()
def body():
    inner()
before = rss()
for i in range(n): handles[i] = p.spawn(body)
assert p.run() == n
each = (rss() - before) / n
for h in handles: p.ready(h)
assert p.run() == 0
print(each, mmap.PAGESIZE)
"""
        )
    )
    each, page = map(float, out.split())
    assert page * 0.9 < each < page * 1.03 + 100  # the hundred: the handle


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_pages_of_many_idle_fibers_are_given_back(alone):
    checked(
        alone(
            RSS
            + """
n = 8000
ran = [0]
def body():
    p.park()
    ran[0] += 1
def round():
    handles = [p.spawn(body) for _ in range(n)]
    assert p.run() == n
    top = rss()
    for h in handles: p.ready(h)
    assert p.run() == 0
    return top, rss()
before = rss()
for _ in range(3):
    top, after = round()
    assert top - before > n * mmap.PAGESIZE * .9
    assert after - before < 1024 * mmap.PAGESIZE + (4 << 20), (before, after)
assert ran == [3 * n]
"""
        )
    )


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_pages_of_stacks_that_were_deep_are_given_back_in_time(alone):
    checked(
        alone(
            RSS
            + """
def round(n, body):
    for _ in range(n): p.spawn(body)
    p.run()
round(100, p.gosched)
before = rss()
round(100, lambda: (p.burn(300_000), p.gosched()))
deep = rss()
assert deep - before > 100 * 250_000
for _ in range(40): round(100, p.gosched)
assert rss() - before < (deep - before) / 10
"""
        )
    )


def test_the_warmest_fiber_is_reused_first(fibers, probe):
    a = fibers.go(lambda: None)
    fibers.run()
    b = fibers.go(lambda: None)
    fibers.run()
    assert a == b
    first, second = fibers.go(lambda: None), fibers.go(lambda: None)
    fibers.run()  # first finishes first, so second is the warmer
    assert [fibers.go(lambda: None), fibers.go(lambda: None)] == [second, first]
    fibers.run()


def test_the_pool_under_three_threads(probe):
    assert probe.hammer_pool(20_000) == 0


@pytest.mark.parametrize("guard", [0, 1], ids=["marker", "protect"])
def test_running_into_the_guard_kills_at_once(alone, guard):
    dead = alone(f"""
        p.guard({guard})
        h = p.spawn(lambda: (p.burn(p.stack_size() - (40 << 10)), print("fits", flush=True), p.burn(p.stack_size())))
        assert not p.has_canary(h)
        p.run()
        print("survived")
    """)
    assert dead.returncode in (-11, -10)
    assert dead.stdout == "fits\n"


def test_without_a_guard_overflow_is_found_at_the_next_switch(alone):
    dead = alone("""
        p.guard(2)
        fits = lambda: (p.burn(p.stack_size() - (40 << 10)), p.gosched(), print("fits", flush=True))
        h = p.spawn(fits); p.spawn(lambda: None)
        assert p.has_canary(h)
        p.run()
        p.spawn(lambda: (p.burn(p.stack_size() + (4 << 10)), p.gosched())); p.spawn(lambda: None)
        p.run()
        print("survived")
    """)
    assert dead.returncode == -6
    assert dead.stdout == "fits\n"
    assert "C stack overflowed" in dead.stderr
    assert "GOCONC_STACK" in dead.stderr


@pytest.mark.skipif(not LINUX, reason="other systems do not run out of mappings")
def test_guard_pages_leave_most_mappings_to_others(alone):
    checked(
        alone("""
        limit = int(open("/proc/sys/vm/max_map_count").read())
        if limit > 300_000: sys.exit()
        p.guard(1)
        handles = [p.spawn(lambda: None) for _ in range(limit // 6 + 100)]
        assert not p.has_canary(handles[0]) and p.has_canary(handles[-1])
        assert len(open("/proc/self/maps").readlines()) < limit // 2
        assert p.run() == 0
    """)
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fibers_go_on_in_a_forked_child(alone):
    checked(
        alone("""
        seen = []
        h = p.spawn(lambda: (p.park(), seen.append(1)))
        p.run()
        pid = os.fork()
        p.ready(h); p.spawn(lambda: seen.append(2)); p.run()
        assert seen == [1, 2]
        if pid == 0: os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    """)
    )


def test_leaving_the_interpreter_with_fibers_parked(alone):
    checked(
        alone("""
        class Noisy:
            def __del__(self): pass
        def body():
            keep = Noisy()
            p.park()
        for _ in range(100): p.spawn(body)
        assert p.run() == 100
    """)
    )
