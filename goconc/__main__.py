"""``python -m goconc tour``: the examples, run one after the other. ``python -m goconc info``: what runs them."""

from __future__ import annotations

import argparse
import importlib
import io
import platform
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType

import goconc
from goconc._core import fiber_engine


def examples() -> dict[str, ModuleType]:
    names: Sequence[str] = importlib.import_module("goconc._examples").PROGRAMS
    return {name: importlib.import_module(f"goconc._examples.{name}") for name in names}


def idea(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]


def show_list() -> int:
    modules = examples()
    width = max(map(len, modules))
    for name, module in modules.items():
        print(f"{name:{width}}  {idea(module)}")
    return 0


def tour(modules: dict[str, ModuleType]) -> int:
    """Runs them all, whatever happens to each; 1 if one of them failed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a tour that goes into a pipe shows where it is, too
    failed = []
    began = time.perf_counter()
    for number, (name, module) in enumerate(modules.items(), 1):
        print(f"== {name} ({number} of {len(modules)})")
        print(f"== {idea(module)}")
        started = time.perf_counter()
        main: Callable[[], object] = module.main
        try:
            main()
        except Exception:
            failed.append(name)
            traceback.print_exc()
        took = time.perf_counter() - started
        print(f"== {'FAILED' if name in failed else 'ok'}, {took:.1f} s\n")
    took = time.perf_counter() - began
    if failed:
        print(f"{len(failed)} of {len(modules)} programs failed in {took:.1f} s: {', '.join(failed)}")
        return 1
    print(f"{len(modules)} programs ran in {took:.1f} s, all results are right")
    return 0


def gil() -> str:
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "always on"
    return "on" if getattr(sys, "_is_gil_enabled", lambda: True)() else "off (free-threaded)"


def show_info() -> int:
    print(f"goconc       {goconc.__version__} in {goconc.__path__[0]}")
    print(f"interpreter  {platform.python_implementation()} {platform.python_version()} ({sys.executable})")
    print(f"platform     {platform.platform()}")
    print(f"GIL          {gil()}")
    print(f"engine       {fiber_engine()}")
    print(f"gomaxprocs   {goconc.gomaxprocs()}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m goconc", description="Goroutines, channels and select for Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    tour_parser = commands.add_parser(
        "tour", help="run the examples", description="Runs the examples; all if none is named."
    )
    tour_parser.add_argument("names", metavar="NAME", nargs="*", help="an example to run")
    tour_parser.add_argument("--list", action="store_true", help="list the examples")
    commands.add_parser("info", help="show versions and the state of the GIL", description="Shows what goconc runs on.")
    options = parser.parse_args()
    if options.command == "info":
        return show_info()
    if options.list:
        return show_list()
    modules = examples()
    for name in options.names:
        if name not in modules:
            tour_parser.error(f"there is no example {name!r}; there are: {', '.join(modules)}")
    return tour({name: modules[name] for name in options.names or modules})


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
