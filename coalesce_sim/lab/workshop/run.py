"""A run as a job: a complete folder of ``coalesce-sim run``, without its figures, which the pages draw."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from coalesce_sim.experiments.cores import about_tasks
from coalesce_sim.experiments.parallel import cores
from coalesce_sim.files import ResultsError, read_sealed
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.provenance import Origin
from coalesce_sim.report.writing import write_run

_REPLICATION_S, _TASKS_PER_S = 0.03, 10_000
"""What a replication takes at least, and the pace of SimPy, about."""

_APART_FROM_S = 3.0


@dataclass(frozen=True, slots=True)
class Run:
    """The replications of a setting; its result is their folder."""

    origin: Origin
    digest: str

    @property
    def key(self) -> str:
        return f"run {self.digest}"

    def folder(self, keep: Path) -> Path:
        """Where it is kept."""
        return kept_at(keep, "runs", self.origin.scenario.name, self.digest)

    def play(self, keep: Path, progress: Progress) -> Path:
        folder = self.folder(keep)
        if not is_whole(folder / "summary.json"):
            jobs = _processes(self.origin)
            write_run(replace(self.origin, figures=False), folder, jobs=jobs, progress=progress)
        return folder


def _processes(origin: Origin) -> int:
    """How many share the replications: several where they take so long that these are worth starting."""
    tasks = origin.replications * about_tasks(origin.scenario)
    about_s = origin.replications * _REPLICATION_S + tasks / _TASKS_PER_S
    return min(origin.replications, cores()) if about_s >= _APART_FROM_S else 1


def kept_at(keep: Path, kind: str, name: str, digest: str) -> Path:
    """The folder of results of that kind: a name that a reader knows again, and the key."""
    word = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("._")[:60] or "scenario"
    return keep / kind / f"{word}-{digest}"


def is_whole(summary: Path) -> bool:
    """Whether results are there, and are what was written."""
    try:
        return summary.is_file() and read_sealed(summary)[1]
    except ResultsError:
        return False
