"""Policies that choose by estimated cost in USD.

What is learned of an arm is its *excess*: realised cost above the price in the offer, or at home above the
estimate. The price carries what is particular to a task (its size, its tokens); the excess is the fees, the
lateness and, above all, what bad work costs on average, which stays much the same from one task to the
next. It is an average in USD, so large losses count in full.
"""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.bandits.arms import ALL_TYPES, Alternatives, Arms, Roster
from coalesce_sim.policies.protocol import LOCAL, Decision, Outcome, Policy, Surroundings, View
from coalesce_sim.rounding import exceeds, first_least
from coalesce_sim.scenario import learners


class Greedy(Policy):
    """The lowest estimated cost among home and the eligible offers; of equals the first, home last.

    Estimate of an offer: price + mean excess, home: internal estimate + mean excess. The mean excess of an
    arm on a type of task is shrunk to its mean over all types (worth `pooled_weight` = 4 observations), and
    that to what the offer says (estimate − price; at home 0), worth `prior_weight` = 1. Without
    `by_task_type` only the mean over all types counts. No exploration.
    Source: the follow-the-leader rule; partial pooling as in Gelman and Hill (2007), chapter 12.
    """

    def __init__(self, rules: learners.CostLearner) -> None:
        self._rules = rules

    @property
    def rules(self) -> learners.CostLearner:
        """The settings it goes by."""
        return self._rules

    def start(self, surroundings: Surroundings) -> None:
        self._roster = Roster()
        self._arms = self._new_arms(len(surroundings.type_names), len(surroundings.contractor_names))
        self._reference_usd: dict[int, float] = {}

    def decide(self, view: View) -> Decision:
        alternatives = self._roster.of(view)
        estimates_usd = self._estimates_usd(view, alternatives)
        return self._take(view, alternatives, first_least(estimates_usd), estimates_usd)

    def observe(self, outcome: Outcome) -> None:
        reference_usd = self._reference_usd.pop(outcome.task, None)
        if reference_usd is not None:
            self._arms.learn(outcome, outcome.realised_usd - reference_usd)

    def _new_arms(self, types: int, contractors: int) -> Arms:
        return Arms(types, contractors)

    def _estimates_usd(self, view: View, alternatives: Alternatives) -> FloatArray:
        """Estimated cost of each alternative."""
        rules, arms = self._rules, alternatives.arms
        reference_usd = alternatives.values(view.price_usd, view.internal_usd)
        prior_usd = self._prior_usd(alternatives.values(view.external_usd, view.internal_usd) - reference_usd)
        if rules.by_task_type:
            excess_usd = self._arms.pooled_mean(
                view.type_id, arms, prior_usd, rules.prior_weight, rules.pooled_weight
            )
        else:
            _, excess_usd = self._arms.record(ALL_TYPES, arms, prior_usd, rules.prior_weight)
        return reference_usd + excess_usd

    def _prior_usd(self, expected_usd: FloatArray) -> FloatArray:
        """The excess that an arm nobody tried is taken to have; `expected_usd` is what the offers say."""
        return expected_usd

    def _take(
        self,
        view: View,
        alternatives: Alternatives,
        chosen: int,
        estimates_usd: FloatArray,
        explored: bool = False,
    ) -> Decision:
        position = alternatives.position(chosen)
        reference_usd, expected_usd = view.internal_usd, 0.0
        if position != LOCAL:
            reference_usd = float(view.price_usd[position])
            expected_usd = float(view.external_usd[position]) - reference_usd
        self._reference_usd[view.task] = reference_usd
        self._arms.expect(view, int(alternatives.arms[chosen]), expected_usd)
        reasons = alternatives.reasons("learned_estimate_usd", estimates_usd) if view.offers.explain else None
        return Decision(position, explored, reasons=reasons)


class EpsilonGreedy(Greedy):
    """As `Greedy`, but with probability ε a uniformly random eligible offer.

    `epsilon` = 0.1, constant, or halved every `epsilon_half_life_tasks` decisions; the other parameters are
    those of `Greedy`. Source: Sutton and Barto (2018), section 2.2.
    """

    def __init__(self, rules: learners.EpsilonGreedy) -> None:
        super().__init__(rules)
        self._first_epsilon = rules.epsilon
        half_life = rules.epsilon_half_life_tasks
        self._decay = 1.0 if half_life is None else 0.5 ** (1 / half_life)

    def start(self, surroundings: Surroundings) -> None:
        super().start(surroundings)
        self._epsilon = self._first_epsilon

    def decide(self, view: View) -> Decision:
        explores = view.draw("exploration") < self._epsilon
        self._epsilon *= self._decay
        alternatives = self._roster.of(view)
        estimates_usd = self._estimates_usd(view, alternatives)
        offers = len(alternatives.offers)
        if explores and offers:
            picked = int(view.draw("exploration.pick") * offers)
            return self._take(view, alternatives, picked, estimates_usd, True)
        return self._take(view, alternatives, first_least(estimates_usd), estimates_usd)


class OptimisticGreedy(Greedy):
    """As `Greedy`, but a contractor is taken to deliver good work at its price until shown otherwise.

    In place of what the offer says, the prior excess of an offer is the mean excess of good work so far, of
    all contractors together (0 before any), and never more than what the offer says. It is worth
    `prior_weight` = 1 observation; the other parameters are those of `Greedy`. So an untried contractor is
    tried when those tried have come to more than its price, the cheapest first: exploration without a
    random number, which ends by itself.
    Source: optimistic initial values, Sutton and Barto (2018), section 2.6.
    """

    def start(self, surroundings: Surroundings) -> None:
        super().start(surroundings)
        self._good, self._good_excess_usd = 0, 0.0

    def observe(self, outcome: Outcome) -> None:
        reference_usd = self._reference_usd.get(outcome.task)
        if reference_usd is not None and outcome.success and outcome.contractor != LOCAL:
            self._good += 1
            excess_usd = outcome.realised_usd - reference_usd
            self._good_excess_usd += (excess_usd - self._good_excess_usd) / self._good
        super().observe(outcome)

    def _prior_usd(self, expected_usd: FloatArray) -> FloatArray:
        prior_usd = np.minimum(expected_usd, self._good_excess_usd)
        prior_usd[-1] = expected_usd[-1]
        return prior_usd


class AdaptiveThreshold(Greedy):
    """The offer with the lowest estimate of `Greedy` iff it saves more than a threshold that adapts.

    Outsource iff home's estimate − the offer's > θ·internal estimate, with θ = `threshold` = 0.1 at first.
    An outsourced task that in the end saved the share s of its internal estimate (within −1 and 1) sets θ ←
    clip(θ − `step`·s, 0, 1), with `step` = 0.05: up after a loss, down after a gain. A task kept at home
    sets θ ← θ + `recovery`·(`threshold` − θ), with `recovery` = 0.02, so that no run of losses closes the
    market for good. The other parameters are those of `Greedy`.
    Source: our own rule for the paper's "adaptive thresholds"; the paper states none.
    """

    def __init__(self, rules: learners.AdaptiveThreshold) -> None:
        super().__init__(rules)
        self._first_threshold, self._step, self._recovery = rules.threshold, rules.step, rules.recovery

    def start(self, surroundings: Surroundings) -> None:
        super().start(surroundings)
        self.threshold = self._first_threshold

    def decide(self, view: View) -> Decision:
        alternatives = self._roster.of(view)
        estimates_usd = self._estimates_usd(view, alternatives)
        home = len(alternatives.offers)
        best = first_least(estimates_usd[:home]) if home else home
        least_usd = float(estimates_usd[best]) + self.threshold * view.internal_usd
        if best != home and exceeds(float(estimates_usd[home]), least_usd):
            return self._take(view, alternatives, best, estimates_usd)
        self.threshold += self._recovery * (self._first_threshold - self.threshold)
        return self._take(view, alternatives, home, estimates_usd)

    def observe(self, outcome: Outcome) -> None:
        super().observe(outcome)
        if outcome.contractor != LOCAL and outcome.internal_usd > 0:
            saved = 1 - outcome.realised_usd / outcome.internal_usd
            self.threshold = min(max(self.threshold - self._step * max(saved, -1.0), 0.0), 1.0)
