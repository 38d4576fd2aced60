"""What a sweep came to: a tidy table, and estimates with intervals."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coalesce_sim.arrays import FloatArray
from coalesce_sim.errors import ResultsWarning
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.experiments.diagnosis.growing import queues_that_grow_somewhere
from coalesce_sim.experiments.queues import Judged, both, of_text
from coalesce_sim.files import ResultsError, digest_of_file, read_sealed
from coalesce_sim.metrics import METRICS, describe, is_share
from coalesce_sim.numbers import level_text
from coalesce_sim.statistics.intervals import Interval, estimate, grouped
from coalesce_sim.statistics.shares import share_interval
from coalesce_sim.sweeps.design import design_of
from coalesce_sim.sweeps.facts import FACTS, UNCHECKED, checked, read_facts
from coalesce_sim.sweeps.shards import COLUMNS, Shards, read_rows
from coalesce_sim.sweeps.specification import Precision, Specification

if TYPE_CHECKING:
    import pandas as pd

OUTCOME = "outcome.json"
"""Written when a sweep has ended, and not before."""

_MOST_IN_LABEL = 3
"""Where more factors vary, design points are told by their numbers."""

_KEYS = ("point", "replication", "seed")

_MOVED = {
    "loss_usd": "paid_to_contractors_usd",
    "search_usd": "loss_usd",
    "leak_usd": "search_usd",
    "attempts_per_task": "leak_usd",
    "lateness_usd": "attempts_per_task",
    "all_local_lateness_usd": "lateness_usd",
    "coordination_usd": "split_rate",
    "all_local_loss_usd": "all_local_success_rate",
}
"""Metrics, and behind which other one they stand in digests."""


@dataclass(frozen=True, repr=False)
class SweepResult:
    """The results in a sweep's folder; everything is derived from the rows there when it was opened.

    `facts` is what the folder says of the sweep. Metrics that are rates or reductions are in percent.

    >>> import coalesce_sim
    >>> epsilons = {"base": "dur_02", "set": {"clock.days": 1}, "factors": {"policy.epsilon": [0, 0.3]}}
    >>> result = coalesce_sim.sweep({"name": "epsilons", **epsilons}, replications=2, jobs=1)
    >>> result.estimates("exploration_rate")[["policy.epsilon", "mean", "n"]].round(1)
       policy.epsilon  mean  n
    0             0.0   0.0  2
    1             0.3  34.5  2
    """

    folder: Path
    facts: dict[str, Any]
    specification: Specification
    rows: pa.Table

    def __repr__(self) -> str:
        name, made, failed = self.specification.name, len(self.runs_table()), len(self.failed_rows)
        state = "complete" if self.complete else "not complete"
        return f"SweepResult({name!r}, {made} runs, {failed} failed, {state})"

    @property
    def factors(self) -> tuple[str, ...]:
        """The columns that vary, in the order of the sweep file."""
        return self.specification.columns

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of any run, in the catalogue's order."""
        own = [name for name in self.rows.column_names if name not in COLUMNS]
        known = list(METRICS)
        return tuple(sorted(own, key=lambda name: known.index(name) if name in known else len(known)))

    @property
    def complete(self) -> bool:
        """Whether the sweep has ended, whatever came of its runs."""
        return (self.folder / OUTCOME).exists()

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run that did not fail, by point and replication: seed, factors, scenario_sha256, metrics.

        Metrics that are undefined are NaN.
        """
        frame: pd.DataFrame = self.runs_table().to_pandas()
        return frame

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row a failed run: point, replication, seed, factors, error, traceback."""
        frame: pd.DataFrame = self.failures_table().to_pandas()
        return frame

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Counts and the digest, as in ``--json``."""
        return {
            "sweep": self.specification.name,
            "folder": str(self.folder),
            "points": len(self._design),
            "runs": len(self.runs_table()),
            "failed": len(self.failed_rows),
            "imprecise_points": len(self.imprecise),
            "runs_without_warm_up": self.too_short,
            "observed": [each.as_dict() for each in self.observed],
            "digest": self.digest,
            "seed": self.facts["seed"],
        }

    @cached_property
    def observed(self) -> list[Finding]:
        """What is known only now that it was played: at which design points queues grew to the end.

        Of runs that an earlier version played nothing is known. Raises `ResultsError` for what none wrote.
        """
        if "queues" not in self.rows.column_names:
            return []
        seen = self.rows.filter(pc.is_valid(self.rows["queues"]))
        judged: dict[int, Judged] = {number: {} for number in self._numbers.tolist()}
        for number, text in zip(seen["point"].to_pylist(), seen["queues"].to_pylist(), strict=True):
            try:
                judged[number] = both(judged[number], of_text(text))
            except ValueError as error:
                raise ResultsError(f"{self.folder}: column 'queues': {error}") from error
        parts = dict(zip(self._point_labels(), judged.values(), strict=True))
        return queues_that_grow_somewhere(parts, "at {} design points", "slots of contractors")

    @property
    def too_short(self) -> int:
        """Runs of a steady-state sweep that were too short for their warm-up to be told."""
        if "warm_up_found" not in self.metrics:
            return 0
        return int((_floats(self._runs_table["warm_up_found"]) == 0).sum())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that is in `runs`, and of which runs failed: the same for equal results."""
        digest = hashlib.sha256()
        runs = self.runs_table()
        keys = [name for name in runs.column_names if name not in self.metrics]
        runs = runs.select([*keys, *sorted(self.metrics, key=_place_in_digest)])
        for table in (runs, self.failures_table().drop_columns(["traceback"])):
            for name, column in zip(table.column_names, table.columns, strict=True):
                digest.update(f"{name}:{column.type}\n".encode())
                digest.update(_bytes_of(column))
        return digest.hexdigest()

    def estimates(self, metric: str, interval: Interval = "t") -> pd.DataFrame:
        """One row a design point: point, factors, mean, sd, low, high (95 % interval) and n.

        `interval` is "t" or, for skewed metrics, the bootstrap's "bca". Raises `UnknownMetric`, and
        `ResultsError` where no run has ended well.
        """
        if not len(self.runs_table()):
            raise ResultsError(f"{self.folder}: no run has ended well yet")
        describe(metric, self.metrics)
        import pandas as pd

        share = METRICS[metric].share
        found = [estimate(values.tolist(), interval, share=share) for values in self._by_point(metric)]
        nothing = (np.nan, np.nan)
        return pd.DataFrame(
            self._point_columns()
            | {
                "mean": [np.nan if each.mean is None else each.mean for each in found],
                "sd": [np.nan if each.sd is None else each.sd for each in found],
                "low": [(each.ci95 or nothing)[0] for each in found],
                "high": [(each.ci95 or nothing)[1] for each in found],
                "n": [each.n for each in found],
            }
        )

    def differences(
        self,
        metric: str = "cost_reduction",
        *,
        reference: Mapping[str, Any] | None = None,
        margin: float | None = None,
    ) -> pd.DataFrame:
        """Paired differences between design points, tested together; see `sweeps.differences`."""
        from coalesce_sim.sweeps.differences import differences

        return differences(self.runs, self.factors, metric, reference=reference, margin=margin)

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row a design point: factors, replications, and each metric's mean with its 95 % interval.

        The columns of a metric are its name, and that with ``_low`` and ``_high``; `replications` counts runs
        that did not fail.
        """
        import pandas as pd

        columns: dict[str, Any] = dict(self._point_columns())
        columns["replications"] = np.diff(self._bounds)
        table = self.runs_table()
        for name in self.metrics:
            mean, half_width = grouped(_floats(table[name]), self._bounds)
            low, high = (
                share_interval(mean, half_width) if is_share(name) else (mean - half_width, mean + half_width)
            )
            columns |= {name: mean, f"{name}_low": low, f"{name}_high": high}
        return pd.DataFrame(columns)

    @property
    def imprecise(self) -> list[int]:
        """Points that had all replications of the cap without an interval that is narrow enough."""
        rule = self.specification.replications
        if not isinstance(rule, Precision) or rule.metric not in self.metrics:
            return []
        _, half_width = grouped(_floats(self._runs_table[rule.metric]), self._bounds)
        _, made = np.unique(self.rows["point"].to_numpy(), return_counts=True)
        found: list[int] = self._numbers[(made >= rule.cap) & ~(half_width <= rule.half_width)].tolist()
        return found

    def runs_table(self) -> pa.Table:
        """`runs` as an Arrow table; metrics that a run does not have are null."""
        return self._runs_table

    @cached_property
    def _runs_table(self) -> pa.Table:
        good = self.rows.filter(pc.is_null(self.rows["error"]))
        keys = {name: good[name] for name in _KEYS}
        metrics = {name: good[name] for name in self.metrics}
        return pa.table(
            {**keys, **self._cells(good), "scenario_sha256": good["scenario_sha256"], **metrics}
        ).combine_chunks()

    @cached_property
    def failed_rows(self) -> pa.Table:
        """The rows of the store that hold an error."""
        return self.rows.filter(pc.is_valid(self.rows["error"]))

    def failures_table(self) -> pa.Table:
        """`failures` as an Arrow table."""
        bad = self.failed_rows
        keys = {name: bad[name] for name in _KEYS}
        told = {name: bad[name] for name in ("error", "traceback")}
        return pa.table({**keys, **self._cells(bad), **told}).combine_chunks()

    def _cells(self, rows: pa.Table) -> dict[str, pa.Array]:
        cells = self._design.columns(rows["point"].to_numpy())
        return {name: pa.array(values) for name, values in cells.items()}

    @cached_property
    def _design(self) -> Any:
        return design_of(self.specification)

    @cached_property
    def _numbers(self) -> Any:
        """The points of which anything was made, if only failures."""
        return np.unique(self.rows["point"].to_numpy())

    @cached_property
    def _bounds(self) -> Any:
        """Where each point's runs begin in the table, and where the last ones end."""
        points = self._runs_table["point"].to_numpy()
        return np.searchsorted(points, np.append(self._numbers, np.iinfo(np.int64).max))

    def _point_columns(self) -> dict[str, Any]:
        return {"point": self._numbers, **self._design.columns(self._numbers)}

    def _point_labels(self) -> list[str]:
        """What points are called: by the factors that vary, or by their numbers where that is too long."""
        columns = [
            [f"{name}={level_text(each)}" for each in values]
            for name, values in self._design.columns(self._numbers).items()
        ]
        varied = [column for column in columns if len(set(column)) > 1] or columns
        labels = [", ".join(levels) for levels in zip(*varied, strict=True)]
        if len(varied) > _MOST_IN_LABEL or len(set(labels)) < len(labels):
            return [f"point {number}" for number in self._numbers.tolist()]
        return labels

    def _by_point(self, metric: str) -> list[FloatArray]:
        values = _floats(self._runs_table[metric])
        return np.split(values, self._bounds[1:-1]) if len(values) else []


def open_results(folder: str | Path) -> SweepResult:
    """The results of a sweep, complete or not. Raises `ResultsError` for what is none or cannot be read.

    Nothing in the folder is believed: each file carries a digest, and where the sweep has ended its rows must
    still be those that it ended with. A `ResultsWarning` tells of folders of version 0.3, which are not
    checked, and of tables for others to read (`runs.parquet`, `points.csv`) that are damaged.

    >>> import coalesce_sim
    >>> epsilons = {"base": "dur_02", "set": {"clock.days": 1}, "factors": {"policy.epsilon": [0, 0.3]}}
    >>> played = coalesce_sim.sweep({"name": "epsilons", **epsilons}, replications=2, out="there", jobs=1)
    >>> coalesce_sim.open_results("there").digest == played.digest
    True
    """
    folder = Path(folder)
    while True:
        state = _state(folder)
        result = read_results(folder)
        if _state(folder) == state:  # else a sweep ended, or went on, while it was read
            break
    if result.complete:
        outcome = read_outcome(result)
        check_digest(result, outcome)
        for name, what in derived_files(folder, outcome).items():
            if what == "damaged":
                again = "the command that played the sweep makes it again"
                warnings.warn(f"{folder / name}: is damaged; {again}", ResultsWarning, stacklevel=2)
    return result


def read_results(folder: Path) -> SweepResult:
    """The results of a sweep, nothing but its rows being looked at. Raises `ResultsError`."""
    facts = read_facts(folder)
    specification = checked(facts["specification"], Specification, f"{folder / FACTS}: specification")
    if facts["format"] == UNCHECKED:
        version = facts["provenance"]["coalesce_sim"]
        message = f"{folder}: written by coalesce_sim {version}, without digests: its files are not checked"
        warnings.warn(message, ResultsWarning, stacklevel=3)
    result = SweepResult(folder, facts, specification, read_rows(Shards.of(folder, facts)))
    points, numbers = len(design_of(specification)), result.rows["point"].to_numpy()
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < points:
        path = folder / facts["shards"]
        raise ResultsError(f"{path}: holds rows of points that the sweep does not have (it has {points:,})")
    return result


def _state(folder: Path) -> list[bytes | None]:
    """What is rewritten whenever the rows of a sweep may change otherwise than by growing."""
    paths = (folder / FACTS, folder / OUTCOME)
    return [path.read_bytes() if path.is_file() else None for path in paths]


def read_outcome(result: SweepResult) -> dict[str, Any]:
    """What a sweep came to when it ended. Raises `ResultsError` where that cannot be read."""
    path = result.folder / OUTCOME
    try:
        outcome, sealed = read_sealed(path)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    if not sealed and result.facts["format"] != UNCHECKED:
        raise ResultsError(f"{path}: cannot be read: its digest is missing")
    return outcome


@cache
def _digested() -> dict[str, int]:
    """The place of each metric in digests: those that were moved in the catalogue are where they were, so
    that sweeps that were played before are still known by theirs."""
    names = list(METRICS)
    for name, before in _MOVED.items():
        names.remove(name)
        names.insert(names.index(before) + 1, name)
    return {name: place for place, name in enumerate(names)}


def _place_in_digest(metric: str) -> int:
    return _digested().get(metric, len(METRICS))


def check_digest(result: SweepResult, outcome: Mapping[str, Any]) -> None:
    """Raises `ResultsError` where the rows are not those that the sweep ended with."""
    if outcome.get("digest") != result.digest:
        raise ResultsError(
            f"{result.folder / OUTCOME}: the digest of the results was {outcome.get('digest')} and is "
            f"{result.digest}: rows in {result.facts['shards']} were lost, added or changed since"
        )


def derived_files(folder: Path, outcome: Mapping[str, Any]) -> dict[str, str]:
    """Which files that were made of the rows are ``missing`` or ``damaged``."""
    wrong = {}
    for name, digest in outcome.get("files", {}).items():
        path = folder / name
        if not path.is_file():
            wrong[name] = "missing"
        elif digest_of_file(path) != digest:
            wrong[name] = "damaged"
    return wrong


def _floats(column: Any) -> FloatArray:
    values: FloatArray = column.to_numpy().astype(np.float64)
    return values


def _bytes_of(column: Any) -> bytes:
    if pa.types.is_floating(column.type):
        values = _floats(column)
        values[np.isnan(values)] = np.nan  # one pattern of bits for all
        return values.tobytes()
    return "\n".join(map(repr, column.to_pylist())).encode()
