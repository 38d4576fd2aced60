"""What it cost, on the pages of runs and comparisons: cash, delay, losses and their parts, then the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coalesce_sim.metrics import METRICS
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.costs import NONE, cost_lines
from coalesce_sim.report.html.page import Cell, Column, Section, Table, number_cell
from coalesce_sim.statistics.intervals import Estimate

_NOTE = (
    "In a replication: means ± half of the 95 % interval. The parts of a group add up to it, the groups to "
    "the realised cost; retries are in other parts too."
)
_ALL_LOCAL = "All-local"
_AS_LOGGED = "As logged"


def cost_sections(played: Mapping[str, Mapping[str, Estimate]]) -> list[Section]:
    """The section with the metrics of each policy, by the head of its column; none where nothing costs."""
    told = {head: dict(cost_lines(estimates)) for head, estimates in played.items()}
    if not any(estimates.get("cash_usd", NONE).n for estimates in played.values()):
        return []
    local = next(iter(told.values()))
    columns = {head: {line: each[0] for line, each in lines.items()} for head, lines in told.items()}
    columns[_ALL_LOCAL] = {line: each[1] for line, each in local.items()}
    if any("as_logged_usd" in estimates for estimates in played.values()):
        columns[_AS_LOGGED] = {line: each[2] for line, each in local.items()}
    each = list(played.values())
    anywhere = {name: _largest([one[name] for one in each if name in one]) for name in METRICS}
    order = [line for line, _ in cost_lines(anywhere)]
    rows = [
        [Cell(line.replace("  ", "\u2003", 1)), *(_cell(lines.get(line, NONE)) for lines in columns.values())]
        for line in order
    ]
    heads = [Column("What", numeric=False), *map(Column, columns)]
    return [Section("costs", "What it cost", [Table("Parts of the cost (USD)", heads, rows, _NOTE)])]


def _cell(value: Estimate) -> Cell:
    return number_cell(value.mean, with_half_width(value))


def _largest(values: Sequence[Estimate]) -> Estimate:
    return max(values, key=lambda each: abs(each.mean or 0.0), default=NONE)
