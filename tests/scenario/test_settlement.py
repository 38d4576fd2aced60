"""What payment cannot be is refused by its field and value; what is out of proportion is told beforehand."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.experiments.diagnosis.settling import median_offer_usd
from coalesce_sim.experiments.diagnosis.unused.everywhere import without_effect
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from coalesce_sim.scenario.problems import ScenarioError
from tests.market.trading import contractor, market

CARD = {"kind": "card", "share": 0.029, "fixed_usd": 0.30}
EUR = {"contractors": {"open_weights": "EUR"}, "rate": {"EUR": 1.1}}


def refused(settlement: dict[str, Any], **changes: Any) -> str:
    """All that is said of a settlement of the profile `market`."""
    scenario = {"extends": "market", "name": "it", "settlement": settlement} | changes
    with pytest.raises(ScenarioError) as told:
        coalesce_sim.load(scenario)
    return str(told.value).replace("<scenario>: settlement", "")


@pytest.mark.parametrize(
    ("settlement", "told"),
    [
        ({"charge_back": {"rate": 0.1}}, ".charge_back: unknown field; did you mean 'charge_backs'?"),
        ({"currency": "usd"}, ".currency: must be a code of ISO 4217 such as 'EUR' (got 'usd'); did you "),
        ({"currency": "BTC"}, ".currency: must be a code of ISO 4217 such as 'EUR' (got 'BTC')"),
        ({"fx": EUR | {"rate": {"GBP": 1}}}, ".fx.rate.EUR: missing, but open_weights is paid in it"),
        (
            {"fx": EUR | {"rate": {"EUR": 0.0}}},
            ".fx.rate.EUR: must be between 0.000001 and 1,000,000 (got 0)",
        ),
        (
            {"fx": EUR | {"rate": {"EUR": -1.0}}},
            ".fx.rate.EUR: must be between 0.000001 and 1,000,000 (got -1)",
        ),
        ({"fx": EUR | {"rate": {"EUR": 1e300}}}, "and 1,000,000 (got 1e+300)"),
        ({"fx": EUR | {"rate": {"EUR": float("inf")}}}, ".fx.rate.EUR: must be finite (got inf)"),
        ({"fx": EUR | {"rate": {"EUR": 1, "USD": 2}}}, ".fx.rate.USD: must be 1, it is the currency of the "),
        (
            {"fx": EUR | {"contractors": {"open": "EUR"}}},
            ".fx.contractors.open: no type or name of a contrac",
        ),
        ({"fx": EUR | {"contractors": {"edge_4": "EUR"}}}, "(got 'edge_4'); did you mean 'edge'?"),
        ({"fx": EUR | {"spread_bp": -1}}, ".fx.spread_bp: must be >= 0 (got -1)"),
        ({"escrow": {"holdback": 1.2}}, ".escrow.holdback: must be <= 1 (got 1.2)"),
        ({"escrow": {"until": "verifed"}}, "(got 'verifed'); did you mean 'verified'?"),
        ({"escrow": {"dispute": {}}}, ".escrow.dispute.days: missing"),
        (
            {"escrow": {"dispute": {"days": 1e5}}},
            ".escrow.dispute.days: must be at most 3650 days (got 100000)",
        ),
        ({"fee": [{"kind": "card", "share": 1}]}, ".fee[0].share: must be < 1 (got 1)"),
        (
            {"fee": [{"kind": "card", "fixed_usd": 1e10}]},
            ".fee[0].fixed_usd: must be <= 9000000000 (got 1000",
        ),
        ({"charge_backs": {"rate": 2, "days": 60}}, ".charge_backs.rate: must be <= 1 (got 2)"),
        ({"pay": {"every_h": 0}}, ".pay.every_h: must be >= 0.001 (got 0)"),
        ({"failures": {"rate": 0.1, "retries": 11}}, ".failures.retries: must be <= 10 (got 11)"),
        ({"clients": {"funds_usd": 0}}, ".clients.funds_usd: nobody can pay for anything (got 0)"),
        ({"clients": {"funds_usd": {"choice": {"values": [0, 0]}}}}, "nobody can pay for anything (got 0)"),
        (
            {"clients": {"funds_usd": {"lognormal": {"median": 1e9, "sigma": 3}}}},
            "9e+09 (got draws up to 4.9",
        ),
    ],
)
def test_what_cannot_be(settlement: dict[str, Any], told: str):
    assert told in refused(settlement)


def test_what_is_stated_twice():
    held = refused({"escrow": {"holdback": 0.1}}, contracts={"due_on_failure": 0.5})
    assert held == (
        ".escrow.holdback: says what work found bad earns, 0.9 of its bill, as contracts.due_on_failure does "
        "(got 0.5); state one of them, or until: window"
    )
    fee = {"kind": "platform", "share": 0.02, "payer": "contractor"}
    taken = refused({"fee": [CARD, fee]}, defences={"platform_fee_share": 0.1})
    assert taken.startswith(".fee[1]: takes the market's part")


def test_a_settlement_needs_contracts_which_may_be_empty():
    settled = {"extends": "azure_code_like", "name": "it", "settlement": {}}
    with pytest.raises(ScenarioError, match=r"needs contracts to settle: state contracts: \{\}"):
        coalesce_sim.load(settled)
    assert coalesce_sim.load(settled | {"contracts": {}}).settlement is not None


def told_of(settlement: dict[str, Any], price_usd: float = 0.05, tasks: int = 48) -> list[str]:
    """The warnings about payment, of one client who has a task every half hour for a day."""
    scenario = market(
        [1800.0 * task for task in range(tasks)], contractor("a", price_usd=price_usd), settlement=settlement
    )
    return [each for each in warnings_of(coalesce_sim.load(scenario)) if each.startswith("settlement")]


def test_fees_that_eat_a_price():
    assert told_of({"fee": [CARD]}) == [
        "settlement.fee: a payment of 0.0500 USD, the median offer, costs 0.301 USD in fees, 6 times the "
        "price; settlement.pay.every_h pays several contracts at once"
    ]
    shares = [{"kind": "platform", "share": 0.35, "payer": payer} for payer in ("client", "contractor")]
    (share,) = told_of({"fee": shares})
    assert share.endswith("costs 0.0350 USD in fees, 70 % of the price")
    assert told_of({"fee": [CARD]}, price_usd=10) == []


def test_netting_is_the_remedy_where_it_pays_enough_at_once():
    assert told_of({"fee": [CARD], "pay": {"every_h": 24}}) == []
    (still,) = told_of({"fee": [CARD], "pay": {"every_h": 2}})
    assert (
        "a payment of 0.200 USD, 4.00 tasks at the median offer, costs 0.306 USD in fees, 1.5 times" in still
    )


def test_mishaps_and_funds_out_of_proportion():
    dispute = {"days": 30, "share": 0.02}
    rules = {"escrow": {"dispute": dispute}, "charge_backs": {"rate": 0.005, "days": 60}}
    assert told_of(rules | {"clients": {"funds_usd": 0.01}}) == [
        "settlement.charge_backs.fee_usd is 15.0 USD, 300 times the payment, 0.0500 USD; at a rate of 0.5 % "
        "it costs 1.5 times it on average",
        "settlement.escrow.dispute.cost_usd is 15.0 USD, 300 times the median offer, 0.0500 USD; at a rate "
        "of 2 % it costs 6 times it on average",
        "settlement.clients.funds_usd: half of the clients have 0.0100 USD or less, and the median offer is "
        "0.0500 USD: what they cannot pay is rejected",
    ]
    assert told_of(rules | {"clients": {"funds_usd": 10}}, price_usd=2) == []


def test_the_median_offer_is_that_of_all_contractors_for_the_tasks_that_come():
    three = [contractor(name, price_usd=usd) for name, usd in (("a", 1), ("b", 2), ("c", 30))]
    assert median_offer_usd(coalesce_sim.load(market([0.0, 60.0], *three, settlement={}))) == 2


def test_a_holdback_says_what_bad_work_earns_and_settings_without_effect_are_told():
    stated = {
        "escrow": {"holdback": 0.1, "window_days": 3},
        "pay": {"among": "client", "borne_by": "contractor"},
        "fx": {"contractors": {"a": "USD"}, "rate": {"EUR": 1.1}, "spread_bp": 50},
        "failures": {"rate": 0, "retries": 3},
    }
    scenario = coalesce_sim.load(market([0.0], contractor("a"), settlement=stated))
    note = "delivered work that is found bad earns 90 % of its bill, as contracts.due_on_failure: 0.9 would"
    assert any(note in each for each in notes_of(scenario))
    (told,) = without_effect(scenario)
    for reason in (
        "settlement.escrow.window_days (settlement.escrow.until is verified)",
        "settlement.pay.among (settlement.pay.every_h is left out)",
        "settlement.pay.borne_by (settlement.pay.capital_rate_per_year is 0)",
        "settlement.fx (everybody is paid in USD)",
        "settlement.failures.retries (settlement.failures.rate is 0)",
    ):
        assert reason in told
