"""The learning market against theory: queues behind contracts, how often things go wrong, what is learned.

Intervals are at 99.9 %: t intervals of means over independent replications, exact binomial ones of shares.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, multivariate_normal, norm, t

from coalesce_sim import RunResult, load, run
from tests.markets import queueing

REPLICATIONS = 8
WARM_UP_S = 2 * 3600.0


def mean_interval(values: list[float]) -> tuple[float, float]:
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(t.ppf(0.9995, len(values) - 1)) * sd / math.sqrt(len(values))
    return mean - half, mean + half


def agrees(hits: pd.Series, share: float) -> bool:
    """Whether so many hits may come of a share."""
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(0.999)
    return bool(interval.low <= share <= interval.high)


def erlang_b(slots: int, load: float) -> float:
    """Share of arrivals that M/M/c/c turns away."""
    terms = [load**k / math.factorial(k) for k in range(slots + 1)]
    return terms[-1] / sum(terms)


def erlang_c(slots: int, load: float) -> float:
    """Share of arrivals that wait in M/M/c."""
    blocked = erlang_b(slots, load)
    return slots * blocked / (slots - load * (1 - blocked))


def hired(gap_s: float, tasks: int | None = None, *, factor: Any = 1.0, **changes: Any) -> dict[str, Any]:
    """Everything goes to the contractor, whose work takes a minute; home takes in any number."""
    arrivals: dict[str, Any] = {"kind": "renewal", "gap_s": {"exponential": {"mean": gap_s}}}
    if tasks is not None:
        arrivals["limit"] = tasks
    facts = changes.pop("facts", {})
    scenario = queueing(arrivals, slots="unlimited", service_factor=factor, **changes)
    scenario["clock"]["days"] = 0.5
    scenario["policy"] = {"kind": "fixed", "contractor": "only"}
    scenario["contractors"][0] |= facts
    scenario["contracts"] = {"recovery": {"then": "give_up"}} | changes.get("contracts", {})
    return scenario


def played(scenario: dict[str, Any], replications: int = 1) -> RunResult:
    return run(load(scenario), replications=replications)


EXPONENTIAL = {"exponential": {"mean": 1}}


@pytest.mark.parametrize(("slots", "load"), [(1, 0.6), (3, 2.1)])
def test_contracts_wait_as_erlang_c_says(slots: int, load: float) -> None:
    scenario = hired(60 / load, factor=EXPONENTIAL, facts={"slots": slots})
    contracts = played(scenario, REPLICATIONS).contracts
    settled = contracts[contracts["submitted_s"] >= WARM_UP_S]
    waits = (settled["working_s"] - settled["submitted_s"]).groupby(settled["replication"])
    waiting = erlang_c(slots, load)
    low, high = mean_interval([float((wait > 1e-9).mean()) for _, wait in waits])
    assert low < waiting < high
    low, high = mean_interval([float(wait.mean()) for _, wait in waits])
    assert low < waiting * 60 / (slots - load) < high


@pytest.mark.parametrize(("slots", "load"), [(1, 0.8), (4, 3.0)])
def test_a_contractor_without_a_queue_rejects_as_erlang_b_says(slots: int, load: float) -> None:
    scenario = hired(60 / load, factor=EXPONENTIAL, facts={"slots": slots, "queue_limit": 0})
    contracts = played(scenario, REPLICATIONS).contracts
    settled = contracts[contracts["submitted_s"] >= WARM_UP_S]
    runs = (settled["state"] == "rejected").groupby(settled["replication"])
    low, high = mean_interval([float(rejected.mean()) for _, rejected in runs])
    assert low < erlang_b(slots, load) < high


def test_a_queue_of_four_loses_as_many_as_an_mm1_queue_of_four_does() -> None:
    """Answers are exponential, and so is the work on them, though 500 tokens are all that is expected."""
    load, places = 0.9, 4
    facts = {"latency_min": 0, "decode_tokens_per_s": 100, "slots": 1, "queue_limit": places - 1}
    scenario = hired(5 / load, facts=facts)
    scenario["workload"]["attributes"] |= {
        "output_tokens": {"exponential": {"mean": 500}},
        "expected_output_tokens": 500,
    }
    contracts = played(scenario, REPLICATIONS).contracts
    settled = contracts[contracts["submitted_s"] >= WARM_UP_S]
    runs = (settled["state"] == "rejected").groupby(settled["replication"])
    low, high = mean_interval([float(rejected.mean()) for _, rejected in runs])
    assert low < load**places * (1 - load) / (1 - load ** (places + 1)) < high
    assert low > 0.12, "were the work as long as expected each time, 9.2 % would be lost"


def test_what_goes_wrong_does_so_as_often_as_stated() -> None:
    success, unreachable, question, openly = 0.7, 0.1, 0.25, 0.4
    sensitivity, specificity = 0.8, 0.9
    rules = {
        "input_required_rate": question,
        "failed_share": openly,
        "verification": {"automated": {"sensitivity": sensitivity, "specificity": specificity}},
        "recovery": {"then": "give_up"},
    }
    facts = {"success": success, "unreachable_rate": unreachable}
    contracts = played(hired(1, 6_000, contracts=rules, facts=facts, reputation={})).contracts
    assert agrees(contracts["good"], success)
    assert agrees(contracts["reason"] == "unreachable", unreachable)
    reached = contracts[contracts["state"] != "canceled"]
    assert agrees(reached["input_required"], question)
    assert agrees(reached.loc[~reached["good"], "state"] == "failed", openly)
    delivered = reached[reached["state"] == "completed"]
    assert agrees(delivered.loc[delivered["good"], "accepted"], specificity)
    assert agrees(~delivered.loc[~delivered["good"], "accepted"], sensitivity)
    # A draw decides nothing but its own question.
    assert agrees(reached.loc[reached["input_required"], "good"], success)
    assert agrees(contracts.loc[contracts["reason"] == "unreachable", "good"], success)


def test_incidents_happen_as_often_as_is_left_of_them() -> None:
    """What two overheads avert independently leaves the product of what each leaves; the third is not in
    place. Leaks cost their amount, less what is insured; tampered work is found like any that is bad; the
    public record comes to what is neither lost nor found bad."""
    risk, success, sensitivity, insured, leak_usd = 0.6, 0.7, 0.8, 0.3, 2.0
    shares = {"leaked": 0.5, "tampered": 0.3, "lost": 0.2}
    left = {"leaked": 0.5 * 0.4, "tampered": 0.4, "lost": 1.0}
    averted = {
        "encryption": {"leaked": 0.5},
        "enclave": {"leaked": 0.6, "tampered": 0.6},
        "audit": {"leaked": 1, "tampered": 1, "lost": 1},
    }
    incidents = {"shares": shares, "leak_usd": {"medium": leak_usd}, "insured_share": insured}
    security = {"encryption_usd_share": 0.1, "enclave_share": 0.2, "incidents": incidents}
    incidents["lowered_by"] = averted
    rules = {
        "security": security,
        "verification": {"automated": {"sensitivity": sensitivity}},
        "recovery": {"then": "give_up"},
    }
    facts = {"success": success, "security_risk": risk}
    result = played(hired(1, 20_000, contracts=rules, facts=facts, reputation={}))
    contracts = result.contracts
    for kind in shares:
        assert agrees(contracts["incident"] == kind, risk * shares[kind] * left[kind]), kind
    delivered = contracts[contracts["state"] == "completed"]
    tampered = delivered["incident"] == "tampered"
    assert agrees(~delivered.loc[tampered, "accepted"], sensitivity)
    assert agrees(contracts.loc[contracts["incident"] == "leaked", "good"], success)
    leaks = (contracts["incident"] == "leaked").sum()
    assert contracts["leak_usd"].sum() == pytest.approx(leaks * leak_usd * (1 - insured))
    assert contracts["insured_usd"].sum() == pytest.approx(leaks * leak_usd * insured)
    lost, spoilt = (risk * shares[kind] * left[kind] for kind in ("lost", "tampered"))
    good = success * (1 - lost - spoilt)
    assert agrees(result.ratings["rating"] == 1, good + (1 - lost - good) * (1 - sensitivity))


def test_a_public_record_comes_to_the_share_of_work_that_is_taken_for_good() -> None:
    success, sensitivity, specificity = 0.6, 0.75, 0.95
    check = {"verification": {"automated": {"sensitivity": sensitivity, "specificity": specificity}}}
    result = played(hired(1, 3_000, contracts=check, facts={"success": success}, reputation={}))
    known = success * specificity + (1 - success) * (1 - sensitivity)
    assert agrees(result.ratings["rating"] == 1, known)
    expected = (1 + result.ratings["rating"].sum()) / (2 + len(result.ratings))
    assert result.ratings["score_after"].iloc[-1] == pytest.approx(expected)


def test_work_is_canceled_as_often_as_it_takes_longer_than_the_client_waits() -> None:
    rules = {"timeout_factor": 1.5, "recovery": {"then": "give_up"}}
    contracts = played(hired(1, 3_000, factor=EXPONENTIAL, contracts=rules)).contracts
    assert agrees(contracts["state"] == "canceled", math.exp(-1.5))
    worked_s = contracts["ended_s"] - contracts["working_s"]
    assert worked_s[contracts["state"] == "canceled"].to_numpy() == pytest.approx(90)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_two_contractors_succeed_together_as_in_a_gaussian_copula(correlation: float) -> None:
    """Each is hired for all tasks in a run of its own; tasks and truth are the same in both."""
    success = {"only": 0.7, "other": 0.4}
    scenario = hired(1, 2_500, facts={"success": success["only"]})
    scenario["contractors"].append(
        scenario["contractors"][0] | {"name": "other", "success": success["other"]}
    )
    scenario["workload"]["failure_correlation"] = correlation
    good = {}
    for name in success:
        scenario["policy"] = {"kind": "fixed", "contractor": name}
        good[name] = played(scenario).contracts.sort_values("task")["good"].reset_index(drop=True)
        assert agrees(good[name], success[name])
    both = multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf(norm.ppf(list(success.values())))
    assert agrees(good["only"] & good["other"], float(both))


@pytest.mark.parametrize("forgetting", [0.9, 1])
def test_calibration_removes_a_bias_and_leaves_the_noise(forgetting: float) -> None:
    """Bills are twice the list price on average, with a coefficient of variation of 0.2."""
    scenario = hired(1, 3_000, calibration={"rate": 0.1, "forgetting": forgetting})
    scenario["contractors"][0]["outcomes"] = {"job": {"success": 1, "bill_usd": 0.1}}
    factor = {"lognormal": {"median": 1 / math.exp(0.02), "sigma": 0.2}}
    scenario["cost_model"]["realised"]["external_cost_factor"] = factor
    errors = played(scenario).estimation_error
    assert errors["bias"].iloc[0] < -5
    settled = errors.iloc[20:]
    low, high = mean_interval(settled["bias"].tolist())
    assert low < 0 < high
    # By the last bills alone the estimate Ĉ is itself off with variance σ²·rate/(2 − rate), by all of them
    # hardly at all: E|Ĉ − X| of a lognormal X of mean 1 and an Ĉ that is nearly one.
    rng = np.random.default_rng(1)
    own = 0.2 * math.sqrt(0.1 / 1.9) if forgetting < 1 else 0.0
    estimate, bill = (np.exp(sd * rng.standard_normal(10**6) - sd**2 / 2) for sd in (own, 0.2))
    low, high = mean_interval((settled["estimation_error"] / 100).tolist())
    assert low < float(np.abs(estimate - bill).mean()) < high
