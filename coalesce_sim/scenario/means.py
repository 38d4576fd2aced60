"""Means of distributions, in closed form."""

from __future__ import annotations

import math
from itertools import pairwise

from coalesce_sim.scenario.distributions import (
    Choice,
    Distribution,
    DistributionSpec,
    Empirical,
    Exponential,
    Gamma,
    LogNormal,
    Mixture,
    Normal,
    Uniform,
    Weibull,
)


def mean_of(distribution: Distribution) -> float:
    """The mean of its draws; infinite where it is beyond what can be reckoned with."""
    if not isinstance(distribution, DistributionSpec):
        return float(distribution)
    match distribution.chosen:
        case Normal() as normal:
            return _clipped(normal)
        case Uniform(low=low, high=high):
            return (low + high) / 2
        case LogNormal(median=median, sigma=sigma):
            spread = sigma * sigma / 2
            return median * math.exp(spread) if spread < 700 else math.inf
        case Exponential(mean=mean) | Gamma(mean=mean):
            return mean
        case Weibull(shape=shape, scale=scale):
            spread = math.lgamma(1 + 1 / shape)
            return scale * math.exp(spread) if spread < 700 else math.inf
        case Choice(values=values, weights=weights):
            shares = weights or [1.0] * len(values)
            return math.fsum(map(math.prod, zip(shares, values, strict=True))) / math.fsum(shares)
        case Empirical(quantiles=quantiles, probabilities=stated):
            last = len(quantiles) - 1
            grid = [k / last for k in range(last + 1)] if stated is None else stated
            pieces = zip(pairwise(quantiles), pairwise(grid), strict=True)
            return math.fsum((a + b) / 2 * (q - p) for (a, b), (p, q) in pieces)
        case Mixture(components=parts):
            held = math.fsum(part.weight * mean_of(part) for part in parts)
            return held / math.fsum(part.weight for part in parts)


def _clipped(normal: Normal) -> float:
    """That of a normal whose draws beyond its limits are set to these."""
    low, high = normal.support()
    if normal.sd == 0:
        return low
    a, b = ((end - normal.mean) / normal.sd for end in (low, high))
    below, above = _below(a), 1 - _below(b)
    within = 1 - below - above
    return low * below + high * above + normal.mean * within + normal.sd * (_density(a) - _density(b))


def _below(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
