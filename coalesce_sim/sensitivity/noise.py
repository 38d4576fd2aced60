"""How much of what a design shows is chance between replications."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.rounding import varies


def noise_share(values: FloatArray) -> float | None:
    """The share of the variance of the points' means that more replications would take away.

    `values` are (points, replications) on common random numbers. What a replication adds to all points alike
    does not count: it cancels. What it adds to one point and not to the next does: the mean square of the
    residuals of points + replications, over the number of replications, is its part in the variance of means.
    None where it cannot be told, with one replication or where nothing varies.
    """
    count, replications = values.shape
    means = values.mean(axis=1)
    if replications < 2 or count < 2 or not varies(means):
        return None
    residuals = values - means[:, None] - values.mean(axis=0) + values.mean()
    mean_square = float((residuals**2).sum()) / ((count - 1) * (replications - 1))
    return float(min(1.0, mean_square / replications / float(means.var(ddof=1))))
