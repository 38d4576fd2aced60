"""Policies that choose the highest index of mean reward and uncertainty."""

from __future__ import annotations

from typing import Any, NamedTuple

from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.bandits.arms import ALL_TYPES, Alternatives, Arms, Roster
from coalesce_sim.policies.bandits.indices import ucb1, ucb_v
from coalesce_sim.policies.bandits.rewards import Rewards
from coalesce_sim.policies.protocol import Decision, Outcome, Policy, Surroundings, View
from coalesce_sim.rounding import exceeds, first_greatest
from coalesce_sim.scenario import learners


class Record(NamedTuple):
    """What is known of a task's alternatives, in rewards, one entry an alternative, home last.

    `row` is the row of the arms' record that counts, `expected` what the offers say.
    """

    view: View
    row: int
    alternatives: Alternatives
    expected: FloatArray
    observations: FloatArray
    mean: FloatArray


class RewardLearner(Policy):
    """Base of the policies that learn what reward each arm brings; home is an arm like the others.

    Rewards are as in `Rewards`. What an offer says (at home: to save nothing) counts as `prior_weight`
    observations. With `by_task_type` an arm has a record for each type of task, else one.
    """

    def __init__(self, rules: learners.RewardLearner) -> None:
        self._common = rules

    @property
    def rules(self) -> learners.RewardLearner:
        """The settings it goes by."""
        return self._common

    def start(self, surroundings: Surroundings) -> None:
        self._roster = Roster()
        self._arms = self._new_arms(len(surroundings.type_names), len(surroundings.contractor_names))
        self._rewards = Rewards(self._common.scale_usd)

    def decide(self, view: View) -> Decision:
        known = self._known(view)
        index = self._index(known)
        return self._take(view, known, first_greatest(index), index)

    def observe(self, outcome: Outcome) -> None:
        self._arms.learn(outcome, self._rewards.met(outcome))

    def _new_arms(self, types: int, contractors: int) -> Arms:
        return Arms(types, contractors)

    def _index(self, known: Record) -> FloatArray:
        """What to choose the highest of."""
        raise NotImplementedError

    def _known(self, view: View) -> Record:
        alternatives = self._roster.of(view)
        savings_usd = alternatives.values(view.internal_usd - view.external_usd, 0.0)
        expected = self._rewards.estimated(savings_usd, view.internal_usd)
        row = view.type_id if self._common.by_task_type else ALL_TYPES
        count, mean = self._arms.record(row, alternatives.arms, expected, self._common.prior_weight)
        return Record(view, row, alternatives, expected, count, mean)

    def _take(self, view: View, known: Record, chosen: int, index: FloatArray) -> Decision:
        alternatives = known.alternatives
        self._arms.expect(view, int(alternatives.arms[chosen]), float(known.expected[chosen]))
        reasons: dict[str, Any] | None = None
        if view.offers.explain:
            reasons = alternatives.reasons("mean_reward", known.mean)
            reasons |= alternatives.reasons("index", index)
        explored = exceeds(float(known.mean.max()), float(known.mean[chosen]))
        return Decision(alternatives.position(chosen), explored, reasons=reasons)


class Ucb1(RewardLearner):
    """The highest ``mean reward + √(exploration·ln t/n)``; an alternative never tried comes first.

    t counts the decisions (on the type, with `by_task_type`), n those for the arm. `exploration` = 2,
    `prior_weight` = 0, `by_task_type` = false.
    Source: Auer, Cesa-Bianchi and Fischer (2002), Machine Learning 47.
    """

    def __init__(self, rules: learners.Ucb1 | learners.DiscountedUcb | learners.SlidingWindowUcb) -> None:
        super().__init__(rules)
        self._exploration = rules.exploration

    def _index(self, known: Record) -> FloatArray:
        return ucb1(self._arms.plays(known.row), known.observations, known.mean, self._exploration)


class UcbV(RewardLearner):
    """The highest ``mean + √(2·V·ζ·ln t/n) + 3·c·ζ·ln t/n`` with V the variance of the arm's rewards.

    `exploration` ζ = 1.2, `bias` c = 1, `prior_weight` = 0, `by_task_type` = false.
    Source: Audibert, Munos and Szepesvári (2009), Theoretical Computer Science 410.
    """

    def __init__(self, rules: learners.UcbV) -> None:
        super().__init__(rules)
        self._exploration, self._bias = rules.exploration, rules.bias

    def _index(self, known: Record) -> FloatArray:
        variance = self._arms.variance(
            known.row, known.alternatives.arms, known.expected, self._common.prior_weight, known.mean
        )
        return ucb_v(
            self._arms.plays(known.row),
            known.observations,
            known.mean,
            variance,
            self._exploration,
            self._bias,
        )
