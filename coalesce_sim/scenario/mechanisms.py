"""What a user writes about policies that agree on a price with the contractors."""

from __future__ import annotations

from typing import Literal

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Positive, Share


class PostedPrice(Model):
    """A market maker posts a price per task type; the best to accept it is hired if home is dearer."""

    kind: Literal["posted_price"]
    step: Positive = 0.05
    """What the price moves by after a task: times ``1 + step`` where no contractor accepted, divided by it
    where too many did."""
    accepting_share: Share = 0.5
    """Share of the eligible contractors that may accept before the price falls."""


class Vickrey(Model):
    """Sealed-bid reverse second-price auction: the lowest bid wins and is paid the second-lowest, at most
    what leaves the client as well off as at home."""

    kind: Literal["vickrey"]


class ScoreAuction(Model):
    """Sealed-bid auction by score, quality less price: the best score wins and is paid to match the second
    best, at most what leaves the client as well off as at home."""

    kind: Literal["score_auction"]
