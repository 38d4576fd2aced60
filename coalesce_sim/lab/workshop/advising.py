"""An advice as a job: a complete folder of ``coalesce-sim advise``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.advice.workers import contractors
from coalesce_sim.experiments.parallel import cores
from coalesce_sim.lab.named_code import loaded
from coalesce_sim.lab.own.choices import Advising
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.lab.workshop.run import is_whole, kept_at
from coalesce_sim.lab.workshop.signs import sign
from coalesce_sim.report.advice.writing import AdviceOrigin, write_advice

FACTS = "advice.json"


@dataclass(frozen=True, slots=True)
class Advise:
    """An advice for a market; its result is the folder. `made_from` is the digest of what made the market,
    `uploaded` whether somebody uploaded it as it is."""

    made_from: str
    market: Path
    choices: Advising
    name: str
    uploaded: bool = False

    @property
    def digest(self) -> str:
        """The same for advice that is the same."""
        return sign("advise", self.made_from, self.choices)

    @property
    def key(self) -> str:
        return f"advise {self.digest}"

    def folder(self, keep: Path) -> Path:
        """Where it is kept."""
        return kept_at(keep, "advice", self.name, self.digest)

    def origin(self) -> AdviceOrigin:
        """Everything that it depends on. Raises `ScenarioError`."""
        source, chosen = os.path.relpath(self.market), self.choices
        scenario = loaded(source, (), uploaded=self.uploaded)
        return AdviceOrigin(
            source,
            (),
            scenario,
            scenario.seed if chosen.seed is None else chosen.seed,
            chosen.replications,
            extrapolate=chosen.extrapolate,
            exports=("litellm", "json"),
        )

    def kept(self, keep: Path) -> Path | None:
        """The folder, where it is there already and whole."""
        folder = self.folder(keep)
        return folder if is_whole(folder / FACTS) else None

    def play(self, keep: Path, progress: Progress) -> Path:
        folder = self.folder(keep)
        if self.kept(keep) is None:
            origin = self.origin()
            contractors(origin.scenario)
            write_advice(origin, Path(os.path.relpath(folder)), jobs=cores(), progress=progress)
        return folder
