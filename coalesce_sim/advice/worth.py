"""From which success rate a worker is worth it: no log says whether answers were right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from coalesce_sim.advice import changes
from coalesce_sim.advice.field import Contestant
from coalesce_sim.advice.plays import Played, Plays, play
from coalesce_sim.advice.routing import Plan, Share, Survey
from coalesce_sim.advice.turning import LEVELS, REPLICATIONS
from coalesce_sim.advice.workers import contractors, home_works, known
from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.breaking_even import BreakEven, break_even
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

MOST = 12
"""So many moves at most are told, those that could save most."""

_FIRST = 0.5
"""The first failure rate that is tried."""

_MOVED = 0.05
"""A worker that gets so much more of a type than today is one that the type is moved to."""


Change = Callable[[Scenario], Scenario]


@dataclass(frozen=True)
class Move:
    """All tasks of a type given to a worker in place of another; `stated` is the worker's success rate there,
    a share, None where nothing is known of it."""

    type: str
    worker: str
    instead_of: str
    stated: float | None


@dataclass(frozen=True)
class Worth:
    """From which success rate on a move saves.

    `saves_usd`, a replication, is what it would save with success in every task, and `found` the share of
    failures at which it saves nothing: one less that is the break-even success rate.
    """

    move: Move
    saves_usd: Estimate
    found: BreakEven

    @property
    def success_rate(self) -> float | None:
        """The break-even success rate in percent; None where it saves even if all its work is bad."""
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
            "type": self.move.type,
            "worker": self.move.worker,
            "instead_of": self.move.instead_of,
            "stated_success_rate": None if self.move.stated is None else 100 * self.move.stated,
            "break_even_success_rate": self.success_rate,
            "ci95": None if self.ci95 is None else list(self.ci95),
            "saves_usd": self.saves_usd.as_dict(),
        }


def moves(scenario: Scenario, plan: Plan, found: Survey, now: Contestant, best: Contestant) -> Iterator[Move]:
    """The moves that the best policy makes against today's routing, each in place of whoever does most of the
    type today, and those to workers of whom it is not known how good they are there, in place of whom the
    plan gives it to."""
    types, workers = list(scenario.workload.types), now.plays[0].workers
    more = best.of_type - now.of_type
    for column, row in np.argwhere(more.T > _MOVED).tolist():
        others = now.of_type[:, column].copy()
        others[row] = 0.0
        if others.any():
            kind, worker = types[column], workers[row]
            stated = changes.success(scenario, worker, kind)
            yield Move(kind, worker, workers[int(others.argmax())], stated)
    every = [*([HOME] if home_works(scenario) else []), *(each.name for each in contractors(scenario))]
    for kind in found.by_type:
        for worker in every:
            if not known(scenario, worker, kind) and worker != plan.shares[kind].worker:
                yield Move(kind, worker, plan.shares[kind].worker, None)


def worths(
    scenario: Scenario, plan: Plan, tried: Sequence[Move], plays: Plays, replications: int
) -> list[Worth]:
    """The break-even success rate of each move, all else being as in the plan. Work that is found bad is done
    again by whom the type was taken from, or costs what `contracts.rework_usd` states. Only of those that
    would save with success in every task, those that would save most first."""
    trials = _Trials(scenario, plan, plays.seed, _core(scenario, plan, plays), replications)
    saved = plays.map(trials.at_best, tried, [scenario])
    order = sorted(range(len(tried)), key=lambda each: -float(saved[each].mean()))
    chosen = [each for each in order if saved[each].mean() > 0][:MOST]
    evens = plays.map(trials.break_even, [tried[each] for each in chosen], [scenario])
    return [
        Worth(tried[each], estimate(saved[each].tolist()), found)
        for each, found in zip(chosen, evens, strict=True)
    ]


def _core(scenario: Scenario, plan: Plan, plays: Plays) -> Core:
    return plays.core([plan.market(scenario)], REPLICATIONS * LEVELS).core


@dataclass(frozen=True)
class _Trials:
    """What moves save, all else being as in the plan."""

    scenario: Scenario
    plan: Plan
    seed: int
    core: Core
    replications: int

    def saves_usd(self, move: Move) -> Callable[[float], FloatArray]:
        """What is saved, by replication, by the probability with which the worker does the type well."""
        numbers = range(min(self.replications, REPLICATIONS))
        stays = self.plan.sending(move.type, Share(move.instead_of))
        moved = stays.trying(move.type, move.worker)
        column = list(self.scenario.workload.types).index(move.type)
        before = [self._play(stays, number) for number in numbers]
        again_usd = [self._bad_usd(each, move, column) for each in before]
        had_usd = [each.usd + usd * _bad(each, column) for each, usd in zip(before, again_usd, strict=True)]

        def saved(probability: float) -> FloatArray:
            able = partial(changes.at_success, worker=move.worker, kind=move.type, probability=probability)
            after = [self._play(moved, number, able) for number in numbers]
            has_usd = [
                each.usd + usd * _bad(each, column) for each, usd in zip(after, again_usd, strict=True)
            ]
            gained: FloatArray = np.array(had_usd) - np.array(has_usd)
            return gained

        return saved

    def at_best(self, move: Move) -> FloatArray:
        """The same with success in every task."""
        return self.saves_usd(move)(1.0)

    def _play(self, plan: Plan, number: int, change: Change = lambda market: market) -> Played:
        """A play in which bad work is paid for and costs nothing besides: what it comes to is added after."""
        free = self.scenario.model_copy(update={"contracts": self._free})
        market = change(drawn(plan.market(free), self.seed, number))
        return play(market, self.seed, self.core, number)

    @property
    def _free(self) -> ContractRules:
        return (self.scenario.contracts or ContractRules()).model_copy(
            update={"rework_usd": 0.0, "due_on_failure": 1.0}
        )

    def _bad_usd(self, before: Played, move: Move, column: int) -> float:
        """What a bad piece of work costs: what is stated or, left out, to have it done again by whom the type
        was taken from."""
        rules = self.scenario.contracts
        if rules is not None and rules.rework_usd is not None:
            return rules.rework_usd
        row = before.workers.index(move.instead_of)
        return before.sums["usd"].item(row, column) / max(1.0, before.sums["tasks"].item(row, column))

    def break_even(self, move: Move) -> BreakEven:
        """The share of failures at which a move saves nothing."""
        saved = self.saves_usd(move)
        return break_even(lambda failures: saved(1 - failures), first=_FIRST, most=1.0)


def _bad(played: Played, column: int) -> float:
    """How many tasks of a type ended without good work."""
    return float((played.sums["tasks"] - played.sums["good"])[:, column].sum())
