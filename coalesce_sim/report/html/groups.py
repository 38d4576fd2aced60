"""What a run came to for each group of clients, on its page: a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coalesce_sim.metrics import METRICS, of_group
from coalesce_sim.numbers import number, with_half_width
from coalesce_sim.report.costs import NONE
from coalesce_sim.report.groups import TOLD
from coalesce_sim.report.html.page import Cell, Column, Section, Table, number_cell
from coalesce_sim.statistics.intervals import Estimate

_NOTE = "Means over the replications ± half of the 95 % interval."


def groups_sections(groups: Iterable[str], estimates: Mapping[str, Estimate]) -> list[Section]:
    """The section with a row a group; none where there are no groups."""
    names = list(groups)
    if not names:
        return []
    told = [metric for metric in TOLD if any(of_group(metric, name) in estimates for name in names)]
    heads = [Column("Group", numeric=False)]
    heads += [Column(METRICS[metric].axis, help=METRICS[metric].definition) for metric in told]
    rows = [
        [Cell(name), *(_cell(metric, estimates.get(of_group(metric, name), NONE)) for metric in told)]
        for name in names
    ]
    return [Section("groups", "Who asked", [Table("Groups of clients", heads, rows, _NOTE)])]


def _cell(metric: str, value: Estimate) -> Cell:
    return number_cell(value.mean, number(value.mean, 0) if metric == "tasks" else with_half_width(value))
