"""Parquet files that grow table by table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from coalesce_sim.files import Folder

ROWS_PER_GROUP = 65_536


class ParquetStream:
    """A Parquet file that grows table by table, in row groups of `ROWS_PER_GROUP`; used as a context.

    The bytes depend on the rows and their order, not on how they were cut into tables. `about` goes into the
    file's metadata. Without any table there is no file.
    """

    def __init__(self, folder: Folder, name: str, about: Mapping[str, str]) -> None:
        self._folder = folder
        self._path = folder.aside / name
        self._about = about
        self._writer: pq.ParquetWriter | None = None
        self._empty: pa.Table | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            if self._writer is None and not self._waiting and self._empty is not None:
                self._waiting.append(self._empty)
            self._write_waiting()
            if self._writer is not None:
                with self._folder.writing():
                    self._writer.close()
        elif self._writer is not None:
            with suppress(OSError):  # there is an error already; nobody will read this file
                self._writer.close()

    def add(self, table: pa.Table) -> None:
        """Append rows, if any."""
        if self._empty is None:
            self._empty = table.slice(0, 0)
        while self._rows + len(table) >= ROWS_PER_GROUP:
            room = ROWS_PER_GROUP - self._rows
            self._waiting.append(table.slice(0, room))
            self._write_waiting()
            table = table.slice(room)
        if len(table):
            self._waiting.append(table)
            self._rows += len(table)

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        group = pa.concat_tables(self._waiting).unify_dictionaries().combine_chunks()
        with self._folder.writing():
            if self._writer is None:
                schema = group.schema.with_metadata(self._about)
                self._writer = pq.ParquetWriter(self._path, schema, compression="zstd")
            self._writer.write_table(group, row_group_size=ROWS_PER_GROUP)
        self._waiting.clear()
        self._rows = 0
