"""Compiled twins of `mcdm.closest` and `mcdm.closest_offer` (extra ``fast``; see `compiling`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from coalesce_sim.compiling import compiled
from coalesce_sim.policies import mcdm
from coalesce_sim.policies.mcdm import FAR
from coalesce_sim.rounding import ROUNDING

Closest = Callable[[Any, Any, Any, mcdm.Weights], tuple[int, float]]
ClosestOffer = Callable[[Any, Any, Any, Any, Any, mcdm.Weights], tuple[int, float]]


@lru_cache(maxsize=1)
def compiled_closest() -> Closest | None:
    """The compiled function; None where numba is not installed."""
    return compiled(closest_in_one_pass)


@lru_cache(maxsize=1)
def compiled_closest_offer() -> ClosestOffer | None:
    """`mcdm.closest_offer`, compiled; None where numba is not installed."""
    return compiled(closest_offer_in_one_pass)


def closest_offer_in_one_pass(
    cost_usd: np.ndarray,
    reliability: np.ndarray,
    latency_s: np.ndarray,
    security: np.ndarray,
    eligible: np.ndarray,
    weights: mcdm.Weights,
) -> tuple[int, float]:
    """`mcdm.closest_offer`, to be compiled."""
    worst, top = np.full(4, np.inf), np.full(4, -np.inf)
    values = np.empty(4)
    for i in range(len(eligible)):
        if eligible[i]:
            values[0], values[1] = -cost_usd[i], reliability[i]
            values[2], values[3] = -latency_s[i], security[i]
            for c in range(4):
                top[c] = max(top[c], values[c])
                if values[c] > -np.inf:
                    worst[c] = min(worst[c], values[c])
    unit = np.zeros(4)
    for c in range(4):
        if top[c] > worst[c] + ROUNDING * abs(worst[c]):
            unit[c] = 1.0 / (top[c] - worst[c])
    scores, score = np.full(len(eligible), -1.0), -1.0
    for i in range(len(eligible)):
        if eligible[i]:
            values[0], values[1] = -cost_usd[i], reliability[i]
            values[2], values[3] = -latency_s[i], security[i]
            to_best, to_worst = 0.0, 0.0
            for c in range(4):
                weight = weights[c] * weights[c]
                if values[c] == -np.inf:
                    to_best += FAR * weight
                    continue
                gap, other = (top[c] - values[c]) * unit[c], (values[c] - worst[c]) * unit[c]
                to_best += gap * gap * weight
                to_worst += other * other * weight
            to_best, to_worst = math.sqrt(to_best), math.sqrt(to_worst)
            total = to_best + to_worst
            scores[i] = to_worst / total if total > 0 else 0.5
            score = max(score, scores[i])
    for i in range(len(eligible)):
        if eligible[i] and scores[i] >= score - ROUNDING * score:
            return i, scores[i]
    return -1, 0.5


def closest_in_one_pass(
    cost_usd: np.ndarray, index: np.ndarray, gaps: np.ndarray, weights: mcdm.Weights
) -> tuple[int, float]:
    """`mcdm.closest`, to be compiled; `gaps` may have room for more."""
    alternatives = len(index)
    cheapest, dearest = np.inf, -np.inf
    for i in range(alternatives):
        cheapest = min(cheapest, cost_usd[index[i]])
        if cost_usd[index[i]] < np.inf:
            dearest = max(dearest, cost_usd[index[i]])
    unit = 1.0 / (dearest - cheapest) if -cheapest > -dearest + ROUNDING * abs(dearest) else 0.0
    a, b, c, d = weights
    a, b, c, d = a * a, b * b, c * c, d * d
    scores, score = np.empty(alternatives), -1.0
    for i in range(alternatives):
        to_best, to_worst = FAR, 0.0
        if cost_usd[index[i]] < np.inf:
            to_best = (cost_usd[index[i]] - cheapest) * unit
            to_worst = (dearest - cost_usd[index[i]]) * unit
            to_best, to_worst = to_best * to_best, to_worst * to_worst
        to_best = math.sqrt(to_best * a + gaps[1, 0, i] * b + gaps[2, 0, i] * c + gaps[3, 0, i] * d)
        to_worst = math.sqrt(to_worst * a + gaps[1, 1, i] * b + gaps[2, 1, i] * c + gaps[3, 1, i] * d)
        total = to_best + to_worst
        scores[i] = to_worst / total if total > 0 else 0.5
        score = max(score, scores[i])
    for i in range(alternatives):
        if scores[i] >= score - ROUNDING * score:
            return i, scores[i]
    return 0, score
