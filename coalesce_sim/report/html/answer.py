"""The answer that a sweep gives, in sentences that claim no more than its tests show."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from coalesce_sim.metrics import Metric
from coalesce_sim.report.numbers import plural, with_half_width
from coalesce_sim.scenario.distributions import FloatArray
from coalesce_sim.statistics.contrasts import FAMILY_WISE, Contrast, contrasts
from coalesce_sim.statistics.intervals import Estimate, estimate

_JUDGED = {0: "the next best", -1: "the worst"}

MOST_HOLM = 45
"""Points up to which Holm's procedure goes over all pairs; beyond, the simpler one of Bonferroni does."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Design points by their mean of a metric, the best first, and how the best was tested against the rest.

    `labels` and `points` (their places in the table) go by rank; `best` is the estimate of the first. `leads`
    begins with the second: by how much the best is better than it, paired by replication. Which point is best
    was seen from the same runs, so the family of tests is that of all pairs of points. Where the metric has
    no better direction, the largest is first.
    """

    metric: Metric
    labels: Sequence[str]
    best: Estimate
    leads: Sequence[Contrast]
    points: Sequence[int]

    @property
    def alike(self) -> int:
        """How many points are not shown to differ from the best."""
        return sum(not lead.shown for lead in self.leads)

    @property
    def pairs(self) -> int:
        """How many tests the verdicts are corrected for."""
        return math.comb(len(self.labels), 2)


def ranked(metric: Metric, labels: Sequence[str], values: FloatArray) -> Ranking:
    """Rank design points by (points, replications) of a metric, NaN where it is undefined or was not played.

    Points without a value are left out.
    """
    sign = -1.0 if metric.better == "lower" else 1.0
    told = np.flatnonzero((~np.isnan(values)).any(axis=1))
    means = np.nanmean(values[told], axis=1)
    order = told[np.argsort(-sign * means, kind="stable")]
    return Ranking(
        metric,
        [labels[point] for point in order],
        estimate(values[order[0]].tolist() if len(order) else []),
        _leads(sign * values[order]),
        [int(point) for point in order],
    )


def _leads(values: FloatArray) -> list[Contrast]:
    """The first row against each of the others, as part of the family of all pairs of rows."""
    count = len(values)
    if count <= MOST_HOLM:
        pairs = itertools.combinations(range(count), 2)  # those of the first row come first
        return contrasts([values[one] - values[other] for one, other in pairs])[: max(0, count - 1)]
    pairs_of_all = math.comb(count, 2)
    return [_bonferroni(each, pairs_of_all) for each in contrasts(list(values[0] - values[1:]))]


def _bonferroni(contrast: Contrast, tests: int) -> Contrast:
    """The contrast as one of a family of so many tests; its interval is widened likewise."""
    mean, sd, n = contrast.difference.mean, contrast.difference.sd, contrast.difference.n
    if mean is None or sd is None or contrast.p is None:
        return contrast
    half_width = float(stdtrit(n - 1, 1 - FAMILY_WISE / tests / 2)) * sd / math.sqrt(n)
    return replace(
        contrast, p_holm=min(1.0, contrast.p * tests), ci_holm=(mean - half_width, mean + half_width)
    )


def sentences(ranking: Ranking, *, common_random_numbers: bool) -> list[str]:
    """The best point, and whether it is shown to differ from the next and from the worst."""
    metric, labels, leads = ranking.metric, ranking.labels, ranking.leads
    if not labels:
        return [f"{metric.label} is undefined in every run: there is no answer."]
    value = _told(ranking.best, metric)
    if len(labels) == 1:
        return [f"{metric.label} is {value} at the only design point that has any, {labels[0]}."]
    top = "lowest" if metric.better == "lower" else "highest"
    headline = f"{metric.label} is {top} at {labels[0]}: {value}"
    if all(lead.p is None for lead in leads):
        return [f"{headline}.", "No difference is shown: that takes two replications of two points."]
    told = [_against(ranking, 0)]
    if len(labels) > 2:
        told += [_against(ranking, -1), _counted(ranking)]
    told.append(_tests(ranking.pairs, common_random_numbers))
    if ranking.alike == len(leads):
        what = metric.label[0].lower() + metric.label[1:]
        whom = "the best point and any other" if len(labels) > 2 else "the two points"
        return [f"No difference in {what} is shown between {whom}. {headline}.", *told]
    return [f"{headline}.", *told]


def difference_unit(metric: Metric) -> str:
    """What a difference of the metric is counted in."""
    return "points" if metric.unit == "%" else metric.unit


def _against(ranking: Ranking, place: int) -> str:
    """What is shown of the best against one of the others, such as the next (0) or the worst (-1)."""
    lead, label, metric = ranking.leads[place], ranking.labels[1:][place], ranking.metric
    which = ("the next" if place == 0 else "the last") if metric.better is None else _JUDGED[place]
    name = f"{which}, {label}" if len(ranking.labels) > 2 else label
    if lead.ci_holm is None:
        return f"There are too few replications to compare it with {name}."
    widened = Estimate(lead.difference.mean, lead.difference.sd, lead.ci_holm, lead.difference.n)
    by = f"{with_half_width(widened)} {difference_unit(metric)}".strip()
    if lead.shown:
        return f"It differs from {name}, by {by}."
    return f"No difference is shown from {name}: {by}."


def _counted(ranking: Ranking) -> str:
    alike, others = ranking.alike, plural(len(ranking.leads), "other point")
    if alike == 0:
        return f"All {others} are shown to differ from it."
    if alike == len(ranking.leads):
        return f"None of the {others} is shown to differ from it."
    which = "is" if alike == 1 else "are"
    return f"Of the {others}, {alike:,} {which} not shown to differ from it."


def _tests(pairs: int, common_random_numbers: bool) -> str:
    paired = "paired by replication" + (" on common random numbers" if common_random_numbers else "")
    if pairs == 1:
        return f"The test is {paired}, at the 5 % level."
    procedure = "Holm" if pairs <= math.comb(MOST_HOLM, 2) else "Bonferroni"
    return (
        f"Tests are {paired}; the chance of even one false difference over all {pairs:,} pairs of points is "
        f"5 % ({procedure}), and the intervals of differences are as wide as that takes."
    )


def _told(value: Estimate, metric: Metric) -> str:
    unit = f" {metric.unit}" if metric.unit else ""
    interval = "95 % interval, " if value.half_width is not None else ""
    return f"{with_half_width(value)}{unit} ({interval}{plural(value.n, 'replication')})"
