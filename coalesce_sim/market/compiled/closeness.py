"""The offer that is closest to the ideal, compiled, each in one pass: `policies.mcdm` in the same words."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.policies.mcdm import FAR, Weights
from coalesce_sim.rounding import ROUNDING


@part
def closest_offer(
    cost_usd: FloatArray,
    reliability: FloatArray,
    latency_s: FloatArray,
    security: FloatArray,
    eligible: BoolArray,
    weights: Weights,
) -> tuple[int, float]:
    """`mcdm.closest_offer`."""
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


@part
def closest(cost_usd: FloatArray, index: IntArray, gaps: FloatArray, weights: Weights) -> tuple[int, float]:
    """`mcdm.closest`; `gaps` may have room for more."""
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
