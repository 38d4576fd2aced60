"""One replication of a setting recorded for the picture, as a job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.files import made_folders
from coalesce_sim.lab.replay.recording import Recording
from coalesce_sim.lab.replay.replay import VERSION
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.lab.workshop.run import kept_at
from coalesce_sim.provenance import Origin


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replication as it went; the result is the file of its `Replay`."""

    origin: Origin
    digest: str
    replication: int

    @property
    def key(self) -> str:
        return f"replay {self.digest} {self.replication}"

    def play(self, keep: Path, progress: Progress) -> Path:
        scenario, seed = self.origin.scenario, self.origin.seed
        name = kept_at(keep, "replays", scenario.name, f"{self.digest}-{self.replication}.{VERSION}.json")
        if not name.is_file():
            recording = Recording(scenario, seed=seed, replication=self.replication)
            play(
                scenario,
                seed,
                self.replication,
                lambda *_: None,
                Wanted(),
                progress=progress,
                core=choose_core("auto", [scenario], runs=1, watched=True).core,
                observer=recording,
            )
            made_folders(name.parent)
            recording.replay().write(name)
        return name
