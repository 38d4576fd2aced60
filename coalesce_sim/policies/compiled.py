"""Compiled twins of `mcdm.closest` and `mcdm.closest_offer` (extra ``fast``; see `compiling`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from coalesce_sim.compiling import compiled
from coalesce_sim.policies import mcdm

Closest = Callable[[Any, Any, Any, mcdm.Weights], tuple[int, float]]
ClosestOffer = Callable[[Any, Any, Any, Any, Any, mcdm.Weights], tuple[int, float]]


@lru_cache(maxsize=1)
def compiled_closest() -> Closest | None:
    """The compiled function; None where numba is not installed."""
    return compiled(_closest)


@lru_cache(maxsize=1)
def compiled_closest_offer() -> ClosestOffer | None:
    """`mcdm.closest_offer`, compiled; None where numba is not installed."""
    return compiled(_closest_offer)


def _closest_offer(
    cost_usd: np.ndarray,
    reliability: np.ndarray,
    latency_s: np.ndarray,
    security: np.ndarray,
    eligible: np.ndarray,
    weights: mcdm.Weights,
) -> tuple[int, float]:
    worst, top = np.full(4, np.inf), np.full(4, -np.inf)
    values = np.empty(4)
    for i in range(len(eligible)):
        if eligible[i]:
            values[0], values[1] = -cost_usd[i], reliability[i]
            values[2], values[3] = -latency_s[i], security[i]
            for c in range(4):
                worst[c], top[c] = min(worst[c], values[c]), max(top[c], values[c])
    unit = np.zeros(4)
    for c in range(4):
        if top[c] > worst[c]:
            unit[c] = 1.0 / (top[c] - worst[c])
    best, score = -1, -1.0
    for i in range(len(eligible)):
        if eligible[i]:
            values[0], values[1] = -cost_usd[i], reliability[i]
            values[2], values[3] = -latency_s[i], security[i]
            to_best, to_worst = 0.0, 0.0
            for c in range(4):
                weight = weights[c] * weights[c]
                gap, other = (top[c] - values[c]) * unit[c], (values[c] - worst[c]) * unit[c]
                to_best += gap * gap * weight
                to_worst += other * other * weight
            to_best, to_worst = math.sqrt(to_best), math.sqrt(to_worst)
            total = to_best + to_worst
            closeness = to_worst / total if total > 0 else 0.5
            if closeness > score:
                best, score = i, closeness
    return best, score if best >= 0 else 0.5


def _closest(
    cost_usd: np.ndarray, index: np.ndarray, gaps: np.ndarray, weights: mcdm.Weights
) -> tuple[int, float]:
    alternatives = len(index)
    cheapest, dearest = cost_usd[index[0]], cost_usd[index[0]]
    for i in range(alternatives):
        cheapest = min(cheapest, cost_usd[index[i]])
        dearest = max(dearest, cost_usd[index[i]])
    unit = 1.0 / (dearest - cheapest) if dearest > cheapest else 0.0
    a, b, c, d = weights
    a, b, c, d = a * a, b * b, c * c, d * d
    best, score = 0, -1.0
    for i in range(alternatives):
        to_best = (cost_usd[index[i]] - cheapest) * unit
        to_worst = (dearest - cost_usd[index[i]]) * unit
        to_best = math.sqrt(to_best * to_best * a + gaps[1, 0, i] * b + gaps[2, 0, i] * c + gaps[3, 0, i] * d)
        to_worst = math.sqrt(
            to_worst * to_worst * a + gaps[1, 1, i] * b + gaps[2, 1, i] * c + gaps[3, 1, i] * d
        )
        total = to_best + to_worst
        closeness = to_worst / total if total > 0 else 0.5
        if closeness > score:
            best, score = i, closeness
    return best, score
