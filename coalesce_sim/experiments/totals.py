"""The metrics of one replication, summed up block by block. Percentages are in percent."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.cost_parts import AT_HOME, COST_PARTS, GROUPS, Group
from coalesce_sim.experiments.spool import Spool
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.metrics import SAVINGS, of_group
from coalesce_sim.rounding import ROUNDING, exceeds
from coalesce_sim.scenario.schema import Scenario

PERCENTILES = (50, 95, 99)


class Totals(Observer):
    """Adds up records, of all clients and of each group; `metrics` turns the sums into named figures."""

    def __init__(self, scenario: Scenario) -> None:
        self._all = _Sums(scenario)
        self._group_of = scenario.clients.group_of
        self._groups = {name: _Sums(scenario) for name in scenario.clients.groups or ()}

    def block_recorded(self, records: Records) -> None:
        self.add(records)

    def add(self, records: Records, first: int = 0) -> None:
        """Count a finished block, from row `first` on."""
        self._all.add(records, slice(first, None))
        if self._groups:
            group = self._group_of[records.block.tasks.client]
            group[:first] = len(self._groups)
            for number, sums in enumerate(self._groups.values()):
                sums.add(records, np.flatnonzero(group == number))

    def metrics(self) -> dict[str, float]:
        """All metrics by name, and those of each group, as in ``cost_reduction[research]``."""
        figures = self._all.metrics()
        for group, sums in self._groups.items():
            figures |= {of_group(name, group): value for name, value in sums.metrics().items()}
        return figures


class _Sums:
    """Sums over some tasks."""

    def __init__(self, scenario: Scenario) -> None:
        self._late_usd_per_s = scenario.cost_model.charged_late_usd_per_s
        self._learning, self._splits = scenario.learning, scenario.workload.splits
        self._charged = scenario.cost_parts
        self._parts_usd = np.zeros(len(COST_PARTS))
        self._all_local_parts_usd = np.zeros(len(COST_PARTS))
        self._sums: dict[str, float] = defaultdict(float)
        self._turnaround_s, self._all_local_s = Spool(), Spool()

    def add(self, records: Records, counted: slice | IntArray) -> None:
        """Count those rows of a finished block."""
        away, closes = records.outsourced[counted], records.closes[counted]
        attempts = records.attempts[counted]
        home = ~away & (attempts > 0)
        internal_usd, realised_usd = records.internal_usd[counted], records.realised_usd[counted]
        target_s, took_s = records.block.target_s[counted], records.turnaround_s[counted]
        turnaround_s = took_s[closes]
        late_s = np.maximum(0.0, turnaround_s - target_s[closes])
        all_local_s = records.all_local_s[counted]
        ended_at_home = ~np.isnan(all_local_s)
        all_local_late_s = np.maximum(0.0, all_local_s - target_s)[ended_at_home]
        sums = {
            "tasks": closes.sum(),
            "decided": (attempts > 0).sum(),
            "good": (records.good[counted] & closes).sum(),
            "outsourced": away.sum(),
            "explored": records.explored[counted].sum(),
            "realised_usd": realised_usd.sum(),
            "all_local_usd": records.all_local_usd[counted].sum(),
            "gain_usd": np.maximum(0.0, internal_usd - realised_usd)[away].sum(),
            "realised_local_usd": realised_usd[home].sum(),
            "gain_s": np.nansum(np.maximum(0.0, all_local_s - took_s)[away]),
            "realised_local_s": np.nansum(all_local_s[home]),
            "turnaround_s": turnaround_s.sum(),
            "all_local_s": all_local_s[ended_at_home].sum(),
            "estimated_saving_usd": (internal_usd - records.estimated_usd[counted])[away].sum(),
            "late": exceeds(turnaround_s, target_s[closes]).sum(),
            "late_s": late_s.sum(),
            "all_local_late_s": all_local_late_s.sum(),
            "all_local_late": exceeds(all_local_s, target_s)[ended_at_home].sum(),
            "retries_usd": records.retries_usd[counted].sum(),
            "attempts": attempts.sum(),
        }
        if self._splits:
            chosen = records.may_split[counted] & closes
            sums["may_split"], sums["split"] = chosen.sum(), (chosen & records.split[counted]).sum()
            sums["coordination_s"] = records.coordination_s[counted].sum()
        self._parts_usd += _rows(records.parts_usd, counted).sum(axis=1)
        self._all_local_parts_usd += _rows(records.all_local_parts_usd, counted).sum(axis=1)
        for name, value in sums.items():
            self._sums[name] += float(value)
        self._turnaround_s.add(turnaround_s)
        self._all_local_s.add(all_local_s[ended_at_home])

    def metrics(self) -> dict[str, float]:
        """All metrics by name, defined in the README; NaN where the denominator is 0.

        The paper's own cost and time savings are left out where markets learn: they read no losses. What
        splitting comes to is told where tasks may be split, or coordination costs anything.
        """
        s = self._sums
        figures = {
            "tasks": s["tasks"],
            **self._savings(),
            "cost_reduction": _reduction(s["realised_usd"], s["all_local_usd"]),
            "cost_reduction_published": 100 * _ratio(s["gain_usd"], s["realised_local_usd"]),
            "time_reduction": _reduction(s["turnaround_s"], s["all_local_s"]),
            "time_savings_published": 100 * _ratio(s["gain_s"], s["realised_local_s"]),
            "outsourcing_rate": 100 * _ratio(s["outsourced"], s["decided"]),
            "exploration_rate": 100 * _ratio(s["explored"], s["decided"]),
            "success_rate": 100 * _ratio(s["good"], s["tasks"]),
            "realised_usd": s["realised_usd"],
            "all_local_usd": s["all_local_usd"],
            **self._breakdown(),
            "attempts_per_task": _ratio(s["attempts"], s["tasks"]),
            "lateness_s": s["late_s"],
            "all_local_lateness_s": s["all_local_late_s"],
            "estimated_saving_usd_per_task": _ratio(s["estimated_saving_usd"], s["tasks"]),
            "late_rate": 100 * _ratio(s["late"], s["tasks"]),
            "all_local_late_rate": 100 * _ratio(s["all_local_late"], s["tasks"]),
        }
        if self._splits:
            figures["split_rate"] = 100 * _ratio(s["split"], s["may_split"])
            figures["coordination_s"] = s["coordination_s"]
        for name, each in (("turnaround", self._turnaround_s), ("all_local_turnaround", self._all_local_s)):
            for percentile, value in zip(PERCENTILES, _percentiles(each.values()), strict=True):
                figures[f"{name}_p{percentile}_s"] = value
        if self._learning:
            del figures["cost_reduction_published"], figures["time_savings_published"]
        return figures

    def _savings(self) -> dict[str, float]:
        """What is saved of each group of parts, in percent of the all-local cost."""
        all_local_usd = self._sums["all_local_usd"]
        saved_usd = self._all_local_parts_usd - self._parts_usd
        saved_usd[np.abs(saved_usd) <= ROUNDING * all_local_usd] = 0.0
        shares = {group: 100 * _ratio(_in(group, saved_usd), all_local_usd) for group in GROUPS}
        return dict(zip(SAVINGS, shares.values(), strict=True))

    def _breakdown(self) -> dict[str, float]:
        """The cost by groups and by parts, as played and all-local; parts that cannot come about left out."""
        charged = {COST_PARTS[part].metric: float(self._parts_usd[part]) for part in self._charged}
        all_local = {
            f"all_local_{COST_PARTS[part].metric}": float(self._all_local_parts_usd[part])
            for part in AT_HOME
            if part in self._charged
        }
        late_usd = {
            "lateness_usd": self._sums["late_s"] * self._late_usd_per_s,
            "all_local_lateness_usd": self._sums["all_local_late_s"] * self._late_usd_per_s,
        }
        retries = {"retries_usd": self._sums["retries_usd"]} if self._learning else {}
        return {
            **{f"{group}_usd": _in(group, self._parts_usd) for group in GROUPS},
            **{f"all_local_{group}_usd": _in(group, self._all_local_parts_usd) for group in GROUPS},
            **charged,
            **retries,
            **all_local,
        } | late_usd


def _rows(parts_usd: FloatArray, counted: slice | IntArray) -> FloatArray:
    """The parts of those tasks, laid out so that they are summed up fast."""
    if isinstance(counted, slice):
        return parts_usd[:, counted]
    return np.take(parts_usd, counted, axis=1)


def _percentiles(values: FloatArray) -> list[float]:
    """`PERCENTILES` of values, whose order is lost; NaN where there is none."""
    if not len(values):
        return [math.nan] * len(PERCENTILES)
    percentiles: list[float] = np.percentile(values, PERCENTILES, overwrite_input=True).tolist()
    return percentiles


def _in(group: Group, parts_usd: FloatArray) -> float:
    """The sum over the parts of a group."""
    return float(sum(usd for part, usd in zip(COST_PARTS, parts_usd, strict=True) if part.group == group))


def _reduction(realised: float, all_local: float) -> float:
    """What is saved of the all-local amount, in percent; 0 where the two are equal but for rounding."""
    share = _ratio(realised, all_local)
    return 0.0 if abs(1 - share) <= ROUNDING else 100 * (1 - share)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
