"""Cost functions where the golden decisions do not reach."""

from __future__ import annotations

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.economics.external import communication_usd, lateness_usd, linear_risk
from coalesce_sim.economics.internal import best_value_rate_behind, billed_hours, token_execution_s
from coalesce_sim.scenario.costs import LinearRisk
from coalesce_sim.skills.compatibility import jaccard


def test_the_queue_behind_a_task_is_its_own_clients_of_the_same_arrival() -> None:
    value = np.array([100.0, 400, 200, 50, 300, 900])
    duration = np.array([1.0, 2, 1, 0.01, 1, 1])
    arrival = np.array([0.0, 0, 0, 0, 0, 3600])
    client = np.array([0, 0, 0, 1, 1, 1])
    behind = best_value_rate_behind(value, duration, arrival, client)
    assert behind.tolist() == [200, 200, 0, 300, 0, 0]


def test_a_very_short_task_counts_as_six_minutes() -> None:
    behind = best_value_rate_behind(
        np.array([1.0, 50.0]), np.array([1.0, 0.001]), np.zeros(2), np.zeros(2, dtype=int)
    )
    assert behind.tolist() == [500, 0]


def test_three_readings_of_one_number_of_seconds() -> None:
    seconds = np.array([7200.0])
    readings = [float(billed_hours(seconds, unit)[0]) for unit in ("hour", "minute", "second")]
    assert readings == pytest.approx([7200, 120, 2])


def test_the_physical_reading_is_3600_times_cheaper_at_home() -> None:
    hour = coalesce_sim.run(coalesce_sim.load("dur_01"), replications=1).decisions
    second = coalesce_sim.run(
        coalesce_sim.load("dur_01", ["cost_model.internal.execution_time_unit=second"]), replications=1
    ).decisions
    assert hour["internal_usd"].to_numpy() == pytest.approx(3600 * second["internal_usd"].to_numpy())


def test_tokens_take_prefill_and_decode_time() -> None:
    hardware = coalesce_sim.load("azure_code_like").clients.homes[0].hardware
    assert token_execution_s(np.array([6899.0]), np.array([256.0]), hardware) == pytest.approx([3.0])


def test_communication_is_by_the_gigabyte_and_a_fixed_fee() -> None:
    rule = coalesce_sim.load("dur_01").cost_model.external.model_copy(
        update={"communication_usd_per_gb": 0.25, "communication_fixed_usd": 0.125}
    )
    assert communication_usd(rule, np.array([0.0, 2.0]), np.array([0.0, 1.0])).tolist() == [0.125, 0.875]


def test_lateness_is_free_up_to_the_target() -> None:
    cost = lateness_usd(np.array([50.0, 60, 120]), np.array([60.0, 60, 60]), 0.25 / 60)
    assert cost == pytest.approx([0, 0, 0.25])


def test_risk_is_at_most_1() -> None:
    rule = LinearRisk(base=0.5, slope=1.0)
    assert linear_risk(rule, np.array([0.0, 0.9])) == pytest.approx([1.0, 0.6])


def test_jaccard() -> None:
    assert jaccard(["a", "b"], ["b", "c"]) == pytest.approx(1 / 3)
    assert jaccard([], ["a"]) == 1
    assert jaccard(["a"], []) == 0
