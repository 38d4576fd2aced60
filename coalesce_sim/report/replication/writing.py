"""The study played and written down: report, table and figures."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from coalesce_sim.experiments.published.study import Study, replicate, study_cases
from coalesce_sim.files import write_text
from coalesce_sim.numbers import plural
from coalesce_sim.report.replication import figures
from coalesce_sim.report.replication.text import markdown, table_csv
from coalesce_sim.report.results_folder import ResultsFolder, Written
from coalesce_sim.version import __version__

_PACKAGES = ("numpy", "scipy", "simpy")
_NOT_PLAYED = ("title", "description", "seed", "replications", "paper_metrics")
"""Fields of a scenario that change no figure of the study, which has a seed and replications of its own."""
_OWN_FILES = ("report.md", "table.csv", *figures.NAMES)


def write_study(
    out: Path, *, seed: int, replications: int, jobs: int, progress: Callable[[float], None]
) -> Written[Study]:
    """Play the study and leave its files in the folder `out`, all or none.

    `progress` is told the share of the runs that are done. Raises `FolderError` before anything runs if the
    folder cannot be written to, `WriteError` if it later turns out that a file cannot.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        study = replicate(replications, seed=seed, jobs=jobs, progress=progress)
        with folder.played():
            drawn = figures.draw_figures(folder.aside, study)
            write_text(folder.aside / "report.md", markdown(study, origin_of(study), drawn))
            write_text(folder.aside / "table.csv", table_csv(study))
            return folder.finish(study, study.as_dict())


def origin_of(study: Study) -> list[str]:
    """How to have the study again, a line each: command, versions, and a checksum of all that was played."""
    cases = {
        name: {field: value for field, value in case.scenario.resolved().items() if field not in _NOT_PLAYED}
        for name, case in study_cases(study.seed).items()
    }
    checksum = hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()
    runs = sum(map(len, study.runs.values()))
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        f"Made by `coalesce-sim replicate --seed {study.seed} --replications {study.replications}` "
        f"({plural(runs, 'run')}) with coalesce_sim {__version__}, "
        f"Python {platform.python_version()}, {packages}.",
        f"SHA-256 of the {len(cases)} scenarios, all settings resolved: `{checksum}`.",
    ]
