"""A search for the best attacker, played and written down."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalesce_sim.attacks.effort import TRIALS, VALIDATION_REPLICATIONS, Effort
from coalesce_sim.attacks.exploits import Exploits
from coalesce_sim.attacks.searching import Search, hunt
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.provenance import Origin
from coalesce_sim.report.attacks.exploits import sentences
from coalesce_sim.report.attacks.frontier import FRONTIER, draw_frontier
from coalesce_sim.report.results_folder import ResultsFolder, Written

_OWN_FILES = ("exploits.json", "trials.csv", FRONTIER)
"""Every file that a search may leave in its folder, in the order in which they are listed."""

PLAYS = "plays"
"""The folder of all plays, in that of the results: what is there is not played again."""


@dataclass(frozen=True, slots=True)
class SearchOrigin(Origin):
    """Everything a search's results depend on, as it was worded."""

    kinds: tuple[str, ...] = ()
    defences: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    trials: int = TRIALS
    validation_replications: int = VALIDATION_REPLICATIONS

    @property
    def effort(self) -> Effort:
        """How much is tried."""
        return Effort(self.trials, self.replications, self.validation_replications)

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "attack", self.source, "--search", ",".join(self.kinds)]
        words += ["--seed", str(self.seed), "--trials", str(self.trials)]
        words += ["--replications", str(self.replications)]
        words += ["--validate-replications", str(self.validation_replications)]
        for option, values in (
            ("--defence", self.defences),
            ("--policies", [",".join(self.policies)] if self.policies else []),
            ("--set", self.overrides),
        ):
            for value in values:
                words += [option, value]
        return shlex.join(words)

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        asked = {name: list(getattr(self, name)) for name in ("kinds", "defences", "policies")}
        efforts = {"trials": self.trials, "validation_replications": self.validation_replications}
        return {**Origin.facts(self), **asked, **efforts}


def write_search(
    origin: SearchOrigin,
    asked: Search,
    out: Path,
    *,
    jobs: int,
    core: AskedCore = "auto",
    progress: Callable[[float], None],
) -> Written[Exploits]:
    """Search and validate, and leave the summary, all trials and the frontier in the folder `out`.

    Plays are kept in `out` as they come. Raises `FolderError` if the folder cannot be written to, before
    anything runs; `ResultsError` where it holds plays of another seed or version; `WriteError`.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        found = hunt(
            asked,
            origin.effort,
            seed=origin.seed,
            jobs=jobs,
            core=core,
            plays=out / PLAYS,
            progress=progress,
        )
        with folder.played():
            (folder.aside / "trials.csv").write_text(found.trials_csv(), encoding="utf-8", newline="")
            draw_frontier(folder.aside, found)
            told = {**found.summary, "findings": sentences(found)}
            return folder.finish(found, told, origin.made)
