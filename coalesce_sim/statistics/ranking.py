"""Which of several points is best, and which of the others are shown to be worse than it.

The best of many means is chosen by chance too: the more points, the more the highest owes to luck. So its
interval is widened to hold for all points at once, and so are the tests against it, whichever point it is.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.rounding import differences, ranks
from coalesce_sim.statistics.contrasts import FAMILY_WISE, Contrast, contrasts, t_interval
from coalesce_sim.statistics.intervals import Estimate, estimate
from coalesce_sim.statistics.shares import share_interval

MOST_HOLM = 45
"""Points up to which Holm's procedure goes over all pairs; beyond, the simpler one of Bonferroni does."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Points by rank, the best first.

    `order` has their rows; rows without any value are left out. `best` is the estimate of the first over its
    own replications; of more than two points its interval is the one that holds for all of them together
    (Bonferroni), since the best was chosen after the runs. `leads` begins with the second: by how much the
    first is better than it, paired by replication, as one of the family of all pairs. `uneven` tells that not
    all points have the same replications.
    """

    order: tuple[int, ...]
    best: Estimate
    leads: tuple[Contrast, ...]
    uneven: bool

    @property
    def alike(self) -> list[int]:
        """The rows that are not shown to be worse than the best, by rank."""
        pairs = zip(self.order[1:], self.leads, strict=True)
        return [row for row, lead in pairs if not _ahead(lead, 1.0)]

    @property
    def tested(self) -> bool:
        """Whether any two points could be compared: that takes two replications of each."""
        return any(lead.p is not None for lead in self.leads)

    @property
    def pairs(self) -> int:
        """How many tests the verdicts are corrected for."""
        return math.comb(len(self.order), 2)

    @property
    def procedure(self) -> str:
        """What corrects them: Holm or Bonferroni."""
        return "Holm" if len(self.order) <= MOST_HOLM else "Bonferroni"


def ranked(values: FloatArray, *, lower_is_better: bool = False, share: bool = False) -> Ranking:
    """Rank points by (points, replications) of a metric, NaN where it is undefined or was not played.

    Replications may share their random numbers, so points are compared on those that they have in common:
    ranked by their means over the replications that all have, if these are two at least, else by each one's
    own mean; and tested two by two on those that both have. Where that shows another point to be better than
    the first by rank, that one leads. With `share` the values are shares in percent (`share_interval`).
    """
    sign = -1.0 if lower_is_better else 1.0
    told = np.flatnonzero((~np.isnan(values)).any(axis=1))
    if not len(told):
        return Ranking((), estimate([]), (), uneven=False)
    gaps = np.isnan(values[told])
    common = ~gaps.any(axis=0)
    compared = values[told][:, common] if common.sum() >= 2 else values[told]
    by_mean = np.argsort(ranks(-sign * np.nanmean(compared, axis=1)), kind="stable")
    order, leads = _settled(sign * values, told[by_mean].tolist())
    best = estimate(values[order[0]].tolist(), share=share)
    if len(order) > 2 and (ends := t_interval(best, FAMILY_WISE / len(order))) is not None:
        if share:
            low, high = share_interval(best.mean, (ends[1] - ends[0]) / 2)
            ends = float(low), float(high)
        best = replace(best, ci95=ends)
    return Ranking(tuple(order), best, tuple(leads), uneven=bool((gaps != gaps[0]).any()))


def _settled(values: FloatArray, order: list[int]) -> tuple[list[int], list[Contrast]]:
    """The order with a leader whom no other is shown to beat, unless each is beaten by one; and its leads."""
    led: set[int] = set()
    while True:
        leads = _leads(values[order])
        led.add(order[0])
        ahead = (row for row, lead in zip(order[1:], leads, strict=True) if _ahead(lead, -1.0))
        leader = next((row for row in ahead if row not in led), None)
        if leader is None:
            return order, leads
        order = [leader, *(row for row in order if row != leader)]


def _ahead(lead: Contrast, sign: float) -> bool:
    """Whether there is shown to be a difference of that sign."""
    return lead.shown and lead.difference.mean is not None and sign * lead.difference.mean > 0


def _leads(values: FloatArray) -> list[Contrast]:
    """The first row against each of the others, as part of the family of all pairs of rows."""
    count = len(values)
    if count <= MOST_HOLM:
        pairs = itertools.combinations(range(count), 2)  # those of the first row come first
        return contrasts([differences(values[one], values[other]) for one, other in pairs])[: count - 1]
    tests = math.comb(count, 2)
    return [_bonferroni(each, tests) for each in contrasts(list(differences(values[0], values[1:])))]


def _bonferroni(contrast: Contrast, tests: int) -> Contrast:
    """The contrast as one of a family of so many tests; its interval is widened likewise."""
    if contrast.p is None:
        return contrast
    interval = t_interval(contrast.difference, FAMILY_WISE / tests)
    return replace(contrast, p_holm=min(1.0, contrast.p * tests), ci_holm=interval)
