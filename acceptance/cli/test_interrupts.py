from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from coalesce_sim.cli import interrupts
from coalesce_sim.errors import Interrupted
from tests.cli.calling import SMALL, Call, Start, contents

ENDLESS = ("dur_05", "--replications", "100000", "--out", "results", "--quiet")


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


def test_an_interrupt_that_a_library_swallows_is_raised_again():
    interrupts.listen()
    with contextlib.suppress(Interrupted):
        os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Interrupted, match="interrupted by SIGTERM"):
        interrupts.insist()


def test_while_one_interrupt_is_on_its_way_others_do_not_disturb():
    interrupts.listen()
    interrupts.insist()
    cleaned = False
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except Interrupted as error:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        cleaned = error.signal == signal.SIGINT
    assert cleaned
