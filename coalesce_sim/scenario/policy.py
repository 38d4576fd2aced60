"""What a user writes about the policy that decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, Real, Share
from coalesce_sim.scenario.learners import (
    AdaptiveThreshold,
    BudgetedUcb,
    DiscountedThompson,
    DiscountedUcb,
    EpsilonGreedy,
    Exp3,
    Greedy,
    LinUcb,
    OptimisticGreedy,
    SlidingWindowUcb,
    Thompson,
    ThompsonGaussian,
    Ucb1,
    UcbV,
    WindowedGreedy,
)
from coalesce_sim.scenario.mechanisms import PostedPrice, ScoreAuction, Vickrey
from coalesce_sim.scenario.own import OwnCode, kind_of
from coalesce_sim.scenario.routes import Name, Routes


class Weights(Model):
    """TOPSIS weights of the four criteria; normalised to sum 1 before use."""

    cost: NonNegative
    """How much the whole cost counts that the client expects with an offer."""
    reliability: NonNegative
    """How much the probability of good work counts: the public score or, without one, what is advertised."""
    latency: NonNegative
    """How much the quoted time to the result counts."""
    security: NonNegative
    """How much 1 − security risk counts."""

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
    """Factor on the weight of cost for tasks of a small budget; 1 changes nothing."""
    cost_if_budget_share_below: NonNegative = 0.0
    """Share of a task's value below which its budget is a small one; at 0 none is."""
    latency: NonNegative = 1.0
    """Factor on the weight of latency for urgent tasks; 1 changes nothing."""
    latency_if_max_min_below: NonNegative = 0.0
    """Minutes of `max_latency_min` below which a task is urgent; at 0 none is."""
    security_if_sensitive: NonNegative = 1.0
    """Factor on the weight of security for tasks whose `data_sensitivity`, their own or that of their type,
    of their whole's type or of all, is ``high``; 1 changes nothing."""


class Confidence(Model):
    """Confidence from a decision memory (published decision, step 6).

    With p the share of good ones among n remembered scores: ``clip(1 − 1.96·2·min(p, 1 − p)/√n, 0, 1)``.
    """

    initial: Share = 0.8
    """What confidence is before `warm_up` decisions have been remembered."""
    warm_up: Annotated[int, Field(ge=1)] = 10
    """Decisions to be remembered before confidence follows from their scores."""
    window: Annotated[int, Field(ge=1)] = 50
    """How many of the last scores count."""
    good_score: Share = 0.7
    """Closeness above which a score is a good one; a task kept at home scores 0."""


class WeightDrift(Model):
    """Random walk of the remembered weights after each decision of a low score: ``w ← normalise(|w +
    step·N(0, sd)|)`` (published decision, step 8)."""

    step: NonNegative = 0.0
    """Length of a step, in weights of sum 1; 0 switches the walk off."""
    sd: NonNegative = 0.0
    """Standard deviation of a step of length 1; 0 switches the walk off, too."""
    up_to_score: Share = 1.0
    """Decisions that scored more leave the weights alone; at 1 none does."""


class Topsis(Model):
    """TOPSIS over the eligible contractors, with ε-greedy exploration over all of them."""

    kind: Literal["topsis"]
    epsilon: Share = 0.1
    """Probability of any contractor at random, eligible or not, in place of the decision; 0 never explores.
    """
    epsilon_half_life_tasks: Positive | None = None
    """Decisions in which `epsilon` halves, again and again; left out, it stays as it is."""
    normalisation: Literal["min_max", "vector"] = "min_max"
    """What makes criteria comparable: ``min_max`` divides them by their range, ``vector`` by their Euclidean
    norm."""
    weighting: Literal["fixed", "critic", "entropy"] = "fixed"
    """``fixed`` goes by the remembered `weights`; the others weigh the criteria of each task anew, and as
    remembered where nothing differs: ``critic`` by how much they differ and how little they agree (CRITIC),
    ``entropy`` by how unevenly each is shared out (Shannon's entropy)."""
    weights: Weights = Weights(cost=0.40, reliability=0.25, latency=0.20, security=0.15)
    """What the four criteria weigh at first."""
    memory: Literal["shared", "per_client"] = "shared"
    """Whose decisions are remembered for weights and confidence: ``shared``, those of all clients together;
    ``per_client``, each client its own."""
    outsource_above_score: Share = 0.6
    """Closeness to the ideal, 0 to 1, that the best offer must exceed to be taken."""
    outsource_above_confidence: Share = 0.8
    """Confidence, 0 to 1, that must be exceeded besides the score; otherwise the task stays at home."""
    only_if_cheaper_percent: Annotated[float, Field(ge=0, lt=100)] | None = None
    """Percent by which the estimated cost at the best offer must lie below that at home; 0 asks for cheaper,
    10 for a tenth cheaper. Else the task stays at home. Left out, home's cost plays no part."""
    within_budget: bool = False
    """Whether offers whose price is above the task's `budget_usd` are left out of the candidates."""
    explored_too: bool = False
    """Whether `only_if_cheaper_percent` and `within_budget` hold for a random choice, too: what they do not
    let pass stays at home, and does not count as explored."""
    explored_score: Share = 0.5
    """Score that is written down for a random choice; changes no decision."""
    explored_confidence: Share = 0.7
    """Confidence that is written down for a random choice; changes no decision."""
    boosts: Boosts = Boosts()
    """Factors on weights for tasks of a small budget, urgent and sensitive ones; by default none."""
    confidence: Confidence = Confidence()
    """How sure a client is of a decision, by the scores of the last ones."""
    drift: WeightDrift = WeightDrift()
    """How weights wander after low scores; by default not at all."""


class WeightedSum(Model):
    """The eligible offer of the highest weighted sum of the four criteria of ``topsis``, each scaled by its
    range; home where there is none."""

    kind: Literal["weighted_sum"]
    weights: Weights = Weights(cost=0.40, reliability=0.25, latency=0.20, security=0.15)
    """What the four criteria weigh."""
    only_if_cheaper_percent: Annotated[float, Field(ge=0, lt=100)] | None = None
    """Percent by which the estimated cost at that offer must lie below that at home; 0 asks for cheaper, 10
    for a tenth cheaper. Else the task stays at home. Left out, home's cost plays no part."""


class Vikor(Model):
    """The eligible offer that is the best compromise between the sum of its weighted gaps to the best in the
    four criteria of ``topsis`` and the largest of them (VIKOR); home where there is none."""

    kind: Literal["vikor"]
    weights: Weights = Weights(cost=0.40, reliability=0.25, latency=0.20, security=0.15)
    """What the four criteria weigh."""
    group_weight: Share = 0.5
    """What the sum counts against the largest gap: at 1 the order is that of ``weighted_sum``."""
    only_if_cheaper_percent: Annotated[float, Field(ge=0, lt=100)] | None = None
    """Percent by which the estimated cost at that offer must lie below that at home; 0 asks for cheaper, 10
    for a tenth cheaper. Else the task stays at home. Left out, home's cost plays no part."""


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


class Logit(Model):
    """Any eligible offer or home by chance, the likelier the more is left of what it is worth: multinomial
    logit over prices, ``q_i = exp((a − p_i)/μ) / (Σ_j exp((a − p_j)/μ) + exp(a₀/μ))``."""

    kind: Literal["logit"]
    a_usd: Real = 2.0
    """USD that a task is worth to its client at any contractor."""
    mu_usd: Positive = 0.25
    """USD by which tastes differ, μ: near 0 the cheapest always wins, far above the prices all win alike."""
    a0_usd: Real = 0.0
    """USD that are left to a client who hires nobody: the outside option, a task at home."""


class Fixed(Model):
    """One contractor, for every task that it offers to do; the other tasks at home."""

    kind: Literal["fixed"]
    contractor: Annotated[str, Field(min_length=1)]
    """The contractor's name; in a drawn pool its type and number, as in ``edge_7``."""

    @property
    def names(self) -> Iterator[Name]:
        """The name that it goes by."""
        yield "contractor", "contractor", self.contractor


class AsLogged(Model):
    """Each task goes where its log says that it went: what is done today, to measure others by. Needs tasks
    that are `logged`."""

    kind: Literal["as_logged"]
    costs: Literal["logged", "modelled"] = "logged"
    """``logged`` plays the log itself, for all clients: each task ends after `logged.s`, well or not, at its
    bill or, at home without one, at what the hardware costs for so long; nothing queues, and nothing is tried
    again. ``modelled`` sends it to the same contractor at this market's own prices, times and luck, or keeps
    it at home where that one makes no offer; so the model can be held against the log."""


class BestFixed(Model):
    """The one choice, a contractor or home, that in hindsight costs least when made for a whole replication:
    a yardstick, not a policy one could run."""

    kind: Literal["best_fixed"]


class Oracle(Model):
    """The lowest realised cost among home and all contractors: a yardstick, not a policy one could run."""

    kind: Literal["oracle"]


class Custom(OwnCode):
    """A user's own policy, ``class: "my_module:MyPolicy"``; other keys go to its constructor."""


PolicySettings = Annotated[
    Annotated[Topsis, Tag("topsis")]
    | Annotated[Greedy, Tag("greedy")]
    | Annotated[EpsilonGreedy, Tag("epsilon_greedy")]
    | Annotated[OptimisticGreedy, Tag("optimistic_greedy")]
    | Annotated[WindowedGreedy, Tag("windowed_greedy")]
    | Annotated[Ucb1, Tag("ucb1")]
    | Annotated[UcbV, Tag("ucb_v")]
    | Annotated[DiscountedUcb, Tag("discounted_ucb")]
    | Annotated[SlidingWindowUcb, Tag("sliding_window_ucb")]
    | Annotated[Thompson, Tag("thompson")]
    | Annotated[ThompsonGaussian, Tag("thompson_gaussian")]
    | Annotated[DiscountedThompson, Tag("discounted_thompson")]
    | Annotated[LinUcb, Tag("lin_ucb")]
    | Annotated[Exp3, Tag("exp3")]
    | Annotated[BudgetedUcb, Tag("budgeted_ucb")]
    | Annotated[AdaptiveThreshold, Tag("adaptive_threshold")]
    | Annotated[WeightedSum, Tag("weighted_sum")]
    | Annotated[Vikor, Tag("vikor")]
    | Annotated[AlwaysLocal, Tag("always_local")]
    | Annotated[AlwaysOutsource, Tag("always_outsource")]
    | Annotated[Cheapest, Tag("cheapest")]
    | Annotated[Random, Tag("random")]
    | Annotated[Logit, Tag("logit")]
    | Annotated[Fixed, Tag("fixed")]
    | Annotated[AsLogged, Tag("as_logged")]
    | Annotated[Routes, Tag("routes")]
    | Annotated[BestFixed, Tag("best_fixed")]
    | Annotated[Oracle, Tag("oracle")]
    | Annotated[PostedPrice, Tag("posted_price")]
    | Annotated[Vickrey, Tag("vickrey")]
    | Annotated[ScoreAuction, Tag("score_auction")]
    | Annotated[Custom, Tag("class")],
    Discriminator(kind_of),
]


def names_in(policy: PolicySettings) -> list[Name]:
    """What a policy calls by name."""
    return list(policy.names) if isinstance(policy, Fixed | Routes) else []


def hired_by(policy: PolicySettings) -> dict[str, str]:
    """The contractors that a policy hires by their names, by the field that names them."""
    return {field: name for field, what, name in names_in(policy) if what == "contractor"}
