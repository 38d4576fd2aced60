from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from coalesce_sim.cli.display import sentence
from coalesce_sim.numbers import duration
from coalesce_sim.sweeps.execution import Progress
from tests.cli.calling import Call, contents

TINY = ("--set", "clock.days=0.1", "--set", "contractors.count=5", "--jobs", "1")
SWEEP = """\
title: What exploration is worth
base: dur_03
set: {clock.days: 0.1, contractors.count: 5}
factors:
  policy.epsilon: [0, 0.1]
replications: 2
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "mine.yaml").write_text(SWEEP)
    return "mine.yaml"


def test_a_sweep_file_is_played_and_told(call: Call, file: str, tmp_path: Path):
    called = call("sweep", file, "--jobs", "1")
    assert (called.code, called.err) == (0, "")
    assert "mine: 2 design points, 4 runs" in called.out
    assert "Written to results/mine: runs.parquet, points.csv, outcome.json" in called.out
    rows = [line.split() for line in called.out.splitlines() if line.startswith((" 0 ", " 0.1 "))]
    assert [row[:2] for row in rows[:2]] == [["0", "2"], ["0.1", "2"]]
    assert "±" in called.out
    result = coalesce_sim.open_results(tmp_path / "results" / "mine")
    assert f"Digest of the results: {result.digest[:16]}" in called.out


def test_one_line_does_without_a_file(call: Call, tmp_path: Path):
    vary = ("--vary", "policy.epsilon=0:0.2:3", "--vary", "policy=topsis,greedy_local")
    assert call("sweep", "dur_03", *vary, *TINY).code == 2  # no such policy
    vary = ("--vary", "policy.epsilon=0:0.2:3", "--vary", "skills.threshold=0.5,0.7")
    called = call("sweep", "dur_03", *vary, *TINY, "--replications", "1", "--out", "mine", "--json")
    assert called.code == 0
    summary = json.loads(called.out)
    assert (summary["points"], summary["runs"], summary["failed"]) == (6, 6, 0)
    runs = pq.read_table(tmp_path / "mine" / "runs.parquet")
    assert runs["policy.epsilon"].to_pylist() == [0, 0, 0.1, 0.1, 0.2, 0.2]
    assert runs["skills.threshold"].to_pylist() == [0.5, 0.7] * 3


def test_what_a_user_wrote_is_printed_as_it_is(call: Call):
    alternatives = "{'w [paper]': {cost: 1.0}, 'w [/mine] :smile:': {cost: 0.5}}".replace("'", '"')
    factor = f"policy.weights={{alternatives: {alternatives}}}"
    called = call("sweep", "dur_03", "--vary", factor, *TINY, "--replications", "1", "--out", "a [b] c")
    assert (called.code, called.err) == (0, "")
    rows = [line for line in called.out.splitlines() if line.startswith(" w ")]
    assert [row[1:18].rstrip() for row in rows] == ["w [paper]", "w [/mine] :smile:"]
    assert "Written to a [b] c: " in called.out


def test_nothing_more_is_printed_with_quiet(call: Call, file: str):
    called = call("sweep", file, "--jobs", "1", "--quiet")
    assert (called.code, called.out, called.err) == (0, "", "")


def test_given_again_the_command_does_nothing_and_says_the_same(call: Call, file: str, tmp_path: Path):
    first = call("sweep", file, "--jobs", "1", "--json")
    before = contents(tmp_path)
    assert call("sweep", file, "--jobs", "2", "--json").out == first.out
    assert contents(tmp_path) == before


def test_a_changed_sweep_is_refused_and_extended_on_demand(call: Call, file: str, tmp_path: Path):
    assert call("sweep", file, "--jobs", "1").code == 0
    before = contents(tmp_path)
    refused = call("sweep", file, "--replications", "3", "--jobs", "1")
    assert refused.code == 2
    assert "'results/mine' holds a sweep that was begun otherwise" in refused.err
    assert "-  replications: 2\n+  replications: 3\n" in refused.err
    assert contents(tmp_path) == before
    extended = call("sweep", file, "--replications", "3", "--jobs", "1", "--extend", "--json")
    assert json.loads(extended.out)["runs"] == 6
    assert call("sweep", file, "--jobs", "1", "--extend").code == 2


def test_failed_runs_give_exit_code_1_and_are_told(call: Call, tmp_path: Path):
    factors = "{market_demand.min: [0.1, 1.5], market_demand.max: [2.0, 1.0]}"
    text = SWEEP.replace("\n  policy.epsilon: [0, 0.1]", f" {factors}")
    (tmp_path / "mine.yaml").write_text(text)
    called = call("sweep", "mine.yaml", "--jobs", "1")
    assert called.code == 1
    assert "2 runs failed, most often (2)" in called.out
    assert "--retry-failed plays them again" in " ".join(called.out.split())
    assert "failures.csv" in called.out
    retried = call("sweep", "mine.yaml", "--jobs", "1", "--retry-failed", "--json")
    assert (retried.code, json.loads(retried.out)["failed"]) == (1, 2)


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.yaml",), "nowhere.yaml: no such file"),
        (("dur_03",), "is no sweep: it has no `factors`; give some with --vary"),
        (("dur_03", "--vary", "policy.epsilon"), "must look like policy.epsilon=0:0.3:13"),
        (("dur_03", "--vary", "policy.epsilon="), "has no levels"),
        (("dur_03", "--vary", "policy.epsilom=0,1"), "unknown field; did you mean 'epsilon'?"),
        (("dur_03", "--vary", "policy.epsilon=0,2"), "must be <= 1 (got 2)"),
        (("dur_03", "--vary", "policy.epsilon=0:1"), "a range has no grid"),
        (("mine.yaml", "--set", "clock.dais=1"), "clock.dais: unknown field; did you mean 'days'?"),
        (("mine.yaml", "--set", "clock.days"), "must look like path.to.field=value"),
        (("mine.yaml", "--until", "cost=1"), "cost: no such metric"),
        (("mine.yaml", "--until", "cost_reduction"), "must look like cost_reduction=1.0"),
        (("mine.yaml", "--until", "cost_reduction=-1"), "must be > 0"),
        (("mine.yaml", "--until", "cost_reduction=1", "--replications", "3"), "exclude each other"),
        (("mine.yaml", "--design", "sobol=x"), "must be a whole number (got 'x')"),
        (("mine.yaml", "--design", "lhs=4"), "must name one of"),
        (("mine.yaml", "--scheduler", "tcp://127.0.0.1:1"), "only with --engine dask"),
        (("mine.yaml", "--out", "mine.yaml"), "cannot write to the folder 'mine.yaml'"),
        (("mine.yaml", "--jobs", "0"), "--jobs"),
    ],
)
def test_wrong_input_gives_exit_code_2_and_writes_nothing(
    call: Call, tmp_path: Path, arguments: tuple[str, ...], told: str
):
    before = contents(tmp_path)
    called = call("sweep", *arguments)
    assert (called.code, called.out) == (2, "")
    assert told in " ".join(called.err.replace("│", " ").split())
    assert contents(tmp_path) == before
    assert not (tmp_path / "results").exists()


def test_a_design_of_a_billion_points_is_refused_without_a_terminal(call: Call, tmp_path: Path):
    fields = ("policy.epsilon", "policy.explored_score", "policy.explored_confidence")
    vary = [part for field in fields for part in ("--vary", f"{field}=0:1:1000")]
    called = call("sweep", "dur_03", *vary, *TINY, "--replications", "1")
    assert called.code == 2
    assert "1,000,000,000 runs (1,000,000,000 design points), about" in called.err
    assert "say --yes to have them played" in called.err
    assert list(tmp_path.iterdir()) == []


def test_an_unreadable_shard_is_named_and_nothing_is_lost(call: Call, file: str, tmp_path: Path):
    assert call("sweep", file, "--jobs", "1").code == 0
    bad = tmp_path / "results" / "mine" / "shards-1" / "bad.parquet"
    bad.write_bytes(b"not a table")
    before = contents(tmp_path)
    called = call("sweep", file, "--jobs", "1")
    assert called.code == 2
    assert "bad.parquet: is not what it was when it was written; move it away" in called.err
    assert contents(tmp_path) == before
    bad.unlink()
    assert call("sweep", file, "--jobs", "1").code == 0


def test_a_shard_that_lost_rows_is_refused_and_played_again_once_it_is_moved_away(
    call: Call, file: str, tmp_path: Path
):
    first = json.loads(call("sweep", file, "--jobs", "1", "--json").out)
    (shard,) = (tmp_path / "results" / "mine" / "shards-1").glob("*.parquet")
    rows = pq.read_table(shard)
    pq.write_table(pa.Table.from_batches(rows.to_batches()).take(np.array([0, 3])), shard)
    assert f"{shard.name}: is not what it was" in call("sweep", file, "--jobs", "1").err
    shard.unlink()
    assert json.loads(call("sweep", file, "--jobs", "1", "--json").out) == first


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0.2 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (12_000, "3 h 20 min"),
        (1e9, "31 years"),
        (90_000, "1 d 1 h"),
    ],
)
def test_times_are_told_roughly(seconds: float, text: str):
    assert duration(seconds) == text


def test_how_far_a_sweep_is_stands_in_one_line():
    progress = Progress(
        points_done=3,
        points=1_200,
        runs_done=60,
        runs_before=20,
        share=0.3,
        share_before=0.1,
        failed=1,
        workers=2,
        elapsed_s=10,
    )
    assert sentence(progress) == ("3 of 1,200 points, 60 runs, 4 runs/s, 35 s left, 1 failed, 2 workers")


def test_results_of_other_commands_do_not_replace_those_of_a_sweep(call: Call, file: str, tmp_path: Path):
    assert call("sweep", file, "--jobs", "1", "--out", "mine").code == 0
    before = (tmp_path / "mine" / "runs.parquet").read_bytes()
    for command in ("run", "compare"):
        called = call(command, "dur_03", "--set", "clock.days=0.05", "--replications", "1", "--out", "mine")
        assert called.code == 2
        assert "holds a sweep; give another one" in called.err
    assert (tmp_path / "mine" / "runs.parquet").read_bytes() == before


def test_no_to_a_huge_sweep_is_no_error(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda *_: "n")
    vary = ("--vary", "policy.epsilon=0:1:1000", "--vary", "skills.threshold=0:1:1000", *TINY)
    called = call("sweep", "dur_03", *vary)
    assert called.code == 1
    assert "nothing was done" in called.err
    assert "Traceback" not in called.err
