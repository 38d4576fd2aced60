"""The books of sellers, on the page of a run: a sentence, a table and a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coalesce_sim.numbers import plural, with_half_width
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.page import Cell, Column, Drawing, Passage, Section, Table, number_cell
from coalesce_sim.report.sellers import NOTE, finding
from coalesce_sim.statistics.intervals import Estimate

_QUANTITIES = (
    Quantity("profit_usd", "Profit", "USD"),
    Quantity("margin", "Margin", "%"),
    Quantity("in_the_red", "In the red", "%"),
    Quantity("revenue_usd", "Revenue", "USD"),
    Quantity("work_usd", "Cost of work", "USD"),
    Quantity("idle_usd", "Cost of idle hardware", "USD"),
    Quantity("levied_usd", "Levies", "USD"),
    Quantity("contractors", "Contractors", ""),
)

_HELP = {
    "profit_usd": "Revenue less the cost of work and of idle hardware, and levies.",
    "margin": "Profit / revenue.",
    "in_the_red": "Share of these contractors that spent more than they were paid.",
    "revenue_usd": "What clients paid, for all contracts.",
    "work_usd": "Of every job that was begun, also of work that came to nothing.",
    "idle_usd": "What owned hardware lost in value in slots that stood idle.",
    "levied_usd": "What they paid the market: fees, stakes, and for slots withheld.",
    "contractors": "How many in a replication.",
}

_MOST_ROWS = 200
_MOST_DRAWN = 20


def sellers_sections(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """The section, from the rows in summary.json; none where nobody's costs are known."""
    if not rows:
        return []
    shown = [each for each in _QUANTITIES if any(each.name in row and row[each.name]["mean"] for row in rows)]
    columns = [Column("Seller", numeric=False)]
    columns += [
        Column(f"{each.label} ({each.unit})" if each.unit else each.label, help=_HELP[each.name])
        for each in shown
    ]
    cells = [[Cell(str(row["seller"])), *(_cell(row[each.name]) for each in shown)] for row in rows]
    left = len(rows) - _MOST_ROWS
    more = f" {plural(left, 'row')} more in sellers.parquet." if left > 0 else ""
    table = Table("Books of the sellers", columns, cells[:_MOST_ROWS], f"{NOTE} ±: 95 % intervals.{more}")
    return [
        Section("sellers", "Whether sellers live", [Passage(f"{finding(rows)}."), table, _chart(rows, shown)])
    ]


def _cell(value: Mapping[str, Any]) -> Cell:
    return number_cell(value["mean"], with_half_width(Estimate.of_dict(value)))


def _chart(rows: Sequence[Mapping[str, Any]], shown: Sequence[Quantity]) -> Drawing:
    """The figures of those with most revenue."""
    drawn = rows[:_MOST_DRAWN]
    return Drawing(
        Chart(
            name="sellers",
            quantities=shown,
            axes=[Axis("Seller", tuple(str(row["seller"]) for row in drawn), None)],
            codes=[list(range(len(drawn)))],
            figures=[columns_of([Estimate.of_dict(row[each.name]) for row in drawn]) for each in shown],
            x=0,
            by=None,
            start=[0],
            describes="Means over the replications; bars are 95 % intervals.",
        )
    )
