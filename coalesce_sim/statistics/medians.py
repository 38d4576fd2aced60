"""Medians of samples in which the largest values may be unknown."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import bdtr

from coalesce_sim.arrays import FloatArray
from coalesce_sim.statistics.intervals import Estimate


def median(values: FloatArray) -> Estimate:
    """The median of values of which some may be infinite: beyond what was observed. NaN are left out.

    The `mean` of the estimate is the median, None where it is not finite; there is no standard deviation. The
    95 % interval is that of the sign test: from the k-th smallest to the k-th largest value for the largest
    k with 2 P(B < k) <= 5 %, B binomial with n trials of ½. None where there are fewer than 6 values, or the
    upper end is not finite.
    """
    known = np.sort(values[~np.isnan(values)])
    n = len(known)
    if not n:
        return Estimate(None, None, None, 0)
    middle = float((known[(n - 1) // 2] + known[n // 2]) / 2)
    k = sum(2 * bdtr(below, n, 0.5) <= 0.05 for below in range(n // 2))
    ends = (float(known[k - 1]), float(known[n - k])) if k else (math.nan, math.nan)
    ci95 = ends if all(map(math.isfinite, ends)) else None
    return Estimate(middle if math.isfinite(middle) else None, None, ci95, n)
