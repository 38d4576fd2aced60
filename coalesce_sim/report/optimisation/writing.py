"""A search played and written down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coalesce_sim.optimisation.question import Question
from coalesce_sim.optimisation.request import Effort
from coalesce_sim.optimisation.result import Optimisation
from coalesce_sim.optimisation.study import answer
from coalesce_sim.report.optimisation.figure import draw_trials
from coalesce_sim.report.results_folder import ResultsFolder, Written
from coalesce_sim.version import __version__

_OWN_FILES = ("optimisation.json", "trials.csv", "trials.png")
"""Every file that a search leaves in its folder, in the order in which they are listed."""


def write_optimisation(
    asked: Question, effort: Effort, out: Path, *, command: str, progress: Callable[[float], None]
) -> Written[Optimisation]:
    """Search, validate, and leave settings and figures in the folder `out`, all or none.

    `command` is what the results say of how they were made; `progress` is told the share of the work that is
    done. Raises `FolderError` before anything runs if the folder cannot be written to, `WriteError` if it
    later turns out that a file cannot.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        found = answer(asked, effort, progress)
        with folder.played():
            found.trials_frame.to_csv(folder.aside / "trials.csv", index=False, lineterminator="\n")
            draw_trials(folder.aside / "trials.png", found)
            scenario = asked.own.resolved()
            made = {"command": command, "coalesce_sim": __version__, "scenario": scenario}
            return folder.finish(found, found.summary, made, packages=("optuna",))
