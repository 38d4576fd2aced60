"""The recorded trace through the engine, against figures worked out without it."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import RunResult
from tests.workloads.reference import (
    BUSY_USD_PER_S,
    LATE_USD_PER_S,
    TARGET_S,
    USD_PER_MTOK,
    Played,
    Requests,
    all_local_start_s,
    cheapest,
)


@pytest.fixture(scope="module")
def trace(shared_data: Path) -> Path:
    return shared_data / "AzureLLMInferenceTrace_code.csv"


@pytest.fixture(scope="module")
def requests(trace: Path) -> Requests:
    with trace.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    # The seventh decimal of every timestamp is 0.
    moments = [datetime.strptime(row["TIMESTAMP"][:-1], "%Y-%m-%d %H:%M:%S.%f") for row in rows]
    return Requests(
        np.array([(moment - moments[0]).total_seconds() for moment in moments]),
        np.array([float(row["ContextTokens"]) for row in rows]),
        np.array([float(row["GeneratedTokens"]) for row in rows]),
    )


def play(trace: Path, policy: str, *more: str) -> RunResult:
    scenario = coalesce_sim.load(
        "azure_code", [f"workload.arrivals.path={trace}", f"policy.kind={policy}", *more]
    )
    return coalesce_sim.run(scenario)


@pytest.fixture(scope="module")
def bought(trace: Path) -> RunResult:
    return play(trace, "cheapest")


def test_the_requests_are_those_of_the_file(bought: RunResult, requests: Requests) -> None:
    decisions = bought.decisions
    assert len(decisions) == 8819
    np.testing.assert_allclose(decisions.arrival_s, requests.arrival_s, rtol=0, atol=1e-9)
    gaps = np.diff(decisions.arrival_s)
    assert gaps.std() / gaps.mean() == pytest.approx(13.2, abs=0.05)


def test_the_load_fits_and_the_bursts_do_not(bought: RunResult, requests: Requests) -> None:
    """Figures of an independent computation from the file: load, mean wait, percentiles, misses."""
    assert requests.local_s.sum() / 2 / requests.arrival_s[-1] == pytest.approx(0.6605, abs=5e-5)
    decisions, metrics = bought.decisions, bought.replications[0]
    assert (decisions.all_local_s - requests.local_s).mean() == pytest.approx(40.52, abs=5e-3)
    percentiles = [metrics[f"all_local_turnaround_p{p}_s"] for p in (50, 95, 99)]
    assert percentiles == pytest.approx([30.39, 117.89, 139.26], abs=5e-3)
    assert (decisions.all_local_s > TARGET_S).sum() == 8301
    assert metrics["all_local_late_rate"] == pytest.approx(100 * 8301 / 8819)


def test_all_local_work_begins_when_the_recursion_says(bought: RunResult, requests: Requests) -> None:
    turnaround_s = all_local_start_s(requests) + requests.local_s - requests.arrival_s
    np.testing.assert_allclose(bought.decisions.all_local_s, turnaround_s, rtol=0, atol=1e-9)


def test_all_local_costs_energy_depreciation_and_delay(bought: RunResult, requests: Requests) -> None:
    """4,538.83 card-seconds are 0.5674 kWh, 0.0921 USD, and 0.0767 USD of the cards' price."""
    assert requests.local_s.sum() == pytest.approx(4538.83, abs=5e-3)
    decisions, metrics = bought.decisions, bought.replications[0]
    delay_s = np.maximum(0.0, decisions.all_local_s - TARGET_S)
    assert delay_s.sum() == pytest.approx(344_761, abs=0.5)
    assert metrics["all_local_lateness_s"] == pytest.approx(delay_s.sum())
    assert metrics["all_local_lateness_usd"] == pytest.approx(LATE_USD_PER_S * delay_s.sum())
    assert metrics["all_local_usd"] == pytest.approx(0.0921 + 0.0767 + 344.761, abs=1e-3)
    np.testing.assert_allclose(
        decisions.all_local_usd, BUSY_USD_PER_S * requests.local_s + LATE_USD_PER_S * delay_s, rtol=1e-12
    )


def test_who_never_buys_is_the_baseline(trace: Path, bought: RunResult) -> None:
    """What comes later delays nobody, so the first requests of all tell."""
    home = play(trace, "always_local", "workload.arrivals.limit=1000")
    first = bought.decisions[:1000]
    for column, baseline in (("realised_usd", "all_local_usd"), ("turnaround_s", "all_local_s")):
        assert (
            home.decisions[column].tolist() == home.decisions[baseline].tolist() == first[baseline].tolist()
        )
    metrics = home.replications[0]
    assert metrics["cost_reduction"] == metrics["time_reduction"] == metrics["outsourcing_rate"] == 0.0


def same_market(played: RunResult, expected: Played, requests: Requests) -> None:
    decisions: pd.DataFrame = played.decisions
    names = [*USD_PER_MTOK, None]
    sellers = decisions.contractor.astype(object).where(decisions.contractor.notna(), None)
    assert sellers.tolist() == [names[seller] for seller in expected.seller]
    np.testing.assert_allclose(decisions.started_s, expected.started_s, rtol=0, atol=1e-9)
    np.testing.assert_allclose(decisions.finished_s, expected.finished_s, rtol=0, atol=1e-9)
    np.testing.assert_allclose(decisions.price_usd, expected.price_usd, rtol=1e-12)
    delay_s = np.maximum(0.0, expected.finished_s - requests.arrival_s - TARGET_S)
    machine_usd = np.where(expected.seller < 0, BUSY_USD_PER_S * requests.local_s, 0.0)
    charged_usd = expected.price_usd + machine_usd + LATE_USD_PER_S * delay_s
    np.testing.assert_allclose(decisions.realised_usd, charged_usd, rtol=1e-9)


def test_every_choice_time_and_dollar_of_the_policy_is_the_reference_s(
    bought: RunResult, requests: Requests
) -> None:
    same_market(bought, cheapest(requests, believed_output=28.0), requests)


def test_who_knows_the_lengths_of_the_answers_does_better(
    trace: Path, bought: RunResult, requests: Requests
) -> None:
    """The oracle is the same greedy rule with the truth in place of the belief."""
    n = 1500
    few = Requests(requests.arrival_s[:n], requests.prompt[:n], requests.output[:n])
    oracle = play(trace, "oracle", f"workload.arrivals.limit={n}")
    same_market(oracle, cheapest(few, believed_output=None), few)
    assert oracle.replications[0]["realised_usd"] < bought.decisions.realised_usd[:n].sum()


def test_buying_the_bursts_saves_nearly_all_of_the_delay(bought: RunResult) -> None:
    metrics = bought.replications[0]
    assert 40 < metrics["outsourcing_rate"] < 70
    assert metrics["cost_reduction"] > 99
    assert metrics["lateness_usd"] < metrics["all_local_lateness_usd"] / 100
    assert metrics["late_rate"] < metrics["all_local_late_rate"] / 5
    for percentile in (50, 95, 99):
        assert metrics[f"turnaround_p{percentile}_s"] < metrics[f"all_local_turnaround_p{percentile}_s"] / 10


def test_nothing_in_it_is_random(trace: Path) -> None:
    scenario = coalesce_sim.load(
        "azure_code", [f"workload.arrivals.path={trace}", "workload.arrivals.limit=200"]
    )
    first = coalesce_sim.run(scenario, seed=1).decisions
    other = coalesce_sim.run(scenario, seed=2, replications=2).decisions
    assert first.contractor.notna().any()
    for replication in (0, 1):
        same = other[other.replication == replication].drop(columns="replication").reset_index(drop=True)
        pd.testing.assert_frame_equal(first.drop(columns="replication"), same)


def test_prices_from_a_file_give_the_same_market(trace: Path, shared_data: Path) -> None:
    few = "workload.arrivals.limit=200"
    flat = shared_data / "genai_prices_flat_2026-11.csv"
    from_file = play(trace, "cheapest", few, f"contractors.price_file={flat}").decisions
    assert from_file.contractor.notna().any()
    pd.testing.assert_frame_equal(from_file, play(trace, "cheapest", few).decisions)
