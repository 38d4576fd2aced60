"""A calibration as a job: a complete folder of ``coalesce-sim calibrate``."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.calibration.options import HOLD_OUT, LIMIT
from coalesce_sim.calibration.study import calibrate
from coalesce_sim.calibration.writing import SCENARIO_FILE, write_calibration
from coalesce_sim.lab.own.choices import Calibrating
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.lab.workshop.run import is_whole, kept_at
from coalesce_sim.lab.workshop.signs import sign
from coalesce_sim.logs.tables import RUNS

FACTS = "calibration.json"


@dataclass(frozen=True, slots=True)
class Calibrate:
    """A market that was imported, fitted to its runs; its result is the folder. `made_from` is the digest of
    the import, `market` its scenario."""

    made_from: str
    market: Path
    choices: Calibrating

    @property
    def digest(self) -> str:
        """The same for calibrations whose results are the same."""
        return sign("calibrate", self.made_from, self.choices)

    @property
    def key(self) -> str:
        return f"calibrate {self.digest}"

    def folder(self, keep: Path) -> Path:
        """Where it is kept."""
        return kept_at(keep, "calibrations", self.market.parent.name.rpartition("-")[0], self.digest)

    def scenario(self, keep: Path) -> Path:
        """The market that it makes."""
        return self.folder(keep) / SCENARIO_FILE

    @property
    def runs(self) -> Path:
        """The measured runs that it is fitted to."""
        return self.market.with_name(RUNS)

    def command(self, keep: Path) -> str:
        """The command that does the same, for a shell."""
        chosen = self.choices
        words = [
            "coalesce-sim",
            "calibrate",
            os.path.relpath(self.market),
            "--runs",
            os.path.relpath(self.runs),
        ]
        words += [] if chosen.hold_out == HOLD_OUT else ["--hold-out", f"{chosen.hold_out:g}"]
        words += [] if chosen.limit == LIMIT else ["--limit", f"{chosen.limit:g}"]
        words += [] if chosen.seed is None else ["--seed", str(chosen.seed)]
        return shlex.join([*words, "--out", os.path.relpath(self.folder(keep))])

    def kept(self, keep: Path) -> Path | None:
        """The folder, where it is there already and whole."""
        folder = self.folder(keep)
        there = all((folder / name).is_file() for name in (SCENARIO_FILE,))
        return folder if there and is_whole(folder / FACTS) else None

    def play(self, keep: Path, progress: Progress) -> Path:
        folder = self.folder(keep)
        if self.kept(keep) is None:
            progress(0.0)
            source, chosen = os.path.relpath(self.market), self.choices
            found = calibrate(
                source,
                os.path.relpath(self.runs),
                hold_out=chosen.hold_out,
                limit=chosen.limit,
                seed=chosen.seed,
            )
            write_calibration(found, source, Path(os.path.relpath(folder)), command=self.command(keep))
        return folder
