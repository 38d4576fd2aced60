"""Intervals of shares, which stay within 0 and 100 %."""

from __future__ import annotations

from typing import Any

import numpy as np

from coalesce_sim.arrays import FloatArray


def share_interval(mean: Any, half_width: Any) -> tuple[FloatArray, FloatArray]:
    """The ends of the 95 % interval of a mean share, from it and half of its t interval, all in percent.

    It is the t interval where that lies within 0 and 100, and else Wilson's score interval of as many
    independent trials as would give the mean the same variance; this one cannot leave them. NaN where there
    is no interval. Source: Wilson (1927), Journal of the American Statistical Association 22(158); with an
    effective number of trials, Franco et al. (2019), Journal of Survey Statistics and Methodology 7(3).
    """
    mean, half_width = np.asarray(mean, dtype=np.float64), np.asarray(half_width, dtype=np.float64)
    low, high = mean - half_width, mean + half_width
    share = mean / 100
    variance = share * (1 - share)
    ratio = np.divide((half_width / 100) ** 2, variance, out=np.zeros_like(mean), where=variance > 0)
    middle = (share + ratio / 2) / (1 + ratio)
    reach = np.sqrt(ratio * variance + ratio**2 / 4) / (1 + ratio)
    outside = (low < 0) | (high > 100)
    return (
        np.where(outside, 100 * np.maximum(0.0, middle - reach), low),
        np.where(outside, 100 * np.minimum(1.0, middle + reach), high),
    )
