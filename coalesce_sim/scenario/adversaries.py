"""What a user writes about those who cheat: who they are, and what they do."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, PositiveShare, Share
from coalesce_sim.scenario.own import OwnCode, kind_of
from coalesce_sim.scenario.pool import ContractorFacts

Names = Annotated[int, Field(ge=1, le=10_000)]
"""How many names an agent has."""

Member = Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=0)]
"""A contractor: its name, or its number in a drawn pool."""


class Joining(ContractorFacts):
    """What is true of contractors that join."""

    type: str = "joined"
    """Group that they are told under, and by which `skills.embedding` knows them."""


class Who(Model):
    """Whose strategy it is: contractors of the pool (`share`, `members`), new ones (`join`), or `clients`;
    just one of these four."""

    share: PositiveShare | None = None
    """Share of the contractors, drawn anew in every replication: of a larger share those of a smaller one are
    a part."""
    members: Annotated[list[Member], Field(min_length=1)] | None = None
    """Contractors by name or, in a drawn pool, where names differ by replication, by number from 0."""
    join: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many new contractors there are, from the start on, besides those of the pool; either `like` or
    `facts` says of what kind."""
    like: Annotated[str, Field(min_length=1)] | None = None
    """Contractor that new ones are like or, in a drawn pool, the type: as it is stated, without what is drawn
    of each."""
    facts: Joining | None = None
    """What is true of new ones; of recorded runs there is nothing to state."""
    clients: PositiveShare | None = None
    """Share of the clients, drawn anew in every replication: of a larger share those of a smaller one are a
    part."""

    @model_validator(mode="after")
    def _just_one(self) -> Self:
        ways = [name for name in ("share", "members", "join", "clients") if getattr(self, name) is not None]
        if len(ways) != 1:
            got = ", ".join(ways) or "none"
            raise ValueError(f"must state just one of share, members, join and clients (got {got})")
        if (self.join is not None) != (self.like is not None or self.facts is not None):
            raise ValueError("join: needs like or facts beside it, and they need it")
        if self.like is not None and self.facts is not None:
            raise ValueError("like: must not be stated beside facts")
        return self


class Adversary(Model):
    """What all strategies have."""

    who: Who
    """Who follows it. An identity has one strategy."""


class Cheap(Adversary):
    """Work that is delivered in place of honest work: worse, and cheaper for whoever delivers it."""

    with_: Annotated[str | None, Field(alias="with", min_length=1)] = None
    """Another contractor, in a drawn pool a type, whose success and own costs stand in place of one's own; of
    recorded runs its records do. Where it does no such task, or none of that type was drawn, work is
    honest. Left out, `success` and `cost_factor` say what the work is like."""
    success: Share = 0.2
    """Probability that such work is good, at most that of honest work: what would have been bad honestly is
    bad. No effect beside `with`."""
    cost_factor: Share = 0.07
    """What such work costs, of the cost of honest work. No effect beside `with`."""


class OnOff(Cheap):
    """Good work until the own public score is high, then bad work until it is low, and again."""

    kind: Literal["on_off"]
    cheat_above: Share = 0.8
    """Own public score from which it cheats."""
    behave_below: Share = 0.7
    """Own public score below which it behaves again."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.behave_below > self.cheat_above:
            above = f"cheat_above, {self.cheat_above:g}"
            raise ValueError(f"behave_below: must be at most {above} (got {self.behave_below:g})")
        return self


class ExitScam(Cheap):
    """Good work, and from some hour on bad work: who is about to go has no reputation to lose."""

    kind: Literal["exit_scam"]
    from_hour: NonNegative
    """Hours from the start of the run from which it cheats."""


class Substitution(Cheap):
    """The work of a cheaper contractor is delivered as one's own."""

    kind: Literal["substitution"]
    share: PositiveShare = 1.0
    """Share of the contracts whose work is substituted, drawn one by one."""


class Metering(Adversary):
    """More is billed than was used."""

    kind: Literal["metering"]
    factor: Positive = 1.2
    """What honest bills are multiplied by."""


class Lowball(Adversary):
    """Little is quoted, and much is billed."""

    kind: Literal["lowball"]
    quoted: Positive = 0.5
    """What honest prices are multiplied by when they are asked."""
    billed: Positive = 1.5
    """What honest bills are multiplied by when they are due."""


class Grim(Model):
    """Once some undercut the cartel the others ask the honest price as well."""

    punish_hours: Positive | None = None
    """Hours for which they do, counted from when the first one did; left out, to the end."""


class Cartel(Adversary):
    """Sellers who ask more together."""

    kind: Literal["cartel"]
    markup: Positive = 1.5
    """What honest prices are multiplied by."""
    trigger: Grim | None = None
    """What follows when one of them undercuts the others; left out, nothing does."""
    deviants: Annotated[int, Field(ge=0)] = 0
    """How many of them undercut the others, the first ones: they ask the honest price from
    `deviate_from_hour` on."""
    deviate_from_hour: NonNegative = 0.0
    """Hours from the start of the run from which they do; no effect at 0 `deviants`."""


class ExplorationFarming(Adversary):
    """A price that nobody would choose, for those who choose at random."""

    kind: Literal["exploration_farming"]
    factor: Positive = 100.0
    """What honest prices are multiplied by."""
    identities: Names = 1
    """Names under which each agent sells at once."""


class Sybil(Adversary):
    """One seller under several names, all at once, from the start on."""

    kind: Literal["sybil"]
    identities: Names = 5
    """Names under which each agent sells; they share its machine and its luck."""


class Whitewashing(Cheap):
    """Bad work under a name that is changed when its score is low."""

    kind: Literal["whitewashing"]
    leave_below: Share = 0.5
    """Own public score below which a name is given up, once it has a rating, for one that nobody knows."""
    leave_after_bad: Annotated[int, Field(ge=1)] | None = None
    """How many bad ratings a name is given up after, whatever its score; left out, none."""
    identities: Names = 100
    """How many names each agent has, one after the other; the last it keeps."""
    at_once: Names = 1
    """How many of them it sells under at a time."""

    @model_validator(mode="after")
    def _has_so_many(self) -> Self:
        if self.at_once > self.identities:
            many = f"identities, {self.identities}"
            raise ValueError(f"at_once: must be at most {many} (got {self.at_once})")
        return self


Targets = Literal["best", "all"] | Annotated[list[Member], Field(min_length=1)]

"""Whom an attack is aimed at."""


class FalseRatings(Adversary):
    """Ratings that are lies."""

    targets: Targets = "best"
    """Contractors that are lied about: ``best``, the one of the highest public score at the time, the
    cheapest of several; ``all``; or those named, by number in a drawn pool, by type, or by name, those who
    join among them."""
    per_hour: Positive | None = None
    """Ratings that each client writes about each target in an hour, with no contract behind them. Left out,
    it lies about its own contracts only."""


class BadMouthing(FalseRatings):
    """Clients who rate others' good work as bad."""

    kind: Literal["bad_mouthing"]


class BallotStuffing(FalseRatings):
    """Clients who rate whatever their friends deliver as good."""

    kind: Literal["ballot_stuffing"]


class WorkRing(Adversary):
    """Clients who buy from their own sellers, for the ratings: no work is done, the listed price goes round
    in a circle, and what the market keeps of it (`defences.platform_fee_share`) is all that it costs."""

    kind: Literal["work_ring"]
    sellers: Annotated[list[Member], Field(min_length=1)]
    """Contractors that are praised, by name or, in a drawn pool, by number or type."""
    contracts_per_hour: Positive = 1.0
    """Contracts of each client with each seller in an hour."""


class SkillInflation(Adversary):
    """Skills and reliability that are claimed, and are not there."""

    kind: Literal["skill_inflation"]
    skills: Literal["all", "own"] = "all"
    """``all`` that any type of task asks for, or one's ``own``."""
    reliability: Share = 1.0
    """Share of good work that is claimed."""


class Withholding(Adversary):
    """Slots that are there and are not offered, so that prices by load are higher."""

    kind: Literal["withholding"]
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Share of one's slots that is withheld; at least one is offered."""


class SlotBlocking(Adversary):
    """Clients who take contractors' slots by contracts that they cancel: no work is done and nobody pays, and
    the slot is not there for others."""

    kind: Literal["slot_blocking"]
    targets: Targets = "best"
    """Contractors whose slots are taken: ``best``, the one of the highest public score at the time, the
    cheapest of several; ``all``; or those named, by number in a drawn pool, by type, or by name, those who
    join among them. Of `sellers` none is."""
    contracts_per_hour: Positive = 1.0
    """Such contracts of each client with each target in an hour."""
    hold_min: NonNegative = 30.0
    """Minutes for which a slot is kept, from when work could begin to the deadline at which the contract is
    cancelled; at 0 it is cancelled when its turn comes, and only stands in the queue."""
    sellers: Annotated[list[Member], Field(min_length=1)] | None = None
    """Contractors for whom it is done, by name or, in a drawn pool, by number or type: what they gain counts.
    Left out, nobody."""


class FirstMover(Adversary):
    """Sellers whose offers come before those of all others, for clients who prefer the first
    (`clients.position_bias`)."""

    kind: Literal["first_mover"]


class NonPayment(Adversary):
    """Clients who take good work and do not pay for it."""

    kind: Literal["non_payment"]
    share: PositiveShare = 1.0
    """Share of their contracts that they do not pay, drawn one by one."""


class FalseRejection(Adversary):
    """Clients who take good work and say that it is bad, to the payer and to the ratings."""

    kind: Literal["false_rejection"]
    share: PositiveShare = 1.0
    """Share of the work that passed their check that they reject, drawn one by one."""


class Honest(Adversary):
    """Nothing that others would not do: with `join` it adds honest sellers; it is how the *honest* twin of an
    attack is played."""

    kind: Literal["honest"]


class Absent(Adversary):
    """Contractors that never enter the market: it is how the *absent* twin of an attack is played."""

    kind: Literal["absent"]


class OwnAdversary(OwnCode):
    """A strategy of the user's own."""

    who: Who
    """Who follows it. An identity has one strategy."""
    identities: Names = 1
    """How many names each agent has."""
    at_once: Names = 1
    """Under how many of them it sells from the start; others enter when the strategy says so."""


AdversarySettings = Annotated[
    Annotated[OnOff, Tag("on_off")]
    | Annotated[ExitScam, Tag("exit_scam")]
    | Annotated[Substitution, Tag("substitution")]
    | Annotated[Metering, Tag("metering")]
    | Annotated[Lowball, Tag("lowball")]
    | Annotated[Cartel, Tag("cartel")]
    | Annotated[ExplorationFarming, Tag("exploration_farming")]
    | Annotated[Sybil, Tag("sybil")]
    | Annotated[Whitewashing, Tag("whitewashing")]
    | Annotated[BadMouthing, Tag("bad_mouthing")]
    | Annotated[BallotStuffing, Tag("ballot_stuffing")]
    | Annotated[WorkRing, Tag("work_ring")]
    | Annotated[SkillInflation, Tag("skill_inflation")]
    | Annotated[Withholding, Tag("withholding")]
    | Annotated[SlotBlocking, Tag("slot_blocking")]
    | Annotated[FirstMover, Tag("first_mover")]
    | Annotated[NonPayment, Tag("non_payment")]
    | Annotated[FalseRejection, Tag("false_rejection")]
    | Annotated[Honest, Tag("honest")]
    | Annotated[Absent, Tag("absent")]
    | Annotated[OwnAdversary, Tag("class")],
    Discriminator(kind_of),
]
"""What somebody does who cheats, and who does."""


def names_each(chosen: AdversarySettings) -> int:
    """How many names each agent of a strategy has."""
    return getattr(chosen, "identities", 1)


def names_at_once(chosen: AdversarySettings) -> int:
    """Under how many names each agent of a strategy sells when the market begins."""
    if isinstance(chosen, Whitewashing | OwnAdversary):
        return chosen.at_once
    return names_each(chosen)
