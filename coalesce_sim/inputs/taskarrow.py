"""Explicit tasks from the columns of an Arrow table, all rows of a column at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.csvfile import MOST_PROBLEMS
from coalesce_sim.inputs.taskcolumns import MAY_BE_EMPTY, WORDS, YES_AND_NO, TaskColumns, Vocabulary, Words
from coalesce_sim.scenario.distributions import LEAST, MOST, misfit
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown
from coalesce_sim.scenario.workload import ABOVE_ZERO

MAGIC = b"PAR1"
"""With this begins a Parquet file."""

_WHOLE = frozenset(("client", "logged.attempts"))


def parquet_columns(file: str, content: bytes, wanted: Collection[str]) -> tuple[pa.Table, tuple[str, ...]]:
    """The wanted columns of a Parquet file, each once, and the names of the others, which are not read; what
    stands in a column ``logged`` of structs counts as ``logged.to`` and so on.

    Raises ScenarioError where it cannot be read.
    """
    tops = {name.partition(".")[0] for name in wanted}
    try:
        source = pq.ParquetFile(pa.BufferReader(content))
        names = source.schema_arrow.names
        for name, times in Counter(names).items():
            if times > 1 and (name in wanted or name in tops):
                raise ScenarioError([Problem(file, None, name, f"is the name of {times} columns")])
        chosen = [name for name in names if name in wanted or name in tops]
        table = source.read(columns=chosen).flatten()
        return table, tuple(name for name in names if name not in chosen)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ScenarioError([Problem(file, None, "", f"is no Parquet file: {reason}")]) from None


def csv_columns(content: bytes, columns: Mapping[str, str]) -> pa.Table | None:
    """The columns of a CSV file that is plain: None where it is not, or anything in it does not fit, of which
    rows have to be told one by one."""
    if content.count(b"\r") != content.count(b"\r\n") or not _are_around_cells(content):
        return None
    kinds = {
        column: pa.string() if name in WORDS else pa.bool_() if name == "logged.good" else pa.float64()
        for name, column in columns.items()
        if name != "arrival_s"
    }
    try:
        return _plain(content, list(columns.values()), kinds)
    except pa.ArrowException:
        return None


def csv_texts(content: bytes, column: str) -> pa.ChunkedArray:
    """A column of such a file as it is written."""
    return _plain(content, [column], {column: pa.string()})[column]


def _plain(content: bytes, columns: list[str], kinds: Mapping[str, pa.DataType]) -> pa.Table:
    yes, no = YES_AND_NO
    header_ends = content.find(b"\n") + 1
    return pyarrow.csv.read_csv(
        pa.BufferReader(content),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=content.find(b'"', header_ends) >= 0),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(dict.fromkeys(columns)),
            column_types=kinds,
            null_values=[""],
            strings_can_be_null=True,
            true_values=list(yes),
            false_values=list(no),
        ),
    )


def read_by_column(
    file: str,
    table: pa.Table,
    columns: Mapping[str, str],
    vocabulary: Vocabulary,
    line_of: Callable[[int], int] | None,
) -> TaskColumns:
    """The tasks of a table that has all the columns named, in the order in which they stand there.

    Raises ScenarioError with what does not fit, up to 20 problems.
    """
    reading = _Reading(file, table, columns, line_of)
    words = {name: reading.words(name, vocabulary) for name in columns if name in WORDS}
    numbers = [name for name in columns if name not in WORDS and name != "arrival_s"]
    values = {name: reading.numbers(name) for name in numbers}
    begins = None
    if "arrival_s" in columns:
        values["arrival_s"], begins = reading.arrivals()
    if reading.problems:
        raise ScenarioError(reading.problems[:MOST_PROBLEMS])
    return TaskColumns(file, columns, values, words, len(table), line_of, begins=begins)


class _Reading:
    """Reads columns, and keeps what is wrong with them."""

    def __init__(
        self, file: str, table: pa.Table, columns: Mapping[str, str], line_of: Callable[[int], int] | None
    ) -> None:
        self._table = table
        self._blank = TaskColumns(file, columns, {}, {}, len(table), line_of)
        self.problems: list[Problem] = []

    def _refuse(self, which: BoolArray, field: str, say: Callable[[int], str]) -> None:
        rows = np.flatnonzero(which)[: MOST_PROBLEMS - len(self.problems)]
        self.problems += (self._blank.problem(row, field, say(row)) for row in rows.tolist())

    def _column(self, field: str) -> pa.ChunkedArray:
        """A column; rows that leave it empty are refused unless they may."""
        column = self._table[self._blank.columns[field]]
        if column.null_count and field not in MAY_BE_EMPTY:
            self._refuse(_missing(column), field, lambda _: "missing")
        return column

    def words(self, field: str, vocabulary: Vocabulary) -> Words:
        names, which = self._words(field)
        objections = {place: vocabulary.objection(field, name) for place, name in enumerate(names)}
        if wrong := {place: message for place, message in objections.items() if message}:
            self._refuse(np.isin(which, [*wrong]), field, lambda row: wrong[which.item(row)])
        return Words(names, which)

    def _words(self, field: str) -> Words:
        column = self._column(field)
        if field == "session" and pa.types.is_integer(column.type):
            sessions: IntArray = pc.fill_null(column.cast(pa.int64()), -1).to_numpy()
            wrong = (sessions < 0) & ~_missing(column)
            self._refuse(wrong, field, lambda row: f"must be >= 0 (got {sessions[row]})")
            return Words((), sessions)
        array = column.unify_dictionaries().combine_chunks()
        if not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        which = pc.fill_null(array.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        if field == "session":
            return Words((), which)
        names = [str(each).strip(" \t") for each in array.dictionary.to_pylist()]
        if len(set(names)) == len(names) and "" not in names:
            return Words(tuple(names), which)
        once = {name: place for place, name in enumerate(dict.fromkeys(filter(None, names)))}
        place = np.array([once.get(name, -1) for name in names], dtype=np.int64)
        return Words(tuple(once), np.where(which < 0, -1, place[which]))

    def numbers(self, field: str) -> FloatArray:
        column = self._column(field)
        if field == "logged.good":
            return self._yes_or_no(column)
        if not _is_numeric(column.type):
            present = ~_missing(column)
            self._refuse(present, field, lambda row: f"must be a number (got {shown(column[row].as_py())})")
            return np.full(len(column), np.nan)
        values: FloatArray = column.cast(pa.float64()).to_numpy() + 0.0
        positive = field in ABOVE_ZERO
        fits = (values >= 0) & (values <= MOST) & ((values >= LEAST) | ((values == 0) & (not positive)))
        if field in _WHOLE:
            fits &= values == np.floor(values)
        if field == "logged.attempts":
            fits &= values >= 1
        self._refuse(~(fits | _missing(column)), field, lambda row: _not_so(field, values.item(row)))
        return values

    def _yes_or_no(self, column: pa.ChunkedArray) -> FloatArray:
        if not pa.types.is_boolean(column.type):
            say = "must be true or false"
            self._refuse(
                ~_missing(column), "logged.good", lambda row: f"{say} (got {shown(column[row].as_py())})"
            )
            return np.zeros(len(column))
        values: FloatArray = pc.fill_null(column, False).to_numpy().astype(np.float64)
        return values

    def arrivals(self) -> tuple[FloatArray, datetime | None]:
        column = self._column("arrival_s")
        if not pa.types.is_timestamp(column.type):
            if not _is_numeric(column.type):
                told = "must be seconds or a timestamp"
                self._refuse(
                    ~_missing(column), "arrival_s", lambda row: f"{told} (got {shown(column[row].as_py())})"
                )
                return np.zeros(len(column)), None
            values: FloatArray = column.cast(pa.float64()).to_numpy() + 0.0
            fits = (values >= 0) & (values <= MOST) & ((values == 0) | (values >= LEAST))
            wrong = ~(fits | _missing(column))
            self._refuse(wrong, "arrival_s", lambda row: _not_so("arrival_s", values.item(row)))
            return values, None
        kind = pa.timestamp("us", column.type.tz)
        moments = pc.fill_null(column.cast(kind, safe=False).cast(pa.int64()), 0).to_numpy()
        first = int(moments.min())
        begins: datetime = pa.scalar(first, kind).as_py()
        return (moments - first) / 1e6, begins


def _are_around_cells(content: bytes) -> bool:
    """Whether all quotes stand where a cell begins or ends, and none within."""
    begin = sum(map(content.count, (b',"', b'\n"'))) + content.startswith(b'"')
    end = sum(map(content.count, (b'",', b'"\n', b'"\r'))) + content.endswith(b'"')
    return begin + end == content.count(b'"')


def _missing(column: pa.ChunkedArray) -> BoolArray:
    missing: BoolArray = column.is_null().to_numpy()
    return missing


def _is_numeric(kind: pa.DataType) -> bool:
    return any(each(kind) for each in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def _not_so(field: str, value: float) -> str:
    """What a number must be that is not as its field asks."""
    got = f"(got {value:g})"
    if np.isnan(value):
        return f"must be a number {got}"
    if message := misfit(value, positive=field in ABOVE_ZERO):
        return f"{message} {got}"
    return f"must be >= 1 {got}" if value == np.floor(value) else f"must be a whole number {got}"
