"""The one extension module and the package list; everything else is in pyproject.toml.

Switches, read from the environment at build time:
    GOCONC_SANITIZE=thread | address,undefined    instrument the extension
    GOCONC_COVERAGE=1                             line tracing for Cython.Coverage
    GOCONC_DEBUG=1                                no optimisation, debug information
    GOCONC_NATIVE_FIBERS=0                        as on a platform without native fibers
    GOCONC_FUTEX=0                                as on a platform without futexes
"""

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, find_packages, setup

SANITIZE = os.environ.get("GOCONC_SANITIZE", "")
COVERAGE = os.environ.get("GOCONC_COVERAGE") == "1"
DEBUG = os.environ.get("GOCONC_DEBUG") == "1"
WINDOWS = sys.platform == "win32"


def native_fibers() -> bool:
    """Whether goconc's own fibers exist here. Where they do not: greenlets or threads."""
    minor = sys.version_info[1]
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    machine = sysconfig.get_platform().rpartition("-")[2]
    return (
        sys.implementation.name == "cpython"
        and sys.platform in ("linux", "darwin")
        and machine in ("x86_64", "amd64", "aarch64", "arm64", "universal2")
        and sys.maxsize > 2**32
        and 11 <= minor <= (13 if free_threaded else 15)
        and os.environ.get("GOCONC_NATIVE_FIBERS") != "0"
    )


macros = [("GOCONC_NATIVE_FIBERS", "1" if native_fibers() else "0")]
if os.environ.get("GOCONC_FUTEX") == "0":
    macros += [("GOCONC_FUTEX", "0")]
if WINDOWS:
    compile_args = ["/std:c++17", "/EHsc", *(["/Od", "/Zi"] if DEBUG else ["/O2"])]
    link_args = ["/DEBUG"] if DEBUG else []
else:
    compile_args = ["-std=c++17", "-fvisibility=hidden"]
    link_args = []
    if DEBUG:
        compile_args += ["-O0", "-g"]
    elif SANITIZE:
        compile_args += ["-O1", "-g"]
    else:
        compile_args += ["-O2", "-g0"]
    if SANITIZE:
        compile_args += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"]
        link_args += [f"-fsanitize={SANITIZE}"]
if COVERAGE:
    macros += [("CYTHON_TRACE_NOGIL", "1"), ("CYTHON_USE_SYS_MONITORING", "0")]

core = Extension(
    "goconc._core",
    ["goconc/_core.pyx"],
    language="c++",
    include_dirs=["goconc"],
    define_macros=macros,
    extra_compile_args=compile_args,
    extra_link_args=link_args,
    # A change to any of these rebuilds. They also reach the sdist this way.
    depends=sorted(
        path.as_posix()
        for pattern in ("*.pxi", "*.pxd", "*.hpp", "*.h", "*.S")
        for path in Path("goconc").rglob(pattern)
    ),
)
# setuptools hands the .pyx to Cython, which reads this. The sdist so holds the .pyx, not the C++ made of it.
core.cython_directives = {"linetrace": True} if COVERAGE else {}

# Instrumented objects never mix with ordinary ones.
flavour = "-".join(filter(None, [SANITIZE.replace(",", "-"), "coverage" * COVERAGE, "debug" * DEBUG]))

setup(
    ext_modules=[core],
    # examples/ is installed too: `python -m goconc tour` runs it.
    packages=[
        *find_packages(include=["goconc", "goconc.*"]),
        "goconc._examples",
        *(f"goconc._examples.{name}" for name in find_packages("examples")),
    ],
    package_dir={"goconc._examples": "examples"},
    options={"build": {"build_base": f"build/{flavour}"}, "build_ext": {"force": True}} if flavour else {},
)
