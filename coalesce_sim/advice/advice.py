"""What to do, what it changes, and what that rests on; everything is derived from what was played."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import numpy as np

from coalesce_sim.advice.assumptions import Weight
from coalesce_sim.advice.boxes import as_reserved_usd, reserved_usd
from coalesce_sim.advice.field import ALL_LOCAL, AS_LOGGED, BY_TYPE, MODELLED, Contestant, Sample
from coalesce_sim.advice.plays import Played
from coalesce_sim.advice.turning import Turn
from coalesce_sim.advice.worth import Worth
from coalesce_sim.cost_parts import GROUPS
from coalesce_sim.experiments.cores import ChosenCore
from coalesce_sim.experiments.totals import PERCENTILES
from coalesce_sim.rounding import ranks
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate

DAYS_A_MONTH: Final = 30

A_DAY: Final = 0.99
"""Days from which a log counts as one of a day: its last task seldom comes at the last second."""

_POINTS_LOST = 1.0

_OTHERWISE = 0.1
"""A policy that gives so large a share of the tasks to others counts as another advice."""


@dataclass(frozen=True)
class Job:
    """What a worker does of a type under the advice: its share of the type's tasks in percent, and USD,
    seconds and success (percent) of a task."""

    type: str
    worker: str
    share: Estimate
    usd_per_task: Estimate
    turnaround_s: Estimate
    success_rate: Estimate

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        figures = ("share", "usd_per_task", "turnaround_s", "success_rate")
        return {"type": self.type, "worker": self.worker} | {
            name: getattr(self, name).as_dict() for name in figures
        }


@dataclass(repr=False)
class Advice:
    """What `coalesce_sim.advise` found.

    `field` has all policies that were played, `turns` what would turn the advice, `worths` from which success
    rate workers are worth what they would be given, `weights` what was assumed. `months` is how many
    replications make a month; None of less than a day, unless that was asked for.
    """

    scenario: Scenario
    seed: int
    field: Sequence[Contestant]
    turns: Sequence[Turn]
    worths: Sequence[Worth]
    weights: Sequence[Weight]
    months: float | None
    core: ChosenCore

    def __repr__(self) -> str:
        name, count = self.scenario.name, len(self.field[0].plays)
        return f"Advice({name!r}, {self.best.label!r}, seed={self.seed}, replications={count})"

    @cached_property
    def by_label(self) -> dict[str, Contestant]:
        """The policies by label."""
        return {each.label: each for each in self.field}

    @property
    def baseline(self) -> Contestant:
        """What the others are held against: the log's own routing and bill, without a log all at home, and
        without a home whichever contractor costs least by type."""
        return next(
            self.by_label[label] for label in (AS_LOGGED, ALL_LOCAL, BY_TYPE) if label in self.by_label
        )

    @cached_property
    def ranked(self) -> list[Contestant]:
        """The policies that are advised, that of the least mean cost first; equals in the order of the field,
        the simplest first."""
        followed = [each for each in self.field if each.can_be_followed and each not in self.worse]
        places = ranks(np.array([each.mean_usd for each in followed]))
        return [followed[place] for place in np.argsort(places, kind="stable").tolist()]

    def at_market_costs(self, policy: Contestant) -> Contestant:
        """The policy itself or, in place of the log's bill, its routing at the market's own costs: what is
        tried changes these, and nothing changes what was billed."""
        return self.by_label.get(MODELLED, policy) if policy.label == AS_LOGGED else policy

    @cached_property
    def worse(self) -> list[Contestant]:
        """Policies that succeed less often than the baseline, both in the market, by more than a point: they
        are not advised where nothing states what bad work costs (`contracts.rework_usd`), for a log only says
        what it is worth at least."""
        rules = self.scenario.contracts
        if rules is not None and rules.rework_usd is not None:
            return []
        base = self.baseline
        least = self.at_market_costs(base).success_rate - _POINTS_LOST
        return [each for each in self.field if each is not base and each.success_rate < least]

    @property
    def cheaper(self) -> list[Contestant]:
        """Of these the ones that cost less than the best."""
        return [each for each in self.worse if each.mean_usd < self.best.mean_usd]

    @property
    def best(self) -> Contestant:
        """The policy that costs least."""
        return self.ranked[0]

    @cached_property
    def second(self) -> Contestant | None:
        """The next one that is another advice: it gives a tenth of the tasks at least to others."""
        others = (each for each in self.ranked[1:] if each.differs_from(self.best) >= _OTHERWISE)
        return next(others, None)

    @property
    def scale(self) -> float:
        """What amounts of a replication are multiplied by: a month's, or none."""
        return self.months or 1.0

    @cached_property
    def lead(self) -> Estimate | None:
        """By how many USD the best costs less than the second, a month or a replication."""
        if self.second is None:
            return None
        return Sample.of(
            lambda other, one: self.scale * (other.usd - one.usd), self.second, self.best
        ).estimate()

    @cached_property
    def saves(self) -> dict[str, dict[str, Estimate]]:
        """By policy what it saves against the baseline, in all and by group of costs, in USD a month, or a
        replication where there are no `months`; `share` is the whole in percent of the baseline, undefined
        where that costs nothing."""
        return {each.label: self._saves(each) for each in self.field}

    def _saves(self, one: Contestant) -> dict[str, Estimate]:
        def saved(figure: Callable[[Played], float]) -> Estimate:
            return Sample.of(
                lambda base, mine: self.scale * (figure(base) - figure(mine)), self.baseline, one
            ).estimate()

        found = {"usd": saved(lambda each: each.usd)}
        for group in GROUPS:
            found[group] = saved(partial(Played.group_usd, group=group))
        share = Sample.of(lambda base, mine: 100 * (1 - _over(mine.usd, base.usd)), self.baseline, one)
        return found | {"share": share.estimate()}

    @cached_property
    def reserved(self) -> dict[str, Estimate]:
        """By policy what it costs a month, or a replication, where hardware at home is paid for by the hour,
        used or not; empty where that cannot be told."""
        usd = reserved_usd(self.scenario)
        if usd is None:
            return {}
        return {
            each.label: Sample.of(lambda one: self.scale * as_reserved_usd(one, usd), each).estimate()
            for each in self.field
        }

    @cached_property
    def costs(self) -> dict[str, Estimate]:
        """By policy what it costs a month, or a replication, hardware at home as it is used."""
        return {
            each.label: Sample.of(lambda one: self.scale * one.usd, each).estimate() for each in self.field
        }

    @cached_property
    def service(self) -> dict[str, dict[str, Estimate]]:
        """By policy: success and tasks late in percent, turnaround in seconds: mean, median, 95th and 99th
        percentile."""
        return {each.label: _service(each) for each in self.field}

    @cached_property
    def jobs(self) -> list[Job]:
        """Who should do what: one row a type and worker who does any of it under the best policy."""
        best, types, workers = self.best, list(self.scenario.workload.types), self.best.plays[0].workers
        shares = best.shares
        return [
            _job(types[column], workers[row], best, row, column)
            for column in np.argsort(-shares.sum(axis=0), kind="stable").tolist()
            for row in np.argsort(-shares[:, column], kind="stable").tolist()
            if shares[row, column] > 0
        ]

    @cached_property
    def model_error(self) -> Estimate | None:
        """By how many percent the market's own costs of the log's routing are off the log's bill; None
        without a log."""
        if MODELLED not in self.by_label:
            return None
        modelled, logged = self.by_label[MODELLED], self.by_label[AS_LOGGED]
        return Sample.of(lambda one, log: 100 * (_over(one.usd, log.usd) - 1), modelled, logged).estimate()

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but the single plays, as in ``--json``."""
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "replications": len(self.best.plays),
            "core": self.core.as_dict(),
            "baseline": self.baseline.label,
            "best": self.best.label,
            "second": None if self.second is None else self.second.label,
            "lead_usd": _told(self.lead),
            "replications_a_month": self.months,
            "advised": [each.label for each in self.ranked],
            "policies": {
                each.label: {
                    "settings": each.settings.model_dump(mode="json", by_alias=True, exclude_none=True),
                    "costs_usd": self.costs[each.label].as_dict(),
                    "costs_as_reserved_usd": _told(self.reserved.get(each.label)),
                    "saves": {name: one.as_dict() for name, one in self.saves[each.label].items()},
                    **{name: one.as_dict() for name, one in self.service[each.label].items()},
                }
                for each in self.field
            },
            "jobs": [each.as_dict() for each in self.jobs],
            "model_error": _told(self.model_error),
            "turns": [each.as_dict() for each in self.turns],
            "worth_from": [each.as_dict() for each in self.worths],
            "assumptions": [each.as_dict() for each in self.weights],
        }


def _over(one: float, other: float) -> float:
    return one / other if other else math.nan


def _told(value: Estimate | None) -> dict[str, object] | None:
    return None if value is None else value.as_dict()


def _service(one: Contestant) -> dict[str, Estimate]:
    def share(name: str) -> Estimate:
        counted = Sample.of(lambda each: _over(100 * each.total(name), each.total("tasks")), one)
        return counted.estimate(share=True)

    turnaround_s = Sample.of(lambda each: _over(each.total("turnaround_s"), each.total("tasks")), one)
    percentiles = {
        f"turnaround_p{percent}_s": Sample.of(lambda each, at=at: each.percentiles_s[at], one).estimate()
        for at, percent in enumerate(PERCENTILES)
    }
    return {
        "success_rate": share("good"),
        "late_rate": share("late"),
        "turnaround_s": turnaround_s.estimate(),
        **percentiles,
    }


def _job(kind: str, worker: str, best: Contestant, row: int, column: int) -> Job:
    def a_task(name: str, factor: float = 1.0) -> Sample:
        def figure(each: Played) -> float:
            tasks = each.sums["tasks"].item(row, column)
            return factor * each.sums[name].item(row, column) / tasks if tasks else math.nan

        return Sample.of(figure, best)

    def of_type(each: Played) -> float:
        whole = float(each.sums["tasks"][:, column].sum())
        return 100 * each.sums["tasks"].item(row, column) / whole if whole else math.nan

    return Job(
        kind,
        worker,
        Sample.of(of_type, best).estimate(share=True),
        a_task("usd").estimate(),
        a_task("turnaround_s").estimate(),
        a_task("good", 100.0).estimate(share=True),
    )
