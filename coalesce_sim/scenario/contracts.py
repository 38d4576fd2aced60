"""What a user writes about contracts: how they come about, go wrong, are verified and recovered from."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, NonNegativeDistribution, Positive
from coalesce_sim.scenario.pool import Share


class Security(Model):
    """Security overheads (arXiv 2506.01900 prints ChaCha20 2.3 %, SGX 8.5 %, audit 0.8 %, key exchange 15.7
    ms).

    `key_exchange_ms` comes with every handshake, `encryption_share` lengthens transfers, `enclave_share` and
    `audit_share` lengthen the work.
    """

    key_exchange_ms: NonNegative = 0.0
    encryption_share: NonNegative = 0.0
    enclave_share: NonNegative = 0.0
    audit_share: NonNegative = 0.0


class Check(Model):
    """One way to verify work: its cost, how long it takes, and how well it tells good from bad.

    `sensitivity` is the probability that bad work is found, `specificity` that good work passes.
    """

    usd: NonNegative = 0.0
    minutes: NonNegative = 0.0
    sensitivity: Share = 1.0
    specificity: Share = 1.0


class Verification(Model):
    """Every delivery is checked: by the `automated` check or, where the task is worth at least
    `manual_from_value_usd`, by the `manual` one."""

    automated: Check = Check()
    manual: Check | None = None
    manual_from_value_usd: NonNegative | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.manual is None) != (self.manual_from_value_usd is None):
            raise ValueError("manual and manual_from_value_usd must be given together")
        return self

    def check(self, *, by_hand: bool) -> Check:
        """The check that a task gets; where there is no manual one, none costs or finds anything by hand."""
        return (self.manual or Check()) if by_hand else self.automated


class Recovery(Model):
    """What follows work that came to nothing.

    The policy is asked again, without the contractors that were tried, up to `retries` times; then the task
    is run at home (``local``) or given up, at its loss (``give_up``).
    """

    retries: Annotated[int, Field(ge=0, le=10)] = 0
    then: Literal["local", "give_up"] = "local"

    def goes_on_after(self, contracts: int) -> bool:
        """Whether a task is done over when so many contracts on it have come to nothing."""
        return contracts <= self.retries or self.then == "local"


class Contracts(Model):
    """The life of a contract, in the states of A2A 1.0.

    *Submitted*: a handshake of `handshake_ms`; a contractor that cannot be reached is given up after
    `connect_timeout_s` (*canceled*), one whose queue is full says no (*rejected*). The first contract of a
    client with a contractor waits `authorisation_s` (*auth-required*). Data go out and come back at
    `transfer_mb_per_s` (left out: in no time). *Working*: queue and service; with `input_required_rate` the
    work stops once for `input_reply_s` (*input-required*). A client cancels what is not done after
    `timeout_factor` times the quoted latency (left out: never). Of bad work the share `failed_share` fails
    openly (*failed*), the rest is delivered (*completed*) and found out, or not, by the verification. Work
    that failed or was found bad is paid to the share `due_on_failure`. A task that ends without good work
    costs `rework_usd`, its value where left out.
    """

    handshake_ms: NonNegative = 0.0
    connect_timeout_s: NonNegative = 30.0
    authorisation_s: NonNegative = 0.0
    transfer_mb_per_s: Positive | None = None
    security: Security = Security()
    input_required_rate: Share = 0.0
    input_reply_s: NonNegativeDistribution = 0.0
    timeout_factor: Positive | None = None
    failed_share: Share = 0.0
    due_on_failure: Share = 0.0
    verification: Verification = Verification()
    recovery: Recovery = Recovery()
    rework_usd: NonNegative | None = None
