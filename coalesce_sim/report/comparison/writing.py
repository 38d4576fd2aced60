"""A comparison played and written down."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalesce_sim.experiments.comparison import Comparison, compare
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.parquet import ParquetStream
from coalesce_sim.provenance import Origin
from coalesce_sim.report.comparison.findings import findings
from coalesce_sim.report.results_folder import ResultsFolder, Written

_OWN_FILES = (
    *("comparison.json", "runs.parquet", "learning.parquet", "routing.parquet"),
    *("cumulative_cost.png", "learning.png"),
)
"""Every file that a comparison may leave in its folder, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class ComparisonOrigin(Origin):
    """Everything a comparison's results depend on; `policies` is empty for the usual ones."""

    policies: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "compare", self.source, "--seed", str(self.seed)]
        words += ["--replications", str(self.replications)]
        if self.policies:
            words += ["--policies", ",".join(self.policies)]
        if not self.figures:
            words += ["--no-figures"]
        for override in self.overrides:
            words += ["--set", override]
        return shlex.join(words)

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        return {**Origin.facts(self), "policies": list(self.policies)}


def write_comparison(
    origin: ComparisonOrigin,
    out: Path,
    *,
    jobs: int,
    core: AskedCore = "auto",
    progress: Callable[[float], None],
) -> Written[Comparison]:
    """Play the policies and leave summary, tables and figures in the folder `out`, all or none.

    `core` is what plays, `progress` is told the share of the work that is done. Raises `ScenarioError` for
    policies that cannot be had and `FolderError` if the folder cannot be written to, both before anything
    runs; `WriteError` if it later turns out that a file cannot.
    """
    with ResultsFolder(out, _OWN_FILES) as folder:
        comparison = compare(
            origin.scenario,
            origin.policies or None,
            seed=origin.seed,
            replications=origin.replications,
            jobs=jobs,
            core=core,
            progress=lambda done: progress(done / origin.replications),
        )
        with folder.played():
            about = {"coalesce_sim": json.dumps(origin.facts(), allow_nan=False)}
            tables = {
                "runs": comparison.runs_table(),
                "learning": comparison.learning_table(),
                "routing": comparison.routing_table(),
            }
            for name, table in tables.items():
                with ParquetStream(folder, f"{name}.parquet", about) as stream:
                    stream.add(table)
            if origin.figures:
                _draw(folder.aside, comparison)
            summary = {**comparison.summary, "findings": findings(comparison)}
            return folder.finish(comparison, summary, origin.made)


def _draw(folder: Path, comparison: Comparison) -> None:
    from coalesce_sim.report.comparison.figures import draw_figures  # and matplotlib with it

    draw_figures(folder, comparison)
