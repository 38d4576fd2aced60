"""TOPSIS with ε-greedy exploration and a decision memory: the paper's decision engine."""

from __future__ import annotations

import copy
import math
from collections import deque
from typing import Any

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.luck import normal
from coalesce_sim.policies.mcdm import (
    CRITERIA,
    Weights,
    closeness,
    closest,
    closest_offer,
    critic_weights,
    entropy_weights,
    normalised,
    squared_gaps,
    weighted_distances,
    weighted_matrix,
)
from coalesce_sim.policies.protocol import LOCAL, Decision, Offers, Policy, Surroundings, View
from coalesce_sim.rounding import exceeds, first_greatest
from coalesce_sim.scenario import policy as settings


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
        minority = share if share < 0.5 else 1 - share
        return max(0.0, 1 - 1.96 * 2 * minority / math.sqrt(n))


class Topsis(Policy):
    """Outsource to the closest to the ideal if its score and the confidence are high enough.

    With probability ε the task goes to a uniformly random contractor instead, whatever its skills, and the
    memory is not touched; ε is constant, or halves every `epsilon_half_life_tasks` decisions. Where asked
    for, the best offer must be cheaper than home, too, and offers above the task's budget are left out.
    All parameters and defaults: `coalesce_sim.scenario.policy.Topsis`.
    Source: arXiv 2506.01900, decision engine.
    """

    def __init__(self, rules: settings.Topsis) -> None:
        self._rules = rules
        half_life = rules.epsilon_half_life_tasks
        self._decay = 1.0 if half_life is None else 0.5 ** (1 / half_life)

    @property
    def rules(self) -> settings.Topsis:
        """The settings it goes by."""
        return self._rules

    def under(self, **changes: Any) -> Topsis:
        """A copy that remembers the same and goes by other thresholds."""
        other = copy.deepcopy(self)
        other._rules = self._rules.model_copy(update=changes)
        return other

    def start(self, surroundings: Surroundings) -> None:
        initial = normalised(self._rules.weights.as_tuple())
        shared = self._rules.memory == "shared"
        memories = [
            Memory(initial, self._rules.confidence.window)
            for _ in range(1 if shared else surroundings.clients)
        ]
        self._memories = memories * surroundings.clients if shared else memories
        self._epsilon = self._rules.epsilon
        self._plain = self._rules.normalisation == "min_max"
        self._quick = self._plain and self._rules.weighting == "fixed"
        self._offers: Offers | None = None
        self._candidates: dict[int, _Candidates] = {}

    def decide(self, view: View) -> Decision:
        offers = view.offers
        draw = view.draw("exploration")
        epsilon, self._epsilon = self._epsilon, self._epsilon * self._decay
        if draw < epsilon and view.contractors:
            return self._explored(view, draw)
        if self._quick and offers.now_s is not None and not offers.explain:
            return self._decide_at_once(view)
        if offers is not self._offers:
            self._look_at(offers)
        candidates = self._candidates_for(view)
        if not candidates.count:
            return Decision(LOCAL, reasons=self._nobody(view, candidates, draw) if offers.explain else None)
        memory = self._memories[view.client]
        weights = self._weights(view, candidates, memory.weights)
        best, score, reasons = self._closest(view, candidates, weights)
        if reasons is not None:
            reasons["exploration_draw"] = draw
        return self._concluded(view, memory, candidates.contractors[best], score, reasons)

    def _explored(self, view: View, draw: float) -> Decision:
        """A random choice or, where the rules hold for it too and do not let it pass, home."""
        rules = self._rules
        contractor = int(view.draw("exploration.pick") * view.contractors)
        reasons: dict[str, Any] | None = {"exploration_draw": draw} if view.offers.explain else None
        if rules.explored_too and not (self._affordable(view)[contractor] and self._saves(view, contractor)):
            if reasons is not None:
                reasons["not_explored"] = contractor
            return Decision(LOCAL, reasons=reasons)
        return Decision(contractor, True, rules.explored_score, rules.explored_confidence, reasons)

    def _decide_at_once(self, view: View) -> Decision:
        """The same for offers made for one task only, of which nothing is worth keeping."""
        offers = view.offers
        eligible = offers.eligible[0]
        if self._rules.within_budget:
            eligible = eligible & self._affordable(view)
        memory = self._memories[offers.client[0]]
        best, score = closest_offer(
            offers.external_usd[0],
            offers.reliability,
            offers.latency_s[0],
            offers.security,
            eligible,
            self._boosted(offers, offers.first, memory.weights),
        )
        return Decision(LOCAL) if best == LOCAL else self._concluded(view, memory, best, score, None)

    def _concluded(
        self, view: View, memory: Memory, best: int, score: float, reasons: dict[str, Any] | None
    ) -> Decision:
        """Steps 6 to 8: outsource if score and confidence are high enough and it saves, and remember it."""
        rules = self._rules
        confidence = memory.confidence(rules.confidence)
        outsourced = (
            exceeds(score, rules.outsource_above_score)
            and exceeds(confidence, rules.outsource_above_confidence)
            and self._saves(view, best)
        )
        self._learn(view, memory, score if outsourced else 0.0)
        return Decision(best if outsourced else LOCAL, False, score, confidence, reasons)

    def _saves(self, view: View, position: int) -> bool:
        """Whether an offer is as much cheaper than home as is asked for."""
        percent = self._rules.only_if_cheaper_percent
        if percent is None:
            return True
        return exceeds((1 - percent / 100) * view.internal_usd, float(view.external_usd[position]))

    def _affordable(self, view: View) -> BoolArray:
        """Which offers ask for no more than the task's budget, where it is a limit."""
        budget_usd = float(view.fact("budget_usd")) if self._rules.within_budget else math.inf
        return ~exceeds(view.price_usd, budget_usd)

    def _candidates_for(self, view: View) -> _Candidates:
        """Those for a type of task, kept; without the ones that its budget leaves out, made for this task."""
        type_id, normalisation = view.type_id, self._rules.normalisation
        kept = self._candidates.get(type_id)
        if kept is None:
            kept = self._candidates[type_id] = _Candidates(view, view.eligible, normalisation)
        if self._rules.within_budget:
            affordable = self._affordable(view)
            if not affordable[kept.index].all():
                return _Candidates(view, view.eligible & affordable, normalisation)
        return kept

    def _nobody(self, view: View, candidates: _Candidates, draw: float) -> dict[str, Any]:
        """The reasons where there is no candidate."""
        weights = self._weights(view, candidates, self._memories[view.client].weights)
        nothing = np.zeros(0)
        return {"exploration_draw": draw} | self._reasons(
            view, candidates, weights, np.zeros((2, 0)), nothing
        )

    def _look_at(self, offers: Offers) -> None:
        """Keep what is known of the candidates for as long as the market shows the same facts."""
        seen = self._offers
        if seen is None or not (
            offers.latency_s is seen.latency_s
            and offers.eligible is seen.eligible
            and offers.reliability is seen.reliability
            and offers.security is seen.security
        ):
            self._candidates = {}
        self._offers = offers

    def _closest(
        self, view: View, candidates: _Candidates, weights: Weights
    ) -> tuple[int, float, dict[str, Any] | None]:
        """Position among the candidates of the best one, its closeness, and the reasons where wanted."""
        offers, normalisation = view.offers, self._rules.normalisation
        if self._plain and not (offers.explain or candidates.latency_varies):
            external_usd = offers.external_usd[view.row]
            return *closest(external_usd, candidates.index, candidates.gaps, weights), None
        distances = weighted_distances(candidates.gaps_of(view, normalisation), weights)
        scores = closeness(distances)
        best = first_greatest(scores)
        reasons = self._reasons(view, candidates, weights, distances, scores) if offers.explain else None
        return best, float(scores[best]), reasons

    def _reasons(
        self,
        view: View,
        candidates: _Candidates,
        weights: Weights,
        distances: FloatArray,
        scores: FloatArray,
    ) -> dict[str, Any]:
        """The weights and, an entry an offer, the weighted normalised matrix and what follows from it."""
        matrix = weighted_matrix(candidates.criteria(view), self._rules.normalisation, weights)
        rows = {f"weighted_{name}": row for name, row in zip(CRITERIA, matrix, strict=True)}
        rows |= {"distance_to_best": distances[0], "distance_to_worst": distances[1], "closeness": scores}
        budget = {"within_budget": self._affordable(view)} if self._rules.within_budget else {}
        weighed = {"weights": dict(zip(CRITERIA, weights, strict=True))}
        return weighed | budget | {name: candidates.spread(view, row) for name, row in rows.items()}

    def _weights(self, view: View, candidates: _Candidates, remembered: Weights) -> Weights:
        """The weights for one task: remembered or of the data, boosted where the task asks, normalised."""
        if self._rules.weighting != "fixed":
            of_data = critic_weights if self._rules.weighting == "critic" else entropy_weights
            remembered = of_data(candidates.criteria(view)) or remembered
        return self._boosted(view.offers, view.offers.first + view.row, remembered)

    def _boosted(self, offers: Offers, task: int, remembered: Weights) -> Weights:
        boosts, tasks = self._rules.boosts, offers.tasks
        cost, reliability, latency, security = remembered
        if tasks.budget_usd[task] < boosts.cost_if_budget_share_below * tasks.value_usd[task]:
            cost *= boosts.cost
        if tasks.max_latency_s[task] < boosts.latency_if_max_min_below * 60:
            latency *= boosts.latency
        if tasks.sensitive[task]:
            security *= boosts.security_if_sensitive
        return normalised((cost, reliability, latency, security))

    def _learn(self, view: View, memory: Memory, score: float) -> None:
        memory.remember(score, self._rules.confidence.good_score)
        drift = self._rules.drift
        if drift.step > 0 and memory.decisions > 1 and score <= drift.up_to_score:
            scale = drift.step * drift.sd
            a, b, c, d = (
                abs(weight + scale * normal(view.draw(f"weight drift.{criterion}")))
                for criterion, weight in zip(CRITERIA, memory.weights, strict=True)
            )
            memory.weights = normalised((a, b, c, d))


class _Candidates:
    """The contractors that are scored, with the gaps that do not change from task to task of a type."""

    __slots__ = ("contractors", "count", "gaps", "index", "latency_varies")

    def __init__(self, view: View, which: BoolArray, normalisation: str) -> None:
        self.index = np.flatnonzero(which)
        self.contractors: list[int] = self.index.tolist()
        self.count = len(self.contractors)
        self.latency_varies = len(view.offers.latency_s) > 1
        self.gaps = np.zeros((4, 2, self.count))
        if self.count:
            squared_gaps(view.reliability[self.index], normalisation, self.gaps[1])
            squared_gaps(-view.latency_s[self.index], normalisation, self.gaps[2])
            squared_gaps(view.security[self.index], normalisation, self.gaps[3])

    def gaps_of(self, view: View, normalisation: str) -> FloatArray:
        """Squared gaps of all four criteria for one task, (4, 2, candidates); good until the next call."""
        squared_gaps(-view.external_usd[self.index], normalisation, self.gaps[0])
        if self.latency_varies:
            squared_gaps(-view.latency_s[self.index], normalisation, self.gaps[2])
        return self.gaps

    def criteria(self, view: View) -> FloatArray:
        """The four criteria of `CRITERIA`, larger always better, (4, candidates)."""
        table = (-view.external_usd, view.reliability, -view.latency_s, view.security)
        return np.stack([values[self.index] for values in table])

    def spread(self, view: View, values: FloatArray) -> FloatArray:
        """Figures of the candidates with one entry an offer, NaN for the others."""
        whole = np.full(view.contractors, np.nan)
        whole[self.index] = values
        return whole
