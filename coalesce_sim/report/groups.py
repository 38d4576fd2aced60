"""What a run came to for each group of clients, for people."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from coalesce_sim.metrics import of_group
from coalesce_sim.numbers import number, with_half_width
from coalesce_sim.report.costs import NONE
from coalesce_sim.report.layout import Column, print_columns
from coalesce_sim.scenario.clients import Clients
from coalesce_sim.statistics.intervals import Estimate

_HEADS = {
    "tasks": "tasks",
    "outsourcing_rate": "out-\nsourced, %",
    "realised_usd": "cost,\nUSD",
    "all_local_usd": "all-local,\nUSD",
    "as_logged_usd": "as logged,\nUSD",
    "cost_reduction": "saved,\n%",
    "cost_reduction_as_logged": "against\nthe log, %",
    "late_rate": "late,\n%",
    "success_rate": "good,\n%",
}

TOLD = tuple(_HEADS)
"""The metrics that are told of each group."""


def print_groups(console: Console, clients: Clients, estimates: Mapping[str, Estimate]) -> None:
    """Print a row a group; nothing where there are none. Columns in which every group says the same are left
    out where that is nothing, or all."""
    if clients.groups is None:
        return
    names = list(clients.groups)
    columns = []
    for metric, head in _HEADS.items():
        values = [estimates.get(of_group(metric, name), NONE) for name in names]
        if any(each.mean not in (None, 0.0, 100.0) for each in values):
            columns.append(Column(head, [_figure(metric, each) for each in values]))
    sizes = Column("clients", [f"{group.count:,}" for group in clients.groups.values()])
    print_columns(console, [Column("\ngroup", names, figures=False)], [sizes, *columns])


def _figure(metric: str, value: Estimate) -> str:
    return number(value.mean, 0) if metric == "tasks" else with_half_width(value)
