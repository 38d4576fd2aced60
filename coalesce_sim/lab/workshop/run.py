"""A run as a job: a complete folder of ``coalesce-sim run``, without its figures, which the pages draw."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from coalesce_sim.experiments.parallel import cores
from coalesce_sim.files import ResultsError, read_sealed
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.provenance import Origin
from coalesce_sim.report.writing import write_run


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
            jobs = min(self.origin.replications, cores())
            write_run(replace(self.origin, figures=False), folder, jobs=jobs, progress=progress)
        return folder


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
