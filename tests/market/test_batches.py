"""Machines that serve all their jobs at once, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.report.explanation import explain
from coalesce_sim.scenario.catalogue import fitted_curve, serving_points
from tests.market.trading import HOME, contractor, market, play
from verification.plain_and_simulator import differences

CURVE = {"base_ms_per_token": 10, "per_job_ms": 10, "max_jobs": 3}
"""A token takes 20 ms alone, 30 ms beside another one, 40 ms among three."""


def shared(name: str = "a", **facts: Any) -> dict[str, Any]:
    return contractor(name, latency_min=0.0, batch_curve=CURVE) | facts


def jobs(*given: tuple[float, float], **more: float) -> list[float | dict[str, Any]]:
    """Tasks that arrive then and have so many tokens to write, as everybody expects."""
    return [{"type": "job", "arrival_s": at_s, "output_tokens": tokens} | more for at_s, tokens in given]


def played(tasks: list[Any], *contractors: dict[str, Any], choices: str, **sections: Any) -> Any:
    fields = market(tasks, *contractors, attributes={"expected_output_tokens": 1000}, **sections)
    return play(fields, *choices)


def test_a_job_goes_on_at_another_pace_when_others_come_and_go() -> None:
    """A writes 500 of 1,000 tokens alone in 10 s, and 500 beside B at 30 ms, until 25 s. B has 500 of 600
    then, and writes the rest alone in 2 s."""
    result, _ = played(jobs((0, 1000), (10, 600)), shared(), choices="aa")
    assert result.decisions["finished_s"].to_numpy() == pytest.approx([25, 27])


def test_reading_keeps_its_own_speed_and_takes_a_place() -> None:
    """B reads 200 tokens in 4 s from 10 s on, beside which A writes at 30 ms; both write from 14 s on."""
    a = shared(prefill_tokens_per_s=50)
    tasks = [
        *jobs((0, 1000)),
        {"type": "job", "arrival_s": 10, "output_tokens": 600, "prompt_tokens": 200},
    ]
    result, _ = played(tasks, a, choices="aa")
    # A: 500 by 10 s, all by 25 s. B: 11 s beside A, 366.7 tokens, and 233.3 alone in 4.67 s.
    alone_s = 0.02 * (600 - 11 / 0.03)
    assert result.decisions["finished_s"].to_numpy() == pytest.approx([25, 25 + alone_s])


def test_who_finds_no_place_waits_and_is_told_so() -> None:
    """A writes 50 tokens by 1 s, 33.3 by 2 s, and 916.7 among three, by 38.7 s, when D takes its place."""
    result, _ = played(jobs((0, 1000), (1, 1000), (2, 1000), (3, 1000)), shared(), choices="aaaa")
    decisions = result.decisions
    assert decisions["started_s"].to_numpy() == pytest.approx([0, 1, 2, 2 + 0.04 * (1000 - 50 - 100 / 3)])
    # An offer goes by the jobs at that moment: 1,000 tokens at 20, 30 and 40 ms. D expects the place of A
    # when A was to end by what it was quoted: in 17 s.
    assert decisions["estimated_s"].to_numpy() == pytest.approx([20, 30, 40, 17 + 40])


def test_a_client_that_loses_patience_gives_its_place_back() -> None:
    """A is quoted 20 s and given up after 30; B comes at 10 s and has the machine alone from 30 s on."""
    rules = {"timeout_factor": 1.5, "recovery": {"retries": 0, "then": "give_up"}}
    result, _ = played(jobs((0, 5000), (10, 1200)), shared(), choices="aa", contracts=rules)
    contracts = result.contracts.sort_values("task")
    assert contracts["state"].tolist() == ["canceled", "completed"]
    # B has 20 / 0.03 tokens by then.
    assert contracts["ended_s"].to_numpy() == pytest.approx([30, 30 + 0.02 * (1200 - 20 / 0.03)])


def test_what_the_work_costs_is_a_share_of_the_machine() -> None:
    """Alone 1,000 tokens take 20 s of a machine; a second job takes 30 s of half of it."""
    machine = {"tdp_w": 0, "memory_gb": 80, "basis": "rented", "rent_usd_per_h": 3600, "peak_flop_s": 1e30}
    fields = market(
        jobs((0, 1000), (1, 1000)),
        shared(hardware=machine),
        attributes={"expected_output_tokens": 1000, "value_usd": 100},
        external={"pricing": {"kind": "bargained", "client_weight": 1}},
        clients={"success": 0.0},
    )
    result, _ = play(fields, "a", "a")
    assert result.contracts["paid_usd"].to_numpy() == pytest.approx([20, 15])


def test_it_agrees_with_the_plain_market_where_much_happens() -> None:
    rng = np.random.default_rng(5)
    tasks = [
        {"type": "job", "arrival_s": float(at_s), "output_tokens": float(tokens), "prompt_tokens": 40.0}
        for at_s, tokens in zip(np.cumsum(rng.exponential(6, 60)), rng.exponential(900, 60), strict=True)
    ]
    fields = market(
        tasks,
        shared("a", success=0.7, prefill_tokens_per_s=30, queue_limit=1),
        shared("b", success=0.6, batch_curve=CURVE | {"base_ms_per_token": 0}, unreachable_rate=0.2),
        contractor("c", slots=1, latency_min=0.2),
        attributes={"expected_output_tokens": 900},
        contracts={"timeout_factor": 2, "failed_share": 0.5, "recovery": {"retries": 2}, "handshake_ms": 300},
        policy={"kind": "random"},
        external={"pricing": {"kind": "load", "slope": 1}},
    )
    assert differences(coalesce_sim.load(fields)) == []


@pytest.mark.parametrize(
    ("facts", "sections", "message"),
    [
        ({"slots": 2}, {}, "slots: batch_curve.max_jobs stands in their place; state null (got 2)"),
        ({"decode_tokens_per_s": 9.0}, {}, "decode_tokens_per_s: batch_curve stands in its place"),
        ({"batch_curve": {**CURVE, "max_jobs": 0}}, {}, "batch_curve.max_jobs: must be > 0 (got 0)"),
        (
            {"batch_curve": {"base_ms_per_token": 0, "per_job_ms": 0, "max_jobs": 2}},
            {},
            "batch_curve.per_job_ms: must be > 0 where base_ms_per_token is 0",
        ),
        (
            {"batch_curve": {"profile": "h100_sxm", "serves": "Llama 3.1 8B"}},
            {},
            "serves: not measured on h100_sxm (got 'Llama 3.1 8B'); did you mean 'Llama 3.1 8B Instruct'?",
        ),
        ({"batch_curve": {"profile": "h100_sxm"}}, {}, "serves: missing"),
        ({"outcomes": {"job": {"success": 1, "latency_min": 2}}}, {}, "a time beside batch_curve"),
        ({}, {"contracts": None}, "batch_curve: needs a market that learns; state `contracts: {}`"),
        (
            {"hardware": {"profile": "h100_sxm", "batch": 8}},
            {},
            "hardware.batch: must be 1 beside",
        ),
    ],
)
def test_what_cannot_be_is_refused(facts: dict[str, Any], sections: dict[str, Any], message: str) -> None:
    with pytest.raises(coalesce_sim.ScenarioError) as refused:
        coalesce_sim.load(market([0.0], shared(**facts), **sections))
    assert message in str(refused.value)


def test_measured_curves_fit_what_was_measured() -> None:
    """Within a tenth, in the median of the settings; a constant pace is off by a multiple."""
    settings = {(point.profile, point.model, point.gpus) for point in serving_points()}
    fits = [fitted_curve(*each) for each in sorted(settings)]
    assert float(np.median([fit.median_error for fit in fits])) < 0.1
    fields = market([0.0], shared(batch_curve={"profile": "h100_sxm", "serves": "Llama 3.1 8B Instruct"}))
    drawn = coalesce_sim.load(fields).facts[0][1]
    assert drawn.batch_curve is not None
    assert drawn.slots == drawn.batch_curve.max_jobs == 512
    measured = [p for p in serving_points() if (p.profile, p.model) == ("h100_sxm", "Llama 3.1 8B Instruct")]
    for point in measured:
        written = point.batch / drawn.batch_curve.s_per_token(point.batch)
        assert written == pytest.approx(point.output_tokens_per_s, rel=0.1)


def test_the_books_count_a_machine_once_however_many_it_serves() -> None:
    """Two jobs at once share 30 s of an owned machine, whose clock runs on to the end of a third at 120 s."""
    machine = {"tdp_w": 0, "memory_gb": 80, "purchase_usd": 3.6, "lifetime_h": 1, "peak_flop_s": 1e30}
    machine |= {"electricity_usd_per_kwh": 0}
    result, _ = played(jobs((0, 1000), (0, 1000), (100, 1000)), shared(hardware=machine), choices="aaa")
    assert result.contracts["worked_s"].to_numpy() == pytest.approx([15, 15, 20])
    (row,) = result.sellers.to_dict("records")
    assert (row["worked_s"], row["work_usd"], row["idle_usd"]) == pytest.approx((50, 0.05, 0.07))


HOME_CURVE = {"base_ms_per_token": 10, "per_job_ms": 10, "max_jobs": 3}
OWN = {"tdp_w": 0, "memory_gb": 80, "basis": "rented", "rent_usd_per_h": 3.6, "prefill_tokens_per_s": 50}


def at_home(tasks: list[Any], *contractors: dict[str, Any], **clients: Any) -> dict[str, Any]:
    """One client whose machine costs 0.001 USD a second and serves all its jobs at once."""
    fields = market(
        tasks,
        *(contractors or (contractor("a"),)),
        attributes={"expected_output_tokens": 1000},
        clients={"count": 1, "batch_curve": HOME_CURVE, "hardware": OWN} | clients,
    )
    fields["cost_model"]["internal"] |= {"work": "tokens", "opportunity": "expected_delay"}
    del fields["workload"]["types"]["job"]["local_min"]
    return fields


def test_at_home_jobs_share_the_pace_and_the_costs_of_a_machine() -> None:
    """As in the first test; the machine runs for 27 s, of which 15 are shared by both."""
    result, script = play(at_home(jobs((0, 1000), (10, 600))), HOME, HOME)
    decisions = result.decisions
    assert decisions["finished_s"].to_numpy() == pytest.approx([25, 27])
    assert decisions["home_compute_usd"].sum() + decisions["home_depreciation_usd"].sum() == pytest.approx(
        0.027
    )
    assert decisions["realised_usd"].to_numpy() == pytest.approx([0.0175, 0.0095])
    # 1,000 tokens are expected: 20 s alone, and 30 s of half of the machine beside another job.
    assert decisions["estimated_s"].to_numpy() == pytest.approx([20, 30])
    assert decisions["internal_usd"].to_numpy() == pytest.approx([0.020, 0.015])
    assert script.internal_usd == pytest.approx([0.020, 0.015])
    assert decisions["all_local_usd"].to_numpy() == pytest.approx([0.0175, 0.0095])


def test_a_box_serves_all_who_are_on_it_at_one_pace() -> None:
    """The client's own task and what the contractor took on are two jobs on one machine."""
    fields = at_home(jobs((0, 1000), (10, 600)), contractor("a", latency_min=0.0, box="lab"))
    for field in ("batch_curve", "hardware"):
        del fields["clients"][field]
    fields["clients"]["box"] = "lab"
    fields["boxes"] = {"lab": {"batch_curve": HOME_CURVE, "hardware": OWN}}
    result, _ = play(fields, HOME, "a")
    assert result.decisions["finished_s"].to_numpy() == pytest.approx([25, 27])
    (row,) = result.sellers.to_dict("records")
    assert row["worked_s"] == pytest.approx(7.5 + 2)
    assert row["work_usd"] == pytest.approx(0.0095)


def test_what_is_explained_of_home_is_of_the_moment() -> None:
    scenario = coalesce_sim.load(at_home(jobs((0, 1000), (10, 600)), contractor("a", price_usd=50.0)))
    home = explain(scenario, 1, 0, 1).home
    assert (home["compute_usd"], home["internal_usd"], home["work_s"]) == pytest.approx((0.015, 0.015, 30))


@pytest.mark.parametrize(
    ("clients", "internal", "message"),
    [
        (
            {"hardware": OWN | {"peak_flop_s": 1e12}},
            {"work": "flop"},
            "cost_model.internal.work: must be tokens beside a batch_curve at home",
        ),
        ({}, {"opportunity": "later_tasks"}, "later_tasks has no meaning beside a batch_curve at home"),
        ({"slots": 2}, {}, "clients.slots: batch_curve.max_jobs stands in their place; state null (got 2)"),
        ({"hardware": OWN | {"memory_usd_per_h": 1}}, {}, "clients.hardware.memory_usd_per_h: not beside"),
        ({"outcomes": {"job": {"success": 1, "latency_min": 2}}}, {}, "clients.outcomes.job.latency_min"),
    ],
)
def test_what_cannot_be_at_home_is_refused(
    clients: dict[str, Any], internal: dict[str, Any], message: str
) -> None:
    fields = at_home(jobs((0, 1000)), **clients)
    fields["cost_model"]["internal"] |= internal
    with pytest.raises(coalesce_sim.ScenarioError) as refused:
        coalesce_sim.load(fields)
    assert message in str(refused.value)
