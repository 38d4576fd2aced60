"""How good a worker would have to be at tasks that it is not known to do: the break-even success rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coalesce_sim.advice import changes
from coalesce_sim.advice.plays import Plays, play
from coalesce_sim.advice.routing import Plan, Survey
from coalesce_sim.advice.turning import REPLICATIONS
from coalesce_sim.advice.workers import contractors, home_works, known
from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.breaking_even import BreakEven, break_even
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

MOST = 12
"""So many pairs of a worker and a type are told, those that could save most."""

_FIRST = 0.02
"""The first failure rate that is tried."""


@dataclass(frozen=True)
class Unknown:
    """A worker at a type of task of which nothing says how good it is there.

    `saves_usd`, a replication, is what it would save there with success in every task, and `found` the share
    of failures at which it saves nothing: one less that is the break-even success rate.
    """

    type: str
    worker: str
    saves_usd: Estimate
    found: BreakEven

    @property
    def success_rate(self) -> float | None:
        """The break-even success rate in percent; None where it saves even with all its work bad."""
        return None if self.found.level is None else 100 * (1 - self.found.level)

    @property
    def ci95(self) -> tuple[float, float] | None:
        """The success rates in percent between which it is not shown to save or to lose."""
        ends = self.found.ci95
        if ends is None:
            return None
        return 100 * (1 - (1.0 if ends[1] is None else ends[1])), 100 * (1 - ends[0])

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        return {
            "type": self.type,
            "worker": self.worker,
            "saves_usd": self.saves_usd.as_dict(),
            "break_even_success_rate": self.success_rate,
            "ci95": None if self.ci95 is None else list(self.ci95),
        }


def unknown_pairs(scenario: Scenario, found: Survey) -> list[tuple[str, str]]:
    """Types and workers of whom it is not known how good they are there."""
    workers = [*([HOME] if home_works(scenario) else []), *(each.name for each in contractors(scenario))]
    kinds = list(dict.fromkeys([*found.by_type, *scenario.workload.types]))
    return [(kind, worker) for kind in kinds for worker in workers if not known(scenario, worker, kind)]


def unknowns(
    scenario: Scenario, plan: Plan, pairs: Sequence[tuple[str, str]], plays: Plays, replications: int
) -> list[Unknown]:
    """For each pair the success rate from which the worker, at all tasks of the type, would cost less than
    what the plan does with them now; work of it that fails goes there. Only of those that would save with
    success in every task, those that would save most first."""
    numbers = range(min(replications, REPLICATIONS))
    now = plan.market(scenario)
    [stands] = plays.play([now], numbers)
    core = plays.core([now], len(numbers)).core
    trials = _Trials(scenario, plan, [each.usd for each in stands], plays.seed, core)
    saved = plays.map(trials.at_best, pairs, [now])
    order = sorted(range(len(pairs)), key=lambda each: -float(saved[each].mean()))
    chosen = [each for each in order if saved[each].mean() > 0][:MOST]
    evens = plays.map(trials.break_even, [pairs[each] for each in chosen], [now])
    return [
        Unknown(*pairs[each], estimate(saved[each].tolist()), found)
        for each, found in zip(chosen, evens, strict=True)
    ]


@dataclass(frozen=True)
class _Trials:
    """What a worker saves at all tasks of a type against the plan, which cost `before_usd`, by replication."""

    scenario: Scenario
    plan: Plan
    before_usd: Sequence[float]
    seed: int
    core: Core

    def saves_usd(self, kind: str, worker: str, probability: float) -> FloatArray:
        """What is saved where it does them well with this probability, one entry a replication."""
        routed = self.plan.trying(kind, worker).market(self.scenario)

        def saved_usd(number: int, usd: float) -> float:
            able = changes.at_success(drawn(routed, self.seed, number), worker, kind, probability)
            return usd - play(able, self.seed, self.core, number).usd

        return np.array([saved_usd(number, usd) for number, usd in enumerate(self.before_usd)])

    def at_best(self, pair: tuple[str, str]) -> FloatArray:
        """The same with success in every task."""
        return self.saves_usd(*pair, 1.0)

    def break_even(self, pair: tuple[str, str]) -> BreakEven:
        """The share of failures at which nothing is saved."""
        return break_even(lambda failures: self.saves_usd(*pair, 1 - failures), first=_FIRST, most=1.0)
