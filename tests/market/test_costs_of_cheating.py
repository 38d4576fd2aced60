"""What cheating costs those who cheat, and what a client reckons with, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.experiments.attacks import playing, twins
from coalesce_sim.market.observer import DecidedOffers
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


def profits_usd(adversary: dict[str, Any], *sellers: dict[str, Any]) -> tuple[float, float]:
    """What the first seller has left of two jobs, with the attack and honestly."""
    scenario = coalesce_sim.load(
        market([0.0, 100.0], *sellers, adversaries=[adversary], policy={"kind": "always_outsource"})
    )
    plays = playing.play(scenario, 1, 0), playing.play(twins.honest(scenario), 1, 0)
    attack, honest = (each[f"profit_usd[{sellers[0]['name']}]"] for each in plays)
    return attack, honest


def test_slots_that_are_withheld_lose_value_like_those_that_stand_idle() -> None:
    """Four slots lose 1 USD an hour each, and are there for 161 seconds."""
    withholding = {"kind": "withholding", "who": {"members": ["it"]}}
    attack, honest = profits_usd(withholding, contractor("it", hardware=HARDWARE, slots=4))
    assert honest == pytest.approx(2 - 4 * 161 / 3600)
    assert attack == pytest.approx(honest)


@pytest.mark.parametrize(("own_share", "honest_usd"), [(0.7, 0.6), (0.0, 2.0)])
def test_the_work_of_another_costs_what_it_costs_the_other(own_share: float, honest_usd: float) -> None:
    """A tenth of 2 USD for each of two jobs, whatever honest work would have cost."""
    substitution = {"kind": "substitution", "who": {"members": ["it"]}, "with": "other"}
    sellers = contractor("it", own_cost_share=own_share), contractor("other", price_usd=2, own_cost_share=0.1)
    attack, honest = profits_usd(substitution, *sellers)
    assert (attack, honest) == pytest.approx((2 - 2 * 0.2, honest_usd))


def test_a_client_reckons_with_audits_as_often_as_they_happen() -> None:
    """Half the work is audited at 0.4 USD: an offer of 1 USD is expected to cost 1.2."""

    class Parts(coalesce_sim.Observer):
        def decided(self, decided: DecidedOffers) -> None:
            parts_usd = decided.breakdown().parts_usd
            assert float(parts_usd["verification_usd"][0]) == pytest.approx(0.2)
            assert sum(float(part[0]) for part in parts_usd.values()) == pytest.approx(1.2)
            external_usd.append(float(decided.offers.external_usd[decided.row, 0]))

    external_usd: list[float] = []
    audit = {"share": 0.5, "usd": 0.4}
    scenario = coalesce_sim.load(market([0.0], contractor("it"), defences={"audit": audit}))
    coalesce_sim.stage(scenario, observer=Parts()).play()
    assert external_usd == pytest.approx([1.2])


def test_a_client_has_a_taste_for_each_name_of_one_seller() -> None:
    """Two names that share all luck of their work are two to those who choose between them."""
    sybil = {"kind": "sybil", "who": {"members": ["it"]}, "identities": 2}
    scenario = market(
        [100.0 * job for job in range(40)],
        contractor("it", own_cost_share=0.7),
        adversaries=[sybil],
        policy={"kind": "logit", "a_usd": 100},
    )
    told = playing.play(coalesce_sim.load(scenario), 1, 0)
    jobs = [round(told[f"profit_usd[{name}]"] / 0.3) for name in ("it", "it#2")]
    assert sum(jobs) == 40
    assert min(jobs) > 0


def test_whoever_starts_with_a_good_name_milks_it_from_the_first_job_on() -> None:
    """It claims 0.9, and is believed: cheap work fails, the second job is honest, at a score of 9/11."""
    adversary = {"kind": "on_off", "who": {"members": ["it"]}, "success": 0, "cheat_above": 0.85}
    rules = {"start": "warm", "model": {"kind": "beta", "warm_ratings": 10}}
    scenario = market(
        [0.0, 100.0],
        contractor("it", reliability=0.9, success=1, own_cost_share=0.7),
        adversaries=[adversary | {"behave_below": 0.85}],
        policy={"kind": "always_outsource"},
        reputation=rules,
    )
    told = playing.play(coalesce_sim.load(scenario), 1, 0)
    assert told["manipulated"] == 1
    assert told["profit_usd[it]"] == pytest.approx(-0.07 * 0.7 + 0.3)
