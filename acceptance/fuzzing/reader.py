"""A second reader of CSV files, by the strictest rules that users were promised."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)

OPTIONAL = frozenset(
    {
        "cache_read_usd_per_mtok",
        "request_usd",
        "above_prompt_tokens",
        "from_hour_utc",
        "until_hour_utc",
    }
)
"""Columns of a price file that may be left out."""

Cells = list[dict[str, str]]


@dataclass(frozen=True)
class Reading:
    """What a strict reader sees in a file: rows, or why there are none that could be believed (`broken`).

    `doubtful` says that another reader may as well refuse it: it has what is neither clearly right nor wrong.
    """

    rows: Cells
    broken: str = ""
    doubtful: bool = False


Content = tuple[tuple[str, ...], list[list[str]]]
Due = Callable[[Mapping[str, Cells]], list[float] | None]


def read(data: bytes, columns: tuple[str, ...]) -> Reading:
    """Read a table of `columns`, and others; of those only the optional ones may be missing."""
    try:
        text = data.decode("utf-8-sig")
        read = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [[cell.strip(" \t") for cell in cells] for cells in read]
    except (UnicodeDecodeError, csv.Error) as error:
        return Reading([], str(error))
    doubtful = any(not cells for cells in lines) or bool(
        re.search(r"[\0\v\f\x1b\x85\u2028\ufeff]|\r(?!\n)", text)
    )
    header, *rest = [cells for cells in lines if cells] or [[]]
    if len(set(header)) != len(header) or not set(columns) - OPTIONAL <= set(header):
        return Reading([], f"header {header}")
    rows = []
    for cells in rest:
        if len(cells) != len(header):
            return Reading([], f"{len(cells)} cells: {cells}", doubtful=False)
        rows.append({name: cell for name, cell in zip(header, cells, strict=True) if name in columns})
    return Reading(rows, doubtful=doubtful or not rows)


def number(text: str) -> float:
    """A number in ASCII digits; NaN for what is none."""
    return float(text) if _NUMBER.fullmatch(text) else math.nan
