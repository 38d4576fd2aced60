from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.cli.calling import SMALL, Call, Start, contents

ENDLESS = ("dur_05", "--replications", "100000", "--out", "results")


def wait_until_under_way(out: Path) -> None:
    """Until the run has its hidden folder, and then until it surely plays."""
    give_up = time.monotonic() + 60
    while not list(out.glob(".unfinished-*")):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    time.sleep(0.5)


def processes_in(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("jobs", "number"), [("1", signal.SIGINT), ("2", signal.SIGTERM)])
def test_an_interrupted_run_leaves_no_file_and_no_process(
    start: Start, tmp_path: Path, jobs: str, number: signal.Signals
):
    process = start(*ENDLESS, "--jobs", jobs, "--json")
    wait_until_under_way(tmp_path / "results")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert out == ""
    assert err == f"coalesce-sim: interrupted by {number.name}\n"
    assert list(tmp_path.iterdir()) == []
    assert not processes_in(process.pid)


def test_ctrl_c_reaches_the_whole_group_and_leaves_earlier_results(call: Call, start: Start, tmp_path: Path):
    assert call("dur_03", *SMALL, "--detail", "offers", "--out", "results", "--quiet").code == 0
    before = contents(tmp_path)
    process = start(*ENDLESS, "--jobs", "2")
    wait_until_under_way(tmp_path / "results")
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)  # an impatient user
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err) == ("", "coalesce-sim: interrupted by SIGINT\n")
    assert contents(tmp_path) == before
    assert not processes_in(process.pid)
