"""A sweep from what the user asks for to what is in its folder."""

from __future__ import annotations

import difflib
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from coalesce_sim.errors import CoalesceError, ResultsWarning
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.parallel import cores, refuse_unguarded_script
from coalesce_sim.files import ChangedFile, ResultsError, is_folder_name
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.provenance import provenance
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.sweeps.agenda import Agenda
from coalesce_sim.sweeps.engines import Engine, LocalEngine
from coalesce_sim.sweeps.execution import Execution, Progress
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Run, play_run
from coalesce_sim.sweeps.request import EngineName, Playing, Request
from coalesce_sim.sweeps.results import (
    OUTCOME,
    SweepResult,
    check_digest,
    derived_files,
    read_outcome,
    read_results,
)
from coalesce_sim.sweeps.shards import read_done, read_rows
from coalesce_sim.sweeps.specification import Precision, read_specification
from coalesce_sim.sweeps.store import Store
from coalesce_sim.version import __version__

MANY_RUNS = 100_000
"""More than these are made only if that is meant."""

_LOOKED_AT = 10
"""Parts of a design at whose ends the points are looked at to choose what plays them."""

RUNS, POINTS, FAILURES = "runs.parquet", "points.csv", "failures.csv"

OTHER_RESULTS = ("comparison.json", "summary.json")
"""Files by which the results of other commands are known."""


class ChangedSweep(ResultsError):
    """Raised where the folder holds another sweep than the one asked for; `difference` shows what changed."""

    def __init__(self, folder: Path, difference: str) -> None:
        self.difference = difference
        super().__init__(folder, difference)

    def __str__(self) -> str:
        return (
            f"{str(self.args[0])!r} holds a sweep that was begun otherwise; extend it, or give another "
            f"folder. What changed:\n{self.difference}"
        )


class TooManyRuns(CoalesceError, ValueError):
    """Raised for a sweep of more than `most_runs` runs, which is played only if that is meant."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(plan)

    def __str__(self) -> str:
        return (
            f"{self.plan.runs_at_least:,} runs ({len(self.plan.design):,} design points): more than "
            f"{MANY_RUNS:,} are made only on demand; pass most_runs=None"
        )


def sweep(
    source: str | Path | Mapping[str, Any],
    *,
    vary: Mapping[str, Any] | Sequence[str] = (),
    replications: int | Mapping[str, Any] | None = None,
    design: str | Mapping[str, Any] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
    engine: EngineName = "local",
    scheduler: str | None = None,
    extend: bool = False,
    retry_failed: bool = False,
    most_runs: int | None = MANY_RUNS,
    progress: Callable[[Progress], None] | None = None,
) -> SweepResult:
    """Play a sweep, or what is missing of it, and open its results.

    `source` is a sweep file or its content; with `vary` also a scenario. `vary` are factors as in the file,
    ``{"policy.epsilon": [0, 0.1]}``, or as text, ``["policy.epsilon=0:0.3:13"]``. `replications`, `design`
    and `seed` replace those of the file. The folder `out`, ``results/NAME`` by default, may hold part of the
    same sweep; with `extend` also one of which this one has all the points. `retry_failed` plays failed runs
    again. `jobs` is the number of processes, all cores by default; see `dask_engine` for the other engine.

    Files that the sweep made and that are missing or damaged are made again, told by a `ResultsWarning`.

    Raises `ScenarioError` for what is wrong with the file, `ChangedSweep` where the folder holds another
    sweep, `TooManyRuns` beyond `most_runs`, `FolderError`, `WriteError`, `ResultsError` and `EngineError`.

    >>> import coalesce_sim
    >>> epsilons = {"base": "dur_02", "set": {"clock.days": 1}, "factors": {"policy.epsilon": [0, 0.1, 0.3]}}
    >>> coalesce_sim.sweep({"name": "epsilons", **epsilons}, replications=2, jobs=1)
    SweepResult('epsilons', 6 runs, 0 failed, complete)
    """
    refuse_unguarded_script()
    request = Request(source, vary, replications=replications, design=design, seed=seed)
    plan = prepare(request)
    if most_runs is not None and plan.runs_at_least > most_runs:
        raise TooManyRuns(plan)
    return perform(plan, Playing(out, jobs, engine, scheduler, extend, retry_failed), progress)


def prepare(request: Request) -> Plan:
    """The plan of a sweep, each level of each factor having been tried. Raises `ScenarioError`."""
    plan = Plan(*read_specification(request))
    plan.check()
    return plan


def perform(plan: Plan, playing: Playing, progress: Callable[[Progress], None] | None = None) -> SweepResult:
    """Play what is missing of a plan; see `sweep`."""
    started, began = datetime.now(UTC), time.perf_counter()
    folder = default_folder(plan.specification.name) if playing.out is None else Path(playing.out)
    with Store(folder) as store:
        take_up(store, plan, playing.command or "coalesce_sim.sweep", started, extend=playing.extend)
        rule, again = plan.replications, playing.retry_failed
        metric = rule.metric if isinstance(rule, Precision) else None
        done = read_done(store.shards, metric)
        store.attempt = 1 + int(done.attempt.max(initial=-1)) if again else 0
        made = int((~done.failed).sum() if again else len(done.failed))
        agenda = Agenda(plan, done, again=again)
        if agenda.pending():
            store.remove(OUTCOME)
            with ExitStack() as stack:
                player = _engine(playing)
                stack.push(lambda kind, *_: player.close(now=kind is not None))
                tell = progress or _untold
                core = _core(plan)
                execution = Execution(plan, agenda, store, player, tell, runs_before=made, core=core)
                execution.play()
        result = _close(store, agenda if again else None)
        took = {
            "started_utc": started.isoformat(timespec="seconds"),
            "wall_s": round(time.perf_counter() - began, 3),
        }
        _summarise(store, result, took)
    return result


def _core(plan: Plan) -> Core:
    """What plays the runs, judged by a few points from first to last."""
    last, scenarios = len(plan.design) - 1, []
    for number in sorted({round(last * part / _LOOKED_AT) for part in range(_LOOKED_AT + 1)}):
        try:
            scenarios.append(plan.point(number).scenario)
        except (ScenarioError, ChangedFile):
            continue  # a run of its own tells of it
    if not scenarios:
        return "simpy"
    return choose_core("auto", scenarios, runs=plan.runs_at_least // len(scenarios)).core


def estimated_s(plan: Plan, jobs: int | None) -> float:
    """How long a whole sweep may take, judged by its first run, which is played for that."""
    row = play_run(Run(0, 0), plan.point(0), plan.specification.steady_state)
    return row.wall_s * plan.runs_at_least / (jobs or cores())


def default_folder(name: str) -> Path:
    """``results/NAME``. Raises `ResultsError` for a name that cannot be one folder."""
    if not is_folder_name(name):
        raise ResultsError(f"name: {name!r} cannot be the name of a folder; say where the results go")
    return Path("results") / name


def take_up(store: Store, plan: Plan, command: str, started: datetime, *, extend: bool) -> None:
    """See to it that the folder holds this sweep: a new one, the same, or with `extend` one with more points.

    Raises `ChangedSweep`, and `ResultsError` where runs that were played are not in the plan.
    """
    asked, before = plan.asked(), store.facts
    made = {"command": command, "coalesce_sim": __version__, "origins": plan.origins()}
    facts = {
        "specification": plan.specification.as_json(),
        "asked": asked,
        "seed": plan.seed,
        "title": plan.specification.title or plan.base.title,
        "paper_metrics": plan.paper_metrics,
        "provenance": provenance(made, started),
    }
    if before is None:
        for other in OTHER_RESULTS:
            if (store.path / other).exists():
                raise ResultsError(f"{str(store.path)!r} holds other results ({other}); give another folder")
        for path in store.others_files((RUNS, POINTS, FAILURES, OUTCOME)):
            raise ResultsError(f"{str(store.path)!r} holds {path}, which is of no sweep; give another folder")
        store.begin(facts)
    elif before["asked"] != asked and not store.shards.files():  # nothing was played that could be lost
        store.begin(facts)
    elif before["asked"] != asked:
        if not extend:
            raise ChangedSweep(store.path, _difference(before["asked"], asked))
        renumbered = _renumbered(read_rows(store.shards), plan)
        store.remove(OUTCOME)
        store.begin(facts, renumbered)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = (yaml.safe_dump(each, allow_unicode=True).splitlines() for each in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "begun with", "asked for", lineterm="", n=2))


def _renumbered(rows: pa.Table, plan: Plan) -> pa.Table:
    """The rows at the numbers that their points have in a plan. Raises `ResultsError` if one has none."""
    # Levels that made no scenario have no key; they are tried again.
    rows = rows.filter(pc.not_equal(rows["scenario_sha256"], ""))
    numbers: dict[tuple[str, int], int] = {}
    for number in range(len(plan.design)):
        with suppress(ScenarioError):  # of levels that make no scenario nothing was played
            point = plan.point(number)
            numbers.setdefault((point.key, point.seed), number)
    pairs = zip(rows["scenario_sha256"].to_pylist(), rows["seed"].to_pylist(), strict=True)
    renumbered = np.array([numbers.get(pair, -1) for pair in pairs], dtype=np.int64)
    if isinstance(plan.replications, int):
        renumbered[rows["replication"].to_numpy() >= plan.replications] = -1
    lost = int((renumbered < 0).sum())
    if lost:
        raise ResultsError(
            f"{lost:,} of {len(rows):,} runs that were played are not in the sweep any more; a sweep can be "
            "extended by levels and replications, and not by other settings or with another version"
        )
    return rows.set_column(rows.column_names.index("point"), "point", pa.array(renumbered))


def _engine(playing: Playing) -> Engine:
    jobs = playing.jobs or cores()
    if playing.engine not in get_args(EngineName):
        raise ValueError(f"engine: must be one of {', '.join(get_args(EngineName))} (got {playing.engine!r})")
    if playing.engine == "dask":
        from coalesce_sim.sweeps.dask_engine import DaskEngine

        return DaskEngine(playing.scheduler, jobs)
    return LocalEngine(jobs)


def _close(store: Store, retried: Agenda | None) -> SweepResult:
    """All rows in one file, and the results.

    Where failed runs were `retried`, replications that a point got only because they had failed are dropped.
    """
    result = read_results(store.path)
    rows = result.rows
    if retried is not None:
        totals = np.array([retried.totals.get(point, 0) for point in rows["point"].to_pylist()])
        rows = rows.filter(pa.array(rows["replication"].to_numpy() < totals))
    store.compact(rows)
    return result if len(rows) == len(result.rows) else read_results(store.path)


def _summarise(store: Store, result: SweepResult, took: Mapping[str, Any]) -> None:
    """The files for others to read, unless they are there; last the summary, which says that all has ended.

    What was there and is not as it was is made again, with a word.
    """
    outcome = _outcome(store, result)
    if outcome is not None:
        wrong = derived_files(store.path, outcome)
        if not wrong:
            return
        for name, what in wrong.items():
            _told_to_be_made_again(store, name, what)
        took = {name: outcome[name] for name in took}
    files = {
        RUNS: store.write(RUNS, result.runs_table()),
        POINTS: store.write(POINTS, result.points.to_csv(index=False, lineterminator="\n")),
    }
    if len(result.failed_rows):
        files[FAILURES] = store.write(FAILURES, result.failures.to_csv(index=False, lineterminator="\n"))
    else:
        store.remove(FAILURES)
    store.write_json(OUTCOME, {**result.summary, **took, "files": files})


def _outcome(store: Store, result: SweepResult) -> dict[str, Any] | None:
    """What the folder says that the sweep came to; None where it says nothing that can be used.

    Raises `ResultsError` where it says that the rows were others.
    """
    if not result.complete:
        return None
    try:
        outcome = read_outcome(result)
    except ResultsError:
        _told_to_be_made_again(store, OUTCOME, "damaged")
        return None
    check_digest(result, outcome)
    return outcome


def _told_to_be_made_again(store: Store, name: str, what: str) -> None:
    warnings.warn(f"{store.path / name}: was {what} and is made again", ResultsWarning, stacklevel=5)


def _untold(_: Progress) -> None:
    """Nobody wants to know."""
