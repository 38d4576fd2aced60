"""What a user writes about contractors, and about the work of either side of the market."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from coalesce_sim.scenario.base import Model, Text
from coalesce_sim.scenario.batching import BatchCurve, with_places
from coalesce_sim.scenario.distributions import (
    Distribution,
    NonNegative,
    Positive,
    Real,
    Share,
)
from coalesce_sim.scenario.draws import NonNegativeDistribution
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.jurisdictions import Jurisdiction
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.outages import Outages
from coalesce_sim.scenario.quality import Success
from coalesce_sim.scenario.tariff import TokenPrices

Slots = Literal["unlimited"] | Annotated[int, Field(ge=0, le=1_000_000)]


class TypeOutcome(Model):
    """What is true of one worker's work on one type of task, and known to nobody before."""

    success: Success | Moving
    """Probability that the work is good."""
    bill_usd: NonNegative | Moving | None = None
    """USD billed by use for a task; left out, a contractor is due the price that it asked, a price by tokens
    for those really written, and work at home costs no more than its hardware."""
    failed_bill_usd: NonNegative | Moving | None = None
    """USD billed instead where the work is no good; left out, the same, without which it cannot be stated."""
    latency_min: NonNegative | Moving | None = None
    """Minutes that the work takes, known to all; left out, what hardware, tokens and pool say."""

    @model_validator(mode="after")
    def _failure_has_a_success(self) -> Self:
        if self.failed_bill_usd is not None and self.bill_usd is None:
            raise ValueError("failed_bill_usd: needs bill_usd beside it")
        return self


def refuse_beside_box(stated: Model, *fields: str) -> None:
    """Raises ValueError, beginning with the field, where `slots` or other fields stand beside a `box`."""
    for field in ("batch_curve", "slots", *fields):
        value = getattr(stated, field)
        if value not in (None, "unlimited"):
            got = value if field == "slots" else "one"
            raise ValueError(f"{field}: the box stands in its place; leave it out (got {got})")


class ContractorFacts(TokenPrices):
    """What is true of one contractor, or of all contractors of a type.

    `reliability` is what the contractor says of itself. What is true comes to light only through its work:
    `success` or `outcomes`.
    """

    skills: list[str] = Field(default_factory=list)
    """What the contractor can do; compared with what a task type asks for."""
    text: Text = ""
    """What the contractor says of itself in words, at most 20,000 characters."""
    jurisdiction: Jurisdiction | None = None
    """Country or territory whose law the contractor is under, by ISO 3166-1 (``DE``); left out, not known.
    Rules of `compliance` go by it."""
    price_usd: NonNegative | Moving = 0.0
    """USD listed for a task; no effect where pricing is ``per_token`` or work was recorded."""
    latency_min: NonNegative | Moving = 0.0
    """Minutes that the work itself takes, whatever the task; what its tokens take comes on top."""
    network_ms: NonNegative | Moving = 0.0
    """Milliseconds between client and contractor before the work; they hold no slot."""
    prefill_tokens_per_s: Positive | Moving | None = None
    """Tokens of a prompt read per second; left out, as the `hardware` does, and without that in no time."""
    decode_tokens_per_s: Positive | Moving | None = None
    """Tokens of an answer written per second; left out, as the `hardware` does, and without that in no time.
    """
    reliability: Share | Moving
    """Share of good work that the contractor claims. Estimates go by it where there is no `reputation`, and
    risks that are not stated follow from it."""
    security_risk: Share | Moving | None = None
    """Share of a task's value at risk or, with `contracts.security.incidents`, the probability of an incident
    on a contract; left out, it follows from the reliability by `cost_model.external.security_risk`."""
    quality_risk: Share | Moving | None = None
    """Share of a task's value at risk; left out, it follows from the reliability by
    `cost_model.external.quality_risk`."""
    performance: Share | None = None
    """Share of good work so far (eq. 12); left out, the one in `skills.performance`. No effect where there is
    `reputation`."""
    hardware: Hardware | None = None
    """What each slot works on: gives token rates that are left out, and what an hour of work costs the
    contractor itself. In a market that learns its `peak_flop_s` adds the time that a type's `base_flop`
    takes."""
    slot_usd_per_h: Positive | Moving | None = None
    """USD for each hour that a slot is at work, all told, in place of what follows from the `hardware`: a
    rent, so that idle slots lose nothing. With a `batch_curve` it is that of the whole machine."""
    own_cost_share: Share | Moving | None = None
    """Share of the listed price that is the contractor's own cost, where no hardware tells it; left out, all
    of it where somebody bargains or bids. It is spent on every job that is begun, whatever comes of it; where
    every contractor delivers, no effect but on auctions and posted prices."""
    slots: Slots | Moving = "unlimited"
    """Jobs that the contractor can work on at once; others wait, first come, first served. With 0 it rejects
    whatever it is given (needs `contracts`)."""
    box: str | None = None
    """One of `boxes`, in place of `slots` and `hardware`: jobs join the queue of all who are on it. Left out,
    the contractor has slots of its own."""
    batch_curve: BatchCurve | None = None
    """How the pace of writing hangs on the jobs at work, in place of `slots` and `decode_tokens_per_s`; an
    offer goes by the jobs that are there when it is made. Needs a market that learns."""
    queue_limit: Annotated[int, Field(ge=0)] | Moving | None = None
    """Jobs that may wait at the contractor, which rejects those beyond. Left out, any number may; needs
    `contracts`."""
    unreachable_rate: Share | Moving = 0.0
    """Probability that the contractor does not answer when it is given a task; needs `contracts`."""
    outages: Outages | None = None
    """When the contractor is down; left out, never. Needs `contracts`."""
    success: Success | Moving | None = None
    """True probability that the contractor's work is good, which comes to light only through its work; left
    out, its reliability. Needs `contracts`."""
    outcomes: dict[str, TypeOutcome] | None = None
    """Success, true bills and times by task type; no offer is made on types that are not named. Needs
    `contracts`."""

    @model_validator(mode="wrap")
    @classmethod
    def _slots_of_a_curve(cls, data: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        return with_places(data, validated)

    @model_validator(mode="after")
    def _on_one_machine(self) -> Self:
        if self.box is not None:
            refuse_beside_box(self, "hardware", "slot_usd_per_h")
        return self

    @property
    def knows_its_costs(self) -> bool:
        """Whether what an hour of work costs it is known: stated, or by its hardware."""
        if self.slot_usd_per_h is not None:
            return True
        return self.hardware is not None and self.hardware.slot_usd_per_h > 0


class Coming(Model):
    """Whose a contractor is, and when it is in the market."""

    owner: Annotated[str, Field(min_length=1)] | None = None
    """Whose the contractor is: those that state the same owner are one business, whose books are told
    together. Left out, its own."""
    enter_h: NonNegative = 0.0
    """Hours from the start of the run to when the contractor enters the market; before, nobody finds it and
    nothing hangs on it."""
    leave_h: Positive | None = None
    """Hours from the start of the run to when the contractor leaves: it makes no more offers, and finishes
    what it has taken on. Left out, it stays."""

    @property
    def moves(self) -> bool:
        """Whether it is not in the market all the time."""
        return self.enter_h > 0 or self.leave_h is not None

    @model_validator(mode="after")
    def _enters_before_it_leaves(self) -> Self:
        if self.leave_h is not None and self.leave_h <= self.enter_h:
            raise ValueError(f"leave_h: must be later than enter_h, {self.enter_h:g} (got {self.leave_h:g})")
        return self


class Contractor(Coming, ContractorFacts):
    """One explicit contractor."""

    name: Annotated[str, Field(min_length=1)]
    """What the contractor is called in results, and by the policy ``fixed``; must be unique."""
    type: str = "contractor"
    """Group by which `skills.embedding` knows the contractor."""
    demand: NonNegative = 0.5
    """How much the contractor is asked for at the start, without a unit; no effect but on prices by
    ``demand``."""
    available_capacity: NonNegative = 0.5
    """What the contractor has left to offer at the start, in the unit of demand; no effect but on prices by
    ``demand``."""


class ContractorType(ContractorFacts):
    """A type from which a drawn pool takes contractors."""

    share: NonNegative
    """How many of the pool are of this type, relative to the shares of the others."""


class DrawnPool(Model):
    """Independent draws of a type, each with its own price, latency, demand, capacity and success."""

    count: Annotated[int, Field(gt=0, le=100_000)]
    """How many contractors there are, drawn anew for every replication."""
    types: Annotated[dict[str, ContractorType], Field(min_length=1)]
    """What may be drawn, by name. A contractor is called after its type, with a number: ``edge_7``."""
    price_factor: NonNegativeDistribution = 1.0
    """Multiplies prices of the type, by task, by request and by token; one draw a contractor."""
    latency_factor: NonNegativeDistribution = 1.0
    """Multiplies `latency_min` of the type; one draw a contractor."""
    min_price_usd: NonNegative = 0.0
    """USD a task that each asks at least; prices by token may be less."""
    min_latency_min: NonNegative = 0.0
    """Minutes that the work takes at least."""
    demand: NonNegativeDistribution = 0.5
    """How much each contractor is asked for at the start, without a unit; no effect but on prices by
    ``demand``."""
    available_capacity: NonNegativeDistribution = 0.5
    """What each contractor has left to offer at the start, in the unit of demand; no effect but on prices by
    ``demand``."""
    success_shift: Distribution = 0.0
    """What is added to the type's true probability of good work, within 0 and 1; one draw a contractor. Needs
    `contracts`; no effect on what `outcomes` state."""

    @model_validator(mode="after")
    def _some_share(self) -> Self:
        if sum(kind.share for kind in self.types.values()) <= 0:
            raise ValueError("types: the shares must not all be 0")
        return self


class PriceList(Model):
    """Contractors that are the real sellers of a model, at their listed prices: by tokens, prompt size and
    hour, and for requests, as each lists them."""

    sellers: Annotated[dict[str, str], Field(min_length=1)]
    """Providers, each with the name under which it lists the model."""
    price_date: Annotated[date, Field(strict=False)]
    """Day of the prices that the installed package is asked for; no effect where there is a `price_file`."""
    price_file: str | None = None
    """CSV file with the columns ``provider, model, input_usd_per_mtok, output_usd_per_mtok`` and, if need be,
    ``cache_read_usd_per_mtok, request_usd``, and in further rows of a seller conditional prices with
    ``above_prompt_tokens, from_hour_utc, until_hour_utc``; left out, the installed `genai-prices` package is
    asked (extra ``prices``)."""
    template: ContractorFacts
    """All other facts of every seller; its prices by tokens are not used."""


class Claim(Model):
    """What a recorded model says of itself."""

    skills: list[str] | None = None
    """What it can do; left out, the `skills` of `recorded`."""
    text: Text | None = None
    """What it says of itself in words; left out, the `text` of `recorded`."""


class RecordedPool(Model):
    """Contractors that are the models of the scenario's `records`."""

    recorded: ContractorFacts
    """What is true of all these contractors; `price_usd`, success, bills and times are those of the records.
    """
    claims: dict[str, Claim] = Field(default_factory=dict)
    """What single models say of themselves, by the names that they have in the records."""

    def facts_of(self, name: str) -> ContractorFacts:
        """What is true of the model of that name and what it says, but for what is recorded."""
        claim = self.claims.get(name, Claim())
        return self.recorded.model_copy(update=claim.model_dump(exclude_none=True))


class ContractorDynamics(Model):
    """How contractors' demand and capacity move by the hour (published model, section 2).

    At the start of every hour ``demand ← clip(demand + demand_gain·(D − demand_reference), demand_min,
    demand_max)``. At the end of every hour, for a contractor that was ever awarded n > 0 tasks,
    ``available ← max(capacity_floor, 1 − min(1, n / jobs_to_exhaust))``; n never falls.
    """

    demand_gain: Real
    """What a contractor's demand moves by in an hour for each unit of market demand beyond
    `demand_reference`."""
    demand_reference: Real
    """Market demand, in its unit, at which contractors' demand stands still."""
    demand_min: NonNegative
    """What a contractor's demand does not fall below."""
    demand_max: Positive
    """What a contractor's demand does not rise above."""
    jobs_to_exhaust: Positive
    """Tasks won since the start of the run that use up the whole capacity."""
    capacity_floor: Share
    """Share of the whole capacity, 1, that is left however many tasks were won."""
