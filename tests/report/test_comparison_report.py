from __future__ import annotations

import io
import itertools
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from coalesce_sim import Comparison, load
from coalesce_sim.cli import cli
from coalesce_sim.experiments.comparison import Played
from coalesce_sim.experiments.contenders import contenders
from coalesce_sim.experiments.learning import TaskBins
from coalesce_sim.experiments.routing import AMOUNTS, COUNTS
from coalesce_sim.report.comparison.findings import findings
from coalesce_sim.report.comparison.table import print_comparison
from coalesce_sim.report.look import spread
from coalesce_sim.report.results_folder import Written

SMALL = ("dur_01", "--set", "clock.days=0.5", "--seed", "4")
FILES = [
    "comparison.json",
    "runs.parquet",
    "learning.parquet",
    "routing.parquet",
    "cumulative_cost.png",
    "learning.png",
]
EVERY_METRIC = {
    "tasks": 240.0,
    "realised_usd": 12_345.0,
    "all_local_usd": 34_567.0,
    "success_rate": 91.234,
    "turnaround_p50_s": 12_345.6,
    "turnaround_p95_s": 112_345.6,
    "late_rate": 45.678,
    "outsourcing_rate": 67.89,
    "exploration_rate": 12.345,
    "revenue_hhi": 0.2345,
    "contractor_utilisation": 78.912,
    "regret_oracle_usd_per_task": 123.456,
    "regret_best_fixed_usd_per_task": 123.456,
}

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(cli, ["compare", *args])


def made_up(reductions: dict[str, list[float]], **metrics: float) -> Comparison:
    """A comparison of the given cost reductions, one a replication; nothing was played."""
    scenario = load("dur_01")
    field = [each for each in contenders(scenario, list(reductions)) if not each.yardstick]
    runs = [
        [EVERY_METRIC | metrics | {"cost_reduction": value} for value in values]
        for values in zip(*reductions.values(), strict=True)
    ]
    played = [
        Played(
            each, [TaskBins() for _ in field], [all_at_home(replication) for _ in field], [{} for _ in field]
        )
        for replication, each in enumerate(runs)
    ]
    return Comparison(scenario, 1, field, played)


def all_at_home(replication: int) -> pa.Table:
    """Who got the work where nobody else did."""
    figures = {name: [240.0] for name in (*COUNTS, *AMOUNTS)}
    home = pa.array([None], pa.string())
    return pa.table({"replication": [replication], "contractor": home, "type": ["task"], **figures})


def printed(comparison: Comparison, width: int = 100) -> list[str]:
    stream = io.StringIO()
    outputs = (Path("here/comparison.json"),)
    print_comparison(Console(file=stream, width=width), Written(comparison, {}, outputs, wall_s=1.0))
    return stream.getvalue().splitlines()


def test_a_comparison_is_printed_and_written_and_repeats_at_any_jobs(call: Call):
    policies = "topsis(epsilon=0, weights.cost=0.5),cheapest,topsis,scenario"
    called = call(*SMALL, "--policies", policies, "--replications", "4", "--jobs", "1")
    assert called.exit_code == 0, called.output
    folder = Path("results/dur_01-compare")
    assert sorted(path.name for path in folder.glob("[!.]*")) == sorted(FILES)
    text = called.stdout
    assert "cheapest saves " in text
    assert "(0.0 ± 0.0)" in text
    assert f"Written to {folder}: {', '.join(FILES)}" in text
    assert max(len(line) for line in text.splitlines()[1:-1]) <= 100

    told = json.loads((folder / "comparison.json").read_text())
    runs = pd.read_parquet(folder / "runs.parquet")
    for label, policy in told["policies"].items():
        own = runs[runs["policy"] == label]
        assert len(own) == 4
        assert policy["metrics"]["cost_reduction"]["mean"] == pytest.approx(own["cost_reduction"].mean())
    assert [policy["yardstick"] for policy in told["policies"].values()][:3] == [False] * 3
    assert "oracle" in told["policies"]
    assert told["policies"]["topsis"]["settings"]["epsilon"] == 0.1
    shown = {frozenset((pair["first"], pair["second"])): pair["shown"] for pair in told["differences"]}
    assert shown[frozenset(("topsis", "scenario"))] is False
    assert shown[frozenset(("topsis", "cheapest"))] is True
    learning = pd.read_parquet(folder / "learning.parquet")
    assert set(learning["policy"]) == set(told["policies"])

    del told["files"], told["sha256"]
    program, _, *words = shlex.split(told.pop("provenance")["command"])
    assert program == "coalesce-sim"
    called = call(*words, "--jobs", "2", "--out", "again", "--json")
    again: dict[str, Any] = json.loads(called.stdout, parse_constant=pytest.fail)
    assert again | {"outputs": told["outputs"]} == told
    assert again["outputs"] == [f"again/{name}" for name in FILES]
    for name in FILES[1:]:
        assert (folder / name).read_bytes() == Path("again", name).read_bytes()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--policies", "topsi"], "policy 'topsi': there is no such policy; did you mean 'topsis'?"),
        (["--policies", "topsis,topsis"], "policy 'topsis': listed twice"),
        (["--policies", "topsis(epsilon=2)"], "epsilon: must be <= 1 (got 2)"),
        (["--policies", ""], "a name is missing"),
        (["--replications", "0"], "--replications"),
        (["--out", "file/below"], "cannot write to the folder 'file/below'"),
        (["--set", "name=../x"], "cannot be the name of a folder"),
    ],
)
def test_wrong_input_gets_a_message_and_leaves_nothing(call: Call, args: list[str], message: str):
    Path("file").write_text("here first")
    called = call(*SMALL, *args)
    assert called.exit_code == 2
    assert called.stdout == ""
    assert message in called.stderr
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_without_figures_the_tables_are_the_same_and_an_earlier_figure_does_not_stay(call: Call):
    args = (*SMALL, "--policies", "cheapest", "--replications", "2", "--quiet", "--out", "it")
    assert call(*args).exit_code == 0
    before = {name: Path("it", name).read_bytes() for name in FILES[1:4]}
    assert call(*args, "--no-figures").exit_code == 0
    assert sorted(path.name for path in Path("it").glob("[!.]*")) == sorted(FILES[:4])
    assert {name: Path("it", name).read_bytes() for name in before} == before


def test_a_market_without_tasks_and_a_single_replication_are_no_errors(call: Call):
    idle = ("dur_01", "--set", "workload.arrivals.tasks_per_hour=0", "--replications", "2")
    called = call(*idle, "--jobs", "1", "--out", "idle")
    assert called.exit_code == 0
    assert "No cost to compare with." in called.stdout
    assert sorted(path.name for path in Path("idle").glob("[!.]*")) == sorted(FILES[:4])
    called = call(*SMALL, "--policies", "cheapest,random", "--replications", "1", "--out", "one")
    assert called.exit_code == 0
    assert "cheapest saves most in the one replication played: " in called.stdout
    assert sorted(path.name for path in Path("one").glob("[!.]*")) == sorted(FILES)


def test_all_figures_of_many_policies_fit_on_a_hundred_columns():
    policies = {f"topsis(epsilon=0.{each})": [10.0 + each, 11.0, 12.0 - each] for each in range(1, 9)}
    lines = printed(made_up(policies))
    assert max(map(len, lines)) <= 100
    text = " ".join(" ".join(lines).split())
    for name in ("success", "p50", "p95", "missed", "HHI", "utilised", "explored", "best_fixed"):
        assert name in text
    assert not any("…" in line for line in lines)


def test_no_figure_is_lost_in_a_narrow_terminal():
    comparison = made_up({"random": [10.0, 12.0, 11.0], "cheapest": [20.0, 22.5, 21.0]})
    narrow, wide = ("".join(printed(comparison, width)) for width in (50, 200))
    assert "…" not in narrow
    assert sorted(filter(str.isdigit, narrow)) == sorted(filter(str.isdigit, wide))


def test_more_policies_than_fit_are_told_against_the_best_only():
    many = made_up({f"topsis(epsilon=0.{each:02})": [10.0 + each, 11.0, 12.0] for each in range(1, 12)})
    lines = printed(many)
    assert not any(line.startswith(" saves more than") for line in lines)
    assert sum("no difference shown" in line for line in lines) >= 10


def test_a_metric_that_nobody_has_takes_no_room():
    text = "\n".join(
        printed(made_up({"topsis": [1.0, 2.0], "random": [1.5, 2.5]}, success_rate=float("nan")))
    )
    assert "success" not in text
    assert "missed" in text


def test_the_findings_say_what_is_shown_and_what_is_not():
    clear = findings(made_up({"random": [10.0, 12.0, 11.0], "cheapest": [20.0, 22.5, 21.0]}))
    assert clear[:2] == [
        "cheapest saves most against all-local: 21.2 % ± 3.1 %.",
        "cheapest saves 10.2 points more than random [9.4, 10.9].",
    ]
    assert clear[-1] == "Pairing by random numbers removed 97 % of the variance of a difference."
    unclear = findings(made_up({"random": [10.0, 20.0, 11.0], "cheapest": [20.0, 2.5, 21.0]}))
    assert unclear[0] == "No difference shown between the best two, cheapest and random."
    assert unclear[1].startswith("cheapest and random: no difference shown, 0.8 points [")
    losing = findings(made_up({"random": [-5.0, -6.0], "cheapest": [-9.0, -8.0]}))
    assert losing[0] == "No policy saves: random, the best, comes to -5.5 % ± 6.4 %."
    alone = findings(made_up({"random": [5.0, 6.0]}))
    assert alone == ["random saves against all-local: 5.5 % ± 6.4 %."]


def test_the_headline_and_each_difference_tell_cash_delay_and_losses_apart():
    apart = made_up({"random": [4.0, 5.0]}, cash_saving=-2.0, delay_saving=6.5, loss_saving=0.0)
    assert findings(apart)[0].startswith(
        "random saves against all-local: cash -2.0 %, delay 6.5 %, in all 4.5"
    )
    both = made_up({"random": [4.0, 5.0], "cheapest": [8.0, 9.5]})
    for each in both.played:
        for metrics, cash in zip(each.metrics, (1.0, 5.5), strict=True):
            metrics |= {"cash_saving": cash, "delay_saving": 1.0, "loss_saving": 0.0}
    assert findings(both)[1].endswith(" (cash 4.5).")
    head = "\n".join(printed(both)[3:6]).split()
    assert head[:8] == ["cash", "delay", "cost", "policy", "saved,", "%", "saved,", "%"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_labels_stay_in_order_apart_and_within_the_axes(heights: list[float]):
    placed = spread(heights, 0.06).tolist()
    assert all(-1e-9 <= each <= 1 + 1e-9 for each in placed)
    in_order = [placed[i] for i in sorted(range(len(heights)), key=heights.__getitem__)]
    assert all(b - a >= 0.06 - 1e-9 for a, b in itertools.pairwise(in_order))


def test_labels_move_no_more_than_they_must():
    assert spread([0.9, 0.1, 0.5], 0.06).tolist() == pytest.approx([0.9, 0.1, 0.5])
    assert spread([0.5, 0.5], 0.06).tolist() == pytest.approx([0.47, 0.53])
    assert spread([1.0, 1.0], 0.06).tolist() == pytest.approx([0.94, 1.0])


def test_a_yardstick_that_was_listed_is_no_headline():
    comparison = made_up({"oracle": [50.0, 51.0], "topsis": [20.0, 21.5], "greedy": [10.0, 12.0]})
    assert findings(comparison)[0].startswith("topsis saves most")
    assert findings(made_up({"oracle": [50.0, 51.0]}))[0].startswith("oracle saves")
