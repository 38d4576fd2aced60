"""An import as a page: what was read, what was left out and why, what was assumed, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, Final

import pandas as pd
import pyarrow.parquet as pq

from coalesce_sim.lab.setting import UPLOADS
from coalesce_sim.logs.headlines import headlines
from coalesce_sim.logs.tables import REQUESTS, SELLERS
from coalesce_sim.numbers import NOTHING, number
from coalesce_sim.report.html.page import Block, Cell, Column, Page, Passage, Section, Table, number_cell
from coalesce_sim.texts import sentence

ROWS_SHOWN: Final = 10
"""So many tasks of the table are shown."""


def import_page(facts: Mapping[str, Any], folder: Path) -> Page:
    """Put the page together; `facts` are those of ``import.json`` in the folder.

    Raises OSError where the other files are not there any longer.
    """
    rows, tasks = facts["rows"], facts["tasks"]
    names = {each["name"]: PurePath(each["name"]).name for each in facts["logs"]}
    told = headlines(facts)
    return Page(
        title="Imported",
        overline="Import",
        answer=list(map(sentence, told)),
        figures={
            "Rows read": f"{rows['read']:,}",
            "Left out": f"{rows['left_out']:,}",
            "Tasks": f"{tasks['tasks']:,}",
            "Bill": f"{number(tasks['bill_usd'], 2 if tasks['bill_usd'] >= 1 else None)} USD",
        },
        sections=[
            Section("left_out", "What was left out, and why", _left_out(facts, names)),
            Section("assumed", "What was assumed", list(_assumed(facts, names))),
            Section("sellers", "Who answered, and at which prices", [_sellers(folder)]),
            Section("tasks", "First tasks", [_tasks(folder)]),
        ],
    )


def _left_out(facts: Mapping[str, Any], names: Mapping[str, str]) -> list[Block]:
    if not facts["left_out"]:
        return [Passage("Nothing was left out: every row is in the market.")]
    return [_remarks("Rows that are not in the market, by reason", facts["left_out"], names)]


def _assumed(facts: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Block]:
    if facts["told"]:
        yield _remarks("Rows that are kept, though something is to be told of them", facts["told"], names)
    for note in facts["notes"]:
        for path, name in names.items():
            note = note.replace(path, name)
        yield Passage(sentence(note))
    rows = [[Cell(_capital(each.partition(":")[0])), Cell(_after(each))] for each in facts["not_in_the_log"]]
    columns = [Column("The log does not say", numeric=False), Column("So it is taken", numeric=False)]
    yield Table("What a market hangs on and this log does not say", columns, rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _after(text: str) -> str:
    return text.partition(":")[2].strip() or NOTHING


def _remarks(caption: str, remarks: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Table:
    rows = [
        [
            Cell(each["why"]),
            number_cell(each["rows"], f"{each['rows']:,}"),
            Cell(_place(each["first"], names)),
            Cell(each["first"]["got"] or NOTHING),
        ]
        for each in remarks
    ]
    columns = [
        Column("Why", numeric=False),
        Column("Rows"),
        Column("The first of them", numeric=False),
        Column("What stands there", numeric=False),
    ]
    return Table(caption, columns, rows, "Rows are counted from 1, below the header.")


def _place(first: Mapping[str, Any], names: Mapping[str, str]) -> str:
    file = names.get(first["file"], first["file"])
    return ", ".join(filter(None, (file, f"row {first['row']:,}", first["column"])))


def _sellers(folder: Path) -> Table:
    table = pd.read_csv(folder / SELLERS)
    prices = ("input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok")
    rows = []
    for each in table.to_dict("records"):
        named = each["name"] if isinstance(each["name"], str) else f"{each['provider']}/{each['model']}"
        amounts = [number_cell(_known(each[name])) for name in prices]
        rows.append(
            [
                Cell(named),
                number_cell(each["rows"], f"{int(each['rows']):,}"),
                _rate(each["failure_rate"]),
                *amounts,
                Cell(_priced_from(each["priced_from"])),
                number_cell(_known(each["first_token_s_p50"])),
            ]
        )
    columns = [
        Column("Seller", numeric=False),
        Column("Calls"),
        Column("Failed, %"),
        Column("Input, USD per M tokens"),
        Column("Output, USD per M tokens"),
        Column("Cached, USD per M tokens"),
        Column("Prices from", numeric=False),
        Column("First token, median s"),
    ]
    return Table("Sellers of the log, and those that only the price list has", columns, rows)


def _priced_from(told: Any) -> str:
    """A price list by its name alone: where it is kept is nobody's matter."""
    if not isinstance(told, str):
        return NOTHING
    return PurePath(told).name if f"/{UPLOADS}/" in told else told


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _rate(share: float) -> Cell:
    return number_cell(100 * share, number(100 * share, 1)) if math.isfinite(share) else Cell(NOTHING)


def _tasks(folder: Path) -> Table:
    first = next(pq.ParquetFile(folder / REQUESTS).iter_batches(ROWS_SHOWN), None)
    frame = pd.DataFrame() if first is None else first.to_pandas()
    numeric = {name: pd.api.types.is_numeric_dtype(frame[name]) for name in frame}
    columns = [Column(str(name), numeric=numeric[name]) for name in frame]
    rows = [
        [_task_cell(value, numeric=numeric[name]) for name, value in zip(frame, row, strict=True)]
        for row in frame.itertuples(index=False)
    ]
    return Table(f"The first {len(rows)} rows of {REQUESTS}", columns, rows)


def _task_cell(value: Any, *, numeric: bool) -> Cell:
    if value is None or pd.isna(value):
        return Cell(NOTHING)
    if isinstance(value, pd.Timestamp):
        return Cell(f"{value:%Y-%m-%d %H:%M:%S}")
    if not numeric or isinstance(value, bool):
        return Cell(str(value))
    return number_cell(float(value), f"{int(value):,}" if float(value).is_integer() else None)
