"""What a user writes about the policy that decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive
from coalesce_sim.scenario.learners import (
    AdaptiveThreshold,
    BudgetedUcb,
    EpsilonGreedy,
    Exp3,
    Greedy,
    LinUcb,
    OptimisticGreedy,
    Thompson,
    ThompsonGaussian,
    Ucb1,
    UcbV,
)
from coalesce_sim.scenario.mechanisms import PostedPrice, ScoreAuction, Vickrey
from coalesce_sim.scenario.pool import Share


class Weights(Model):
    """TOPSIS weights of the four criteria; normalised to sum 1 before use."""

    cost: NonNegative
    reliability: NonNegative
    latency: NonNegative
    security: NonNegative

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if sum(self.as_tuple()) <= 0:
            raise ValueError("the weights must not all be 0")
        return self

    def as_tuple(self) -> tuple[float, float, float, float]:
        """In the order cost, reliability, latency, security."""
        return (self.cost, self.reliability, self.latency, self.security)


class Boosts(Model):
    """Factors on single weights for tasks that call for it (published decision, step 4)."""

    cost: NonNegative = 1.0
    cost_if_budget_share_below: NonNegative = 0.0
    latency: NonNegative = 1.0
    latency_if_max_min_below: NonNegative = 0.0
    security_if_sensitive: NonNegative = 1.0


class Confidence(Model):
    """Confidence from a decision memory (published decision, step 6).

    With fewer than `warm_up` decisions it is `initial`; else over the last `window` scores, with p the share
    above `good_score`, ``clip(1 − 1.96·2·min(p, 1 − p)/√n, 0, 1)``.
    """

    initial: Share = 0.8
    warm_up: Annotated[int, Field(ge=1)] = 10
    window: Annotated[int, Field(ge=1)] = 50
    good_score: Share = 0.7


class WeightDrift(Model):
    """Random walk of the remembered weights after each decision that scored at most `up_to_score`:
    ``w ← normalise(|w + step·N(0, sd)|)`` (published decision, step 8). A step of 0 switches it off."""

    step: NonNegative = 0.0
    sd: NonNegative = 0.0
    up_to_score: Share = 1.0


class Topsis(Model):
    """TOPSIS over the eligible contractors, with ε-greedy exploration over all of them.

    `epsilon` halves every `epsilon_half_life_tasks` decisions; left out, it stays as it is.
    """

    kind: Literal["topsis"]
    epsilon: Share = 0.1
    epsilon_half_life_tasks: Positive | None = None
    normalisation: Literal["min_max", "vector"] = "min_max"
    weighting: Literal["fixed", "critic"] = "fixed"
    weights: Weights = Weights(cost=0.40, reliability=0.25, latency=0.20, security=0.15)
    memory: Literal["shared", "per_client"] = "shared"
    outsource_above_score: Share = 0.6
    outsource_above_confidence: Share = 0.8
    explored_score: Share = 0.5
    explored_confidence: Share = 0.7
    boosts: Boosts = Boosts()
    confidence: Confidence = Confidence()
    drift: WeightDrift = WeightDrift()


class AlwaysLocal(Model):
    """Every task at home: the honest baseline."""

    kind: Literal["always_local"]


class AlwaysOutsource(Model):
    """The lowest estimated cost among the eligible contractors whatever home costs; home if there is none."""

    kind: Literal["always_outsource"]


class Cheapest(Model):
    """The lowest estimated cost among home and the eligible contractors."""

    kind: Literal["cheapest"]


class Random(Model):
    """A uniformly random eligible contractor; at home where there is none."""

    kind: Literal["random"]


class Fixed(Model):
    """One `contractor`, by name, for every task that it offers to do; the other tasks at home."""

    kind: Literal["fixed"]
    contractor: Annotated[str, Field(min_length=1)]


class BestFixed(Model):
    """The one choice, a contractor or home, that in hindsight costs least when made for a whole replication:
    a yardstick, not a policy one could run."""

    kind: Literal["best_fixed"]


class Oracle(Model):
    """The lowest realised cost among home and all contractors: a yardstick, not a policy one could run."""

    kind: Literal["oracle"]


class Custom(Model):
    """A user's own policy, ``class: "my_module:MyPolicy"``; other keys go to its constructor."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    class_: Annotated[str, Field(alias="class", pattern=r"^[\w.]+:\w+$")]

    @property
    def parameters(self) -> dict[str, Any]:
        """The keys other than ``class``."""
        return dict(self.model_extra or {})


def _tag(data: Any) -> str | None:
    if isinstance(data, Custom):
        return "class"
    if isinstance(data, dict):
        return "class" if "class" in data else data.get("kind")
    return getattr(data, "kind", None)


PolicySettings = Annotated[
    Annotated[Topsis, Tag("topsis")]
    | Annotated[Greedy, Tag("greedy")]
    | Annotated[EpsilonGreedy, Tag("epsilon_greedy")]
    | Annotated[OptimisticGreedy, Tag("optimistic_greedy")]
    | Annotated[Ucb1, Tag("ucb1")]
    | Annotated[UcbV, Tag("ucb_v")]
    | Annotated[Thompson, Tag("thompson")]
    | Annotated[ThompsonGaussian, Tag("thompson_gaussian")]
    | Annotated[LinUcb, Tag("lin_ucb")]
    | Annotated[Exp3, Tag("exp3")]
    | Annotated[BudgetedUcb, Tag("budgeted_ucb")]
    | Annotated[AdaptiveThreshold, Tag("adaptive_threshold")]
    | Annotated[AlwaysLocal, Tag("always_local")]
    | Annotated[AlwaysOutsource, Tag("always_outsource")]
    | Annotated[Cheapest, Tag("cheapest")]
    | Annotated[Random, Tag("random")]
    | Annotated[Fixed, Tag("fixed")]
    | Annotated[BestFixed, Tag("best_fixed")]
    | Annotated[Oracle, Tag("oracle")]
    | Annotated[PostedPrice, Tag("posted_price")]
    | Annotated[Vickrey, Tag("vickrey")]
    | Annotated[ScoreAuction, Tag("score_auction")]
    | Annotated[Custom, Tag("class")],
    Discriminator(_tag),
]
