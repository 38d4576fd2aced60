"""From a sweep file to indices, through the sweep's store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from coalesce_sim import Decision, Policy, View
from coalesce_sim.cli.sensitivity import command
from coalesce_sim.metrics import UnknownMetric
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.sensitivity.study import NoIndices, Sensitivity, analyse_sensitivity
from tests.markets import queueing

SWEEP: dict[str, Any] = {
    "name": "small",
    "base": queueing({"kind": "renewal", "gap_s": {"exponential": {"mean": 120}}, "limit": 60}),
    "seed": 3,
    "replications": 2,
    "factors": {
        "cost_model.late_usd_per_min": {"uniform": [0.1, 1.0]},
        "policy": ["random", "always_local"],
    },
}


class Broken(Policy):
    def decide(self, view: View) -> Decision:  # noqa: ARG002
        raise RuntimeError("out of order")


def study(out: Path, **changes: Any) -> Sensitivity:
    stated: dict[str, Any] = {"metric": "realised_usd", "method": "morris", "samples": 3, "jobs": 1}
    return analyse_sensitivity(SWEEP, out=out, **stated | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a Morris design of which all runs are made."""
    folder = tmp_path_factory.mktemp("study")
    study(folder)
    return folder


def test_a_study_is_a_sweep_with_indices_beside_it_and_plays_nothing_twice(folder: Path) -> None:
    shards = {path: path.stat().st_mtime_ns for path in folder.glob("shards*/*")}
    found = study(folder, metric="outsourcing_rate")
    assert {path: path.stat().st_mtime_ns for path in folder.glob("shards*/*")} == shards != {}
    assert found.indices["factor"].tolist() == ["cost_model.late_usd_per_min", "policy"]
    assert found.indices["mu_star"].tolist()[0] == 0  # the policy `random` does not look at costs
    assert found.points == len(found.sweep.points) == 3 * (2 + 1)
    assert found.replications == 2
    assert found.noise_share is not None
    written = json.loads((folder / "sensitivity.json").read_text())
    assert {name: written[name] for name in found.summary} == found.summary
    assert "SALib" in written["provenance"]["packages"]


def test_a_metric_that_is_undefined_somewhere_is_refused_by_point_and_replication(folder: Path) -> None:
    """Nobody charges anything where all stay at home, so there is no revenue to be concentrated."""
    with pytest.raises(
        NoIndices, match=r"point \d+, .*policy = always_local: revenue_hhi is undefined in rep"
    ):
        study(folder, metric="revenue_hhi")
    with pytest.raises(UnknownMetric, match="discovery_age_s: no such metric"):
        study(folder, metric="discovery_age_s")


def test_runs_that_fail_leave_a_hole_that_is_named(tmp_path: Path) -> None:
    broken = {"policy": ["random", f"{__name__}:Broken"], "clients.count": [1, 2]}
    with pytest.raises(
        NoIndices,
        match=r"policy = .*:Broken.*: replication 0 failed: .* raised RuntimeError: out of order \(",
    ):
        study(tmp_path, vary=broken, samples=2, replications=1)


def test_sobol_prints_its_table_and_how_many_samples_it_takes(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(SWEEP))
    options = ["--metric", "realised_usd", "--samples", "4", "--jobs", "1", "--out", str(tmp_path / "out")]
    called = CliRunner().invoke(command, [str(file), *options])
    assert called.exit_code == 0, called.output
    facts = json.loads((tmp_path / "out" / "sensitivity.json").read_text())
    assert facts["points"] == 4 * (2 + 2)
    first, second = facts["indices"]
    assert list(first) == ["factor", "first", "first_half_width", "total", "total_half_width"]
    widest = max(each[name] for each in (first, second) for name in ("first_half_width", "total_half_width"))
    needed = facts["samples_needed"]
    assert needed & (needed - 1) == 0
    assert widest * (4 / needed) ** 0.5 <= 0.1 < widest * (8 / needed) ** 0.5
    assert (
        f"Some intervals are wider than ± 0.1: that takes about --samples {needed} (now 4);" in called.output
    )
    assert f"{first['total']:.2f} ± {first['total_half_width']:.2f}" in called.output
    wrong = CliRunner().invoke(command, [str(file), *options, "--samples", "5"])
    assert wrong.exit_code == 2
    assert "samples: must be a power of 2 (got 5; try 4 or 8)" in wrong.output


def test_wrong_questions_are_told_before_anything_runs(tmp_path: Path) -> None:
    out = tmp_path / "never"
    with pytest.raises(UnknownMetric, match="did you mean 'late_rate'"):
        study(out, metric="late_rat")
    with pytest.raises(ValueError, match="power of 2"):
        study(out, method="sobol", samples=5)
    with pytest.raises(ValueError, match="method: must be sobol or morris"):
        study(out, method="fast")
    with pytest.raises(ValueError, match="policy: has a single value"):
        study(out, vary={"policy": ["random"]})
    with pytest.raises(ScenarioError, match="replications: must be a number"):
        study(out, replications={"metric": "late_rate", "half_width": 1.0})
    assert not out.exists()
