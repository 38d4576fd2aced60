"""What a user writes about payment: when money moves, what moving it costs, and what comes back later."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.currencies import Currency
from coalesce_sim.scenario.distributions import (
    Distribution,
    NonNegative,
    Share,
    highest_draw,
    no_speck,
    support,
)
from coalesce_sim.scenario.draws import NonNegativeDistribution
from coalesce_sim.scenario.problems import Refusals

MOST_USD: Final = 9e9
"""What 64 bits hold in 10⁻⁹ of a currency."""

MOST_DAYS: Final = 3650.0
"""Nothing is waited for longer: ten years."""

Amount = Annotated[float, Field(ge=0, le=MOST_USD), AfterValidator(no_speck)]
"""USD that a book can hold."""

Payer = Literal["client", "contractor"]
"""Who bears something."""

Network = Annotated[str, Field(pattern=r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")]
"""A network in the words of CAIP-2, as in eip155:8453."""


def _in_ten_years(days: Distribution) -> Distribution:
    low, high = support(days)
    if low > MOST_DAYS or MOST_DAYS < high < math.inf:
        raise ValueError(f"must be at most {MOST_DAYS:g} days (got {high:g})")
    return days


Days = Annotated[NonNegativeDistribution, AfterValidator(_in_ten_years)]
"""A distribution of days, of which none is waited for longer than ten years."""

Waiting = Annotated[NonNegative, Field(le=MOST_DAYS)]
"""Days, at most ten years."""


def _fits_a_book(usd: Distribution) -> Distribution:
    highest = highest_draw(usd)
    if highest > MOST_USD:
        got = f"{highest:g}" if isinstance(usd, float) else f"draws up to {highest:g}"
        raise ValueError(f"must be at most {MOST_USD:g} (got {got})")
    return usd


DrawnAmount = Annotated[NonNegativeDistribution, AfterValidator(_fits_a_book)]
"""A distribution of USD, none of which a book cannot hold."""


class Dispute(Model):
    """Deliveries that one side contests after the verdict: the client what it accepted, the contractor what
    was found bad. Who decides looks at the work; the money waits in escrow meanwhile."""

    share: Share = 0.02
    """Probability that a delivery is contested."""
    least_usd: Amount = 0.0
    """USD that must be at stake for anybody to contest it, as in 15 where a dispute costs that."""
    days: Days
    """Days until it is decided, as in {uniform: {low: 30, high: 90}}, at most ten years; booked after the
    market has ended."""
    cost_usd: Amount = 15.0
    """USD that the side pays that loses, to the platform."""
    wrong: Share = 0.1
    """Probability that the decision is wrong: good work should be paid, bad work earns what the contract says
    of bad work."""


class Escrow(Model):
    """The price waits with the platform from the award on, so that no client can keep it back."""

    holdback: Share = 1.0
    """Share of the bill that waits beyond delivery, until what `until` says; the rest is captured on
    delivery, whatever the work is worth."""
    until: Literal["verified", "window"] = "verified"
    """``verified``: the holdback is paid with the verdict, or goes back to the client, so that work found bad
    earns 1 − `holdback` of its bill, which takes the place of `contracts.due_on_failure`. ``window``: nothing
    is captured before the verdict, and of accepted work the holdback is paid `window_days` later."""
    window_days: Waiting = 120.0
    """Days from the verdict until a holdback is released with ``until: window``."""
    cap: NonNegative | None = None
    """By what share a bill may exceed the price agreed on before the top-up is refused and the rest stays
    unpaid, as in 0.5; left out, any bill is paid."""
    dispute: Dispute | None = None
    """What is contested after the verdict; left out, nothing."""


class Fee(Model):
    """What somebody takes for each payment, kept by the platform."""

    kind: Literal["card", "platform", "network"]
    """What it is for, a label of the bar that it gets: ``card``, ``platform`` or ``network``."""
    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the payment that is taken, as in 0.029; rounded down to a unit of the book."""
    fixed_usd: Amount = 0.0
    """USD of each payment, however small."""
    payer: Payer = "client"
    """Who pays it: ``client``, on top of the price, or ``contractor``, out of it."""


class Pay(Model):
    """When contractors have their money."""

    every_h: Annotated[float, Field(ge=0.001, le=24 * MOST_DAYS)] | None = None
    """Hours from one payment to the next: what falls due in between is paid together (netting). Left out,
    every contract is paid by itself."""
    among: Literal["pair", "client"] = "pair"
    """What is paid together: ``pair``, what one client owes one contractor; ``client``, all that one client
    owes, in one payment to the platform, which passes it on. No effect without `every_h`."""
    delay_days: Waiting = 0.0
    """Days that a payment is in transit (T+n)."""
    capital_rate_per_year: Annotated[float, Field(ge=0, le=100), AfterValidator(no_speck)] = 0.0
    """What money costs a year while it is in transit or, where `escrow` is stated, waits there, as a share of
    it; nobody is paid for it, so it stands in no account."""
    borne_by: Payer = "client"
    """Who bears the cost of capital: ``client``, since sellers ask for what waiting costs them, or
    ``contractor``, who then do not."""


def _positive(rates: dict[Currency, float]) -> dict[Currency, float]:
    for currency, rate in rates.items():
        if not 1e-6 <= rate <= 1e6:
            raise ValueError(f"{currency}: must be between 0.000001 and 1,000,000 (got {rate:g})")
    return rates


class Fx(Model):
    """Contractors who are paid in another currency. What they ask is converted when the contract is made;
    their client pays the rate of the day on which the payment is made."""

    contractors: Annotated[dict[str, Currency], Field(min_length=1)]
    """Currency by type of contractor, or by name in a listed pool."""
    rate: Annotated[dict[Currency, float], AfterValidator(_positive)]
    """What one unit of each currency costs in `settlement.currency` at the start."""
    volatility_per_year: Annotated[float, Field(ge=0, le=5)] = 0.0
    """Standard deviation of the logarithm of the rate after a year; the rate has no drift."""
    spread_bp: Annotated[float, Field(ge=0, le=5000)] = 0.0
    """Basis points (0.01 %) that the client pays above the rate."""


class ChargeBacks(Model):
    """Payments that the client's card company takes back from the contractor, months later."""

    rate: Share
    """Probability of each payment, whatever the work was worth."""
    days: Days
    """Days from payment to charge-back, as in {uniform: {low: 60, high: 120}}, at most ten years; booked
    after the market has ended."""
    fee_usd: Amount = 15.0
    """USD that the contractor pays to the platform for each."""
    written_off_by: Literal["platform", "client"] = "platform"
    """Who bears in the end what a contractor has not got: ``platform``, or the ``client`` whose payment it
    was, up to what it took back, and the platform the rest."""


class PaymentFailures(Model):
    """Authorisations that a gateway refuses."""

    rate: Share
    """Probability that an attempt to authorise fails."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often it is tried again, at once, before the contract is rejected."""


class ClientFunds(Model):
    """What clients have to spend."""

    funds_usd: DrawnAmount
    """USD that each client has at the start, drawn by client. What it cannot authorise is rejected, and of a
    bill above its price it pays what it has; what fees, exchange and disputes take later it may owe."""


class Settlement(Model):
    """How contracts are paid. Every part may be left out: then the price is set aside on award and paid on
    acceptance, at no cost, at once, in one currency, for good. Needs `contracts`."""

    currency: Currency = "USD"
    """Currency of the book, a code of ISO 4217; what the scenario gives in USD is read as units of it."""
    escrow: Escrow | None = None
    """Where the price waits and until when; left out, clients could keep it back."""
    fee: list[Fee] = Field(default_factory=list)
    """What is taken of each payment; by default nothing."""
    pay: Pay = Pay()
    """When contractors have their money; by default at once."""
    fx: Fx | None = None
    """Contractors who are paid in other currencies; left out, none is."""
    charge_backs: ChargeBacks | None = None
    """Payments that are taken back; left out, none is."""
    failures: PaymentFailures | None = None
    """Authorisations that fail; left out, none does."""
    clients: ClientFunds | None = None
    """What clients have to spend; left out, as much as they need."""
    network: Network = "fiat:iso4217"
    """Network of exported payment requirements (CAIP-2), as in eip155:8453; changes nothing of what is
    played."""

    @property
    def is_plain(self) -> bool:
        """Whether contracts are paid on acceptance, at once and at no cost."""
        return self == Settlement(currency=self.currency, network=self.network)

    @model_validator(mode="after")
    def _rates_are_known(self) -> Self:
        own, fx = self.currency, self.fx
        if fx is None:
            return self
        refused = [
            f"fx.rate.{currency}: missing, but {who} is paid in it"
            for who, currency in fx.contractors.items()
            if currency != own and currency not in fx.rate
        ]
        if fx.rate.get(own, 1.0) != 1.0:
            refused.append(f"fx.rate.{own}: must be 1, it is the currency of the book (got {fx.rate[own]:g})")
        if refused:
            raise Refusals(refused)
        return self
