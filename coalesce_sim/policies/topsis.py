"""TOPSIS with ε-greedy exploration and a decision memory: the paper's decision engine."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from coalesce_sim.policies.protocol import LOCAL, Decision, Offers, Policy, Surroundings, View
from coalesce_sim.scenario import policy as settings
from coalesce_sim.scenario.distributions import FloatArray

CRITERIA = ("cost", "reliability", "latency", "security")
Weights = tuple[float, float, float, float]


def normalised(weights: Weights) -> Weights:
    """The weights scaled to sum 1."""
    total = sum(weights)
    a, b, c, d = weights
    return (a / total, b / total, c / total, d / total)


def squared_gaps(values: FloatArray, normalisation: str, out: FloatArray | None = None) -> FloatArray:
    """Squared distance of each alternative to the best and to the worst of one criterion, (2, alternatives).

    Larger values are better. ``min_max`` divides by the range, ``vector`` by the Euclidean norm; a criterion
    that is constant separates nobody: its gaps are 0. A weight w multiplies the result by w².
    """
    gaps = np.empty((2, len(values))) if out is None else out
    worst, best = np.minimum.reduce(values), np.maximum.reduce(values)
    if not best > worst:
        gaps.fill(0.0)
        return gaps
    scale = best - worst if normalisation == "min_max" else math.sqrt(np.add.reduce(values * values))
    np.subtract(best, values, gaps[0])
    np.subtract(values, worst, gaps[1])
    np.multiply(gaps, 1.0 / scale, gaps)
    return np.multiply(gaps, gaps, gaps)


def closeness(squared_distances: FloatArray) -> FloatArray:
    """``d⁻/(d⁺ + d⁻)`` from the weighted squared distances to best and worst (2, alternatives).

    Both distances of an alternative are 0 only if no weighted criterion varies, and then for all
    alternatives: every closeness is 0.5.
    """
    to_best, to_worst = np.sqrt(squared_distances)
    total = to_best + to_worst
    if total[0] > 0:
        return to_worst / total  # type: ignore[no-any-return]
    return np.full(len(total), 0.5)


def critic_weights(criteria: FloatArray) -> Weights | None:
    """CRITIC weights from (4, alternatives): contrast ``sd`` times conflict ``Σ(1 − correlation)``.

    A constant criterion has no contrast and weighs 0. None where nothing differs.
    Source: Diakoulaki et al. (1995), Computers & Operations Research 22(7).
    """
    span = np.ptp(criteria, axis=1, keepdims=True)
    if criteria.shape[1] < 2 or not (span > 0).any():
        return None
    unit = (criteria - criteria.min(axis=1, keepdims=True)) / np.where(span > 0, span, 1.0)
    sd = unit.std(axis=1, ddof=1)
    centred = unit - unit.mean(axis=1, keepdims=True)
    covariance = (centred[:, None, :] * centred[None, :, :]).sum(axis=2) / (unit.shape[1] - 1)
    norm = sd[:, None] * sd[None, :]
    correlation = np.where(norm > 0, covariance / np.where(norm > 0, norm, 1.0), 0.0)
    conflict = (1 - correlation).sum(axis=1)
    information = [float(value) for value in sd * conflict]
    if sum(information) <= 0:
        return None
    a, b, c, d = information
    return normalised((a, b, c, d))


class Memory:
    """What past decisions leave behind: the current weights and the last scores."""

    __slots__ = ("decisions", "good", "scores", "weights")

    def __init__(self, weights: Weights, window: int) -> None:
        self.weights = weights
        self.scores: deque[float] = deque(maxlen=window)
        self.decisions = 0
        self.good = 0

    def remember(self, score: float, good_score: float) -> None:
        """Append a score; `good` counts those above `good_score` in the window."""
        if len(self.scores) == self.scores.maxlen and self.scores[0] > good_score:
            self.good -= 1
        self.scores.append(score)
        self.decisions += 1
        if score > good_score:
            self.good += 1

    def confidence(self, rule: settings.Confidence) -> float:
        """Published decision, step 6."""
        if self.decisions < rule.warm_up:
            return rule.initial
        n = len(self.scores)
        share = self.good / n
        return min(1.0, max(0.0, 1 - 1.96 * 2 * min(share, 1 - share) / math.sqrt(n)))


class Topsis(Policy):
    """Outsource to the closest to the ideal if its score and the confidence are high enough.

    With probability ε the task goes to a uniformly random contractor instead, whatever its skills, and the
    memory is not touched. All parameters and defaults: `coalesce_sim.scenario.policy.Topsis`.
    Source: arXiv 2506.01900, decision engine.
    """

    def __init__(self, rules: settings.Topsis) -> None:
        self._rules = rules

    def start(self, surroundings: Surroundings) -> None:
        explore, pick = surroundings.stream("exploration"), surroundings.stream("exploration.pick")
        drift = surroundings.stream("weight drift")
        self._explore = _blocks(lambda: explore.random(1024).tolist())
        self._pick = _blocks(lambda: pick.random(256).tolist())
        self._drift = _blocks(lambda: drift.standard_normal((256, 4)).tolist())
        initial = normalised(self._rules.weights.as_tuple())
        shared = self._rules.memory == "shared"
        memories = [
            Memory(initial, self._rules.confidence.window)
            for _ in range(1 if shared else surroundings.clients)
        ]
        self._memories = memories * surroundings.clients if shared else memories
        self._squared_weights = np.empty((4, 1, 1))
        self._squared_weights_flat = self._squared_weights.reshape(4)
        self._offers: Offers | None = None
        self._facts: tuple[object, ...] = (None,) * 4
        self._candidates: dict[int, _Candidates] = {}

    def decide(self, view: View) -> Decision:
        rules, offers, row = self._rules, view.offers, view.row
        if next(self._explore) < rules.epsilon:
            contractor = int(next(self._pick) * view.contractors)
            return Decision(contractor, True, rules.explored_score, rules.explored_confidence)
        if offers is not self._offers:
            self._look_at(offers)
        candidates = self._candidates.get(offers.type_id[row])
        if candidates is None:
            candidates = self._candidates[offers.type_id[row]] = _Candidates(view, rules.normalisation)
        if not candidates.count:
            return Decision(LOCAL)
        memory = self._memories[offers.client[row]]
        gaps = candidates.gaps_of(view, rules.normalisation)
        weights = self._weights(view, candidates, memory.weights)
        for criterion, weight in enumerate(weights):
            self._squared_weights_flat[criterion] = weight * weight
        squared_distances = np.add.reduce(np.multiply(gaps, self._squared_weights))
        scores = closeness(squared_distances)
        best = int(scores.argmax())
        score = float(scores[best])
        confidence = memory.confidence(rules.confidence)
        outsourced = score > rules.outsource_above_score and confidence > rules.outsource_above_confidence
        decision = Decision(int(candidates.index[best]) if outsourced else LOCAL, False, score, confidence)
        if offers.explain:
            decision.reasons = _reasons(view, candidates, weights, np.sqrt(squared_distances), scores)
        self._learn(memory, score if outsourced else 0.0)
        return decision

    def _look_at(self, offers: Offers) -> None:
        """Keep what is known of the candidates for as long as the market shows the same facts."""
        facts = (offers.eligible, offers.reliability, offers.security, offers.latency_s)
        if any(new is not old for new, old in zip(facts, self._facts, strict=True)):
            self._candidates = {}
        self._facts = facts
        self._offers = offers

    def _weights(self, view: View, candidates: _Candidates, remembered: Weights) -> Weights:
        """The weights for one task: remembered or CRITIC, boosted where the task calls for it, normalised."""
        boosts = self._rules.boosts
        if self._rules.weighting == "critic":
            remembered = critic_weights(candidates.criteria(view)) or remembered
        cost, reliability, latency, security = remembered
        tasks, task = view.offers.tasks, view.offers.first + view.row
        if tasks.budget_usd[task] < boosts.cost_if_budget_share_below * tasks.value_usd[task]:
            cost *= boosts.cost
        if tasks.max_latency_s[task] < boosts.latency_if_max_min_below * 60:
            latency *= boosts.latency
        if tasks.sensitive[task]:
            security *= boosts.security_if_sensitive
        return normalised((cost, reliability, latency, security))

    def _learn(self, memory: Memory, score: float) -> None:
        memory.remember(score, self._rules.confidence.good_score)
        drift = self._rules.drift
        if drift.step > 0 and memory.decisions > 1 and score <= drift.up_to_score:
            scale = drift.step * drift.sd
            a, b, c, d = memory.weights
            w, x, y, z = next(self._drift)
            memory.weights = normalised(
                (abs(a + scale * w), abs(b + scale * x), abs(c + scale * y), abs(d + scale * z))
            )


class _Candidates:
    """The eligible contractors for one type of task, with the gaps that do not change from task to task."""

    __slots__ = ("_cost_gaps", "_latency_gaps", "count", "gaps", "index")

    def __init__(self, view: View, normalisation: str) -> None:
        self.index = np.flatnonzero(view.eligible)
        self.count = len(self.index)
        self.gaps = np.zeros((4, 2, self.count))
        self._cost_gaps = self.gaps[0]
        self._latency_gaps = self.gaps[2] if len(view.offers.latency_s) > 1 else None
        if self.count:
            squared_gaps(view.reliability[self.index], normalisation, self.gaps[1])
            squared_gaps(-view.latency_s[self.index], normalisation, self.gaps[2])
            squared_gaps(view.security[self.index], normalisation, self.gaps[3])

    def gaps_of(self, view: View, normalisation: str) -> FloatArray:
        """The squared gaps for one task, (4, 2, candidates); good until the next call."""
        squared_gaps(np.negative(view.external_usd.take(self.index)), normalisation, self._cost_gaps)
        if self._latency_gaps is not None:
            squared_gaps(-view.latency_s[self.index], normalisation, self._latency_gaps)
        return self.gaps

    def criteria(self, view: View) -> FloatArray:
        """The four criteria of `CRITERIA`, larger always better, (4, candidates)."""
        table = (-view.external_usd, view.reliability, -view.latency_s, view.security)
        return np.stack([values[self.index] for values in table])


def _blocks(draw: Callable[[], list[Any]]) -> Iterator[Any]:
    """Draws one at a time, taken from the generator many at a time."""
    while True:
        yield from draw()


def _reasons(
    view: View, candidates: _Candidates, weights: Weights, distances: FloatArray, scores: FloatArray
) -> dict[str, Any]:
    def for_all(values: FloatArray) -> FloatArray:
        spread = np.full(view.contractors, np.nan)
        spread[candidates.index] = values
        return spread

    return {
        "weights": dict(zip(CRITERIA, weights, strict=True)),
        "distance_to_best": for_all(distances[0]),
        "distance_to_worst": for_all(distances[1]),
        "closeness": for_all(scores),
    }
