"""``coalesce-sim doctor``, and warnings before a run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.calling import Call

ONE_DAY = ("--set", "clock.days=1", "--replications", "1", "--jobs", "1")
NEVER = (
    "warning: no contractor can pass skills.threshold 0.7 for sentiment_analysis (best 0.59) and "
    "portfolio_optimization (best 0.685): they stay at home\n"
    "warning: types of contractors that can never get work, since they pass skills.threshold 0.7 for no type "
    "of task that they offer to do: edge_specialist\n"
    "note: without effect here: cost_model.external.critical_factor (workload.attributes.criticality is not "
    "high); policy.boosts.security_if_sensitive (workload.attributes.data_sensitivity is not high)\n"
)


def test_findings_are_printed_with_their_numbers_and_settings_to_look_at(call: Call):
    called = call("doctor", "cold_start", *ONE_DAY)
    assert called.code == 0
    assert called.err == ""
    lines = called.out.splitlines()
    assert "Nothing found." not in lines
    assert lines.count("WARNING") == 2  # what `run` says on stderr, the doctor says here
    assert lines[1].startswith("1 replication, seed 1; ")
    assert "PROBLEM outsourcing_low" in lines
    assert "  PROBLEM outsourcing_low.exploration_off" in lines
    assert "    look at: policy.epsilon=0.1" in lines
    assert "What was looked at" in lines
    assert max(map(len, lines[1:])) <= 100


def test_a_healthy_market_is_said_to_be_one(call: Call):
    limit = ("--set", "workload.arrivals.limit=200", "--set", "workload.attributes.model_size=0")
    called = call("doctor", "azure_code_like", *limit, "--replications", "1", "--jobs", "1")
    assert called.code == 0
    assert called.out.splitlines()[3] == "Nothing found."
    assert "PROBLEM" not in called.out
    assert "WARNING" not in called.out


def test_notes_do_not_stand_below_nothing_found(call: Call):
    settings = ("--set", "skills.threshold=0", "--set", "clock.days=0.5")
    called = call("doctor", "dur_03", *settings, "--replications", "1", "--jobs", "1")
    assert "PROBLEM" not in called.out
    assert "WARNING" not in called.out
    assert "NOTE estimates_by_construction" in called.out
    assert "Nothing found." not in called.out
    assert "Nothing wrong, but worth knowing:" in called.out


def test_all_of_it_is_one_json_object(call: Call):
    called = call("doctor", "cold_start", *ONE_DAY, "--json", "--seed", "7")
    assert called.code == 0
    told: dict[str, Any] = json.loads(called.out, parse_constant=pytest.fail)  # no NaN, no Infinity
    assert (told["scenario"], told["seed"], told["replications"]) == ("cold_start", 7, 1)
    low = told["findings"][0]
    assert low["code"] == "outsourcing_low"
    assert [len(told["warnings"]), len(told["notes"])] == [2, 1]
    assert low["evidence"]["outsourcing_rate"] == told["figures"]["outsourcing_rate"] == 0


@pytest.mark.parametrize("words", [("no_such.yaml",), ("dur_03", "--set", "clock.days=-1")])
def test_wrong_input_ends_with_exit_code_2(call: Call, words: tuple[str, ...]):
    called = call("doctor", *words)
    assert called.code == 2
    assert called.out == ""


def test_what_cannot_work_is_said_on_stderr_where_a_scenario_is_valid(call: Call):
    called = call("validate", "cold_start")
    assert called.code == 0
    assert called.out.startswith("ok: cold_start")
    assert called.err == NEVER
