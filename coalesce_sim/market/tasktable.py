"""Explicit tasks: from a list, an arithmetic series or a CSV file, as columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.scenario.distributions import FloatArray
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.workload import Csv, Listed, ListedTask, Series

ATTRIBUTES = tuple(name for name in ListedTask.model_fields if name not in ("type", "arrival_s", "client"))


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Explicit tasks in order of arrival; NaN (client: −1) where a task leaves a field to the workload."""

    arrival_s: FloatArray
    type_id: NDArray[np.int64]
    client: NDArray[np.int64]
    given: dict[str, FloatArray] = field(default_factory=dict)


def read_table(source: Listed | Csv | Series, types: tuple[str, ...], clients: int) -> TaskTable:
    """The tasks of an explicit source.

    Raises `ScenarioError` for a file that cannot be read, a column that is missing, a cell that does not
    fit, a client that does not exist, or arrivals out of order; each with the line.
    """
    match source:
        case Csv():
            path = Path(source.path)
            if not path.is_file():
                raise _refusal(source.path, None, "workload.arrivals.path", "no such file")
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
    places = [f"workload.arrivals.tasks[{i}]" for i in range(len(rows))]
    return _assemble(columns, type_id, client, source.gap_s, clients, "", places)


def _column(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _refusal(file: str, line: int | None, path: str, message: str) -> ScenarioError:
    return ScenarioError((Problem(file, line, path, message),))


@lru_cache(maxsize=4)
def _from_csv(settings: str, _modified_ns: int, types: tuple[str, ...], clients: int) -> TaskTable:
    source = Csv.model_validate_json(settings)
    columns: dict[str, list[float]] = {name: [] for name in source.columns if name != "type"}
    type_ids: list[int] = []
    lines: list[str] = []
    problems: list[Problem] = []
    origin: list[datetime] = []
    try:
        with Path(source.path).open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle, strict=True)
            missing = [name for name in source.columns.values() if name not in (reader.fieldnames or [])]
            if missing:
                found = ", ".join(reader.fieldnames or []) or "none"
                raise _refusal(source.path, 1, ", ".join(missing), f"no such column (found: {found})")
            for row in reader:
                if source.limit is not None and len(type_ids) >= source.limit:
                    break
                try:
                    type_ids.append(_type_of(source, row, types))
                    for name, values in columns.items():
                        values.append(_cell(name, source.columns[name], row[source.columns[name]], origin))
                except ValueError as error:
                    problems.append(Problem(source.path, reader.line_num, "", str(error)))
                    if len(problems) >= 20:
                        break
                lines.append(f"line {reader.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refusal(source.path, None, "workload.arrivals.path", f"cannot be read: {error}") from error
    if problems:
        raise ScenarioError(tuple(problems))
    if not type_ids:
        raise _refusal(source.path, None, "workload.arrivals.path", "has no tasks")
    n = len(type_ids)
    arrays = {name: np.array(values) for name, values in columns.items()}
    client = arrays.pop("client", np.full(n, -1.0)).astype(np.int64)
    arrays.setdefault("arrival_s", np.full(n, np.nan))
    return _assemble(arrays, np.array(type_ids), client, source.gap_s, clients, source.path, lines)


def _type_of(source: Csv, row: dict[str, str], types: tuple[str, ...]) -> int:
    name = source.type if source.type is not None else row[source.columns["type"]]
    if name not in types:
        raise ValueError(f"unknown task type (got {name!r}; known: {', '.join(types)})")
    return types.index(name)


def _cell(field_name: str, column: str, text: str | None, origin: list[datetime]) -> float:
    """A finite number >= 0; an arrival may be a timestamp, counted from the first one seen."""
    if text is None:
        raise ValueError(f"{column}: missing")
    try:
        value = float(text)
    except ValueError:
        if field_name != "arrival_s":
            raise ValueError(f"{column}: must be a number (got {text!r})") from None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{column}: must be seconds or a timestamp (got {text!r})") from None
        if not origin:
            origin.append(moment)
        value = (moment - origin[0]).total_seconds()
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{column}: must be >= 0 and finite (got {text!r})")
    return value


def _assemble(
    columns: dict[str, FloatArray],
    type_id: NDArray[np.int64],
    client: NDArray[np.int64],
    gap_s: float,
    clients: int,
    file: str,
    places: list[str],
) -> TaskTable:
    arrival_s = columns["arrival_s"]
    stated = np.isfinite(arrival_s)
    if not stated.any():
        arrival_s = gap_s * np.arange(len(arrival_s), dtype=np.float64)
    elif not stated.all():
        raise _refusal(
            file, None, places[int(np.argmin(stated))], "arrival_s: missing, though others have it"
        )
    backwards = np.flatnonzero(np.diff(arrival_s) < 0)
    if len(backwards):
        place = places[int(backwards[0]) + 1]
        raise _refusal(file, None, place, "arrives before the task above it; sort by arrival")
    strangers = np.flatnonzero(client >= clients)
    if len(strangers):
        which = int(strangers[0])
        raise _refusal(file, None, places[which], f"client: must be < {clients} (got {client[which]})")
    given = {name: values for name, values in columns.items() if name in ATTRIBUTES}
    return TaskTable(arrival_s, type_id, client, given)
