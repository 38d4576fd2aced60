"""A market of answers as a job: a complete folder of ``coalesce-sim init``."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.lab.own.answering import asked_in
from coalesce_sim.lab.own.uploads import by_name
from coalesce_sim.lab.workshop.job import Failed, Progress
from coalesce_sim.lab.workshop.run import kept_at
from coalesce_sim.lab.workshop.signs import sign
from coalesce_sim.logs.begun import MARKET, begin, drawn, told
from coalesce_sim.scenario.problems import ScenarioError


@dataclass(frozen=True, slots=True)
class Begin:
    """A market of answers that were uploaded, or given on the page; its result is what it rests on, in lines.
    `answers` and `prices` are digests of what was uploaded, `prices_file` is None without a price list."""

    answers: str
    file: Path
    prices: str
    prices_file: Path | None

    @property
    def digest(self) -> str:
        """The same for markets that are the same."""
        return sign("begin", self.answers, self.prices)

    @property
    def key(self) -> str:
        return f"begin {self.digest}"

    def folder(self, keep: Path) -> Path:
        """Where it is kept."""
        return kept_at(keep, "begun", "market", self.digest)

    def command(self, keep: Path) -> str:
        """The command that does the same, for a shell."""
        words = ["coalesce-sim", "init", "--answers", os.path.relpath(self.file)]
        words += [] if self.prices_file is None else ["--prices", os.path.relpath(self.prices_file)]
        return shlex.join([*words, "--out", os.path.relpath(self.folder(keep))])

    def play(self, keep: Path, progress: Progress) -> tuple[str, ...]:
        progress(0.0)
        folder = self.folder(keep)
        prices = None if self.prices_file is None else os.path.relpath(self.prices_file)
        try:
            asked = asked_in(os.path.relpath(self.file), prices)
        except ScenarioError as error:
            files = [self.file, *filter(None, [self.prices_file])]
            raise Failed(by_name("; ".join(map(str, error.problems)), files)) from error
        if (folder / MARKET).is_file():
            return told(asked, drawn(asked))
        return begin(asked, Path(os.path.relpath(folder))).lines
