"""What draws must be: distributions whose draws are never negative, or never 0."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator

from coalesce_sim.scenario.distributions import (
    Choice,
    Distribution,
    DistributionSpec,
    Empirical,
    Mixture,
    Normal,
    Uniform,
    support,
)


def may_draw_zero(distribution: Distribution) -> bool:
    """Whether 0 itself is drawn now and then, as a continuous distribution that begins there never does."""
    low, high = support(distribution)
    if low > 0 or high < 0:
        return False
    match distribution.chosen if isinstance(distribution, DistributionSpec) else distribution:
        case Choice(values=values, weights=weights):
            return any(v == 0 and w > 0 for v, w in zip(values, weights or [1.0] * len(values), strict=True))
        case Empirical(quantiles=quantiles):
            return any(a == b == 0 for a, b in pairwise(quantiles))
        case Normal():
            return low == 0 or high == 0
        case Uniform():
            return low == high
        case Mixture(components=parts):
            return any(map(may_draw_zero, parts))
        case float(value):
            return value == 0
        case _:
            return False


def _not_negative(distribution: Distribution) -> Distribution:
    low, high = support(distribution)
    if low < 0:
        got = f"{low:g}" if low == high else f"draws from {low:g} to {high:g}"
        raise ValueError(f"must not be negative (got {got})")
    return distribution


def _not_zero(distribution: Distribution) -> Distribution:
    if may_draw_zero(distribution):
        got = f" (got {distribution:g})" if isinstance(distribution, float) else ""
        raise ValueError(f"must not be 0 at any draw{got}")
    return distribution


NonNegativeDistribution = Annotated[Distribution, AfterValidator(_not_negative)]
"""A distribution whose draws can stand for times, amounts and factors."""

PositiveDistribution = Annotated[NonNegativeDistribution, AfterValidator(_not_zero)]
"""The same where no draw may be 0."""
