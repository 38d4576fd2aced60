"""Measured runs: a CSV file or a table, a row a run, read and checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.csvfile import Row, read_rows, read_text
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown

HOME: Final = "home"
"""What stands in the column `where` for work at home."""

AMOUNTS: Final = {
    "prompt_tokens": False,
    "cached_tokens": False,
    "output_tokens": False,
    "flop": False,
    "jobs": True,
    "s": True,
    "first_token_s": True,
    "usd": False,
    "energy_j": True,
    "memory_gb": True,
    "start_s": False,
}
"""The columns of numbers, and whether they must be above 0."""

_COLUMNS: Final = ("where", "type", *AMOUNTS, "good", "session")
_TRUTHS: Final = {"true": 1.0, "1": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Runs:
    """Measured runs, one entry each; NaN, or no text, for what is not known of one.

    `amounts` are by column, `good` is 1 or 0, `session` numbers the sessions from 0 on; a run without one is
    its own. `unread` are columns of other names.
    """

    file: str
    where: np.ndarray
    type: np.ndarray
    amounts: Mapping[str, FloatArray]
    good: FloatArray
    session: IntArray
    in_sessions: BoolArray
    unread: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.where)

    def __getitem__(self, column: str) -> FloatArray:
        """The amounts of a column."""
        return self.amounts[column]

    def at(self, rows: BoolArray) -> Runs:
        """Some of the runs; sessions keep their numbers."""
        return Runs(
            self.file,
            self.where[rows],
            self.type[rows],
            {name: values[rows] for name, values in self.amounts.items()},
            self.good[rows],
            self.session[rows],
            self.in_sessions[rows],
            self.unread,
        )


@dataclass(slots=True)
class _Taken:
    """Rows as they are read, cell by cell."""

    columns: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in AMOUNTS})
    where: list[str] = field(default_factory=list)
    type: list[str] = field(default_factory=list)
    good: list[float] = field(default_factory=list)
    session: list[str] = field(default_factory=list)
    unread: tuple[str, ...] = ()

    def take(self, row: Row) -> None:
        """One more row. Raises ScenarioError for a cell that is none of its kind."""
        if not self.where:
            self.unread = tuple(name for name in row.cells if name and name not in _COLUMNS)
        where = row.text("where")
        values = {name: _amount(row, name, positive) for name, positive in AMOUNTS.items()}
        if values["cached_tokens"] > values["prompt_tokens"]:
            raise row.error("cached_tokens", f"more than prompt_tokens (got {row.cells['cached_tokens']})")
        if values["first_token_s"] > values["s"]:
            raise row.error(
                "first_token_s", f"later than the end of the run (got {row.cells['first_token_s']})"
            )
        told = row.cells.get("good", "")
        if told and told.lower() not in _TRUTHS:
            raise row.error("good", f"must be true or false (got {shown(told)})")
        self.good.append(_TRUTHS.get(told.lower(), math.nan))
        self.where.append(where)
        self.type.append(row.cells.get("type", ""))
        self.session.append(row.cells.get("session", ""))
        for name, value in values.items():
            self.columns[name].append(value)

    def runs(self, file: str) -> Runs:
        """All of them."""
        told = np.array(self.session, dtype=object)
        in_sessions = told != ""
        numbers = np.unique(
            [each or f"\0{row}" for row, each in enumerate(self.session)], return_inverse=True
        )[1]
        return Runs(
            file,
            np.array(self.where, dtype=object),
            np.array(self.type, dtype=object),
            {name: np.array(values) for name, values in self.columns.items()},
            np.array(self.good),
            numbers.astype(np.int64),
            np.asarray(in_sessions, dtype=bool),
            self.unread,
        )


def read_runs(source: str | Path | pd.DataFrame) -> Runs:
    """The runs of a CSV file or a table, whose columns are those of ``runs.csv``; only `where` must be there.

    Raises `ScenarioError` with file, row and column of what is wrong.
    """
    taken = _Taken()
    if isinstance(source, pd.DataFrame):
        problems, file = _read_table(source, taken.take), "<runs>"
    else:
        file = str(source)
        problems = read_rows(file, "runs", read_text(file, "runs"), ("where",), taken.take)
    if problems:
        raise ScenarioError(problems)
    return taken.runs(file)


def _read_table(table: pd.DataFrame, take: Callable[[Row], None]) -> list[Problem]:
    if "where" not in table.columns:
        found = ", ".join(map(str, table.columns)) or "none"
        return [Problem("<runs>", None, "where", f"no such column (found: {found})")]
    if table.empty:
        return [Problem("<runs>", None, "", "has no rows")]
    problems: list[Problem] = []
    texts = table.astype(object).where(table.notna(), "").map(str)
    for number, cells in enumerate(texts.to_dict("records"), 1):
        try:
            take(Row("<runs>", number, {str(name): str(cell) for name, cell in cells.items()}))
        except ScenarioError as error:
            problems += error.problems
    return problems


def _amount(row: Row, column: str, positive: bool) -> float:
    return row.amount(column, positive=positive) if row.cells.get(column) else math.nan
