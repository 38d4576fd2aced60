"""Posted prices, auctions and fixed choices, on hand-made offers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from coalesce_sim import LOCAL, Policy
from coalesce_sim.luck import Luck
from coalesce_sim.policies.mechanisms.auction import Auction
from coalesce_sim.policies.mechanisms.bids import Bids
from coalesce_sim.policies.mechanisms.score_auction import ScoreAuction
from coalesce_sim.policies.mechanisms.vickrey import Vickrey
from coalesce_sim.policies.protocol import Offers, OracleView, SealedBids, Surroundings, View
from coalesce_sim.policies.registry import PolicyError, create
from coalesce_sim.policies.yardsticks import AlwaysOutsource, BestFixed, Cheapest, FixedChoice, Oracle
from coalesce_sim.scenario.policy import PolicySettings


def policy_of(kind: str, names: tuple[str, ...] = (), **parameters: Any) -> Policy:
    policy = create(TypeAdapter(PolicySettings).validate_python({"kind": kind, **parameters}))
    policy.start(Surroundings(names, ("a", "b"), 1, lambda _: np.random.default_rng(0)))
    return policy


def offers_of(
    price: list[float],
    surcharge: list[float],
    *,
    internal: float = 100.0,
    eligible: list[bool] | None = None,
    ids: list[int] | None = None,
    type_id: int = 0,
    explain: bool = False,
) -> Offers:
    count = len(price)
    nothing: Any = None
    return Offers(
        tasks=nothing,
        first_task=0,
        first=0,
        client=[0],
        type_id=[type_id],
        internal_usd=[internal],
        ids=np.array(range(count) if ids is None else ids, dtype=np.int64),
        price_usd=np.array([price], dtype=float),
        external_usd=np.array([price], dtype=float) + np.array([surcharge], dtype=float),
        latency_s=np.zeros((1, count)),
        reliability=np.ones(count),
        security=np.ones(count),
        skill=np.ones((2, count)),
        eligible=np.array([[True] * count if eligible is None else eligible] * 2),
        luck=Luck(1, 0, np.arange(1 + max(range(count) if ids is None else ids, default=0), dtype=np.uint64)),
        explain=explain,
    )


def sealed(bids: list[float], surcharge: list[float], price: list[float] | None = None, **facts: Any) -> View:
    return SealedBids(offers_of(price or bids, surcharge, **facts), 0, np.array(bids, dtype=float))


# Whole numbers: sums and differences are exact, and ties are frequent.
amounts = st.integers(0, 30).map(float)
bidders = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6)
homes = st.integers(0, 60).map(float)
auctions = pytest.mark.parametrize("auction", [Vickrey(), ScoreAuction()], ids=["vickrey", "score"])

a_few = settings(max_examples=40)


def bids_of(market: list[tuple[float, float]], home: float) -> Bids:
    asked, surcharges = zip(*market, strict=True)
    return Bids(np.array(asked), np.array(surcharges), home)


@auctions
@a_few
@given(market=bidders, home=homes)
def test_payments_lie_between_the_winners_bid_and_its_reserve(
    auction: Auction, market: list[tuple[float, float]], home: float
) -> None:
    awarded = auction.award(bids_of(market, home))
    hireable = [asked + surcharge < home for asked, surcharge in market]
    assert (awarded is not None) == any(hireable)
    if awarded is not None:
        winner, payment = awarded
        asked, surcharge = market[winner]
        assert hireable[winner]
        assert asked <= payment <= home - surcharge


@auctions
@a_few
@given(market=bidders, home=homes, liar=st.integers(0, 5), lie=amounts | st.just(math.inf))
def test_nobody_gains_by_a_bid_other_than_its_cost(
    auction: Auction, market: list[tuple[float, float]], home: float, liar: int, lie: float
) -> None:
    liar %= len(market)

    def profit(bids: Bids) -> float:
        awarded = auction.award(bids)
        return awarded[1] - market[liar][0] if awarded is not None and awarded[0] == liar else 0.0

    truthful, twisted = bids_of(market, home), bids_of(market, home)
    twisted.bids_usd[liar] = lie
    assert profit(truthful) >= profit(twisted)


@a_few
@given(market=bidders, home=homes)
def test_the_score_auction_finds_the_least_total_cost_and_pays_by_the_second_least(
    market: list[tuple[float, float]], home: float
) -> None:
    awarded = ScoreAuction().award(bids_of(market, home))
    totals = sorted([home, *(asked + surcharge for asked, surcharge in market)])
    if awarded is None:
        assert totals[0] == home
    else:
        winner, payment = awarded
        assert sum(market[winner]) == totals[0]
        assert payment + market[winner][1] == totals[1]


@a_few
@given(market=bidders, home=homes)
def test_vickrey_hires_the_lowest_bid_below_its_reserve_and_pays_the_next(
    market: list[tuple[float, float]], home: float
) -> None:
    awarded = Vickrey().award(bids_of(market, home))
    admissible = sorted(asked for asked, surcharge in market if asked < home - surcharge)
    if awarded is None:
        assert admissible == []
    else:
        winner, payment = awarded
        assert market[winner][0] == admissible[0]
        assert payment == min([*admissible[1:2], home - market[winner][1]])


@pytest.mark.parametrize("kind", ["vickrey", "score_auction"])
def test_a_single_bidder_is_paid_the_reserve(kind: str) -> None:
    decision = policy_of(kind).decide(sealed([10], [4], internal=50))
    assert (decision.contractor, decision.price_usd) == (0, 46)


@pytest.mark.parametrize("kind", ["vickrey", "score_auction"])
def test_ties_go_to_the_first_and_the_ineligible_neither_win_nor_set_the_price(kind: str) -> None:
    view = sealed([1, 20, 20, 3], [0, 0, 0, 0], eligible=[False, True, True, False])
    decision = policy_of(kind).decide(view)
    assert (decision.contractor, decision.price_usd) == (1, 20)


def test_vickrey_looks_at_the_price_and_the_score_auction_at_the_whole_cost() -> None:
    view = sealed([10, 15], [30, 5], internal=50)
    by_price, by_score = policy_of("vickrey").decide(view), policy_of("score_auction").decide(view)
    assert (by_price.contractor, by_price.price_usd) == (0, 15)  # the second bid; the reserve is 20
    assert (by_score.contractor, by_score.price_usd) == (1, 35)  # 35 + 5 equals the other's 10 + 30


def test_surcharges_come_from_the_offer_whatever_is_bid() -> None:
    """The list price is 12, so that 7 of the offer's 19 are surcharges, and the reserve is 33."""
    for kind in ("vickrey", "score_auction"):
        assert policy_of(kind).decide(sealed([10], [7], price=[12], internal=40)).price_usd == 33


@pytest.mark.parametrize("kind", ["vickrey", "score_auction", "posted_price"])
def test_mechanisms_stay_at_home_without_a_gain_or_an_offer(kind: str) -> None:
    for view in (
        sealed([10, 20], [30, 20], internal=40),
        sealed([10], [0], eligible=[False]),
        sealed([], []),
    ):
        decision = policy_of(kind).decide(view)
        assert (decision.contractor, decision.price_usd) == (LOCAL, None)


def test_an_auction_tells_its_bids_and_reserves_where_asked() -> None:
    reasons = policy_of("vickrey").decide(sealed([10, 15], [30, 5], internal=50, explain=True)).reasons
    assert reasons is not None
    assert reasons["bid_usd"].tolist() == [10, 15]
    assert reasons["reserve_usd"].tolist() == [20, 45]


@pytest.mark.parametrize("kind", ["vickrey", "score_auction", "posted_price"])
def test_mechanisms_need_bids(kind: str) -> None:
    with pytest.raises(TypeError, match=r"needs a SealedBids view \(got View\)"):
        policy_of(kind).decide(View(offers_of([1], [1]), 0))


def posted(policy: Policy, view: View) -> float:
    reasons = policy.decide(view).reasons
    assert reasons is not None
    return float(reasons["posted_usd"])


def test_a_posted_price_starts_at_the_mean_offer_and_hires_the_best_that_accepts() -> None:
    view = sealed([4, 9, 10, 30], [3, 2, 2, 0], price=[5, 10, 15, 30], explain=True)
    decision = policy_of("posted_price").decide(view)
    assert decision.reasons == {"posted_usd": 15, "accepting": 3}
    assert (decision.contractor, decision.price_usd) == (1, 15)


def test_a_posted_price_rises_while_nobody_accepts_and_falls_while_many_do() -> None:
    policy = policy_of("posted_price", step=0.25, accepting_share=0.5)
    nobody = sealed([90, 90], [0, 0], price=[10, 10], explain=True)
    assert [posted(policy, nobody) for _ in range(3)] == pytest.approx([10, 12.5, 15.625])
    everybody = sealed([1, 1], [0, 0], explain=True)
    assert [posted(policy, everybody) for _ in range(3)] == pytest.approx([19.53125, 15.625, 12.5])
    half = sealed([1, 90], [0, 0], explain=True)
    assert [posted(policy, half) for _ in range(3)] == pytest.approx([10, 10, 10])


def test_every_task_type_has_its_own_posted_price() -> None:
    policy = policy_of("posted_price", step=1.0)
    small, large = sealed([1], [0], explain=True), sealed([8], [0], type_id=1, explain=True)
    assert [posted(policy, view) for view in (small, large, small, large)] == [1, 8, 0.5, 4]


def test_a_posted_price_settles_where_about_the_accepting_share_accepts() -> None:
    """Costs of 1 to 9 and a share of 0.5: the price comes to rest where four accept, five being too many."""
    policy = policy_of("posted_price", step=0.05, accepting_share=0.5)
    view = sealed([float(cost) for cost in range(1, 10)], [0.0] * 9, price=[40.0] * 9, explain=True)
    prices = [posted(policy, view) for _ in range(100)]
    assert prices[0] == 40
    assert 4 <= prices[-1] < 5
    assert prices[-1] == prices[-2]


def test_a_client_that_is_cheaper_at_home_declines_a_posted_price() -> None:
    for internal, contractor, price in ((12, LOCAL, None), (12.5, 1, 10)):
        view = sealed([4, 9], [3, 2], price=[10, 10], internal=internal)
        decision = policy_of("posted_price").decide(view)
        assert (decision.contractor, decision.price_usd) == (contractor, price)


def test_always_outsource_hires_the_cheapest_eligible_offer_whatever_home_costs() -> None:
    offers = offers_of([5, 3, 1], [1, 1, 1], internal=0.5, eligible=[True, True, False])
    assert AlwaysOutsource().decide(View(offers, 0)).contractor == 1
    assert Cheapest().decide(View(offers, 0)).contractor == LOCAL


@pytest.mark.parametrize("policy", [AlwaysOutsource(), Cheapest(), FixedChoice(3), FixedChoice(LOCAL)])
def test_without_offers_the_yardsticks_stay_at_home(policy: Policy) -> None:
    assert policy.decide(View(offers_of([], []), 0)).contractor == LOCAL


def test_without_offers_the_oracle_stays_at_home() -> None:
    assert Oracle().decide(OracleView(offers_of([], []), 0, 1.0, np.zeros(0))).contractor == LOCAL


@pytest.mark.parametrize(
    ("contractor", "position"), [(2, 0), (5, 1), (9, 2), (LOCAL, LOCAL), (0, LOCAL), (6, LOCAL), (11, LOCAL)]
)
def test_a_fixed_choice_is_found_among_the_offers_by_its_contractor(contractor: int, position: int) -> None:
    view = View(offers_of([1, 1, 1], [0, 0, 0], ids=[2, 5, 9]), 0)
    assert FixedChoice(contractor).decide(view).contractor == position


def test_fixed_names_its_contractor() -> None:
    view = View(offers_of([1, 1], [0, 0], ids=[0, 2]), 0)
    names = ("haiku", "opus", "sonnet")
    assert policy_of("fixed", names, contractor="sonnet").decide(view).contractor == 1
    assert policy_of("fixed", names, contractor="opus").decide(view).contractor == LOCAL


def test_fixed_refuses_a_contractor_that_does_not_exist_and_names_those_like_it() -> None:
    with pytest.raises(PolicyError) as refused:
        policy_of("fixed", ("gpt-4", "gpt-5", "sonnet"), contractor="gpt-6")
    assert str(refused.value) == (
        "policy.contractor: no contractor of that name (got 'gpt-6'); did you mean 'gpt-5' or 'gpt-4'?"
    )


def test_best_fixed_makes_the_choice_that_it_was_told_and_forgets_it_at_the_next_start() -> None:
    policy = policy_of("best_fixed")
    assert isinstance(policy, BestFixed)
    view = View(offers_of([1, 1], [0, 0], ids=[3, 7]), 0)
    with pytest.raises(RuntimeError, match="told"):
        policy.decide(view)
    policy.told(7)
    assert policy.decide(view).contractor == 1
    policy.told(LOCAL)
    assert policy.decide(view).contractor == LOCAL
    policy.start(Surroundings((), (), 1, lambda _: np.random.default_rng(0)))
    with pytest.raises(RuntimeError, match="told"):
        policy.decide(view)
