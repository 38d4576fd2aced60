"""Comparisons as jobs: a complete folder of ``compare``, without its figures, or of ``sweep``."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from coalesce_sim.experiments.parallel import cores
from coalesce_sim.files import whole_file, write_errors, write_text
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.lab.workshop.run import is_whole, kept_at
from coalesce_sim.loading import data_digests
from coalesce_sim.report.comparison.writing import ComparisonOrigin, write_comparison
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.request import Playing, Request
from coalesce_sim.sweeps.results import OUTCOME
from coalesce_sim.sweeps.running import perform, prepare


@dataclass(frozen=True, slots=True)
class ComparePolicies:
    """Policies on the tasks of one setting; its result is the folder."""

    origin: ComparisonOrigin

    @property
    def key(self) -> str:
        return f"policies {self.digest}"

    @property
    def digest(self) -> str:
        """The same for comparisons whose results are the same."""
        return _digest({**self.origin.facts(), "data": data_digests(self.origin.scenario)})

    def play(self, keep: Path, progress: Progress) -> Path:
        folder = kept_at(keep, "policies", self.origin.scenario.name, self.digest)
        if not is_whole(folder / "comparison.json"):
            jobs = min(self.origin.replications, cores())
            write_comparison(replace(self.origin, figures=False), folder, jobs=jobs, progress=progress)
        return folder


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """Settings side by side, as a sweep that has a point for each; its result is the folder.

    `content` is that of the sweep file, kept as `file` beside the folder, as seen from where the lab was
    started; `digest` is the same for sweeps whose results are the same.
    """

    content: Mapping[str, Any]
    digest: str
    file: Path

    @classmethod
    def of(cls, content: Mapping[str, Any], plan: Plan, keep: Path) -> CompareSettings:
        """The job that plays a plan, made of this content; `keep` as seen from where the lab was started."""
        digest = _digest(plan.asked())
        return cls(content, digest, _file(kept_at(keep, "settings", content["name"], digest)))

    @property
    def command(self) -> str:
        """The command that plays it."""
        return shlex.join(["coalesce-sim", "sweep", self.file.as_posix()])

    @property
    def key(self) -> str:
        return f"settings {self.digest}"

    @property
    def text(self) -> str:
        """The sweep file."""
        return yaml.safe_dump(dict(self.content), sort_keys=False, allow_unicode=True, width=100)

    def play(self, keep: Path, progress: Progress) -> Path:
        folder = kept_at(keep, "settings", self.content["name"], self.digest)
        if not is_whole(folder / OUTCOME):
            file = _file(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            with write_errors(f"cannot write {str(file)!r}"), whole_file(file) as aside:
                write_text(aside, self.text)
            playing = Playing(folder, command=self.command)
            perform(prepare(Request(self.content)), playing, lambda told: progress(float(told.share)))
        return folder


def _file(folder: Path) -> Path:
    """The sweep file beside the folder of its results."""
    return folder.with_name(f"{folder.name}.yaml")


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
