"""What a user writes about a policy that learns from outcomes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, PositiveShare, Share


class CostLearner(Model):
    """What the policies have in common that estimate costs in USD."""

    prior_weight: NonNegative = 1.0
    """Observations that it takes to weigh as much as what an offer says beforehand, or what is believed in
    its place; at 0 that counts only until there are any."""
    by_task_type: bool = True
    """Whether a contractor may turn out good at one type of task and bad at another; otherwise its tasks of
    all types count together."""
    pooled_weight: NonNegative = 4.0
    """Observations of the type at hand that it takes to weigh as much as the record on all types; no effect
    without `by_task_type`."""


class Greedy(CostLearner):
    """The lowest cost by what happened so far among home and the eligible offers; no exploration."""

    kind: Literal["greedy"]


class EpsilonGreedy(CostLearner):
    """As ``greedy``, but with probability `epsilon` a uniformly random eligible offer."""

    kind: Literal["epsilon_greedy"]
    epsilon: Share = 0.1
    """Probability of a random eligible offer instead of the best; 0 is ``greedy``."""
    epsilon_half_life_tasks: Positive | None = None
    """Decisions in which `epsilon` halves, again and again; left out, it stays as it is."""


class OptimisticGreedy(CostLearner):
    """As ``greedy``, but each contractor is taken to deliver good work at its price until shown otherwise.

    It draws no random number.
    """

    kind: Literal["optimistic_greedy"]


class WindowedGreedy(CostLearner):
    """As ``greedy``, by what came of the last decisions only; earlier ones are forgotten.

    Of whom these tell nothing, what the offer says counts again.
    """

    kind: Literal["windowed_greedy"]
    window_tasks: Annotated[int, Field(ge=1)] = 166
    """Decisions, of all clients and on all types together, that count; earlier ones do not."""


class AdaptiveThreshold(CostLearner):
    """The best offer by the estimates of ``greedy`` if it saves more than a threshold that adapts.

    The threshold is a share of the cost at home, within 0 and 1: it falls with savings and rises with losses.
    """

    kind: Literal["adaptive_threshold"]
    threshold: Share = 0.1
    """Share of the cost at home that an offer must save at first."""
    step: NonNegative = 0.05
    """How far the threshold falls with an outsourced task that saved all of the cost at home, in proportion
    for less, and rises with losses; 0 leaves it as it is."""
    recovery: Share = 0.02
    """Share of the way back to its start that the threshold goes with each task kept at home."""


class RewardLearner(Model):
    """What the policies have in common that learn rewards from 0 to 1.

    A reward is ``½ + saving against home / (2·scale_usd)``.
    """

    prior_weight: NonNegative = 0.0
    """Observations that it takes to weigh as much as what an offer says beforehand; at 0 outcomes alone
    count."""
    by_task_type: bool = False
    """Whether a contractor has a record for each type of task; otherwise one for all."""
    scale_usd: Positive | None = None
    """USD saved that make the best reward, 1; as much lost makes 0. Left out, it follows the tasks: the cost
    at home and at least twice the mean loss so far."""


class Ucb1(RewardLearner):
    """The highest ``mean reward + √(exploration·ln t/n)`` among home and the eligible offers.

    An alternative never tried comes first. A reward is ``½ + saving against home / (2·scale_usd)``, within 0
    and 1.
    """

    kind: Literal["ucb1"]
    exploration: Positive = 2.0
    """Weight of uncertainty: the more, the more often those are tried of whom little is known."""


class UcbV(RewardLearner):
    """The highest ``mean + √(2·V·ζ·ln t/n) + 3·c·ζ·ln t/n``, V the variance of the rewards.

    A reward is as in ``ucb1``.
    """

    kind: Literal["ucb_v"]
    exploration: Positive = 1.2
    """Weight ζ of uncertainty: the more, the more often those are tried of whom little is known."""
    bias: NonNegative = 1.0
    """Factor c of the term that does not depend on the variance; 0 leaves that out."""


class DiscountedUcb(RewardLearner):
    """As ``ucb1``, old decisions counting less and less: in the mean, n and t.

    A reward is as in ``ucb1``.
    """

    kind: Literal["discounted_ucb"]
    discount: PositiveShare = 0.992
    """What each decision, of any client and on any type, multiplies all earlier ones by (γ); 1 forgets
    nothing. Best is about ``1 − ¼·√(changes/tasks)``: 0.992 for 1,000 tasks with one change."""
    exploration: Positive = 2.0
    """Weight of uncertainty: the more, the more often those are tried of whom little is known."""


class SlidingWindowUcb(RewardLearner):
    """As ``ucb1``, by the last decisions only; whom they tell nothing of comes first again.

    A reward is as in ``ucb1``.
    """

    kind: Literal["sliding_window_ucb"]
    window_tasks: Annotated[int, Field(ge=1)] = 166
    """Decisions, of all clients and on all types together, that count; earlier ones do not. Best is about
    ``2·√(tasks·ln tasks/changes)``: 166 for 1,000 tasks with one change."""
    exploration: Positive = 0.5
    """Weight of uncertainty: the more, the more often those are tried of whom little is known."""


class Thompson(RewardLearner):
    """The highest of one draw each from Beta(1 + Σ reward, 1 + Σ (1 − reward)).

    A reward is as in ``ucb1``.
    """

    kind: Literal["thompson"]


class ThompsonGaussian(RewardLearner):
    """The highest of one draw each from N(mean reward, sd²/n).

    A reward is as in ``ucb1``.
    """

    kind: Literal["thompson_gaussian"]
    prior_weight: Positive = 1.0
    """Observations that it takes to weigh as much as what an offer says beforehand; they count in n."""
    sd: Positive = 0.5
    """Standard deviation of a single reward, without a unit; rewards from 0 to 1 have 0.5 at the most, and
    more tries more."""


class DiscountedThompson(RewardLearner):
    """As ``thompson``, old decisions counting less and less in both sums.

    A reward is as in ``ucb1``.
    """

    kind: Literal["discounted_thompson"]
    discount: PositiveShare = 0.992
    """What each decision, of any client and on any type, multiplies all earlier ones by (γ); 1 forgets
    nothing."""


class LinUcb(Model):
    """The offer with the highest ``xᵀθ + alpha·√(xᵀA⁻¹x)``, or home where none is above 0.

    x are features of task and offer, θ the ridge regression of rewards (as in ``ucb1``) on them, shared by
    all contractors.
    """

    kind: Literal["lin_ucb"]
    alpha: NonNegative = 1.0
    """Weight of uncertainty; 0 goes by the expected reward alone."""
    ridge: Positive = 1.0
    """Penalty on large coefficients: the more, the longer the model takes to believe its outcomes."""
    scale_usd: Positive | None = None
    """USD saved that make the best reward, 1; as much lost makes 0. Left out, it follows the tasks, as in
    ``ucb1``."""


class Exp3(Model):
    """A random alternative with probability ``(1 − γ)·w/Σw + γ/K`` by exponential weights w.

    They grow with rewards, which are as in ``ucb1``.
    """

    kind: Literal["exp3"]
    gamma: PositiveShare | None = None
    """Probability γ of a choice at random, all alternatives alike. Left out, it is the best for
    `horizon_tasks` decisions among K: ``min(1, √(K·ln K / ((e − 1)·horizon_tasks)))``."""
    horizon_tasks: Annotated[int, Field(ge=1)] = 1000
    """Decisions for which γ is made; no effect where `gamma` is stated."""
    by_task_type: bool = False
    """Whether there are weights for each type of task; otherwise one set for all."""
    scale_usd: Positive | None = None
    """USD saved that make the best reward, 1; as much lost makes 0. Left out, it follows the tasks, as in
    ``ucb1``."""


class BudgetedUcb(RewardLearner):
    """The highest optimistic saving per USD of price among offers that the budget still pays; else home."""

    kind: Literal["budgeted_ucb"]
    budget_usd: NonNegative | None = None
    """USD that all clients together may spend with contractors in a replication; left out, as much as they
    like."""
    pace_tasks: Annotated[int, Field(ge=1)] | None = None
    """Tasks over which `budget_usd` is spread: no more is spent than the share of them that has been decided
    on. Left out, all of it may go at once."""
    exploration: Positive = 2.0
    """Weight of uncertainty: the more, the more often those are tried of whom little is known."""

    @model_validator(mode="after")
    def _something_to_pace(self) -> Self:
        if self.pace_tasks is not None and self.budget_usd is None:
            raise ValueError(f"pace_tasks needs a budget_usd (got pace_tasks {self.pace_tasks})")
        return self
