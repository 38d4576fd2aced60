"""Rules about who may be hired, played in tiny markets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from coalesce_sim import RunResult, Scenario
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.report.explanation import explain
from coalesce_sim.report.table import experience
from tests.market.trading import contractor, market

CHEAP_USD, DEAR_USD = 0.01, 0.02


def ruled(compliance: dict[str, Any] | None, *jobs: Any, **changes: Any) -> Scenario:
    """A client with a task every 100 s, and two contractors: `cheap`, who is hired where it may be, and
    `dear`."""
    workers = changes.pop("workers", None) or [
        contractor("cheap", price_usd=CHEAP_USD, jurisdiction="SG", type="edge"),
        contractor("dear", price_usd=DEAR_USD, jurisdiction="DE", type="core"),
    ]
    sections = {} if compliance is None else {"compliance": compliance}
    return coalesce_sim.load(market(jobs or (0.0, 100.0, 200.0), *workers, **sections, **changes))


def run(scenario: Scenario) -> RunResult:
    return coalesce_sim.run(scenario, replications=1, core="simpy")


def hired(scenario: Scenario) -> list[str]:
    """Who got each task."""
    who = run(scenario).decisions["contractor"].tolist()
    return ["home" if isinstance(each, float) else each for each in who]


def test_who_is_sanctioned_is_not_hired_and_nobody_whom_it_owns() -> None:
    assert hired(ruled(None)) == ["cheap"] * 3
    assert hired(ruled({"sanctioned": ["cheap"]})) == ["dear"] * 3
    owned = {"sanctioned": ["cheap"], "ownership": [{"of": "dear", "by": "cheap", "share": 0.5}]}
    assert hired(ruled(owned)) == ["home"] * 3


def test_an_embargo_bears_on_clients_of_its_jurisdiction() -> None:
    of_us = {"jurisdictions": {"clients": {"US": 1.0}}, "embargo": {"US": ["SG"], "DE": ["DE"]}}
    assert hired(ruled(of_us)) == ["dear"] * 3
    assert hired(ruled({"embargo": of_us["embargo"]})) == ["cheap"] * 3
    other_law = {"clients": {"US": 1.0}, "contractors": {"edge": "FR", "dear": "SG", "core": "DE"}}
    assert hired(ruled(of_us | {"jurisdictions": other_law})) == ["cheap"] * 3


def test_sensitive_data_stay_where_they_may() -> None:
    levels = ["high", "medium", "high"]
    jobs = [
        {"type": "job", "arrival_s": 100.0 * number, "data_sensitivity": level}
        for number, level in enumerate(levels)
    ]
    rules = {"jurisdictions": {"clients": {"DE": 1.0}}, "residency": {"DE": ["DE", "FR"]}}
    assert hired(ruled(rules, *jobs)) == ["dear", "cheap", "dear"]
    nobody_knows = [contractor("cheap", price_usd=CHEAP_USD)]
    assert hired(ruled(rules, *jobs, workers=nobody_knows)) == ["home", "cheap", "home"]


def test_who_is_being_onboarded_is_hired_from_the_moment_that_it_may_be() -> None:
    rules = {"tiers": {"new": {"of": ["edge"], "onboarding_h": 0.05}}}
    assert hired(ruled(rules, 0.0, 179.0, 180.0)) == ["dear", "dear", "cheap"]
    late = [contractor("cheap", price_usd=CHEAP_USD, type="edge", enter_h=0.1), contractor("dear")]
    scenario = ruled(rules, 300.0, 400.0, 539.0, 540.0, workers=late)
    assert hired(scenario) == ["home", "home", "home", "cheap"]
    assert list(explain(scenario, 1, 0, 2).left_out) == ["not allowed, onboarding until 0.15 h (tier new)"]


def test_a_contract_and_a_day_have_limits() -> None:
    of_both = {"all": {"of": ["edge", "dear"], "per_contract_usd": 0.015}}
    both_ask_more = ruled({"tiers": of_both | {"less": {"of": ["cheap"], "per_contract_usd": 0.0099}}})
    assert hired(both_ask_more) == ["home"] * 3
    assert hired(ruled({"tiers": of_both})) == ["cheap"] * 3
    a_day = {"tiers": {"small": {"of": ["cheap"], "per_day_usd": 0.02}}}
    before_midnight = {"start": datetime(2026, 6, 1, 23, 55), "days": 1}
    scenario = ruled(a_day, *(100.0 * number for number in range(6)), clock=before_midnight)
    assert hired(scenario) == ["cheap", "cheap", "dear", "cheap", "cheap", "dear"]


def test_a_day_is_one_of_each_client_with_each_contractor() -> None:
    tiers = {"small": {"of": ["edge", "core"], "per_day_usd": 0.02}}
    jobs = [{"type": "job", "arrival_s": 100.0 * number, "client": number % 2} for number in range(6)]
    scenario = ruled({"tiers": tiers}, *jobs, clients={"count": 2})
    assert hired(scenario) == ["cheap"] * 4 + ["dear"] * 2


def test_a_price_that_a_policy_fixes_keeps_to_the_limit() -> None:
    tiers = {"small": {"of": ["cheap"], "per_contract_usd": 0.015}}
    scenario = ruled({"tiers": tiers}, policy={"kind": "vickrey"})
    assert run(scenario).contracts["agreed_usd"].tolist() == [0.015] * 3


def test_yardsticks_take_only_what_is_allowed() -> None:
    rules = {"sanctioned": ["cheap"]}
    fixed = ruled(rules, policy={"kind": "fixed", "contractor": "cheap"})
    assert hired(fixed) == ["home"] * 3
    for kind in ("oracle", "best_fixed"):
        assert hired(ruled(rules, policy={"kind": kind})) == ["dear"] * 3
    nobody = {"sanctioned": ["cheap", "dear"]}
    assert hired(ruled(nobody, policy={"kind": "best_fixed"})) == ["home"] * 3


def test_explain_names_the_rule_and_the_rate_counts_its_offers() -> None:
    rules = {
        "jurisdictions": {"clients": {"US": 1.0}},
        "embargo": {"US": ["SG"]},
        "tiers": {"basic": {"of": ["core"], "per_contract_usd": 0.01, "per_day_usd": 1500.0}},
    }
    workers = [
        contractor("a", price_usd=CHEAP_USD, type="edge", jurisdiction="SG"),
        contractor("b", price_usd=DEAR_USD, type="core", jurisdiction="DE"),
        contractor("c", price_usd=CHEAP_USD, type="core", jurisdiction="SG"),
        contractor("d", price_usd=DEAR_USD),
    ]
    told = explain(ruled(rules, workers=workers), 1, 0, 0)
    assert told.left_out == {
        "not allowed, embargo: SG for clients of US": ["a", "c"],
        "not allowed, tier basic: at most 0.0100 USD a contract, 1,500 USD a day": ["b"],
    }
    result = run(ruled(rules, workers=workers))
    assert result.replications[0]["not_allowed_rate"] == pytest.approx(75.0)
    assert "Compliance: 75.0 % of all offers ruled out." in experience(result)


def test_residency_says_where_work_may_go_and_where_it_is() -> None:
    rules = {"jurisdictions": {"clients": {"DE": 1.0}}, "residency": {"DE": ["DE", "FR"]}}
    told = explain(ruled(rules, attributes={"data_sensitivity": "high"}), 1, 0, 0)
    [why] = told.left_out
    assert why == "not allowed, residency: tasks of high sensitivity of DE may go to DE, FR (it is in SG)"


HITS_NOBODY = {
    "jurisdictions": {"clients": {"US": 0.7, "DE": 0.3}, "contractors": {"edge": "SG"}},
    "sanctioned": ["owner"],
    "ownership": [{"of": 3, "by": "owner", "share": 0.4}, {"of": 3, "by": "other", "share": 0.6}],
    "embargo": {"US": ["CN"]},
    "residency": {"DE": ["DE"]},
    "tiers": {"all": {"of": ["edge"]}},
}


def played(scenario: Scenario) -> tuple[dict[str, float], dict[str, bytes]]:
    """Metrics, and all tables as they are written."""
    tables: dict[str, bytes] = {}

    def keep(name: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        tables[name] = tables.get(name, b"") + sink.getvalue().to_pybytes()

    wanted = Wanted(decisions=True, experience=True, offers=True, routing=True)
    return play(scenario, 1, 0, keep, wanted), tables


@pytest.mark.parametrize("rules", [{}, HITS_NOBODY])
def test_rules_that_hit_nobody_change_no_byte(rules: dict[str, Any]) -> None:
    short = ["clock.days=0.001"]
    plain = coalesce_sim.load("market", short)
    same = coalesce_sim.load({"extends": "market", "name": "market", "compliance": rules}, short)
    metrics, tables = played(same)
    expected, expected_tables = played(plain)
    assert tables == expected_tables
    assert metrics == pytest.approx(expected | {"not_allowed_rate": 0.0}, rel=0, abs=0, nan_ok=True)
