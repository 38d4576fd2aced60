"""What a user writes about costs, skills and what is realised."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, NonNegativeDistribution, Positive
from coalesce_sim.scenario.pool import Share


class MemoryNeed(Model):
    """GB that a task occupies: so much per model size, per 50,000 documents and per unit of complexity."""

    gb_per_model_size: NonNegative = 0.0
    gb_per_50k_documents: NonNegative = 0.0
    gb_per_complexity: NonNegative = 0.0


class InternalCost(Model):
    """Cost of running a task at home (equations 1 to 6).

    `work`: what execution time is computed from. `execution_time_unit`: the unit in which the computed
    number of seconds is read by the hourly rates (discrepancy D1; ``second`` is the physical reading).
    `flop_reference_gb`: the data size at which a type's `base_flop` holds.
    `opportunity`: ``later_tasks`` charges the best value rate among the client's tasks of the same arrival
    still to be decided; ``expected_delay`` charges the expected lateness in the client's own queue; ``queue``
    charges besides what the task adds to the lateness of the next one that is expected to queue behind it.
    """

    work: Literal["flop", "tokens"]
    execution_time_unit: Literal["hour", "minute", "second"]
    flop_reference_gb: Positive = 8.2
    memory: MemoryNeed = MemoryNeed()
    opportunity: Literal["later_tasks", "expected_delay", "queue", "none"]


class FlatPrice(Model):
    """The contractor's `price_usd`; prices by tokens do not count."""

    kind: Literal["flat"]


class DemandPrice(Model):
    """``price_usd·(1 + load_slope·(demand − available))·(1 + complexity_slope·(complexity − 1))`` (eq. 7)."""

    kind: Literal["demand"]
    load_slope: float
    complexity_slope: float


class TokenPrice(Model):
    """Listed USD per million input and output tokens; `price_usd` does not count."""

    kind: Literal["per_token"]


class LoadPrice(Model):
    """``price·(1 + slope·min(load, max_load))`` with load = jobs waiting and at work / slots, as they are.

    The price is `price_usd` and the price by tokens together.
    """

    kind: Literal["load"]
    slope: NonNegative
    max_load: Positive = 2.0


class BargainedPrice(Model):
    """Nash bargaining over what hiring saves over home before the contractor is paid (eq. 14).

    The client keeps the share `client_weight` of it; the contractor gets its own cost and the rest. Where
    hiring saves nothing, the contractor makes no offer.
    """

    kind: Literal["bargained"]
    client_weight: Share = 0.5


class LinearRisk(Model):
    """``base + slope·(1 − reliability)``"""

    base: Share
    slope: NonNegative


Pricing = Annotated[
    FlatPrice | DemandPrice | TokenPrice | LoadPrice | BargainedPrice, Field(discriminator="kind")
]


class ExternalCost(Model):
    """Cost of hiring a contractor (equations 7 to 9). Verification is cheaper above a reliability.

    Risk is ``value·((1 − reliability) + security risk + quality risk)``, times `critical_factor` for tasks of
    high criticality. In a market that learns, verification costs what `contracts` says, not what is said
    here, and ``1 − reliability`` is taken of what bad work is expected to cost in place of the value.
    """

    pricing: Pricing
    communication_usd_per_gb: NonNegative = 0.0
    communication_fixed_usd: NonNegative = 0.0
    trusted_above_reliability: Share = 1.0
    verification_trusted_usd: NonNegative = 0.0
    verification_usd: NonNegative = 0.0
    integration_usd: NonNegative = 0.0
    critical_factor: NonNegative = 1.0
    security_risk: LinearRisk = LinearRisk(base=0.0, slope=0.0)
    quality_risk: LinearRisk = LinearRisk(base=0.0, slope=0.0)


class Realised(Model):
    """What happens, as against what was estimated.

    `basis`: ``estimate`` realises the estimated cost times a cost factor (the published model: time does
    not feed back into cost). ``physical`` realises what was used at its price, plus lateness as it was
    experienced; risk and opportunity, being expectations, are then not charged.
    Times are the nominal ones multiplied by a time factor. One draw per task and factor, whoever works. In a
    market that learns, `external_cost_factor` multiplies bills by use; a price agreed on stays as it is.
    """

    basis: Literal["estimate", "physical"]
    local_cost_factor: NonNegativeDistribution = 1.0
    external_cost_factor: NonNegativeDistribution = 1.0
    local_time_factor: NonNegativeDistribution = 1.0
    external_time_factor: NonNegativeDistribution = 1.0


class CostModel(Model):
    """Both sides of the comparison. Time beyond a task's maximum latency costs `late_usd_per_min`."""

    internal: InternalCost
    external: ExternalCost
    late_usd_per_min: NonNegative
    realised: Realised

    @property
    def late_usd_per_s(self) -> float:
        """What a second beyond the target is expected to cost."""
        return self.late_usd_per_min / 60

    @property
    def charged_late_usd_per_s(self) -> float:
        """What a second beyond the target costs when it happens.

        0 on the basis ``estimate``: there lateness is part of the estimate that is charged.
        """
        return self.late_usd_per_s if self.realised.basis == "physical" else 0.0


class Performance(Model):
    """Past performance by task type: `value` for contractors that offer `skill`, else `otherwise`."""

    skill: str | None = None
    value: Share
    otherwise: Share | None = None


class Skills(Model):
    """Skill compatibility ``S = Σ weight·part`` (eq. 12); a contractor is eligible if ``S ≥ threshold``.

    `embedding` is a table task type → contractor type → similarity; where it is silent,
    `embedding_default`. Likewise for `performance`, in whose place comes the ledger's score where there is a
    ledger.
    """

    threshold: Share
    ontological_weight: Share
    embedding_weight: Share
    performance_weight: Share
    embedding: dict[str, dict[str, Share]] = Field(default_factory=dict)
    embedding_default: Share = 1.0
    performance: dict[str, Performance] = Field(default_factory=dict)
    performance_default: Share = 1.0
