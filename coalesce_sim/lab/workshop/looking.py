"""A first look at a log as a job: what little was uploaded may be much when it is unpacked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.lab.own.uploads import by_name
from coalesce_sim.lab.workshop.job import Failed, Progress
from coalesce_sim.logs.recognising import Recognised, recognised
from coalesce_sim.scenario.problems import ScenarioError


@dataclass(frozen=True, slots=True)
class Look:
    """Which kind of log a file is by its first rows; `digest` is that of what was uploaded."""

    digest: str
    file: Path

    @property
    def key(self) -> str:
        return f"look {self.digest}"

    def play(self, keep: Path, progress: Progress) -> Recognised:  # noqa: ARG002 - nothing of it is kept
        try:
            return recognised(os.path.relpath(self.file))
        except ScenarioError as error:
            raise Failed(by_name("; ".join(map(str, error.problems)), [self.file])) from error
