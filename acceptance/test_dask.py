"""Sweeps on Dask clusters as their users meet them: real schedulers, real workers, kills."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from coalesce_sim import __version__, open_results
from coalesce_sim.experiments.parallel import EngineError
from coalesce_sim.sweeps import dask_engine
from coalesce_sim.sweeps.dask_engine import DaskEngine
from coalesce_sim.sweeps.playing import Chunk

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'coalesce-sim[dask]'")
psutil = pytest.importorskip("psutil")  # comes with Dask

ROOT = Path(__file__).resolve().parents[1]
DEADLINE_S = 60.0
"""For whatever a loaded machine may take long to do; nothing waits so long otherwise."""

POLICIES = """
import os
import time
from coalesce_sim import LOCAL, Decision, Policy

class Slow(Policy):
    def start(self, surroundings):
        time.sleep(0.08)  # so that a sweep takes long enough to be disturbed, on whatever machine

    def decide(self, view):
        return Decision(LOCAL)

class Mortal(Policy):
    def __init__(self, lives):
        self.lives = lives

    def decide(self, view):
        if not self.lives:
            os.kill(os.getpid(), 9)
        return Decision(LOCAL)
"""
SWEEP = """
base: dur_01
set: {clock.days: 0.1, policy: {class: "policies:Slow"}}
factors: {clients.count: [5, 10, 15]}
replications: 20
"""
RUNS = 60
MORTAL = """
base: dur_01
set: {clock.days: 0.1, policy: {class: "policies:Mortal", lives: true}}
factors: {policy.lives: [true, false]}
replications: 1
"""

KEEPS_SHARDS = """
from coalesce_sim.sweeps.store import Store
Store.compact = lambda self, table: None  # the shards stay as they were acknowledged
from coalesce_sim.cli import main
main()
"""


def asking_for(sweep: str, folder: Path) -> Path:
    """The folder, with a sweep and the policies that it names."""
    (folder / "sweep.yaml").write_text(sweep)
    (folder / "policies.py").write_text(POLICIES)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return asking_for(SWEEP, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A sweep with a run that kills its worker; begun before all tests, since restarts take their time."""
    folder = asking_for(MORTAL, tmp_path_factory.mktemp("mortal"))
    with sweeping(folder, "--engine", "dask") as sweep:
        yield folder, sweep


@pytest.fixture(scope="module", autouse=True)
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """The sweep with nothing in its way, on this machine's processes; begun before all tests as well."""
    folder = asking_for(SWEEP, tmp_path_factory.mktemp("undisturbed"))
    with sweeping(folder) as sweep:
        yield folder, sweep


@pytest.fixture(scope="module")
def digest(undisturbed: tuple[Path, subprocess.Popen[str]]) -> str:
    """Of the results as they should be."""
    folder, sweep = undisturbed
    finished(sweep)
    return open_results(folder / "results").digest


@contextmanager
def started(
    *arguments: str, cwd: Path, told: int = subprocess.DEVNULL, packages: Path = ROOT
) -> Iterator[subprocess.Popen[str]]:
    """A Python process, which in the end is gone with all that it started; `told` is where it writes."""
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        stdout=told,
        stderr=told,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextmanager
def sweeping(
    folder: Path, *options: str, program: tuple[str, ...] = ("-m", "coalesce_sim")
) -> Iterator[subprocess.Popen[str]]:
    """``coalesce-sim sweep`` on two cores."""
    sweep = ("sweep", "sweep.yaml", "--out", "results", "--jobs", "2", *options)
    with started(*program, *sweep, cwd=folder, told=subprocess.PIPE) as process:
        yield process


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A scheduler on a free port, and its address."""
    facts = folder / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(facts))
    with started("-m", "distributed.cli.dask_scheduler", *options, cwd=folder) as process:
        awaited(lambda: facts.exists() and facts.read_text().endswith("}"))
        yield json.loads(facts.read_text())["address"], process


@contextmanager
def worker(folder: Path, address: str, packages: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A worker of a scheduler, without a nanny that would replace it."""
    options = (address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))
    with started("-m", "distributed.cli.dask_worker", *options, cwd=folder, packages=packages) as process:
        yield process


def awaited(what: Callable[[], object]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not what():
        assert time.monotonic() < until, "did not come"
        time.sleep(0.02)


def acknowledged(folder: Path) -> list[tuple[int, int]]:
    """Point and replication of each row in the shards, in no order, as often as they are there."""
    tables = [pq.read_table(path, columns=["point", "replication"]) for path in shards(folder)]
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


def shards(folder: Path) -> list[Path]:
    return list(folder.glob("results/shards-*/[!.]*.parquet"))


def in_the_middle(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until some runs are acknowledged, and see that others are not yet."""
    awaited(lambda: shards(folder) or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    assert 0 < len(acknowledged(folder)) < RUNS


def finished(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == code, err
    return out, err


def test_who_is_not_there_is_told_within_twelve_seconds(folder: Path) -> None:
    with socket.socket() as nobody, socket.socket() as silent, scheduler(folder) as (idle, _):
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address, mute = (f"tcp://127.0.0.1:{each.getsockname()[1]}" for each in (nobody, silent))
        with (
            sweeping(folder, "--engine", "dask", "--scheduler", address) as unanswered,
            sweeping(folder, "--engine", "dask", "--scheduler", idle, "--out", "idle") as idling,
        ):
            began = time.monotonic()
            with pytest.raises(EngineError, match=f"no Dask scheduler answers at {mute} within 10 s"):
                DaskEngine(mute, jobs=1)
            took_s = time.monotonic() - began
            _, not_answered = finished(unanswered, code=1)
            _, without_workers = finished(idling, code=1)
    assert took_s < 12
    assert not_answered == f"Error: no Dask scheduler answers at {address} within 10 s\n"
    assert f"the Dask scheduler {idle} has no worker within 10 s; start some: dask worker" in without_workers


def test_a_run_that_kills_its_worker_is_a_failed_row(
    mortal: tuple[Path, subprocess.Popen[str]],
) -> None:
    folder, sweep = mortal
    finished(sweep, code=1)
    result = open_results(folder / "results")
    assert result.runs["policy.lives"].tolist() == [True]
    assert result.failures["policy.lives"].tolist() == [False]
    assert "the worker process died while it played this run alone" in result.failures["error"].item()


def test_a_killed_worker_costs_no_run_and_no_run_comes_twice(folder: Path, digest: str) -> None:
    with (
        scheduler(folder) as (address, _),
        worker(folder, address) as one,
        worker(folder, address),
        sweeping(folder, "--engine", "dask", "--scheduler", address, program=("-c", KEEPS_SHARDS)) as sweep,
    ):
        in_the_middle(folder, sweep)
        one.kill()
        _, err = finished(sweep)
    assert err == ""
    assert sorted(acknowledged(folder)) == [(point, each) for point in range(3) for each in range(RUNS // 3)]
    assert open_results(folder / "results").digest == digest


def test_a_killed_scheduler_ends_the_sweep_which_then_goes_on_elsewhere(folder: Path, digest: str) -> None:
    with (
        scheduler(folder) as (address, process),
        worker(folder, address),
        worker(folder, address),
        sweeping(folder, "--engine", "dask", "--scheduler", address) as sweep,
    ):
        in_the_middle(folder, sweep)
        process.kill()
        _, err = finished(sweep, code=1)
    assert err == (
        f"Error: the connection to the Dask scheduler {address} is lost; all runs that came back are kept; "
        "the same command goes on\n"
    )
    kept = acknowledged(folder)
    with sweeping(folder) as sweep:
        finished(sweep)
    assert 0 < len(kept) < RUNS
    assert open_results(folder / "results").digest == digest


def test_a_killed_sweep_takes_its_own_cluster_with_it_and_goes_on(folder: Path, digest: str) -> None:
    with sweeping(folder, "--engine", "dask") as sweep:
        in_the_middle(folder, sweep)
        children = psutil.Process(sweep.pid).children(recursive=True)
        sweep.kill()
        _, alive = psutil.wait_procs(children, timeout=DEADLINE_S)
    with sweeping(folder, "--engine", "dask") as sweep:
        _, err = finished(sweep)
    assert len(children) >= 2
    assert not alive
    assert err == ""
    assert open_results(folder / "results").digest == digest


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nowhere", "missing port number"),
        ("http://127.0.0.1:80", "unknown address scheme 'http'"),
        ("tcp://127.0.0.1:port", "invalid literal"),
    ],
)
def test_what_is_no_address_is_told_at_once(address: str, told: str) -> None:
    with pytest.raises(EngineError, match=f"{address}' is not the address of a Dask scheduler.*{told}"):
        DaskEngine(address, jobs=1)


def test_a_sweep_whose_workers_have_all_gone_is_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "WITHOUT_WORKERS_S", 0.5)
    with scheduler(tmp_path) as (address, _), worker(tmp_path, address) as only:
        engine = DaskEngine(address, jobs=1)
        only.kill()
        future = engine.submit(Chunk((), b""))
        awaited(lambda: engine.workers == 1 and future.done())
        error = future.exception()
        engine.close(now=True)
    assert error is not None
    with pytest.raises(EngineError, match=f"the Dask scheduler {address} has had no worker for 0.5 s"):
        engine.died(error)


def test_a_worker_with_another_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "coalesce_sim").mkdir()
    (tmp_path / "coalesce_sim/__init__.py").write_text('__version__ = "0.0.1"\n')
    with (
        scheduler(tmp_path) as (address, _),
        worker(tmp_path, address, packages=tmp_path),
        pytest.raises(EngineError, match=f"need coalesce_sim {__version__}, as here: tcp://.* has 0.0.1$"),
    ):
        DaskEngine(address, jobs=1)
