"""Searches over small markets: from the command to the folder, and its validation."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from coalesce_sim import Decision, Policy, View, run
from coalesce_sim.cli.optimize import command
from coalesce_sim.experiments.cores import ChosenCore
from coalesce_sim.loading import load
from coalesce_sim.optimisation import study
from coalesce_sim.optimisation.result import Optimisation
from coalesce_sim.optimisation.study import optimise
from coalesce_sim.scenario.problems import ScenarioError
from tests.markets import queueing

MARKET = queueing(
    {"kind": "renewal", "gap_s": {"exponential": {"mean": 120}}, "limit": 40},
    service_factor={"exponential": {"mean": 1.0}},
)
OVER = ["cost_model.late_usd_per_min=0.1:1", "policy=random,always_local"]


class Broken(Policy):
    def decide(self, view: View) -> Decision:  # noqa: ARG002
        raise RuntimeError("out of order")


def found(**changes: Any) -> Optimisation:
    stated: dict[str, Any] = {
        "over": OVER,
        "minimise": "realised_usd",
        "trials": 8,
        "replications": 2,
        "validation_replications": 4,
        "seed": 5,
    }
    return optimise(MARKET, **stated | changes)


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(MARKET))
    return path


def call(*args: str) -> Result:
    quick = ("--trials", "8", "--replications", "2", "--validate-replications", "3", "--jobs", "1")
    return CliRunner().invoke(command, [*args, *quick])


def test_the_search_is_the_same_whoever_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    told, trials = [], []
    for core in ("simpy", "compiled"):
        monkeypatch.setattr(study, "choose_core", lambda *_, played=core, **__: ChosenCore(played))
        result = found()
        told.append(result.summary)
        trials.append(result.trials_frame)
    assert [each.pop("core") for each in told] == [{"played": "simpy"}, {"played": "compiled"}]
    assert told[0] == told[1]
    assert trials[0].equals(trials[1])


def test_the_search_is_of_one_seed_and_the_validation_of_the_next() -> None:
    """Each figure is what `run` makes of the same setting and seed."""
    result = found()
    assert result.outcome == "found"
    assert result.best is not None
    assert result.validation is not None
    overrides = [f"{path}={cell}" for path, cell in result.best.setting.items() if path != "policy"]
    scenario = load(MARKET, [*overrides, f"policy={{kind: {result.best.setting['policy']}}}"])
    searched = run(scenario, seed=5, replications=2).estimates["realised_usd"]
    assert result.best.figures["realised_usd"] == searched
    fresh, own = (run(each, seed=6, replications=4) for each in (scenario, load(MARKET)))
    assert result.validation.seed == 6
    assert result.validation.best["realised_usd"] == fresh.estimates["realised_usd"]
    assert result.validation.own["realised_usd"] == own.estimates["realised_usd"]
    pairs = zip(fresh.replications, own.replications, strict=True)
    mean = sum(ours["realised_usd"] - theirs["realised_usd"] for ours, theirs in pairs) / 4
    assert result.validation.difference.mean == pytest.approx(mean)
    assert result.best.mean("realised_usd") == min(trial.mean("realised_usd") or 0 for trial in result.trials)


def test_the_result_is_the_same_at_any_number_of_jobs() -> None:
    once, twice = found(jobs=1, trials=4), found(jobs=2, trials=4)
    assert once.summary == twice.summary
    assert once.trials == twice.trials


def test_a_range_with_whole_ends_is_of_whole_numbers_only_where_the_field_holds_no_others() -> None:
    result = found(over=["cost_model.late_usd_per_min=0:1", "clients.count=1:9"], trials=8)
    late = {trial.setting["cost_model.late_usd_per_min"] for trial in result.trials}
    assert any(float(each) % 1 for each in late)
    assert all(isinstance(trial.setting["clients.count"], int) for trial in result.trials)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"over": ["policy.epsilo=0:1"]}, "--over policy.epsilo: .*epsilo: unknown field"),
        ({"over": ["clients.count=5:1"]}, r"--over clients\.count.*the first must be below the second"),
        ({"over": ["clients.count"]}, "--over clients.count: must look like"),
        ({"over": ["policy=random,topsi"]}, "there is no such policy; did you mean 'topsis'"),
        ({"over": ["policy=random"]}, "--over policy: has a single value"),
        ({"over": ["clients.count=1:9", "clients.count=2:3"]}, "clients.count is searched over twice"),
        ({"over": []}, "--over: there is nothing to search over"),
        ({"over": ["scenario=dur_01,dur_02"]}, "--over scenario: scenarios are not searched over"),
        ({"minimise": "realised"}, "--minimize: realised: no such metric; did you mean 'realised_usd'"),
        ({"maximise": "cost_reduction"}, "say either what to maximise or what to minimise"),
        ({"subject_to": ["late_rate<0.1"]}, "the relation must be >= or <="),
        ({"minimise": "discovery_age_s"}, "discovery_age_s: no such metric"),
    ],
)
def test_wrong_questions_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        found(**changes)


def test_a_setting_whose_runs_fail_is_a_trial_that_failed_and_the_search_goes_on() -> None:
    broken = f"{__name__}:Broken"
    result = found(over=[f"policy=random,{broken}"], trials=8)
    assert result.failed
    for trial in result.trials:
        failed = trial.setting["policy"] == broken
        assert (trial.error is not None) == failed
        assert trial.error is None or "decide raised RuntimeError: out of order" in trial.error
    assert result.best is not None
    assert result.best.setting == {"policy": "random"}


def test_the_command_prints_both_figures_side_by_side_and_leaves_its_files(scenario: Path) -> None:
    given = [str(scenario), "--minimize", "realised_usd", "--over", OVER[0], "--over", OVER[1]]
    called = call(*given, "--subject-to", "late_rate<=0.99")
    assert called.exit_code == 0, called.output
    assert "late_rate <= 99 % (late_rate<=0.99 is read as a share)" in called.output
    for heading in ("search,", "validated,", "own settings,"):
        assert heading in called.output
    assert "late_rate <= 99 %: holds" in called.output
    folder = Path("results/queueing-optimize")
    written = json.loads((folder / "optimisation.json").read_text())
    assert written["validation"]["constraints"] == ["holds"]
    assert written["provenance"]["packages"]["optuna"]
    rows = list(csv.DictReader((folder / "trials.csv").read_text().splitlines()))
    assert len(rows) == written["trials"] == 8
    assert {row["feasible"] for row in rows} == {"True"}
    assert (folder / "trials.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_best_setting_saves_more_is_told_in_cash_delay_and_losses(scenario: Path) -> None:
    given = [str(scenario), "--maximize", "cost_reduction", "--over", "policy=random,always_local"]
    told = " ".join(call(*given).output.split())
    validated = json.loads(Path("results/queueing-optimize/optimisation.json").read_text())["validation"]
    means = {name: each["mean"] for name, each in validated["saved_more"].items()}
    assert list(means) == ["cash_saving", "delay_saving", "loss_saving"]
    assert sum(means.values()) == pytest.approx(validated["difference"]["mean"])
    assert "points, paired (cash " in told


def test_without_a_feasible_trial_the_exit_code_is_1_and_the_closest_is_shown(scenario: Path) -> None:
    called = call(
        str(scenario), "--maximize", "cost_reduction", "--over", OVER[0], "--subject-to", "tasks>=1000"
    )
    assert called.exit_code == 1
    assert "No trial keeps all constraints. The closest:" in called.output
    assert "tasks 40" in called.output
    assert call(str(scenario), "--over", OVER[0]).exit_code == 2


def test_a_constraint_that_fresh_seeds_leave_open_is_no_success_and_no_failure(scenario: Path) -> None:
    """Three replications cannot tell 3.4 ± 3 USD from 4.5, nor from 3."""
    given = [str(scenario), "--minimize", "realised_usd", "--over", OVER[0], "--over", OVER[1], "--seed", "5"]
    called = call(*given, "--subject-to", "realised_usd<=4.5", "--subject-to", "tasks<=40")
    assert called.exit_code == 0, called.output
    told = " ".join(called.output.split())
    assert "The best of the search, not shown to keep all constraints: cost_model" in told
    assert "realised_usd <= 4.5 USD: not shown to hold" in told
    assert "tasks <= 40: holds" in told
    assert "judged by 97.5 % intervals, so that all 2 verdicts hold together at 95 %" in told
    written = json.loads(Path("results/queueing-optimize/optimisation.json").read_text())
    assert written["outcome"] == "not shown"
    assert written["validation"]["constraints"] == ["not shown", "holds"]


def test_a_metric_that_only_the_best_setting_has_leaves_the_difference_undefined() -> None:
    """The scenario's own market has no contracts, and so none that were completed."""
    result = found(
        minimise="contracts",
        over={
            "contracts": {
                "alternatives": {"brief": {"connect_timeout_s": 1}, "long": {"connect_timeout_s": 5}}
            }
        },
        trials=2,
    )
    assert result.validation is not None
    assert result.validation.best["contracts"].n == 4
    assert result.validation.own["contracts"].n == result.validation.difference.n == 0
