"""What a user writes about how a market protects itself, besides ratings, checks and contracts."""

from __future__ import annotations

from typing import Literal

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, PositiveShare, Share


class Audit(Model):
    """A second look at work that passed the check of its client; it takes no time."""

    share: PositiveShare
    """Probability that work which passed is looked at again."""
    usd: NonNegative = 0.0
    """USD that the client pays for each audit, and reckons with as often as `share` says."""
    sensitivity: Share = 1.0
    """Probability that bad work is found; it is treated like work that the check has found."""
    raise_with_risk: bool = False
    """Whether the probability follows the contractor's public score: ``share · (1 − score) / 0.5``, at most
    1; a score of ½ leaves it as it is. Needs `reputation`."""


class Commitment(Model):
    """Sellers commit to the slots that they have."""

    usd_per_slot_h: Positive
    """USD that a contractor pays for each hour of a slot that it has and does not offer."""


class Defences(Model):
    """Rules of the market against those who cheat. What is paid to the market stays there: nobody gets it."""

    entry_fee_usd: NonNegative = 0.0
    """USD that every contractor pays for every name under which it enters, from the start on too."""
    dues_usd: NonNegative = 0.0
    """USD of work that every name does unpaid before it is paid: its clients owe it nothing for that."""
    stake_usd: NonNegative = 0.0
    """USD that a contractor stakes on each contract, and pays to the market when its work is found bad."""
    platform_fee_share: Share = 0.0
    """Share of what a contractor is paid that it pays to the market."""
    audit: Audit | None = None
    """A second look at work that passed; left out, there is none."""
    reserve_price: bool = False
    """Whether offers are left out that ask more than the client expects the task to cost at home."""
    explore_at_most: NonNegative | None = None
    """How much of what the client expects the task to cost at home the price of an exploratory hire may be at
    most, as in 1.0; the task stays at home otherwise. Left out, there is no limit."""
    random_order: bool = False
    """Whether offers come to clients in a random order, whoever answered first."""
    commitment: Commitment | None = None
    """What slots cost that are there and are not offered; left out, nothing."""
    ratings: Literal["any", "contracts"] = "any"
    """Which ratings count: ``any``, or those only that a contract is behind, ``contracts``."""

    @property
    def levies(self) -> bool:
        """Whether contractors may have to pay the market."""
        fees = self.entry_fee_usd, self.stake_usd, self.platform_fee_share
        return any(fee > 0 for fee in fees) or self.commitment is not None

    @property
    def any(self) -> bool:
        """Whether anything is not as it is by default."""
        return self != Defences()
