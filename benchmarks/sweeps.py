"""What a sweep costs beyond its runs, and how it does with 100,000 of them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import coalesce_sim
from benchmarks.timing import Figure, cpu_s
from coalesce_sim.market.market import Market
from coalesce_sim.policies.registry import create
from coalesce_sim.sweeps.agenda import Agenda
from coalesce_sim.sweeps.playing import Row, Run, play_run
from coalesce_sim.sweeps.request import Playing, Request
from coalesce_sim.sweeps.results import SweepResult
from coalesce_sim.sweeps.running import perform, prepare, sweep, take_up
from coalesce_sim.sweeps.shards import read_done
from coalesce_sim.sweeps.store import Store

SMALL_RUNS = 2_000
MANY_RUNS = 100_000


def timed(source: dict[str, Any], folder: Path, jobs: int) -> tuple[float, SweepResult]:
    """Wall seconds of a whole sweep, and its results."""
    began = time.perf_counter()
    result = sweep(source, out=folder, jobs=jobs)
    return time.perf_counter() - began, result


def overhead_ms(folder: Path) -> dict[str, float]:
    """Wall time of a sweep of very short runs, with one worker, beyond the time that the runs took.

    Once with 20 replications a design point, once with one.
    """
    found = {}
    for name, replications in (("20_replications", 20), ("1_replication", 1)):
        levels = SMALL_RUNS // replications
        source = {
            "name": name,
            "base": "dur_03",
            "set": {"clock.days": 0.02},
            "factors": {"policy.epsilon": {"linspace": [0, 1, levels]}},
            "replications": replications,
        }
        wall_s, result = timed(source, folder / name, jobs=1)
        playing_s = float(np.sum(result.rows["wall_s"].to_numpy()))
        found[name] = 1_000 * (wall_s - playing_s) / SMALL_RUNS
    return found


def efficiency(folder: Path) -> dict[str, float]:
    """Wall time with one worker over twice that with two, for runs of a second; and how busy both were."""
    source = {
        "name": "seconds",
        "base": "market_day",
        "set": {"clock.days": 0.12},
        "factors": {"policy.epsilon": [0, 0.1]},
        "replications": 12,
    }
    one_s, _ = timed(source, folder / "one", jobs=1)
    two_s, result = timed(source, folder / "two", jobs=2)
    playing_s = float(np.sum(result.rows["wall_s"].to_numpy()))
    return {"speed_up_over_2": one_s / (2 * two_s), "share_busy": playing_s / (2 * two_s)}


def many(folder: Path) -> dict[str, float]:
    """Going on with, opening and reporting 100,000 runs: 5,000 points × 20 replications, of noise."""
    plan = prepare(
        Request(
            {
                "name": "many",
                "base": "dur_03",
                "set": {"clock.days": 0.02},
                "factors": {
                    "policy.epsilon": {"linspace": [0, 1, 100]},
                    "skills.threshold": {"linspace": [0.5, 0.99, 50]},
                },
                "replications": 20,
            }
        )
    )
    played = play_run(Run(0, 0), plan.point(0))
    rng, names = np.random.default_rng(1), list(played.metrics)
    with Store(folder) as store:
        take_up(store, plan, "benchmarks", datetime.now(UTC), extend=False)
        for point in range(0, len(plan.design), 50):
            noise = rng.normal(20, 5, (1_000, len(names))).tolist()
            rows = [
                Row(Run(point + k // 20, k % 20), 1, "0" * 32, 0.01, dict(zip(names, values, strict=True)))
                for k, values in enumerate(noise)
            ]
            store.add(rows)
        began = time.perf_counter()
        agenda = Agenda(plan, read_done(store.shards, None))
        if agenda.pending():
            raise SystemExit("the store of the benchmark is not complete")
        resume_s = time.perf_counter() - began
    perform(plan, Playing(folder))
    open_s, open_mib = in_a_new_process(folder)
    page = folder / "report.html"
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "coalesce_sim", "report", str(folder), "--out", str(page)], check=True
    )
    return {
        "resume_s": resume_s,
        "open_s": open_s,
        "open_peak_mib": open_mib,
        "report_s": time.perf_counter() - began,
        "report_mb": page.stat().st_size / 1e6,
    }


def in_a_new_process(folder: Path) -> tuple[float, float]:
    """Seconds from the import to the DataFrame, and the process's peak resident MiB."""
    program = (
        "import resource, time; began = time.perf_counter(); import coalesce_sim; "
        f"frame = coalesce_sim.open_results({str(folder)!r}).runs; assert len(frame) == {MANY_RUNS}; "
        "print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak / (1024 if sys.platform != "darwin" else 1024**2)


def set_up_ms() -> float:
    """CPU time that setting up a market of 30 contractors takes."""
    scenario = coalesce_sim.load("dur_03")
    return 1_000 * statistics.median(cpu_s(partial(_set_up, scenario)) for _ in range(200))


def _set_up(scenario: coalesce_sim.Scenario) -> None:
    Market(scenario, create(scenario.policy), coalesce_sim.Observer(), seed=scenario.seed)


def rows() -> list[Figure]:
    """Overhead, efficiency and scale of sweeps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        overhead, busy, scale = overhead_ms(folder), efficiency(folder), many(folder / "many")
    return [
        Figure("set-up of a run, 30 contractors: CPU ms", set_up_ms(), "≤ 0.7"),
        Figure("overhead, ms a run, 1 replication a point", overhead["1_replication"], "≤ 0.5"),
        Figure("overhead, ms a run, 20 replications a point", overhead["20_replications"], "≤ 0.5"),
        Figure("parallel efficiency on 2 cores, runs of a second", busy["speed_up_over_2"], "≥ 0.9"),
        Figure("the same: share of the workers' time spent playing", busy["share_busy"]),
        Figure("deciding what is missing of 100,000 runs, s", scale["resume_s"], "≤ 2"),
        Figure("100,000 runs as a DataFrame, s with imports", scale["open_s"], "≤ 3"),
        Figure("the same: peak MiB", scale["open_peak_mib"], "≤ 1,024"),
        Figure("report of 100,000 runs, s", scale["report_s"]),
        Figure("the same: MB", scale["report_mb"], "≤ 10"),
    ]
