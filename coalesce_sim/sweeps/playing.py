"""Chunks of runs turned into rows: what happens in a worker process."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.experiments.steady_state import Series
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.sweeps.plan import Point


@dataclass(frozen=True, slots=True)
class Run:
    """One replication of one design point."""

    point: int
    replication: int


@dataclass(frozen=True, slots=True)
class Row:
    """What one run came to: metrics, or an error with its traceback; `wall_s` is how long it took."""

    run: Run
    seed: int
    key: str
    wall_s: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Runs that one worker plays in a row, and the points they belong to, by number."""

    runs: tuple[Run, ...]
    points: Mapping[int, Point]
    steady_state: Series | None = None


def play_chunk(chunk: Chunk) -> list[Row]:
    """One row a run, in their order. A run that fails, for whatever reason, is a row that says so."""
    return [_row(run, chunk.points[run.point], chunk.steady_state) for run in chunk.runs]


def _row(run: Run, point: Point, steady_state: Series | None) -> Row:
    began = time.perf_counter()
    try:
        metrics = play(
            point.scenario, point.seed, run.replication, _ignore, Wanted(), steady_state=steady_state
        )
    except (Exception, SystemExit) as error:
        # Not swallowed: the error is the run's result, shown with its traceback, and the exit code tells.
        wall_s = time.perf_counter() - began
        return failed(run, point, error, wall_s)
    return Row(run, point.seed, point.key, time.perf_counter() - began, metrics)


def failed(run: Run, point: Point, error: BaseException, wall_s: float = 0.0) -> Row:
    """The row of a run that came to nothing but an error."""
    told = "".join(traceback.format_exception(error))
    return Row(run, point.seed, point.key, wall_s, error=f"{type(error).__name__}: {error}", traceback=told)


def unplayable(run: Run, error: ScenarioError) -> Row:
    """The row of a run whose levels make no scenario together."""
    return Row(run, 0, "", 0.0, error=str(error), traceback="")


def died(run: Run, point: Point, times: int) -> Row:
    """The row of a run that took its worker process down with it, several times, alone."""
    message = (
        f"the worker process died while it played this run alone, {times} times; perhaps for lack of memory"
    )
    return Row(run, point.seed, point.key, 0.0, error=message, traceback="")


def _ignore(*_: object) -> None:
    """Tables are not kept in a sweep."""
