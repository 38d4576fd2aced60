"""Explicit tasks: from a list, an arithmetic series or a CSV file, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.inputs.csvfile import read_text
from coalesce_sim.inputs.sources import how_to_get
from coalesce_sim.inputs.taskfile import read_tasks
from coalesce_sim.scenario.distributions import LEAST, MOST, misfit
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.workload import ABOVE_ZERO, ATTRIBUTES, LEVELS, Csv, Listed, Series, SeriesPart

_PLACE = "workload.arrivals"
_ROUNDING = 1e-12
_GIVEN = (*ATTRIBUTES, "data_sensitivity")


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Explicit tasks in order of arrival; NaN (client: −1) where a task leaves a field to the workload.

    `given` holds attributes by name, and `data_sensitivity` by the places of its levels in `LEVELS`.
    `newest_first` says that their file has them in the opposite order; `begins` is the earliest timestamp in
    it, None where there is none.
    """

    arrival_s: FloatArray
    type_id: IntArray
    client: IntArray
    given: dict[str, FloatArray] = field(default_factory=dict)
    newest_first: bool = False
    begins: datetime | None = None


def read_table(source: Listed | Csv | Series, types: tuple[str, ...], clients: int) -> TaskTable:
    """The tasks of an explicit source.

    Raises `ScenarioError` for a file that cannot be read, a column that is missing, a cell that does not
    fit, a client that does not exist, arrivals out of order, or a series that leaves what an attribute can
    be; with the line where one is to blame. A problem that names no file is about the field of the scenario
    at its path.
    """
    match source:
        case Csv():
            command = how_to_get(source.path)
            hint = f"; `{command}` downloads it" if command else ""
            text = read_text(source.path, f"{_PLACE}.path", hint)
            return _from_csv(source.model_dump_json(), text, types, clients)
        case Series():
            return _from_series(source, types)
        case Listed():
            return _from_list(source, types, clients)


@lru_cache(maxsize=4)
def _from_csv(settings: str, text: str, types: tuple[str, ...], clients: int) -> TaskTable:
    source = Csv.model_validate_json(settings)
    read = read_tasks(source, f"{_PLACE}.path", text, types)
    n = len(read.type_id)
    client = read.values.get("client", np.full(n, -1.0)).astype(np.int64)
    if (stranger := _stranger(client, clients)) is not None:
        which, message = stranger
        raise ScenarioError([Problem(source.path, read.lines[which], source.columns["client"], message)])
    arrival_s = read.values.get("arrival_s", _every(source.gap_s, n))
    given = {name: values for name, values in read.values.items() if name in _GIVEN}
    if (too_many := _too_many_cached(given)) is not None:
        which, message = too_many
        raise ScenarioError(
            [Problem(source.path, read.lines[which], source.columns["cached_tokens"], message)]
        )
    return TaskTable(arrival_s, np.array(read.type_id), client, given, read.newest_first, read.begins)


def _from_list(source: Listed, types: tuple[str, ...], clients: int) -> TaskTable:
    rows = source.tasks
    columns = {name: _column([getattr(row, name) for row in rows]) for name in (*ATTRIBUTES, "arrival_s")}
    levels = [row.data_sensitivity for row in rows]
    columns["data_sensitivity"] = _column([None if each is None else LEVELS.index(each) for each in levels])
    arrival_s = columns.pop("arrival_s")
    stated = np.isfinite(arrival_s)
    if not stated.any():
        arrival_s = _every(source.gap_s, len(rows))
    elif not stated.all():
        raise _refused_task(int(np.argmin(stated)), "arrival_s", "missing, though others have it")
    if len(backwards := np.flatnonzero(np.diff(arrival_s) < 0)):
        message = "arrives before the task above it; sort by arrival"
        raise _refused_task(int(backwards[0]) + 1, "arrival_s", message)
    client = np.array([-1 if row.client is None else row.client for row in rows], dtype=np.int64)
    if (stranger := _stranger(client, clients)) is not None:
        raise _refused_task(stranger[0], "client", stranger[1])
    if (too_many := _too_many_cached(columns)) is not None:
        raise _refused_task(too_many[0], "cached_tokens", too_many[1])
    number = {name: k for k, name in enumerate(types)}
    return TaskTable(arrival_s, np.array([number[row.type] for row in rows]), client, columns)


def _every(step: float, count: int) -> FloatArray:
    return step * np.arange(count, dtype=np.float64)


def _column(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _refused_task(index: int, field_name: str, message: str) -> ScenarioError:
    return ScenarioError([Problem("", None, f"{_PLACE}.tasks[{index}].{field_name}", message)])


def _stranger(client: IntArray, clients: int) -> tuple[int, str] | None:
    """The first task of a client that does not exist, and what is wrong with it."""
    which = np.flatnonzero(client >= clients)
    if not len(which):
        return None
    first = int(which[0])
    return first, f"must be < {clients}, the number of clients (got {client[first]})"


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


def _from_series(source: Series, types: tuple[str, ...]) -> TaskTable:
    stated = dict.fromkeys(name for part in source.parts for name in part.attributes)
    problems: list[Problem] = []
    given: dict[str, FloatArray] = {}
    for name in stated:
        values = [_progression(part, name) for part in source.parts]
        for place, column in enumerate(values):
            if problem := _leaves_its_bounds(name, column):
                path = f"{_PLACE}.parts[{place}].attributes.{name}"
                problems.append(Problem("", None, path, problem))
        given[name] = np.concatenate(values)
    if problems:
        raise ScenarioError(problems)
    counts = [part.count for part in source.parts]
    if (too_many := _too_many_cached(given)) is not None:
        first, message = too_many
        place = int(np.searchsorted(np.cumsum(counts), first, side="right"))
        path = f"{_PLACE}.parts[{place}].attributes.cached_tokens"
        raise ScenarioError([Problem("", None, path, f"{message} for task {first + 1:,}")])
    type_id = np.repeat([types.index(part.type) for part in source.parts], counts)
    n = len(type_id)
    return TaskTable(_every(source.gap_s, n), type_id, np.full(n, -1), given)


def _progression(part: SeriesPart, name: str) -> FloatArray:
    """An attribute of all tasks of a part, exactly 0 where it is but for rounding; NaN where not stated."""
    rule = part.attributes.get(name)
    if rule is None:
        return np.full(part.count, np.nan)
    values = rule.start + _every(rule.step, part.count)
    values[np.abs(values) < _ROUNDING * abs(rule.start)] = 0.0
    return values


def _leaves_its_bounds(name: str, values: FloatArray) -> str | None:
    """What is wrong with the first task for which the series makes an attribute what it cannot be."""
    least = LEAST if name in ABOVE_ZERO else 0.0
    fits = np.isnan(values) | (values >= least) & (values <= MOST) & ((values == 0) | (values >= LEAST))
    if fits.all():
        return None
    first = int(np.argmin(fits))
    message = misfit(float(values[first]), positive=name in ABOVE_ZERO)
    return f"{message} (got {values[first]:g} for task {first + 1:,})"
