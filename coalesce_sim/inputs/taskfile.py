"""Explicit tasks from the text of a CSV file, row by row: its rules, and each refusal with its line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.csvfile import Row, is_number, read_rows
from coalesce_sim.inputs.taskcolumns import MAY_BE_EMPTY, WORDS, YES_AND_NO, TaskColumns, Vocabulary, Words
from coalesce_sim.scenario.problems import ScenarioError, shown
from coalesce_sim.scenario.workload import ABOVE_ZERO


def read_by_row(
    file: str,
    place: str,
    text: str,
    columns: Mapping[str, str],
    vocabulary: Vocabulary,
    limit: int | None,
) -> TaskColumns:
    """The tasks in the text of a file, in the order in which they stand there.

    `columns` names the column of each field, `place` is the field of the scenario that names the file.
    Raises ScenarioError with all that does not fit.
    """
    numbers: dict[str, list[float]] = {
        name: [] for name in columns if name not in WORDS and name != "arrival_s"
    }
    words = {name: _Words() for name in columns if name in WORDS}
    lines: list[int] = []
    arrivals = _Arrivals(columns.get("arrival_s"))

    def take(row: Row) -> None:
        lines.append(row.line)
        arrivals.take(row)
        for name, said in words.items():
            word = said.take(row, columns[name], empty=name in MAY_BE_EMPTY)
            if message := vocabulary.objection(name, word):
                raise row.error(columns[name], message)
        for name, cells in numbers.items():
            cells.append(_value(row, name, columns[name]))

    problems = read_rows(file, place, text, list(columns.values()), take, limit)
    if problems:
        raise ScenarioError(problems)
    values = {name: np.array(cells, dtype=float) for name, cells in numbers.items()}
    if arrivals.column is not None:
        values["arrival_s"] = arrivals.seconds()
    return TaskColumns(
        file,
        columns,
        values,
        {name: said.found() for name, said in words.items()},
        len(lines),
        lines.__getitem__,
        begins=arrivals.begins,
    )


def _value(row: Row, name: str, column: str) -> float:
    match name:
        case "client" | "logged.attempts":
            value = row.whole(column)
            if name == "logged.attempts" and value < 1:
                raise row.error(column, f"must be >= 1 (got {shown(row.cells[column])})")
            return value
        case "logged.good":
            return _yes_or_no(row, column)
        case _ if name in MAY_BE_EMPTY and not row.cells[column]:
            return math.nan
        case _:
            return row.amount(column, positive=name in ABOVE_ZERO)


def _yes_or_no(row: Row, column: str) -> bool:
    text = row.text(column)
    yes, no = YES_AND_NO
    if text not in (*yes, *no):
        raise row.error(column, f"must be true or false (got {shown(text)})")
    return text in yes


class _Words:
    """A column of words."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._which: list[int] = []

    def take(self, row: Row, column: str, *, empty: bool) -> str:
        """The next word. Raises ScenarioError where there is none, unless the column may be `empty`."""
        word = row.cells[column] if empty else row.text(column)
        self._which.append(self._place.setdefault(word, len(self._place)) if word else -1)
        return word

    def found(self) -> Words:
        return Words(tuple(self._place), np.array(self._which, dtype=np.int64))


def _is_aware(moment: float | datetime) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is not None


class _Arrivals:
    """A column of arrivals: either all are seconds, or all are timestamps, counted from the earliest."""

    def __init__(self, column: str | None) -> None:
        self.column = column
        self._moments: list[float | datetime] = []

    def take(self, row: Row) -> None:
        """The next arrival, where there is such a column. Raises ScenarioError."""
        if self.column is None:
            return
        moment = self._moment(row, self.column)
        first = self._moments[0] if self._moments else moment
        got = f"(got {shown(row.cells[self.column])})"
        if isinstance(moment, datetime) != isinstance(first, datetime):
            raise row.error(self.column, f"must be all seconds or all timestamps {got}")
        if _is_aware(moment) != _is_aware(first):
            message = "must have a UTC offset where the first timestamp has one, else none"
            raise row.error(self.column, f"{message} {got}")
        self._moments.append(moment)

    @property
    def begins(self) -> datetime | None:
        """The earliest timestamp, if they are such."""
        return min(self._dated, default=None)

    def seconds(self) -> FloatArray:
        """All arrivals in seconds from the start of the run."""
        earliest = self.begins
        if earliest is None:
            return np.array(self._moments, dtype=float)
        return np.array([(moment - earliest).total_seconds() for moment in self._dated])

    @property
    def _dated(self) -> list[datetime]:
        return [moment for moment in self._moments if isinstance(moment, datetime)]

    @staticmethod
    def _moment(row: Row, column: str) -> float | datetime:
        text = row.text(column)
        if is_number(text):
            return row.amount(column)
        try:
            if not text.isascii():
                raise ValueError("digits of another script")
            return datetime.fromisoformat(text)
        except ValueError:
            raise row.error(column, f"must be seconds or a timestamp (got {shown(text)})") from None
