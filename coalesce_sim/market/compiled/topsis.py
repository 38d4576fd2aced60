"""What TOPSIS remembers and asks of the best offer, compiled, in the words of `policies.topsis`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn, normal
from coalesce_sim.rounding import ROUNDING


class Topsis:
    """The settings of TOPSIS, ε as it has decayed so far, and the states that draws begin at: whether and
    whom to explore, and the drift of the weights. `cheaper_factor` is NaN where cost against cost plays no
    part."""

    epsilon: float
    decay: float
    above_score: float
    above_confidence: float
    cheaper_factor: float
    within_budget: bool
    explored_too: bool
    explored_score: float
    explored_confidence: float
    boost_cost: float
    boost_cost_below: float
    boost_latency: float
    boost_latency_below_s: float
    boost_security: float
    initial_confidence: float
    warm_up: int
    window: int
    good_score: float
    drifts: bool
    drift: float
    drift_up_to_score: float
    exploration: np.uint64
    pick: np.uint64
    drift_cost: np.uint64
    drift_reliability: np.uint64
    drift_latency: np.uint64
    drift_security: np.uint64


class Memory(NamedTuple):
    """What past decisions leave behind, by memory: the weights, a ring of the last scores, and the counts of
    decisions and of good ones in the ring."""

    weights: FloatArray
    scores: FloatArray
    counts: IntArray


@part
def exceeds(one: float, other: float) -> bool:
    """`rounding.exceeds`."""
    return one > other + ROUNDING * abs(other)


@part
def explores(task: int, attempt: int, rules: Topsis) -> bool:
    """Whether a task goes to a contractor at random; ε decays."""
    epsilon = rules.epsilon
    rules.epsilon = epsilon * rules.decay
    return drawn(rules.exploration, task, attempt) < epsilon


@part
def boosted(
    m: int,
    budget_usd: float,
    value_usd: float,
    max_latency_s: float,
    sensitive: bool,
    rules: Topsis,
    memory: Memory,
) -> tuple[float, float, float, float]:
    """`Topsis._boosted`: the remembered weights, boosted where the task asks for it."""
    a, b, c, d = memory.weights[m, 0], memory.weights[m, 1], memory.weights[m, 2], memory.weights[m, 3]
    if budget_usd < rules.boost_cost_below * value_usd:
        a *= rules.boost_cost
    if max_latency_s < rules.boost_latency_below_s:
        c *= rules.boost_latency
    if sensitive:
        d *= rules.boost_security
    total = a + b + c + d
    return a / total, b / total, c / total, d / total


@part
def saves(internal_usd: float, external_usd: float, rules: Topsis) -> bool:
    """`Topsis._saves`: whether an offer is as much cheaper than home as is asked for."""
    return math.isnan(rules.cheaper_factor) or exceeds(rules.cheaper_factor * internal_usd, external_usd)


@part
def confidence_of(m: int, rules: Topsis, memory: Memory) -> float:
    """`Memory.confidence`."""
    if memory.counts[m, 0] < rules.warm_up:
        return rules.initial_confidence
    n = min(memory.counts[m, 0], rules.window)
    share = memory.counts[m, 1] / n
    minority = share if share < 0.5 else 1 - share
    confidence: float = max(0.0, 1 - 1.96 * 2 * minority / math.sqrt(n))
    return confidence


@part
def concluded(
    m: int,
    task: int,
    attempt: int,
    score: float,
    internal_usd: float,
    external_usd: float,
    rules: Topsis,
    memory: Memory,
) -> tuple[bool, float]:
    """`Topsis._concluded`: whether the best offer is taken, which is remembered, and the confidence."""
    confidence = confidence_of(m, rules, memory)
    outsourced = (
        exceeds(score, rules.above_score)
        and exceeds(confidence, rules.above_confidence)
        and saves(internal_usd, external_usd, rules)
    )
    _remember(m, task, attempt, score if outsourced else 0.0, rules, memory)
    return outsourced, confidence


@part
def _remember(m: int, task: int, attempt: int, score: float, rules: Topsis, memory: Memory) -> None:
    """`Memory.remember` and the drift of the weights after it."""
    place = memory.counts[m, 0] % rules.window
    if memory.counts[m, 0] >= rules.window and memory.scores[m, place] > rules.good_score:
        memory.counts[m, 1] -= 1
    memory.scores[m, place] = score
    memory.counts[m, 0] += 1
    if score > rules.good_score:
        memory.counts[m, 1] += 1
    if rules.drifts and memory.counts[m, 0] > 1 and score <= rules.drift_up_to_score:
        states = (rules.drift_cost, rules.drift_reliability, rules.drift_latency, rules.drift_security)
        total = 0.0
        for c in range(4):
            moved = abs(memory.weights[m, c] + rules.drift * normal(drawn(states[c], task, attempt)))
            memory.weights[m, c] = moved
            total += moved
        for c in range(4):
            memory.weights[m, c] /= total
