"""Which engine plain goroutines run on: the choice, and what is said about it."""

import sys
import sysconfig
import warnings
from collections.abc import Callable

KNOWN = (3, 15)  # the last minor that goconc knows
ENGINES = ("auto", "native", "greenlet", "threads")


def choose(
    wanted: str,
    *,
    native: bool,
    built: bool,
    load_greenlet: Callable[[], BaseException | None],
    version: tuple[int, int] = sys.version_info[:2],
    free_threaded: bool = bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
) -> str:
    """`wanted`, or for "auto" the best that there is: "native", "greenlet" or "threads".

    `native` says whether the native engine works here, `built` whether it was built at all. `load_greenlet` returns what
    has kept it from being loaded. ImportError if what is wanted cannot be had.
    """
    if wanted == "native" and not native:
        raise ImportError("GOCONC_FIBERS=native: goconc has no native fibers for this platform or Python")
    if wanted == "greenlet" and (error := load_greenlet()) is not None:
        raise ImportError(
            "GOCONC_FIBERS=greenlet needs the package greenlet: pip install 'goconc[greenlet]'"
        ) from error
    if wanted != "auto":
        return wanted
    if native:
        return "native"
    # What is suspended on a greenlet is hidden from the collector of free-threaded 3.13 and 3.14.
    hidden = free_threaded and version < (3, 15)
    chosen = "threads" if hidden or load_greenlet() is not None else "greenlet"
    warn_of_fallback(chosen, built, version)
    return chosen


def warn_of_fallback(chosen: str, built: bool, version: tuple[int, int]) -> None:
    """Where another goconc would do better; not where there is nothing better yet."""
    if built:
        reason = "was built for another patch release of this Python"
    elif version > KNOWN:
        reason = f"does not know Python {version[0]}.{version[1]}"
    else:
        return
    what = "plain goroutines are greenlets" if chosen == "greenlet" else "each plain goroutine gets a thread"
    warnings.warn(
        f"goconc {reason}: {what}, which is slower (GOCONC_FIBERS={chosen} chooses that silently)",
        RuntimeWarning,
        stacklevel=1,
    )
