"""The search itself: settings proposed by a tree-structured Parzen estimator, tried, told, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coalesce_sim.extras import require
from coalesce_sim.optimisation.goals import Constraint, Goal
from coalesce_sim.optimisation.space import Axis, Setting, setting
from coalesce_sim.statistics.intervals import Estimate

BATCH = 8
"""Trials proposed together, at any number of processes: so that their number does not change the search."""

Point = tuple[float, ...]
"""A setting as a design has it: each axis's share, 0 to 1."""

Figures = Mapping[str, Estimate]
"""The means of a setting's metrics over its replications."""

Evaluate = Callable[[Sequence[Point]], Sequence[Figures | str]]
"""The figures of every point, in order, or what went wrong there."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting that was tried: its figures, none where its runs ended in an error."""

    number: int
    point: Point
    setting: Setting
    figures: Figures
    feasible: bool
    error: str | None = None

    def mean(self, metric: str) -> float | None:
        """The mean of a metric, None where it is undefined or the trial failed."""
        return self.figures[metric].mean if self.figures else None


def search(
    goal: Goal,
    constraints: Sequence[Constraint],
    axes: Sequence[Axis],
    evaluate: Evaluate,
    *,
    trials: int,
    seed: int,
    tried: Callable[[int], None] | None = None,
) -> list[Trial]:
    """Try so many settings, each batch proposed in the light of all before it.

    A trial is feasible if its means keep all constraints; one that failed, or whose metric is undefined, is
    not. A setting proposed again is a trial again, but is not run again. `tried` is told how many trials are
    done. Sampler: Optuna's TPE (Bergstra et al. 2011; Watanabe 2023), with its treatment of constraints.
    """
    optuna = require("optuna", extra="optimize")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize" if goal.maximise else "minimize",
        sampler=optuna.samplers.TPESampler(seed=seed % 2**32),  # its generator takes no more
    )
    distributions = {axis.name: axis.distribution(optuna.distributions) for axis in axes}
    known: dict[Point, Figures | str] = {}
    done: list[Trial] = []
    while len(done) < trials:
        asked = [study.ask(distributions) for _ in range(min(BATCH, trials - len(done)))]
        points = [tuple(axis.share(each.params[axis.name]) for axis in axes) for each in asked]
        fresh = [point for point in dict.fromkeys(points) if point not in known]
        known.update(zip(fresh, evaluate(fresh), strict=True))
        for each, point in zip(asked, points, strict=True):
            trial = _judged(len(done), point, setting(axes, point), known[point], goal, constraints)
            for constraint in constraints:
                each.set_constraint(constraint.text, constraint.excess(trial.mean(constraint.metric)))
            mean = trial.mean(goal.metric)
            study.tell(each, mean, optuna.trial.TrialState.FAIL if mean is None else None)
            done.append(trial)
        if tried is not None:
            tried(len(done))
    return done


def best(trials: Sequence[Trial], goal: Goal) -> Trial | None:
    """The feasible trial that serves the goal most, the first of equals; None where none is feasible."""
    found: Trial | None = None
    for each in trials:
        if each.feasible and (found is None or goal.better(_mean(each, goal), _mean(found, goal))):
            found = each
    return found


def closest(trials: Sequence[Trial], goal: Goal, constraints: Sequence[Constraint]) -> Trial | None:
    """The trial that misses its worst constraint by least, relative to the bound.

    None where no trial has a figure of the goal and of all constraints.
    """

    def miss(trial: Trial) -> float:
        return max(each.excess(trial.mean(each.metric)) / (abs(each.bound) or 1.0) for each in constraints)

    metrics = {goal.metric, *(each.metric for each in constraints)}
    told = [each for each in trials if all(each.mean(metric) is not None for metric in metrics)]
    return min(told, key=miss, default=None) if constraints else None


def _judged(
    number: int,
    point: Point,
    setting: Setting,
    outcome: Figures | str,
    goal: Goal,
    constraints: Sequence[Constraint],
) -> Trial:
    if isinstance(outcome, str):
        return Trial(number, point, setting, {}, feasible=False, error=outcome)
    keeps = all(each.excess(outcome[each.metric].mean) <= 0 for each in constraints)
    feasible = keeps and outcome[goal.metric].mean is not None
    return Trial(number, point, setting, outcome, feasible)


def _mean(trial: Trial, goal: Goal) -> float:
    mean = trial.mean(goal.metric)
    return math.nan if mean is None else mean
