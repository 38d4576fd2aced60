from __future__ import annotations

from pathlib import Path

import pytest

from coalesce_sim import load
from coalesce_sim.provenance import Origin
from coalesce_sim.report.writing import write_run


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_rises_to_the_end(tmp_path: Path, jobs: int):
    origin = Origin("dur_03", (), load("dur_03", ["clock.days=1"]), 1, 3)
    told: list[float] = []
    written, _ = write_run(origin, tmp_path / "results", jobs=jobs, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(written.result.replications) == 3
    assert 0 < written.wall_s < 60


def test_a_long_replication_tells_how_far_it_is(tmp_path: Path):
    """About 2,900 tasks in blocks of about 2,048."""
    scenario = load("dur_03", ["clock.days=1", "workload.arrivals.tasks_per_hour=240"])
    told: list[float] = []
    write_run(Origin("dur_03", (), scenario, 1, 1), tmp_path / "results", jobs=1, progress=told.append)
    assert len([share for share in told if 0.1 < share < 0.9]) >= 1
