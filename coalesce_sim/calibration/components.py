"""What was fitted: figures with their intervals, and how far off predictions are, before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.calibration.marginals import Marginal, interval
from coalesce_sim.numbers import number
from coalesce_sim.scenario.problems import Steps, dotted
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.statistics.relative_fit import clustered_mean


class NotFitted(ValueError):
    """Why something is not fitted, in words."""


def rounded(value: float) -> float:
    """To six significant digits, as figures are written."""
    return float(f"{value:.6g}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure of the scenario as it was fitted.

    `stated` is what the scenario has, None where it says nothing; `source` what it was fitted to. Its
    `marginal` is None where runs give but a bound; `influence` is by how much each of some `sessions` moves
    it, in SI units where it is one of a law.
    """

    path: Steps
    value: float
    stated: float | None
    runs: int
    source: str
    marginal: Marginal | None
    sessions: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    influence: FloatArray = field(default_factory=lambda: np.empty(0))

    @property
    def name(self) -> str:
        """The path as users write it."""
        return dotted(self.path)

    @property
    def ci95(self) -> tuple[float, float] | None:
        """The 95 % interval."""
        return None if self.marginal is None else interval(self.marginal)

    @property
    def told_interval(self) -> str:
        """The interval as people read it: with as many decimals as half of it needs for two digits."""
        return told_interval(self.ci95, self.value)

    @property
    def varies(self) -> bool:
        """Whether the interval is more than rounding."""
        return _varies(self.ci95, self.value)

    def as_dict(self) -> dict[str, Any]:
        """The form in which parameters appear in JSON."""
        return {
            "path": self.name,
            "value": self.value,
            "ci95": None if self.ci95 is None else list(self.ci95),
            "stated": self.stated,
            "runs": self.runs,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions and measurements of `runs` that nothing was fitted to: one entry a run, or a single figure
    of all of them.

    `before` are predictions of the scenario as it stood.
    """

    before: FloatArray
    predicted: FloatArray
    measured: FloatArray
    runs: int


@dataclass(frozen=True, slots=True)
class Component:
    """One part of what a scenario assumes: what was fitted of it, and how far off it is.

    `before` and `after` are the errors of the scenario as it stood and as fitted, over what was `held_out`:
    means of ``|predicted / measured − 1|``, shares. `runs` is how many it was fitted to, `reason` why it was
    not, empty where it was.
    """

    name: str
    unit: str
    law: str
    runs: int
    parameters: tuple[Parameter, ...]
    held_out: HeldOut
    before: Estimate
    after: Estimate
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def checked(self) -> bool:
        """Whether there was anything to hold it against."""
        return self.after.mean is not None

    def above(self, limit: float) -> bool:
        """Whether its error stays above a limit, a share."""
        return self.after.mean is not None and self.after.mean > limit

    def as_dict(self) -> dict[str, Any]:
        """The form in which components appear in JSON."""
        return {
            "component": self.name,
            "unit": self.unit,
            "law": self.law,
            "runs": self.runs,
            "held_out": self.held_out.runs,
            "measured": _mean(self.held_out.measured),
            "predicted": _mean(self.held_out.predicted),
            "error_before": self.before.as_dict(),
            "error": self.after.as_dict(),
            "parameters": [each.as_dict() for each in self.parameters],
            "notes": list(self.notes),
            "not_fitted": self.reason or None,
        }


def told_interval(ends: Sequence[float] | None, value: float) -> str:
    """An interval of a figure as people read it; empty where there is none."""
    if ends is None:
        return ""
    if not _varies(ends, value):
        return "exact"
    places = max(0, 1 - math.floor(math.log10((ends[1] - ends[0]) / 2)))
    return f"{number(ends[0], places)} to {number(ends[1], places)}"


def _varies(ends: Sequence[float] | None, value: float) -> bool:
    return ends is not None and ends[1] - ends[0] > 1e-6 * abs(value)


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None


def relative_error(predicted: FloatArray, measured: FloatArray, sessions: IntArray) -> Estimate:
    """The mean of ``|predicted / measured − 1|`` with its 95 % interval over sessions; none below 0."""
    found = clustered_mean(np.abs(predicted / measured - 1), sessions)
    if found.ci95 is None:
        return found
    return Estimate(found.mean, found.sd, (max(0.0, found.ci95[0]), found.ci95[1]), found.n)


def error_of_figure(predicted: float, measured: float, ends: tuple[float, float] | None, n: int) -> Estimate:
    """``|predicted / measured − 1|`` of one figure, measured over n runs within such ends."""
    error = abs(predicted / measured - 1)
    if ends is None:
        return Estimate(error, None, None, n)
    low, high = sorted(abs(predicted / end - 1) for end in ends)
    return Estimate(error, None, (0.0 if ends[0] <= predicted <= ends[1] else low, high), n)
