"""Numbers that move as a file says, such as a history of prices."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.csvfile import Row, is_number, read_rows, read_text
from coalesce_sim.scenario.moving import History, range_of
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown


def read_history(
    source: History, name: str, start: datetime, place: str = ""
) -> tuple[FloatArray, FloatArray]:
    """Hours since the start of the clock, of which the first is 0, and the values from then on.

    `name` is the field that moves, `place` where it stands in the scenario. Raises `ScenarioError` with all
    that does not fit, at its line.
    """
    text = read_text(source.path, f"{place}.csv.path")
    return _read(source.model_dump_json(), name, start, place, text)


@lru_cache(maxsize=64)
def _read(settings: str, name: str, start: datetime, place: str, text: str) -> tuple[FloatArray, FloatArray]:
    source = History.model_validate_json(settings)
    hours: list[float] = []
    values: list[float] = []

    def take(row: Row) -> None:
        hour = _hour(row, source.time, start)
        got = f"(got {shown(row.cells[source.time])})"
        if not hours and hour > 0:
            raise row.error(source.time, f"must not be after the clock starts, {start.isoformat()} {got}")
        if hours and hour <= hours[-1]:
            raise row.error(source.time, f"must be later than in the row above it {got}")
        hours.append(hour)
        value = row.amount(source.value)
        if (message := range_of(name).objection(value)) is not None:
            raise row.error(source.value, f"{message} (got {value:g})")
        values.append(value)

    problems = read_rows(source.path, f"{place}.csv.path", text, [source.time, source.value], take)
    if problems:
        raise ScenarioError(problems)
    begin = int(np.searchsorted(hours, 0.0, side="right")) - 1
    return np.array([0.0, *hours[begin + 1 :]]), np.array(values[begin:])


def _hour(row: Row, column: str, start: datetime) -> float:
    text = row.text(column)
    if is_number(text):
        return row.amount(column)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise row.error(column, f"must be hours or a timestamp (got {shown(text)})") from None
    return (_in_utc(moment) - _in_utc(start)).total_seconds() / 3600


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def check_histories(moving: list[tuple[str, str, History]], start: datetime) -> list[Problem]:
    """All that is wrong with the files of numbers that move, each with the place and name of its field."""
    problems: list[Problem] = []
    for place, name, source in moving:
        try:
            read_history(source, name, start, f"{place}.{name}")
        except ScenarioError as error:
            problems += error.problems
    return problems
