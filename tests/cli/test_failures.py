from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.calling import SMALL, Call, Start, contents, write_policy


@pytest.fixture(autouse=True)
def _forget_my_module():
    yield
    sys.modules.pop("my_module", None)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["dur_03", "--replications", "0"], "--replications"),
        (["dur_03", "--replications", "1000000000000"], "--replications"),
        (["dur_03", "--jobs", "0"], "--jobs"),
        (["dur_03", "--jobs", "many"], "--jobs"),
        (["dur_03", "--seed", "-1"], "--seed"),
        (["dur_03", "--detail", "everything"], "--detail"),
        (["dur_03", "--colour"], "--colour"),
        (["dur_03", "dur_04"], "dur_04"),
        (["run"], "SCENARIO"),
        (["dur_03", "--set", "clock.days=-1"], "--set clock.days: clock.days: must be > 0 (got -1)"),
        (["dur_03", "--set", "clock"], "must look like path.to.field=value"),
        (
            ["dur_03", "--set", "policy={kind: fixed, contractor: budget}"],
            "policy.contractor: no contractor of that name (got 'budget')",
        ),
        (["dur_03", "--set", "policy={class: 'nowhere:Mine'}"], "cannot import (got 'nowhere:Mine')"),
        (["dur_03", "--set", "policy={class: 'json:JSONDecoder'}"], "must be a subclass"),
        (["dur_03", "--set", "name=../elsewhere"], "'../elsewhere' cannot be the name of a folder"),
        (["dur_03", "--out", "a_file"], "cannot write to the folder 'a_file': Not a directory"),
        (["dur_03", "--out", "a_file/below"], "cannot write to the folder 'a_file/below'"),
        (["nowhere.yaml"], "nowhere.yaml: no such file"),
        (["run", "dur_3"], "did you mean 'dur_03'"),
        (["dur_3"], "did you mean the scenario 'dur_03'"),
        (["scenario"], "did you mean the command 'scenarios'"),
        (["zzz"], "no command, scenario file or bundled scenario 'zzz'"),
    ],
)
def test_wrong_input_gets_a_message_and_leaves_nothing(
    call: Call, tmp_path: Path, args: list[str], message: str
):
    (tmp_path / "a_file").write_text("here first")
    called = call(*args, "--json")
    assert called.code == 2
    assert called.out == ""
    assert message in called.err
    assert "Traceback" not in called.err
    assert contents(tmp_path) == {"a_file": b"here first"}
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(call: Call, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("extends: dur_03\nclock: {days: -1}\nclints: {count: 3}\n")
    called = call("mine.yaml")
    assert called.code == 2
    assert called.err.splitlines() == [
        "mine.yaml:2: clock.days: must be > 0 (got -1)",
        "mine.yaml:3: clints: unknown field; did you mean 'clients'?",
    ]


FAILING = "self.limit -= 1\nreturn Decision(LOCAL if self.limit else 1 // self.limit)"


def test_an_error_in_the_users_policy_leaves_earlier_results_alone(call: Call, tmp_path: Path):
    assert call("dur_03", *SMALL, "--quiet").code == 0
    before = contents(tmp_path / "results")
    own = write_policy(tmp_path, FAILING)
    for out in ("results/dur_03", "new/folder"):
        called = call("dur_03", *SMALL, *own, "--out", out, "--json")
        assert (called.code, called.out) == (1, "")
        line, *trace = called.err[called.err.index("Error: ") :].splitlines()
        at = "my_module:Mine: task 19, replication 0, seed 1"
        why = "ZeroDivisionError: integer division or modulo by zero (my_module.py:7)"
        assert line == f"Error: {at}: decide raised {why}"
        assert trace[1].strip() == "return Decision(LOCAL if self.limit else 1 // self.limit)"
    assert contents(tmp_path / "results") == before
    assert not (tmp_path / "new").exists()


def test_an_error_in_another_process_is_shown_with_its_traceback(start: Start, tmp_path: Path):
    own = write_policy(tmp_path, FAILING)
    process = start("dur_03", *SMALL, "--jobs", "2", *own, "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert "return Decision(LOCAL if self.limit else 1 // self.limit)" in err
    assert "ZeroDivisionError" in err
    assert {path.name for path in tmp_path.iterdir()} <= {"my_module.py", "__pycache__"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_impossible_decision_is_told_in_a_line(call: Call, tmp_path: Path, jobs: str):
    own = write_policy(tmp_path, "return Decision(10_000)")
    called = call("dur_03", *SMALL, "--jobs", jobs, *own)
    assert called.code == 1
    told = called.err.splitlines()
    assert told.pop() == (
        "Error: my_module:Mine: task 0, replication 0, seed 1: decision.contractor must be -1 (local) to 29 "
        "(got 10000)"
    )
    assert all(line.startswith("note: ") for line in told)
    assert not (tmp_path / "results").exists()
