from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from coalesce_sim import RunResult, Scenario, load, run
from coalesce_sim.report.costs import cost_lines
from coalesce_sim.report.results_folder import Written
from coalesce_sim.report.table import print_run

METRICS = {
    "tasks": 8819.0,
    "cost_reduction": 23.0,
    "cost_reduction_published": 38.0,
    "time_reduction": 12.0,
    "time_savings_published": 44.0,
    "outsourcing_rate": 33.0,
    "exploration_rate": 10.0,
    "realised_usd": 1.89,
    "all_local_usd": 345.0,
    "cash_usd": 1.188,
    "all_local_cash_usd": 0.2,
    "delay_usd": 0.702,
    "all_local_delay_usd": 344.8,
    "home_energy_usd": 0.964,
    "all_local_home_energy_usd": 0.2,
    "paid_to_contractors_usd": 0.224,
    "lateness_usd": 0.702,
    "all_local_lateness_usd": 344.8,
    "late_rate": 10.0,
    "all_local_late_rate": 90.0,
    **{f"{place}turnaround_p{p}_s": p / 10 for p in (50, 95, 99) for place in ("", "all_local_")},
}


def printed(scenario: str, runs: list[dict[str, float]], width: int = 100, **changes: object) -> str:
    return printed_of(load(scenario).model_copy(update=changes), runs, width)


def printed_of(scenario: Scenario, runs: list[dict[str, float]], width: int = 100) -> str:
    result = RunResult(scenario, 7, runs)
    stream = io.StringIO()
    outputs = (Path("results/x/summary.json"), Path("results/x/decisions.parquet"))
    print_run(Console(file=stream, width=width), Written(result, {}, outputs, wall_s=2.0))
    return stream.getvalue()


def row(text: str, label: str) -> str:
    return " ".join(next(line for line in text.splitlines() if label in line).split())


def test_mean_spread_interval_and_the_published_value_stand_in_a_row():
    text = printed("dur_03", [METRICS, METRICS | {"cost_reduction": 25.0, "cost_reduction_published": 40.0}])
    assert "2 replications, seed 7; 17,638 tasks in 2.00 s (8,819 tasks/s)" in text
    assert row(text, "cost reduction %, honest") == "cost reduction %, honest¹ 24.0 1.4 11.3 to 36.7"
    published = "cost reduction %, published² 39.0 1.4 26.3 to 51.7 40.5 ± 5.7 (n = 18)"
    assert row(text, "cost reduction %, published") == published
    assert row(text, "tasks ") != ""
    assert "missed the target" not in text


def test_cash_delay_and_losses_stand_before_the_sum_of_what_they_save():
    """More is paid than before, and the sum is a saving all the same; what saves nothing has no line."""
    savings = {"cash_saving": -12.0, "delay_saving": 35.0, "loss_saving": 0.0}
    text = printed("azure_code_like", [METRICS | savings, METRICS | savings | {"cash_saving": -14.0}])
    told = [line for line in text.splitlines() if "saved, %" in line or "cost reduction %" in line]
    first, second, third = told
    assert first.split()[:4] == ["cash", "saved,", "%¹", "-13.0"]
    assert second.split()[:4] == ["delay", "saved,", "%¹", "35.0"]
    assert third.split()[:2] == ["cost", "reduction"]


def test_the_papers_own_metrics_are_told_of_its_scenarios_only():
    assert "published" in printed("dur_03", [METRICS])
    assert "published" not in printed("azure_code_like", [METRICS])
    own = load({"extends": "published", "title": "mine"})
    assert "time savings %, published" in printed_of(own, [METRICS])


@pytest.mark.parametrize("scenario", ["dur_03", "market_day", "experiments_splitting"])
def test_the_breakdown_adds_up(scenario: str):
    """The lines of a group to its line, the groups to the realised cost, as played and all-local."""
    changes = ["clock.days=0.5"] if scenario == "dur_03" else ["workload.arrivals.limit=8"]
    lines = dict(cost_lines(run(load(scenario, changes), replications=2).estimates))
    totals = lines.pop("realised cost, USD")
    for column in (0, 1):
        groups: dict[str, float] = {}
        for label, pair in lines.items():
            if label.endswith(", USD"):
                groups[group := label] = 0.0
            elif "of which" not in label:
                groups[group] += pair[column].mean or 0.0
        assert groups == pytest.approx({name: lines[name][column].mean for name in groups})
        assert sum(groups.values()) == pytest.approx(totals[column].mean)


def test_a_published_metric_outside_the_usual_rows_gets_one():
    text = printed("real_llm_35", [METRICS | {"estimated_saving_usd_per_task": 11.6}])
    assert row(text, "estimated saving usd per task") == "estimated saving usd per task 11.6 – – 20.3 (n = 1)"


def test_the_operators_lines_stand_side_by_side():
    text = printed("azure_code_like", [METRICS])
    told = [" ".join(line.split()) for line in text.splitlines()]
    first, last = told.index("cash, USD 1.19 0.200"), told.index("realised cost, USD 1.89 345")
    parts = ["home: energy 0.964 0.200", "paid to contractors 0.224 0"]
    assert told[first + 1 : last] == [*parts, "delay, USD 0.702 345", "lateness 0.702 345"]
    assert row(text, "p95") == "turnaround p95, s 9.50 9.50"
    assert row(text, "missed the target, %") == "missed the target, % of tasks 10.0 90.0"
    assert row(text, "missed the target, tasks") == "missed the target, tasks 882 7,937"


@pytest.mark.parametrize("width", [45, 60, 80, 200])
def test_no_figure_is_lost_in_a_narrow_terminal(width: int):
    text = printed("dur_03", [METRICS, METRICS | {"cost_reduction": 25.0}], width)
    assert "…" not in text
    for figure in ("8,819", "24.0", "40.5", "n = 18", "38.0"):
        assert all(part in text for part in figure.split())


def test_text_of_the_user_is_printed_as_it_is():
    assert "x: [red]not a colour[/nor this]" in printed(
        "dur_03", [METRICS], name="x", title="[red]not a colour[/nor this]"
    )


def test_what_to_see_besides_is_told_below_the_results():
    assert "See also: the paper's" in printed("dur_01", [METRICS])
    assert "See also" not in printed("dur_03", [METRICS])


LEARNED = METRICS | {
    "success_rate": 66.0,
    "all_local_success_rate": 50.0,
    "losses_usd": 300.0,
    "all_local_losses_usd": 500.0,
    "retries_usd": 0.1,
    "loss_usd": 300.0,
    "all_local_loss_usd": 500.0,
    "attempts_per_task": 1.1,
    "revenue_hhi": 0.25,
    "contractor_utilisation": 6.0,
    "home_utilisation": 20.0,
    "estimation_error": 90.0,
    "estimation_error_first": 150.0,
    "estimation_error_last": 80.0,
    "contracts": 290.0,
    "contracts_completed_rate": 95.0,
    "contracts_failed_rate": 5.0,
    "contracts_canceled_rate": 0.0,
    "contracts_rejected_rate": 0.0,
    "contracts_found_bad_rate": 16.0,
    "discovery_age_s": 30.0,
    "unanswered_queries": 0.0,
}


def test_a_market_that_learns_tells_what_its_work_was_worth():
    text = printed("market_day", [LEARNED])
    assert row(text, "ended well") == "ended well, % of tasks 66.0 50.0"
    assert row(text, "losses, USD") == "losses, USD 300 500"
    assert row(text, "bad work") == "bad work 300 500"
    assert row(text, "retries") == "of which for retries 0.100 0"
    assert row(text, "attempts") == "attempts per task 1.10 –"
    assert row(text, "HHI") == "concentration of revenue (HHI), 0 to 1 0.250 –"
    words = " ".join(text.split())
    assert "Contracts: 290 a replication, 95.0 % completed, 5.0 % failed; 16.0 % found bad" in words
    assert "Estimated charges are off by 150.0 % in the first 50, by 80.0 % in the last ones." in words
    assert "Discovery tells what is 30.0 s old." in words
    assert "published" not in text
    assert "paper" not in text
    assert max(map(len, text.splitlines()[1:-1])) <= 100


def test_lines_that_say_nothing_are_left_out():
    nothing = {"attempts_per_task": 1.0, "late_rate": 0.0, "all_local_late_rate": 0.0, "contracts": 0.0}
    text = printed("market_day", [LEARNED | nothing])
    assert not any(each in text for each in ("attempts", "missed", "Contracts:"))
    other = printed("azure_code_like", [LEARNED])
    assert not any(each in other for each in ("ended well", "HHI", "attempts"))
