"""The scenario: everything a run depends on besides the seed."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.costs import CostModel, Skills, TokenPrice
from coalesce_sim.scenario.distributions import NonNegative, Positive
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.pool import Clients, Contractor, ContractorDynamics, DrawnPool, PriceList
from coalesce_sim.scenario.workload import DemandDriven, MarketDemand, Workload

MAX_INTERVALS = 10_000_000


class Clock(Model):
    """When the run starts and for how long tasks arrive; work under way at the end is played to its end.

    `timeline_min` is the length of the intervals of the recorded timeline.
    """

    start: Annotated[datetime, Field(strict=False)]
    days: Annotated[float, Field(gt=0, le=100_000)]
    timeline_min: Positive = 60.0

    @model_validator(mode="after")
    def _of_a_size(self) -> Self:
        intervals = self.horizon_s / (60 * self.timeline_min)
        if intervals > MAX_INTERVALS:
            raise ValueError(
                f"timeline_min: makes more than {MAX_INTERVALS:,} intervals (got {self.timeline_min})"
            )
        return self

    @property
    def horizon_s(self) -> float:
        """Seconds during which tasks arrive."""
        return self.days * 86_400.0

    @property
    def hours(self) -> int:
        """Whole or begun hours up to the horizon."""
        return math.ceil(self.days * 24 - 1e-9)


class PublishedValue(Model):
    """A figure somebody printed: mean, and standard deviation over n runs where stated."""

    mean: float
    sd: NonNegative | None = None
    n: Annotated[int, Field(gt=0)] | None = None


class Scenario(Model):
    """One market, complete and validated.

    `published` holds printed figures by metric name, shown beside ours and used for nothing else.
    """

    name: str
    title: str
    description: str = ""
    seed: Annotated[int, Field(ge=0)] = 1
    replications: Annotated[int, Field(gt=0, le=1_000_000)] = 1
    clock: Clock
    market_demand: MarketDemand | None = None
    workload: Workload
    clients: Clients
    contractors: DrawnPool | PriceList | Annotated[list[Contractor], Field(min_length=1)]
    contractor_dynamics: ContractorDynamics | None = None
    skills: Skills
    cost_model: CostModel
    policy: PolicySettings
    published: dict[str, PublishedValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _demand_is_there(self) -> Self:
        if self.market_demand is None:
            if isinstance(self.workload.arrivals, DemandDriven):
                raise ValueError("market_demand: missing, but workload.arrivals is demand_driven")
            if self.contractor_dynamics is not None:
                raise ValueError("market_demand: missing, but contractor_dynamics follows it")
        return self

    @model_validator(mode="after")
    def _hardware_fits_work(self) -> Self:
        hardware = self.clients.hardware
        if self.cost_model.internal.work == "flop":
            needed = {"peak_flop_s": hardware.peak_flop_s}
        else:
            needed = {
                "prefill_tokens_per_s": hardware.prefill_tokens_per_s,
                "decode_tokens_per_s": hardware.decode_tokens_per_s,
            }
        for field, value in needed.items():
            if value is None:
                work = self.cost_model.internal.work
                raise ValueError(f"clients.hardware.{field}: missing, but cost_model.internal.work is {work}")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if isinstance(self.contractors, list):
            seen: set[str] = set()
            for index, contractor in enumerate(self.contractors):
                if contractor.name in seen:
                    raise ValueError(f"contractors[{index}].name: used twice (got {contractor.name!r})")
                seen.add(contractor.name)
        return self

    @model_validator(mode="after")
    def _prices_fit(self) -> Self:
        per_token = isinstance(self.cost_model.external.pricing, TokenPrice)
        if isinstance(self.contractors, PriceList) and not per_token:
            kind = self.cost_model.external.pricing.kind
            raise ValueError(
                f"cost_model.external.pricing.kind: must be per_token for a price list (got {kind!r})"
            )
        return self
