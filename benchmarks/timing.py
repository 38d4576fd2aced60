"""How long something takes: CPU seconds in this process, or those of a command."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table

Action = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is of, what it came to and, as text, what it should come to."""

    what: str
    measured: float
    asked: str = ""


def table(title: str, rows: list[Figure]) -> Table:
    """The figures as they are printed."""
    made = Table("what", title=title)
    for column in ("measured", "asked"):
        made.add_column(column, justify="right")
    for each in rows:
        digits = 0 if each.measured >= 1_000 else 2
        made.add_row(each.what, f"{each.measured:,.{digits}f}", each.asked)
    return made


def cpu_s(action: Action) -> float:
    """CPU seconds of one call."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def in_turn(pairs: int, *actions: Action) -> list[list[float]]:
    """CPU seconds of each action, all of them in turn, so often."""
    took_s = [[cpu_s(action) for action in actions] for _ in range(pairs)]
    return [list(each) for each in zip(*took_s, strict=True)]


def median_ratio(ours_s: list[float], theirs_s: list[float]) -> float:
    """How many times as fast we are: the median over the pairs."""
    return statistics.median(b / a for a, b in zip(ours_s, theirs_s, strict=True))


@dataclass(frozen=True, slots=True)
class Process:
    """What a whole command took: seconds by the clock and of CPU, its children's too, and its peak memory."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def command(*arguments: str) -> Process:
    """Run a command of this program."""
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "coalesce_sim", *arguments], stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with {process.returncode}")
    unit = 1024 if sys.platform != "darwin" else 1024**2
    wall_s = time.perf_counter() - begin
    return Process(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)
