"""A search over a scenario's settings, and its validation on random numbers that it has not met."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import Any

from coalesce_sim.experiments.cores import ChosenCore, choose_core
from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors
from coalesce_sim.experiments.diagnosis.growing import queues_that_grow_somewhere
from coalesce_sim.experiments.parallel import Processes
from coalesce_sim.experiments.queues import Judged, both
from coalesce_sim.files import expecting
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.metrics import COST_REDUCTION, SAVINGS, UnknownMetric, is_share
from coalesce_sim.optimisation.question import Question, question
from coalesce_sim.optimisation.request import (
    REPLICATIONS,
    TRIALS,
    VALIDATION_REPLICATIONS,
    Effort,
    SearchRequest,
)
from coalesce_sim.optimisation.result import Optimisation, Validation
from coalesce_sim.optimisation.search import Figures, Point, Trial, best, closest, search
from coalesce_sim.optimisation.space import shown
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate
from coalesce_sim.sweeps.plan import Point as Playable
from coalesce_sim.sweeps.playing import Row, Run, play_run

_SEEDS = 2**63

Metrics = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Played:
    """A setting's replications, and how queues grew in all of them."""

    metrics: list[Metrics]
    queues: Judged


def optimise(
    source: str | Path | Mapping[str, Any],
    *,
    over: Mapping[str, Any] | Sequence[str],
    maximise: str | None = None,
    minimise: str | None = None,
    subject_to: Sequence[str] = (),
    trials: int = TRIALS,
    replications: int = REPLICATIONS,
    validation_replications: int = VALIDATION_REPLICATIONS,
    seed: int | None = None,
    jobs: int = 1,
    overrides: Sequence[str] = (),
    progress: Callable[[float], None] | None = None,
) -> Optimisation:
    """Search a scenario's settings for those that serve a metric best, and validate what was found.

    `over` are fields with what they may be, as the factors of a sweep: ``{"policy.epsilon": {"uniform": [0,
    0.3]}}``, or as text, ``["policy.epsilon=0:0.3", "policy=topsis,greedy"]``. Either `maximise` or
    `minimise` names the metric; `subject_to` are constraints on means, such as ``success_rate>=90%`` (see
    `constraint`). Every trial is the mean over the same replications of the same seed, so that trials differ
    by their settings alone. The best of many such means flatters, by selection: the best setting and the
    scenario's own are therefore played again, on the next seed, and those figures are the ones to go by.

    The result is the same at any number of `jobs` (processes). `seed` defaults to the scenario's; `overrides`
    are as in `load`. `progress` is told the share of the work that is done. Raises `ScenarioError` for what
    is wrong with the question, `MissingExtra` without Optuna. A setting whose runs fail is a trial that
    failed.

    >>> import coalesce_sim
    >>> found = coalesce_sim.optimise(
    ...     "dur_02",
    ...     over=["policy=greedy,cheapest,always_local"],
    ...     maximise="cost_reduction",
    ...     trials=3,
    ...     replications=1,
    ...     validation_replications=2,
    ...     overrides=["clock.days=1"],
    ... )
    >>> found.best.setting
    {'policy': 'cheapest'}
    >>> found.outcome
    'found'
    """
    effort = Effort(trials, replications, validation_replications, jobs)
    asked = question(SearchRequest(source, over, maximise, minimise, subject_to, seed, overrides))
    return answer(asked, effort, progress)


def answer(asked: Question, effort: Effort, progress: Callable[[float], None] | None = None) -> Optimisation:
    """The search and the validation of a question; see `optimise`."""
    with expecting(asked.plan.digests), Processes(effort.jobs) as processes:
        return _answer(asked, effort, processes, progress or _untold)


def _answer(
    asked: Question, effort: Effort, processes: Processes, tell: Callable[[float], None]
) -> Optimisation:
    replications = effort.replications
    whole = effort.trials * replications + 2 * effort.validation_replications
    seen: dict[str, None] = {}  # metrics that any setting has, in order
    queues: dict[Point, Judged] = {}
    core = _core(asked, effort)
    player = _Player(processes, core.core)

    def evaluate(points: Sequence[Point]) -> list[Figures | str]:
        made = asked.scenarios(points)
        played = player.played(made, asked.plan.seed, replications)
        for point, each in zip(points, played, strict=True):
            if not isinstance(each, str):
                seen.update(dict.fromkeys(each.metrics[0]))
                queues[point] = each.queues
        for name in asked.metrics if seen else ():
            if name not in seen:
                raise ScenarioError([Problem(asked.own.name, None, "", str(UnknownMetric(name, seen)))])
        return [each if isinstance(each, str) else _figures(asked, each.metrics) for each in played]

    found = search(
        asked.goal,
        asked.constraints,
        asked.axes,
        evaluate,
        trials=effort.trials,
        seed=asked.plan.seed,
        tried=lambda done: tell(done * replications / whole),
    )
    chosen = best(found, asked.goal)
    tried = {shown(each.setting): queues[each.point] for each in found if each.point in queues}
    observed = _growing(asked, tried, "at {} settings that were tried")
    validation = None
    if chosen is not None:
        validation, validated = _validated(asked, chosen, effort.validation_replications, player)
        observed += _growing(asked, validated, "at {} validated settings")
        tell(1.0)
    near = closest(found, asked.goal, asked.constraints) if chosen is None else None
    return Optimisation(asked, replications, found, chosen, near, validation, observed, core)


def _core(asked: Question, effort: Effort) -> ChosenCore:
    """What plays the search, judged by the scenario's own settings and a few that may be tried."""
    ends = asked.scenarios([[share] * len(asked.axes) for share in (0.0, 0.5, 1.0)])
    scenarios = [asked.own, *(each for each in ends if isinstance(each, Scenario))]
    runs = effort.trials * effort.replications + 2 * effort.validation_replications
    return choose_core("auto", scenarios, runs=runs // len(scenarios))


def _growing(asked: Question, queues: Mapping[str, Judged], where: str) -> list[Finding]:
    return queues_that_grow_somewhere(queues, where, of_contractors(asked.own, "slots"))


def _validated(
    asked: Question, chosen: Trial, replications: int, player: _Player
) -> tuple[Validation, dict[str, Judged]]:
    """What the best setting and the scenario's own come to, and how their queues grew."""
    seed = (asked.plan.seed + 1) % _SEEDS
    (scenario,) = asked.scenarios([chosen.point])
    ours, own = player.played([scenario, asked.own], seed, replications)
    if isinstance(ours, str) or isinstance(own, str):
        error = ours if isinstance(ours, str) else f"with the scenario's own settings: {own}"
        nothing = Estimate(None, None, None, 0)
        return Validation(seed, replications, {}, {}, nothing, (), error), {}
    figures, constraints, goal = _figures(asked, ours.metrics), asked.constraints, asked.goal.metric
    validation = Validation(
        seed,
        replications,
        figures,
        _figures(asked, own.metrics),
        _difference(ours, own, goal),
        tuple(each.verdict(figures[each.metric], of=len(constraints)) for each in constraints),
        saved_more={name: _difference(ours, own, name) for name in SAVINGS} if goal == COST_REDUCTION else {},
    )
    return validation, {"the best": ours.queues, "own settings": own.queues}


def _difference(one: _Played, other: _Played, name: str) -> Estimate:
    """Of a metric, paired by replication."""
    pairs = zip(one.metrics, other.metrics, strict=True)
    return estimate([mine.get(name, math.nan) - theirs.get(name, math.nan) for mine, theirs in pairs])


@dataclass(frozen=True, slots=True)
class _Player:
    """Plays settings in `processes`; `core` plays what it covers."""

    processes: Processes
    core: Core

    def played(
        self, scenarios: Sequence[Scenario | str], seed: int, replications: int
    ) -> list[_Played | str]:
        """Every scenario's replications, or what went wrong first; texts stay what they are."""
        items = [
            (Run(number, replication), Playable(number, scenario, seed, ""))
            for number, scenario in enumerate(scenarios)
            if not isinstance(scenario, str)
            for replication in range(replications)
        ]
        rows: dict[int, list[Row]] = {}
        with closing(self.processes.ordered_map(partial(_play, self.core), items)) as played:
            for row in played:
                rows.setdefault(row.run.point, []).append(row)
        return [
            scenario if isinstance(scenario, str) else _without_error(rows[number])
            for number, scenario in enumerate(scenarios)
        ]


def _play(core: Core, item: tuple[Run, Playable]) -> Row:
    return play_run(*item, core=core)


def _without_error(rows: Sequence[Row]) -> _Played | str:
    for row in rows:
        if row.error is not None:
            return f"replication {row.run.replication}: {row.error}"
    return _Played([row.metrics for row in rows], reduce(both, (row.queues for row in rows)))


def _figures(asked: Question, played: Sequence[Metrics]) -> Figures:
    """The means of the metrics that are told."""
    return {
        name: estimate([each.get(name, math.nan) for each in played], share=is_share(name))
        for name in asked.told
    }


def _untold(_: float) -> None:
    """Nobody wants to know."""
