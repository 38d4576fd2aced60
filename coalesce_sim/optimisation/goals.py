"""What to look for and what must hold: a metric to maximise or minimise, and bounds on others."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from coalesce_sim.metrics import Metric, UnknownMetric, describe, is_share
from coalesce_sim.rounding import ROUNDING, exceeds
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.statistics.shares import share_interval

Verdict = Literal["holds", "not shown", "violated"]

_WRITTEN = re.compile(r"\s*(\w+)\s*([<>=!~]+)\s*([^\s<>=!~%]+)\s*(%?)\s*")


@dataclass(frozen=True, slots=True)
class Goal:
    """The metric whose mean is to be as large, or as small, as can be."""

    metric: str
    maximise: bool

    @property
    def text(self) -> str:
        """As in ``maximise cost_reduction``."""
        return f"{'maximise' if self.maximise else 'minimise'} {self.metric}"

    def better(self, one: float, other: float) -> bool:
        """Whether the first of two means serves the goal more than the second."""
        return exceeds(one, other) if self.maximise else exceeds(other, one)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A bound on a metric's mean, in the metric's unit; `written` is how the user put it."""

    metric: str
    relation: Literal[">=", "<="]
    bound: float
    written: str
    read_as_share: bool = False

    @property
    def text(self) -> str:
        """As in ``success_rate >= 90 %``."""
        unit = describe(self.metric).unit
        return f"{self.metric} {self.relation} {self.bound:,.12g} {unit}".rstrip()

    def excess(self, mean: float | None) -> float:
        """By how much a mean breaks the bound, negative where it keeps it, 0 where it equals it but for
        rounding; infinite for none."""
        if mean is None:
            return math.inf
        if abs(mean - self.bound) <= ROUNDING * abs(self.bound):
            return 0.0
        return self.bound - mean if self.relation == ">=" else mean - self.bound

    def verdict(self, value: Estimate, *, of: int = 1) -> Verdict:
        """`holds` or `violated` where the whole interval says so, else `not shown`.

        The interval is the 95 % one; where this is one `of` several constraints it is widened for their
        number (Bonferroni), so that even one wrong verdict among them has a chance of 5 % at most. That of a
        share stays within 0 and 100 %.
        """
        if value.mean is None or value.sd is None:
            return "not shown"
        reach = float(stdtrit(value.n - 1, 1 - 0.025 / of)) * value.sd / math.sqrt(value.n)
        low, high = value.mean - reach, value.mean + reach
        if is_share(self.metric):
            low, high = map(float, share_interval(value.mean, reach))
        low, high = sorted(map(self.excess, (low, high)))
        if high <= 0:
            return "holds"
        return "violated" if low > 0 else "not shown"


def goal(metric: str, *, maximise: bool) -> Goal:
    """Raises `ScenarioError` for a metric that does not exist."""
    _described(metric, "--maximize" if maximise else "--minimize")
    return Goal(metric, maximise)


def constraint(text: str) -> Constraint:
    """What ``metric>=bound`` or ``metric<=bound`` says.

    Of a metric in percent, 90 and 90% are 90 %, 0.9% is 0.9 %; a bare bound between 0 and 1 is read as a
    share: 0.9 is 90 %. A bare 1 could be either, and is refused. Raises `ScenarioError` for whatever else
    cannot be understood.
    """
    place = f"--subject-to {text!r}"
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise _refused(place, "must look like metric>=bound or metric<=bound, as in success_rate>=90%")
    name, relation, amount, percent = written.groups()
    if relation not in (">=", "<="):
        raise _refused(place, f"the relation must be >= or <= (got {relation})")
    metric = _described(name, place)
    try:
        bound = float(amount)
    except ValueError:
        raise _refused(place, f"the bound must be a number (got {shown(amount)})") from None
    if not math.isfinite(bound):
        raise _refused(place, f"the bound must be finite (got {amount})")
    if percent and metric.unit != "%":
        raise _refused(place, f"{name} is not in percent but in {metric.unit or 'plain numbers'}")
    share = metric.unit == "%" and not percent and 0 < abs(bound) < 1
    if metric.unit == "%" and not percent and abs(bound) == 1:
        raise _refused(place, f"{amount} could be a share or 1 %: write {bound:g}% or {100 * bound:g}%")
    bound = float(f"{bound * 100:.12g}") if share else bound
    return Constraint(name, ">=" if relation == ">=" else "<=", bound, text.strip(), share)


def _described(name: str, place: str) -> Metric:
    try:
        return describe(name)
    except UnknownMetric as error:
        raise _refused(place, str(error)) from None


def _refused(place: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(place, None, "", message)])
