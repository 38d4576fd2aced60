"""The metrics of one replication, summed up block by block. Percentages are in percent."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.rounding import ROUNDING, exceeds
from coalesce_sim.scenario.schema import Scenario

PERCENTILES = (50, 95, 99)


class Totals(Observer):
    """Adds up records; `metrics` turns the sums into named figures."""

    def __init__(self, scenario: Scenario) -> None:
        self._late_usd_per_s = scenario.cost_model.charged_late_usd_per_s
        self._learning, self._splits = scenario.learning, scenario.workload.splits
        self._incidents, self._searches = scenario.incidents is not None, scenario.message_usd > 0
        self._sums: dict[str, float] = defaultdict(float)
        self._turnaround_s: list[FloatArray] = []
        self._all_local_s: list[FloatArray] = []

    def block_recorded(self, records: Records) -> None:
        self.add(records)

    def add(self, records: Records, first: int = 0) -> None:
        """Count a finished block, from row `first` on."""
        counted = slice(first, None)
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
            "price_usd": records.price_usd[counted].sum(),
            "loss_usd": records.loss_usd[counted].sum(),
            "search_usd": records.search_usd[counted].sum(),
            "leak_usd": records.leak_usd[counted].sum(),
            "attempts": attempts.sum(),
        }
        if self._splits:
            chosen = records.may_split[counted] & closes
            sums["may_split"], sums["split"] = chosen.sum(), (chosen & records.split[counted]).sum()
            sums["coordination_usd"] = records.coordination_usd[counted].sum()
            sums["coordination_s"] = records.coordination_s[counted].sum()
        for name, value in sums.items():
            self._sums[name] += float(value)
        self._turnaround_s.append(turnaround_s)
        self._all_local_s.append(all_local_s[ended_at_home])

    def metrics(self) -> dict[str, float]:
        """All metrics by name, defined in the README; NaN where the denominator is 0.

        The paper's own cost and time savings are left out where markets learn: they read no losses. What
        splitting comes to is told where tasks may be split, or coordination costs anything.
        """
        s = self._sums
        figures = {
            "tasks": s["tasks"],
            "cost_reduction": _reduction(s["realised_usd"], s["all_local_usd"]),
            "cost_reduction_published": 100 * _ratio(s["gain_usd"], s["realised_local_usd"]),
            "time_reduction": _reduction(s["turnaround_s"], s["all_local_s"]),
            "time_savings_published": 100 * _ratio(s["gain_s"], s["realised_local_s"]),
            "outsourcing_rate": 100 * _ratio(s["outsourced"], s["decided"]),
            "exploration_rate": 100 * _ratio(s["explored"], s["decided"]),
            "success_rate": 100 * _ratio(s["good"], s["tasks"]),
            "realised_usd": s["realised_usd"],
            "all_local_usd": s["all_local_usd"],
            "paid_to_contractors_usd": s["price_usd"],
            "loss_usd": s["loss_usd"],
            "search_usd": s["search_usd"],
            "leak_usd": s["leak_usd"],
            "attempts_per_task": _ratio(s["attempts"], s["tasks"]),
            "lateness_usd": s["late_s"] * self._late_usd_per_s,
            "all_local_lateness_usd": s["all_local_late_s"] * self._late_usd_per_s,
            "lateness_s": s["late_s"],
            "all_local_lateness_s": s["all_local_late_s"],
            "estimated_saving_usd_per_task": _ratio(s["estimated_saving_usd"], s["tasks"]),
            "late_rate": 100 * _ratio(s["late"], s["tasks"]),
            "all_local_late_rate": 100 * _ratio(s["all_local_late"], s["tasks"]),
        }
        if self._splits:
            figures["split_rate"] = 100 * _ratio(s["split"], s["may_split"])
            figures["coordination_usd"] = s["coordination_usd"]
            figures["coordination_s"] = s["coordination_s"]
        for name, parts in (("turnaround", self._turnaround_s), ("all_local_turnaround", self._all_local_s)):
            seconds = np.concatenate(parts)
            values = np.percentile(seconds, PERCENTILES) if len(seconds) else [math.nan] * len(PERCENTILES)
            for percentile, value in zip(PERCENTILES, values, strict=True):
                figures[f"{name}_p{percentile}_s"] = float(value)
        if self._learning:
            del figures["cost_reduction_published"], figures["time_savings_published"]
        if not self._incidents:
            del figures["leak_usd"]
        if not self._searches:
            del figures["search_usd"]
        return figures


def _reduction(realised: float, all_local: float) -> float:
    """What is saved of the all-local amount, in percent; 0 where the two are equal but for rounding."""
    share = _ratio(realised, all_local)
    return 0.0 if abs(1 - share) <= ROUNDING else 100 * (1 - share)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
