"""The twin that needs no download: single requests in closed form, and what the oracle foresees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import Decision, RunResult, View
from coalesce_sim.market.workload import Workload
from coalesce_sim.policies.yardsticks import Oracle
from coalesce_sim.streams import Streams

ENERGY_USD_PER_S = 0.450 * 0.1624 / 3600  # 450 W at 0.1624 USD/kWh
DEPRECIATION_USD_PER_S = 1599 / (3 * 365 * 24 * 3600)
LATE_USD_PER_S = 0.06 / 60


def play(tasks: list[dict[str, float]], policy: str, seller: dict[str, Any] | None = None) -> RunResult:
    """A few requests, and one seller at 0.02 and 0.05 USD per million tokens."""
    novita = {
        "name": "novita",
        "input_usd_per_mtok": 0.02,
        "output_usd_per_mtok": 0.05,
        "network_ms": 250,
        "prefill_tokens_per_s": 7760,
        "decode_tokens_per_s": 87,
        "reliability": 1,
        "slots": 16,
    } | (seller or {})
    return coalesce_sim.run(
        coalesce_sim.load(
            {
                "extends": "azure_code_like",
                "replications": 1,
                "workload": {
                    "arrivals": {"kind": "listed", "tasks": [{"type": "code_completion"} | t for t in tasks]}
                },
                "contractors": [novita],
                "policy": {"kind": policy},
            }
        )
    )


def request(prompt: float, output: float, arrival_s: float = 0.0) -> dict[str, float]:
    return {"arrival_s": arrival_s, "prompt_tokens": prompt, "output_tokens": output}


def test_one_request_at_home_in_closed_form() -> None:
    row = play([request(4808, 10)], "cheapest").decisions.iloc[0]
    busy_s, believed_s = 4808 / 6899 + 10 / 128, 4808 / 6899 + 28 / 128
    assert row.choice == "local"
    assert row.turnaround_s == pytest.approx(busy_s, rel=1e-12)
    assert row.estimated_s == pytest.approx(believed_s, rel=1e-12)
    assert row.internal_energy_usd == pytest.approx(ENERGY_USD_PER_S * believed_s, rel=1e-12)
    assert row.internal_depreciation_usd == pytest.approx(DEPRECIATION_USD_PER_S * believed_s, rel=1e-12)
    assert row.internal_opportunity_usd == row.internal_compute_usd == row.internal_memory_usd == 0
    assert row.realised_usd == pytest.approx((ENERGY_USD_PER_S + DEPRECIATION_USD_PER_S) * busy_s, rel=1e-12)
    assert row.all_local_usd == row.realised_usd
    assert row.price_usd == 0


def test_one_request_at_a_seller_in_closed_form() -> None:
    row = play([request(4808, 200)], "random").decisions.iloc[0]
    turnaround_s, believed_s = 0.25 + 4808 / 7760 + 200 / 87, 0.25 + 4808 / 7760 + 28 / 87
    price_usd = (4808 * 0.02 + 200 * 0.05) / 1e6
    assert row.contractor == "novita"
    assert row.started_s == 0.25
    assert row.turnaround_s == pytest.approx(turnaround_s, rel=1e-12)
    assert row.estimated_s == pytest.approx(believed_s, rel=1e-12)
    assert row.price_usd == pytest.approx(price_usd, rel=1e-12)
    assert turnaround_s > 2
    assert row.realised_usd == pytest.approx(price_usd + LATE_USD_PER_S * (turnaround_s - 2), rel=1e-12)
    assert row.estimated_usd == pytest.approx((4808 * 0.02 + 28 * 0.05) / 1e6, rel=1e-12)
    home_s = 4808 / 6899 + 200 / 128
    home_usd = (ENERGY_USD_PER_S + DEPRECIATION_USD_PER_S) * home_s + LATE_USD_PER_S * (home_s - 2)
    assert row.all_local_usd == pytest.approx(home_usd, rel=1e-12)


def test_a_seller_s_slots_are_a_first_come_queue() -> None:
    both = play([request(1000, 0), request(1000, 0, 0.01)], "random", {"slots": 1}).decisions
    service_s = 1000 / 7760
    assert both.started_s.tolist() == pytest.approx([0.25, 0.25 + service_s], rel=1e-12)
    assert both.finished_s.tolist() == pytest.approx([0.25 + service_s, 0.25 + 2 * service_s], rel=1e-12)


def test_the_delay_expected_at_home_is_what_sends_a_request_away() -> None:
    """Prompts of a second each on two cards: a third would be late, and lateness is dearer than tokens."""
    burst = play([request(6899, 0)] * 6, "cheapest", {"slots": "unlimited"}).decisions
    one_s = 1 + 28 / 128
    late_usd = LATE_USD_PER_S * (np.array([1, 1, 2, 2]) * one_s - 2).clip(0)
    assert burst.internal_opportunity_usd.tolist()[:4] == pytest.approx(late_usd.tolist(), rel=1e-12)
    price_usd = (6899 * 0.02 + 28 * 0.05) / 1e6
    home_usd = (ENERGY_USD_PER_S + DEPRECIATION_USD_PER_S) * one_s
    assert late_usd[2] + home_usd > price_usd > home_usd
    assert burst.choice.tolist() == ["local", "local", *["contractor"] * 4]


def test_the_horizon_does_not_cut_the_requests_short() -> None:
    scenario = coalesce_sim.load("azure_code_like")
    for replication in range(10):
        blocks = list(Workload(scenario, np.zeros(0), Streams(1, replication)).blocks())
        assert sum(map(len, blocks)) == 8819
        assert blocks[-1].tasks.arrival_s[-1] < scenario.clock.horizon_s / 1.25


def test_requests_may_come_at_once() -> None:
    gaps = "{kind: renewal, limit: 4100, gap_s: {choice: {values: [0, 1], weights: [0.9999, 0.0001]}}}"
    scenario = coalesce_sim.load("azure_code_like", ["workload.arrivals=null", f"workload.arrivals={gaps}"])
    blocks = list(Workload(scenario, np.zeros(0), Streams(1, 0)).blocks())
    assert sum(map(len, blocks)) == 4100
    assert any(len(block.rounds) == 1 for block in blocks)


NOISE = (
    "cost_model.realised.local_time_factor={lognormal: {median: 1, sigma: 0.5}}",
    "cost_model.realised.external_time_factor={lognormal: {median: 1, sigma: 0.5}}",
    "cost_model.realised.local_cost_factor={lognormal: {median: 1, sigma: 0.2}}",
    "cost_model.realised.external_cost_factor={lognormal: {median: 1, sigma: 0.2}}",
)


@pytest.mark.parametrize("noise", [(), NOISE], ids=["as stated", "with noise"])
def test_what_the_oracle_foresees_is_what_happens(noise: tuple[str, ...]) -> None:
    """First come, first served: nothing that is decided later can change a request's time or cost."""
    foreseen: list[tuple[float, float]] = []

    class Remembering(Oracle):
        def decide(self, view: View) -> Decision:
            decision = super().decide(view)
            usd = (*view.realised_external_usd, view.realised_internal_usd)  # type: ignore[attr-defined]
            foreseen.append((float(usd[decision.contractor]), float(min(usd))))
            return decision

    # Two slots a seller and a high price of time make sellers queue as well.
    overrides = ["workload.arrivals.limit=600", "cost_model.late_usd_per_min=6", *noise]
    overrides += [f"contractors[{i}].slots=2" for i in range(11)]
    result = coalesce_sim.run(
        coalesce_sim.load("azure_code_like", overrides), replications=1, policy=Remembering
    )
    decisions = result.decisions
    bought = decisions[decisions.choice == "contractor"]
    assert bought.contractor.nunique() > 3
    assert (bought.started_s > bought.arrival_s + 0.25 + 1e-6).any()
    chosen, least = np.array(foreseen).T
    np.testing.assert_array_equal(chosen, least)
    np.testing.assert_allclose(decisions.realised_usd, chosen, rtol=1e-9)


def test_the_oracle_costs_no_more_than_the_cheapest_estimate() -> None:
    few = "workload.arrivals.limit=600"
    oracle, cheapest = (
        coalesce_sim.run(coalesce_sim.load("azure_code_like", [few, f"policy.kind={kind}"]), replications=2)
        for kind in ("oracle", "cheapest")
    )
    for knowing, guessing in zip(oracle.replications, cheapest.replications, strict=True):
        assert knowing["all_local_usd"] == guessing["all_local_usd"]
        assert knowing["realised_usd"] < guessing["realised_usd"]
