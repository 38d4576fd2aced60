"""What a user writes about security: what it takes and costs, and what happens where it does not hold."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Share
from coalesce_sim.scenario.workload import Level

IncidentKind = Literal["leaked", "tampered", "lost"]
INCIDENT_KINDS: Final[tuple[IncidentKind, ...]] = ("leaked", "tampered", "lost")

Overhead = Literal["encryption", "enclave", "audit"]
OVERHEADS: Final[tuple[Overhead, ...]] = ("encryption", "enclave", "audit")
"""What may lower the probability of incidents."""


class LeakCost(Model):
    """What a leak costs the client, by the `data_sensitivity` of the task whose data leak: as the task states
    it, or else its type, the type of the whole that it is a step of, or `workload.attributes`."""

    low: NonNegative = 0.0
    """USD lost when data of low sensitivity leak, before insurance."""
    medium: NonNegative = 0.0
    """USD lost when data of medium sensitivity leak, before insurance."""
    high: NonNegative = 0.0
    """USD lost when data of high sensitivity leak, before insurance."""

    def of(self, level: Level) -> float:
        """What a leak of data of a level costs, before insurance, in USD."""
        usd: float = getattr(self, level)
        return usd


class IncidentShares(Model):
    """Of which kind incidents are; shares of the sum of all three."""

    leaked: NonNegative = 0.0
    """Part of the incidents in which data are leaked: that costs `leak_usd`, whatever becomes of the work."""
    tampered: NonNegative = 0.0
    """Part of the incidents in which the work is tampered with: what is delivered is bad work, which the
    verification finds or does not."""
    lost: NonNegative = 0.0
    """Part of the incidents in which finished work is lost before it is delivered: the contract has failed.
    """

    @model_validator(mode="after")
    def _some(self) -> Self:
        if sum(self.of(kind) for kind in INCIDENT_KINDS) <= 0:
            raise ValueError("the shares must not all be 0")
        return self

    def of(self, kind: IncidentKind) -> float:
        """The share of a kind, before it is divided by their sum."""
        share: float = getattr(self, kind)
        return share


class Averted(Model):
    """Share of the incidents of each kind that an overhead averts, where it is in place."""

    leaked: Share = 0.0
    """Probability that a leak is averted, independently of other overheads."""
    tampered: Share = 0.0
    """Probability that tampering is averted, independently of other overheads."""
    lost: Share = 0.0
    """Probability that the loss of work is averted, independently of other overheads."""


class LoweredBy(Model):
    """What the overheads of `contracts.security` avert. One that takes no time and costs nothing is not in
    place, and averts nothing."""

    encryption: Averted = Averted()
    """By encrypted transfers: in place with an `encryption_share` or `encryption_usd_share` above 0."""
    enclave: Averted = Averted()
    """By work in an enclave: in place with an `enclave_share` or `enclave_usd_share` above 0."""
    audit: Averted = Averted()
    """By audits: in place with an `audit_share` or `audit_usd_share` above 0."""


class Incidents(Model):
    """What happens to data and work at contractors.

    A contractor's `security_risk` is the probability of an incident on each contract on which data went out,
    before the overheads of `contracts.security` lower it; nothing happens at home. Estimates then charge the
    incident that is to be expected in place of ``value · security risk``.
    """

    shares: IncidentShares
    """How incidents fall into leaks, tampering and lost work."""
    leak_usd: LeakCost
    """What a leak costs, by the sensitivity of each task's data."""
    insured_share: Share = 0.0
    """Share of what a leak costs that an insurance pays, so that the client does not bear it; bad and lost
    work it does not cover."""
    premium_usd_share: NonNegative = 0.0
    """Share by which that insurance raises what contractors charge."""
    lowered_by: LoweredBy = LoweredBy()
    """How much of all this the overheads avert; by default nothing."""


class Security(Model):
    """Security overheads; arXiv 2506.01900 prints ChaCha20 2.3 %, SGX 8.5 %, audit 0.8 %, key exchange 15.7
    ms."""

    key_exchange_ms: NonNegative = 0.0
    """Milliseconds on top of `handshake_ms` before every contract."""
    encryption_share: NonNegative = 0.0
    """Share by which transfers take longer; no effect without `transfer_mb_per_s`, but on incidents."""
    enclave_share: NonNegative = 0.0
    """Share by which work at contractors takes longer, added to `audit_share`."""
    audit_share: NonNegative = 0.0
    """Share by which work at contractors takes longer, added to `enclave_share`."""
    key_exchange_usd_share: NonNegative = 0.0
    """Share by which key exchange raises what contractors charge, added to the other such shares: listed
    prices, bills by use and their own costs."""
    encryption_usd_share: NonNegative = 0.0
    """Share by which encryption raises what contractors charge, added to the other such shares."""
    enclave_usd_share: NonNegative = 0.0
    """Share by which enclaves raise what contractors charge, added to the other such shares."""
    audit_usd_share: NonNegative = 0.0
    """Share by which audits raise what contractors charge, added to the other such shares."""
    incidents: Incidents | None = None
    """What leaks, tampering and lost work come to. Left out, no incident ever happens: `security_risk` is a
    share of the value that estimates charge and nobody loses."""

    @property
    def price_factor(self) -> float:
        """What the overheads, and an insurance, multiply prices, bills and own costs by."""
        premium = 0.0 if self.incidents is None else self.incidents.premium_usd_share
        overheads = self.encryption_usd_share + self.enclave_usd_share + self.audit_usd_share
        return 1 + (self.key_exchange_usd_share + overheads + premium)

    def in_place(self, overhead: Overhead) -> bool:
        """Whether an overhead is paid for, in time or in money."""
        return bool(getattr(self, f"{overhead}_share") > 0 or getattr(self, f"{overhead}_usd_share") > 0)

    def averted(self, kind: IncidentKind) -> float:
        """Share of the incidents of a kind that the overheads in place avert together."""
        left = 1.0
        if self.incidents is not None:
            for overhead in OVERHEADS:
                averts: Averted = getattr(self.incidents.lowered_by, overhead)
                left *= 1 - getattr(averts, kind) if self.in_place(overhead) else 1.0
        return 1 - left
