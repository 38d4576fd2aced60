"""A decision told in full, as a job."""

from __future__ import annotations

import io
import shlex
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.lab.workshop.job import Failed, Progress
from coalesce_sim.provenance import Origin
from coalesce_sim.report.explain import print_explanation
from coalesce_sim.report.explanation import Explanation, explain

_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, and its text as ``coalesce-sim explain`` prints it."""

    told: Explanation
    text: str


@dataclass(frozen=True, slots=True)
class Explain:
    """The decision on a task of a replication of a setting, which is played anew for it."""

    origin: Origin
    digest: str
    replication: int
    task: int

    @property
    def key(self) -> str:
        return f"explain {self.digest} {self.replication} {self.task}"

    @property
    def command(self) -> str:
        """The command that tells the same."""
        origin = self.origin
        words = ["coalesce-sim", "explain", origin.source, "--task", str(self.task)]
        words += ["--seed", str(origin.seed), "--replication", str(self.replication)]
        for override in origin.overrides:
            words += ["--set", override]
        return shlex.join(words)

    def play(self, keep: Path, progress: Progress) -> Explained:  # noqa: ARG002 - nothing of it is kept
        from rich.console import Console

        try:
            told = explain(self.origin.scenario, self.origin.seed, self.replication, self.task)
        except LookupError as error:
            raise Failed(f"There is {error}.") from error
        text = io.StringIO()
        print_explanation(Console(file=text, width=_WIDTH, highlight=False, markup=False, emoji=False), told)
        return Explained(told, text.getvalue())
