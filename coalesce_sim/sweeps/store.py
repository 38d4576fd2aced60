"""The folder of one sweep, open for writing: what was acknowledged is there, whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from coalesce_sim.experiments.queues import as_text
from coalesce_sim.files import (
    UNFINISHED_FILE,
    Claim,
    digest_of_file,
    sealed_text,
    whole_file,
    write_errors,
    write_text,
)
from coalesce_sim.sweeps.facts import FACTS, FORMAT, read_facts
from coalesce_sim.sweeps.playing import Row
from coalesce_sim.sweeps.shards import Shards, rows_table

_FIRST_SHARDS = "shards-1"

_SMALL_SHARDS = 200
"""So many are merged into one, since each file takes a millisecond or two to open."""


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
        self.shards = Shards(path / _FIRST_SHARDS, None, 0, False)
        self._small: list[Path] = []

    def __enter__(self) -> Self:
        """Raises `FolderError` where the folder cannot be made, or another command is writing to it."""
        self._claim = Claim(self.path)
        try:
            if (facts := self.facts) is not None:
                self.shards = Shards.of(self.path, facts)
            self._clean()
        except BaseException:
            self._claim.release(used=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._claim.release(used=(self.path / FACTS).exists())

    @property
    def facts(self) -> dict[str, Any] | None:
        """What the folder says of the sweep it holds; None for a new one."""
        return read_facts(self.path) if (self.path / FACTS).exists() else None

    def others_files(self, names: Sequence[str]) -> Iterator[str]:
        """Which of such files, and of rows, are there, though the folder holds no sweep."""
        yield from (name for name in names if (self.path / name).exists())
        shards = self.path.glob("shards-[0-9]*")
        yield from (path.name for path in shards if path.is_file() or any(path.iterdir()))

    def begin(self, facts: Mapping[str, Any], rows: pa.Table | None = None) -> None:
        """Say what sweep the folder holds, with rows that it has already, or as they are.

        Facts and rows change together, or not at all if interrupted.
        """
        name = self.shards.path.name
        if rows is not None:
            name = f"shards-{1 + int(name.partition('-')[2])}"
        facts = {"format": FORMAT, "shards": name, **facts}
        shards = Shards.of(self.path, facts)
        shards.path.mkdir(exist_ok=True)
        if rows is not None and len(rows):
            shards.write(rows)
        self.write_json(FACTS, facts)
        self.shards = shards
        self._clean()

    def _clean(self) -> None:
        """Remove what an interrupted process left: unfinished files, rows of sweeps that were extended."""
        for pattern in (f"{UNFINISHED_FILE}*", f"shards-[0-9]*/{UNFINISHED_FILE}*"):
            for left in self.path.glob(pattern):
                left.unlink(missing_ok=True)
        if (self.path / FACTS).exists():
            for other in self.path.glob("shards-[0-9]*"):
                if other != self.shards.path:
                    shutil.rmtree(other)

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows down for good. Raises `WriteError` where that fails; earlier rows are not touched."""
        self._small.append(self.shards.write(self._table(rows)))
        if len(self._small) >= _SMALL_SHARDS:
            merged = pa.concat_tables(map(self.shards.read, self._small), promote_options="default")
            self._replace(self._small, merged)

    def compact(self, table: pa.Table) -> None:
        """Put all rows in one shard; interrupted, some rows are there twice, and count once."""
        before = self.shards.files()
        if len(before) != 1 or pq.read_metadata(before[0]).num_rows != len(table):
            self._replace(before, table)

    def _replace(self, before: Sequence[Path], table: pa.Table) -> None:
        """Have all rows of some shards in one."""
        whole = self.shards.write(table)
        for path in set(before) - {whole}:  # the same rows have the same name
            path.unlink()
        self._small.clear()

    def write(self, name: str, content: str | pa.Table) -> str:
        """Put a text or a table in the folder, whole, and tell its SHA-256. Raises `WriteError`."""
        path = self.path / name
        with write_errors(f"cannot write {str(path)!r}"), whole_file(path) as aside:
            if isinstance(content, str):
                write_text(aside, content)
            else:
                pq.write_table(content, aside, compression="zstd")
            return digest_of_file(aside)

    def write_json(self, name: str, facts: Mapping[str, Any]) -> None:
        """Put facts in the folder, whole, with their digest. Raises `WriteError`; ValueError for NaN."""
        self.write(name, sealed_text(facts))

    def remove(self, name: str) -> None:
        """Delete a file of an earlier state, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def _table(self, rows: Sequence[Row]) -> pa.Table:
        fixed = [
            {
                "point": row.run.point,
                "replication": row.run.replication,
                "seed": row.seed,
                "scenario_sha256": row.key,
                "attempt": self.attempt,
                "wall_s": row.wall_s,
                "error": row.error,
                "traceback": row.traceback,
                "queues": as_text(row.queues),
                "each": row.each,
            }
            for row in rows
        ]
        return rows_table(fixed, [row.metrics for row in rows])
