"""The metrics of one replication, summed up block by block. Percentages are in percent."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.cost_parts import AT_HOME, COST_PARTS, GROUPS, IN_GROUP, Group
from coalesce_sim.experiments.against_log import Term, against_log, logged_terms
from coalesce_sim.inputs.logged import is_logged
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.metrics import COST_REDUCTION_AS_LOGGED, SAVINGS, in_order, of_group
from coalesce_sim.rounding import ROUNDING, exceeds
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.spool import Spool

PERCENTILES = (50, 95, 99)

_LASTING = {
    "turnaround": "turnaround_s",
    "all_local_turnaround": "all_local_s",
    "as_logged_turnaround": "as_logged_s",
}
"""Of what percentiles are told, by what of it is counted."""


class Totals(Observer):
    """Adds up records, of all clients and of each group; `metrics` turns the sums into named figures."""

    def __init__(self, scenario: Scenario) -> None:
        self._splits = scenario.workload.splits
        reading = _Reading(
            scenario.learning,
            self._splits,
            scenario.cost_parts,
            scenario.cost_model.charged_late_usd_per_s,
            is_logged(scenario),
        )
        self._late_usd_per_s = reading.late_usd_per_s
        self._all = _Sums(reading)
        self._group_of = scenario.clients.group_of
        self._groups = {name: _Sums(reading) for name in scenario.clients.groups or ()}

    def block_recorded(self, records: Records) -> None:
        self.add(records)

    def add(self, records: Records, first: int = 0) -> None:
        """Count a finished block, from row `first` on."""
        counted = slice(first, None)
        terms = _terms(records, counted, splits=self._splits)
        terms |= logged_terms(records, counted, self._late_usd_per_s)
        parts_usd = records.parts_usd[:, counted], records.all_local_parts_usd[:, counted]
        self._all.add(
            {name: float(_of_those(term).sum()) for name, term in terms.items()},
            (parts_usd[0].sum(axis=1), parts_usd[1].sum(axis=1)),
            {name: _of_those(terms[term]) for name, term in _LASTING.items() if term in terms},
        )
        if self._groups:
            self._add_groups(self._group_of[records.block.tasks.client[counted]], terms, parts_usd)

    def _add_groups(
        self, group: IntArray, terms: Mapping[str, Term], parts_usd: tuple[FloatArray, FloatArray]
    ) -> None:
        """Count the same by group: all terms and parts at once, with the tasks of each group in a row."""
        order = np.argsort(group, kind="stable")
        ends = np.searchsorted(group[order], np.arange(len(self._groups)), side="right").tolist()
        spans = zip(self._groups.values(), [0, *ends[:-1]], ends, strict=True)
        there = [(sums, begin, end) for sums, begin, end in spans if begin < end]
        each = np.zeros((len(terms) + 2 * len(COST_PARTS), len(group)))
        for row, (values, which) in zip(each, terms.values(), strict=False):
            np.copyto(row, values, where=True if which is None else which)
        np.concatenate(parts_usd, out=each[len(terms) :])
        added = np.add.reduceat(each.take(order, axis=1), [begin for _, begin, _ in there], axis=1)
        for (sums, begin, end), column in zip(there, added.T, strict=True):
            rows, parts = order[begin:end], column[len(terms) :]
            sums.add(
                dict(zip(terms, column.tolist(), strict=False)),
                (parts[: len(COST_PARTS)], parts[len(COST_PARTS) :]),
                {name: _of_those(terms[term], rows) for name, term in _LASTING.items() if term in terms},
            )

    def metrics(self) -> dict[str, float]:
        """All metrics by name, and those of each group, as in ``cost_reduction[research]``."""
        figures = self._all.metrics()
        for group, sums in self._groups.items():
            figures |= {of_group(name, group): value for name, value in sums.metrics().items()}
        return figures


def _terms(records: Records, counted: slice, *, splits: bool) -> dict[str, Term]:
    """What those rows of a finished block are summed up in."""
    away, closes = records.outsourced[counted], records.closes[counted]
    attempts = records.attempts[counted]
    home = ~away & (attempts > 0)
    internal_usd, realised_usd = records.internal_usd[counted], records.realised_usd[counted]
    target_s, took_s = records.block.target_s[counted], records.turnaround_s[counted]
    all_local_s = records.all_local_s[counted]
    ended = ~np.isnan(all_local_s)
    terms: dict[str, Term] = {
        "tasks": (closes, None),
        "decided": (attempts > 0, None),
        "good": (records.good[counted] & closes, None),
        "outsourced": (away, None),
        "explored": (records.explored[counted], None),
        "realised_usd": (realised_usd, None),
        "all_local_usd": (records.all_local_usd[counted], None),
        "gain_usd": (np.maximum(0.0, internal_usd - realised_usd), away),
        "realised_local_usd": (realised_usd, home),
        "gain_s": (np.fmax(0.0, all_local_s - took_s), away),
        "realised_local_s": (np.where(ended, all_local_s, 0.0), home),
        "turnaround_s": (took_s, closes),
        "all_local_s": (all_local_s, ended),
        "estimated_saving_usd": (internal_usd - records.estimated_usd[counted], away),
        "late": (exceeds(took_s, target_s), closes),
        "late_s": (np.maximum(0.0, took_s - target_s), closes),
        "all_local_late_s": (np.maximum(0.0, all_local_s - target_s), ended),
        "all_local_late": (exceeds(all_local_s, target_s), ended),
        "retries_usd": (records.retries_usd[counted], None),
        "attempts": (attempts, None),
    }
    if splits:
        chosen = records.may_split[counted] & closes
        terms["may_split"] = chosen, None
        terms["split"] = chosen & records.split[counted], None
        terms["coordination_s"] = records.coordination_s[counted], None
    return terms


def _of_those(term: Term, rows: slice | IntArray = slice(None)) -> NDArray[Any]:
    """What is to be summed up in those rows."""
    values, which = term
    return values[rows] if which is None else values[rows][which[rows]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the figures of a scenario hang on: whether its market learns and tasks are split, what can be
    charged, what lateness costs, and whether a log says what tasks came to."""

    learning: bool
    splits: bool
    charged: Sequence[int]
    late_usd_per_s: float
    logged: bool


class _Sums:
    """Sums over some tasks."""

    def __init__(self, reading: _Reading) -> None:
        self._late_usd_per_s = reading.late_usd_per_s
        self._learning, self._splits = reading.learning, reading.splits
        self._charged, self._logged = reading.charged, reading.logged
        self._parts_usd = np.zeros(len(COST_PARTS))
        self._all_local_parts_usd = np.zeros(len(COST_PARTS))
        self._sums: dict[str, float] = defaultdict(float)
        lasting = [name for name in _LASTING if self._logged or name != "as_logged_turnaround"]
        self._lasting = {name: Spool() for name in lasting}

    def add(
        self,
        sums: Mapping[str, float],
        parts_usd: tuple[FloatArray, FloatArray],
        lasting: Mapping[str, FloatArray],
    ) -> None:
        """Count what was summed up of some tasks: the parts of their costs, as played and all-local, and how
        long each of them took."""
        for name, value in sums.items():
            self._sums[name] += value
        self._parts_usd += parts_usd[0]
        self._all_local_parts_usd += parts_usd[1]
        for name, values in lasting.items():
            self._lasting[name].add(values)

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
        if self._logged:
            figures[COST_REDUCTION_AS_LOGGED] = _reduction(s["realised_usd"], s["as_logged_usd"])
            figures |= against_log(s)
        for name, each in self._lasting.items():
            for percentile, value in zip(PERCENTILES, percentiles(each.values()), strict=True):
                figures[f"{name}_p{percentile}_s"] = value
        if self._learning:
            del figures["cost_reduction_published"], figures["time_savings_published"]
        return {name: figures[name] for name in in_order(figures)} if self._logged else figures

    def _savings(self) -> dict[str, float]:
        """What is saved of each group of parts, in percent of the all-local cost."""
        all_local_usd = self._sums["all_local_usd"]
        saved_usd = self._all_local_parts_usd - self._parts_usd
        saved_usd[np.abs(saved_usd) <= ROUNDING * all_local_usd] = 0.0
        shares = {group: 100 * _ratio(_in(group, saved_usd), all_local_usd) for group in GROUPS}
        return dict(zip(SAVINGS, shares.values(), strict=True))

    def _breakdown(self) -> dict[str, float]:
        """The cost by groups and by parts, as played and all-local; parts that cannot come about left out."""
        charged = {COST_PARTS[part].metric: self._parts_usd.item(part) for part in self._charged}
        all_local = {
            f"all_local_{COST_PARTS[part].metric}": self._all_local_parts_usd.item(part)
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


def percentiles(values: FloatArray) -> list[float]:
    """`PERCENTILES` of values, whose order is lost; NaN where there is none.

    To the last bit what `numpy.percentile` gives, which takes ten times as long for some hundred values.
    """
    if not len(values):
        return [math.nan] * len(PERCENTILES)
    values.sort()
    last, found = len(values) - 1, []
    for percent in PERCENTILES:
        place = last * (percent / 100)
        below = int(place)
        least, most, share = values.item(below), values.item(min(below + 1, last)), place - below
        found.append(least + (most - least) * share if share < 0.5 else most - (most - least) * (1 - share))
    return found


def _in(group: Group, parts_usd: FloatArray) -> float:
    """The sum over the parts of a group, in order: `sum` rounds otherwise from Python 3.12 on."""
    total = 0.0
    for place in IN_GROUP[group]:
        total += parts_usd.item(place)
    return total


def _reduction(realised: float, all_local: float) -> float:
    """What is saved of the all-local amount, in percent; 0 where the two are equal but for rounding."""
    share = _ratio(realised, all_local)
    return 0.0 if abs(1 - share) <= ROUNDING else 100 * (1 - share)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
