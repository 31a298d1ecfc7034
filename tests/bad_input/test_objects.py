"""Objects that were never initialised, or twice; that are copied, derived from, or taken apart. Nothing crashes the interpreter."""

import copy
import itertools
import pickle

import pytest

import goconc
from goconc import _core

TYPES = {
    name: thing
    for name, thing in vars(_core).items()
    if isinstance(thing, type) and thing.__module__.startswith("goconc")
}
OPEN = {name for name, thing in TYPES.items() if issubclass(thing, BaseException)} | {
    "Cancelable",
    "Tokens",
    "_ThreadLock",
    "shield",
}
FINAL = [thing for name, thing in TYPES.items() if name not in OPEN]
LEFT_OUT = {"__class__", "__init_subclass__", "__subclasshook__", "__new__", "__dir__", "__sizeof__"}


def try_to_call(thing, name, args):
    """In a goroutine of its own, which waits no longer than a moment."""

    def call():
        try:
            method = getattr(thing, name)
            getattr(method(*args) if callable(method) else method, "close", bool)()
        except Exception:
            pass

    try:
        goconc.go(call).join(timeout=0.01)
    except TimeoutError:
        pass


def try_all(thing):
    for name in set(dir(type(thing))) - LEFT_OUT:
        for args in itertools.chain.from_iterable(itertools.product((None, thing), repeat=n) for n in range(4)):
            try_to_call(thing, name, args)


@pytest.mark.filterwarnings("ignore:goconc operation")
@pytest.mark.parametrize("cls", TYPES.values(), ids=TYPES)
def test_made_by_new_alone(cls):
    """It is refused; or all its methods return, raise an ordinary exception, or wait."""
    try:
        hollow = cls.__new__(cls)
    except TypeError:
        return
    goconc.run(try_all, hollow)


@pytest.mark.parametrize("cls", FINAL, ids=lambda cls: cls.__name__)
def test_final_classes(cls):
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Derived", (cls,), {})


def test_initialised_twice(objects, junk):
    """It changes nothing, whether it is refused or not."""
    made, check = objects
    for name, thing in made.items():
        if type(thing) in FINAL:
            for args in ((), (1,), *((value,) for value in junk.values())):
                try:
                    thing.__init__(*args)
                except Exception:
                    pass
        check(name)


def test_copying(objects):
    # rule PY-12
    made, check = objects
    for name, thing in made.items():
        if name not in ("items", "coroutine"):
            for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError, match="cannot pickle"):
                    duplicate(thing)
        check(name)


def test_attributes_stay(objects):
    made, check = objects
    for name, thing in made.items():
        if type(thing) in FINAL:
            for attribute in [each for each in dir(type(thing)) if not each.startswith("_")]:
                with pytest.raises((AttributeError, TypeError)):
                    delattr(thing, attribute)
            with pytest.raises(AttributeError):
                thing.no_such_attribute = 1
            for other in made.values():
                if type(other) is not type(thing):
                    with pytest.raises(TypeError):
                        thing.__class__ = type(other)
        check(name)
