"""One random stream per purpose."""

from __future__ import annotations

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.streams import Streams

EXOGENOUS = [
    "replication",
    "task",
    "client",
    "arrival_s",
    "type",
    "internal_usd",
    "all_local_usd",
    "all_local_s",
    "max_latency_s",
]


def test_a_name_always_starts_the_same_sequence_and_names_are_independent() -> None:
    streams = Streams(7, 3)
    assert streams("a").random(4).tolist() == streams("a").random(4).tolist()
    assert streams("a").random(4).tolist() != streams("b").random(4).tolist()
    assert streams("a").random(4).tolist() != Streams(7, 4)("a").random(4).tolist()
    assert streams("a").random(4).tolist() != Streams(8, 3)("a").random(4).tolist()
    paired = np.corrcoef(streams("a").random(20_000), streams("b").random(20_000))[0, 1]
    assert abs(paired) < 0.03


@pytest.mark.parametrize(
    "change",
    [
        "policy.epsilon=0.5",
        "policy.kind=cheapest",
        "policy.kind=random",
        "policy.kind=always_local",
        "skills.threshold=0.1",
        "contractors.count=7",
    ],
)
def test_the_policy_and_the_pool_leave_the_tasks_untouched(change: str) -> None:
    plain = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=2).decisions
    changed = coalesce_sim.run(coalesce_sim.load("dur_02", [change]), replications=2).decisions
    assert changed[EXOGENOUS].equals(plain[EXOGENOUS])
    assert not changed["realised_usd"].equals(plain["realised_usd"])


def test_an_attribute_has_its_own_stream() -> None:
    plain = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=1).decisions
    other = coalesce_sim.run(
        coalesce_sim.load("dur_02", ["workload.attributes.value_usd={exponential: {mean: 100}}"]),
        replications=1,
    ).decisions
    untouched = ["arrival_s", "type", "internal_compute_usd", "internal_memory_usd", "all_local_s"]
    assert other[untouched].equals(plain[untouched])


@pytest.mark.parametrize("scenario", ["dur_02", "agt_01", "cold_start"])
def test_results_do_not_depend_on_how_the_tasks_are_cut_into_blocks(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = coalesce_sim.run(coalesce_sim.load(scenario, ["clock.days=3"]), replications=1)
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 17)
    cut = coalesce_sim.run(coalesce_sim.load(scenario, ["clock.days=3"]), replications=1)
    assert cut.decisions.equals(whole.decisions)
    assert cut.timeline[["demand", "mean_price_usd"]].equals(whole.timeline[["demand", "mean_price_usd"]])
    for name, estimate in whole.estimates.items():
        assert cut.estimates[name].mean == pytest.approx(estimate.mean, nan_ok=True)


def test_same_seed_same_bytes_at_any_number_of_processes() -> None:
    scenario = coalesce_sim.load("dur_02")
    one = coalesce_sim.run(scenario, seed=5, replications=3)
    two = coalesce_sim.run(scenario, seed=5, replications=3, jobs=2)
    assert one.decisions.equals(two.decisions)
    assert one.timeline.equals(two.timeline)
    assert one.summary == two.summary
    other = coalesce_sim.run(scenario, seed=6, replications=3)
    assert not one.decisions["arrival_s"].equals(other.decisions["arrival_s"])


def test_a_replication_does_not_depend_on_how_many_others_there_are() -> None:
    scenario = coalesce_sim.load("dur_01")
    few = coalesce_sim.run(scenario, replications=2).decisions
    many = coalesce_sim.run(scenario, replications=4).decisions
    text = {"contractor": str}  # the categories are the contractors of all replications
    assert many[many["replication"] < 2].reset_index(drop=True).astype(text).equals(few.astype(text))
