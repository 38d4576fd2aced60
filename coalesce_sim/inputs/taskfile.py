"""Explicit tasks from a CSV file, as columns in order of arrival."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.csvfile import Row, is_number, read_rows
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown
from coalesce_sim.scenario.workload import ABOVE_ZERO, LEVELS, Csv


@dataclass(frozen=True, slots=True)
class TaskColumns:
    """The tasks of a file, one entry a task: what its columns hold by field, and the line of each task.

    `newest_first` says that the rows of the file are in the opposite order; `begins` is its earliest
    timestamp, None where it has none.
    """

    values: dict[str, FloatArray]
    type_id: list[int]
    lines: list[int]
    newest_first: bool
    begins: datetime | None = None


def read_tasks(source: Csv, place: str, text: str, types: tuple[str, ...]) -> TaskColumns:
    """The tasks in the text of a file; one written newest first is turned round.

    `place` is the field of the scenario that names the file. Raises ScenarioError with all that does not fit.
    """
    columns = {name: column for name, column in source.columns.items() if name not in ("type", "arrival_s")}
    values: dict[str, list[float]] = {name: [] for name in columns}
    type_id: list[int] = []
    lines: list[int] = []
    arrivals = _Arrivals(source.columns.get("arrival_s"))

    def take(row: Row) -> None:
        lines.append(row.line)
        type_id.append(_type_of(source, row, types))
        arrivals.take(row)
        for name, column in columns.items():
            values[name].append(_value(row, name, column))

    problems = read_rows(source.path, place, text, list(source.columns.values()), take, source.limit)
    if problems:
        raise ScenarioError(problems)
    found = {name: np.array(cells, dtype=float) for name, cells in values.items()}
    if arrivals.column is None:
        return TaskColumns(found, type_id, lines, newest_first=False)
    arrival_s = arrivals.seconds()
    steps_s = np.diff(arrival_s)
    newest_first = bool((steps_s < 0).any() and (steps_s <= 0).all())
    if newest_first:
        type_id.reverse()
        lines.reverse()
    elif len(backwards := np.flatnonzero(steps_s < 0)):
        line = lines[int(backwards[0]) + 1]
        message = "arrives before the task above it, though not all do; sort by arrival"
        raise ScenarioError([Problem(source.path, line, arrivals.column, message)])
    found["arrival_s"] = arrival_s
    in_order = {name: cells[::-1].copy() if newest_first else cells for name, cells in found.items()}
    return TaskColumns(in_order, type_id, lines, newest_first, arrivals.begins)


def _type_of(source: Csv, row: Row, types: tuple[str, ...]) -> int:
    if source.type is not None:
        return types.index(source.type)
    name = row.text(source.columns["type"])
    if name not in types:
        known = ", ".join(types)
        raise row.error(source.columns["type"], f"unknown task type (got {shown(name)}; known: {known})")
    return types.index(name)


def _value(row: Row, name: str, column: str) -> float:
    match name:
        case "client":
            return row.whole(column)
        case "data_sensitivity":
            level = row.text(column)
            if level not in LEVELS:
                raise row.error(column, f"must be one of {', '.join(LEVELS)} (got {shown(level)})")
            return LEVELS.index(level)
        case _:
            return row.amount(column, positive=name in ABOVE_ZERO)


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
