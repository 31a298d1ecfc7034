"""What the environment says: GOCONC_... variables, and how many processors there are for this process."""

import math
import os
import sysconfig


def number(name: str, least: int, most: int, what: str) -> int | None:
    """The variable's value, None if it is not set. ValueError if it is not `what`, from `least` to `most`."""
    text = os.environ.get(name)
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ValueError(f"{name} must be {what} between {least} and {most}, not {text!r}")
    return value


def seconds(name: str) -> float | None:
    """The variable's value, None if it is not set. ValueError if it is not a number of seconds."""
    text = os.environ.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e9:
        raise ValueError(f"{name} must be a number of seconds, not {text!r}")
    return value


def choice(name: str, among: tuple[str, ...]) -> str:
    """The variable's value, the first of ``among`` if it is not set. ValueError if it is none of them."""
    text = os.environ.get(name, among[0])
    if text not in among:
        raise ValueError(f"{name} must be one of {', '.join(among)}, not {text!r}")
    return text


def default_procs() -> int:
    """One with a GIL; else the processors that this process may use, by number, affinity and quota (rule GO-32)."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return 1
    count = getattr(os, "process_cpu_count", os.cpu_count)() or 1
    quota = _cpu_quota()
    return count if quota is None else min(count, max(2, math.ceil(quota)))


def _cpu_quota() -> float | None:
    """The cgroup's share of time, in processors; None if there is no limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
    except (OSError, ValueError):
        try:
            with open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as file:
                quota = file.read().strip()
            with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as file:
                period = file.read()
        except OSError:
            return None
    try:
        return int(quota) / int(period) if int(quota) > 0 else None
    except (ValueError, ZeroDivisionError):  # "max"
        return None
