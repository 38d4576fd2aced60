"""Which client gets which task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.market.arrivals import Arrivals, Dealer, unbroken
from coalesce_sim.scenario.workload import Dealing
from tests.markets import queueing


def dealt(rule: Dealing, *pieces: list[float]) -> list[int]:
    dealer = Dealer(rule, [3], np.random.default_rng(0))
    arrivals = unbroken(Arrivals(np.array(each)) for each in pieces)
    return [client for each in arrivals for client in dealer.deal(each).tolist()]


@pytest.mark.parametrize("pieces", [([0, 0, 5, 5, 7],), ([0], [0, 5], [5, 7]), ([0, 0, 5], [], [5], [7])])
def test_round_robin_deals_on_and_by_arrival_begins_anew_however_tasks_are_cut(
    pieces: tuple[list[float], ...],
) -> None:
    assert dealt("round_robin", *pieces) == [0, 1, 2, 0, 1]
    assert dealt("round_robin_by_arrival", *pieces) == [0, 1, 0, 1, 0]


def one_by_one(*tasks: dict[str, Any], dealing: str = "round_robin") -> dict[str, Any]:
    arrivals = {"kind": "listed", "tasks": [{"type": "job"} | each for each in tasks], "gap_s": 1}
    scenario = queueing(arrivals, service_min=1 / 6, policy={"kind": "always_local"})
    scenario["clients"]["count"] = 4
    scenario["workload"]["dealing"] = dealing
    return scenario


def test_requests_that_come_one_by_one_use_all_cards() -> None:
    """Ten seconds each, a second apart: the fifth waits for the first, which is done six seconds later."""
    decisions = coalesce_sim.run(coalesce_sim.load(one_by_one(*[{}] * 8)), replications=1).decisions
    assert decisions["turnaround_s"].tolist() == pytest.approx([10] * 4 + [16] * 4)


def test_a_task_that_states_its_client_takes_nobodys_turn() -> None:
    scenario = coalesce_sim.load(one_by_one({}, {"client": 3}, {}, {"client": 0}, {}))
    decisions = coalesce_sim.run(scenario, replications=1).decisions
    assert decisions["client"].tolist() == [0, 3, 1, 0, 2]
