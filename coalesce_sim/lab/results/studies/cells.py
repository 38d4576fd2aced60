"""Estimates of a study in the cells of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.numbers import NOTHING, number, with_half_width
from coalesce_sim.report.html.page import Cell, number_cell
from coalesce_sim.statistics.intervals import Estimate


def estimate_cell(value: Mapping[str, Any] | None) -> Cell:
    """A mean ± half of its 95 % interval; in brackets where it was tested and not shown to differ from 0."""
    if value is None:
        return Cell(NOTHING)
    estimate = Estimate.of_dict(value)
    if estimate.mean is None:
        return Cell(NOTHING)
    told = with_half_width(estimate)
    return number_cell(estimate.mean, f"({told})" if value.get("shown") is False else told)


def plain_cell(value: float | None) -> Cell:
    """A number that sorts as one."""
    return number_cell(value, number(value))
