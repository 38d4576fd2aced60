"""The waterfall of a whole market begins with the market in which payment is free, ends with the market as
stated, and adds up to the unit in between."""

from __future__ import annotations

import pytest

import coalesce_sim
from coalesce_sim.frictions.results import FrictionStudy
from coalesce_sim.metrics.of_settlement import COST_REDUCTION_NET
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.settlement.units import ONE

SETTLEMENT = {
    "escrow": {"holdback": 0.1, "dispute": {"share": 0.1, "days": 60, "cost_usd": 0.05}},
    "fee": [
        {"kind": "card", "share": 0.029, "fixed_usd": 0.01},
        {"kind": "platform", "share": 0.02, "payer": "contractor"},
    ],
    "pay": {"every_h": 1, "delay_days": 2, "capital_rate_per_year": 0.08},
    "fx": {
        "contractors": {"open_weights": "EUR"},
        "rate": {"EUR": 1.1},
        "volatility_per_year": 0.08,
        "spread_bp": 50,
    },
    "charge_backs": {"rate": 0.05, "days": 90, "fee_usd": 0.1, "written_off_by": "client"},
    "failures": {"rate": 0.1, "retries": 1},
    "clients": {"funds_usd": 3},
}
BASE = {
    "extends": "market",
    "name": "paid",
    "replications": 4,
    "workload": {"arrivals": {"limit": 400}},
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return coalesce_sim.load(BASE | {"settlement": SETTLEMENT})


@pytest.fixture(scope="module")
def study(scenario: Scenario) -> FrictionStudy:
    return coalesce_sim.analyse_frictions(scenario)


def test_net_is_gross_less_all_bars_to_the_unit(study: FrictionStudy) -> None:
    assert len(study.bars) == 9 + 1
    for number in range(4):
        left = study.saved[study.without][number] - sum(bar.units[number] for bar in study.bars)
        play = study.plays[study.with_all][number]
        net_usd = play["all_local_usd"] - play["realised_usd"] - play["frictions_usd"]
        assert abs(left - net_usd * ONE) <= 1.5  # each of two amounts is rounded by half a unit at most


def test_it_begins_with_the_market_that_payment_is_free_in(study: FrictionStudy) -> None:
    free = coalesce_sim.run(coalesce_sim.load(BASE), core="simpy").replications
    played = study.plays[study.without]
    names = ["realised_usd", "all_local_usd", "tasks", "outsourcing_rate", "cost_reduction"]
    for each, other in zip(played, free, strict=True):
        assert [each[name] for name in names] == [other[name] for name in names]
    assert all(each["frictions_usd"] == 0 for each in played)


def test_it_ends_with_the_market_as_stated(scenario: Scenario, study: FrictionStudy) -> None:
    stated = coalesce_sim.run(scenario).replications
    played = study.plays[study.with_all]
    names = [*(name for name in stated[0] if name in played[0]), COST_REDUCTION_NET]
    for each, other in zip(played, stated, strict=True):
        assert {name: each[name] for name in names} == pytest.approx(
            {name: other[name] for name in names}, rel=1e-12, nan_ok=True
        )
    for units, each in zip(study.saved[study.with_all], stated, strict=True):
        assert 100 * units / ONE / each["all_local_usd"] == pytest.approx(each[COST_REDUCTION_NET], abs=1e-6)


def test_clients_bear_what_the_waterfall_takes_as_payment(study: FrictionStudy) -> None:
    borne = sum(each["clients"].mean or 0.0 for each in study.bearing.values())
    plays = study.plays[study.with_all]
    assert borne == pytest.approx(sum(each["frictions_usd"] / each["tasks"] for each in plays) / len(plays))
    fees = {party: value.mean or 0.0 for party, value in study.bearing["fees"].items()}
    assert fees["clients"] > 0
    assert fees["contractors"] > 0
    assert sum(fees.values()) == pytest.approx(0, abs=1e-12)


def test_who_bears_what_is_what_the_book_says() -> None:
    stated = {name: part for name, part in SETTLEMENT.items() if name not in ("fx", "clients")}
    scenario = coalesce_sim.load(BASE | {"settlement": stated})
    study = coalesce_sim.analyse_frictions(scenario, replications=1)
    result = coalesce_sim.run(scenario, replications=1, book=True)
    journal = result.journal
    party = journal["account"].astype(str).str.split(":").str[1]
    spent = -journal.groupby([journal["event"].astype(str), party])["units"].sum() / ONE
    tasks = result.replications[0]["tasks"]
    parts = {
        "fees": ["fee"],
        "disputes and charge-backs": ["dispute", "dispute won", "dispute lost", "dispute fee", "charge-back"],
        "write-offs": ["write-off"],
    }
    borne = study.bearing
    for part, events in parts.items():
        for account, whose in (
            ("Client", "clients"),
            ("Contractor", "contractors"),
            ("Platform", "platform"),
        ):
            told = sum(borne[name][whose].mean or 0.0 for name in part.split(" and "))
            assert told * tasks == pytest.approx(
                spent.reindex([(each, account) for each in events]).sum(), abs=1e-9
            )


def test_a_rule_costs_what_the_market_without_it_saves_more() -> None:
    rules = {
        "jurisdictions": {
            "clients": {"US": 0.7, "DE": 0.3},
            "contractors": {"open_weights": "SG", "frontier": "US"},
        },
        "embargo": {"US": ["SG"]},
        "tiers": {"basic": {"of": ["edge"], "onboarding_h": 0.1}},
    }
    fee = {"fee": SETTLEMENT["fee"]}

    def net(*names: str) -> list[float]:
        compliance = {name: rules[name] for name in ("jurisdictions", *names)}
        market = coalesce_sim.load(BASE | {"settlement": fee, "compliance": compliance})
        return [each[COST_REDUCTION_NET] for each in coalesce_sim.run(market, replications=2).replications]

    study = coalesce_sim.analyse_frictions(
        coalesce_sim.load(BASE | {"settlement": fee, "compliance": rules}), replications=2
    )
    full = net("embargo", "tiers")
    for label, without in {
        "embargo": ["tiers"],
        "tier: basic": ["embargo"],
        "all rules": list[str](),
    }.items():
        more = [one - other for one, other in zip(net(*without), full, strict=True)]
        assert study.prices[label].difference.mean == pytest.approx(sum(more) / 2, rel=1e-9)
