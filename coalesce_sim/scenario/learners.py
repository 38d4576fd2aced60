"""What a user writes about a policy that learns from outcomes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive
from coalesce_sim.scenario.pool import Share


class CostLearner(Model):
    """What the policies have in common that estimate costs in USD.

    What an offer says beforehand counts as `prior_weight` observations. With `by_task_type`, what a
    contractor did on tasks of all types counts as `pooled_weight` observations of the type at hand;
    without, it is all that counts.
    """

    prior_weight: NonNegative = 1.0
    by_task_type: bool = True
    pooled_weight: NonNegative = 4.0


class Greedy(CostLearner):
    """The lowest cost by what happened so far among home and the eligible offers; no exploration.

    What an offer estimates counts as `prior_weight` observations. With `by_task_type`, what a contractor
    did on tasks of all types counts as `pooled_weight` observations of the type at hand; without, it is all
    that counts.
    """

    kind: Literal["greedy"]


class EpsilonGreedy(CostLearner):
    """As ``greedy``, but with probability `epsilon` a uniformly random eligible offer.

    `epsilon` halves every `epsilon_half_life_tasks` decisions; left out, it stays as it is.
    """

    kind: Literal["epsilon_greedy"]
    epsilon: Share = 0.1
    epsilon_half_life_tasks: Positive | None = None


class OptimisticGreedy(CostLearner):
    """As ``greedy``, but each contractor is taken to deliver good work at its price until shown otherwise.

    That belief counts as `prior_weight` observations; the rest is as in ``greedy``. It draws no random
    number.
    """

    kind: Literal["optimistic_greedy"]


class AdaptiveThreshold(CostLearner):
    """The best offer by the estimates of ``greedy`` if it saves more than a threshold that adapts.

    The threshold is a share of the cost at home. It starts at `threshold`; an outsourced task that saved the
    share s (−1 at the least) moves it by −`step`·s, within 0 and 1; a task kept at home moves it back
    towards its start by the share `recovery` of the difference.
    """

    kind: Literal["adaptive_threshold"]
    threshold: Share = 0.1
    step: NonNegative = 0.05
    recovery: Share = 0.02


class RewardLearner(Model):
    """What the policies have in common that learn rewards from 0 to 1.

    A reward is ``½ + saving against home / (2·scale_usd)``. `scale_usd` left out follows the tasks: the
    cost at home and at least twice the mean loss so far. What an offer estimates counts as `prior_weight`
    observations. With `by_task_type` a contractor has a record for each type of task.
    """

    prior_weight: NonNegative = 0.0
    by_task_type: bool = False
    scale_usd: Positive | None = None


class Ucb1(RewardLearner):
    """The highest ``mean reward + √(exploration·ln t/n)`` among home and the eligible offers.

    An alternative never tried comes first. A reward is ``½ + saving against home / (2·scale_usd)``, within
    0 and 1. `scale_usd` left out follows the tasks: the cost at home and at least twice the mean loss so
    far. What an offer estimates counts as `prior_weight` observations. With `by_task_type` a contractor has
    a record for each type of task.
    """

    kind: Literal["ucb1"]
    exploration: Positive = 2.0


class UcbV(RewardLearner):
    """The highest ``mean + √(2·V·ζ·ln t/n) + 3·c·ζ·ln t/n``, V the variance of the rewards, ζ `exploration`,
    c `bias`. The other fields are as in ``ucb1``."""

    kind: Literal["ucb_v"]
    exploration: Positive = 1.2
    bias: NonNegative = 1.0


class Thompson(RewardLearner):
    """The highest of one draw each from Beta(1 + Σ reward, 1 + Σ (1 − reward)). Fields as in ``ucb1``."""

    kind: Literal["thompson"]


class ThompsonGaussian(RewardLearner):
    """The highest of one draw each from N(mean reward, sd²/n), where n counts the estimate in the offer as
    `prior_weight` observations. The other fields are as in ``ucb1``."""

    kind: Literal["thompson_gaussian"]
    prior_weight: Positive = 1.0
    sd: Positive = 0.5


class LinUcb(Model):
    """The offer with the highest ``xᵀθ + alpha·√(xᵀA⁻¹x)``, or home where none is above 0.

    x are features of task and offer, θ the ridge regression (penalty `ridge`) of rewards on them, shared by
    all contractors. `scale_usd` is as in ``ucb1``.
    """

    kind: Literal["lin_ucb"]
    alpha: NonNegative = 1.0
    ridge: Positive = 1.0
    scale_usd: Positive | None = None


class Exp3(Model):
    """A random alternative with probability ``(1 − γ)·w/Σw + γ/K`` by exponential weights w.

    `gamma` left out is the one that is best for `horizon_tasks` decisions among K alternatives:
    ``min(1, √(K·ln K / ((e − 1)·horizon_tasks)))``. With `by_task_type` there are weights for each type of
    task. `scale_usd` is as in ``ucb1``.
    """

    kind: Literal["exp3"]
    gamma: Annotated[float, Field(gt=0, le=1)] | None = None
    horizon_tasks: Annotated[int, Field(ge=1)] = 1000
    by_task_type: bool = False
    scale_usd: Positive | None = None


class BudgetedUcb(RewardLearner):
    """The highest optimistic saving per USD of price among the offers that the budget still pays; else home.

    `budget_usd` is what all clients together may spend with contractors, without limit where left out; with
    `pace_tasks` no more of it than the share of that many tasks that has arrived. `exploration` and the other
    fields are as in ``ucb1``.
    """

    kind: Literal["budgeted_ucb"]
    budget_usd: NonNegative | None = None
    pace_tasks: Annotated[int, Field(ge=1)] | None = None
    exploration: Positive = 2.0

    @model_validator(mode="after")
    def _something_to_pace(self) -> Self:
        if self.pace_tasks is not None and self.budget_usd is None:
            raise ValueError(f"pace_tasks needs a budget_usd (got pace_tasks {self.pace_tasks})")
        return self
