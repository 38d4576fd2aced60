"""What a user writes about costs, skills and what is realised."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, Real, Share
from coalesce_sim.scenario.draws import NonNegativeDistribution


class MemoryNeed(Model):
    """GB that a task occupies at home: what its model, its documents and its complexity take together."""

    gb_per_model_size: NonNegative = 0.0
    """GB for each unit of a task's `model_size`."""
    gb_per_50k_documents: NonNegative = 0.0
    """GB for 50,000 of a task's `documents`, and in proportion for fewer or more."""
    gb_per_complexity: NonNegative = 0.0
    """GB for each unit of a task's `complexity`."""


class InternalCost(Model):
    """Cost of running a task at home (equations 1 to 6)."""

    work: Literal["flop", "tokens"]
    """What execution time is computed from: ``flop``, the type's `base_flop` · `data_gb` /
    `flop_reference_gb` · `complexity`; ``tokens``, those read and written. The hardware must have the speeds
    for it."""
    execution_time_unit: Literal["hour", "minute", "second"]
    """Unit in which the computed number of seconds is read by the hourly rates (discrepancy D1); ``second``
    is the physical reading. Changes costs, not times."""
    flop_reference_gb: Positive = 8.2
    """GB of `data_gb` at which a type's `base_flop` holds; no effect on types whose `base_flop` is 0."""
    memory: MemoryNeed = MemoryNeed()
    """GB that tasks occupy; no effect where `memory_usd_per_h` of the clients' hardware is 0."""
    opportunity: Literal["later_tasks", "expected_delay", "queue", "none"]
    """What the estimate at home charges for occupying the GPU. ``later_tasks``: the best value rate
    (`value_usd` / `duration_h`) among the client's tasks of the same arrival still to be decided; nothing
    where tasks come one at a time. ``expected_delay``: the lateness expected in the client's own queue.
    ``queue``: besides that, what the task adds to the lateness of the next one that is expected to queue
    behind it; where `clients.slots` are unlimited nothing is added."""

    @property
    def expects_delay(self) -> bool:
        """Whether the estimate at home charges the lateness that its client expects there."""
        return self.opportunity in ("expected_delay", "queue")


class FlatPrice(Model):
    """The contractor's `price_usd`; prices by tokens do not count."""

    kind: Literal["flat"]


class DemandPrice(Model):
    """``price_usd·(1 + load_slope·(demand − available))·(1 + complexity_slope·(complexity − 1))`` (eq. 7); a
    bracket below 0 counts as 0, and a scenario in which that may happen is told."""

    kind: Literal["demand"]
    load_slope: Real
    """Share by which prices rise for each unit by which a contractor's `demand` exceeds its
    `available_capacity`."""
    complexity_slope: Real
    """Share by which prices rise for each unit of a task's `complexity` above 1."""


class TokenPrice(Model):
    """Listed USD per million input and output tokens; `price_usd` does not count.

    Offers go by the answer that is expected; on the basis ``physical`` what was really written is paid.
    """

    kind: Literal["per_token"]


class LoadPrice(Model):
    """``price·(1 + slope·min(load, max_load))`` with load = jobs waiting and at work / slots, as they are.

    The price is `price_usd` and the price by tokens together: offers go by the answer that is expected, and
    what was really written is paid, at the load of the offer.
    """

    kind: Literal["load"]
    slope: NonNegative
    """Share by which the price rises for each job per slot; no effect at contractors of unlimited slots."""
    max_load: Positive = 2.0
    """Jobs per slot above which the price rises no further."""


class BargainedPrice(Model):
    """Nash bargaining over what hiring saves over home before the contractor is paid (eq. 14).

    The contractor gets its own cost and its share of the saving, as both are expected: the price stays what
    was agreed on. Where hiring saves nothing, it makes no offer.
    """

    kind: Literal["bargained"]
    client_weight: Share = 0.5
    """Share of the saving that the client keeps: at 1 the contractor is paid no more than its own cost, at 0
    the client saves nothing."""


class LinearRisk(Model):
    """``base + slope·(1 − reliability)``"""

    base: Share
    """Share of a task's value at risk with a contractor of reliability 1."""
    slope: NonNegative
    """What is added to it at a reliability of 0, and in proportion in between; the sum is at most 1."""


Pricing = Annotated[
    FlatPrice | DemandPrice | TokenPrice | LoadPrice | BargainedPrice, Field(discriminator="kind")
]


class ExternalCost(Model):
    """Cost of hiring a contractor (equations 7 to 9).

    Risk is ``value·((1 − reliability) + security risk + quality risk)``, times `critical_factor` for tasks of
    high criticality. In a market that learns, ``1 − reliability`` is taken of what bad work is expected to
    cost in place of the value; with `contracts.security.incidents` security risk is no share of the value.
    """

    pricing: Pricing
    """How prices come about: as listed for a task or for its tokens, by demand, by load, or bargained for."""
    communication_usd_per_gb: NonNegative = 0.0
    """USD for each GB of `data_gb` and `output_gb` that is moved."""
    communication_fixed_usd: NonNegative = 0.0
    """USD for every contract on top of what its data cost."""
    trusted_above_reliability: Share = 1.0
    """Contractors that advertise more are verified at `verification_trusted_usd`, all others at
    `verification_usd`; no effect in a market that learns."""
    verification_trusted_usd: NonNegative = 0.0
    """USD to verify a task of contractors above `trusted_above_reliability`; must be 0 in a market that
    learns, where `contracts.verification` says what it costs."""
    verification_usd: NonNegative = 0.0
    """USD to verify a task of all other contractors; must be 0 in a market that learns, where
    `contracts.verification` says what it costs."""
    integration_usd: NonNegative = 0.0
    """USD a task to take in what a contractor delivered; in a market that learns only what was accepted is.
    """
    critical_factor: NonNegative = 1.0
    """Multiplies the value at risk where `workload.attributes.criticality` is ``high``; no effect elsewhere.
    """
    security_risk: LinearRisk = LinearRisk(base=0.0, slope=0.0)
    """Security risk of contractors that state none of their own, a share of the value at risk; 1 less this
    risk is what policies see as security. With `contracts.security.incidents` it is the probability of an
    incident on a contract, and policies see 1 less what the overheads leave of it."""
    quality_risk: LinearRisk = LinearRisk(base=0.0, slope=0.0)
    """Quality risk of contractors that state none of their own, a further share of the value at risk."""


class Realised(Model):
    """What happens, as against what was estimated."""

    basis: Literal["estimate", "physical"]
    """``estimate`` charges the estimated cost times a cost factor, as in the published model, expected delay
    included where `internal.opportunity` reckons with it: time does not feed back into cost. Home is charged
    the estimate of who knew its hardware, whatever is `believed` of it. ``physical`` charges what was used at
    its price, plus lateness as it was experienced; risk and opportunity, being expectations, are then not
    charged. A market that learns needs ``physical``."""
    local_cost_factor: NonNegativeDistribution = 1.0
    """Multiplies what is charged for a task at home, on the basis ``physical`` without lateness and recorded
    bills; one draw a task, 1 changes nothing."""
    external_cost_factor: NonNegativeDistribution = 1.0
    """Multiplies what is charged for a task at a contractor, on the basis ``physical`` without lateness; one
    draw a task, whoever works. In a market that learns it multiplies bills by use (`bill_usd`), and must be 1
    where there are none: a price that is asked or agreed on stays as it is."""
    local_time_factor: NonNegativeDistribution = 1.0
    """Multiplies the time that work takes at home, unless that is stated in `outcomes` or recorded, and on
    the basis ``physical`` what hardware costs for it; one draw a task."""
    external_time_factor: NonNegativeDistribution = 1.0
    """Multiplies the time that work takes at a contractor, not that of network and queue; one draw a task,
    whoever works."""


class CostModel(Model):
    """Both sides of the comparison, home and contractors."""

    internal: InternalCost
    """What a task costs at home: equations 1 to 6."""
    external: ExternalCost
    """What a task costs at a contractor: equations 7 to 9."""
    late_usd_per_min: NonNegative
    """USD for each minute beyond a task's `max_latency_min`: in the estimate of every offer, in that of home
    as `internal.opportunity` says and, on the basis ``physical``, in what is charged."""
    realised: Realised
    """What comes of the estimates: how charges and times differ from them."""

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
