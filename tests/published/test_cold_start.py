"""When a day counts as the beginning and as steady, on made-up rates."""

from __future__ import annotations

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.experiments.published.cold_start import cold_start, steady_day
from coalesce_sim.experiments.published.digest import Case, Daily, Run


@pytest.mark.parametrize(
    ("rates", "day"),
    [
        ([0, 2, 20, 30, 30, 30], 4),
        ([30, 30, 30], 1),
        ([0, 10, 20, 40, 80], None),
        ([0, 27, 30, 30], 2),  # exactly a tenth below
        ([0, 26.9, 30, 30], 3),
        ([60, 33.1, 30, 30], 3),  # above counts as well
    ],
)
def test_steady_is_the_first_day_like_those_after_it(rates: list[float], day: int | None) -> None:
    assert steady_day(np.array(rates, dtype=float)) == day


def run_with(outsourced: list[float], explored: list[float]) -> Run:
    days = len(outsourced)
    daily = Daily(
        tasks=np.full(days, 100.0),
        outsourced=np.array(outsourced),
        explored=np.array(explored),
        realised_usd=np.full(days, 80.0),
        all_local_usd=np.full(days, 100.0),
    )
    metrics = {"cost_reduction_published": 22.0, "time_savings_published": 22.0, "outsourcing_rate": 15.0}
    return Run(metrics, daily, 0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0)


def test_beginning_and_exploration_are_told_apart() -> None:
    runs = [
        run_with([0, 10, 30, 30, 30], [0, 10, 10, 10, 10]),
        run_with([2, 10, 30, 31, 30], [2, 8, 10, 10, 10]),
    ]
    found = cold_start(Case(coalesce_sim.load("cold_start"), 1), runs, np.random.default_rng(0))
    assert found.idle_first_days == 1
    assert [day.outsourcing_rate.mean for day in found.days] == [1, 10, 30, 30.5, 30]
    assert [day.decided_rate.mean for day in found.days] == [0, 1, 20, 20.5, 20]
    assert found.begins == 3  # 1 % on day 2 is not more than 1 %
    assert found.steady == 3
    assert found.steady_ci95 == (3, 3)
    assert found.days[0].cost_reduction.mean == pytest.approx(20)
    assert found.totals["outsourcing_rate"].printed.runs_at_most == 100
