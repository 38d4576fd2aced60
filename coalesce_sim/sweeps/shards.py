"""Rows of runs in files named by the digest of their bytes: read as they were written, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.files import ResultsError, whole_file, write_errors
from coalesce_sim.sweeps.facts import UNCHECKED, identity, own_seed

_FIXED = pa.schema(
    [
        ("point", pa.int64()),
        ("replication", pa.int32()),
        ("seed", pa.int64()),
        ("scenario_sha256", pa.string()),
        ("attempt", pa.int32()),
        ("wall_s", pa.float64()),
        ("error", pa.string()),
        ("traceback", pa.string()),
        ("queues", pa.string()),
        ("each", pa.string()),
    ]
)
COLUMNS = tuple(_FIXED.names)
"""Columns of every shard, before one column of numbers for each metric; `each` are figures of single
contractors and clients, as JSON, where they are kept."""

_ALWAYS_READ = ("point", "replication", "seed", "scenario_sha256", "attempt", "error")

_SWEEP = b"sweep"
"""Under this name a shard's metadata say which sweep its rows belong to."""

_CURE = "move it away to have its runs played again"


@dataclass(frozen=True, slots=True)
class Done:
    """What the store holds, sorted by point and replication: one entry a run, the latest attempt of each.

    `value` is the metric that was asked for, NaN where undefined or failed.
    """

    point: IntArray
    replication: NDArray[np.int32]
    attempt: NDArray[np.int32]
    failed: BoolArray
    value: FloatArray


@dataclass(frozen=True, slots=True)
class Shards:
    """The folder of a sweep's rows.

    `sweep` is the identity that each file must carry. Where it is None, as in folders of version 0.3, files
    carry none, nor a digest. `seed` is that of all rows or, where points have `own_luck`, the one that theirs
    follow from.
    """

    path: Path
    sweep: str | None
    seed: int
    own_luck: bool

    @classmethod
    def of(cls, folder: Path, facts: Mapping[str, Any]) -> Self:
        """Those of the sweep that a folder says it holds."""
        sweep = None if facts["format"] == UNCHECKED else identity(facts)
        own_luck = not facts["specification"].get("common_random_numbers", True)
        return cls(folder / facts["shards"], sweep, facts["seed"], own_luck)

    def files(self) -> list[Path]:
        """The files of rows, in no order that means anything."""
        return sorted(self.path.glob("[!.]*.parquet"))

    def write(self, table: pa.Table) -> Path:
        """Put rows in a file of their own, whole. Raises `WriteError`."""
        buffer = pa.BufferOutputStream()
        about = None if self.sweep is None else {_SWEEP: self.sweep.encode()}
        pq.write_table(table.replace_schema_metadata(about), buffer, compression="zstd")
        content = buffer.getvalue()
        path = self.path / f"{hashlib.sha256(content).hexdigest()}.parquet"
        with write_errors(f"cannot write {str(path)!r}"), whole_file(path) as aside:
            aside.write_bytes(content)
        return path

    def read(self, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one file.

        `columns` restricts what is read; what says whose rows they are is read anyway. Raises `ResultsError`
        for a file that cannot be read, is not what was written, or holds rows of another sweep, and
        FileNotFoundError for one that has been merged into another since it was listed.
        """
        try:
            content = path.read_bytes()
            if self.sweep is not None and hashlib.sha256(content).hexdigest() != path.stem:
                raise ResultsError(f"{path}: is not what it was when it was written; {_CURE}")
            with pq.ParquetFile(pa.BufferReader(content)) as file:
                about = file.schema_arrow.metadata or {}
                if self.sweep is not None and about.get(_SWEEP) != self.sweep.encode():
                    other = "holds rows of another sweep (other settings, seed, files or version)"
                    raise ResultsError(f"{path}: {other}; {_CURE}")
                if columns is not None:
                    wanted = dict.fromkeys([*_ALWAYS_READ, *columns])
                    columns = [name for name in wanted if name in file.schema_arrow.names]
                table = file.read(columns).replace_schema_metadata(None)
        except FileNotFoundError:
            raise  # merged into another since it was listed
        except (OSError, pa.ArrowException) as error:
            raise ResultsError(f"{path}: cannot be read: {error}; {_CURE}") from error
        if message := _misfit(table.schema):
            raise ResultsError(f"{path}: {message}; {_CURE}")
        self._refuse_other_seeds(path, table)
        return table

    def _refuse_other_seeds(self, path: Path, table: pa.Table) -> None:
        pairs = table.select(["seed", "scenario_sha256"]).group_by(["seed", "scenario_sha256"]).aggregate([])
        for seed, key in zip(pairs["seed"].to_pylist(), pairs["scenario_sha256"].to_pylist(), strict=True):
            # Levels that make no scenario together have neither key nor seed.
            wanted = own_seed(self.seed, key) if self.own_luck else self.seed
            if key and seed != wanted:
                raise ResultsError(f"{path}: holds rows of another seed ({seed}, not {wanted}); {_CURE}")


def _misfit(schema: pa.Schema) -> str | None:
    """What is wrong with the columns of a file, which anybody may have put there; None if nothing is."""
    for name in _ALWAYS_READ:
        if name not in schema.names:
            return f"has no column {name!r}"
    for name in schema.names:
        if schema.names.count(name) > 1:
            return f"has several columns {name!r}"
        held, wanted = schema.field(name).type, _FIXED.field(name).type if name in COLUMNS else pa.float64()
        if held != wanted:
            return f"holds {held} in column {name!r}, not {wanted}"
    return None


def rows_table(rows: Sequence[Mapping[str, Any]], metrics: Sequence[Mapping[str, float]]) -> pa.Table:
    """Rows as shards have them: what is fixed of each, and its metrics."""
    names = list(dict.fromkeys(name for each in metrics for name in each))
    columns = [pa.array([row[each.name] for row in rows], each.type) for each in _FIXED]
    figures = [pa.array([each.get(name) for each in metrics], pa.float64()) for name in names]
    return pa.table([*columns, *figures], names=[*_FIXED.names, *names])


def read_rows(shards: Shards, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of all shards: one a run, sorted by point and replication.

    Of several attempts a good one counts, else the last. Metrics that a run does not have are null.
    `columns` restricts what is read. Raises `ResultsError` for a shard that cannot be read or does not belong
    there.
    """
    tables: list[pa.Table] = []
    scenarios: dict[int, str] = {}
    for path in shards.files():
        try:
            tables.append(shards.read(path, columns))
        except FileNotFoundError:
            return read_rows(shards, columns)
        _refuse_other_scenarios(path, tables[-1], scenarios)
    if not tables:
        return _FIXED.empty_table()
    together = pa.concat_tables(tables, promote_options="default")
    bad = np.asarray(pc.is_valid(together["error"]))
    point, replication, attempt = (together[name].to_numpy() for name in ("point", "replication", "attempt"))
    order = np.lexsort((-attempt, bad, replication, point))
    point, replication = point[order], replication[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (point[1:] != point[:-1]) | (replication[1:] != replication[:-1])
    return together.take(pa.array(order[first])).combine_chunks()


def _refuse_other_scenarios(path: Path, table: pa.Table, scenarios: dict[int, str]) -> None:
    """All rows of a point are of one scenario; `scenarios` are those met so far, by point."""
    pairs = table.select(["point", "scenario_sha256"]).group_by(["point", "scenario_sha256"]).aggregate([])
    for point, key in zip(pairs["point"].to_pylist(), pairs["scenario_sha256"].to_pylist(), strict=True):
        if key and scenarios.setdefault(point, key) != key:
            raise ResultsError(f"{path}: holds rows of another scenario at point {point}; {_CURE}")


def read_done(shards: Shards, metric: str | None) -> Done:
    """Which runs are there, and the metric that decides how many there are to be, if one does."""
    rows = read_rows(shards, [] if metric is None else [metric])
    known = metric is not None and metric in rows.column_names
    return Done(
        rows["point"].to_numpy(),
        rows["replication"].to_numpy(),
        rows["attempt"].to_numpy(),
        np.asarray(pc.is_valid(rows["error"])),
        rows[metric].to_numpy().astype(float) if known else np.full(len(rows), np.nan),
    )
