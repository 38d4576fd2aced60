"""What rules about who may be hired cannot be, told before anything runs and all at once."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.scenario.problems import ScenarioError
from tests.market.trading import contractor, market


def refused(compliance: dict[str, Any], scenario: dict[str, Any] | None = None) -> list[str]:
    """What is said of rules, in the drawn pool of `market` or in a listed one."""
    with pytest.raises(ScenarioError) as told:
        coalesce_sim.load((scenario or {"extends": "market"}) | {"name": "it", "compliance": compliance})
    return [str(problem).removeprefix("<scenario>: compliance") for problem in told.value.problems]


def test_rules_need_contracts() -> None:
    need = ": needs contracts, which may be empty ({}), or extends: market"
    assert refused({}, {"extends": "dur_03"}) == [need]


def test_all_that_cannot_be_is_told_at_once() -> None:
    links = [
        (3, "state", 0.6),
        (3, 4, 0.6),
        (4, 5, 0.1),
        (5, 3, 0.1),
        (3, "state", 0.1),
    ]
    rules = {
        "jurisdictions": {"clients": {"DE": 0.0}},
        "ownership": [{"of": of, "by": by, "share": share} for of, by, share in links],
        "sanctioned": [30, "stat", "edge_3", "edge", "7"],
    }
    assert refused(rules) == [
        ".jurisdictions.clients: the shares must not all be 0",
        ".ownership[1].share: the shares of 3 make 1.2 together, more than 1 (got 0.6)",
        ".ownership[4].by: stated twice for 3 (got 'state')",
        ".ownership: runs in a circle: 3 owns 5 owns 4 owns 3",
        ".sanctioned[0]: there are 30 contractors, from 0 on (got 30)",
        ".sanctioned[1]: there is no contractor or owner of that name (got 'stat'); did you mean 'state'?",
        ".sanctioned[2]: names of a drawn pool differ by replication; state numbers (got 'edge_3')",
        ".sanctioned[3]: is a type of contractors; state them one by one (got 'edge')",
        ".sanctioned[4]: is text; the number of a contractor stands without quotes (got '7')",
    ]


def test_words_for_contractors_must_mean_some() -> None:
    rules = {
        "jurisdictions": {"contractors": {"egde": "SG", "edge": "SG", "7": "US", "30": "US", "07": "US"}},
        "tiers": {"basic": {"of": ["frontier", 29, 31]}},
    }
    assert refused(rules) == [
        ".jurisdictions.contractors.egde: there is no contractor or type of that name (got 'egde'); did you "
        "mean 'edge'?",
        ".jurisdictions.contractors.30: there are 30 contractors, from 0 on (got 30)",
        ".jurisdictions.contractors.07: there is no contractor or type of that name (got '07')",
        ".tiers.basic.of[2]: there are 30 contractors, from 0 on (got 31)",
    ]


def test_a_listed_pool_is_meant_by_names() -> None:
    listed = market([0.0], contractor("acme", type="edge"), contractor("best", type="core"))
    rules = {
        "jurisdictions": {"contractors": {"edge": "SG", "acme": "US", "0": "DE"}},
        "sanctioned": ["acme", 1, "core"],
        "ownership": [{"of": "bets", "by": "acme", "share": 0.5}],
    }
    assert refused(rules, listed) == [
        ".jurisdictions.contractors.0: there is no contractor or type of that name (got '0')",
        ".sanctioned[1]: contractors are listed by name (got 1)",
        ".sanctioned[2]: is a type of contractors; state them one by one (got 'core')",
        ".ownership[0].of: there is no contractor or owner of that name (got 'bets'); did you mean 'best'?",
    ]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"sanctioned": [True]}, ".sanctioned[0]: must be text or a whole number (got true)"),
        ({"sanctioned": [-1]}, ".sanctioned[0]: must be >= 0 (got -1)"),
        ({"ownership": [{"of": 1, "by": 2, "share": 1.5}]}, ".ownership[0].share: must be <= 1 (got 1.5)"),
        ({"embargo": {"DE": ["UK"]}}, ".embargo.DE[0]: must be a code of ISO 3166-1 such as 'DE' (got 'UK')"),
        ({"tiers": {"a": {"of": []}}}, ".tiers.a.of: must have a length of at least 1 (got 0)"),
        (
            {"tiers": {"a": {"of": [1], "per_day_usd": 0}}},
            ".tiers.a.per_day_usd: must be > 0 (got 0)",
        ),
    ],
)
def test_values_out_of_range_are_named(rules: dict[str, Any], message: str) -> None:
    [told] = refused(rules)
    assert told.startswith(message)
