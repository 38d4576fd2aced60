"""What a user writes about the two sides of the market: clients and contractors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Distribution, NonNegative, NonNegativeDistribution, Positive
from coalesce_sim.scenario.hardware import Hardware

Share = Annotated[float, Field(ge=0, le=1)]
Slots = Literal["unlimited"] | Annotated[int, Field(ge=0, le=1_000_000)]


class TypeOutcome(Model):
    """What is true of one worker's work on one type of task, and known to nobody before.

    `success` is the probability that the work is good. `bill_usd` is what is billed by use, `failed_bill_usd`
    what it is where the work is no good; left out, the bill is the price agreed on. `latency_min`, where
    given, is the time the work takes, and known to all.
    """

    success: Share
    bill_usd: NonNegative | None = None
    failed_bill_usd: NonNegative | None = None
    latency_min: NonNegative | None = None

    @model_validator(mode="after")
    def _failure_has_a_success(self) -> Self:
        if self.failed_bill_usd is not None and self.bill_usd is None:
            raise ValueError("failed_bill_usd: needs bill_usd beside it")
        return self


class Clients(Model):
    """Identical clients, each with `slots` GPUs of its own behind one first-come queue.

    `price_usd` is what a client expects a task at home to cost beyond its hardware (and, where records are
    replayed, beyond the list price of its own agent). `success` is the true
    probability that work at home is good, `outcomes` the same by task type, with true costs and times.
    A client of 0 slots has no GPU: what it keeps is not done.
    """

    count: Annotated[int, Field(gt=0, le=1_000_000)]
    slots: Slots = "unlimited"
    hardware: Hardware
    price_usd: NonNegative = 0.0
    success: Share = 1.0
    outcomes: dict[str, TypeOutcome] | None = None


class ContractorFacts(Model):
    """What is true of one contractor, or of all contractors of a type.

    `latency_min` is the time the work itself takes, whatever the task; `network_ms` is added before the
    work and holds no slot; the token rates add time in proportion to the task's tokens. `security_risk`
    and `quality_risk` are derived from the reliability where left out; `performance` (eq. 12) is taken
    from the skills table where left out.

    `hardware` is what each slot works on: it gives the token rates where they are left out, and what the work
    costs the contractor itself. Without it, `own_cost_share` is the share of the price that is its own cost.

    `reliability` is what the contractor says of itself. What is true, and comes to light only through its
    work, is `success`, the probability that work is good (the reliability where left out), or `outcomes`, the
    same by task type; a contractor with `outcomes` makes no offer on other types. With more than
    `queue_limit` jobs waiting it rejects; `unreachable_rate` is the probability that it does not answer.
    """

    skills: list[str] = Field(default_factory=list)
    price_usd: NonNegative = 0.0
    input_usd_per_mtok: NonNegative = 0.0
    output_usd_per_mtok: NonNegative = 0.0
    latency_min: NonNegative = 0.0
    network_ms: NonNegative = 0.0
    prefill_tokens_per_s: Positive | None = None
    decode_tokens_per_s: Positive | None = None
    reliability: Share
    security_risk: Share | None = None
    quality_risk: Share | None = None
    performance: Share | None = None
    hardware: Hardware | None = None
    own_cost_share: Share | None = None
    slots: Slots = "unlimited"
    queue_limit: Annotated[int, Field(ge=0)] | None = None
    unreachable_rate: Share = 0.0
    success: Share | None = None
    outcomes: dict[str, TypeOutcome] | None = None


class Contractor(ContractorFacts):
    """One explicit contractor."""

    name: Annotated[str, Field(min_length=1)]
    type: str = "contractor"
    demand: NonNegative = 0.5
    available_capacity: NonNegative = 0.5


class ContractorType(ContractorFacts):
    """A type from which a drawn pool takes contractors with probability `share`."""

    share: NonNegative


class DrawnPool(Model):
    """`count` independent draws of a type, each with its own price, latency, demand and capacity.

    The factors multiply the type's prices and latency; the results are not less than the two minima.
    `success_shift` is what a contractor's true success rate differs by from its type's, at the limits cut
    off.
    """

    count: Annotated[int, Field(gt=0, le=100_000)]
    types: Annotated[dict[str, ContractorType], Field(min_length=1)]
    price_factor: NonNegativeDistribution = 1.0
    latency_factor: NonNegativeDistribution = 1.0
    min_price_usd: NonNegative = 0.0
    min_latency_min: NonNegative = 0.0
    demand: NonNegativeDistribution = 0.5
    available_capacity: NonNegativeDistribution = 0.5
    success_shift: Distribution = 0.0

    @model_validator(mode="after")
    def _some_share(self) -> Self:
        if sum(kind.share for kind in self.types.values()) <= 0:
            raise ValueError("types: the shares must not all be 0")
        return self


class PriceList(Model):
    """Contractors that are the real sellers of one open model, at their listed prices per token.

    `sellers` maps a provider to the name under which it lists the model. `price_file` names a CSV with the
    columns ``provider, model, input_usd_per_mtok, output_usd_per_mtok``; left out, the installed
    `genai-prices` package is asked (extra ``prices``) for the prices on `price_date`.
    All other facts of a seller come from `template`.
    """

    sellers: Annotated[dict[str, str], Field(min_length=1)]
    price_date: Annotated[date, Field(strict=False)]
    price_file: str | None = None
    template: ContractorFacts


class RecordedPool(Model):
    """Contractors that are the models of the scenario's `records`; `recorded` is true of them all."""

    recorded: ContractorFacts


class ContractorDynamics(Model):
    """How contractors' demand and capacity move by the hour (published model, section 2).

    At the start of every hour ``demand ← clip(demand + demand_gain·(D − demand_reference), demand_min,
    demand_max)``. At the end of every hour, for a contractor that was ever awarded n > 0 tasks,
    ``available ← max(capacity_floor, 1 − min(1, n / jobs_to_exhaust))``; n never falls.
    """

    demand_gain: float
    demand_reference: float
    demand_min: NonNegative
    demand_max: Positive
    jobs_to_exhaust: Positive
    capacity_floor: NonNegative
