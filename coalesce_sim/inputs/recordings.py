"""Recorded runs of real agents: who solved which task, at which bill; ready to be replayed."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.csvfile import read_text
from coalesce_sim.inputs.runfiles import Listing, Run, read_models, read_runs
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.recordings import KNOWN_FAULTY, RecordedRuns

_WHERE_FROM = "; docs/how-to/real_agents.md says how to get it"

Array = TypeVar("Array", bound=NDArray[np.generic])


@dataclass(frozen=True, slots=True)
class Recordings:
    """Usable runs, judged and billed, of C contractors and, in the last column, of the client's own agent.

    `success` and `bill_usd` are (tasks, C + 1); the bill is NaN where there is no usable run: there this
    contractor makes no offer. `type_id` (tasks,) indexes `types`, the benchmarks; `instance_ids` names the
    tasks, in ascending order within a type (an instance that two benchmarks use is two tasks); in a bootstrap
    sample some stand there several times. `runtime_s` (types, C + 1) is a model's mean over its runs on a
    benchmark; `expected_bill_usd` (C + 1,) what a task is expected to cost at list prices, before any bill is
    known; `openness` (C + 1) how open a model is. `left_out` says in plain sentences what was left out,
    filled in, or kept though doubtful.
    """

    contractors: tuple[str, ...]
    own_agent: str
    types: tuple[str, ...]
    type_id: IntArray
    instance_ids: tuple[str, ...]
    success: BoolArray
    bill_usd: FloatArray
    runtime_s: FloatArray
    expected_bill_usd: FloatArray
    openness: tuple[str, ...]
    left_out: tuple[str, ...]


def read_recordings(settings: RecordedRuns) -> Recordings:
    """The runs that a scenario replays; worked out once as long as neither settings nor files change.

    Raises `ScenarioError` for a file that cannot be read, a column that is missing, a cell that does not fit,
    a run stated twice, a model or benchmark that the files do not have, or where nothing usable is left; with
    the line where one is to blame. A problem without a file is about the field of the scenario at its path.
    """
    texts: list[str] = []
    problems: list[Problem] = []
    for place, file in (("records.path", settings.path), ("records.models_path", settings.models_path)):
        try:
            texts.append(read_text(file, place, hint=_WHERE_FROM))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return _read(settings.model_dump_json(), *texts)


@lru_cache(maxsize=4)
def _read(settings_json: str, runs_text: str, models_text: str) -> Recordings:
    settings = RecordedRuns.model_validate_json(settings_json)
    runs, listings = _rows(settings.path, runs_text, settings.models_path, models_text)
    problems = [*_unknown_names(settings, runs), *_unlisted(settings, runs, listings)]
    if problems:
        raise ScenarioError(problems)
    return _recordings(_Grid(settings, runs), listings)


@lru_cache(maxsize=2)
def _rows(
    path: str, runs_text: str, models_path: str, models_text: str
) -> tuple[list[Run], dict[str, Listing]]:
    """What the files hold, read once for all own agents and samples of a sweep."""
    runs, problems = read_runs(path, "records.path", runs_text)
    listings, more = read_models(models_path, "records.models_path", models_text)
    if problems or more:
        raise ScenarioError([*problems, *more])
    return runs, listings


def _models(settings: RecordedRuns, runs: Iterable[Run]) -> tuple[str, ...]:
    """The models to replay: contractors in alphabetical order, then the own agent."""
    contractors = set(settings.contractors or (run.model for run in runs)) - {settings.own_agent}
    return (*sorted(contractors), settings.own_agent)


class _Grid:
    """All wanted runs as (tasks, models) tables, before anything unusable is left out of them."""

    def __init__(self, settings: RecordedRuns, runs: Sequence[Run]) -> None:
        self.settings = settings
        self.models = _models(settings, runs)
        self.types = tuple(settings.benchmarks)
        excluded = {(cell.model, cell.benchmark) for cell in settings.exclude}
        model_of = {name: k for k, name in enumerate(self.models)}
        type_of = {name: k for k, name in enumerate(self.types)}
        wanted = [
            (type_of[run.benchmark], run.instance_id, model_of[run.model], run.resolved, run.cost_usd)
            for run in runs
            if run.model in model_of
            and run.benchmark in type_of
            and (run.model, run.benchmark) not in excluded
        ]
        self.tasks = sorted({run[:2] for run in wanted})
        self.type_id = np.array([kind for kind, _ in self.tasks], dtype=np.int64)
        row_of = {task: k for k, task in enumerate(self.tasks)}
        shape = len(self.tasks), len(self.models)
        self.stated = np.zeros(shape, dtype=np.bool_)
        self.resolved, self.bill_usd = np.full(shape, np.nan), np.full(shape, np.nan)
        at = [row_of[run[:2]] for run in wanted], [run[2] for run in wanted]
        self.stated[at] = True
        self.resolved[at] = [run[3] for run in wanted]
        self.bill_usd[at] = [run[4] for run in wanted]
        self.usable = np.isfinite(self.resolved) & np.isfinite(self.bill_usd)
        self.kept_tasks: BoolArray = self.usable[:, -1]
        self.kept_models: BoolArray = self.usable[self.kept_tasks].any(axis=0)

    def kept(self, table: Array) -> Array:
        """The part of a (tasks, models) table that is replayed."""
        return table[self.kept_tasks][:, self.kept_models]  # type: ignore[return-value]


def _recordings(grid: _Grid, listings: Mapping[str, Listing]) -> Recordings:
    problems = list(_nothing_usable(grid))
    if problems:
        raise ScenarioError(problems)
    models = list(compress(grid.models, grid.kept_models))
    listed = [listings[model] for model in models]
    stated_s = np.array([[listing.runtime_s.get(kind, np.nan) for listing in listed] for kind in grid.types])
    mean_s = np.array([np.nanmean(list(listing.runtime_s.values())) for listing in listed])
    filled_in = [
        f"{grid.types[kind]}: {models[model]} has no runtime; its mean over other benchmarks is taken"
        for kind, model in np.argwhere(np.isnan(stated_s))
    ]
    expected_bill_usd = [listing.expected_bill_usd(grid.settings.tokens) for listing in listed]
    names = [name for _, name in compress(grid.tasks, grid.kept_tasks)]
    rows = _replayed(names, grid.settings.resample)
    return Recordings(
        contractors=tuple(models[:-1]),
        own_agent=models[-1],
        types=grid.types,
        type_id=_frozen(grid.type_id[grid.kept_tasks][rows]),
        instance_ids=tuple(names[row] for row in rows.tolist()),
        success=_frozen(grid.kept(grid.usable & (grid.resolved == 1))[rows]),
        bill_usd=_frozen(grid.kept(np.where(grid.usable, grid.bill_usd, np.nan))[rows]),
        runtime_s=_frozen(np.where(np.isnan(stated_s), mean_s, stated_s)),
        expected_bill_usd=_frozen(np.array(expected_bill_usd)),
        openness=tuple(listing.openness for listing in listed),
        left_out=(*_left_out(grid), *filled_in),
    )


def _replayed(instance_ids: Sequence[str], resample: int | None) -> IntArray:
    """Rows of the tasks to replay: all, or those of as many instances drawn with replacement.

    An instance that two benchmarks use is drawn as one: its two tasks are solved alike.
    """
    if resample is None:
        return np.arange(len(instance_ids))
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(instance_ids):
        rows.setdefault(name, []).append(row)
    instances = list(rows.values())
    drawn = np.random.default_rng(resample).integers(len(instances), size=len(instances))
    return np.array(sorted(row for which in drawn.tolist() for row in instances[which]))


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


def _unknown_names(settings: RecordedRuns, runs: Sequence[Run]) -> Iterator[Problem]:
    """Names in the settings that no run has; the known faulty cells may be absent from other records."""
    known = {
        "model": sorted({run.model for run in runs}),
        "benchmark": sorted({run.benchmark for run in runs}),
    }
    named = [("own_agent", "model", settings.own_agent)]
    named += [(f"contractors[{k}]", "model", name) for k, name in enumerate(settings.contractors or [])]
    named += [(f"benchmarks[{k}]", "benchmark", name) for k, name in enumerate(settings.benchmarks)]
    for k, cell in enumerate(settings.exclude):
        if cell not in KNOWN_FAULTY:
            named.append((f"exclude[{k}].model", "model", cell.model))
            named.append((f"exclude[{k}].benchmark", "benchmark", cell.benchmark))
    for place, kind, name in named:
        if name not in known[kind]:
            near = difflib.get_close_matches(name, known[kind], cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[kind])}"
            message = f"{settings.path} has no run of this {kind} (got {name!r}); {hint}"
            yield Problem("", None, f"records.{place}", message)


def _unlisted(
    settings: RecordedRuns, runs: Sequence[Run], listings: Mapping[str, Listing]
) -> Iterator[Problem]:
    have_runs = {run.model for run in runs}
    for model in _models(settings, runs):
        if model in have_runs and model not in listings:
            message = f"lacks {model!r}, of which {settings.path} has runs"
            yield Problem(settings.models_path, None, "model", message)
        elif model in listings and all(map(math.isnan, listings[model].runtime_s.values())):
            yield Problem(settings.models_path, None, "avg_runtime_s", f"missing in all lines of {model!r}")


def _nothing_usable(grid: _Grid) -> Iterator[Problem]:
    """A benchmark without a task, or a named contractor that could not make one offer."""
    settings = grid.settings
    for k, name in enumerate(grid.types):
        if not (grid.type_id[grid.kept_tasks] == k).any():
            message = f"{settings.own_agent} has no run on it that was judged and billed (got {name!r})"
            yield Problem("", None, f"records.benchmarks[{k}]", message)
    if settings.contractors is None and not grid.kept_models[:-1].any():
        yield Problem("", None, "records.contractors", "no model but the own agent has a usable run")
    for k, name in enumerate(settings.contractors or []):
        if not grid.kept_models[grid.models.index(name)]:
            message = f"has no usable run on any task that is replayed (got {name!r})"
            yield Problem("", None, f"records.contractors[{k}]", message)


def _left_out(grid: _Grid) -> Iterator[str]:
    for cell in grid.settings.exclude:
        if cell.model in grid.models and cell.benchmark in grid.types:
            why = "known faulty" if cell in KNOWN_FAULTY else "excluded by the scenario"
            yield f"{cell.benchmark}: {cell.model} ({why})"
    runs = grid.stated.sum()
    for what, table in (("were never judged", grid.resolved), ("have no cost", grid.bill_usd)):
        if count := (grid.stated & np.isnan(table)).sum():
            yield f"{_share(count, runs, 'runs')} {what}"
    if count := (~grid.kept_tasks).sum():
        by_type = Counter(grid.types[k] for k in grid.type_id[~grid.kept_tasks])
        parts = ", ".join(f"{number} of {name}" for name, number in by_type.items())
        own = grid.settings.own_agent
        yield f"{_share(count, len(grid.tasks), 'tasks')}, on which {own} has no usable run: {parts}"
    for name in compress(grid.models, ~grid.kept_models):
        yield f"{name}: no usable run, so no contractor"
    offers = grid.kept(grid.usable)[:, :-1]
    if count := (~offers).sum():
        yield f"{_share(count, offers.size, 'pairs of a task and a contractor')} have no usable run: no offer"
    free = grid.kept(grid.usable & (grid.bill_usd == 0))
    if free.any():
        models = list(compress(grid.models, grid.kept_models))
        most = int(free.sum(axis=0).argmax())
        runs = grid.kept(grid.usable).sum()
        yield (
            f"{_share(free.sum(), runs, 'usable runs')} have a bill of exactly 0 USD, "
            f"{free[:, most].sum()} of them of {models[most]}: kept as recorded, though doubtful"
        )


def _share(part: int, whole: int, what: str) -> str:
    return f"{part:,} of {whole:,} {what} ({100 * part / whole:.1f} %)"
