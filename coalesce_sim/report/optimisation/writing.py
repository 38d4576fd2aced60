"""A search played and written down."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coalesce_sim.files import Folder, not_a_sweeps
from coalesce_sim.optimisation.question import Question
from coalesce_sim.optimisation.result import Optimisation
from coalesce_sim.optimisation.study import answer
from coalesce_sim.provenance import surroundings
from coalesce_sim.report.optimisation.figure import draw_trials
from coalesce_sim.version import __version__

_OWN_FILES = ("optimisation.json", "trials.csv", "trials.png")
"""Every file that a search leaves in its folder, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class RecordedOptimisation:
    """What a search came to, the files it left, and how long it took."""

    optimisation: Optimisation
    outputs: tuple[Path, ...]
    wall_s: float

    @property
    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {**self.optimisation.summary, "outputs": [str(path) for path in self.outputs]}


def record(
    asked: Question,
    out: Path,
    *,
    trials: int,
    replications: int,
    validation_replications: int,
    jobs: int,
    command: str,
    progress: Callable[[float], None],
) -> RecordedOptimisation:
    """Search, validate, and leave settings and figures in the folder `out`, all or none.

    `progress` is told the share of the work that is done. Raises `FolderError` before anything runs if the
    folder cannot be written to, `WriteError` if it later turns out that a file cannot.
    """
    started, began = datetime.now(UTC), time.perf_counter()
    with Folder(not_a_sweeps(out)) as folder:
        found = answer(
            asked,
            trials=trials,
            replications=replications,
            validation_replications=validation_replications,
            jobs=jobs,
            progress=progress,
        )
        recorded = RecordedOptimisation(
            found, tuple(out / name for name in _OWN_FILES), time.perf_counter() - began
        )
        with folder.writing():
            found.trials_frame.to_csv(folder.aside / "trials.csv", index=False, lineterminator="\n")
            draw_trials(folder.aside / "trials.png", found)
            folder.write_json(
                "optimisation.json",
                {**recorded.summary, "provenance": _provenance(recorded, command, started)},
            )
            folder.put_in_place(_OWN_FILES, retired=[])
    return recorded


def _provenance(recorded: RecordedOptimisation, command: str, started: datetime) -> dict[str, Any]:
    around = surroundings()
    return {
        "command": command,
        "coalesce_sim": __version__,
        "scenario": recorded.optimisation.question.own.resolved(),
        "started_utc": started.isoformat(timespec="seconds"),
        "wall_s": round(recorded.wall_s, 3),
        **around,
        "packages": around["packages"] | {"optuna": importlib.metadata.version("optuna")},
    }
