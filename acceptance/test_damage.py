"""Bits that flip on a disk, folders that two commands want: nothing in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

import coalesce_sim
from coalesce_sim import ResultsError, ResultsWarning
from coalesce_sim.cli import cli
from coalesce_sim.report.opening import open_folder
from tests.sweeps.damage import finished, flip, told_on_opening

ROOT = Path(__file__).resolve().parents[1]
FLIPS = 1_500
ENDLESS = ("run", "dur_03", "--set", "clock.days=1000", "--jobs", "1", "--quiet", "--out")


def test_of_many_flipped_bits_none_passes_unseen(tmp_path: Path) -> None:
    """By the size of the files, so that most are in the tables; each is told of by the name of its file."""
    digest, random = finished(tmp_path).digest, Random(10)
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file() and path.stat().st_size]
    sizes = [path.stat().st_size for path in files]
    chosen = random.choices(files, sizes, k=FLIPS - 50 * len(files)) + 50 * files
    unseen = []
    for path in chosen:
        undo = flip(path, random)
        if path.name not in told_on_opening(tmp_path, digest):
            unseen.append(path)
        undo()
    assert (len(chosen), unseen) == (FLIPS, [])


@pytest.mark.parametrize(("command", "tables"), [("run", ["timeline"]), ("compare", ["runs", "learning"])])
def test_nor_does_any_in_what_a_report_reads_of_other_results(
    tmp_path: Path, command: str, tables: list[str]
) -> None:
    words = [command, "dur_03", "--set", "clock.days=0.2", "--replications", "2", "--out", str(tmp_path)]
    assert coalesce_cli(*words, "--quiet", "--jobs", "1").returncode == 0
    (facts,) = tmp_path.glob("*.json")
    random = Random(11)
    for path in 60 * [facts, *(tmp_path / f"{name}.parquet" for name in tables)]:
        undo = flip(path, random)
        told = told_of_reading(tmp_path, tables)
        undo()
        assert path.name in told or (path == facts and "written without digests" in told)
    assert told_of_reading(tmp_path, tables) == ""


def told_of_reading(folder: Path, tables: list[str]) -> str:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResultsWarning)
        try:
            opened = open_folder(folder)
            for name in tables:
                getattr(opened, name)
        except ResultsError as error:
            return str(error)
    return " ".join(str(each.message) for each in told)


def coalesce_cli(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coalesce_sim", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_of_two_runs_into_one_folder_the_second_is_refused_and_a_killed_one_leaves_nothing_for_long(
    tmp_path: Path,
) -> None:
    out = tmp_path / "results"
    first = subprocess.Popen(
        [sys.executable, "-m", "coalesce_sim", *ENDLESS, str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        give_up = time.monotonic() + 60
        while not list(out.glob(".unfinished-*")):
            assert time.monotonic() < give_up
            time.sleep(0.05)
        first.send_signal(signal.SIGSTOP)  # it holds the folder all the same, and no core
        for words in (
            ("run", "dur_03", "--out", str(out)),
            ("compare", "dur_03", "--out", str(out)),
            ("replicate", "--replications", "2", "--out", str(out)),
            ("sweep", "dur_03", "--vary", "policy.epsilon=0,0.1", "--out", str(out)),
        ):
            second = CliRunner().invoke(cli, words)
            assert second.exit_code == 2
            assert "another command is writing to" in second.stderr
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert list(out.glob(".unfinished-*"))
    small = ("--set", "clock.days=0.1", "--replications", "1", "--jobs", "1", "--quiet")
    assert coalesce_cli("run", "dur_03", *small, "--out", str(out)).returncode == 0
    assert list(out.glob(".unfinished-*")) == []
    assert (out / "summary.json").exists()


def test_a_finished_folder_is_mended_by_the_command_that_made_it(tmp_path: Path) -> None:
    settings = ("--set", "clock.days=0.1", "--vary", "policy.epsilon=0,0.1", "--replications", "2")
    words = ("sweep", "dur_03", *settings, "--jobs", "1", "--quiet", "--out", str(tmp_path))
    assert coalesce_cli(*words).returncode == 0
    before = (tmp_path / "points.csv").read_bytes()
    flip(tmp_path / "points.csv", Random(1))
    seen = coalesce_cli("report", str(tmp_path))
    assert f"coalesce-sim: {tmp_path / 'points.csv'}: is damaged; the command" in seen.stderr
    mended = coalesce_cli(*words)
    path = tmp_path / "points.csv"
    assert (mended.returncode, mended.stderr) == (0, f"coalesce-sim: {path}: was damaged and is made again\n")
    assert path.read_bytes() == before
    assert coalesce_sim.open_results(tmp_path).complete
