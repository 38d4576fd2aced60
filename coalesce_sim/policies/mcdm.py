"""Multi-criteria decision making: the arithmetic of TOPSIS, of its kin, and of weights that data give."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.rounding import ROUNDING, exceeds, first_greatest

CRITERIA = ("cost", "reliability", "latency", "security")
Weights = tuple[float, float, float, float]

FAR = 1e200
"""The squared gap to the best of what is infinitely bad, such as the cost of an offer that never ends: no
other criterion makes up for it, unless this one weighs nothing."""


def normalised(weights: Weights) -> Weights:
    """The weights scaled to sum 1."""
    a, b, c, d = weights
    total = a + b + c + d
    return (a / total, b / total, c / total, d / total)


def squared_gaps(values: FloatArray, normalisation: str, out: FloatArray | None = None) -> FloatArray:
    """Squared distance of each alternative to the best and to the worst of one criterion, (2, alternatives).

    Larger values are better. ``min_max`` divides by the range, ``vector`` by the Euclidean norm; a criterion
    that is constant but for rounding separates nobody: its gaps are 0. A weight w multiplies the result by
    w². What is infinitely bad is `FAR` from the best, and the others are measured as if it were not there.
    """
    gaps = np.empty((2, len(values))) if out is None else out
    worst, best = np.minimum.reduce(values), np.maximum.reduce(values)
    if worst == -math.inf:
        finite = values > -math.inf
        gaps[0], gaps[1] = FAR, 0.0
        if best > worst:
            gaps[:, finite] = squared_gaps(values[finite], normalisation)
        return gaps
    if not exceeds(best, worst):
        gaps.fill(0.0)
        return gaps
    scale = best - worst if normalisation == "min_max" else math.sqrt(np.add.reduce(values * values))
    np.subtract(best, values, gaps[0])
    np.subtract(values, worst, gaps[1])
    np.multiply(gaps, 1.0 / scale, gaps)
    gaps *= gaps
    return gaps


def weighted_matrix(criteria: FloatArray, normalisation: str, weights: Weights) -> FloatArray:
    """The weighted normalised decision matrix, (4, alternatives), of criteria of which larger is better.

    ``min_max``: 0 at the worst of a criterion, its weight at the best. ``vector``: the weight times the share
    of the Euclidean norm, so below 0 for cost and latency. In both the differences within a row are what
    `squared_gaps` measures. −∞ for what is infinitely bad.
    """
    rows = np.zeros_like(criteria)
    for values, row, weight in zip(criteria, rows, weights, strict=True):
        finite = np.isfinite(values)
        row[~finite] = -np.inf
        seen = values[finite]
        if normalisation == "vector":
            norm = math.sqrt(np.add.reduce(seen * seen))
            row[finite] = weight * seen / norm if norm > 0 else 0.0
        elif len(seen) and exceeds(float(seen.max()), float(seen.min())):
            row[finite] = weight * (seen - seen.min()) / (seen.max() - seen.min())
    return rows


def weighted_distances(gaps: FloatArray, weights: Weights) -> FloatArray:
    """Euclidean distance to the best and to the worst, (2, alternatives), from (4, 2, alternatives) gaps."""
    squared_weights = np.array([weight * weight for weight in weights]).reshape(4, 1, 1)
    squared: FloatArray = np.add.reduce(gaps * squared_weights, axis=0)
    return np.sqrt(squared)


def closeness(distances: FloatArray) -> FloatArray:
    """``d⁻/(d⁺ + d⁻)`` from the distances to best and worst (2, alternatives).

    Both distances of an alternative are 0 only if no weighted criterion varies among those that are not
    infinitely bad, and then for all of them: their closeness is 0.5.
    """
    to_best, to_worst = distances
    total = to_best + to_worst
    if np.minimum.reduce(total) > 0:
        return np.asarray(to_worst / total)
    scores = np.full(len(total), 0.5)
    np.divide(to_worst, total, out=scores, where=total > 0)
    return scores


def closest(cost_usd: FloatArray, index: IntArray, gaps: FloatArray, weights: Weights) -> tuple[int, float]:
    """Position in `index` and closeness of the best alternative under min-max normalised cost; of those that
    are equal but for rounding, of the first.

    `cost_usd` has one entry a contractor, `index` names the alternatives among them, and `gaps`,
    (4, 2, alternatives), holds the other three criteria; its first row is overwritten with the cost's.
    """
    squared_gaps(np.negative(cost_usd.take(index)), "min_max", gaps[0])
    scores = closeness(weighted_distances(gaps, weights))
    best = first_greatest(scores)
    return best, float(scores[best])


def closest_offer(
    cost_usd: FloatArray,
    reliability: FloatArray,
    latency_s: FloatArray,
    security: FloatArray,
    eligible: BoolArray,
    weights: Weights,
) -> tuple[int, float]:
    """Position and closeness of the best of the eligible offers under min-max normalisation; of those that
    are equal but for rounding, of the first; -1 if there is none.

    All arrays have one entry an offer.
    """
    index = np.flatnonzero(eligible)
    if not len(index):
        return -1, 0.5
    gaps = np.empty((4, 2, len(index)))
    squared_gaps(reliability[index], "min_max", gaps[1])
    squared_gaps(-latency_s[index], "min_max", gaps[2])
    squared_gaps(security[index], "min_max", gaps[3])
    best, score = closest(cost_usd, index, gaps, weights)
    return int(index[best]), score


def critic_weights(criteria: FloatArray) -> Weights | None:
    """CRITIC weights from (4, alternatives): contrast ``sd`` times conflict ``Σ(1 − correlation)``.

    A criterion that is constant but for rounding has no contrast and weighs 0; two that are collinear have
    no conflict. What is infinitely bad is left out. None where nothing differs, or all that does is
    collinear. Source: Diakoulaki et al. (1995), Computers & Operations Research 22(7).
    """
    unit = _unit(criteria)
    if unit is None:
        return None
    sd = unit.std(axis=1, ddof=1)
    centred = unit - unit.mean(axis=1, keepdims=True)
    covariance = (centred[:, None, :] * centred[None, :, :]).sum(axis=2) / (unit.shape[1] - 1)
    norm = sd[:, None] * sd[None, :]
    correlation = np.where(norm > 0, covariance / np.where(norm > 0, norm, 1.0), 0.0)
    conflict = np.where(correlation < 1 - ROUNDING, 1 - correlation, 0.0)
    a, b, c, d = (float(value) for value in sd * conflict.sum(axis=1))
    return normalised((a, b, c, d)) if a + b + c + d > 0 else None


def entropy_weights(criteria: FloatArray) -> Weights | None:
    """Entropy weights from (4, alternatives): how unevenly a criterion's scaled values are shared out.

    With p the shares of its values, each less the worst, a criterion weighs ``1 + Σ p ln p / ln n`` for n
    alternatives, before all are scaled to sum 1; one that is constant but for rounding weighs 0. What is
    infinitely bad is left out. None where nothing differs. Source: Hwang and Yoon (1981), Multiple Attribute
    Decision Making.
    """
    unit = _unit(criteria)
    if unit is None:
        return None
    total = unit.sum(axis=1, keepdims=True)
    share = unit / np.where(total > 0, total, 1.0)
    logarithm = np.log(np.where(share > 0, share, 1.0))
    evenness = -(share * logarithm).sum(axis=1) / math.log(unit.shape[1])
    a, b, c, d = (float(value) for value in np.where(total[:, 0] > 0, np.maximum(1 - evenness, 0.0), 0.0))
    return normalised((a, b, c, d)) if a + b + c + d > 0 else None


def weighted_gaps(criteria: FloatArray, weights: Weights) -> FloatArray:
    """How far each alternative is from the best of each criterion, by its range, times the weight, (4,
    alternatives), from as many values of which larger ones are better.

    A criterion that is constant but for rounding has no gaps. What is infinitely bad is `FAR` from the best.
    """
    gaps = np.stack([squared_gaps(values, "min_max")[0] for values in criteria])
    return np.asarray(np.sqrt(gaps) * np.array(weights)[:, None])


def _unit(criteria: FloatArray) -> FloatArray | None:
    """The criteria scaled to [0, 1], 0 where one is constant but for rounding, without alternatives that are
    infinitely bad; None where fewer than two are left."""
    criteria = criteria[:, np.isfinite(criteria).all(axis=0)]
    if criteria.shape[1] < 2:
        return None
    worst, best = criteria.min(axis=1, keepdims=True), criteria.max(axis=1, keepdims=True)
    differs = exceeds(best, worst)
    return np.where(differs, (criteria - worst) / np.where(differs, best - worst, 1.0), 0.0)
