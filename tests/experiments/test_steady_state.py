"""Metrics of the tasks after the warm-up, on markets whose warm-up is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.experiments import replication
from coalesce_sim.experiments.replication import Wanted
from coalesce_sim.experiments.steady_state import Series
from coalesce_sim.market import workload
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.warm_up import mser5
from tests.market.trading import HOME_USD, contractor, market
from tests.markets import queueing

RUSH, STEADY = 50, 150
ARRIVALS_S = [0.0] * RUSH + [10_000 + 400.0 * each for each in range(STEADY)]
LATE_NEVER = {"max_latency_min": 600}


def metrics_of(scenario: Scenario, steady_state: Series | None = None, seed: int = 1) -> dict[str, float]:
    return replication.play(scenario, seed, 0, lambda *_: None, Wanted(), steady_state=steady_state)


def rush(arrivals: Any = ARRIVALS_S, **sections: Any) -> Scenario:
    """All at once at first, so that they queue for the one slot at home, later one at a time."""
    usual: dict[str, Any] = {"types": {"job": LATE_NEVER}, "clients": {"slots": 1}}
    usual["policy"] = {"kind": "always_local"}
    return coalesce_sim.load(market(arrivals, contractor("idle", slots=1), **(usual | sections)))


def test_what_arrived_in_the_rush_does_not_count() -> None:
    found = metrics_of(rush(), "turnaround_s")
    assert (found["warm_up_s"], found["warm_up_found"]) == (10_000, 1)
    assert found["tasks"] == STEADY
    assert found["turnaround_p50_s"] == found["turnaround_p99_s"] == 60
    assert found["all_local_turnaround_p99_s"] == 60
    assert found["realised_usd"] == pytest.approx(STEADY * HOME_USD)
    assert found["all_local_usd"] == pytest.approx(STEADY * HOME_USD)
    whole = metrics_of(rush())
    assert whole["tasks"] == RUSH + STEADY
    assert whole["turnaround_p99_s"] == pytest.approx(60 * RUSH, abs=120)


def test_the_series_that_is_watched_decides() -> None:
    """Queueing costs nothing where nothing is late, so that costs are steady from the start."""
    found = metrics_of(rush(), "realised_usd")
    assert (found["warm_up_s"], found["tasks"]) == (0, RUSH + STEADY)


@pytest.mark.parametrize("series", ["realised_usd", "turnaround_s"])
def test_a_composite_task_is_cut_as_a_whole(series: Series) -> None:
    """Two steps each. Wholes are late after 300 s, which costs more, so that both series tell."""
    types = {
        "whole": {"steps": {"plan": {"type": "job"}, "join": {"type": "job", "after": ["plan"]}}},
        "job": LATE_NEVER,
    }
    arrivals = [{"type": "whole", "arrival_s": each} for each in ARRIVALS_S]
    found = metrics_of(rush(arrivals, types=types), series)
    assert (found["warm_up_s"], found["tasks"]) == (10_000, STEADY)
    assert found["attempts_per_task"] == 2
    assert found["turnaround_p99_s"] == 120
    assert found["lateness_s"] == 0
    assert found["realised_usd"] == pytest.approx(2 * STEADY * HOME_USD)


@pytest.mark.parametrize(
    ("scenario", "long_enough"),
    [
        (coalesce_sim.load("dur_01", ["clock.days=0.5"]), 0),
        (rush([400.0 * each for each in range(STEADY)], policy={"kind": "random"}), 1),
    ],
)
def test_where_nothing_is_cut_the_metrics_are_the_same_to_the_last_bit(
    scenario: Scenario, long_enough: int
) -> None:
    whole, found = metrics_of(scenario), metrics_of(scenario, "realised_usd")
    assert (found.pop("warm_up_s"), found.pop("warm_up_found")) == (0, long_enough)
    assert found == {key: whole[key] for key in found}
    left_out = {"revenue_hhi"}
    if scenario.learning:
        left_out |= {"contractor_utilisation", "estimation_error", "all_local_success_rate"}
    assert left_out <= set(whole) - set(found)


def test_a_cut_may_fall_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that is busy nine tenths of the time, and idle at first."""
    gaps = {"kind": "renewal", "gap_s": {"exponential": {"mean": 67}}, "limit": 600}
    local = {"kind": "always_local"}
    queue = coalesce_sim.load(queueing(gaps, service_factor={"exponential": {"mean": 1}}, policy=local))
    one_block = metrics_of(queue, "turnaround_s", seed=0)
    monkeypatch.setattr(workload, "BLOCK_TASKS", 32)
    decisions = coalesce_sim.run(queue, seed=0, replications=1).decisions
    turnaround_s = (decisions["finished_s"] - decisions["arrival_s"]).to_numpy()
    cut = mser5(turnaround_s).observations_cut
    assert cut > 100
    found = metrics_of(queue, "turnaround_s", seed=0)
    assert found == pytest.approx(one_block)
    assert found["tasks"] == 600 - cut
    assert found["turnaround_p95_s"] == pytest.approx(np.percentile(turnaround_s[cut:], 95))
    assert found["warm_up_s"] == decisions["arrival_s"][cut]
    assert found["realised_usd"] == pytest.approx(decisions["realised_usd"][cut:].sum())


def test_a_market_without_tasks_has_not_warmed_up() -> None:
    idle = coalesce_sim.load("dur_01", ["workload.arrivals.tasks_per_hour=0"])
    found = metrics_of(idle, "turnaround_s")
    assert (found["tasks"], found["warm_up_found"], found["warm_up_s"]) == (0, 0, 0)
