"""Whether sellers can live, for people: a sentence and a table, those with more revenue first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from coalesce_sim.experiments.sellers import Sellers
from coalesce_sim.numbers import column, number, plural, with_half_width
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.statistics.intervals import Estimate

MOST_ROWS = 12
"""As many rows fit a screen beside the rest."""

NOTE = "In a replication. Work costs its seller whatever comes of it; owned hardware loses value while idle."

_AMOUNTS = {
    "revenue_usd": "paid,\nUSD",
    "work_usd": "work,\nUSD",
    "idle_usd": "idle,\nUSD",
    "levied_usd": "levied,\nUSD",
}


def finding(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the rows of `Sellers` come to together, in a sentence."""
    mean = {name: [row[name]["mean"] or 0.0 for row in rows] for name in rows[0] if name != "seller"}
    lose = sum(
        count * share / 100 for count, share in zip(mean["contractors"], mean["in_the_red"], strict=True)
    )
    of, profit_usd = sum(mean["contractors"]), sum(mean["profit_usd"])
    made = "lose" if profit_usd < 0 else "make"
    together = f"together they {made} {number(abs(profit_usd))} USD on {number(sum(mean['revenue_usd']))} USD"
    return f"{number(lose, 1)} of {plural(round(of), 'seller')} are in the red; {together}"


def comings_and_goings(estimates: Mapping[str, Estimate]) -> str:
    """How many sellers were there, came and went, in a sentence; empty where none may."""
    names = ("present", "entered", "left")
    there, entered, left = (estimates.get(f"contractors_{name}") for name in names)
    if there is None or entered is None or left is None:
        return ""
    return (
        f"Sellers in the market: {with_half_width(there)} on average; {with_half_width(entered)} entered and "
        f"{with_half_width(left)} left in a replication"
    )


def print_sellers(console: Console, sellers: Sellers) -> None:
    """Print the books of those with most revenue; nothing where nobody's costs are known."""
    if not len(sellers):
        return
    rows = sellers.rows()
    console.print(Text("Whether sellers live", "bold"))
    print_wrapped(console, f"{finding(rows)}.")
    shown = rows[:MOST_ROWS]
    figures = [
        Column(head, column([row[name]["mean"] for row in shown]))
        for name, head in _AMOUNTS.items()
        if any(name in row and row[name]["mean"] for row in shown)
    ]
    figures.append(Column("profit,\nUSD", column([row["profit_usd"]["mean"] for row in shown])))
    figures.append(Column("margin,\n%", [number(row["margin"]["mean"], 1) for row in shown]))
    figures.append(Column("in the\nred, %", [number(row["in_the_red"]["mean"], 1) for row in shown]))
    print_columns(console, [Column("seller", [row["seller"] for row in shown], figures=False)], figures)
    if left := len(rows) - len(shown):
        print_wrapped(console, f"and {plural(left, 'other')}, in sellers.parquet.")
    print_wrapped(console, NOTE, "dim")
