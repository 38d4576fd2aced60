"""A comparison played and written down."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coalesce_sim.experiments.comparison import Comparison, compare
from coalesce_sim.files import Folder, ParquetStream, not_a_sweeps
from coalesce_sim.provenance import Origin, provenance
from coalesce_sim.report.comparison import figures
from coalesce_sim.report.comparison.findings import findings

_TABLES = ("runs", "learning")
_OWN_FILES = ("comparison.json", *(f"{name}.parquet" for name in _TABLES), *figures.NAMES)
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
        for override in self.overrides:
            words += ["--set", override]
        return shlex.join(words)

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        return {**Origin.facts(self), "policies": list(self.policies)}


@dataclass(frozen=True, slots=True)
class RecordedComparison:
    """What a comparison came to, the files it left, and how long it took."""

    comparison: Comparison
    outputs: tuple[Path, ...]
    wall_s: float

    @property
    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            **self.comparison.summary,
            "findings": findings(self.comparison),
            "outputs": [str(path) for path in self.outputs],
        }


def record(
    origin: ComparisonOrigin, out: Path, *, jobs: int, progress: Callable[[float], None]
) -> RecordedComparison:
    """Play the policies and leave summary, tables and figures in the folder `out`, all or none.

    `progress` is told the share of the work that is done. Raises `ScenarioError` for policies that cannot be
    had and `FolderError` if the folder cannot be written to, both before anything runs; `WriteError` if it
    later turns out that a file cannot.
    """
    started, began = datetime.now(UTC), time.perf_counter()
    with Folder(not_a_sweeps(out)) as folder:
        comparison = compare(
            origin.scenario,
            origin.policies or None,
            seed=origin.seed,
            replications=origin.replications,
            jobs=jobs,
            progress=lambda done: progress(done / origin.replications),
        )
        wall_s = time.perf_counter() - began
        about = {"coalesce_sim": json.dumps(origin.facts(), allow_nan=False)}
        for name, table in zip(_TABLES, (comparison.runs_table(), comparison.learning_table()), strict=True):
            with ParquetStream(folder, f"{name}.parquet", about) as stream:
                stream.add(table)
        with folder.writing():
            figures.draw_figures(folder.aside, comparison)
            names = folder.written(_OWN_FILES, also="comparison.json")
            recorded = RecordedComparison(comparison, tuple(out / name for name in names), wall_s)
            facts = {**recorded.summary, "provenance": provenance(origin, started, wall_s)}
            folder.write_json("comparison.json", facts)
            folder.put_in_place(names, retired=[name for name in _OWN_FILES if name not in names])
    return recorded
