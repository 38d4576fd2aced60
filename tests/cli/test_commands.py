from __future__ import annotations

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import __version__, bundled
from tests.cli.calling import SMALL, Call, printed_and_imported, write_policy

HEAVY = ("matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy", "simpy", "yaml")


def test_help_lists_the_commands_without_importing_what_is_slow(tmp_path: Path):
    printed, imported = printed_and_imported(tmp_path, ["--help"], HEAVY)
    for name in ("run", "explain", "replicate", "scenarios", "validate", "schema", "fetch"):
        assert f"\n  {name} " in printed
    assert imported == []


def test_version(call: Call):
    assert call("--version").out == f"coalesce-sim, version {__version__}\n"


def test_scenarios_and_sweeps_are_listed_one_a_line(call: Call):
    called = call("scenarios")
    assert called.code == 0
    listed, sweeps = called.out.split("\nSweeps, for `coalesce-sim sweep`:\n")
    listed, paid = listed.split("\nSettlement and compliance, for `coalesce-sim frictions`:\n")
    scenarios, cheats = listed.split("\nAttacks, for `coalesce-sim attack`:\n")
    titles = dict(line.split(maxsplit=1) for line in scenarios.splitlines())
    assert list(titles) == bundled.names()
    assert titles["dur_03"] == "Published experiment dur_03: 5 days, 15 clients, 30 contractors"
    varied = dict(line.split(maxsplit=1) for line in sweeps.splitlines())
    assert list(varied) == list(bundled.sweeps())
    attacks = dict(line.split(maxsplit=1) for line in cheats.splitlines())
    assert list(attacks) == list(bundled.attacks())
    settlements = dict(line.split(maxsplit=1) for line in paid.splitlines())
    assert list(settlements) == list(bundled.settlements())
    told = json.loads(call("scenarios", "--json").out)
    parts = {"scenarios": titles, "attacks": attacks, "settlements": settlements, "sweeps": varied}
    for part, wanted in parts.items():
        assert {each["name"]: each["title"] for each in told[part]} == wanted


@pytest.mark.parametrize("name", bundled.attacks())
def test_every_bundled_attack_is_valid(call: Call, name: str):
    called = call("validate", name)
    told = called.err.splitlines()  # some show what is warned of
    assert called.code == 0
    assert [line for line in told if not line.startswith(("warning: settlement.", "note: settlement."))] == []


@pytest.mark.parametrize("name", bundled.settlements())
def test_every_bundled_settlement_is_valid_and_all_of_it_acts(call: Call, name: str):
    """What payment costs beside what is paid may be worth a warning."""
    called = call("validate", name)
    assert called.code == 0
    assert "without effect here" not in called.err


REPLAYS_RECORDS = "own_agents"


@pytest.mark.parametrize("name", [name for name in bundled.sweeps() if name != REPLAYS_RECORDS])
def test_every_bundled_sweep_is_valid(call: Call, name: str):
    called = call("validate", name)
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith(f"ok: {name}: ")


def test_a_sweep_over_records_is_valid_where_they_lie(call: Call, shared_data: Path):
    refused = call("validate", REPLAYS_RECORDS)
    assert refused.code == 2
    assert "records.path: data/openhands_instances.csv: no such file" in refused.err
    Path("data").symlink_to(shared_data)
    assert call("validate", REPLAYS_RECORDS).out == "ok: own_agents: 150 design points\n"


def test_validate_tells_what_is_wrong_with_a_sweep(call: Call, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("base: dur_03\nfactors:\n  policy.epsilon: [0, 2]\n")
    called = call("validate", str(tmp_path / "mine.yaml"))
    assert called.code == 2
    assert "mine.yaml:3: policy.epsilon: must be <= 1 (got 2)" in called.err


def test_validate_says_ok_with_name_and_title(call: Call):
    called = call("validate", "dur_03")
    assert called.code == 0
    assert called.out == "ok: dur_03: Published experiment dur_03: 5 days, 15 clients, 30 contractors\n"
    assert json.loads(call("validate", "dur_03", "--json").out) == {"valid": True, "problems": []}


def test_validate_tells_every_problem(call: Call, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("extends: dur_03\nclock: {days: -1}\nclints: {count: 3}\n")
    called = call("validate", "mine.yaml")
    assert (called.code, called.out, len(called.err.splitlines())) == (2, "", 2)
    called = call("validate", "mine.yaml", "--json")
    assert (called.code, called.err) == (2, "")
    told = json.loads(called.out)
    assert told["valid"] is False
    assert told["problems"] == [
        {"file": "mine.yaml", "line": 2, "path": "clock.days", "message": "must be > 0 (got -1)"},
        {
            "file": "mine.yaml",
            "line": 3,
            "path": "clints",
            "message": "unknown field; did you mean 'clients'?",
        },
    ]


def test_validate_imports_code_only_if_asked(call: Call, tmp_path: Path):
    (tmp_path / "exits_at_once.py").write_text("print('imported')\nraise SystemExit(0)\n")
    given = ("--set", "policy={class: 'exits_at_once:Mine'}", "--json")
    called = call("validate", "dur_03", *given)
    assert (called.code, json.loads(called.out)) == (0, {"valid": True, "problems": []})
    assert "note: not imported, and so not checked: exits_at_once:Mine (see --import)\n" in called.err
    called = call("validate", "dur_03", *given, "--import")
    assert called.code == 2
    assert "'exits_at_once:Mine'): SystemExit: 0 (exits_at_once.py:2)" in called.out
    assert json.loads(called.out)["valid"] is False
    assert "imported\n" in called.err


def test_explain_agrees_with_the_files_of_a_run(call: Call):
    call("dur_03", *SMALL, "--seed", "4", "--detail", "offers", "--quiet")
    decisions = pd.read_parquet("results/dur_03/decisions.parquet").query("replication == 1")
    offers = pd.read_parquet("results/dur_03/offers.parquet").query("replication == 1")
    hired = decisions[(decisions["choice"] == "contractor") & ~decisions["explored"]].iloc[0]
    same = ("--seed", "4", "--set", "clock.days=1", "--replication", "1")
    called = call("explain", "dur_03", "--task", str(hired["task"]), *same, "--json")
    assert (called.code, called.err) == (0, "")
    told = json.loads(called.out)
    assert told["decision"]["contractor"] == hired["contractor"]
    assert told["decision"]["score"] == hired["score"]
    assert told["home"]["internal_usd"] == pytest.approx(hired["internal_usd"])
    assert told["realised"]["realised_usd"] == hired["realised_usd"]
    theirs = offers[offers["task"] == hired["task"]].set_index("contractor")
    assert len(told["contractors"]) == len(theirs) == 30
    for row in told["contractors"]:
        assert row["external_usd"] == theirs.loc[row["contractor"], "external_usd"]
        assert row["eligible"] == theirs.loc[row["contractor"], "eligible"]
    scores = [row["topsis_score"] for row in told["contractors"] if row["eligible"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == hired["score"]


def test_explain_is_for_people(call: Call):
    called = call("explain", "agt_08", "--task", "5", "--set", "clock.days=1")
    assert (called.code, called.err) == (0, "")
    assert "the best 30 of 100 contractors" in called.out
    for word in (
        "Task 5 of agt_08",
        "complexity",
        "opportunity_usd",
        "embed.",
        "weights: cost",
        "Opportunity",
        "What would have changed it",
        "What came of it",
    ):
        assert word in called.out


def test_explain_says_how_many_tasks_there_are(call: Call):
    called = call("explain", "real_llm_35", "--task", "35")
    assert (called.code, called.out) == (2, "")
    assert "there are 35, 0 to 34" in called.err


def test_explain_works_for_a_policy_without_reasons(call: Call, tmp_path: Path):
    own = write_policy(tmp_path, "return Decision(3)")
    called = call("explain", "dur_03", "--task", "0", "--set", "clock.days=1", *own)
    assert (called.code, called.err) == (0, "")
    assert "closeness" not in called.out
    assert "at an estimated" in called.out
    assert call("explain", "dur_03", "--task", "0", "--set", "policy={kind: oracle}").code == 0


@pytest.mark.filterwarnings("always::coalesce_sim.ResultsWarning")
def test_a_later_command_of_a_process_tells_of_results_in_a_line_too(
    call: Call, capsys: pytest.CaptureFixture[str]
):
    for _ in range(2):
        assert call("validate", "dur_02").code == 0
        warnings.warn("points.csv: is damaged", coalesce_sim.ResultsWarning, stacklevel=1)
        assert capsys.readouterr().err == "coalesce-sim: points.csv: is damaged\n"
