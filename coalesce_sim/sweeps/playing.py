"""Chunks of runs turned into rows: what happens in a worker process."""

from __future__ import annotations

import pickle
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from coalesce_sim.errors import WANTED_TO_END
from coalesce_sim.experiments.queues import Judged, QueueObserver
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.experiments.steady_state import Series
from coalesce_sim.files import ChangedFile, expecting
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.scenario.policy import Custom
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.sweeps.plan import Plan, Point

_ENOUGH_S = 1.0
"""After this time a chunk is handed back as it is, so that little is lost with a worker."""


@dataclass(frozen=True, slots=True)
class Run:
    """One replication of one design point."""

    point: int
    replication: int


@dataclass(frozen=True, slots=True)
class Row:
    """What one run came to: metrics, or an error with its traceback; `wall_s` is how long it took. `queues`
    says how they grew, `each` are figures of single contractors and clients, as JSON, where they are kept."""

    run: Run
    seed: int
    key: str
    wall_s: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None
    queues: Judged = field(default_factory=dict)
    each: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Runs that one worker plays in a row, and the plan they belong to, pickled once for all chunks.

    A plan is smaller than the scenarios it makes, and making them is work that workers can share. `core`
    plays what it covers.
    """

    runs: tuple[Run, ...]
    plan: bytes
    core: Core = "simpy"


def play_chunk(chunk: Chunk) -> list[Row]:
    """One row a run, in their order; those of the first runs only, if they take longer than was thought.

    A run that fails, for whatever reason, is a row that says so.
    """
    plan, until_s = _plan(chunk.plan), time.perf_counter() + _ENOUGH_S
    rows: list[Row] = []
    for number, runs in groupby(chunk.runs, key=lambda run: run.point):
        point = _point(plan, number)
        for run in runs:
            if isinstance(point, Point):
                rows.append(play_run(run, point, plan.specification.steady_state, chunk.core))
            else:
                rows.append(Row(run, 0, "", 0.0, error=point, traceback=""))
            if time.perf_counter() > until_s:
                return rows
    return rows


def _point(plan: Plan, number: int) -> Point | str:
    """The point, or why its levels make no scenario together, or why what they name is not what it was."""
    try:
        return plan.point(number)
    except (ScenarioError, ChangedFile) as error:
        return str(error)


@lru_cache(maxsize=2)
def _plan(pickled: bytes) -> Plan:
    plan: Plan = pickle.loads(pickled)
    return plan


def play_run(run: Run, point: Point, steady_state: Series | None = None, core: Core = "simpy") -> Row:
    """The row of one run."""
    began, queues = time.perf_counter(), QueueObserver()
    try:
        with expecting(point.digests):
            metrics = play(
                point.scenario,
                point.seed,
                run.replication,
                _ignore,
                Wanted(),
                steady_state=steady_state,
                core=core,
                observer=queues,
            )
    except WANTED_TO_END:
        raise
    except BaseException as error:
        # Not swallowed: the error is the run's result, shown with its traceback, and the exit code tells.
        wall_s = time.perf_counter() - began
        told = "".join(traceback.format_exception(error))
        message = f"{type(error).__name__}: {error}"
        return Row(run, point.seed, point.key, wall_s, error=message, traceback=told)
    return Row(run, point.seed, point.key, time.perf_counter() - began, metrics, queues=queues.judged())


def died(run: Run, point: Point, times: int) -> Row:
    """The row of a run that took its worker process down with it, several times, alone."""
    message = (
        f"the worker process died while it played this run alone, {times} times; perhaps for lack of memory"
    )
    for _, chosen in point.scenario.policies:
        if isinstance(chosen, Custom):
            message += f", or ended by {chosen.class_}"
    return Row(run, point.seed, point.key, 0.0, error=message, traceback="")


def _ignore(*_: object) -> None:
    """Tables are not kept in a sweep."""
