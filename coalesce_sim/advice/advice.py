"""What to do, what it changes, and what that rests on; everything is derived from what was played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from coalesce_sim.advice.assumptions import Weight
from coalesce_sim.advice.boxes import as_reserved_usd
from coalesce_sim.advice.field import ALL_LOCAL, AS_LOGGED, MODELLED, Contestant
from coalesce_sim.advice.plays import Played
from coalesce_sim.advice.routing import Plan, Survey
from coalesce_sim.advice.turning import Turn
from coalesce_sim.advice.unknown import Unknown
from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import GROUPS
from coalesce_sim.experiments.cores import ChosenCore
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.contrasts import Contrast, contrasts
from coalesce_sim.statistics.intervals import Estimate, estimate

DAYS_A_MONTH: Final = 30

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

    `field` has all policies that were played, `plan` the best static routing, `survey` who could do what,
    `turns` what would turn the advice, `unknowns` how good workers would have to be at what they are not
    known to do, `weights` what was assumed. `months` is how many replications make a month; None of less
    than a day, unless that was asked for.
    """

    scenario: Scenario
    seed: int
    field: Sequence[Contestant]
    plan: Plan
    survey: Survey
    turns: Sequence[Turn]
    unknowns: Sequence[Unknown]
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
        without a home the dearest of all."""
        for label in (AS_LOGGED, ALL_LOCAL):
            if label in self.by_label:
                return self.by_label[label]
        return self.ranked[-1]

    @cached_property
    def ranked(self) -> list[Contestant]:
        """The policies that one can follow, that of the least mean cost first."""
        return sorted(
            (each for each in self.field if each.advisable), key=lambda each: float(each.usd.mean())
        )

    @property
    def best(self) -> Contestant:
        """The policy that costs least."""
        return self.ranked[0]

    @cached_property
    def second(self) -> Contestant | None:
        """The next one that is another advice: it gives a tenth of the tasks at least to others."""
        others = (each for each in self.ranked[1:] if each.differs_from(self.best) >= _OTHERWISE)
        return next(others, None)

    @cached_property
    def lead(self) -> Contrast | None:
        """By how many USD a replication the best costs less than the second, tested."""
        return None if self.second is None else contrasts([self.second.usd - self.best.usd])[0]

    @cached_property
    def saves(self) -> dict[str, dict[str, Estimate]]:
        """By policy what it saves against the baseline, in all and by group of costs, in USD a month, or a
        replication where there are no `months`; `share` is the whole in percent of the baseline."""
        scale = self.months or 1.0
        return {each.label: self._saves(each, scale) for each in self.field}

    def _saves(self, one: Contestant, scale: float) -> dict[str, Estimate]:
        base = self.baseline
        found = {"usd": estimate((scale * (base.usd - one.usd)).tolist())}
        for group in GROUPS:
            found[group] = estimate((scale * (base.of_group(group) - one.of_group(group))).tolist())
        found["share"] = estimate((100 * (1 - one.usd / base.usd)).tolist())
        return found

    @cached_property
    def reserved(self) -> dict[str, Estimate]:
        """By policy what it costs a month, or a replication, where hardware at home is paid for by the hour,
        used or not; empty where that cannot be told."""
        scale = self.months or 1.0
        found = {each.label: as_reserved_usd(self.scenario, each) for each in self.field}
        return {label: estimate((scale * usd).tolist()) for label, usd in found.items() if usd is not None}

    @cached_property
    def costs(self) -> dict[str, Estimate]:
        """By policy what it costs a month, or a replication, hardware at home as it is used."""
        scale = self.months or 1.0
        return {each.label: estimate((scale * each.usd).tolist()) for each in self.field}

    @cached_property
    def service(self) -> dict[str, dict[str, Estimate]]:
        """By policy: success and tasks late in percent, turnaround in seconds: mean, median, 95th and 99th
        percentile."""
        return {each.label: _service(each) for each in self.field}

    @cached_property
    def jobs(self) -> list[Job]:
        """Who should do what: one row a type and worker who does any of it under the best policy."""
        plays = self.best.plays
        found = []
        types = list(self.scenario.workload.types)
        tasks = np.stack([each.sums["tasks"] for each in plays])
        for column in np.argsort(-tasks.sum(axis=(0, 1)), kind="stable").tolist():
            of_type = tasks[:, :, column].sum(axis=1)
            for row in np.argsort(-tasks[:, :, column].sum(axis=0), kind="stable").tolist():
                if tasks[:, row, column].any():
                    found.append(_job(types[column], plays, row, column, of_type))
        return found

    @cached_property
    def model_error(self) -> Estimate | None:
        """By how many percent the market's own costs of the log's routing are off the log's bill; None
        without a log."""
        if MODELLED not in self.by_label:
            return None
        modelled, logged = self.by_label[MODELLED], self.by_label[AS_LOGGED]
        return estimate((100 * (modelled.usd / logged.usd - 1)).tolist())

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
            "lead_usd": None if self.lead is None else self.lead.as_dict(),
            "replications_a_month": self.months,
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
            "unknown": [each.as_dict() for each in self.unknowns],
            "assumptions": [each.as_dict() for each in self.weights],
        }


def _told(value: Estimate | None) -> dict[str, object] | None:
    return None if value is None else value.as_dict()


def _service(one: Contestant) -> dict[str, Estimate]:
    tasks = one.each(lambda each: each.total("tasks"))

    def share(name: str) -> Estimate:
        return estimate((100 * one.each(lambda each: each.total(name)) / tasks).tolist(), share=True)

    found = {"success_rate": share("good"), "late_rate": share("late")}
    found["turnaround_s"] = estimate((one.each(lambda each: each.total("turnaround_s")) / tasks).tolist())
    for place, name in enumerate(("p50", "p95", "p99")):
        values = [each.percentiles_s[place] for each in one.plays]
        found[f"turnaround_{name}_s"] = estimate(values)
    return found


def _job(kind: str, plays: Sequence[Played], row: int, column: int, of_type: FloatArray) -> Job:
    tasks = np.array([each.sums["tasks"][row, column] for each in plays])
    some = tasks > 0

    def a_task(name: str, factor: float = 1.0) -> list[float]:
        values = np.array([each.sums[name][row, column] for each in plays])[some]
        found: list[float] = (factor * values / tasks[some]).tolist()
        return found

    return Job(
        kind,
        plays[0].workers[row],
        estimate((100 * tasks / of_type).tolist(), share=True),
        estimate(a_task("usd")),
        estimate(a_task("turnaround_s")),
        estimate(a_task("good", 100.0), share=True),
    )
