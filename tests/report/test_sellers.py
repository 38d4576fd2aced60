"""What people are told of the books of sellers: in a terminal and in a report."""

from __future__ import annotations

import io

import pyarrow as pa
from rich.console import Console

from coalesce_sim.experiments.sellers import Sellers
from coalesce_sim.report.html.page import Drawing, Passage, Table
from coalesce_sim.report.html.sellers import sellers_sections
from coalesce_sim.report.sellers import MOST_ROWS, finding, print_sellers


def table(profits_usd: dict[str, float | None], replication: int = 0, idle_usd: float = 0.0) -> pa.Table:
    """Sellers of the type that their name begins with, who are paid 10 USD each."""
    count = len(profits_usd)
    known = [each is not None for each in profits_usd.values()]
    work_usd = [None if each is None else 10 - idle_usd - each for each in profits_usd.values()]
    return pa.table(
        {
            "replication": [replication] * count,
            "contractor": list(profits_usd),
            "type": [name[0] for name in profits_usd],
            "owner": list(profits_usd),
            "jobs": [1] * count,
            "worked_s": [60.0] * count,
            "revenue_usd": [10.0] * count,
            "work_usd": pa.array(work_usd, pa.float64()),
            "idle_usd": pa.array([idle_usd if each else None for each in known], pa.float64()),
            "profit_usd": pa.array(list(profits_usd.values()), pa.float64()),
        }
    )


def printed(sellers: Sellers) -> list[str]:
    stream = io.StringIO()
    print_sellers(Console(file=stream, width=100), sellers)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_sentence_tells_how_many_lose_and_what_all_make() -> None:
    sellers = Sellers.of([table({"a1": -4, "a2": 2, "b1": 1, "c1": None})], 1)
    assert (
        finding(sellers.rows()) == "1.0 of 3 sellers are in the red; together they lose 1.00 USD on 30.0 USD"
    )
    better = Sellers.of([table({"a1": -4}, 0), table({"a1": 8}, 1)], 2)
    assert finding(better.rows()) == "0.5 of 1 seller are in the red; together they make 2.00 USD on 10.0 USD"


def test_the_table_has_margins_and_leaves_out_what_nobody_bears() -> None:
    told = printed(Sellers.of([table({"a1": -4, "a2": 2, "b1": 1})], 1))
    assert told[0] == "Whether sellers live"
    assert not any("idle," in line for line in told[:-2])
    [row] = [line.split() for line in told if line.startswith(" a ")]
    assert row == ["a", "20.00", "22.00", "-2.000", "-10.0", "50.0"]
    assert any("idle," in line for line in printed(Sellers.of([table({"a1": 1}, idle_usd=0.5)], 1)))
    many: dict[str, float | None] = {f"{chr(97 + k)}1": 1.0 for k in range(MOST_ROWS + 2)}
    assert "and 2 others, in sellers.parquet." in printed(Sellers.of([table(many)], 1))


def test_nothing_is_told_where_nobodys_costs_are_known() -> None:
    sellers = Sellers.of([table({"a1": None})], 1)
    assert len(sellers) == 0
    assert printed(sellers) == []
    assert sellers_sections(sellers.rows()) == []
    assert printed(Sellers.of([], 1)) == []


def test_the_report_has_a_sentence_a_table_and_a_chart() -> None:
    sellers = Sellers.of([table({"a1": -4, "b1": 1}, k) for k in range(2)], 2)
    [section] = sellers_sections(sellers.rows())
    told, books, drawing = section.blocks
    assert isinstance(told, Passage)
    assert isinstance(books, Table)
    assert isinstance(drawing, Drawing)
    assert [row[0].text for row in books.rows] == ["a", "b"]
    assert drawing.chart.axes[0].levels == ("a", "b")
    profit = drawing.chart.figures[0]
    assert profit["mean"] == [-4.0, 1.0]
    assert profit["low"] == profit["high"] == profit["mean"], "the same in both replications"
