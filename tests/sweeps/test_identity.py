"""Files and code are known by what was read of them, wherever it was read."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.files import ChangedFile, expecting, read_bytes
from coalesce_sim.loading import data_digests
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Chunk, Row, Run, play_chunk
from coalesce_sim.sweeps.results import _place_in_digest
from tests.sweeps.small import planned

OWN = """
from coalesce_sim import LOCAL, Decision, Policy

class Own(Policy):
    def decide(self, view):
        return Decision(LOCAL)
"""


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path / "tasks.csv", 128)


def written(path: Path, tokens: int) -> Path:
    """Two tasks, a second apart, in a file that always has the same size and time stamp."""
    path.write_text(f"t,p,o\n0,0,{tokens}\n1,0,{tokens}\n")
    os.utime(path, (1e9, 1e9))
    return path


def scenario(**changes: Any) -> dict[str, Any]:
    columns = {"arrival_s": "t", "prompt_tokens": "p", "output_tokens": "o"}
    arrivals = {"kind": "csv", "path": "tasks.csv", "columns": columns, "type": "code_completion"}
    policy = {"policy": {"kind": "always_local"}} | changes
    clock = {"clock": {"days": 0.1}, "workload": {"arrivals": arrivals}}
    return {"extends": "azure_code_like", "name": "own", **clock, **policy}


def plan_of(**changes: Any) -> Plan:
    return planned(base=scenario(**changes), set={}, factors={"clients.slots": [1, 2]}, replications=1)


def played(plan: Plan, point: int) -> Row:
    (row,) = play_chunk(Chunk((Run(point, 0),), pickle.dumps(plan)))
    return row


def test_a_file_rewritten_within_the_clocks_resolution_is_another(tasks: Path):
    first, other = plan_of(), None
    before = played(first, 0)
    written(tasks, 256)
    other = plan_of()
    after = played(other, 0)
    assert after.key != before.key
    assert after.metrics["turnaround_p50_s"] > 1.5 * before.metrics["turnaround_p50_s"]
    assert first.asked()["files"] != other.asked()["files"]


def test_a_file_that_changes_during_a_sweep_makes_its_rows_errors(tasks: Path):
    plan = plan_of()
    good = played(plan, 0)
    assert good.error is None
    written(tasks, 256)
    for point in (0, 1):  # one that was met before, and one that was not
        bad = played(plan, point)
        assert bad.metrics == {}
        assert bad.error is not None
        assert "tasks.csv: has changed since this began: its SHA-256 was" in bad.error
    written(tasks, 128)
    assert played(plan, 0).metrics == good.metrics


@pytest.mark.parametrize("jobs", [1, 2])
def test_so_does_one_that_changes_during_a_run(tasks: Path, jobs: int):
    loaded = coalesce_sim.load(scenario())

    def change(_: int) -> None:
        written(tasks, 256)

    with pytest.raises(ChangedFile, match=r"tasks\.csv: has changed since this began"):
        coalesce_sim.run(loaded, replications=8, jobs=jobs, progress=change)


def test_nobody_expects_anything_of_files_that_were_not_named(tasks: Path):
    digests = data_digests(coalesce_sim.load(scenario()))
    assert list(digests) == ["tasks.csv"]
    Path("other").write_text("x")
    with expecting(digests):
        read_bytes(tasks.name)
        read_bytes("other")
    with expecting({"other": "0" * 64}), pytest.raises(ChangedFile, match="other: has changed"):
        read_bytes("other")
    read_bytes("other")


def test_a_policy_whose_module_changes_during_a_sweep_makes_its_rows_errors(
    tasks: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(tasks.parent)
    code = tasks.parent / "own_policy_that_changes.py"
    code.write_text(OWN)
    os.utime(code, (1e9, 1e9))
    plan = plan_of(policy={"class": "own_policy_that_changes:Own"})
    assert played(plan, 0).error is None
    code.write_text(OWN.replace("LOCAL)", "local)"))
    os.utime(code, (1e9, 1e9))
    assert played(plan, 0).error is None  # this process goes on with what it imported
    monkeypatch.delitem(sys.modules, "own_policy_that_changes")  # and another one begins
    error = played(plan, 0).error
    assert error is not None
    assert "module own_policy_that_changes: has changed since this began" in error


def test_digests_take_metrics_in_the_order_that_they_always_had():
    """So that sweeps which older versions played are known by their digests."""
    once = (
        *("realised_usd", "all_local_usd", "paid_to_contractors_usd", "loss_usd", "search_usd", "leak_usd"),
        *("attempts_per_task", "lateness_usd", "all_local_lateness_usd", "lateness_s", "split_rate"),
        *("coordination_usd", "coordination_s", "turnaround_p50_s", "all_local_success_rate"),
        *("all_local_loss_usd", "regret_oracle_usd_per_task"),
    )
    assert sorted(set(once), key=_place_in_digest) == list(once)
