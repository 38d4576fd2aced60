"""A folder of results of any kind, opened as one thing for plots and reports."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from coalesce_sim.errors import ResultsWarning
from coalesce_sim.files import ResultsError, digest_of_file, read_sealed
from coalesce_sim.metrics import Metric, UnknownMetric, describe, in_order
from coalesce_sim.provenance import is_newer
from coalesce_sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from coalesce_sim.sweeps.results import SweepResult

__all__ = ["Opened", "ResultsError", "known_factor", "open_folder"]

Kind = Literal["sweep", "comparison", "run", "frictions"]

_FILES: dict[str, Kind] = {
    "sweep.json": "sweep",
    "comparison.json": "comparison",
    "summary.json": "run",
    "frictions.json": "frictions",
}
"""What each kind of folder holds and those before it do not."""

BOOKKEEPING = ("point", "replication", "seed")
"""Columns of a table of runs that are neither factors nor metrics."""


@dataclass(frozen=True)
class Opened:
    """Results of a sweep, a comparison, a run or a study of frictions; a comparison is a sweep over the
    factor `policy`.

    `command` makes the results again, `version` is the program's that made them. `facts` is the folder's own
    JSON: sweep.json, comparison.json, summary.json or frictions.json. `sweep` is the sweep itself,
    `sensitivity` what its sensitivity.json holds, where there are such. Tables are read when they are first
    asked for.
    """

    kind: Kind
    folder: Path
    name: str
    title: str
    command: str
    seed: int
    version: str
    factors: tuple[str, ...]
    metrics: tuple[str, ...]
    facts: dict[str, Any]
    sweep: SweepResult | None = None
    sensitivity: dict[str, Any] | None = None

    @cached_property
    def runs(self) -> pd.DataFrame | None:
        """One row a replication of a design point, with its factors and metrics; None for others."""
        if self.sweep is not None:
            return self.sweep.runs
        return self._table("runs") if self.kind == "comparison" else None

    @cached_property
    def learning(self) -> pd.DataFrame | None:
        """The courses of the policies of a comparison; else None."""
        return self._table("learning") if self.kind == "comparison" else None

    @cached_property
    def timeline(self) -> pd.DataFrame | None:
        """One row an interval and replication of a run; else None."""
        return self._table("timeline") if self.kind == "run" else None

    @cached_property
    def routing(self) -> pa.Table | None:
        """Who got the work in each replication, of a comparison by `policy`, too; None where the folder holds
        no such table: a sweep's, or one of an earlier version."""
        return self._rows("routing") if "routing.parquet" in self.facts.get("files", {}) else None

    def metric(self, name: str) -> Metric:
        """The metric of that name. Raises `ResultsError`, with those that there are, where there is none."""
        try:
            return describe(name, self.metrics)
        except UnknownMetric as error:
            raise ResultsError(str(error)) from error

    def factor(self, name: str) -> str:
        """The name itself. Raises `ResultsError`, with the factors that there are, where it is none."""
        return known_factor(name, self.factors)

    def _table(self, name: str) -> pd.DataFrame:
        frame: pd.DataFrame = self._rows(name).to_pandas()
        labels = frame.select_dtypes("category").columns
        return frame.astype(dict.fromkeys(labels, "str"))

    def _rows(self, name: str) -> pa.Table:
        path = self.folder / f"{name}.parquet"
        try:
            written = self.facts.get("files", {}).get(path.name)
            if written is not None and digest_of_file(path) != written:
                raise ResultsError(f"{path}: is damaged; `{self.command}` makes it again")
            return pq.read_table(path)
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path}: cannot be read: {error}") from error


def open_folder(folder: str | Path) -> Opened:
    """Open a folder that ``sweep``, ``compare``, ``run`` or ``frictions`` has written.

    Raises `ResultsError` where there is none, where it holds no results or damaged ones, or where a newer
    version made them. Folders of version 0.3 are not checked, which a `ResultsWarning` tells.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultsError(f"{folder}: there is no such folder of results")
    name = next((name for name in _FILES if (folder / name).is_file()), None)
    if name is None:
        raise ResultsError(f"{folder}: not a folder of results: it has none of {', '.join(_FILES)}")
    try:
        if _FILES[name] == "sweep":
            return _open_sweep(folder)
        facts, sealed = _read(folder / name)
        if not sealed:
            message = f"{folder}: written without digests, as by coalesce_sim 0.3: its files are not checked"
            warnings.warn(message, ResultsWarning, stacklevel=2)
        origin = facts["provenance"]
        version = str(origin["coalesce_sim"])
        if is_newer(version):
            raise ResultsError(
                f"{folder}: written by coalesce_sim {version}, newer than this one, {__version__}"
            )
        scenario = origin["scenario"]
        kind = _FILES[name]
        return Opened(
            kind=kind,
            folder=folder,
            name=str(facts["scenario"]),
            title=str(scenario.get("title") or facts["scenario"]),
            command=str(origin["command"]),
            seed=int(facts["seed"]),
            version=version,
            factors=("policy",) if kind == "comparison" else (),
            metrics=tuple(in_order(metric for each in _metrics(kind, facts) for metric in each)),
            facts=facts,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{folder / name}: not the {name} of results: {error!r}") from error


def _metrics(kind: Kind, facts: dict[str, Any]) -> list[Iterable[str]]:
    """The metrics that each part of the results tells."""
    match kind:
        case "comparison":
            return [each["metrics"] for each in facts["policies"].values()]
        case "frictions":
            return []
        case _:
            return [facts["metrics"]]


def known_factor(name: str, factors: Iterable[str]) -> str:
    """The name itself. Raises `ResultsError`, with the factors that there are, where it is none."""
    factors = list(factors)
    if name in factors:
        return name
    near = difflib.get_close_matches(name, factors, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ResultsError(f"{name}: no such factor{hint} There are: {', '.join(factors) or 'none'}")


def _open_sweep(folder: Path) -> Opened:
    from coalesce_sim.sweeps.results import open_results

    result = open_results(folder)
    facts, sensitivity = result.facts, folder / "sensitivity.json"
    studied = _read(sensitivity)[0] if sensitivity.is_file() else None
    return Opened(
        kind="sweep",
        folder=folder,
        name=result.specification.name,
        title=str(facts["title"] or result.specification.name),
        command=str((facts if studied is None else studied)["provenance"]["command"]),
        seed=int(facts["seed"]),
        version=str(facts["provenance"]["coalesce_sim"]),
        factors=result.factors,
        metrics=result.metrics,
        facts=facts,
        sweep=result,
        sensitivity=studied,
    )


def _read(path: Path) -> tuple[dict[str, Any], bool]:
    try:
        return read_sealed(path)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
