"""A study of frictions played and written down."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.frictions.results import FrictionStudy
from coalesce_sim.frictions.study import Player, perform
from coalesce_sim.frictions.switching import Step
from coalesce_sim.parquet import ParquetStream
from coalesce_sim.provenance import Origin
from coalesce_sim.report.frictions import figures
from coalesce_sim.report.frictions.findings import findings
from coalesce_sim.report.results_folder import ResultsFolder, Written

_OWN_FILES = ("frictions.json", "runs.parquet", "waterfall.csv", "rules.csv", figures.WATERFALL)
"""Every file that a study may leave in its folder, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class FrictionOrigin(Origin):
    """Everything a study's results depend on, as it was worded."""

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "frictions", self.source, "--seed", str(self.seed)]
        words += ["--replications", str(self.replications)]
        for override in self.overrides:
            words += ["--set", override]
        return shlex.join(words)


def write_study(
    origin: FrictionOrigin,
    steps: Sequence[Step],
    player: Player,
    out: Path,
    *,
    progress: Callable[[float], None],
) -> Written[FrictionStudy]:
    """Play a study, and leave summary, tables and figure in the folder `out`, all of them or none.

    Raises `FolderError` if the folder cannot be written to, before anything runs; `WriteError`.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        study = perform(origin.scenario, steps, player, origin.replications, progress)
        with folder.played():
            about = {"coalesce_sim": json.dumps(origin.facts(), allow_nan=False)}
            with ParquetStream(folder, "runs.parquet", about) as stream:
                stream.add(study.runs_table())
            for name, table in (("waterfall.csv", study.waterfall), ("rules.csv", study.rules)):
                table.to_csv(folder.aside / name, index=False, lineterminator="\n")
            figures.draw_figures(folder.aside, study)
            return folder.finish(study, {**study.summary, "findings": findings(study)}, origin.made)
