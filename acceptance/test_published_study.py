"""The study as a whole, with two runs a row: what it holds, what is written, and that it repeats."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

import coalesce_sim
from coalesce_sim.cli.replicate import command
from coalesce_sim.experiments.published.study import TABLE, Study, replicate
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.report.replication.terminal import print_study
from coalesce_sim.report.replication.writing import write_study
from coalesce_sim.report.results_folder import Written

OUTPUTS = ["report.md", "table.csv", "table.png", "cold_start.png"]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """By the command, on two processes."""
    folder = tmp_path_factory.mktemp("study")
    arguments = ["--replications", "2", "--seed", "7", "--jobs", "2", "--out", str(folder), "--json"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return folder, json.loads(result.stdout)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written[Study]:
    """The same from Python, in this process."""
    folder = tmp_path_factory.mktemp("again")
    return write_study(folder, seed=7, replications=2, jobs=1, progress=lambda _: None)


def test_the_json_object_has_what_it_promises(played: tuple[Path, dict[str, Any]]) -> None:
    folder, found = played
    assert found["scenario"] == "published table"
    assert (found["seed"], found["replications"]) == (7, 2)
    assert found["outputs"] == [str(folder / name) for name in OUTPUTS]
    assert found["published"]["cost_reduction_published"]["mean"] == pytest.approx(41.753, abs=5e-4)
    assert found["published"]["cost_reduction_published"]["n"] == 239
    for name in ("cost_reduction", "cost_reduction_published", "time_savings_published", "outsourcing_rate"):
        low, high = found["metrics"][name]["ci95"]
        assert low < found["metrics"][name]["mean"] < high
    assert len(found["cells"]) == 26
    assert [cell["experiment"] for cell in found["cells"][::2]] == list(TABLE)
    assert {"grand_mean", "cold_start", "real_llm", "discrepancies"} <= set(found)


def test_no_two_experiments_share_their_luck(played: tuple[Path, dict[str, Any]]) -> None:
    _, found = played
    assert len({cell["seed"] for cell in found["cells"]}) == len(TABLE)
    # The same market twice in the table: dur_04 and agt_03.
    ours = {cell["experiment"]: cell["ours"]["mean"] for cell in found["cells"]}
    assert ours["dur_04"] != ours["agt_03"]


def test_a_cell_can_be_played_again_by_its_seed(played: tuple[Path, dict[str, Any]]) -> None:
    cell = next(each for each in played[1]["cells"] if each["experiment"] == "dur_02")
    again = coalesce_sim.run(coalesce_sim.load("dur_02"), seed=cell["seed"], replications=2)
    assert again.estimates[cell["metric"]].mean == pytest.approx(cell["ours"]["mean"], rel=1e-12)


def test_the_variants_of_an_experiment_share_their_tasks(played: tuple[Path, dict[str, Any]]) -> None:
    _, found = played
    units = found["discrepancies"]["units"]
    hours, minutes, seconds = (units[unit]["all_local_usd_per_task"]["mean"] for unit in units)
    assert hours == pytest.approx(60 * minutes) == pytest.approx(3600 * seconds)
    assert units["second"]["cost_reduction"]["mean"] < units["minute"]["cost_reduction"]["mean"] < 0
    assert units["second"]["cost_reduction_published"]["mean"] >= 0


def test_the_steps_from_published_to_honest_go_down(played: tuple[Path, dict[str, Any]]) -> None:
    steps = {name: each["mean"] for name, each in played[1]["discrepancies"]["steps"].items()}
    assert steps["published"] > steps["losses_counted"] > steps["all_tasks"]
    assert steps["all_tasks"] == pytest.approx(steps["honest"], abs=2)


def test_the_table_has_a_row_a_cell(played: tuple[Path, dict[str, Any]]) -> None:
    folder, found = played
    rows = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    for row, cell in zip(rows, found["cells"], strict=True):
        assert (row["experiment"], row["metric"]) == (cell["experiment"], cell["metric"])
        assert float(row["ours_mean"]) == pytest.approx(cell["ours"]["mean"], rel=1e-5)
        assert float(row["honest_mean"]) == pytest.approx(cell["honest"]["mean"], rel=1e-5)


def test_the_report_is_complete_and_says_how_to_have_it_again(played: tuple[Path, dict[str, Any]]) -> None:
    folder, found = played
    report = (folder / "report.md").read_text()
    assert "$" not in report
    assert "nan" not in report
    assert str(folder) not in report
    assert "coalesce-sim replicate --seed 7 --replications 2`" in report
    for name in ("table.png", "cold_start.png"):
        assert f"]({name})" in report
        assert (folder / name).stat().st_size > 10_000
    for experiment in TABLE:
        assert report.count(f"| {experiment} |") >= 2
    agreeing = sum(cell["agrees"] for cell in found["cells"])
    assert f"{agreeing} of the 26 printed cost and time figures agree" in report


def test_cash_delay_and_losses_add_up_to_the_honest_figure(played: tuple[Path, dict[str, Any]]) -> None:
    _, found = played
    honest = {cell["experiment"]: cell["honest"]["mean"] for cell in found["cells"][::2]}
    together = {
        name: sum(each["mean"] for each in savings.values()) for name, savings in found["savings"].items()
    }
    assert together == pytest.approx(honest, rel=1e-9)
    mean = sum(found["metrics"][name]["mean"] for name in SAVINGS)
    assert mean == pytest.approx(found["metrics"]["cost_reduction"]["mean"], rel=1e-9)


@pytest.mark.parametrize("place", ["report", "terminal"])
def test_cash_delay_and_losses_are_told_before_their_sum(
    place: str, played: tuple[Path, dict[str, Any]], written: Written[Study]
) -> None:
    folder, found = played
    if place == "report":
        text = (folder / "report.md").read_text()
    else:
        screen = io.StringIO()
        there = replace(written, outputs=(Path("published/report.md"),))
        print_study(Console(file=screen, width=80), there)
        text = screen.getvalue()
        assert max(map(len, text.splitlines())) <= 80
    figure = r"(-?[\d,.]+) \[-?[\d,.]+ to -?[\d,.]+\] %"
    told = re.search(
        rf"save of the cost {figure} in cash, {figure} in delay and {figure} in losses, together {figure}",
        " ".join(text.split()),
    )
    assert told is not None
    expected = [found["metrics"][name]["mean"] for name in (*SAVINGS, "cost_reduction")]
    assert [float(each) for each in told.groups()] == pytest.approx(expected, abs=0.051)


def test_two_processes_give_the_same_bytes(
    played: tuple[Path, dict[str, Any]], written: Written[Study]
) -> None:
    folder, _ = played
    assert sorted(path.name for path in folder.glob("[!.]*")) == sorted(OUTPUTS)
    assert sorted(path.name for path in written.outputs) == sorted(OUTPUTS)
    for path in written.outputs:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_one_replication_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"replications must be >= 2 .* \(got 1, 1\)"):
        replicate(1)
    result = CliRunner().invoke(command, ["--replications", "1", "--out", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_made_is_wrong_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(command, ["--replications", "2", "--out", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert "--out" in result.output
