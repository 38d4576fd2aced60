from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from coalesce_sim import RunResult, load
from coalesce_sim.report.curves import Curve, trend
from coalesce_sim.report.experience_figures import estimates_told
from coalesce_sim.report.figures import (
    bin_width_s,
    cost_reduction_curve,
    draw_figures,
    finding,
    outsourcing_curve,
)
from coalesce_sim.report.timeline import TIMELINE_COLUMNS, Timeline
from coalesce_sim.statistics.intervals import Estimate, estimate

HOUR_S, DAY_S = 3600.0, 86_400.0


def timeline(*replications: list[tuple[int, int, float, float]]) -> Timeline:
    """Tasks, outsourced tasks, realised and all-local USD of hour after hour."""
    rows = [(HOUR_S * hour, *row) for rows in replications for hour, row in enumerate(rows)]
    columns = dict(zip(TIMELINE_COLUMNS, zip(*rows, strict=True), strict=True))
    return Timeline.of(pa.table(columns), len(replications))


TWO_RUNS = timeline(
    [(4, 1, 10.0, 10.0), (0, 0, 0.0, 0.0), (6, 4, 5.0, 20.0), (0, 0, 0.0, 0.0)],
    [(2, 0, 10.0, 10.0), (2, 2, 10.0, 10.0), (0, 0, 0.0, 0.0), (0, 0, 0.0, 0.0)],
)


def test_the_figures_end_with_the_last_task():
    assert TWO_RUNS.start_s.tolist() == [0.0, HOUR_S, 2 * HOUR_S]


def test_the_outsourcing_rate_of_a_bin_is_that_of_its_tasks():
    curve = outsourcing_curve(TWO_RUNS, 2 * HOUR_S)
    np.testing.assert_allclose(curve.time_s, [HOUR_S, 3 * HOUR_S])
    # 1 of 4 and 2 of 4 in the first two hours; 4 of 6 after them, where the other replication has no task.
    np.testing.assert_allclose(curve.mean, [37.5, 100 * 4 / 6])
    interval = estimate([25.0, 50.0], share=True).ci95
    assert interval is not None
    np.testing.assert_allclose([curve.low[0], curve.high[0]], interval)
    assert np.isnan([curve.low[1], curve.high[1]]).all()


def test_the_cost_reduction_is_cumulative_and_at_the_end_of_each_interval():
    curve = cost_reduction_curve(TWO_RUNS, HOUR_S)
    np.testing.assert_allclose(curve.time_s, [HOUR_S, 2 * HOUR_S, 3 * HOUR_S])
    np.testing.assert_allclose(curve.mean, [0.0, 0.0, (50.0 + 0.0) / 2])


def test_a_long_curve_is_thinned_but_ends_where_it_ends():
    hours = 1_001
    long = timeline([(1, 1, 1.0, 1.0 + (hour == hours - 1)) for hour in range(hours)])
    curve = cost_reduction_curve(long, HOUR_S)
    assert len(curve.mean) <= 400
    assert curve.time_s[-1] == hours * HOUR_S
    assert curve.mean[-1] == pytest.approx(100 / 1002)


@pytest.mark.parametrize(
    ("end_s", "interval_s", "expected_s"),
    [
        (HOUR_S, 60.0, 120.0),
        (DAY_S, HOUR_S, HOUR_S),
        (3 * DAY_S, HOUR_S, 2 * HOUR_S),
        (4 * DAY_S, HOUR_S, DAY_S),
        (10 * DAY_S, HOUR_S, DAY_S),
        (365 * DAY_S, HOUR_S, 10 * DAY_S),
        (DAY_S, 7 * HOUR_S, 12 * HOUR_S),
        (3 * DAY_S, 2 * DAY_S, 2 * DAY_S),
    ],
)
def test_bins_are_days_from_four_days_on_and_never_more_than_forty(
    end_s: float, interval_s: float, expected_s: float
):
    assert bin_width_s(end_s, interval_s) == expected_s
    assert end_s / expected_s <= 40


@pytest.mark.parametrize(
    ("reduction", "title"),
    [
        (Estimate(23.84, 3.0, (22.24, 25.44), 20), "Outsourcing saves against all-local: 23.8 % ± 1.6 %"),
        (Estimate(23.84, None, None, 1), "Outsourcing saves against all-local: 23.8 %"),
        (
            Estimate(-5.0, 1.0, (-6.0, -4.0), 9),
            "Outsourcing costs more than all-local. Saved: -5.0 % ± 1.0 %",
        ),
        (Estimate(-5.0, None, None, 1), "Outsourcing costs more than all-local. Saved: -5.0 %"),
        (Estimate(0.5, 3.0, (-1.6, 2.6), 9), "No clear saving against all-local: 0.5 % ± 2.1 %"),
        (Estimate(None, None, None, 0), "No cost to compare with"),
    ],
)
def test_the_title_says_what_was_found_and_how_surely(reduction: Estimate, title: str):
    assert finding({"cost_reduction": reduction}) == title


def test_the_title_tells_cash_delay_and_losses_before_their_sum():
    parts = {"cash_saving": -6.0, "delay_saving": 10.0, "loss_saving": 1.0, "cost_reduction": 5.0}
    assert finding({name: Estimate(mean, None, None, 1) for name, mean in parts.items()}) == (
        "Outsourcing saves against all-local: cash -6.0 %, delay 10.0 %, losses 1.0 %, in all 5.0 %"
    )


def test_figures_repeat_byte_for_byte_whatever_the_users_style(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import matplotlib

    metrics = [
        {"outsourcing_rate": 50.0, "cost_reduction": 50.0},
        {"outsourcing_rate": 50.0, "cost_reduction": 0.0},
    ]
    scenario = load("cold_start")  # it has a published outsourcing rate
    result = RunResult(scenario.model_copy(update={"name": "a $strange{ name"}), 1, metrics)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    names = draw_figures(tmp_path / "a", result, TWO_RUNS)
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 30)
    assert draw_figures(tmp_path / "b", result, TWO_RUNS) == names
    assert names == ["outsourcing_rate.png", "cost_reduction.png"]
    for name in names:
        drawn = (tmp_path / "a" / name).read_bytes()
        assert drawn.startswith(b"\x89PNG")
        assert drawn == (tmp_path / "b" / name).read_bytes()


def test_a_run_without_tasks_has_no_figures(tmp_path: Path):
    result = RunResult(load("dur_03"), 1, [{"tasks": 0.0}])
    assert draw_figures(tmp_path, result, timeline([(0, 0, 0.0, 0.0)])) == []
    assert list(tmp_path.iterdir()) == []


def test_one_interval_is_enough_for_a_figure(tmp_path: Path):
    result = RunResult(load("dur_03"), 1, [{"outsourcing_rate": 25.0, "cost_reduction": 0.0}])
    assert draw_figures(tmp_path, result, timeline([(4, 1, 10.0, 10.0)])) != []


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        ([96.5, 90.0, 80.1], ", down from 96.5 % to 80.1 %"),
        ([10.0, 12.0, 30.0], ", up from 10.0 % to 30.0 %"),
        ([96.5, 0.0, 80.1], ", from time to time between 0.0 % and 96.5 %"),
        ([10.0, 60.0, 20.0], ", from time to time between 10.0 % and 60.0 %"),
        ([50.0, 51.0, 50.5], ""),
    ],
)
def test_a_title_says_how_the_curve_under_it_goes(mean: list[float], said: str):
    middle = np.array(mean)
    assert trend(Curve(np.arange(3.0), middle, middle - 2, middle + 2)) == said


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        ([270.0, 3.0, 0.8], "In the end estimated charges are off by 0.8 % ± 0.1 %, at the worst by 270.0 %"),
        ([1.0, 0.9, 0.8], "In the end estimated charges are off by 0.8 % ± 0.1 %"),
    ],
)
def test_the_title_of_errors_tells_their_peak(mean: list[float], said: str):
    middle = np.array(mean)
    assert estimates_told(Curve(np.arange(3.0), middle, middle - 0.1, middle + 0.1)) == said
