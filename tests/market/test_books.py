"""The books of sellers: what each is paid, and what work and idle hardware cost it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import LOCAL, Decision, Policy, View, stage
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.trade import ContractTrade
from tests.market.trading import HOME, contractor, market, play, run_of
from verification.markets_at_random import market_of

OWNED = {"memory_gb": 10, "peak_flop_s": 1e30, "tdp_w": 1000, "electricity_usd_per_kwh": 0.36, "batch": 2}
OWNED |= {"purchase_usd": 7.2, "lifetime_h": 1, "compute_usd_per_h": 0.72}
"""Of each of two slots: 0.001 USD/s of depreciation; 0.00005 for electricity and 0.0001 on top at work."""

WORK_USD_PER_S = 0.001 + 0.00005 + 0.0001
RENTED = {"memory_gb": 10, "peak_flop_s": 1e30, "tdp_w": 0, "basis": "rented", "rent_usd_per_h": 36}

Rows = dict[str, dict[str, Any]]


def books(scenario: dict[str, Any], *choices: str) -> Rows:
    """The books of one replication, by contractor."""
    sellers = play(scenario, *choices)[0].sellers
    rows: list[dict[Any, Any]] = sellers.to_dict("records")
    return {row["contractor"]: row for row in rows}


def test_the_books_of_four_sellers_worked_out_by_hand() -> None:
    """Jobs of a minute begin at 0, 100, … 400 s: one each, the last two at `share`; all ends at 460 s."""
    fields = market(
        [100.0 * k for k in range(5)],
        contractor("owner", hardware=OWNED, slots=2),
        contractor("tenant", hardware=RENTED, slots=2, price_usd=0.5),
        contractor("secret", price_usd=3),
        contractor("share", own_cost_share=0.25, price_usd=2),
        contractor("idler", hardware=OWNED, slots=3),
        contractor("crowd", hardware=OWNED),
    )
    rows = books(fields, "owner", "tenant", "secret", "share", "share")
    owned_usd = {"work_usd": 60 * WORK_USD_PER_S, "idle_usd": (2 * 460 - 60) * 0.001}
    stated: Rows = {
        "owner": {"jobs": 1, "worked_s": 60, "revenue_usd": 1, **owned_usd},
        "tenant": {"jobs": 1, "worked_s": 60, "revenue_usd": 0.5, "work_usd": 0.6, "idle_usd": 0},
        "secret": {"jobs": 1, "revenue_usd": 3, "work_usd": np.nan, "profit_usd": np.nan},
        "share": {"jobs": 2, "worked_s": 120, "revenue_usd": 4, "work_usd": 1, "idle_usd": 0},
        "idler": {"jobs": 0, "revenue_usd": 0, "work_usd": 0, "idle_usd": 3 * 460 * 0.001},
        "crowd": {"jobs": 0, "idle_usd": 0, "profit_usd": 0},
    }
    for name, expected in stated.items():
        assert {field: rows[name][field] for field in expected} == pytest.approx(expected, nan_ok=True), name
        told = rows[name]
        left_usd = told["revenue_usd"] - told["work_usd"] - told["idle_usd"]
        assert told["profit_usd"] == pytest.approx(left_usd, nan_ok=True)
        assert told["owner"] == name


def test_metrics_are_of_those_whose_costs_are_known() -> None:
    fields = market(
        [0, 100],
        contractor("tenant", hardware=RENTED, price_usd=0.5),
        contractor("secret", price_usd=3),
        contractor("share", own_cost_share=1.0),
        contractor("waits", own_cost_share=0.5),
    )
    metrics = play(fields, "tenant", "secret")[0].replications[0]
    assert metrics["paid_to_contractors_usd"] == pytest.approx(3.5)
    assert metrics["contractor_work_usd"] == pytest.approx(0.6)
    assert metrics["contractor_profit_usd"] == pytest.approx(-0.1)
    assert metrics["contractor_margin"] == pytest.approx(-20)
    assert metrics["contractors_in_the_red"] == pytest.approx(100 / 3)
    nobodys = play(market([0], contractor("secret")), "secret")[0]
    assert not any(name.startswith("contractor_w") for name in nobodys.replications[0])
    assert "contractors_in_the_red" not in nobodys.replications[0]
    assert nobodys.summary["sellers"] == []
    assert nobodys.sellers["profit_usd"].isna().all()


def test_work_that_comes_to_nothing_costs_its_seller_all_the_same() -> None:
    """Found bad after a minute; broken off on the way; canceled at its deadline while at work; and one that
    is not reached, which costs nothing."""
    bad = {"success": 0, "hardware": RENTED}
    found = books(market([0], contractor("a", **bad)), "a")["a"]
    assert (found["revenue_usd"], found["work_usd"]) == pytest.approx((0, 0.6))
    broken = books(market([0], contractor("a", **bad), contracts={"failed_share": 1}), "a")["a"]
    assert broken["jobs"] == 1
    assert 0 < broken["worked_s"] < 60
    assert broken["work_usd"] == pytest.approx(0.01 * broken["worked_s"])
    slow = {"basis": "physical", "external_time_factor": 10}
    rules = {"timeout_factor": 2}
    late = books(market([0], contractor("a", hardware=RENTED), contracts=rules, realised=slow), "a")["a"]
    assert (late["worked_s"], late["revenue_usd"]) == pytest.approx((120, 0))
    assert late["work_usd"] == pytest.approx(1.2)
    shared = books(market([0], contractor("a", own_cost_share=0.4), contracts=rules, realised=slow), "a")["a"]
    assert shared["work_usd"] == pytest.approx(0.4), "in full, however far it came"
    unreached = books(market([0], contractor("a", hardware=RENTED, unreachable_rate=1)), "a")["a"]
    assert (unreached["jobs"], unreached["work_usd"]) == (0, 0)


def test_a_bargained_price_does_not_lower_what_work_costs() -> None:
    """Half of the listed price, whatever is agreed on; the client gets all that is gained."""
    bargained = {"pricing": {"kind": "bargained", "client_weight": 1}}
    fields = market([0], contractor("a", own_cost_share=0.05), external=bargained)
    row = books(fields, "a")["a"]
    assert (row["revenue_usd"], row["work_usd"], row["profit_usd"]) == pytest.approx((0.05, 0.05, 0))


def test_what_security_costs_in_money_is_spent_while_at_work() -> None:
    security = {"security": {"enclave_usd_share": 0.5, "enclave_share": 0.1}}
    row = books(market([0], contractor("a", hardware=RENTED), contracts=security), "a")["a"]
    assert (row["worked_s"], row["work_usd"]) == pytest.approx((66, 66 * 0.01 * 1.5))


def test_sellers_are_told_by_name_type_or_owner() -> None:
    fields = market(
        [0, 100],
        contractor("a", hardware=RENTED, type="x"),
        contractor("b", hardware=RENTED, type="x", price_usd=0.1),
        contractor("c", type="y"),
    )
    result, _ = play(fields, "a", "b")
    assert result.books().labels == ("a", "b")
    kinds = result.books("type")
    assert kinds.labels == ("x",)
    told = {name: each[0].mean for name, each in kinds.estimates.items()}
    assert told["contractors"] == 2
    assert told["profit_usd"] == pytest.approx(1.1 - 1.2)
    assert told["margin"] == pytest.approx(100 * -0.1 / 1.1)
    assert told["in_the_red"] == 50
    assert result.books("owner").labels == ("a", "b")
    for each in fields["contractors"]:
        each["owner"] = "one"
    business = play(fields, "a", "b")[0].books("owner")
    assert business.labels == ("a",), "its first contractor stands for it"
    assert business.estimates["profit_usd"][0].mean == pytest.approx(1.1 - 1.2)
    assert [row["seller"] for row in result.summary["sellers"]] == ["a", "b"]


def test_books_add_up_to_what_clients_paid() -> None:
    """In random markets, with work that fails, retries, timeouts, bargaining and auctions."""
    for number in range(5):
        result = run_of(market_of(number, 20, 4))
        sellers, contracts = result.sellers, result.contracts
        paid_usd, metrics = result.decisions["price_usd"].sum(), result.replications[0]
        assert sellers["revenue_usd"].sum() == pytest.approx(paid_usd)
        by_seller = contracts.groupby("contractor", observed=False)
        for name, column in (("revenue_usd", "paid_usd"), ("worked_s", "worked_s"), ("work_usd", "own_usd")):
            expected = by_seller[column].sum().reindex(sellers["contractor"]).to_numpy()
            known = sellers[name].notna().to_numpy()
            np.testing.assert_allclose(sellers[name].to_numpy()[known], expected[known], atol=1e-9)
        assert (sellers["jobs"] == by_seller["working_s"].count().to_numpy()).all()
        if sellers["profit_usd"].notna().any():
            profit_usd = float(sellers["profit_usd"].dropna().sum())
            assert metrics["contractor_profit_usd"] == pytest.approx(profit_usd)


class _Looks(Policy):
    """Hires the only contractor for every task, and looks at its books first."""

    books: Books

    def __init__(self) -> None:
        self.seen: list[float] = []

    def decide(self, view: View) -> Decision:
        assert view.offers.now_s is not None
        self.seen.append(float(self.books.profit_usd(view.offers.now_s)[0]))
        return Decision(0 if len(view.ids) else LOCAL)


def test_books_are_right_at_any_moment_while_a_market_is_played() -> None:
    """An owner without work loses by the clock, and gains by a job once it has ended."""
    policy = _Looks()
    fields = market([100, 130, 300], contractor("a", hardware=OWNED, slots=2))
    staged = stage(coalesce_sim.load(fields), policy=lambda: policy)
    trade = staged.market.trade
    assert isinstance(trade, ContractTrade)
    policy.books = trade.books
    staged.play()
    at_work_usd = WORK_USD_PER_S - 0.001
    assert trade.books.revenue_usd.tolist() == staged.market.accounts.revenue_usd == [3]
    assert policy.seen == pytest.approx([-0.2, -0.26, 2 - 0.6 - 2 * 60 * at_work_usd])


def test_nobody_has_books_who_stays_at_home() -> None:
    rows = books(market([0], contractor("a", hardware=RENTED)), HOME)
    assert (rows["a"]["jobs"], rows["a"]["profit_usd"]) == (0, 0)
