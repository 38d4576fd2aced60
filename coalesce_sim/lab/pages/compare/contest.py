"""Results in which several things were played on the same random numbers, as one table of differences.

Policies of a comparison and settings of a sweep come to the same: a row a replication of each, paired by
replication. Nothing is computed here that `coalesce_sim.compare` and `SweepResult.differences` do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.metrics import COST_REDUCTION, Metric
from coalesce_sim.report.best import ranking_of
from coalesce_sim.report.opening import Opened
from coalesce_sim.statistics.contrasts import variance_removed
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.sweeps.differences import differences
from coalesce_sim.sweeps.factors import SCENARIO

if TYPE_CHECKING:
    import pandas as pd

_WHICH = "which"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much a metric is higher with one than with another, paired by replication.

    `low` and `high` are the interval that leaves out 0 exactly where the difference is `shown` (Holm), None
    with one replication; `removed` is the share of its variance that pairing took away, None where nothing
    varies. A yardstick is tested by itself.
    """

    one: str
    other: str
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    shown: bool
    n: int
    removed: float | None
    yardstick: bool = False

    @property
    def estimate(self) -> Estimate:
        """The mean with its interval, to be told."""
        ends = None if self.low is None or self.high is None else (self.low, self.high)
        return Estimate(self.mean, None, ends, self.n)

    @property
    def turned(self) -> Difference:
        """The same the other way round."""
        return replace(
            self,
            one=self.other,
            other=self.one,
            mean=None if self.mean is None else -self.mean,
            low=None if self.high is None else -self.high,
            high=None if self.low is None else -self.low,
        )


@dataclass(frozen=True)
class Contest:
    """Opened results, and who took part: `labels` in their order, `yardsticks` among them unasked."""

    opened: Opened
    labels: tuple[str, ...]
    yardsticks: frozenset[str]
    runs: pd.DataFrame
    _pairs: dict[str, Mapping[tuple[str, str], Difference]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, opened: Opened) -> Contest:
        """That of a comparison, or of a sweep whose settings have a label each."""
        runs = opened.runs
        assert runs is not None
        if opened.kind == "comparison":
            policies = opened.facts["policies"]
            labels = tuple(policies)
            unasked = frozenset(label for label in labels if policies[label]["yardstick"])
            point = runs["policy"].map({label: place for place, label in enumerate(labels)})
            runs = runs.assign(point=point, seed=opened.seed, **{_WHICH: runs["policy"]})
            return cls(opened, labels, unasked, runs)
        named = runs[SCENARIO].astype("str")
        labels = tuple(dict.fromkeys(named.tolist()))
        return cls(opened, labels, frozenset(), runs.assign(**{_WHICH: named}))

    @property
    def asked(self) -> list[str]:
        """Those that were asked for; all pairs of them are one family of tests."""
        return [label for label in self.labels if label not in self.yardsticks]

    @property
    def noun(self) -> str:
        """What each of them is."""
        return "policy" if self.opened.kind == "comparison" else "setting"

    def called(self, label: str) -> str:
        """One of them in a sentence: settings are in quotes, since what they are called may be any words."""
        return label if self.opened.kind == "comparison" else f"“{label}”"

    @property
    def pairs(self) -> int:
        """How many differences the verdicts are corrected for."""
        return len(self.asked) * (len(self.asked) - 1) // 2

    @cached_property
    def replications(self) -> int:
        """How many there are of each, at most."""
        return int(self.runs["replication"].max()) + 1

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics that any of those asked for has."""
        own = self.runs[self.runs[_WHICH].isin(self.asked)]
        known = set(own.columns[own.notna().any()])
        return [name for name in self.opened.metrics if name in known]

    @property
    def same_tasks(self) -> bool:
        """Whether all were played on as many tasks, replication by replication."""
        return self._alike("tasks")

    @property
    def same_bill(self) -> bool:
        """Whether all tasks at home would cost all of them the same, replication by replication: if not, they
        do not have the same tasks or the same costs, and what is saved is saved of another bill."""
        return self._alike("all_local_usd")

    def _alike(self, metric: str) -> bool:
        if metric not in self.runs:
            return True
        values = self.runs.pivot(index="replication", columns=_WHICH, values=metric)
        spread = values.max(axis=1) - values.min(axis=1)
        return bool((spread <= _ROUNDING * values.max(axis=1).abs()).all())

    def best(self, metric: Metric) -> list[str]:
        """Those asked for that have a value, the best of them first; who is told what comes is left out
        unless there are no others."""
        contending = [label for label in self.asked if label not in YARDSTICKS] or self.asked
        values = np.array([self._values(label, metric.name) for label in contending])
        return [contending[row] for row in ranking_of(metric, values).order]

    def between(self, metric: str, one: str, other: str) -> Difference:
        """The difference of a pair."""
        pairs = self._of_pairs(metric)
        return pairs[one, other] if (one, other) in pairs else pairs[other, one].turned

    def against(self, metric: str, reference: str) -> list[Difference]:
        """Each of the others less the reference, in their order, yardsticks last."""
        told = [
            self._alone(metric, label, reference)
            if {label, reference} & self.yardsticks
            else self.between(metric, label, reference)
            for label in self.labels
            if label != reference
        ]
        return sorted(told, key=lambda each: each.yardstick)

    def _of_pairs(self, metric: str) -> Mapping[tuple[str, str], Difference]:
        """Every pair of those asked for, one family."""
        if metric not in self._pairs:
            written = metric == COST_REDUCTION and self.opened.kind == "comparison"
            found = [
                *(
                    map(_written, self.opened.facts["differences"])
                    if written
                    else self._found(metric, self.asked)
                )
            ]
            self._pairs[metric] = {(each.one, each.other): each for each in found}
        return self._pairs[metric]

    def _alone(self, metric: str, one: str, other: str) -> Difference:
        (found,) = self._found(metric, [one, other])
        found = replace(found, yardstick=True)
        return found if found.one == one else found.turned

    def _found(self, metric: str, labels: Sequence[str]) -> list[Difference]:
        """All pairs of these, tested as one family."""
        if len(labels) < 2:
            return []
        runs = self.runs[[_WHICH, "point", "replication", "seed", metric]]
        rows = differences(runs[runs[_WHICH].isin(labels)], [_WHICH], metric).to_dict("records")
        values = {label: self._values(label, metric) for label in labels}
        return [self._computed(row, values) for row in rows]

    def _computed(self, row: Mapping[Any, Any], values: Mapping[str, FloatArray]) -> Difference:
        one, other = row[_WHICH], row[f"{_WHICH}_other"]
        return Difference(
            one,
            other,
            mean=_known(row["mean"]),
            low=_known(row["low"]),
            high=_known(row["high"]),
            p=_known(row["p_holm"]),
            shown=bool(row["shown"]),
            n=int(row["n"]),
            removed=_known(variance_removed(values[one], values[other])),
        )

    def _values(self, label: str, metric: str) -> FloatArray:
        """One value a replication, NaN where there is none."""
        own = (self.runs[_WHICH] == label).to_numpy()
        values = np.full(self.replications, np.nan)
        values[self.runs["replication"].to_numpy()[own]] = self.runs[metric].to_numpy(dtype=np.float64)[own]
        return values


def _written(told: Mapping[str, Any]) -> Difference:
    """As comparison.json has it."""
    low, high = told["ci_holm"] or (None, None)
    return Difference(
        told["first"],
        told["second"],
        told["mean"],
        low,
        high,
        told["p_holm"],
        bool(told["shown"]),
        int(told["n"]),
        told["variance_removed"],
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
