from __future__ import annotations

import hashlib
import io
import json
import re
import shlex
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from coalesce_sim.cli import main
from coalesce_sim.scenario.schema import Scenario
from tests.cli.calling import ROOT, SMALL, Call, contents, without, write_policy

FILES = {
    "summary.json",
    "decisions.parquet",
    "timeline.parquet",
    "routing.parquet",
    "routing.png",
    "outsourcing_rate.png",
    "cost_reduction.png",
}


@dataclass(frozen=True)
class Whole:
    """A run with everything: what ``--json`` printed and the folder of its results."""

    printed: dict[str, Any]
    folder: Path
    overrides: tuple[str, ...] = ("clock.days=1", "policy.epsilon=0.2", 'title=Anna\'s market, "small"')
    seed: int = 5

    @property
    def origin(self) -> dict[str, Any]:
        provenance: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())["provenance"]
        return provenance

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    sets = [word for override in Whole.overrides for word in ("--set", override)]
    args = ["dur_03", *sets, "--seed", str(Whole.seed), "--replications", "2", "--jobs", "1"]
    with redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        main([*args, "--detail", "offers", "--out", str(folder), "--json"])
    return Whole(json.loads(out.getvalue()), folder)


def run_json(call: Call, *args: str) -> dict[str, Any]:
    called = call("run", *args, "--json", "--quiet")
    assert called.code == 0
    assert called.err == ""
    parsed: dict[str, Any] = json.loads(called.out, parse_constant=pytest.fail)  # no NaN, no Infinity
    return parsed


def test_a_scenario_alone_is_run_and_its_results_are_printed_and_written(call: Call):
    called = call(str(ROOT / "scenarios" / "dur_03.yaml"), "--replications", "2", "--jobs", "1")
    assert called.code == 0
    assert called.err.startswith(
        "warning: no contractor can pass skills.threshold 0.7 for sentiment_analysis"
    )
    assert [line.partition(":")[0] for line in called.err.splitlines()] == ["warning", "note"]
    assert set(contents(Path("results/dur_03"))) == FILES
    lines = called.out.splitlines()
    assert lines[0] == "dur_03: Published experiment dur_03: 5 days, 15 clients, 30 contractors"
    assert re.fullmatch(r"2 replications, seed 1; \d+ tasks in [\d.]+ s \([\d,]+ tasks/s\)", lines[1])
    honest, as_published = (
        next(line for line in lines if label in line) for label in ("%, honest", "%, published")
    )
    assert lines.index(honest) < lines.index(as_published)
    assert "40.5 ± 5.7 (n = 18)" in as_published
    assert "40.5" not in honest
    assert max(map(len, lines[2:-1])) <= 100
    assert lines[-1].startswith("Written to results/dur_03: summary.json")


def test_options_may_stand_before_the_scenario(call: Call):
    assert call("--seed", "3", *SMALL, "--out", "here", "dur_03", "--quiet").code == 0
    assert json.loads(Path("here/summary.json").read_text())["seed"] == 3


def test_json_is_one_object_with_the_figures_of_summary_json(whole: Whole):
    printed = whole.printed
    assert set(printed) == {
        *("scenario", "seed", "replications", "metrics", "routing", "observed", "published", "core"),
        "outputs",
    }
    assert (printed["scenario"], printed["seed"], printed["replications"]) == ("dur_03", 5, 2)
    assert set(printed["metrics"]) >= {
        "cost_reduction",
        "cost_reduction_published",
        "time_savings_published",
        "outsourcing_rate",
        "exploration_rate",
        "tasks",
    }
    for value in printed["metrics"].values():
        assert set(value) == {"mean", "sd", "ci95", "n"}
        assert value["n"] == 2
        assert value["ci95"][0] <= value["mean"] <= value["ci95"][1]
    assert printed["published"] == {}, "what was printed for five days says nothing about one"
    assert {Path(path).name for path in printed["outputs"]} == FILES | {"offers.parquet"}
    assert all(Path(path).is_file() for path in printed["outputs"])
    written = json.loads((whole.folder / "summary.json").read_text())
    assert without(written, "provenance", "files", "sha256") == printed
    files = contents(whole.folder)
    assert written["files"] == {
        name: hashlib.sha256(files[name]).hexdigest() for name in files if name != "summary.json"
    }


def test_percentages_are_in_percent_of_what_the_decisions_say(whole: Whole):
    def of(rows: pd.DataFrame) -> dict[str, float]:
        away = rows["choice"] == "contractor"
        gain_usd = (rows["internal_usd"] - rows["realised_usd"])[away].clip(lower=0).sum()
        return {
            "tasks": len(rows),
            "outsourcing_rate": 100 * away.mean(),
            "exploration_rate": 100 * rows["explored"].mean(),
            "cost_reduction": 100 * (1 - rows["realised_usd"].sum() / rows["all_local_usd"].sum()),
            "cost_reduction_published": 100 * gain_usd / rows["realised_usd"][~away].sum(),
        }

    replications = [of(rows) for _, rows in whole.table("decisions").groupby("replication")]
    for name in replications[0]:
        mean = np.mean([each[name] for each in replications])
        assert whole.printed["metrics"][name]["mean"] == pytest.approx(mean)


def test_one_replication_has_no_spread(call: Call):
    value = run_json(call, "dur_03", "--set", "clock.days=1", "--replications", "1")["metrics"][
        "cost_reduction"
    ]
    assert value["sd"] is None
    assert value["ci95"] is None
    assert value["n"] == 1


def test_undefined_figures_are_null(call: Call):
    """Nothing stays at home, so the paper's denominators are 0."""
    everything_goes = ("--set", "policy={kind: random}", "--set", "skills.threshold=0")
    metrics = run_json(call, "dur_03", *SMALL, *everything_goes)["metrics"]
    assert metrics["outsourcing_rate"]["mean"] == 100
    assert metrics["cost_reduction_published"] == {"mean": None, "sd": None, "ci95": None, "n": 0}
    assert "–" in call("dur_03", *SMALL, *everything_goes).out


def test_a_market_without_tasks_is_no_error(call: Call):
    assert call("dur_03", *SMALL, "--quiet").code == 0
    printed = run_json(call, "dur_03", *SMALL, "--set", "workload.arrivals.tasks_per_hour=0")
    assert printed["metrics"]["tasks"]["mean"] == 0
    assert set(contents(Path("results/dur_03"))) == {name for name in FILES if not name.endswith("png")}
    assert len(pd.read_parquet("results/dur_03/decisions.parquet")) == 0
    assert call("dur_03", *SMALL, "--set", "workload.arrivals.tasks_per_hour=0").code == 0


def test_the_number_of_jobs_does_not_change_a_byte(call: Call):
    for jobs in ("1", "2"):
        args = ("--set", "clock.days=1", "--replications", "3", "--detail", "offers", "--out", jobs)
        assert call("dur_03", *args, "--jobs", jobs, "--quiet").code == 0
    one, two = (without(contents(Path(jobs)), "summary.json") for jobs in ("1", "2"))
    assert set(one) == FILES - {"summary.json"} | {"offers.parquet"}
    assert one == two


def test_the_same_seed_is_the_same_however_the_scenario_is_named(call: Call):
    call("dur_03", *SMALL, "--out", "a", "--quiet")
    call(str(ROOT / "scenarios/dur_03.yaml"), *SMALL, "--seed", "1", "--out", "b", "--quiet")
    call("dur_03", *SMALL, "--seed", "2", "--out", "c", "--quiet")
    a, b, c = (without(contents(Path(folder)), "summary.json") for folder in "abc")
    assert a == b
    assert all(a[name] != c[name] for name in a)


def test_offers_have_a_row_for_each_task_and_contractor_and_add_up(whole: Whole):
    offers, decisions = whole.table("offers"), whole.table("decisions")
    assert len(offers) == 30 * len(decisions)
    components = ["price_usd", "communication_usd", "verification_usd", "integration_usd"]
    components += ["risk_usd", "latency_penalty_usd"]
    np.testing.assert_allclose(offers[components].sum(axis=1), offers["external_usd"])
    skill = 0.3 * offers["skill_ontological"] + 0.5 * offers["skill_embedding"]
    np.testing.assert_allclose(skill + 0.2 * offers["skill_performance"], offers["skill"])
    assert (offers["eligible"] == (offers["skill"] >= 0.7)).all()
    chosen = offers[offers["chosen"]].set_index(["replication", "task"])["contractor"].astype(str)
    hired = decisions[decisions["choice"] == "contractor"].set_index(["replication", "task"])["contractor"]
    pd.testing.assert_series_equal(chosen, hired.astype(str))


def test_offers_of_an_earlier_run_do_not_stay_behind(call: Call):
    call("dur_03", *SMALL, "--detail", "offers", "--quiet")
    Path("results/dur_03/notes.txt").write_text("mine")
    call("dur_03", *SMALL, "--quiet")
    assert set(contents(Path("results/dur_03"))) == FILES | {"notes.txt"}


def test_a_run_without_figures_draws_none_and_leaves_none_of_an_earlier_one(call: Call):
    call("dur_03", *SMALL, "--quiet")
    call("dur_03", *SMALL, "--quiet", "--no-figures")
    assert set(contents(Path("results/dur_03"))) == {name for name in FILES if not name.endswith(".png")}
    summary = json.loads(Path("results/dur_03/summary.json").read_text())
    assert shlex.split(summary["provenance"]["command"])[-1] == "--no-figures"


def test_a_result_can_be_turned_back_into_the_command_that_made_it(call: Call, whole: Whole):
    program, *args = shlex.split(whole.origin["command"])
    assert program == "coalesce-sim"
    assert call(*args, "--out", "again", "--quiet").code == 0
    first, again = contents(whole.folder), contents(Path("again"))
    assert without(again, "summary.json") == without(first, "summary.json")
    assert json.loads(again["summary.json"])["metrics"] == whole.printed["metrics"]


def test_provenance_holds_the_whole_scenario_and_what_it_ran_on(whole: Whole):
    origin = whole.origin
    scenario = Scenario.model_validate_json(json.dumps(origin["scenario"]))
    assert scenario == coalesce_sim.load("dur_03", whole.overrides)
    assert origin["overrides"] == list(whole.overrides)
    assert origin["coalesce_sim"] == coalesce_sim.__version__
    assert origin["packages"]["numpy"] == np.__version__
    assert {"started_utc", "wall_s", "python", "platform"} <= set(origin)
    embedded = pq.read_schema(whole.folder / "decisions.parquet").metadata[b"coalesce_sim"]
    assert json.loads(embedded)["scenario"] == origin["scenario"]


def test_the_python_interface_gives_the_same_results(whole: Whole):
    scenario = coalesce_sim.load("dur_03", whole.overrides)
    result = coalesce_sim.run(scenario, seed=whole.seed, replications=2, offers=True)
    assert result.summary == without(whole.printed, "outputs")
    for name in ("decisions", "timeline", "offers"):
        pd.testing.assert_frame_equal(whole.table(name), getattr(result, name), check_categorical=False)


def test_what_an_operator_asks_is_printed_where_costs_are_physical(call: Call):
    small = ("--set", "workload.arrivals.limit=100", "--replications", "2", "--jobs", "1")
    called = call("azure_code_like", *small)
    assert called.code == 0
    for line in (
        "realised cost, USD",
        "paid to contractors",
        "p50, s",
        "p95, s",
        "p99, s",
        "missed",
    ):
        assert line in called.out
    assert "as played" in called.out
    assert "all-local" in called.out
    assert "missed" not in call("dur_03", *SMALL).out


def test_a_market_that_learns_leaves_behind_what_it_learned(call: Call):
    small = ("--set", "workload.arrivals.limit=60", "--replications", "2", "--jobs", "1")
    called = call("market_day", *small)
    assert called.code == 0
    assert "Contracts: " in called.out
    tables = {"contracts.parquet", "ratings.parquet", "estimation_error.parquet", "sellers.parquet"}
    figures = {"reputation.png", "estimation_error.png"}
    assert set(contents(Path("results/market_day"))) == FILES | tables | figures
    contracts, ratings = (
        pd.read_parquet(f"results/market_day/{name}.parquet") for name in ("contracts", "ratings")
    )
    assert len(contracts) == len(ratings) + (contracts["state"] == "rejected").sum() > 0


def test_quiet_prints_nothing(call: Call):
    called = call("dur_03", *SMALL, "--quiet")
    assert (called.code, called.out, called.err) == (0, "", "")


def test_a_policy_of_the_users_own_is_found_in_the_working_directory(call: Call, tmp_path: Path):
    own = write_policy(tmp_path, "return Decision(self.limit)")
    metrics = run_json(call, "dur_03", *SMALL, *own)["metrics"]
    assert metrics["outsourcing_rate"]["mean"] == 100


def test_a_core_that_does_not_play_the_scenario_is_wrong_input(call: Call):
    window = "reputation.model={kind: sliding_window}"
    refused = call("market_day", "--set", window, "--core", "compiled", "--out", "here")
    assert refused.code == 2
    assert "the compiled core does not play reputation by a sliding window (reputation.model)" in refused.err
    assert not Path("here").exists()
