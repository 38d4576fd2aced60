"""What a user writes about contracts: how they come about, go wrong, are verified and recovered from."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, Share
from coalesce_sim.scenario.draws import NonNegativeDistribution
from coalesce_sim.scenario.security import Security


class Check(Model):
    """One way to verify work: its cost, how long it takes, and how well it tells good from bad."""

    usd: NonNegative = 0.0
    """USD that the client pays for each delivery that is checked, and reckons with in every offer."""
    minutes: NonNegative = 0.0
    """Minutes from delivery to the verdict, part of the turnaround; no slot is held meanwhile."""
    sensitivity: Share = 1.0
    """Probability that bad work is found; what is not found is paid as if it were good, and its loss is
    borne."""
    specificity: Share = 1.0
    """Probability that good work passes; what does not pass is treated as bad work."""


class Verification(Model):
    """Every delivery is checked, as the task's value says."""

    automated: Check = Check()
    """What every delivery goes through unless `manual` does; by default free, instant and without error."""
    manual: Check | None = None
    """Check that takes the place of `automated` for tasks worth at least `manual_from_value_usd`, which must
    be stated with it."""
    manual_from_value_usd: NonNegative | None = None
    """USD of a task's `value_usd`, of a step its part of that, from which the check is `manual`."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.manual is None) != (self.manual_from_value_usd is None):
            raise ValueError("manual and manual_from_value_usd must be given together")
        return self

    def check(self, *, by_hand: bool) -> Check:
        """The check that a task gets; where there is no manual one, none costs or finds anything by hand."""
        return (self.manual or Check()) if by_hand else self.automated


class Recovery(Model):
    """What follows work that came to nothing: other contractors, and then home or the loss."""

    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often the policy is asked again on the same task."""
    among: Literal["untried", "all"] = "untried"
    """Who may offer then: ``untried``, only contractors that were not tried at this task; ``all``, those that
    were as well, whose luck with it is another each time. No effect at `retries` of 0."""
    then: Literal["local", "give_up"] = "local"
    """What follows when the `retries` are used up: ``local``, the task is done at home; ``give_up``, it ends
    at its loss. At clients of 0 slots the two are the same."""

    def goes_on_after(self, contracts: int) -> bool:
        """Whether a task is done over when so many contracts on it have come to nothing."""
        return contracts <= self.retries or self.then == "local"


class ContractRules(Model):
    """The life of a contract, in the states of A2A 1.0.

    *Submitted*: a handshake, which a contractor that cannot be reached does not answer (*canceled*) and one
    whose queue is full refuses (*rejected*); the first contract of a client with a contractor may have to be
    authorised (*auth-required*). Then data are moved, and the job waits its turn. *Working*: the work, which
    may stop for the answer to a question and may break off (*failed*). Whatever state it is in before work is
    delivered, a contract is *canceled* at its deadline (`timeout_factor`). What is delivered (*completed*) is
    verified. No contract is *input-required*: what a question takes is a part of the work.
    """

    handshake_ms: NonNegative = 0.0
    """Milliseconds from the decision to the contractor's answer, besides its `network_ms`; part of the quoted
    time."""
    connect_timeout_s: NonNegative = 30.0
    """Seconds after which a client gives up on a contractor that does not answer (*canceled*); no effect
    where every `unreachable_rate` is 0."""
    authorisation_s: NonNegative = 0.0
    """Seconds that the first contract of a client with a contractor waits to be authorised (*auth-required*);
    no part of the quoted time, though the deadline counts from before it. 0: none has to be."""
    transfer_mb_per_s: Positive | None = None
    """MB per second at which `data_gb` and `output_gb` of a task are moved; left out, in no time."""
    security: Security = Security()
    """What encryption, enclaves, audits and key exchange add to handshakes, transfers, work and prices, and
    what incidents come to; by default nothing."""
    input_required_rate: Share = 0.0
    """Probability that the work stops once to ask the client something; the slot stays taken, and the reply
    is added to the work."""
    input_reply_s: NonNegativeDistribution = 0.0
    """Seconds until the client has answered, no part of the quoted time, though the deadline does not wait
    for it; no effect at an `input_required_rate` of 0."""
    timeout_factor: Positive | None = None
    """A client cancels what is not delivered after this many times the quoted time since its decision,
    whatever the contract is waiting for, and owes no price for it; the time that its own verification takes
    it grants. Left out, never."""
    failed_share: Share = 0.0
    """Share of bad work that breaks off part of the way (*failed*); the rest is delivered (*completed*), and
    found bad, or not, by the verification."""
    due_on_failure: Share = 0.0
    """Share of the price, or bill, that is paid for work that broke off, was lost or was found bad; for
    what was rejected or canceled nothing is."""
    verification: Verification = Verification()
    """How deliveries are checked before they are paid; by default at no cost and without error."""
    recovery: Recovery = Recovery()
    """What follows work that came to nothing; by default the task is done at home."""
    rework_usd: NonNegative | None = None
    """USD lost with a task that ends without good work; left out, its `value_usd`, which of a step is that of
    the whole."""
