"""Rows of runs on disk: what is there was written whole, and what was acknowledged is there."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.errors import CoalesceError
from coalesce_sim.files import UNFINISHED_FILE, FolderError, json_text, whole_file, write_errors, write_text
from coalesce_sim.provenance import is_newer
from coalesce_sim.sweeps.playing import Row
from coalesce_sim.version import __version__

FORMAT = 1
"""Of the folder's files; a folder of a later format was made by a later version."""

FACTS = "sweep.json"
_FIRST_SHARDS = "shards-1"
_LOCK = ".lock"

_SMALL_SHARDS = 200
"""So many are merged into one, since each file takes a millisecond or two to open."""

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
    ]
)
COLUMNS = tuple(_FIXED.names)
"""Columns of every shard, before one column of numbers for each metric."""


class ResultsError(CoalesceError, ValueError):
    """Raised where a folder of results cannot be read, gone on with, or drawn as asked."""


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


class Store:
    """The folder of one sweep, open for writing; used as a context, in which nobody else can write to it.

    Rows are added shard by shard: a Parquet file written aside, flushed to the disk and renamed. A process
    killed at any moment leaves whole shards, and perhaps one unfinished file that the next one removes.
    `shards` is the folder of the rows. `attempt` is written beside each; of a run's rows a good one counts,
    else the last attempt.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempt = 0
        self._small: list[Path] = []

    def __enter__(self) -> Self:
        """Raises `FolderError` where the folder cannot be made, or another sweep is writing to it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # The lock goes with this process, however it ends; worker processes do not inherit it.
            self._lock = FileLock(self.path / _LOCK, thread_local=False)
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise FolderError(
                f"another sweep is writing to {str(self.path)!r}; wait for it, or give another folder"
            ) from error
        except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
            reason = getattr(error, "strerror", None) or error
            raise FolderError(f"cannot write to the folder {str(self.path)!r}: {reason}") from error
        try:
            facts = self.facts
            self.shards = self.path / (_FIRST_SHARDS if facts is None else facts["shards"])
            self._clean()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if os.name == "nt":  # where nothing that is open can be removed, by whomever
            self._lock.release()
        if not (self.path / FACTS).exists():  # of a sweep that never began nothing is to be left
            with suppress(OSError):
                (self.path / _LOCK).unlink(missing_ok=True)
                self.path.rmdir()
        self._lock.release()

    @property
    def facts(self) -> dict[str, Any] | None:
        """What the folder says of the sweep it holds; None for a new one."""
        return read_facts(self.path) if (self.path / FACTS).exists() else None

    def begin(self, facts: Mapping[str, Any], rows: pa.Table | None = None) -> None:
        """Say what sweep the folder holds, with rows that it has already, or as they are.

        Facts and rows change together, or not at all if interrupted.
        """
        shards = self.shards
        if rows is not None:
            shards = shards.with_name(f"shards-{1 + int(shards.name.partition('-')[2])}")
        shards.mkdir(exist_ok=True)
        if rows is not None and len(rows):
            self._write_shard(rows, shards)
        self.write_json(FACTS, {"format": FORMAT, "shards": shards.name, **facts})
        self.shards = shards
        self._clean()

    def _clean(self) -> None:
        """Remove what an interrupted process left: unfinished files, rows of sweeps that were extended."""
        for pattern in (f"{UNFINISHED_FILE}*", f"shards-[0-9]*/{UNFINISHED_FILE}*"):
            for left in self.path.glob(pattern):
                left.unlink(missing_ok=True)
        if (self.path / FACTS).exists():
            for other in self.path.glob("shards-[0-9]*"):
                if other != self.shards:
                    shutil.rmtree(other)

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows down for good. Raises `WriteError` where that fails; earlier rows are not touched."""
        self._small.append(self._write_shard(self._table(rows), self.shards))
        if len(self._small) >= _SMALL_SHARDS:
            merged = pa.concat_tables(map(_read_shard, self._small), promote_options="default")
            self._write_shard(merged, self.shards)
            for path in self._small:
                path.unlink()
            self._small.clear()

    def compact(self, table: pa.Table) -> None:
        """Put all rows in one shard; interrupted, some rows are there twice, and count once."""
        before = files(self.shards)
        if len(before) == 1 and pq.read_metadata(before[0]).num_rows == len(table):
            return
        self._write_shard(table, self.shards)
        for path in before:
            path.unlink()
        self._small.clear()

    def write(self, name: str, content: str | pa.Table) -> None:
        """Put a text or a table in the folder, whole. Raises `WriteError`."""
        with _whole(self.path / name) as aside:
            if isinstance(content, str):
                write_text(aside, content)
            else:
                pq.write_table(content, aside, compression="zstd")

    def write_json(self, name: str, facts: Mapping[str, Any]) -> None:
        """Put facts in the folder, whole. Raises `WriteError`; ValueError for NaN, which JSON has not."""
        self.write(name, json_text(facts))

    def remove(self, name: str) -> None:
        """Delete a file of an earlier state, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def _table(self, rows: Sequence[Row]) -> pa.Table:
        names = list(dict.fromkeys(name for row in rows for name in row.metrics))
        fixed = {
            "point": [row.run.point for row in rows],
            "replication": [row.run.replication for row in rows],
            "seed": [row.seed for row in rows],
            "scenario_sha256": [row.key for row in rows],
            "attempt": [self.attempt] * len(rows),
            "wall_s": [row.wall_s for row in rows],
            "error": [row.error for row in rows],
            "traceback": [row.traceback for row in rows],
        }
        metrics = {name: pa.array([row.metrics.get(name) for row in rows], pa.float64()) for name in names}
        columns = [pa.array(fixed[each.name], each.type) for each in _FIXED]
        return pa.table([*columns, *metrics.values()], names=[*_FIXED.names, *metrics])

    def _write_shard(self, table: pa.Table, folder: Path) -> Path:
        path = folder / f"{uuid.uuid4().hex}.parquet"
        with _whole(path) as aside:
            pq.write_table(table, aside, compression="zstd")
        return path


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    with write_errors(f"cannot write {str(path)!r}"), whole_file(path) as aside:
        yield aside


def files(shards: Path) -> list[Path]:
    """The files of rows in a folder of shards, in no order that means anything."""
    return sorted(shards.glob("[!.]*.parquet"))


def read_facts(folder: Path) -> dict[str, Any]:
    """What a folder says of its sweep. Raises `ResultsError` for one that holds none, or a newer one."""
    path = folder / FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{str(folder)!r} holds no sweep: there is no {FACTS}") from None
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise ResultsError(f"{path}: says no format: it is not the file of a sweep")
    if facts["format"] > FORMAT:
        version = facts.get("provenance", {}).get("coalesce_sim", "a newer version")
        raise ResultsError(
            f"{path}: has format {facts['format']}, written by coalesce_sim {version}; this version reads up "
            f"to format {FORMAT}: install a newer one"
        )
    version = str(facts.get("provenance", {}).get("coalesce_sim", "0"))
    if is_newer(version):
        raise ResultsError(f"{path}: written by coalesce_sim {version}, newer than this one, {__version__}")
    return facts


def read_rows(shards: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of all shards: one a run, sorted by point and replication.

    Of several attempts a good one counts, else the last. Metrics that a run does not have are null.
    `columns` restricts what is read; point, replication, attempt and error are read anyway.
    Raises `ResultsError` for a shard that cannot be read.
    """
    tables = [_read_shard(path, columns) for path in files(shards)]
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


def read_done(shards: Path, metric: str | None) -> Done:
    """Which runs are there, and the metric that decides how many there are to be, if one does."""
    wanted = ["point", "replication", "attempt", "error"]
    rows = read_rows(shards, wanted if metric is None else [*wanted, metric])
    known = metric is not None and metric in rows.column_names
    return Done(
        rows["point"].to_numpy(),
        rows["replication"].to_numpy(),
        rows["attempt"].to_numpy(),
        np.asarray(pc.is_valid(rows["error"])),
        rows[metric].to_numpy().astype(float) if known else np.full(len(rows), np.nan),
    )


def _read_shard(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            if columns is not None:
                columns = [name for name in columns if name in file.schema_arrow.names]
            return file.read(columns)
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(
            f"{path}: cannot be read: {error}; move it away to have its runs played again"
        ) from error
