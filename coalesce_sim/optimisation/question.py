"""What a search is asked: from the user's words to axes, a goal and constraints, all checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coalesce_sim.metrics import COST_REDUCTION, SAVINGS
from coalesce_sim.optimisation.goals import Constraint, Goal, constraint, goal
from coalesce_sim.optimisation.request import SearchRequest
from coalesce_sim.optimisation.space import Axis
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.factors import SCENARIO
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare
from coalesce_sim.sweeps.specification import factor_of_text

_ONE_POINT = {"latin_hypercube": 1}


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for, where, and what must hold; `plan` makes scenarios of settings."""

    goal: Goal
    constraints: tuple[Constraint, ...]
    axes: tuple[Axis, ...]
    plan: Plan

    @property
    def own(self) -> Scenario:
        """The scenario with its own settings."""
        return self.plan.base

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that decide."""
        return tuple(dict.fromkeys([self.goal.metric, *(each.metric for each in self.constraints)]))

    @property
    def told(self) -> tuple[str, ...]:
        """The same, with what is saved of cash, delay and losses before their sum."""
        parts = {COST_REDUCTION: (*SAVINGS, COST_REDUCTION)}
        every = (name for each in self.metrics for name in parts.get(each, (each,)))
        return tuple(dict.fromkeys(every))

    def scenarios(self, points: Sequence[Sequence[float]]) -> list[Scenario | str]:
        """The scenario at each point, or why there is none."""
        made: list[Scenario | str] = []
        for point in points:
            try:
                made.append(self.plan.at(point))
            except ScenarioError as error:
                made.append(str(error))
        return made


def question(request: SearchRequest) -> Question:
    """Everything a search needs to know; see `optimise`. Raises `ScenarioError` with what is wrong."""
    maximise, minimise, over = request.maximise, request.minimise, request.over
    if (maximise is None) == (minimise is None):
        raise _refused("", "say either what to maximise or what to minimise")
    metric = maximise if maximise is not None else minimise
    assert metric is not None
    aim = goal(metric, maximise=maximise is not None)
    constraints = tuple(map(constraint, request.subject_to))
    if not over:
        raise _refused("--over", "there is nothing to search over")
    try:
        factors = over if isinstance(over, Mapping) else _factors(over)
        plan = prepare(
            Request(request.source, factors, request.overrides, design=_ONE_POINT, seed=request.seed)
        )
    except ScenarioError as error:
        raise ScenarioError(
            replace(problem, file=problem.file.replace("--vary", "--over")) for problem in error.problems
        ) from None
    axes = tuple(map(Axis, plan.design.factors))
    for axis in axes:
        if SCENARIO in axis.factor.columns:
            raise _refused(
                f"--over {axis.name}", "scenarios are not searched over: compare them with a sweep"
            )
        if axis.values == 1:
            raise _refused(f"--over {axis.name}", "has a single value: there is nothing to search")
    return Question(aim, constraints, axes, plan)


def _factors(texts: Sequence[str]) -> dict[str, Any]:
    """The factors as a sweep file has them. Raises `ScenarioError` with the problems of all texts."""
    factors: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in texts:
        try:
            path, settings = factor_of_text(text)
            if path in factors:
                raise _refused(f"--over {text}", f"{path} is searched over twice")
            factors[path] = settings
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return factors


def _refused(place: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(place, None, "", message)])
