"""Morris screening: by how much a metric changes as one factor after another moves, and how unevenly.

A few trajectories through the factors' space tell the factors that matter from those that do not, at a
fraction of what Sobol indices take. Sources: Morris (1991); μ* after Campolongo, Cariboni and Saltelli
(2007). Effects are computed here, since SALib's own know no factors with few values,
over the trajectories of `sweeps.samples.morris`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.statistics.intervals import estimate
from coalesce_sim.sweeps.factors import Factor


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


def effects(design: FloatArray, values: FloatArray, factors: Sequence[Factor]) -> FloatArray:
    """The elementary effects, (trajectories, factors), of a metric at every point of the trajectories."""
    count = len(factors)
    positions = np.column_stack(
        [_positions(factor, shares) for factor, shares in zip(factors, design.T, strict=True)]
    )
    moves = np.diff(positions.reshape(-1, count + 1, count), axis=1)
    changes = np.diff(values.reshape(-1, count + 1), axis=1)
    moved = np.abs(moves).argmax(axis=2)  # which factor it is, each trajectory draws for itself
    lengths = np.take_along_axis(moves, moved[:, :, None], axis=2)[:, :, 0]
    unordered = np.array([not factor.ordered for factor in factors])[moved]
    lengths = np.where(unordered, np.sign(lengths), lengths)
    found = np.empty((len(moves), count))
    np.put_along_axis(found, moved, changes / lengths, axis=1)
    return found


def indices(
    design: FloatArray, values: FloatArray, factors: Sequence[Factor], names: Sequence[str]
) -> list[MorrisIndex]:
    """The screening of all factors, from a metric at every point of the trajectories, in its order."""
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


def _positions(factor: Factor, shares: FloatArray) -> FloatArray:
    """Where in its whole range the factor is at each share: 0 its first value, 1 its last."""
    choices = factor.choices
    if choices is None:
        return shares
    return np.minimum(np.floor(shares * choices), choices - 1) / (choices - 1)
