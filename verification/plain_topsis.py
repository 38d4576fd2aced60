"""TOPSIS as the paper's decision engine has it, one offer and one criterion at a time.

With probability ε any offer at all; else the eligible offer that is closest to the best and farthest from the
worst that is offered in cost, reliability, latency and security, if its closeness and the confidence in past
decisions are high enough. Where asked for, offers above the task's budget are left out, and the winner must
be cheaper than home. `coalesce_sim.policies.topsis` plays the same in arrays.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import replace
from statistics import NormalDist
from typing import Any

from verification.plain_policies import Offer, Policy, Question, exceeds, first_least

CRITERIA = ("cost", "reliability", "latency", "security")
FAR = 1e200
"""The squared gap to the best of what is infinitely bad."""

Settings = dict[str, Any]


class Memory:
    """What decisions leave behind: the weights, and the last scores, 0 for a task that stayed at home."""

    def __init__(self, rules: Settings) -> None:
        self.rules = rules
        self.weights: list[float] = shares([rules["weights"][name] for name in CRITERIA])
        self.scores: deque[float] = deque(maxlen=rules["confidence"]["window"])
        self.decisions = 0

    def confidence(self) -> float:
        """Little where good scores and others are mixed; a constant before enough were seen."""
        rules, n = self.rules["confidence"], len(self.scores)
        if self.decisions < rules["warm_up"]:
            return float(rules["initial"])
        good: float = sum(score > rules["good_score"] for score in self.scores) / n
        return max(0.0, 1 - 1.96 * 2 * min(good, 1 - good) / math.sqrt(n))

    def remember(self, score: float, draws: list[float]) -> None:
        """Keep a score; after a low one the weights take a step of a random walk."""
        self.scores.append(score)
        self.decisions += 1
        drift = self.rules["drift"]
        if drift["step"] > 0 and self.decisions > 1 and score <= drift["up_to_score"]:
            length = drift["step"] * drift["sd"]
            steps = [length * NormalDist().inv_cdf(draw) for draw in draws]
            self.weights = shares([abs(w + step) for w, step in zip(self.weights, steps, strict=True)])


class Topsis(Policy):
    """All settings of the policy `topsis`."""

    def __init__(self, settings: Settings, luck: dict[str, int]) -> None:
        super().__init__(settings, luck)
        self.epsilon, half_life = settings["epsilon"], settings["epsilon_half_life_tasks"]
        self.decay = 1.0 if half_life is None else 0.5 ** (1 / half_life)
        self.memories: dict[int, Memory] = defaultdict(lambda: Memory(settings))

    def decide(self, asked: Question) -> Offer | None:
        explores = self.draw("exploration", asked) < self.epsilon and len(asked.offers) > 0
        self.epsilon *= self.decay
        if explores:
            picked = asked.offers[int(self.draw("exploration.pick", asked) * len(asked.offers))]
            held = self.settings["explored_too"] and not self.lets_pass(asked, picked)
            return None if held else replace(picked, explored=True)
        candidates = [offer for offer in asked.eligible if self.in_budget(asked, offer)]
        if not candidates:
            return None
        memory = self.memories[asked.task.client if self.settings["memory"] == "per_client" else 0]
        table = [[-o.external_usd, o.reliability, -o.latency_s, o.security] for o in candidates]
        scores = closeness(table, self.weights(asked, table, memory), self.settings["normalisation"])
        best = first_least([-score for score in scores])
        hires = (
            exceeds(scores[best], self.settings["outsource_above_score"])
            and exceeds(memory.confidence(), self.settings["outsource_above_confidence"])
            and self.is_cheaper(asked, candidates[best])
        )
        draws = [self.draw(f"weight drift.{name}", asked) for name in CRITERIA]
        memory.remember(scores[best] if hires else 0.0, draws)
        return candidates[best] if hires else None

    def lets_pass(self, asked: Question, offer: Offer) -> bool:
        return self.in_budget(asked, offer) and self.is_cheaper(asked, offer)

    def in_budget(self, asked: Question, offer: Offer) -> bool:
        budget_usd: float = asked.task.given["budget_usd"]
        return not (self.settings["within_budget"] and exceeds(offer.shown_usd, budget_usd))

    def is_cheaper(self, asked: Question, offer: Offer) -> bool:
        percent = self.settings["only_if_cheaper_percent"]
        return percent is None or exceeds((1 - percent / 100) * asked.home_usd, offer.external_usd)

    def weights(self, asked: Question, table: list[list[float]], memory: Memory) -> list[float]:
        """The remembered weights or those of the data, boosted where the task calls for it."""
        boosts, task, weights = self.settings["boosts"], asked.task, memory.weights
        if self.settings["weighting"] != "fixed":
            of_data = critic if self.settings["weighting"] == "critic" else entropy
            weights = of_data(table) or weights
        cost, reliability, latency, security = weights
        if task.given["budget_usd"] < boosts["cost_if_budget_share_below"] * task.given["value_usd"]:
            cost *= boosts["cost"]
        if task.max_latency_s < 60 * boosts["latency_if_max_min_below"]:
            latency *= boosts["latency"]
        if task.sensitive:
            security *= boosts["security_if_sensitive"]
        return shares([cost, reliability, latency, security])


def shares(weights: list[float]) -> list[float]:
    """Scaled to sum 1."""
    return [weight / sum(weights) for weight in weights]


def closeness(table: list[list[float]], weights: list[float], normalisation: str) -> list[float]:
    """``d⁻/(d⁺ + d⁻)`` of each row; in all columns larger is better. ½ where nothing tells them apart."""
    to_best, to_worst = [0.0] * len(table), [0.0] * len(table)
    for weight, column in zip(weights, zip(*table, strict=True), strict=True):
        for row, (best, worst) in enumerate(squared_gaps(list(column), normalisation)):
            to_best[row] += weight * weight * best
            to_worst[row] += weight * weight * worst
    roots = [(math.sqrt(best), math.sqrt(worst)) for best, worst in zip(to_best, to_worst, strict=True)]
    return [worst / (best + worst) if best + worst > 0 else 0.5 for best, worst in roots]


def squared_gaps(values: list[float], normalisation: str) -> list[tuple[float, float]]:
    """To the best and to the worst, in units of their range or of their norm; the infinitely bad aside."""
    finite = [value for value in values if value > -math.inf]
    best, worst = max(finite, default=0.0), min(finite, default=0.0)
    unit = best - worst if normalisation == "min_max" else math.sqrt(sum(value * value for value in finite))
    if not exceeds(best, worst):
        unit = math.inf
    return [
        (FAR, 0.0) if value == -math.inf else (((best - value) / unit) ** 2, ((value - worst) / unit) ** 2)
        for value in values
    ]


def critic(table: list[list[float]]) -> list[float] | None:
    """Weights by how much criteria differ and how little they agree; None where there is nothing to weigh."""
    units = in_units(table)
    if units is None:
        return None
    n = len(units[0])
    centred = [[value - sum(unit) / n for value in unit] for unit in units]
    sds = [math.sqrt(sum(value * value for value in unit) / (n - 1)) for unit in centred]
    weights = []
    for one, sd in zip(centred, sds, strict=True):
        conflict = 0.0
        for other, other_sd in zip(centred, sds, strict=True):
            covariance = sum(a * b for a, b in zip(one, other, strict=True)) / (n - 1)
            correlation = covariance / (sd * other_sd) if sd * other_sd > 0 else 0.0
            conflict += 1 - correlation if correlation < 1 - 1e-9 else 0.0
        weights.append(sd * conflict)
    return shares(weights) if sum(weights) > 0 else None


def entropy(table: list[list[float]]) -> list[float] | None:
    """Weights by how unevenly each criterion is shared out; None where there is nothing to weigh."""
    units = in_units(table)
    if units is None:
        return None
    weights = []
    for unit in units:
        parts = [value / sum(unit) for value in unit if value > 0]
        even = -sum(part * math.log(part) for part in parts) / math.log(len(unit))
        weights.append(max(0.0, 1 - even) if parts else 0.0)
    return shares(weights) if sum(weights) > 0 else None


def in_units(table: list[list[float]]) -> list[list[float]] | None:
    """Columns scaled to [0, 1], 0 where nothing differs; None where fewer than two rows are finite."""
    columns = [list(column) for column in zip(*(row for row in table if -math.inf not in row), strict=True)]
    if not columns or len(columns[0]) < 2:
        return None
    units = []
    for column in columns:
        best, worst = max(column), min(column)
        differs = exceeds(best, worst)
        units.append([(value - worst) / (best - worst) if differs else 0.0 for value in column])
    return units
