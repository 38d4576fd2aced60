"""What a change of the market costs, and after how many tasks it is made up, worked out by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.experiments.changes import Aftermath, aftermaths
from coalesce_sim.experiments.learning import MOST_BINS, TaskBins
from coalesce_sim.numbers import number
from coalesce_sim.report.comparison.findings import aftermath
from tests.market.trading import contractor, market


def bins(saved_usd: list[float], change: int) -> TaskBins:
    """A replication in which so much was saved on each task, of which some came before the change."""
    told = TaskBins([1.0])
    told.tasks, told.before = len(saved_usd), np.array([change])
    told.sums[1, : len(saved_usd)] = saved_usd
    return told


def of(*saved_usd: list[float], change: int) -> Aftermath:
    (change_,) = aftermaths([[bins(each, change)] for each in saved_usd], [1.0])
    assert (change_.at_s, change_.task) == (1.0, change)
    return change_.policies[0]


def test_a_loss_is_made_up_when_as_much_is_saved_as_at_the_pace_before() -> None:
    """1 USD a task before. Nothing for 5 tasks, 5 USD short; then 2, a dollar more each, for 10 tasks."""
    told = of(*3 * [10 * [1.0] + 5 * [0.0] + 10 * [2.0]], change=10)
    assert (told.before_usd.mean, told.after_usd.mean) == (1, 2)
    assert told.lost_usd == 5
    # At the end of the tenth task after the change nothing is missing any more.
    assert told.made_up_after == 9
    assert told.interval == (9, 9)


def test_what_is_never_made_up_is_told_so() -> None:
    told = of(*3 * [10 * [1.0] + 15 * [0.5]], change=10)
    assert (told.lost_usd, told.made_up_after) == (7.5, None)
    assert told.as_dict()["made_up_after_tasks_ci95"] == [None, None]


def test_where_nothing_is_lost_nothing_has_to_be_made_up() -> None:
    told = of(*3 * [10 * [1.0] + 15 * [1.5]], change=10)
    assert (told.lost_usd, told.made_up_after, told.interval) == (0, 0, (0, 0))


def test_replications_are_laid_over_each_other_at_the_change() -> None:
    """One has its change at task 10, the other at 12; both lose for five tasks."""
    (told,) = aftermaths(
        [[bins(10 * [1.0] + 5 * [0.0] + 10 * [2.0], 10)], [bins(12 * [1.0] + 5 * [0.0] + 10 * [2.0], 12)]],
        [1.0],
    )
    assert told.task == 11
    assert (told.policies[0].lost_usd, told.policies[0].made_up_after) == (5, 9)


def test_an_interval_is_as_wide_as_replications_differ() -> None:
    short, long = 10 * [1.0] + 2 * [0.0] + 13 * [2.0], 10 * [1.0] + 5 * [0.0] + 10 * [2.0]
    told = of(*4 * [short], *4 * [long], change=10)
    assert told.interval[0] < (told.made_up_after or 0) < told.interval[1] < math.inf


def test_many_tasks_are_reckoned_in_bins() -> None:
    told = TaskBins([1.0])
    saved = 400 * [1.0] + 100 * [0.0] + 500 * [2.0]
    told.width, told.tasks, told.before = 16, len(saved), np.array([400])
    told.sums[1] = np.pad(saved, (0, MOST_BINS * 16 - len(saved))).reshape(MOST_BINS, 16).sum(axis=1)
    (change,) = aftermaths([[told]], [1.0])
    after = change.policies[0].made_up_after
    assert after is not None
    assert after == pytest.approx(200, abs=2 * 16)


def test_compare_tells_of_sellers_that_leave() -> None:
    """The good one leaves at 5 h. `fixed` stays at home then and saves nothing, `cheapest` hires the bad."""
    fields = market(
        [120.0 * k for k in range(300)],
        contractor("good", leave_h=5, price_usd=0.01),
        contractor("bad", success=0.0, price_usd=0.02, reliability=1.0),
        clients={"success": 0.5},
        contracts={"recovery": {"retries": 0, "then": "give_up"}},
    )
    scenario = coalesce_sim.load(fields)
    found = coalesce_sim.compare(scenario, ["fixed(contractor=good)", "cheapest"], replications=3)
    (change,) = found.changes
    assert change.at_s == 5 * 3600
    assert change.task == 150
    fixed, cheapest = change.policies[:2]
    assert fixed.after_usd.mean == 0 < (fixed.before_usd.mean or 0)
    assert fixed.made_up_after is None
    assert (cheapest.after_usd.mean or 0) < -1
    assert cheapest.lost_usd > fixed.lost_usd
    assert aftermath(found) == (
        f"The change at 5 h costs cheapest most, {number(cheapest.lost_usd)} USD, not made up; "
        f"fixed(contractor=good) least, {number(fixed.lost_usd)} USD"
    )
    told = json.loads(json.dumps(found.summary))["changes"][0]
    assert told["policies"]["cheapest"]["made_up_after_tasks"] is None
