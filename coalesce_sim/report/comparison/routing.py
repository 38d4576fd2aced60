"""To whom each policy of a comparison gave the work, on a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.experiments.comparison import Comparison
from coalesce_sim.experiments.routing import HOME, Routing
from coalesce_sim.numbers import number
from coalesce_sim.report.routing import share

MOST_NAMED = 4
"""Contractors with a column of their own; what the others got stands in one."""

_NOTE = "Where tasks of all types went last, in percent; ±, [ ]: 95 % intervals."

_LEAST_LABEL, _WIDEST = 12, 12


def print_routing(console: Console, comparison: Comparison) -> None:
    """Print who got the work; nothing where there was none."""
    if any(map(len, comparison.routed.values())):
        console.print(routing_table(console, comparison))
        console.print(Text(f"{_NOTE}\n", "dim"))


def routing_table(console: Console, comparison: Comparison) -> Table:
    """A row a policy, the best first; home, the contractors that got most over all policies, the others."""
    routed = {label: comparison.routed[label].over_types() for label in comparison.ranked}
    named, others = _contractors(list(routed.values()))
    unasked = {contender.label for contender in comparison.field if contender.yardstick}
    heads = [HOME, *named, *([f"{len(others):,} others"] if others else [])]
    rows = {
        label: [_told(each, {None}), *(_told(each, {name}) for name in named)]
        + ([_told(each, others)] if others else [])
        for label, each in routed.items()
    }
    widths = [
        max(min(len(head), _WIDEST), *(len(row[place]) for row in rows.values())) + 1
        for place, head in enumerate(heads)
    ]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    room = max(_LEAST_LABEL, console.width - sum(widths) - 2)
    table.add_column("who got the\nwork, %", overflow="fold", max_width=room)
    for head, width in zip(heads, widths, strict=True):
        table.add_column(Text(head), justify="right", overflow="fold", max_width=width - 1)
    for label, row in rows.items():
        style = "dim" if label in unasked else ""
        table.add_row(*(Text(cell, style) for cell in (label, *row)))
    return table


def _contractors(routed: list[Routing]) -> tuple[list[str], set[str | None]]:
    """Those that got most over all policies, the first of them first, and all others."""
    tasks: dict[str, float] = {}
    for routing in routed:
        for name, each in zip(routing.contractors, routing.sums["tasks"].sum(axis=1).tolist(), strict=True):
            if name is not None:
                tasks[name] = tasks.get(name, 0.0) + each
    ranked = sorted(tasks, key=lambda name: -tasks[name])
    few = len(ranked) <= MOST_NAMED + 1
    named = ranked if few else ranked[:MOST_NAMED]
    return named, set(ranked[len(named) :])


def _told(routing: Routing, contractors: set[str | None]) -> str:
    """What these got of all tasks, in percent."""
    rows = [row for row, name in enumerate(routing.contractors) if name in contractors]
    return share(routing.together(rows, "").estimates["share"][0]) if rows else number(0.0, 1)
