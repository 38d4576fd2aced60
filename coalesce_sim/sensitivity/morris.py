"""Morris screening: by how much a metric changes as one factor after another moves, and how unevenly.

A few trajectories through the factors' space tell the factors that matter from those that do not, at a
fraction of what Sobol indices take. Sources: Morris (1991); μ* after Campolongo, Cariboni and Saltelli
(2007). SALib draws the trajectories; effects are computed here, since its own know no factors with few
values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.extras import require
from coalesce_sim.statistics.intervals import estimate
from coalesce_sim.sweeps.factors import Factor, Integers

LEVELS = 8
"""Of the grid in the unit cube. A move goes over 4/7 of a range, up or down: a factor with few values always
changes by it, and up to 8 of them are all met."""


@dataclass(frozen=True, slots=True)
class MorrisIndex:
    """The elementary effects of one factor, in units of the metric, over trajectories drawn at random.

    An elementary effect is the change of the metric as the factor moves, scaled to the factor's whole range,
    from its first to its last value; of a factor whose values have no order, such as policies, the change
    from one value to one about half the list away. `mu_star` is the mean of their absolute values with half
    of its 95 % t interval, `mu` the mean with signs, `sigma` the standard deviation: 0 where the factor's
    effect is the same wherever the others are. Chance between replications has no sign, and raises `mu_star`
    and `sigma` of every factor; see `of_noise`.
    """

    factor: str
    mu_star: float
    mu_star_half_width: float
    mu: float
    sigma: float


def points(factors: int, trajectories: int) -> int:
    """Design points that so many trajectories take."""
    return trajectories * (factors + 1)


def check(factors: Sequence[Factor]) -> None:
    """Raises ValueError for a factor that cannot move, or that has too many values without an order."""
    for factor in factors:
        name, choices = ", ".join(factor.columns), _choices(factor)
        if choices == 1:
            raise ValueError(f"{name}: has a single value, and so no effect to be found")
        if choices is not None and choices > LEVELS and not _ordered(factor):
            raise ValueError(
                f"{name}: has {choices} values without an order; Morris screening meets {LEVELS}"
            )


def sample(factors: int, trajectories: int, seed: int) -> FloatArray:
    """Trajectories in the unit cube, (trajectories × (factors + 1), factors): each moves every factor once.

    Raises ValueError for fewer than two trajectories, of which no interval can be had.
    """
    if trajectories < 2:
        raise ValueError(f"samples: Morris screening takes at least 2 trajectories (got {trajectories})")
    salib = require("SALib.sample.morris", extra="sensitivity")
    problem = {
        "num_vars": factors,
        "names": [f"factor {index}" for index in range(factors)],
        "bounds": [[0.0, 1.0]] * factors,
    }
    design: FloatArray = salib.sample(problem, trajectories, num_levels=LEVELS, seed=seed)
    return design


def effects(design: FloatArray, values: FloatArray, factors: Sequence[Factor]) -> FloatArray:
    """The elementary effects, (trajectories, factors), of a metric at every point of `sample`'s design."""
    count = len(factors)
    positions = np.column_stack(
        [_positions(factor, shares) for factor, shares in zip(factors, design.T, strict=True)]
    )
    moves = np.diff(positions.reshape(-1, count + 1, count), axis=1)
    changes = np.diff(values.reshape(-1, count + 1), axis=1)
    moved = np.abs(moves).argmax(axis=2)  # which factor it is, each trajectory draws for itself
    lengths = np.take_along_axis(moves, moved[:, :, None], axis=2)[:, :, 0]
    unordered = np.array([not _ordered(factor) for factor in factors])[moved]
    lengths = np.where(unordered, np.sign(lengths), lengths)
    found = np.empty((len(moves), count))
    np.put_along_axis(found, moved, changes / lengths, axis=1)
    return found


def indices(
    design: FloatArray, values: FloatArray, factors: Sequence[Factor], names: Sequence[str]
) -> list[MorrisIndex]:
    """The screening of all factors, from a metric at every point of `sample`'s design, in its order."""
    found = []
    for name, each in zip(names, effects(design, values, factors).T, strict=True):
        size = estimate(np.abs(each).tolist())
        assert size.mean is not None
        assert size.half_width is not None  # of two trajectories at least
        found.append(
            MorrisIndex(name, size.mean, size.half_width, float(each.mean()), float(each.std(ddof=1)))
        )
    return found


def of_noise(design: FloatArray, values: FloatArray, factors: Sequence[Factor]) -> list[float]:
    """The μ* that each factor would have of chance between replications alone, if it did nothing.

    `values` are (points, replications), two replications at least. What replications add to an effect is
    taken to be normal, of mean 0 and with the variance of its mean over them: the mean of its absolute value
    is √(2/π) of the standard deviation.
    """
    each = np.array([effects(design, column, factors) for column in values.T])
    variance = each.var(axis=0, ddof=1).mean(axis=0) / len(each)
    return [float(size) for size in np.sqrt(2 / np.pi * variance)]


def _ordered(factor: Factor) -> bool:
    """Whether the factor's values are numbers, and not labels."""
    rows = factor.levels or ()
    return not any(isinstance(level.cell, str) for row in rows for level in row)


def _choices(factor: Factor) -> int | None:
    """How many values the factor has, None for a range of numbers."""
    if isinstance(factor.range_, Integers):
        low, high = factor.range_.integers
        return high - low + 1
    return None if factor.levels is None else len(factor.levels)


def _positions(factor: Factor, shares: FloatArray) -> FloatArray:
    """Where in its whole range the factor is at each share: 0 its first value, 1 its last."""
    choices = _choices(factor)
    if choices is None:
        return shares
    return np.minimum(np.floor(shares * choices), choices - 1) / (choices - 1)
