"""A sweep that is killed at any moment and in every way, and started again: nothing that was kept is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coalesce_sim

ROOT = Path(__file__).resolve().parents[1]
LEVELS, REPLICATIONS = 18, 4
RUNS = LEVELS * REPLICATIONS
POISONED = 7
PATIENCE_S = 30.0

POLICY = f"""
import os, signal, time
from pathlib import Path
from coalesce_sim import LOCAL, Decision, Policy

class Slow(Policy):
    '''Outsources the first tasks; takes a while, and one level of it kills its process unless it is cured.'''

    def __init__(self, limit=0):
        self.limit, self.decided = limit, 0

    def decide(self, view):
        if self.decided == 0:
            if self.limit == {POISONED} and not Path("cured").exists():
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.15)
        self.decided += 1
        wanted = self.decided <= self.limit and view.eligible.any()
        return Decision(int(view.eligible.argmax()) if wanted else LOCAL)
"""

SWEEP = f"""
base: dur_03
set:
  clock.days: 0.2
  contractors.count: 5
  policy: {{class: "slow:Slow"}}
factors:
  policy.limit: {{linspace: [1, {LEVELS}, {LEVELS}]}}
replications: {REPLICATIONS}
"""

Acknowledged = dict[tuple[int, int], float]
"""How long each run took, by point and replication: played again, it would not take just as long."""


class Sweeps:
    """The sweep in a folder, started as users do, each time in a process group of its own."""

    def __init__(self, folder: Path, *, cured: bool = True) -> None:
        self.folder = folder
        self.out = folder / "results" / "kills"
        self._started: list[subprocess.Popen[str]] = []
        (folder / "slow.py").write_text(POLICY)
        (folder / "kills.yaml").write_text(SWEEP)
        if cured:
            (folder / "cured").touch()

    def start(self, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "coalesce_sim", "sweep", "kills.yaml", "--jobs", "4", "--quiet", *options],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(self.folder)])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def shards(self) -> list[Path]:
        return [path for path in self.out.glob("shards-*/*.parquet") if not path.name.startswith(".")]

    def acknowledged(self) -> Acknowledged:
        rows = pa.concat_tables([pq.read_table(path) for path in self.shards()] or [NO_ROWS])
        columns = (rows[name].to_pylist() for name in ("point", "replication", "wall_s"))
        return {(point, replication): wall_s for point, replication, wall_s in zip(*columns, strict=True)}

    def digest_of_complete(self) -> str:
        """The digest, all runs being there exactly once."""
        table = pq.read_table(self.out / "runs.parquet", columns=["point", "replication"])
        runs = list(zip(table["point"].to_pylist(), table["replication"].to_pylist(), strict=True))
        assert runs == list(product(range(LEVELS), range(REPLICATIONS)))
        result = coalesce_sim.open_results(self.out)
        assert result.complete
        assert list(self.out.rglob(".writing-*")) == []
        return result.digest


NO_ROWS = pa.table({"point": pa.array([], pa.int64()), "replication": pa.array([], pa.int32()), "wall_s": []})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    sweeps = Sweeps(tmp_path_factory.mktemp("undisturbed"))
    process = sweeps.start()
    assert process.communicate(timeout=180) == ("", "")
    assert process.returncode == 0
    return sweeps.digest_of_complete()


@pytest.fixture
def sweeps(tmp_path: Path) -> Iterator[Sweeps]:
    sweeps = Sweeps(tmp_path)
    yield sweeps
    sweeps.end()


def wait_until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def alive_in(group: int) -> list[int]:
    """The processes of a group, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(its_group) == group and state != "Z":
                found.append(int(entry.name))
    return found


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    return [number for number in alive_in(process.pid) if number != process.pid]


def ends_well(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out, err) == (0, "", "")
    assert alive_in(process.pid) == []


def test_killed_at_random_moments_it_goes_on_where_it_was(sweeps: Sweeps, undisturbed: str) -> None:
    moments, kept, killed = random.Random(5), Acknowledged(), list[int]()
    for after_rows_were_written in (False, True, False, True):
        before = sweeps.shards()
        process = sweeps.start()  # at once: the folder is free, though workers may still be there
        wait_until(lambda process=process: workers_of(process))  # type: ignore[misc]
        if after_rows_were_written:
            wait_until(lambda before=before: sweeps.shards() != before)  # type: ignore[misc]
        time.sleep(moments.uniform(0.0, 0.8))
        process.kill()
        process.wait()
        now = sweeps.acknowledged()
        assert {run: now[run] for run in kept} == kept
        kept = now
        killed.append(process.pid)
    assert kept
    ends_well(sweeps.start())
    wait_until(lambda: not any(map(alive_in, killed)))
    at_the_end = sweeps.acknowledged()
    assert {run: at_the_end[run] for run in kept} == kept
    assert sweeps.digest_of_complete() == undisturbed


def test_those_who_play_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    """Also those that have more to tell than anybody reads any more."""
    words = [
        "run",
        "market_day",
        "--set",
        "clock.days=0.05",
        "--replications",
        "500",
        "--jobs",
        "2",
        "--quiet",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "coalesce_sim", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    wait_until(lambda: len(workers_of(process)) == 2)
    time.sleep(4.0)  # so that results are on their way
    assert process.poll() is None
    process.kill()
    process.wait()
    wait_until(lambda: not alive_in(process.pid))


def test_workers_that_are_killed_are_replaced(sweeps: Sweeps, undisturbed: str) -> None:
    chosen, process = random.Random(6), sweeps.start()
    seen: set[int] = set()
    for _ in range(4):
        wait_until(lambda: len(set(workers_of(process)) - seen) == 4)  # one that dies has all made anew
        time.sleep(chosen.uniform(0.1, 0.4))
        seen.update(workers_of(process))
        os.kill(chosen.choice(workers_of(process)), signal.SIGKILL)
    ends_well(process)
    assert sweeps.digest_of_complete() == undisturbed


def test_with_the_whole_process_group_killed_what_was_written_stays(sweeps: Sweeps, undisturbed: str) -> None:
    process = sweeps.start()
    wait_until(sweeps.shards)
    kept = sweeps.acknowledged()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (sweeps.out / "outcome.json").exists()
    ends_well(sweeps.start())
    at_the_end = sweeps.acknowledged()
    assert {run: at_the_end[run] for run in kept} == kept
    assert sweeps.digest_of_complete() == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_keeps_what_it_has(
    sweeps: Sweeps, undisturbed: str, number: signal.Signals
) -> None:
    process = sweeps.start()
    wait_until(lambda: len(workers_of(process)) == 4)
    time.sleep(1.0)  # some runs are made, and by the clock not written yet
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out) == (128 + number, "")
    assert err == f"coalesce-sim: interrupted by {number.name}\n"
    assert alive_in(process.pid) == []
    kept = sweeps.acknowledged()
    assert 0 < len(kept) < RUNS
    ends_well(sweeps.start())
    at_the_end = sweeps.acknowledged()
    assert {run: at_the_end[run] for run in kept} == kept
    assert sweeps.digest_of_complete() == undisturbed


def test_a_run_that_kills_its_worker_is_given_up_and_the_rest_is_there(
    tmp_path: Path, undisturbed: str
) -> None:
    sweeps = Sweeps(tmp_path, cured=False)
    process = sweeps.start()
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out) == (1, ""), err
    result = coalesce_sim.open_results(sweeps.out)
    assert len(result.runs) == RUNS - REPLICATIONS
    assert result.failures["policy.limit"].tolist() == [POISONED] * REPLICATIONS
    assert result.failures["error"].str.startswith("the worker process died while it played this run").all()
    again = sweeps.start()
    again.communicate(timeout=180)
    assert again.returncode == 1  # nothing is left to do, and it still is not well
    kept = sweeps.acknowledged()

    (tmp_path / "cured").touch()
    ends_well(sweeps.start("--retry-failed"))
    cured = sweeps.acknowledged()
    played_again = {run for run in kept if cured[run] != kept[run]}
    assert played_again == set(product([POISONED - 1], range(REPLICATIONS)))
    assert not (sweeps.out / "failures.csv").exists()
    assert sweeps.digest_of_complete() == undisturbed


def test_of_two_sweeps_into_one_folder_the_second_is_refused(sweeps: Sweeps, undisturbed: str) -> None:
    first = sweeps.start()
    wait_until((sweeps.out / "sweep.json").exists)
    first.send_signal(signal.SIGSTOP)  # so that it cannot have ended, however slow the second is
    second = sweeps.start()
    out, err = second.communicate(timeout=180)
    assert (second.returncode, out) == (2, "")
    assert "another command is writing to 'results/kills'" in err
    assert first.poll() is None
    first.send_signal(signal.SIGCONT)
    ends_well(first)
    assert sweeps.digest_of_complete() == undisturbed
