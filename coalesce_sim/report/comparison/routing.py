"""To whom each policy of a comparison gave the work, on a terminal."""

from __future__ import annotations

from rich.console import Console

from coalesce_sim.experiments.comparison import Comparison
from coalesce_sim.experiments.routing import HOME, Routing
from coalesce_sim.numbers import number
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.routing import share

MOST_NAMED = 4
"""Contractors with a column of their own; what the others got stands in one."""

_NOTE = "Where tasks of all types went last, in percent; ±, [ ]: 95 % intervals."


def print_routing(console: Console, comparison: Comparison) -> None:
    """Print who got the work; nothing where there was none."""
    if any(map(len, comparison.routed.values())):
        _print_shares(console, comparison)
        print_wrapped(console, _NOTE, "dim")
        console.print()


def _print_shares(console: Console, comparison: Comparison) -> None:
    """A row a policy, the best first; home, the contractors that got most over all policies, the others."""
    routed = {label: comparison.routed[label].over_types() for label in comparison.ranked}
    named, others = _contractors(list(routed.values()))
    unasked = {contender.label for contender in comparison.field if contender.yardstick}
    heads: dict[str, set[str | None]] = {HOME: {None}, **{name: {name} for name in named}}
    if others:
        heads[f"{len(others):,} others"] = others
    shares = [Column(head, [_told(each, whom) for each in routed.values()]) for head, whom in heads.items()]
    styles = ["dim" if label in unasked else "" for label in routed]
    print_columns(console, [Column("who got the\nwork, %", list(routed), figures=False)], shares, styles)


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
