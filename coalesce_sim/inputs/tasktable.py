"""Explicit tasks: from a list, an arithmetic series, or a CSV or Parquet file, as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.files import expecting
from coalesce_sim.inputs.csvfile import read_whole
from coalesce_sim.inputs.resampling import Log, Sample, sample_of
from coalesce_sim.inputs.sources import how_to_get
from coalesce_sim.inputs.taskcolumns import TaskColumns, Vocabulary
from coalesce_sim.inputs.tasksource import read_columns
from coalesce_sim.scenario.clients import Clients
from coalesce_sim.scenario.distributions import LEAST, MOST, misfit
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import (
    ABOVE_ZERO,
    ATTRIBUTES,
    LEVELS,
    Csv,
    Explicit,
    FromFile,
    Listed,
    Series,
    SeriesPart,
    Table,
)

_PLACE = "workload.arrivals"
_ROUNDING = 1e-12
_GIVEN = (*ATTRIBUTES, "data_sensitivity")


class LoggedTasks(NamedTuple):
    """What a log says of tasks, one entry a task: to which of `names` each went, what was billed for it (NaN
    where that is not known), how long it took, whether it ended well, and in how many attempts."""

    names: tuple[str, ...]
    to: IntArray
    usd: FloatArray
    s: FloatArray
    good: BoolArray
    attempts: IntArray

    def rows(self, order: IntArray) -> LoggedTasks:
        """The same of some of the tasks, in that order."""
        s, good, attempts = self.s[order], self.good[order], self.attempts[order]
        return LoggedTasks(self.names, self.to[order], self.usd[order], s, good, attempts)


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Explicit tasks in order of arrival; NaN (client, group, session: −1) where a task does not state it.

    `given` holds attributes by name, and `data_sensitivity` by the places of its levels in `LEVELS`. `group`
    is the place of its group among those of the clients, `session` a number that tasks of one session share,
    `logged` what a log says of all tasks. `newest_first` says that their file has them in the opposite order;
    `begins` is the earliest timestamp in it, None where there is none, and `unread` names its columns that
    are no field of a task. `problem` is one of a field of a task, at its place.
    """

    arrival_s: FloatArray
    type_id: IntArray
    client: IntArray
    group: IntArray
    session: IntArray
    problem: Callable[[int, str, str], Problem] = field(compare=False, repr=False)
    given: dict[str, FloatArray] = field(default_factory=dict)
    logged: LoggedTasks | None = None
    newest_first: bool = False
    begins: datetime | None = None
    unread: tuple[str, ...] = ()


class Known(NamedTuple):
    """What tasks may name: types, and clients, numbered from 0, in groups by name, first and stop."""

    types: tuple[str, ...]
    clients: int
    groups: tuple[tuple[str, int, int], ...] = ()

    @classmethod
    def of(cls, types: tuple[str, ...], clients: Clients) -> Known:
        """Of a scenario's types and clients."""
        groups = [(each.name, each.first, each.first + each.count) for each in clients.populations]
        return cls(tuple(types), clients.total, tuple((n, a, b) for n, a, b in groups if n is not None))


def tasks_of(scenario: Scenario) -> TaskTable | None:
    """The explicit tasks of a scenario, None where its tasks are not explicit; the sample of them and at the
    pace that it states. Raises as `read_table`, and for what cannot be sampled."""
    source = scenario.workload.arrivals
    if not isinstance(source, Explicit):
        return None
    table = read_table(source, Known.of(tuple(scenario.workload.types), scenario.clients))
    pace = source.pace if isinstance(source, Table) else 1.0
    if isinstance(source, FromFile) and source.resample is not None:
        log = Log(table.arrival_s, table.session)
        table = _sampled(table, sample_of(log, source.resample, pace * scenario.clock.horizon_s))
    return table if pace == 1 else replace(table, arrival_s=table.arrival_s / pace)


def _sampled(table: TaskTable, sample: Sample) -> TaskTable:
    """A sample of tasks."""
    rows = sample.rows
    return replace(
        table,
        arrival_s=sample.arrival_s,
        session=sample.session,
        type_id=table.type_id[rows],
        client=table.client[rows],
        group=table.group[rows],
        problem=lambda task, field_name, message: table.problem(int(rows[task]), field_name, message),
        given={name: values[rows] for name, values in table.given.items()},
        logged=None if table.logged is None else table.logged.rows(rows),
    )


def read_table(source: Explicit, known: Known) -> TaskTable:
    """The tasks of an explicit source.

    Raises `ScenarioError` for a file that cannot be read, a column that is missing, a cell that does not
    fit, a client that does not exist, arrivals out of order, or a series that leaves what an attribute can
    be; with the line, or the row, where one is to blame. A problem that names no file is about the field of
    the scenario at its path.
    """
    match source:
        case Csv() | Table():
            command = how_to_get(source.path)
            hint = f"; `{command}` downloads it" if command else ""
            sha256 = read_whole(source.path, f"{_PLACE}.path", hint).sha256
            as_it_is = source.model_dump_json(exclude={"resample", "pace"})
            return _from_file(type(source), as_it_is, sha256, known)
        case Series():
            return _from_series(source, known.types)
        case Listed():
            return _from_list(source, known)


@lru_cache(maxsize=4)
def _from_file(kind: type[Csv] | type[Table], settings: str, sha256: str, known: Known) -> TaskTable:
    """The tasks of a file that has that digest."""
    source = kind.model_validate_json(settings)
    groups = [name for name, _, _ in known.groups]
    vocabulary = Vocabulary({"type": known.types, "group": groups, "data_sensitivity": LEVELS})
    with expecting({source.path: sha256}):
        read = read_columns(source, f"{_PLACE}.path", vocabulary).in_order()
    n = read.count
    if isinstance(source, Csv) and source.type is not None:
        type_id = np.full(n, known.types.index(source.type))
    else:
        type_id = read.places("type", known.types)
    given = {name: values for name, values in read.values.items() if name in _GIVEN}
    if "data_sensitivity" in read.words:
        given["data_sensitivity"] = read.places("data_sensitivity", LEVELS).astype(float)
    group = read.places("group", groups) if "group" in read.words else np.full(n, -1)
    table = TaskTable(
        read.values["arrival_s"] if "arrival_s" in read.values else _every(getattr(source, "gap_s", 0.0), n),
        type_id,
        read.values.get("client", np.full(n, -1.0)).astype(np.int64),
        group,
        read.words["session"].which if "session" in read.words else np.full(n, -1),
        read.problem,
        given,
        _logged_in(read),
        read.newest_first,
        read.begins,
        read.unread,
    )
    return _checked(table, known)


def _logged_in(read: TaskColumns) -> LoggedTasks | None:
    if "logged.to" not in read.words:
        return None
    names, to = read.words["logged.to"]
    n, values = read.count, read.values
    return LoggedTasks(
        names,
        to,
        values.get("logged.usd", np.full(n, np.nan)),
        values["logged.s"],
        values["logged.good"] > 0,
        values.get("logged.attempts", np.ones(n)).astype(np.int64),
    )


def _from_list(source: Listed, known: Known) -> TaskTable:
    rows = source.tasks
    columns = {name: _column([getattr(row, name) for row in rows]) for name in (*ATTRIBUTES, "arrival_s")}
    levels = [row.data_sensitivity for row in rows]
    columns["data_sensitivity"] = _column([None if each is None else LEVELS.index(each) for each in levels])
    arrival_s = columns.pop("arrival_s")
    stated = np.isfinite(arrival_s)
    if not stated.any():
        arrival_s = _every(source.gap_s, len(rows))
    elif not stated.all():
        raise _refused(_in_list(int(np.argmin(stated)), "arrival_s", "missing, though others have it"))
    if len(backwards := np.flatnonzero(np.diff(arrival_s) < 0)):
        message = "arrives before the task above it; sort by arrival"
        raise _refused(_in_list(int(backwards[0]) + 1, "arrival_s", message))
    groups = [name for name, _, _ in known.groups]
    vocabulary = Vocabulary({"group": groups})
    for index, row in enumerate(rows):
        objection = None if row.group is None else vocabulary.objection("group", row.group)
        if objection is not None:
            raise _refused(_in_list(index, "group", objection))
    number = {name: k for k, name in enumerate(known.types)}
    sessions = {name: k for k, name in enumerate(dict.fromkeys(str(row.session) for row in rows))}
    table = TaskTable(
        arrival_s,
        np.array([number[row.type] for row in rows]),
        np.array([-1 if row.client is None else row.client for row in rows], dtype=np.int64),
        np.array([-1 if row.group is None else groups.index(row.group) for row in rows], dtype=np.int64),
        np.array([-1 if row.session is None else sessions[str(row.session)] for row in rows], dtype=np.int64),
        _in_list,
        columns,
        _logged_of(source),
    )
    return _checked(table, known)


def _logged_of(source: Listed) -> LoggedTasks | None:
    said = [row.logged for row in source.tasks if row.logged is not None]
    if not said:
        return None
    for index, row in enumerate(source.tasks):
        if row.logged is None:
            raise _refused(_in_list(index, "logged", "missing, though others have it"))
    names = tuple(dict.fromkeys(each.to for each in said))
    return LoggedTasks(
        names,
        np.array([names.index(each.to) for each in said]),
        _column([each.usd for each in said]),
        np.array([each.s for each in said]),
        np.array([each.good for each in said]),
        np.array([each.attempts for each in said]),
    )


def _in_list(index: int, field_name: str, message: str) -> Problem:
    return Problem("", None, f"{_PLACE}.tasks[{index}].{field_name}", message)


def _refused(problem: Problem) -> ScenarioError:
    return ScenarioError([problem])


def _checked(table: TaskTable, known: Known) -> TaskTable:
    """The table, of which each task is of clients that there are. Raises ScenarioError."""
    problems: list[Problem] = []

    def refuse(wrong: BoolArray, must_be: str) -> None:
        """Of the first of those tasks."""
        for task in np.flatnonzero(wrong)[:1].tolist():
            message = f"must be {must_be} (got {table.client[task]})"
            problems.append(table.problem(task, "client", message))

    refuse(table.client >= known.clients, f"< {known.clients}, the number of clients")
    for place, (name, first, stop) in enumerate(known.groups):
        elsewhere = (table.client < first) | (table.client >= stop)
        among = f"{first} to {stop - 1}, the clients of the group {name!r}"
        refuse((table.group == place) & (table.client >= 0) & elsewhere, among)
    if problems:
        raise ScenarioError(problems)
    if (too_many := _too_many_cached(table.given)) is not None:
        raise _refused(table.problem(too_many[0], "cached_tokens", too_many[1]))
    return table


def _every(step: float, count: int) -> FloatArray:
    return step * np.arange(count, dtype=np.float64)


def _column(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


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
    nobodys = np.full(n, -1)

    return TaskTable(_every(source.gap_s, n), type_id, nobodys, nobodys, nobodys, _in_parts, given)


def _in_parts(task: int, field_name: str, message: str) -> Problem:
    return Problem("", None, f"{_PLACE}.parts", f"{field_name} {message} for task {task + 1:,}")


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
