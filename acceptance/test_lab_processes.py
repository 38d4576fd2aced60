"""The processes in which the lab plays: they are quick to begin, can be stopped, and end with the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coalesce_sim import load
from coalesce_sim.lab.workshop.job import Failed
from coalesce_sim.lab.workshop.run import Run
from coalesce_sim.lab.workshop.workshop import Workshop
from coalesce_sim.provenance import Origin

LONG = ("market_day", ("clock.days=20",), 4)
"""What nobody plays to its end within a test."""


def run_of(source: str, overrides: tuple[str, ...] = (), replications: int = 20) -> Run:
    scenario = load(source, overrides)
    return Run(Origin(source, overrides, scenario, 1, replications), f"{source}-{len(overrides)}")


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    monkeypatch.chdir(tmp_path)
    workshop = Workshop(tmp_path / "kept")
    workshop.warm()
    yield workshop
    workshop.close()


def until(met: Callable[[], bool], seconds: float = 30.0) -> float:
    """How long it took until it was so."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < seconds, "it never came to be"
        time.sleep(0.02)
    return time.monotonic() - began


def below(pid: int) -> set[int]:
    """The processes that a process has started, and those that these have."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found: set[int] = set()
    while more := {own for own, parent in pairs if parent in {pid, *found}} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists() and "State:\tZ" not in _status(pid)}


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "State:\tZ"


def test_a_run_is_played_once_and_leaves_a_folder_of_the_command(workshop: Workshop):
    job = run_of("dur_03")
    task = workshop.ask(job, "page")
    assert task.wait(60)
    folder = task.result
    assert (folder / "summary.json").is_file()
    written = (folder / "summary.json").stat().st_mtime_ns
    again = Workshop(workshop.keep)
    try:
        kept = again.ask(job, "page")
        assert kept.wait(30)
        assert kept.result == folder
        assert (folder / "summary.json").stat().st_mtime_ns == written
    finally:
        again.close()


def test_a_run_is_stopped_at_once_and_leaves_nothing(workshop: Workshop):
    task = workshop.ask(run_of(*LONG), "page")
    until(lambda: 0 < task.share < 1)
    playing = below(os.getpid())
    assert len(playing) > 1, "a run of several replications has processes of its own"
    workshop.leave(task, "page")
    assert until(lambda: not alive(playing)) < 8
    with pytest.raises(Failed, match="stopped"):
        _ = task.result
    left = [path for path in workshop.keep.rglob("*") if path.is_file() and path.name != ".lock"]
    assert left == []


def test_an_error_is_told_in_a_sentence_and_the_process_plays_on(workshop: Workshop):
    blocked = workshop.keep / "runs"
    workshop.keep.mkdir(parents=True)
    blocked.write_text("no folder")
    task = workshop.ask(run_of("dur_01", replications=2), "page")
    assert task.wait(60)
    with pytest.raises(Failed, match=r"[^/]kept/runs") as told:
        _ = task.result
    assert str(workshop.keep) not in str(told.value), "paths are as seen from the folder of the lab"
    blocked.unlink()
    again = workshop.ask(run_of("dur_01", replications=2), "page")
    assert again.wait(60)
    assert again.result.is_dir()


def test_a_process_that_is_killed_is_told_and_another_takes_its_place(workshop: Workshop):
    task = workshop.ask(run_of(*LONG), "page")
    until(lambda: task.share > 0)
    for pid in alive(below(os.getpid())):
        os.kill(pid, signal.SIGKILL)
    assert task.wait(10)
    with pytest.raises(Failed, match="was ended"):
        _ = task.result
    again = workshop.ask(run_of("dur_01", replications=2), "page")
    assert again.wait(60)
    assert again.result.is_dir()


def test_they_end_with_a_server_that_is_killed(tmp_path: Path):
    program = (
        "import time\n"
        "from pathlib import Path\n"
        "from acceptance.test_lab_processes import LONG, run_of\n"
        "from coalesce_sim.lab.workshop.workshop import Workshop\n"
        f"workshop = Workshop(Path({str(tmp_path)!r}))\n"
        "task = workshop.ask(run_of(*LONG), 'page')\n"
        "while task.share == 0: time.sleep(0.05)\n"
        "print('playing', flush=True)\n"
        "time.sleep(600)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "playing\n"
        playing = below(server.pid)
        assert playing
    finally:
        server.kill()
        server.communicate()
    assert until(lambda: not alive(playing)) < 10
