"""A study of attacks played and written down."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalesce_sim.attacks.asked import Asked
from coalesce_sim.attacks.results import AttackStudy
from coalesce_sim.attacks.study import perform
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.parquet import ParquetStream
from coalesce_sim.provenance import Origin
from coalesce_sim.report.attacks import figures
from coalesce_sim.report.attacks.findings import findings
from coalesce_sim.report.results_folder import ResultsFolder, Written
from coalesce_sim.sweeps.plays import Plays

_OWN_FILES = ("attack.json", "runs.parquet", "matrix.csv", figures.MATRIX, figures.CURVE)
"""Every file that a study may leave in its folder, in the order in which they are listed."""

PLAYS = "plays"
"""The folder of all plays, in that of the results: what is there is not played again."""


@dataclass(frozen=True, slots=True)
class AttackOrigin(Origin):
    """Everything a study's results depend on, as it was worded."""

    adversaries: tuple[str, ...] = ()
    defences: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    vary: str | None = None
    break_even: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "attack", self.source, "--seed", str(self.seed)]
        words += ["--replications", str(self.replications)]
        for option, values in (
            ("--adversary", self.adversaries),
            ("--defence", self.defences),
            ("--policies", [",".join(self.policies)] if self.policies else []),
            ("--vary", [] if self.vary is None else [self.vary]),
            ("--break-even", self.break_even),
            ("--set", self.overrides),
        ):
            for value in values:
                words += [option, value]
        return shlex.join(words)

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        asked = {name: list(getattr(self, name)) for name in ("adversaries", "defences", "policies")}
        return {**Origin.facts(self), **asked, "vary": self.vary, "break_even": list(self.break_even)}


def write_study(
    origin: AttackOrigin,
    asked: Asked,
    out: Path,
    *,
    jobs: int,
    core: AskedCore = "auto",
    progress: Callable[[float], None],
) -> Written[AttackStudy]:
    """Play what is missing of a study, and leave summary, tables and figures in the folder `out`.

    Plays are kept in `out` as they come. Raises `FolderError` if the folder cannot be written to, before
    anything runs; `ResultsError` where it holds plays of another seed or version; `WriteError`.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        with Plays(out / PLAYS, seed=origin.seed, jobs=jobs, core=core, command=origin.command) as plays:
            study = perform(asked, plays, origin.replications, progress)
        with folder.played():
            about = {"coalesce_sim": json.dumps(origin.facts(), allow_nan=False)}
            with ParquetStream(folder, "runs.parquet", about) as stream:
                stream.add(study.runs_table())
            (folder.aside / "matrix.csv").write_text(study.matrix_csv(), encoding="utf-8", newline="")
            figures.draw_figures(folder.aside, study)
            told = [sentence for policy in asked.policies for sentence in findings(study, policy)]
            return folder.finish(study, {**study.summary, "findings": told}, origin.made)
