"""Prices of sellers against closed forms: logit Bertrand competition, and sealed bids."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.adversaries.protocol import Adversary, Sight
from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.mechanisms.auction import Auction
from coalesce_sim.policies.mechanisms.bids import Bids
from coalesce_sim.rounding import first_least
from tests.market.trading import contractor
from verification.cheating import GAP_S, Seen, interval, jobs, within

NASH_USD, MONOPOLY_USD = 1.472927, 1.924981
COST_USD, MU_USD, BUYERS = 1.0, 0.25, 3000


@cache
def earned(*prices_usd: float) -> tuple[float, FloatArray]:
    """Of two sellers at these prices: the share of buyers that each gets on average, and what each buyer is
    worth to them, (sellers, buyers); the same buyers whatever they ask."""
    sellers = (
        contractor(f"s{place}", price_usd=usd, own_cost_share=COST_USD / usd)
        for place, usd in enumerate(prices_usd)
    )
    played = coalesce_sim.run(jobs(BUYERS, *sellers, policy={"kind": "logit"}), replications=1)
    decisions = played.decisions.sort_values("task")
    hired = np.array([decisions["contractor"] == f"s{place}" for place in range(2)])
    return float(hired.mean()), hired * (np.array(prices_usd) - COST_USD)[:, None]


def reply_usd(share: float, sellers: int = 1) -> float:
    """The best price to ask, of so many together, by the share of buyers that each of them gets."""
    return COST_USD + MU_USD / (1 - sellers * share)


def reply_error_usd(share: float, sellers: int = 1) -> float:
    """How far that is off by chance, of two equal sellers whose buyers are counted together."""
    error = math.sqrt(2 * share * (1 - 2 * share) / BUYERS) / 2
    return sellers * MU_USD / (1 - sellers * share) ** 2 * error


def test_best_replies_end_at_the_prices_of_a_logit_duopoly() -> None:
    """From the monopoly's price down: p − c = μ/(1 − q). Each reply is off by a fifth of what the one before
    was, if that, so three are as good as all."""
    price_usd, error_usd = MONOPOLY_USD, math.nan
    for _ in range(3):
        share, _ = earned(price_usd, price_usd)
        price_usd, error_usd = reply_usd(share), reply_error_usd(share)
    assert price_usd == pytest.approx(NASH_USD, abs=within(error_usd) + 1e-3)


def test_at_these_prices_nobody_gains_by_another() -> None:
    _, there_usd = earned(NASH_USD, NASH_USD)
    low, high = interval(there_usd.mean(axis=0))
    assert low < 0.222927 < high
    for off_usd in (-0.15, 0.15):
        _, elsewhere_usd = earned(NASH_USD + off_usd, NASH_USD)
        assert interval(elsewhere_usd[0] - there_usd[0])[1] < 0


def test_two_sellers_who_collude_earn_most_at_the_monopolys_price() -> None:
    """p − c = μ/(1 − 2q)."""
    share, there_usd = earned(MONOPOLY_USD, MONOPOLY_USD)
    assert reply_usd(share, 2) == pytest.approx(MONOPOLY_USD, abs=within(reply_error_usd(share, 2)))
    low, high = interval(there_usd.mean(axis=0))
    assert low < 0.337490 < high
    for off_usd in (-0.3, 0.3):
        _, elsewhere_usd = earned(MONOPOLY_USD + off_usd, MONOPOLY_USD + off_usd)
        assert interval((elsewhere_usd - there_usd).sum(axis=0))[1] < 0


def test_the_best_deviation_from_a_cartel_and_the_patience_that_it_takes_to_stay() -> None:
    """The best reply earns p − c − μ: so much where the other asks the monopoly's price. A rival who never
    forgives keeps sellers to that price who count a later USD as 0.3931."""
    gain_usd = 0.411695
    _, deviating_usd = earned(COST_USD + MU_USD + gain_usd, MONOPOLY_USD)
    low, high = interval(deviating_usd[0])
    assert low < gain_usd < high
    patience = [(usd - 0.337490) / (usd - 0.222927) for usd in (low, high)]
    assert patience[0] < 0.3931 < patience[1]


SELLERS, AUCTIONS = 5, 500
COSTS_USD = np.random.default_rng(1).random((SELLERS, AUCTIONS))
TRUTH, SHADED = (0.0, 1.0), (1 / SELLERS, 1 - 1 / SELLERS)
"""Bids: a part that is always there, and so much of the cost. The second is the equilibrium where the lowest
bid is paid."""


class Bidding(Adversary):
    """Bids so much, and so much of its cost."""

    def __init__(self, always: float, of_cost: float) -> None:
        self._always, self._of_cost = always, of_cost

    def bid_usd(self, sight: Sight, who: int, own_usd: float) -> float:  # noqa: ARG002
        return self._always + self._of_cost * own_usd


class Ring(Adversary):
    """The two cheapest of each auction agree that the dearer of them stays away."""

    second = np.argsort(COSTS_USD, axis=0)[1]

    def bid_usd(self, sight: Sight, who: int, own_usd: float) -> float:
        return math.inf if who == self.second[round(sight.now_s / GAP_S) - 1] else own_usd


class FirstPrice(Auction):
    """The lowest bid, at what it asks."""

    def award(self, bids: Bids) -> tuple[int, float] | None:
        best = first_least(bids.bids_usd)
        return best, float(bids.bids_usd[best])


def auctioned(policy: dict[str, Any], *adversaries: dict[str, Any]) -> tuple[FloatArray, FloatArray]:
    """What is paid in each auction, and what each seller has of it beyond its cost, (sellers, auctions)."""
    names = [f"s{place}" for place in range(SELLERS)]
    hours = [0.0, *((np.arange(1, AUCTIONS) + 0.5) * GAP_S / 3600).tolist()]
    sellers = [
        contractor(name, own_cost_share={"at_hours": list(map(list, zip(hours, costs, strict=True)))})
        for name, costs in zip(names, COSTS_USD.tolist(), strict=True)
    ]
    scenario = jobs(
        AUCTIONS, *sellers, policy=policy, adversaries=list(adversaries), clients={"price_usd": 5}
    )
    seen = Seen(scenario)
    paid_usd, profit_usd = np.zeros(AUCTIONS), np.zeros((len(seen.market.pool), AUCTIONS))
    for contract in seen.ended:
        paid_usd[contract.task] = contract.paid_usd
        profit_usd[contract.contractor, contract.task] = contract.paid_usd - contract.own_usd
    assert len(seen.ended) == AUCTIONS
    return paid_usd, profit_usd


VICKREY: dict[str, Any] = {"kind": "vickrey"}
FIRST_PRICE: dict[str, Any] = {"class": f"{__name__}:FirstPrice"}
EVERYBODY = [f"s{place}" for place in range(SELLERS)]


def bidding(rule: tuple[float, float], *members: str) -> dict[str, Any]:
    """These sellers bid by that rule."""
    always, of_cost = rule
    who = {"members": list(members)}
    return {"class": f"{__name__}:Bidding", "who": who, "always": always, "of_cost": of_cost}


def test_no_other_bid_beats_the_truth_where_the_second_lowest_is_paid() -> None:
    """In no single auction. Of costs that are uniform on [0, 1], 2/(n + 1) is paid."""
    paid_usd, honest_usd = auctioned(VICKREY)
    low, high = interval(paid_usd)
    assert low < 2 / (SELLERS + 1) < high
    for rule in ((0.0, 0.5), (0.0, 0.8), (0.0, 1.25), SHADED):
        _, profit_usd = auctioned(VICKREY, bidding(rule, "s0"))
        assert (profit_usd[0] <= honest_usd[0] + 1e-12).all()
        assert profit_usd[0].sum() < honest_usd[0].sum()


def test_the_truth_is_no_best_reply_where_the_lowest_bid_is_paid() -> None:
    """It leaves nothing, and c + (1 − c)/n does, even to the only one who bids it. Where all do, the same is
    paid as above, and who bids otherwise loses by it."""
    _, honest_usd = auctioned(FIRST_PRICE)
    assert honest_usd == pytest.approx(0)
    _, profit_usd = auctioned(FIRST_PRICE, bidding(SHADED, "s0"))
    assert interval(profit_usd[0])[0] > 0
    paid_usd, shaded_usd = auctioned(FIRST_PRICE, bidding(SHADED, *EVERYBODY))
    low, high = interval(paid_usd)
    assert low < 2 / (SELLERS + 1) < high
    for part in (0.05, 0.5):
        rule = part, 1 - part
        _, profit_usd = auctioned(FIRST_PRICE, bidding(SHADED, *EVERYBODY[1:]), bidding(rule, "s0"))
        assert interval(profit_usd[0] - shaded_usd[0])[1] < 0


def test_a_ring_of_the_two_cheapest_gains_what_the_third_costs_more_than_the_second() -> None:
    """1/(n + 1) on average."""
    _, honest_usd = auctioned(VICKREY)
    _, profit_usd = auctioned(VICKREY, {"class": f"{__name__}:Ring", "who": {"members": EVERYBODY}})
    gain_usd, costs_usd = (profit_usd - honest_usd).sum(axis=0), np.sort(COSTS_USD, axis=0)
    assert gain_usd == pytest.approx(costs_usd[2] - costs_usd[1])
    low, high = interval(gain_usd)
    assert low < 1 / (SELLERS + 1) < high


def test_a_second_name_only_lowers_what_is_paid_for_the_first() -> None:
    """Its bid is the second-lowest wherever the first wins, which is left with nothing."""
    _, profit_usd = auctioned(VICKREY, {"kind": "sybil", "who": {"members": ["s0"]}, "identities": 2})
    assert profit_usd[[0, SELLERS]] == pytest.approx(0)
    assert profit_usd.sum() > 0
