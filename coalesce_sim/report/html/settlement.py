"""What moving the money came to, on the pages of runs and comparisons."""

from __future__ import annotations

from collections.abc import Mapping

from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.costs import NONE
from coalesce_sim.report.html.page import Cell, Column, Section, Table, number_cell
from coalesce_sim.report.settlement import NOTE, settled
from coalesce_sim.statistics.intervals import Estimate

_WAITS = {"money held, p95, USD": "held_usd_p95", "days to payment, median": "days_to_paid_p50"}


def settlement_sections(played: Mapping[str, Mapping[str, Estimate]]) -> list[Section]:
    """The section with the figures of each policy, by the head of its column; none where nothing is
    settled."""
    columns = {head: _lines(estimates) for head, estimates in played.items()}
    order = list(dict.fromkeys(label for lines in columns.values() for label in lines))
    if not order:
        return []
    rows = [[Cell(label), *(_cell(lines.get(label, NONE)) for lines in columns.values())] for label in order]
    heads = [Column("What", numeric=False), *map(Column, columns)]
    return [Section("settlement", "Settlement", [Table("How the money moved", heads, rows, NOTE)])]


def _lines(estimates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    told: dict[str, Estimate] = {}
    for label, (usd, count) in settled(estimates).items():
        told |= {f"{label}, USD": usd} if usd.n else {}
        told |= {f"{label}, number": count} if count.n else {}
    return told | {label: estimates[name] for label, name in _WAITS.items() if name in estimates}


def _cell(value: Estimate) -> Cell:
    return number_cell(value.mean, with_half_width(value))
