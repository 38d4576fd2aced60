"""What sellers of the profile `market_viable` ask: enough to pay for their work, by the rule it states."""

from __future__ import annotations

import math

import pytest

import coalesce_sim
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.pool import ContractorType, DrawnPool
from coalesce_sim.scenario.schema import Scenario

COST_OF_PRICE = 0.8
EXPECTED = {"prompt": 55_000 * math.exp(0.32), "output": 4131}
"""Tokens of the mean task: medians and spread of the profile, and what it says is expected of answers."""


def kinds(name: str) -> tuple[Scenario, dict[str, ContractorType]]:
    scenario = coalesce_sim.load(name)
    assert isinstance(scenario.contractors, DrawnPool)
    return scenario, scenario.contractors.types


def still(number: float | Moving | None) -> float:
    """A number of the profile, none of which moves."""
    assert not isinstance(number, Moving)
    return number or 0.0


def usd_per_mtok(scenario: Scenario, kind: ContractorType) -> tuple[float, float]:
    """What a seller has to ask for reading and writing, so that the jobs that are paid pay for all and leave
    a margin."""
    rules, machine, good = scenario.contracts, kind.hardware, still(kind.success)
    assert rules is not None
    assert machine is not None
    check = rules.verification.automated
    paid = good * check.specificity + (1 - good) * (1 - rules.failed_share) * (1 - check.sensitivity)
    longer = 1 + rules.security.enclave_share + rules.security.audit_share
    usd_per_s = machine.slot_usd_per_h / 3600 * longer * math.exp(0.2**2 / 2) / paid / COST_OF_PRICE
    assert machine.prefill_tokens_per_s is not None
    assert machine.decode_tokens_per_s is not None
    return 1e6 * usd_per_s / machine.prefill_tokens_per_s, 1e6 * usd_per_s / machine.decode_tokens_per_s


def of_a_task(input_usd_per_mtok: float, output_usd_per_mtok: float) -> float:
    return (EXPECTED["prompt"] * input_usd_per_mtok + EXPECTED["output"] * output_usd_per_mtok) / 1e6


def test_prices_that_differ_from_the_list_follow_from_costs_and_margin() -> None:
    scenario, types = kinds("market_viable")
    asked = types["open_weights"].input_usd_per_mtok, types["open_weights"].output_usd_per_mtok
    assert asked == pytest.approx(usd_per_mtok(scenario, types["open_weights"]), rel=0.002)


def test_every_price_pays_for_the_mean_task_and_the_margin() -> None:
    scenario, types = kinds("market_viable")
    for name, kind in types.items():
        asks_usd = of_a_task(still(kind.input_usd_per_mtok), still(kind.output_usd_per_mtok))
        assert asks_usd >= 0.998 * of_a_task(*usd_per_mtok(scenario, kind)), name
    _, listed = kinds("market")
    asks_usd = of_a_task(
        still(listed["open_weights"].input_usd_per_mtok), still(listed["open_weights"].output_usd_per_mtok)
    )
    assert asks_usd < 0.25 * of_a_task(*usd_per_mtok(scenario, listed["open_weights"]))


def test_all_else_is_the_market() -> None:
    (viable, types), (market, listed) = kinds("market_viable"), kinds("market")
    moved = {"edge": {"success", "hardware"}, "open_weights": {"input_usd_per_mtok", "output_usd_per_mtok"}}
    for name, kind in types.items():
        one, other = kind.model_dump(), listed[name].model_dump()
        assert {field for field in one if one[field] != other[field]} == moved.get(name, set())
    one, other = viable.model_dump(), market.model_dump()
    assert {field for field in one if one[field] != other[field]} <= {"name", "title", "contractors"}
