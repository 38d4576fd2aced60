"""The columns of a file of tasks, by whichever way is quickest and tells what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from coalesce_sim.inputs.csvfile import decoded, header_of, line_of_row, read_text, read_whole
from coalesce_sim.inputs.taskarrow import (
    MAGIC,
    csv_columns,
    csv_texts,
    parquet_columns,
    read_by_column,
)
from coalesce_sim.inputs.taskcolumns import TaskColumns, Vocabulary
from coalesce_sim.inputs.taskfile import read_by_row
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.workload import COLUMNS, LOG_NEEDS, OF_LOG, Csv, FromFile

_NEEDED = ("type", "arrival_s")
_LONGEST_HEADER = 1_000_000


def read_columns(source: FromFile, place: str, vocabulary: Vocabulary) -> TaskColumns:
    """The tasks of a file, in the order in which they stand there.

    A plain CSV file and a Parquet file are read a column at a time; a CSV file with quotes, and one in which
    anything does not fit, row by row. `place` is the field of the scenario that names it, `vocabulary` what
    words there may be. Raises ScenarioError.
    """
    file, content = source.path, read_whole(source.path, place).data
    if content.startswith(MAGIC) and not isinstance(source, Csv):
        return _from_parquet(source, place, content, vocabulary)
    text = decoded(file, content)
    header = header_of(file, text[:_LONGEST_HEADER])
    columns, unread = _columns(source, header, 1)
    try:
        read = _by_column(source, content, header, columns, vocabulary)
    except ScenarioError:  # told row by row, with everything else that is wrong
        read = None
    if read is None:
        read = read_by_row(file, place, text, columns, vocabulary, source.limit)
    return replace(read, unread=unread)


def _columns(
    source: FromFile, names: list[str], line: int | None
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """By field of a task the column that holds it, and which others there are; `line` has their names."""
    if isinstance(source, Csv):
        return source.columns, ()
    there = {name: name for name in COLUMNS if name in names}
    needed = (*_NEEDED, *(LOG_NEEDS if any(name in there for name in OF_LOG) else ()))
    if missing := [name for name in needed if name not in there]:
        found = ", ".join(names) or "none"
        message = f"no such column (expected: {', '.join(needed)}; found: {found})"
        raise ScenarioError([Problem(source.path, line, ", ".join(missing), message)])
    return there, tuple(name for name in names if name and name not in there)


def _from_parquet(source: FromFile, place: str, content: bytes, vocabulary: Vocabulary) -> TaskColumns:
    table, unread = parquet_columns(source.path, content, COLUMNS)
    columns, _ = _columns(source, [*table.column_names, *unread], None)
    table = table.slice(0, source.limit)
    if not len(table):
        raise ScenarioError([Problem("", None, place, f"{source.path}: has no rows")])
    return replace(read_by_column(source.path, table, columns, vocabulary, None), unread=unread)


def _by_column(
    source: FromFile, content: bytes, header: list[str], columns: Mapping[str, str], vocabulary: Vocabulary
) -> TaskColumns | None:
    """The tasks of a plain CSV file; None where it is not one."""
    if not set(columns.values()) <= set(header) or max(Counter(header).values()) > 1:
        return None
    table = csv_columns(content, columns)
    if table is None or not len(table):
        return None
    arrival = columns.get("arrival_s")
    if arrival is not None and not _are_arrivals(table[arrival].type):
        return None
    table = table.slice(0, source.limit)

    def line_of(row: int) -> int:
        return line_of_row(source.path, read_text(source.path, ""), row)

    read = read_by_column(source.path, table, columns, vocabulary, line_of)
    if arrival is not None and read.begins is not None and table[arrival].type.tz is not None:
        first = int(np.argmin(read.values["arrival_s"]))
        written = csv_texts(content, arrival)[first].as_py().strip(" \t")
        read = replace(read, begins=datetime.fromisoformat(written))
    return read


def _are_arrivals(kind: pa.DataType) -> bool:
    """Whether a column was understood, as seconds or as timestamps."""
    return any(each(kind) for each in (pa.types.is_timestamp, pa.types.is_integer, pa.types.is_floating))
