"""An advice played and written down."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalesce_sim.advice.advice import Advice
from coalesce_sim.advice.exporting import FILES, Format, exported, left_out
from coalesce_sim.advice.plays import Plays
from coalesce_sim.advice.study import perform
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.provenance import Origin
from coalesce_sim.report.advice import figures
from coalesce_sim.report.advice.findings import findings, period
from coalesce_sim.report.advice.table import break_even_text, notes, turns_at
from coalesce_sim.report.advice.text import page_of
from coalesce_sim.report.results_folder import ResultsFolder, Written

_OWN_FILES = (
    "advice.json",
    "advice.md",
    "jobs.csv",
    figures.COSTS,
    figures.WHO,
    figures.TURNING,
    *FILES.values(),
)
"""Every file that an advice may leave in its folder, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class AdviceOrigin(Origin):
    """Everything an advice depends on, as it was worded."""

    extrapolate: bool = False
    exports: tuple[Format, ...] = ()

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "advise", self.source, "--seed", str(self.seed)]
        words += ["--replications", str(self.replications)]
        words += ["--extrapolate"] if self.extrapolate else []
        for option, values in (("--export", self.exports), ("--set", self.overrides)):
            for value in values:
                words += [option, value]
        return shlex.join(words)

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        return {**Origin.facts(self), "extrapolate": self.extrapolate}


def write_advice(
    origin: AdviceOrigin,
    out: Path,
    *,
    jobs: int,
    core: AskedCore = "auto",
    progress: Callable[[float], None],
) -> Written[Advice]:
    """Find an advice, and leave it in the folder `out`.

    Raises `FolderError` if the folder cannot be written to, before anything runs; `ScenarioError`,
    `WriteError`.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        with Plays(seed=origin.seed, jobs=jobs, core=core) as plays:
            advice = perform(
                origin.scenario,
                plays,
                origin.replications,
                extrapolate=origin.extrapolate,
                progress=progress,
            )
        with folder.played():
            texts = {"advice.md": page_of(advice), "jobs.csv": _jobs_csv(advice)}
            for name, text in (texts | exported(advice, origin.exports)).items():
                (folder.aside / name).write_text(text, encoding="utf-8", newline="")
            figures.draw_figures(folder.aside, advice)
            lacking = {form: left_out(advice, form) for form in origin.exports}
            told = {**advice.summary, "findings": findings(advice), "exports_leave_out": lacking}
            told |= {"period": period(advice), "notes": notes(advice), "in_words": _in_words(advice)}
            return folder.finish(advice, told, origin.made)


def _in_words(advice: Advice) -> dict[str, list[str]]:
    """Levels as people read them, with their intervals, in the order of what they are of."""
    return {
        "turns": [turns_at(each) for each in advice.turns],
        "worth_from": [break_even_text(each) for each in advice.worths],
    }


def _jobs_csv(advice: Advice) -> str:
    """Who should do what, a row a type and worker, with half of the 95 % intervals."""
    names = ("share", "usd_per_task", "turnaround_s", "success_rate")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["type", "worker", *(column for name in names for column in (name, f"{name}_half_width"))]
    )
    for job in advice.jobs:
        figures_of = [getattr(job, name) for name in names]
        writer.writerow(
            [job.type, job.worker, *(cell for each in figures_of for cell in (each.mean, each.half_width))]
        )
    return text.getvalue()
