"""Whole sweeps from Python: what they come to, and how they go on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from coalesce_sim import SweepResult
from coalesce_sim.files import FolderError, ResultsError, read_sealed, sealed_text
from coalesce_sim.metrics import UnknownMetric
from coalesce_sim.report.sweeps import warnings_of
from coalesce_sim.sweeps import execution
from coalesce_sim.sweeps.execution import Progress
from coalesce_sim.sweeps.results import OUTCOME
from coalesce_sim.sweeps.running import ChangedSweep, TooManyRuns
from tests.sweeps.small import SMALL

FAILING = """
from pathlib import Path
from coalesce_sim import LOCAL, Decision, Policy

class Failing(Policy):
    def __init__(self, limit=0):
        self.limit = limit

    def decide(self, view):
        if self.limit == 2 and not Path("cured").exists():
            raise KeyError("level two")
        if self.limit == 3 and not Path("cured").exists():
            raise SystemExit("level three")
        return Decision(LOCAL)
"""


def sweep(out: Path, **changes: Any) -> SweepResult:
    options = {name: changes.pop(name) for name in ("extend", "retry_failed") if name in changes}
    return coalesce_sim.sweep(SMALL | changes, out=out, jobs=1, **options)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SweepResult:
    """`SMALL`, played once; for reading only."""
    return sweep(tmp_path_factory.mktemp("small"))


def test_the_numbers_of_a_point_are_those_of_the_scenario_run_by_itself(made: SweepResult):
    for point, epsilon in enumerate([0, 0.1, 0.3]):
        overrides = ["clock.days=0.1", "contractors.count=5", f"policy.epsilon={epsilon}"]
        alone = coalesce_sim.run(coalesce_sim.load("dur_03", overrides), replications=3)
        rows = made.runs[made.runs["point"] == point]
        assert set(rows["seed"]) == {alone.seed}
        for replication, metrics in enumerate(alone.replications):
            assert set(metrics) <= set(made.metrics)
            for name in made.metrics:
                np.testing.assert_equal(rows.iloc[replication][name], metrics.get(name, np.nan))
        for name, estimate in alone.estimates.items():
            found = made.estimates(name).loc[point]
            assert found["n"] == estimate.n
            if estimate.mean is not None and estimate.ci95 is not None:
                interval = np.array([estimate.mean, *estimate.ci95])
                np.testing.assert_allclose(found[["mean", "low", "high"]].to_numpy(float), interval)
                summary = made.points.loc[point, [name, f"{name}_low", f"{name}_high"]]
                np.testing.assert_allclose(summary.to_numpy(float), interval, atol=1e-9)


def test_the_table_has_a_row_a_run_sorted_with_factors_before_metrics(made: SweepResult):
    assert made.runs.columns[:5].tolist() == [
        "point",
        "replication",
        "seed",
        "policy.epsilon",
        "scenario_sha256",
    ]
    assert made.runs[["point", "replication"]].values.tolist() == [[p, r] for p in range(3) for r in range(3)]
    assert made.factors == ("policy.epsilon",)
    assert made.complete
    assert made.failures.empty
    assert repr(made) == "SweepResult('sweep', 9 runs, 0 failed, complete)"
    assert made.estimates("cost_reduction", "bca").shape == (3, 7)
    with pytest.raises(UnknownMetric, match="did you mean 'cost_reduction'"):
        made.estimates("cost_reductoin")


def test_the_folder_tells_the_same(made: SweepResult):
    pd.testing.assert_frame_equal(pd.read_parquet(made.folder / "runs.parquet"), made.runs)
    points = pd.read_csv(made.folder / "points.csv")
    pd.testing.assert_frame_equal(points, made.points, check_dtype=False)
    assert json.loads((made.folder / OUTCOME).read_text())["digest"] == made.digest
    again = coalesce_sim.open_results(made.folder)
    assert (again.digest, again.specification) == (made.digest, made.specification)


def test_two_processes_write_the_same_bytes(made: SweepResult, tmp_path: Path):
    other = coalesce_sim.sweep(SMALL, out=tmp_path, jobs=2)
    assert other.digest == made.digest
    for name in ("runs.parquet", "points.csv"):
        assert (tmp_path / name).read_bytes() == (made.folder / name).read_bytes()


def test_bytes_do_not_depend_on_the_order_in_which_points_with_different_metrics_ended(tmp_path: Path):
    both = {
        "base": None,
        "factors": {"scenario": ["dur_03", "cold_start"]},
        "set": {"clock.days": 0.2},
        "replications": 2,
    }
    one = sweep(tmp_path / "one", **both)
    assert any(one.rows[name].null_count for name in one.metrics)
    reverse = both | {"factors": {"scenario": ["cold_start"]}}
    sweep(tmp_path / "other", **reverse)
    other = sweep(tmp_path / "other", **both, extend=True)
    assert other.digest == one.digest
    assert (tmp_path / "one/runs.parquet").read_bytes() == (tmp_path / "other/runs.parquet").read_bytes()


def test_a_digest_tells_different_results_apart(made: SweepResult, tmp_path: Path):
    assert sweep(tmp_path, seed=made.facts["seed"] + 1).digest != made.digest


def test_what_is_complete_is_not_played_again(tmp_path: Path):
    sweep(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    sweep(tmp_path, title="only the title is another")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_a_sweep_that_changed_is_refused_with_the_difference(tmp_path: Path):
    sweep(tmp_path, replications=1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    with pytest.raises(ChangedSweep) as refused:
        sweep(tmp_path, replications=1, set={"clock.days": 0.3, "contractors.count": 5})
    lines = refused.value.difference.splitlines()
    assert any(line.startswith("-") and line.endswith("days: 0.1") for line in lines)
    assert any(line.startswith("+") and line.endswith("days: 0.3") for line in lines)
    with pytest.raises(ResultsError, match="3 of 3 runs that were played are not in the sweep any more"):
        sweep(tmp_path, replications=1, set={"clock.days": 0.3, "contractors.count": 5}, extend=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


@pytest.mark.parametrize(
    "more",
    [
        {"factors": {"policy.epsilon": [0.3, 0.2, 0.1, 0]}, "replications": 4},
        {"factors": {"policy.epsilon": [0.3, 0.1, 0]}},
    ],
)
def test_extended_a_sweep_plays_what_is_missing_and_ends_as_if_it_had_begun_so(
    more: dict[str, Any], tmp_path: Path
):
    fresh = sweep(tmp_path / "fresh", **more)
    kept = {round(wall_s, 9) for wall_s in sweep(tmp_path / "grown").rows["wall_s"].to_pylist()}
    with pytest.raises(ChangedSweep):
        sweep(tmp_path / "grown", **more)
    grown = sweep(tmp_path / "grown", **more, extend=True)
    assert kept <= {round(wall_s, 9) for wall_s in grown.rows["wall_s"].to_pylist()}
    assert grown.digest == fresh.digest
    for name in ("runs.parquet", "points.csv"):
        assert (tmp_path / "grown" / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()


def test_fewer_levels_or_replications_are_no_extension(tmp_path: Path):
    sweep(tmp_path)
    for fewer in ({"replications": 2}, {"factors": {"policy.epsilon": [0, 0.1]}}):
        with pytest.raises(ResultsError, match="3 of 9 runs that were played are not in the sweep any more"):
            sweep(tmp_path, **fewer, extend=True)
    assert sweep(tmp_path).complete


def test_levels_that_make_no_scenario_together_do_not_stand_in_the_way_of_an_extension(tmp_path: Path):
    factors: dict[str, Any] = {"market_demand.min": [0.1, 1.5], "market_demand.max": [2.0, 1.0]}
    first = sweep(tmp_path, factors=factors, replications=1)
    assert (len(first.runs), len(first.failures)) == (3, 1)
    assert first.failures["market_demand.min"].tolist() == [1.5]
    more = sweep(tmp_path, factors=factors, replications=2, extend=True)
    assert (len(more.runs), len(more.failures)) == (6, 2)


def test_failed_runs_are_kept_with_their_errors_and_played_again_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "failing_policy.py").write_text(FAILING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    asked: dict[str, Any] = {
        "set": {"clock.days": 0.1, "policy": {"class": "failing_policy:Failing"}},
        "factors": {"policy.limit": [1, 2, 3]},
        "replications": 2,
    }
    result = sweep(tmp_path / "out", **asked)
    assert result.complete
    assert result.runs["policy.limit"].tolist() == [1, 1]
    assert result.failures["policy.limit"].tolist() == [2, 2, 3, 3]
    assert "level two" in result.failures["error"][0]
    assert "level three" in result.failures["error"][2]
    assert result.failures["traceback"].str.contains("failing_policy.py").any()
    assert "4 runs failed, most often (2)" in warnings_of(result)[0]
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    assert failures["replication"].tolist() == [0, 1, 0, 1]

    Path("cured").touch()
    assert sweep(tmp_path / "out", **asked).digest == result.digest
    cured = sweep(tmp_path / "out", **asked, retry_failed=True)
    assert cured.failures.empty
    assert not (tmp_path / "out" / "failures.csv").exists()
    assert cured.digest == sweep(tmp_path / "healthy", **asked).digest


def test_a_sweep_of_which_every_run_fails_has_results_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "failing_too.py").write_text(FAILING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    changes = {"set": {"policy": {"class": "failing_too:Failing"}}, "factors": {"policy.limit": [2]}}
    result = sweep(tmp_path / "out", **changes, replications=2)
    assert (len(result.runs), len(result.failures)) == (0, 2)
    assert result.points["replications"].tolist() == [0]
    assert pq.read_table(tmp_path / "out" / "runs.parquet").num_rows == 0


def test_until_the_interval_is_narrow_enough_each_point_by_itself(tmp_path: Path):
    rule = {"metric": "outsourcing_rate", "half_width": 12.0, "minimum": 4, "look_ahead": 1, "cap": 14}
    result = sweep(tmp_path, replications=rule)
    found = result.estimates("outsourcing_rate")
    assert result.runs.groupby("point").size().tolist() == found["n"].tolist()
    narrow = (found["high"] - found["low"]) / 2 <= 12.0
    assert ((found["n"] == 14) | narrow).all()
    assert result.imprecise == found["point"][~narrow].tolist()
    assert result.summary["imprecise_points"] == len(result.imprecise)


def test_a_metric_that_no_run_of_the_scenario_has_cannot_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(execution, "_WRITE_EVERY_S", 0.0)  # as on a slow machine: each run as it comes
    rule = {"metric": "estimation_error", "half_width": 1.0, "minimum": 2, "cap": 3}
    with pytest.raises(
        UnknownMetric, match=r"estimation_error: no such metric.* There are: tasks, cash_saving"
    ):
        sweep(tmp_path, replications=rule)
    rule["metric"] = "cost_reduction"
    assert sweep(tmp_path, replications=rule).complete  # nothing stands in the way of the one that was meant


def test_steady_state_cuts_the_warm_up_and_warns_of_short_runs(tmp_path: Path):
    result = sweep(tmp_path, steady_state="realised_usd", replications=2)
    assert {"warm_up_s", "warm_up_found"} <= set(result.metrics)
    assert result.too_short > 0
    assert any("too short for their warm-up to be told (MSER-5)" in each for each in warnings_of(result))


def test_a_hundred_thousand_runs_are_made_only_on_demand(tmp_path: Path):
    factors = {
        "policy.epsilon": {"linspace": [0, 1, 1000]},
        "policy.explored_score": {"linspace": [0, 1, 1000]},
        "policy.explored_confidence": {"linspace": [0, 1, 1000]},
    }
    with pytest.raises(TooManyRuns, match=r"3,000,000,000 runs \(1,000,000,000 design points\)"):
        sweep(tmp_path / "out", factors=factors)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["..", "a/b", ".", "a\0b"])
def test_a_name_that_is_no_folder_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultsError, match="cannot be the name of a folder"):
        coalesce_sim.sweep(SMALL | {"name": name}, jobs=1)
    assert list(tmp_path.iterdir()) == []


def test_results_of_other_commands_are_not_mixed_up_with_a_sweep(tmp_path: Path):
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(ResultsError, match=r"holds other results \(summary\.json\)"):
        sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]
    with pytest.raises(ResultsError, match="holds no sweep"):
        coalesce_sim.open_results(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="cannot write to the folder"):
        sweep(tmp_path / "file")


def test_results_of_a_newer_version_are_not_touched(tmp_path: Path):
    sweep(tmp_path, replications=1)
    facts, _ = read_sealed(tmp_path / "sweep.json")
    (tmp_path / "sweep.json").write_text(sealed_text(facts | {"format": 3}))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    for attempt in (lambda: sweep(tmp_path, replications=1), lambda: coalesce_sim.open_results(tmp_path)):
        with pytest.raises(ResultsError, match=r"has format 3, written by .*: install a newer one"):
            attempt()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_progress_counts_what_is_written_down(tmp_path: Path):
    told: list[Progress] = []
    coalesce_sim.sweep(SMALL, out=tmp_path, jobs=1, progress=told.append)
    done = [each.runs_done for each in told]
    assert done == sorted(done)
    last = told[-1]
    assert (last.runs_done, last.share, last.points_done, last.points, last.failed) == (9, 1.0, 3, 3, 0)
    assert last.seconds_left is not None
    assert math.isclose(last.seconds_left, 0)
