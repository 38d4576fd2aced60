"""Who got the work, on the pages of runs and comparisons: sentences, a chart and a table."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow.compute as pc

from coalesce_sim.experiments.routing import HOME, Routing
from coalesce_sim.numbers import plural, with_half_width
from coalesce_sim.report.html.charts import MOST_LINES, Axis, Chart, Quantity, rounded
from coalesce_sim.report.html.page import Cell, Column, Drawing, Passage, Section, Table, number_cell
from coalesce_sim.report.opening import Opened
from coalesce_sim.report.routing import headline, sentences
from coalesce_sim.statistics.intervals import Estimate

_QUANTITIES = (
    Quantity("share", "Share of the tasks", "%"),
    Quantity("usd_per_task", "Cost a task", "USD"),
    Quantity("paid_usd", "Paid", "USD"),
    Quantity("turnaround_s", "Turnaround", "s"),
    Quantity("late_rate", "Late", "%"),
    Quantity("success_rate", "Good", "%"),
    Quantity("exploration_rate", "Chosen at random", "%"),
)

_HELP = {
    "share": "A task counts where it went last.",
    "usd_per_task": "All that a task costs: prices, fees, delay and losses.",
    "paid_usd": "In a replication, for all contracts, also on tasks that went elsewhere afterwards.",
    "turnaround_s": "From arrival to result, on average.",
    "late_rate": "Past their target.",
    "success_rate": "Ended with good work.",
    "exploration_rate": "Some decision on the task was made at random.",
}

_MOST_ROWS = 200
_MOST_DRAWN = 20
"""Contractors that are drawn."""

_NOTE = "Means over the replications with 95 % intervals."


def who(opened: Opened) -> list[str]:
    """To whom the work of a run went, a sentence for each of the largest types; none where it is not told."""
    table = opened.routing
    if table is None or not len(table):
        return []
    return sentences(Routing.of([table], int(opened.facts["replications"])))


def routing_sections(opened: Opened) -> list[Section]:
    """The section of a run or a comparison; none where the results hold no such table."""
    table = opened.routing
    if table is None or not len(table):
        return []
    replications = int(opened.facts["replications"])
    if opened.kind == "comparison":
        groups = {
            label: Routing.of([table.filter(pc.equal(table["policy"], label))], replications).over_types()
            for label in opened.facts["policies"]
        }
        name, told = "Policy", [f"{label}: {headline(each)}." for label, each in groups.items()]
    else:
        routing = Routing.of([table], replications)
        kinds = list(dict.fromkeys(routing.types))
        groups = {
            kind: routing.part([row for row, of in enumerate(routing.types) if of == kind]) for kind in kinds
        }
        name, told = "Type of task", []
    return [
        Section(
            "routing", "Who got the work", [*map(Passage, told), _table(groups, name), _chart(groups, name)]
        )
    ]


def _table(groups: Mapping[str, Routing], name: str) -> Table:
    """A row a group and contractor, the groups in their order."""
    shown = [
        each
        for each in _QUANTITIES
        if any(value.mean for routing in groups.values() for value in routing.estimates[each.name])
    ]
    rows = [
        [Cell(group), Cell(label)] + [_cell(routing.estimates[each.name][row]) for each in shown]
        for group, routing in groups.items()
        for row, label in enumerate(routing.labels)
    ]
    columns = [Column(name, numeric=False), Column("Went to", numeric=False)]
    columns += [Column(f"{each.label} ({each.unit})", help=_HELP[each.name]) for each in shown]
    left = len(rows) - _MOST_ROWS
    more = f" {plural(left, 'row')} more in routing.parquet." if left > 0 else ""
    return Table("Who got the work", columns, rows[:_MOST_ROWS], f"{_NOTE}{more}")


def _cell(value: Estimate) -> Cell:
    return number_cell(value.mean, with_half_width(value))


def _chart(groups: Mapping[str, Routing], name: str) -> Drawing:
    """The figures of those who got most, a line or colour a group."""
    tasks: Counter[str | None] = Counter()
    for routing in groups.values():
        for contractor, each in zip(routing.contractors, routing.sums["tasks"].sum(axis=1), strict=True):
            tasks[contractor] += each
    contractors = [contractor for contractor, _ in tasks.most_common(_MOST_DRAWN)]
    drawn = dict(list(groups.items())[:MOST_LINES])
    points = list(itertools.product(range(len(drawn)), range(len(contractors))))
    labels = tuple(HOME if each is None else each for each in contractors)
    left = "" if len(drawn) == len(groups) else f" Drawn are {len(drawn)} of {len(groups)}, in the table all."
    return Drawing(
        Chart(
            name="routing",
            quantities=_QUANTITIES,
            axes=[Axis("Went to", labels, None), Axis(name, tuple(drawn), None)],
            codes=[[place for _, place in points], [group for group, _ in points]],
            figures=[_figures(list(drawn.values()), contractors, each.name) for each in _QUANTITIES],
            x=0,
            by=1,
            start=[0, 0],
            describes=f"Means over the replications; bars are 95 % intervals.{left}",
        )
    )


def _figures(
    groups: Sequence[Routing], contractors: Sequence[str | None], name: str
) -> dict[str, list[float | None]]:
    """One figure of every group and contractor; what a group gave nothing has none."""
    told: list[Estimate] = []
    for routing in groups:
        rows = {contractor: row for row, contractor in enumerate(routing.contractors)}
        told += [
            routing.estimates[name][rows[each]] if each in rows else Estimate(None, None, None, 0)
            for each in contractors
        ]
    return {
        "mean": rounded(each.mean for each in told),
        "low": rounded(each.ci95[0] if each.ci95 else None for each in told),
        "high": rounded(each.ci95[1] if each.ci95 else None for each in told),
        "n": rounded(each.n for each in told),
    }
