"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.numbers import NOTHING, number
from coalesce_sim.statistics.intervals import Estimate


def span(ends: tuple[float, float] | None, decimals: int = 1) -> str:
    """``39.4 to 44.9``"""
    return NOTHING if ends is None else f"{number(ends[0], decimals)} to {number(ends[1], decimals)}"


def with_interval(value: Estimate, decimals: int = 1) -> str:
    """``24.1 [23.8 to 24.5]``: the mean and its interval, where there is one."""
    mean = number(value.mean, decimals)
    return mean if value.ci95 is None else f"{mean} [{span(value.ci95, decimals)}]"


def with_sd(value: Estimate, decimals: int = 1) -> str:
    """``41.8 ± 22.5``: the mean and the standard deviation, where there is one."""
    mean = number(value.mean, decimals)
    return mean if value.sd is None else f"{mean} ± {number(value.sd, decimals)}"


def in_cell(text: str) -> str:
    """A text that a user wrote, as a cell of a table shows it."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def rows_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first are aligned right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
