"""Which engine plain goroutines run on: the choice, and what is said about it."""

import sys
import sysconfig
import warnings
from collections.abc import Callable

ENGINES = ("auto", "native", "greenlet", "threads")
KNOWN = (3, 15)  # the last minor that goconc knows


def greenlet_version() -> tuple[int, ...]:
    """Of the one that is installed, without importing it; () if there is none."""
    from importlib import metadata

    try:
        text = metadata.version("greenlet")
    except metadata.PackageNotFoundError:
        return ()
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def choose(
    wanted: str,
    *,
    native: bool,
    built: bool,
    load_greenlet: Callable[[], BaseException | None],
    version: tuple[int, int] = sys.version_info[:2],
    free_threaded: bool = bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    greenlet_version: Callable[[], tuple[int, ...]] = greenlet_version,
) -> str:
    """`wanted`, or for "auto" the best that there is: "native", "greenlet" or "threads".

    `native` says whether the native engine works here, `built` whether it was built at all. `load_greenlet` returns what
    has kept it from being loaded. ImportError if what is wanted cannot be had.
    """
    if wanted == "native" and not native:
        raise ImportError("GOCONC_FIBERS=native: goconc has no native fibers for this platform or Python")
    if wanted == "native" or (wanted == "auto" and native):
        return "native"
    if wanted == "threads":
        return "threads"
    # The collector does not see what suspended ones hold. Older greenlets bring the GIL back, too.
    unfit = free_threaded and (version < (3, 15) or greenlet_version() < (3, 5, 4))
    if wanted == "greenlet":
        if (error := load_greenlet()) is not None:
            raise ImportError(
                "GOCONC_FIBERS=greenlet needs the package greenlet: pip install 'goconc[greenlet]'"
            ) from error
        if unfit:
            warn("GOCONC_FIBERS=greenlet without the GIL needs Python 3.15 and greenlet 3.5.4, or it may crash")
        return "greenlet"
    chosen = "threads" if unfit or load_greenlet() is not None else "greenlet"
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
    warn(f"goconc {reason}: {what}, which is slower (GOCONC_FIBERS={chosen} chooses that silently)")


def warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=1)
