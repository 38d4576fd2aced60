"""What every part of the cost comes to, in both trades, by hand."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import RunResult
from coalesce_sim.cost_parts import COST_PARTS
from coalesce_sim.metrics import METRICS
from tests.market.trading import HOME_USD, LATE_USD_PER_S, VALUE_USD, contractor, market, play
from tests.markets import queueing

FEES = {"communication_usd_per_gb": 0.3, "verification_usd": 0.2, "integration_usd": 0.4}
RISK = {"quality_risk": {"base": 0.05, "slope": 0}}


def parts_of(result: RunResult, task: int = 0) -> dict[str, float]:
    """What a task was charged for, in nine digits; parts of nothing left out."""
    row = result.decisions.iloc[task]
    parts = {part.column: round(float(row[part.column]), 9) for part in COST_PARTS if part.column in row}
    assert sum(parts.values()) == pytest.approx(row["realised_usd"])
    return {name: usd for name, usd in parts.items() if usd}


def test_a_task_that_was_tried_twice_and_then_done_at_home() -> None:
    """Both deliveries are found bad; the second attempt and the work at home are retries."""
    check = {"automated": {"usd": 0.2, "sensitivity": 1}}
    rules = {"verification": check, "due_on_failure": 0.5, "recovery": {"retries": 1, "then": "local"}}
    external = {"communication_fixed_usd": 0.3, "integration_usd": 0.4}
    poor = [contractor(name, success=0, price_usd=usd) for name, usd in (("a", 1), ("b", 3))]
    fields = market([0], *poor, external=external, contracts=rules, types={"job": {"max_latency_min": 2.5}})
    result, _ = play(fields, "a", "b")
    assert parts_of(result) == {
        "home_compute_usd": pytest.approx(HOME_USD),
        "price_usd": 0.5 + 1.5,
        "communication_usd": 0.6,
        "verification_usd": 0.4,
        "lateness_usd": pytest.approx((3 * 60 - 150) * LATE_USD_PER_S),
    }
    assert result.decisions["retries_usd"].item() == pytest.approx(1.5 + 0.3 + 0.2 + HOME_USD)


def test_bad_work_that_passes_is_integrated_and_lost() -> None:
    check = {"automated": {"usd": 0.2, "sensitivity": 0}}
    poor = contractor("a", success=0)
    fields = market([0], poor, external={"integration_usd": 0.4}, contracts={"verification": check})
    result, _ = play(fields, "a")
    paid = {"price_usd": 1.0, "verification_usd": 0.2, "integration_usd": 0.4}
    assert parts_of(result) == paid | {"loss_usd": VALUE_USD}
    assert result.decisions["retries_usd"].item() == 0
    metrics = result.replications[0]
    assert metrics["cash_usd"] == pytest.approx(1.6)
    assert metrics["losses_usd"] == VALUE_USD
    assert metrics["all_local_cash_usd"] == pytest.approx(HOME_USD)
    assert metrics["cash_saving"] == pytest.approx(100 * (HOME_USD - 1.6) / HOME_USD)
    assert metrics["delay_saving"] == 0
    assert metrics["loss_saving"] == pytest.approx(-100 * VALUE_USD / HOME_USD)


def published(basis: str, policy: str, late_min: float, **internal: Any) -> RunResult:
    """One job worth 10 USD, of 8.2 GB, that is late by so many minutes; at home it takes a second of rent."""
    kinds = {"kind": "always_outsource"} if policy == "away" else {"kind": "always_local"}
    arrivals = {"kind": "listed", "tasks": [{"type": "job", "arrival_s": 0}]}
    fields = queueing(arrivals, service_min=5 + late_min, policy=kinds)
    fields["workload"]["attributes"]["data_gb"] = 8.2
    fields["contractors"][0] |= {"reliability": 0.9}
    model = fields["cost_model"]
    model["external"] |= FEES | RISK
    model["internal"] |= internal
    model["realised"] = {"basis": basis, "local_cost_factor": 2.0, "external_cost_factor": 3.0}
    return coalesce_sim.run(coalesce_sim.load(fields), replications=1)


RUNNING = {
    "home_compute_usd": 360 / 3600,
    "home_energy_usd": 0.01 / 3600,
    "home_depreciation_usd": 0.1 / 3600,
}
AWAY = {
    "price_usd": 0.05,
    "communication_usd": 0.3 * 8.2,
    "verification_usd": 0.2,
    "integration_usd": 0.4,
}


@pytest.mark.parametrize(
    ("basis", "policy", "factor", "factored", "late_usd"),
    [
        ("physical", "home", 2, RUNNING, 3 * 0.6),
        ("physical", "away", 3, AWAY, 3 * 0.6),
        ("estimate", "home", 2, RUNNING | {"opportunity_usd": 3 * 0.6}, 0),
        ("estimate", "away", 3, AWAY | {"risk_usd": 10 * 0.15, "latency_penalty_usd": 3 * 0.6}, 0),
    ],
)
def test_a_task_of_the_published_trade(
    basis: str, policy: str, factor: float, factored: dict[str, float], late_usd: float
) -> None:
    """Factors apply to all that is charged but lateness that came about; risk and delay are charged only
    where estimates are."""
    result = published(basis, policy, late_min=3)
    expected = {name: factor * usd for name, usd in factored.items()}
    expected |= {"lateness_usd": late_usd} if late_usd else {}
    assert parts_of(result) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("basis", ["physical", "estimate"])
def test_what_is_saved_of_cash_delay_and_losses_is_the_cost_reduction(basis: str) -> None:
    metrics = published(basis, "away", late_min=3).replications[0]
    savings = [metrics[name] for name in ("cash_saving", "delay_saving", "loss_saving")]
    assert sum(savings) == pytest.approx(metrics["cost_reduction"])
    at_home = published(basis, "home", late_min=3).replications[0]
    for group in ("cash_usd", "delay_usd", "losses_usd"):
        assert metrics[f"all_local_{group}"] == pytest.approx(at_home[group])


def test_all_local_parts_are_those_of_a_market_in_which_all_stay_at_home() -> None:
    changes = ["workload.arrivals.limit=40"]
    played = coalesce_sim.run(coalesce_sim.load("market_day", changes), replications=1).replications[0]
    changes += ["policy={kind: always_local}"]
    at_home = coalesce_sim.run(coalesce_sim.load("market_day", changes), replications=1).replications[0]
    parts = [name for name in METRICS if f"all_local_{name}" in played and name.endswith("_usd")]
    assert {"cash_usd", "home_compute_usd", "lateness_usd", "loss_usd"} <= set(parts)
    for name in parts:
        assert played[f"all_local_{name}"] == pytest.approx(at_home[name]), name
