"""Explicit tasks: from a list, an arithmetic series or a CSV file, as columns."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.inputs.sources import how_to_get
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.workload import Csv, Listed, ListedTask, Series

ATTRIBUTES = tuple(name for name in ListedTask.model_fields if name not in ("type", "arrival_s", "client"))

_MOST_PROBLEMS = 20

_Place = tuple[int | None, str]
"""Where a task stands: the line of its file and the path to it in the scenario, as far as there are such."""


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Explicit tasks in order of arrival; NaN (client: −1) where a task leaves a field to the workload."""

    arrival_s: FloatArray
    type_id: IntArray
    client: IntArray
    given: dict[str, FloatArray] = field(default_factory=dict)


def read_table(source: Listed | Csv | Series, types: tuple[str, ...], clients: int) -> TaskTable:
    """The tasks of an explicit source.

    Raises `ScenarioError` for a file that cannot be read, a column that is missing, a cell that does not
    fit, a client that does not exist, or arrivals out of order; with the line where one is to blame.
    """
    match source:
        case Csv():
            path = Path(source.path)
            if not path.is_file():
                command = how_to_get(source.path)
                hint = f"; `{command}` downloads it" if command else ""
                raise _unreadable(source.path, f"no such file{hint}")
            return _from_csv(source.model_dump_json(), path.stat().st_mtime_ns, types, clients)
        case Series():
            rows = [
                ListedTask.model_validate(
                    {"type": part.type}
                    | {name: rule.start + rule.step * i for name, rule in part.attributes.items()}
                )
                for part in source.parts
                for i in range(part.count)
            ]
        case Listed():
            rows = source.tasks
    columns = {name: _column([getattr(row, name) for row in rows]) for name in (*ATTRIBUTES, "arrival_s")}
    client = np.array([-1 if row.client is None else row.client for row in rows], dtype=np.int64)
    type_id = np.array([types.index(row.type) for row in rows], dtype=np.int64)
    places: list[_Place] = [(None, f"workload.arrivals.tasks[{i}]") for i in range(len(rows))]
    return _assemble(columns, type_id, client, source.gap_s, clients, "", places)


def _column(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _refusal(file: str, place: _Place, message: str) -> ScenarioError:
    return ScenarioError((Problem(file, *place, message),))


def _unreadable(file: str, message: str) -> ScenarioError:
    return ScenarioError((Problem("", None, "workload.arrivals.path", f"{file}: {message}"),))


@lru_cache(maxsize=4)
def _from_csv(settings: str, _modified_ns: int, types: tuple[str, ...], clients: int) -> TaskTable:
    source = Csv.model_validate_json(settings)
    columns: dict[str, list[float]] = {name: [] for name in source.columns if name != "type"}
    type_ids: list[int] = []
    places: list[_Place] = []
    problems: list[Problem] = []
    special: dict[str, Callable[[str], float]] = {"arrival_s": _ArrivalReader(), "client": _whole}
    try:
        with Path(source.path).open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, strict=True)
            missing = [name for name in source.columns.values() if name not in (reader.fieldnames or [])]
            if missing:
                found = ", ".join(reader.fieldnames or []) or "none"
                raise _refusal(source.path, (1, ", ".join(missing)), f"no such column (found: {found})")
            for row in reader:
                if source.limit is not None and len(type_ids) >= source.limit:
                    break
                places.append((reader.line_num, ""))
                try:
                    if None in row:
                        raise ValueError("has more cells than the header")
                    type_ids.append(_type_of(source, row, types))
                    for name, values in columns.items():
                        column = source.columns[name]
                        values.append(_cell(special.get(name, _number), column, row[column]))
                except ValueError as error:
                    problems.append(Problem(source.path, reader.line_num, "", str(error)))
                    if len(problems) >= _MOST_PROBLEMS:
                        break
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(source.path, f"cannot be read: {error}") from error
    if problems:
        raise ScenarioError(tuple(problems))
    if not type_ids:
        raise _unreadable(source.path, "has no tasks")
    n = len(type_ids)
    arrays = {name: np.array(values) for name, values in columns.items()}
    client = arrays.pop("client", np.full(n, -1.0)).astype(np.int64)
    arrays.setdefault("arrival_s", np.full(n, np.nan))
    return _assemble(arrays, np.array(type_ids), client, source.gap_s, clients, source.path, places)


def _type_of(source: Csv, row: dict[str, str], types: tuple[str, ...]) -> int:
    name = source.type if source.type is not None else row[source.columns["type"]]
    if name not in types:
        raise ValueError(f"unknown task type (got {name!r}; known: {', '.join(types)})")
    return types.index(name)


def _cell(read: Callable[[str], float], column: str, text: str | None) -> float:
    if not text:
        raise ValueError(f"{column}: missing")
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{column}: {error} (got {text!r})") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("must be a number") from None
    if not (np.isfinite(value) and value >= 0):
        raise ValueError("must be >= 0 and finite")
    return value


def _whole(text: str) -> float:
    value = _number(text)
    if not value.is_integer():
        raise ValueError("must be a whole number")
    return value


class _ArrivalReader:
    """Reads a column of arrivals: either all are seconds, or all are timestamps, counted from the first.

    A timestamp before the first gives a negative number; that arrivals ascend is checked when all are read.
    """

    def __init__(self) -> None:
        self._first: float | datetime | None = None

    def __call__(self, text: str) -> float:
        moment = self._moment(text)
        value = _number(text) if moment is None else moment
        if self._first is None:
            self._first = value
        if isinstance(value, datetime) and isinstance(self._first, datetime):
            if (value.tzinfo is None) != (self._first.tzinfo is None):
                raise ValueError("must have a UTC offset where the first timestamp has one, else none")
            return (value - self._first).total_seconds()
        if isinstance(value, float) and isinstance(self._first, float):
            return value
        raise ValueError("must be all seconds or all timestamps")

    @staticmethod
    def _moment(text: str) -> datetime | None:
        try:
            float(text)
        except ValueError:
            pass
        else:
            return None
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("must be seconds or a timestamp") from None


def _assemble(
    columns: dict[str, FloatArray],
    type_id: IntArray,
    client: IntArray,
    gap_s: float,
    clients: int,
    file: str,
    places: list[_Place],
) -> TaskTable:
    arrival_s = columns["arrival_s"]
    stated = np.isfinite(arrival_s)
    if not stated.any():
        arrival_s = gap_s * np.arange(len(arrival_s), dtype=np.float64)
    elif not stated.all():
        raise _refusal(file, places[int(np.argmin(stated))], "arrival_s: missing, though others have it")
    backwards = np.flatnonzero(np.diff(arrival_s) < 0)
    if len(backwards):
        place = places[int(backwards[0]) + 1]
        raise _refusal(file, place, "arrives before the task above it; sort by arrival")
    strangers = np.flatnonzero(client >= clients)
    if len(strangers):
        which = int(strangers[0])
        raise _refusal(file, places[which], f"client: must be < {clients} (got {client[which]})")
    given = {name: values for name, values in columns.items() if name in ATTRIBUTES}
    if (too_many := _too_many_cached(given)) is not None:
        which, message = too_many
        raise _refusal(file, places[which], f"cached_tokens: {message}")
    return TaskTable(arrival_s, type_id, client, given)


def _too_many_cached(given: dict[str, FloatArray]) -> tuple[int, str] | None:
    """The first task of whose prompt more is cached than it has, and what is wrong with it."""
    if not {"prompt_tokens", "cached_tokens"} <= given.keys():
        return None
    prompt, cached = given["prompt_tokens"], given["cached_tokens"]
    which = np.flatnonzero(cached > prompt)
    if not len(which):
        return None
    first = int(which[0])
    return first, f"must not be more than prompt_tokens, {prompt[first]:.12g} (got {cached[first]:.12g})"
