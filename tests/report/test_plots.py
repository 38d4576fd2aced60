"""Figures of tables of runs: what is drawn is what was estimated, and titles say no more than tests show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from coalesce_sim.report.markdown import in_cell
from coalesce_sim.report.opening import ResultsError
from coalesce_sim.report.plots import plot_heat_map, plot_learning, plot_lines, plot_timeline, plot_tornado
from coalesce_sim.report.plots.lines import lines_of
from coalesce_sim.statistics.intervals import bca, estimate

LUCK = [0.0, 3.0, -2.0, 5.0, 1.0]
"""What a replication adds at every design point: the same random numbers."""

JITTER = [0.1, -0.2, 0.0, 0.2, -0.1]


def runs_of(points: list[dict[str, Any]], metric: str = "cost_reduction") -> pd.DataFrame:
    """Runs of five replications at design points, each of which gives factors and the metric's mean."""
    rows: list[dict[str, Any]] = []
    for number, point in enumerate(points):
        factors = {name: value for name, value in point.items() if name != metric}
        for replication, luck in enumerate(LUCK):
            value = point[metric] + luck + JITTER[(replication + number) % 5]
            keys = {"point": number, "replication": replication, "seed": 1}
            rows.append({**keys, **factors, "scenario_sha256": "", "tasks": 9.0, metric: value})
    return pd.DataFrame(rows)


def grid(epsilons: list[float], thresholds: list[float], slope: float = -20.0) -> pd.DataFrame:
    """A full grid in which both factors lower the cost reduction."""
    return runs_of(
        [
            {"policy.epsilon": e, "skills.threshold": t, "cost_reduction": 30 + slope * e - 10 * t}
            for t in thresholds
            for e in epsilons
        ]
    )


@pytest.fixture
def ax() -> Iterator[Axes]:
    with mpl.rc_context():
        yield Figure(figsize=(6, 4)).add_subplot()


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\n", " ").replace("\u00a0", " ")


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def drawn_line(ax: Axes, number: int = 0) -> tuple[Any, Any]:
    x, y = ax.lines[number].get_data()
    return np.asarray(x), np.asarray(y)


def corners(ax: Axes, number: int = 0) -> Any:
    """Of a band, (corners, 2)."""
    return np.asarray(ax.collections[number].get_paths()[0].vertices)


def segments(ax: Axes) -> list[Any]:
    return [s for each in ax.collections if isinstance(each, LineCollection) for s in each.get_segments()]


def test_lines_and_bands_are_means_and_t_intervals(ax: Axes):
    runs = grid([0.0, 0.1, 0.3], [0.5])
    assert plot_lines(runs, "policy.epsilon", "cost_reduction", ax=ax) is ax
    expected = [estimate(values.tolist()) for _, values in runs.groupby("point")["cost_reduction"]]
    x, mean = drawn_line(ax)
    assert x.tolist() == [0.0, 0.1, 0.3]
    assert mean.tolist() == [each.mean for each in expected]
    ends = set(map(tuple, corners(ax).tolist()))
    for level, each in zip(x.tolist(), expected, strict=True):
        assert each.ci95 is not None
        assert {(level, end) for end in each.ci95} <= ends
    assert ax.get_xlabel() == "Exploration rate ε"
    assert ax.get_ylabel() == "Cost reduction (%)"
    assert "mean of 5 replications; band: 95\u00a0% t interval" in texts(ax)


def test_a_cost_reduction_is_told_with_what_it_consists_of(ax: Axes):
    runs = grid([0.0, 0.1, 0.2], [0.5])
    parts = {"cash_saving": 2.0, "delay_saving": 0.0, "loss_saving": -1.0}
    runs = runs.assign(**{name: share * runs["cost_reduction"] for name, share in parts.items()})
    plot_lines(runs, "policy.epsilon", "cost_reduction", ax=ax)
    assert title(ax) == "Cost reduction is highest at exploration rate ε = 0"
    note = ax.texts[-1].get_text().replace("\n", " ").replace("\u00a0", " ")
    best = "cash 52.8 %, delay 0.0 %, losses -26.4 %, in all 26.4 %"
    assert note == f"there {best}; mean of 5 replications; band: 95 % t interval"


def test_the_title_tells_pairs_apart_that_intervals_do_not(ax: Axes):
    """The replications scatter by ±3.4, the differences between points hardly at all."""
    plot_lines(grid([0.0, 0.1, 0.2], [0.5]), "policy.epsilon", "cost_reduction", ax=ax)
    assert title(ax) == "Cost reduction is highest, 26.4 %, at exploration rate ε = 0"


@pytest.mark.parametrize(
    ("levels", "slope", "expected"),
    [
        ([0.0, 0.1, 0.2], 0.0, "Cost reduction: no difference shown between the 3 points"),
        ([0.0, 0.1], 0.0, "Cost reduction: no difference shown between 0 and 0.1"),
        (
            [0.0, 0.001, 0.3],
            -20.0,
            "Cost reduction is highest, 26.4 %, at exploration rate ε = 0; no difference shown to 0.001",
        ),
        (
            [0.0, 0.001, 0.002, 0.003, 0.3],
            -20.0,
            "Cost reduction is highest at exploration rate ε = 0 to 0.003, between which no difference "
            "is shown",
        ),
    ],
)
def test_the_title_claims_no_difference_that_is_not_shown(
    ax: Axes, levels: list[float], slope: float, expected: str
):
    plot_lines(grid(levels, [0.5], slope), "policy.epsilon", "cost_reduction", ax=ax)
    assert title(ax) == expected


def test_a_metric_that_never_varies_is_said_to_be_the_same(ax: Axes):
    plot_lines(grid([0.0, 0.3], [0.5]).assign(tasks=9.0), "policy.epsilon", "tasks", ax=ax)
    assert title(ax) == "Number of tasks is 9.00 at all 2 points"


def test_points_with_more_replications_are_compared_on_the_common_ones():
    """Point 0 is better in each of its replications; point 1 was played twice more, with luck."""
    runs = grid([0.0, 0.01], [0.5])
    lucky = [runs[runs["point"] == 1].iloc[:1].assign(replication=r, cost_reduction=60.0) for r in (5, 6)]
    runs = pd.concat([runs.assign(cost_reduction=runs["cost_reduction"] - 4 * runs["point"]), *lucky])
    lines = lines_of(runs, "policy.epsilon", "cost_reduction")
    assert lines.title == "Cost reduction is highest, 26.4 %, at exploration rate ε = 0"
    assert "n = 5 to 7 replications each" in lines.caption[1]
    assert "they are compared on those that they have in common." in lines.caption[-1]


def test_captions_own_up_that_the_best_was_chosen_by_its_mean():
    few, many = (
        lines_of(grid(levels, [0.5]), "policy.epsilon", "cost_reduction")
        for levels in ([0.0, 0.1], [each / 100 for each in range(46)])
    )
    assert few.caption[-1].endswith("tell apart (5 % over all pairs, Holm).")
    assert (
        "(5 % over all pairs, Bonferroni). The highest of 46 means is flattered by chance" in many.caption[-1]
    )
    assert many.title.startswith("Cost reduction: no difference shown between the best ")


def test_lower_is_better_for_a_cost(ax: Axes):
    runs = runs_of([{"size": 1, "realised_usd": 900.0}, {"size": 100, "realised_usd": 400.0}], "realised_usd")
    plot_lines(runs, "size", "realised_usd", ax=ax)
    assert title(ax).startswith("Cost is lowest, 401 USD, at size = 100")
    assert ax.get_xscale() == "log"


def test_a_line_each_value_of_by_is_named_at_its_end(ax: Axes):
    plot_lines(grid([0.0, 0.3], [0.5, 0.7]), "policy.epsilon", "cost_reduction", "skills.threshold", ax=ax)
    assert len(ax.lines) == 2
    assert {"0.5", "0.7", "skill threshold"} <= set(texts(ax))


def test_a_line_at_zero_where_values_lie_on_both_sides(ax: Axes):
    plot_lines(grid([0.0, 3.0], [0.5]), "policy.epsilon", "cost_reduction", ax=ax)
    assert drawn_line(ax, -1)[1].tolist() == [0.0, 0.0]


def test_names_go_down_the_side_with_bootstrap_bars_if_asked(ax: Axes):
    runs = runs_of([{"policy": name, "cost_reduction": mean} for name, mean in (("a", 1.0), ("b", 9.0))])
    plot_lines(runs, "policy", "cost_reduction", ax=ax, interval="bca")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    assert ax.get_xlabel() == "Cost reduction (%)"
    assert title(ax) == "Cost reduction is highest, 10.4 %, with b"
    ends = sorted(tuple(segment[:, 0]) for segment in segments(ax))
    values = [runs.loc[runs["policy"] == name, "cost_reduction"].tolist() for name in "ab"]
    assert ends == [bca(each).ci95 for each in values]


def test_yardsticks_are_no_finding(ax: Axes):
    means = {"oracle": 90.0, "topsis": 20.0, "greedy": 40.0}
    runs = runs_of([{"policy": name, "cost_reduction": mean} for name, mean in means.items()])
    plot_lines(runs, "policy", "cost_reduction", ax=ax)
    assert title(ax) == "Cost reduction is highest, 41.4 %, with greedy"


def test_one_replication_has_no_interval_and_no_claim(ax: Axes):
    runs = grid([0.0, 0.3], [0.5]).query("replication == 0")
    plot_lines(runs, "policy.epsilon", "cost_reduction", ax=ax)
    assert title(ax) == "Cost reduction by exploration rate ε: 18.8 % to 25.1 %"
    assert "1 replication, no interval" in texts(ax)


def test_a_factor_left_over_is_refused_and_can_be_held(ax: Axes):
    runs = grid([0.0, 0.3], [0.5, 0.6, 0.7])
    with pytest.raises(ResultsError) as raised:
        plot_lines(runs, "policy.epsilon", "cost_reduction", ax=ax)
    assert "an average would mislead: skills.threshold is 0.5, 0.6, 0.7." in str(raised.value)
    assert "--where skills.threshold=0.5" in str(raised.value)
    plot_lines(runs, "policy.epsilon", "cost_reduction", ax=ax, where={"skills.threshold": 0.6})
    assert drawn_line(ax)[1][0] == pytest.approx(30 - 6 + np.mean(LUCK))
    plot_lines(
        runs,
        "policy.epsilon",
        "cost_reduction",
        "skills.threshold",
        ax=ax,
        where={"skills.threshold": [0.5, 0.7]},
    )


def test_where_takes_a_value_as_it_is_shown_and_any_kind_of_level(ax: Axes):
    points = [
        {"share": share, "warm": warm, "pool": pool, "cost_reduction": 10 * share}
        for share in (1 / 3, 2 / 3)
        for warm in (False, True)
        for pool in ("few", "many")
    ]
    runs = runs_of(points).astype({"pool": "category"})
    plot_lines(runs, "warm", "cost_reduction", ax=ax, where={"share": "0.666667", "pool": "few"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["false", "true"]
    held = Figure().add_subplot()
    plot_lines(runs, "pool", "cost_reduction", ax=held, where={"share": 1 / 3, "warm": True})
    assert [label.get_text() for label in held.get_yticklabels()] == ["few", "many"]


@pytest.mark.parametrize(
    ("x", "y", "where", "message"),
    [
        (
            "policy.epsilom",
            "cost_reduction",
            {},
            "policy.epsilom: no such factor; did you mean 'policy.epsilon'?",
        ),
        ("tasks", "cost_reduction", {}, "tasks: no such factor. There are: policy.epsilon, skills.threshold"),
        (
            "policy.epsilon",
            "cost_reducton",
            {},
            "did you mean 'cost_reduction'? There are: tasks, cost_reduction",
        ),
        ("policy.epsilon", "time_reduction", {}, "time_reduction: no such metric"),
        (
            "policy.epsilon",
            "tasks",
            {"skills.threshold": 0.4},
            "threshold = 0.4: no run has it. There are: 0.5, 0.7",
        ),
        ("policy.epsilon", "tasks", {"skills.threshold": "a"}, "skills.threshold = a: no run has it"),
        ("policy.epsilon", "tasks", {"skills.threshold": True}, "skills.threshold = true: no run has it"),
    ],
)
def test_what_is_not_in_the_table_is_told_with_what_is(x: str, y: str, where: dict[str, Any], message: str):
    with pytest.raises(ResultsError) as raised:
        plot_lines(grid([0.0, 0.3], [0.5, 0.7]), x, y, where=where)
    assert message in str(raised.value)


def test_more_lines_than_can_be_told_apart_are_refused(ax: Axes):
    thresholds = [round(0.1 * each, 1) for each in range(9)]
    with pytest.raises(ResultsError, match="has 9 values, and no more than 8 lines"):
        plot_lines(
            grid([0.0, 0.3], thresholds), "policy.epsilon", "cost_reduction", "skills.threshold", ax=ax
        )


def test_paired_factors_are_joined_and_sampled_ones_are_not(ax: Axes):
    def runs(other: list[float]) -> pd.DataFrame:
        pairs = enumerate(other)
        return runs_of([{"days": day, "count": count, "cost_reduction": 5.0 * day} for day, count in pairs])

    plot_lines(runs([10, 20, 30, 40]), "days", "cost_reduction", ax=ax)
    assert ax.lines[0].get_linestyle() == "-"
    sampled = Figure().add_subplot()
    plot_lines(runs([30, 10, 40, 20]), "days", "cost_reduction", ax=sampled)
    assert sampled.lines[0].get_linestyle() == "None"
    assert title(sampled) == "Cost reduction by days: 1.4 % to 16.4 %"


def test_a_column_of_ones_own_is_a_metric(ax: Axes):
    runs = grid([0.0, 0.3], [0.5]).assign(saved_usd=lambda frame: 2 * frame["cost_reduction"])
    plot_lines(runs, "policy.epsilon", "saved_usd", ax=ax)
    assert ax.get_ylabel() == "saved_usd"


def test_a_heat_map_says_means_and_half_widths(ax: Axes):
    runs = grid([0.0, 0.3], [0.5, 0.7])
    plot_heat_map(runs, "policy.epsilon", "skills.threshold", "cost_reduction", ax=ax)
    told = estimate(runs.loc[runs["point"] == 0, "cost_reduction"].tolist())
    assert f"{told.mean:.1f}\n±{told.half_width:.1f}" in texts(ax)
    values = np.asarray(ax.images[0].get_array())
    means = runs.groupby(["skills.threshold", "policy.epsilon"])["cost_reduction"].mean()
    np.testing.assert_allclose(values, means.unstack().to_numpy())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.3"]
    assert title(ax) == "Cost reduction is highest, 26.4 %, at exploration rate ε = 0, skill threshold = 0.5"


def test_a_heat_map_needs_a_grid():
    runs = grid([0.0, 0.1, 0.2], [0.5, 0.6, 0.7])
    diagonal = runs[(10 * runs["policy.epsilon"]).round() == (10 * runs["skills.threshold"] - 5).round()]
    with pytest.raises(ResultsError, match="no grid: 3 of 9 cells have runs"):
        plot_heat_map(diagonal, "policy.epsilon", "skills.threshold", "cost_reduction")


SOBOL = pd.DataFrame(
    {
        "factor": ["clock.days", "policy.epsilon", "skills.threshold"],
        "first": [0.0, 0.5, 0.2],
        "first_half_width": [0.02, 0.1, 0.1],
        "total": [0.02, 0.6, 0.3],
        "total_half_width": [0.02, 0.1, 0.1],
    }
)
MORRIS = pd.DataFrame(
    {
        "factor": ["a", "b"],
        "mu_star": [5.0, 12.0],
        "mu_star_half_width": [1.0, 2.0],
        "mu": [5.0, -3.0],
        "sigma": [0, 4],
    }
)


def test_a_tornado_has_the_longest_bar_on_top(ax: Axes):
    plot_tornado(SOBOL, metric="cost_reduction", ax=ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "exploration rate ε",
        "skill threshold",
        "length of the run (days)",
    ]
    assert [bar.get_width() for bar in ax.containers[0]] == [0.6, 0.3, 0.02]
    assert title(ax).startswith("Exploration rate ε matters most to cost reduction: it has a part in 60 %")
    whiskers = {tuple(segment[:, 0].round(9)) for segment in segments(ax)}
    assert {(0.5, 0.7), (0.4, 0.6)} <= whiskers


def test_a_share_that_was_estimated_above_one_is_told_as_all(ax: Axes):
    table = SOBOL.assign(total=[0.02, 1.04, 0.3])
    plot_tornado(table, metric="cost_reduction", ax=ax)
    assert title(ax).endswith("matters most to cost reduction: it has a part in all of the variance")


def test_a_tornado_of_a_screening_has_the_metrics_unit(ax: Axes):
    plot_tornado(MORRIS, metric="realised_usd", ax=ax)
    assert ax.get_xlabel() == "Change of cost (USD)"
    assert title(ax) == "B moves cost most: by 12.0 USD over its range"


def test_factors_whose_intervals_overlap_are_not_ranked(ax: Axes):
    plot_tornado(SOBOL.assign(total_half_width=[0.02, 0.2, 0.2]), metric="cost_reduction", ax=ax)
    assert title(ax).startswith(
        "Exploration rate ε and skill threshold matter most to cost reduction; which of"
    )
    plot_tornado(SOBOL.assign(total_half_width=1.0), metric="cost_reduction", ax=ax)
    assert title(ax) == "Cost reduction: no factor is shown to matter more than the others"
    with pytest.raises(ResultsError, match="must have the columns factor, first, "):
        plot_tornado(SOBOL.drop(columns="total"))


def learning(end: float) -> pd.DataFrame:
    rows = [
        {"policy": policy, "first_task": 10 * bin_ + 1, "last_task": 10 * bin_ + 10, "replications": 7}
        | {"cost_reduction": mean * (bin_ + 1), "cost_reduction_half_width": 2.0}
        for policy, mean in (("oracle", 9.0), ("greedy", 5.0), ("topsis", end))
        for bin_ in range(4)
    ]
    return pd.DataFrame(rows).astype({"policy": "category"})


def test_learning_curves_are_the_table_s(ax: Axes):
    plot_learning(learning(2.0), ax=ax)
    middle, greedy = drawn_line(ax, 1)
    assert middle.tolist() == [5.5, 15.5, 25.5, 35.5]
    assert greedy.tolist() == [5, 10, 15, 20]
    assert corners(ax, 1)[:, 1].max() == 22.0
    assert title(ax) == "After 40 tasks cost reduction is highest, 20.0 %, with greedy"
    assert {"greedy", "topsis", "oracle"} <= set(texts(ax))


def test_learning_curves_that_end_alike_are_not_ranked(ax: Axes):
    plot_learning(learning(4.5), ax=ax, policies=["greedy", "topsis"])
    assert title(ax) == "Cost reduction after 40 tasks: no difference shown between the best"
    assert len(ax.lines) == 2
    with pytest.raises(ResultsError, match="policy = greedi: has not been played"):
        plot_learning(learning(4.5), policies=["greedi"])
    with pytest.raises(ResultsError, match=r"tasks: has no learning curve\. There are: cost_usd"):
        plot_learning(learning(4.5), "tasks")


def test_a_timeline_ends_with_its_interval(ax: Axes):
    hours = [{"replication": r, "start_s": 3600.0 * h, "tasks": h + r} for r in range(3) for h in range(4)]
    plot_timeline(pd.DataFrame(hours), "tasks", ax=ax)
    assert drawn_line(ax)[1].tolist() == [1, 2, 3, 4]
    assert title(ax) == "Number of tasks ends at 4.0 ± 2.5"
    with pytest.raises(ResultsError, match=r"task: no such column of the timeline\. There are: tasks"):
        plot_timeline(pd.DataFrame(hours), "task")


@pytest.mark.parametrize(
    ("column", "hours"),
    [
        ("cumulative_cost_reduction", [1, 2, 3, 4, 5]),
        ("outsourcing_rate", [0.5, 1.5, 2.5, 3.5, 4.5]),
        ("home_queue", [0.5, 1.5, 2.5, 3.5, 4.5]),
        ("mean_price_usd", [0, 1, 2, 3, 4]),
    ],
)
def test_a_timeline_stands_at_the_time_it_tells_of(ax: Axes, column: str, hours: list[float]):
    rows = [{"replication": 0, "start_s": 3600.0 * hour, column: 5.0 + hour} for hour in range(5)]
    plot_timeline(pd.DataFrame(rows), column, ax=ax)
    np.testing.assert_allclose(drawn_line(ax)[0], hours)


def test_a_timeline_that_stays_at_one_value_has_room_around_it(ax: Axes):
    hours = {"replication": [0, 0], "start_s": [0.0, 3600.0], "tasks": [4.0, 4.0]}
    plot_timeline(pd.DataFrame(hours), "tasks", ax=ax)
    low, high = ax.get_ylim()
    assert low < 4 < high


def test_without_axes_a_figure_as_wide_as_a_column_is_made():
    import matplotlib.pyplot as plt

    drawn = plot_lines(grid([0.0, 0.3], [0.5]), "policy.epsilon", "cost_reduction")
    try:
        figure = drawn.figure
        assert isinstance(figure, Figure)
        assert figure.get_figwidth() == 3.5
        assert figure.texts[0].get_text().startswith("Cost reduction is highest")
    finally:
        plt.close("all")


def test_a_users_labels_stand_in_legends_and_captions_as_they_were_written(ax: Axes):
    labels = ["_mine", "a | b", "$x$ and $y$"]
    runs = runs_of(
        [
            {"policy": policy, "who": who, "cost_reduction": 10.0 * k}
            for k, who in enumerate(labels)
            for policy in ("greedy", "topsis")
        ]
    )
    plot_lines(runs, "policy", "cost_reduction", "who", ax=ax)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == labels
    assert not any(text.get_parse_math() for text in legend.get_texts())
    assert [in_cell(label) for label in labels] == ["_mine", "a \\| b", "$x$ and $y$"]


def test_a_band_of_shares_stays_within_them(ax: Axes):
    rows = [{"policy.epsilon": 0.0, "outsourcing_rate": rate} for rate in (0.1, 4.0, 0.1)]
    runs = pd.DataFrame([{**row, "replication": number} for number, row in enumerate(rows)])
    plot_lines(runs, "policy.epsilon", "outsourcing_rate", ax=ax)
    (bar,) = [each for each in ax.collections if isinstance(each, LineCollection)]
    low, high = bar.get_segments()[0][:, 1]
    assert 0 <= low < 1.4 < high
