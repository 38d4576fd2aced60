"""Those who act by the clock: what that costs them, and that it prolongs nothing."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.experiments.attacks import playing, twins
from tests.market.trading import contractor, market

HARDWARE = {
    "peak_flop_s": 1e12,
    "tdp_w": 0,
    "memory_gb": 10,
    "purchase_usd": 1000,
    "lifetime_h": 1000,
    "compute_usd_per_h": 0,
    "electricity_usd_per_kwh": 0,
}


def played(
    adversary: dict[str, Any], *arrivals_s: float, **sections: Any
) -> tuple[playing.Play, playing.Play]:
    """The market with the attack, and its honest twin."""
    scenario = coalesce_sim.load(
        market(
            arrivals_s,
            contractor("it", hardware=HARDWARE, slots=1),
            adversaries=[adversary],
            clients={"count": 2},
            reputation={},
            policy={"kind": "always_outsource"},
            **sections,
        )
    )
    return playing.play(scenario, 1, 0), playing.play(twins.honest(scenario), 1, 0)


def test_a_market_ends_with_its_tasks_whoever_goes_on_writing_ratings() -> None:
    """A machine loses 1 USD an hour, and so in 161 seconds, one of them for the FLOP of the last job."""
    adversary = {"kind": "bad_mouthing", "who": {"clients": 0.5}, "targets": ["it"], "per_hour": 1}
    attack, honest = played(adversary, 0.0, 100.0)
    assert honest["profit_usd[it]"] == pytest.approx(2 - 161 / 3600)
    assert attack["profit_usd[it]"] == pytest.approx(honest["profit_usd[it]"])


def test_a_work_ring_pays_the_markets_part_of_every_contract() -> None:
    """One client with one seller at 1 USD, every two hours from the second on: four times in nine hours."""
    ring = {"kind": "work_ring", "who": {"clients": 0.5}, "sellers": ["it"], "contracts_per_hour": 0.5}
    attack, honest = played(ring, 9 * 3600.0, defences={"platform_fee_share": 0.1})
    assert attack["levied_usd"] - honest["levied_usd"] == pytest.approx(4 * 0.1)
    assert honest["levied_usd"] == pytest.approx(0.1)
