"""Which steps a scenario has, in which order, and the market with some of them on."""

from __future__ import annotations

import re

import pytest
import yaml

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.frictions.switching import steps_of, switched
from coalesce_sim.scenario.compliance import Compliance
from coalesce_sim.scenario.settlement import Settlement
from tests.frictions.fake import CARD, NETTED, PLATFORM, RULES, tiny

EVERYTHING = {
    "currency": "EUR",
    "escrow": {"holdback": 0.1},
    "fee": [CARD, PLATFORM, CARD],
    "pay": NETTED,
    "fx": {"contractors": {"a": "USD"}, "rate": {"USD": 0.9}},
    "charge_backs": {"rate": 0.01, "days": 60},
    "failures": {"rate": 0.01},
    "clients": {"funds_usd": 500},
}
EVERY_RULE = RULES | {
    "sanctioned": ["b"],
    "ownership": [{"of": "a", "by": "b", "share": 0.2}],
    "tiers": {"basic": {"of": ["a"], "per_contract_usd": 3}, "new": {"of": ["b"], "onboarding_h": 1}},
}


def test_steps_come_in_the_order_of_the_issue():
    steps = steps_of(tiny(settlement=EVERYTHING, compliance=EVERY_RULE))
    assert [each.label for each in steps if each.kind == "friction"] == [
        "escrow",
        "fee: card",
        "fee: platform",
        "fee: card (2)",
        "pay",
        "fx",
        "charge-backs",
        "failures",
        "funds",
    ]
    rules = ["sanctioned", "embargo", "residency", "tier: basic", "tier: new"]
    assert [each.label for each in steps][9:] == rules


def test_what_is_not_a_friction_has_no_bar():
    settlement = {"currency": "EUR", "pay": {"among": "client", "borne_by": "contractor"}, "fee": [CARD]}
    compliance = {"jurisdictions": RULES["jurisdictions"], "ownership": EVERY_RULE["ownership"]}
    steps = steps_of(tiny(settlement=settlement, compliance=compliance))
    assert [each.label for each in steps] == ["fee: card"]


def test_all_steps_on_is_the_market_as_stated_and_none_keeps_what_is_no_step():
    scenario = tiny(settlement=EVERYTHING, compliance=EVERY_RULE)
    steps = steps_of(scenario)
    assert switched(scenario, steps, range(len(steps))) == scenario
    bare = switched(scenario, steps, ())
    assert bare.settlement == Settlement(currency="EUR")
    assert bare.compliance == Compliance.model_validate({"jurisdictions": RULES["jurisdictions"]})
    only = switched(scenario, steps, {3, 13})
    assert only.settlement == Settlement.model_validate({"currency": "EUR", "fee": [CARD]})
    assert only.compliance is not None
    assert list(only.compliance.tiers) == ["new"]


def test_rules_alone_are_played_with_a_book_that_costs_nothing():
    scenario = tiny(compliance=RULES)
    assert switched(scenario, steps_of(scenario), ()).settlement == Settlement()


@pytest.mark.parametrize("sections", [{}, {"settlement": {}}, {"settlement": {"currency": "EUR"}}])
def test_a_scenario_without_friction_is_refused_with_what_to_add(sections: dict[str, object]):
    with pytest.raises(ScenarioError) as refused:
        steps_of(tiny(**sections))
    (told,) = str(refused.value).splitlines()
    assert told.startswith("settlement: no friction and no rule is stated: add one")
    example = yaml.safe_load(re.findall(r"as in (settlement: {.*}),", told)[0])
    assert [each.label for each in steps_of(tiny(**example))] == ["fee: card"]
    (bundled,) = re.findall(r"the bundled scenario '(.*)'", told)
    assert steps_of(coalesce_sim.load(bundled))


def test_what_is_uncertain_of_payment_is_refused_by_its_path():
    uncertain = {"inputs": {"settlement.fee[0].share": {"uniform": {"low": 0.01, "high": 0.03}}}}
    with pytest.raises(ScenarioError, match=r"settlement.fee\[0\].share: is uncertain"):
        steps_of(tiny(settlement={"fee": [CARD]}, uncertainty=uncertain))
