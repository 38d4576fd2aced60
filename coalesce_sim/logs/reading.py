"""Read logs a stretch of rows at a time, and of each row only the columns that are needed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from coalesce_sim.files import digest_of_file
from coalesce_sim.logs.jsonrows import read_objects
from coalesce_sim.logs.opening import DAMAGED, STDIN, Opened, open_log, refusal
from coalesce_sim.logs.sources import FIELDS, NEEDED, SOURCES, Paths, Release, Source
from coalesce_sim.scenario.problems import closest

_BLOCK: Final = 1 << 22
_MOST_OPEN: Final = 1 << 28
"""Bytes after which a quote that nobody closes is taken for one that stands in a cell."""

_ROWS: Final = 1 << 16
_JSON_ROWS: Final = 20_000
_FAMILIES: Final = (*(group for group in NEEDED if len(group) > 1), ("first", "first_s", "first_ms"))
"""Fields of which one goes for another."""

_NULLS: Final = ["", "NULL", "null", "None", "NaN", "nan", "\\N"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows of a log: by field an array, None where the log has no such column.

    `first` is the number of the first row, from 1.
    """

    rows: int
    first: int
    cells: Mapping[str, pa.Array]


@dataclass(slots=True)
class LogFile:
    """A log that is being read, and what came to light on the way."""

    name: str
    release: str = ""
    sha256: str = ""
    rows: int = 0
    fields: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    torn: int = 0
    first_torn: int | None = None
    told: list[str] = field(default_factory=list)


def read_log(name: str, source: Source, own: Mapping[str, str], log: LogFile) -> Iterator[Stretch]:
    """The rows of a file; `own` are columns that the user names, by field, and `log` learns of the file.

    Raises `ScenarioError` for what is no such log, with the columns that are missing.
    """
    opened = open_log(name)
    log.told += opened.told
    read = {"parquet": _parquet, "json": _json, "table": _table}[opened.form]
    try:
        yield from read(opened, source, own, log)
        by_name = opened.form == "parquet" and name != STDIN
        log.sha256 = digest_of_file(Path(name)) if by_name else opened.raw.finish()
    except DAMAGED as error:
        raise refusal(name, log.rows + 1, "", f"cannot be read on: {error}") from None
    finally:
        opened.content.close()
        opened.raw.close()
    if log.rows == 0:
        raise refusal(name, None, "", "has no rows")


def _chosen(
    name: str, columns: Sequence[str], source: Source, own: Mapping[str, str], log: LogFile
) -> dict[str, Paths]:
    """By field the columns that hold it. Raises `ScenarioError` naming those that are missing."""
    release = source.release(columns)
    strange = {each: column for each, column in own.items() if column.partition("/")[0] not in columns}
    for each, column in strange.items():
        near = closest(column, columns)
        hint = f"; did you mean {near!r}?" if near else ""
        raise refusal(name, None, column, f"no such column, but --columns {each}={column} names it{hint}")
    paths: dict[str, Paths] = {each: (column,) for each, column in own.items()}
    for each, options in release.paths.items():
        there = tuple(path for path in options if path.partition("/")[0] in columns)
        if there and each not in paths and not _stands_in(each, own):
            paths[each] = there
    if "currency" in columns:
        paths.setdefault("currency", ("currency",))
    _check(name, columns, source, release, paths)
    log.release = release.name
    log.fields = tuple(each for each in FIELDS if each in paths)
    read = {path.partition("/")[0] for options in paths.values() for path in options}
    log.unread = tuple(each for each in columns if each not in read)
    return paths


def _stands_in(name: str, own: Mapping[str, str]) -> bool:
    """Whether the user names a column for a field that goes before this one."""
    family = next((group for group in _FAMILIES if name in group), (name,))
    return any(each in own for each in family)


def _check(
    name: str, columns: Sequence[str], source: Source, release: Release, paths: Mapping[str, Paths]
) -> None:
    lacking = [group for group in NEEDED if not any(each in paths for each in group)]
    if not lacking:
        return
    wanted = []
    for group in lacking:
        known = [path for each in group for path in release.paths.get(each, ())]
        wanted.append(" or ".join(dict.fromkeys(known)))
    known_as = f"an export of {source.tool} ({release.name}) has it"
    own = "name yours with --columns field=column" if source.kind == "csv" else known_as
    other = next((each.kind for each in SOURCES.values() if each != source and each.wrote(columns)), None)
    meant = f"; this looks like an export of the kind {other}" if other else ""
    found = ", ".join(columns[:40]) + (", …" if len(columns) > 40 else "")
    message = f"no such column; {own}{meant}; found: {found}"
    raise refusal(name, None, ", ".join(wanted), message)


def _cells(table: Any, paths: Mapping[str, Paths]) -> dict[str, pa.Array]:
    """Fields of a batch of columns; of several columns the first that has something."""
    return {name: reduce(pc.coalesce, _alike(_parts(table, options))) for name, options in paths.items()}


def _parts(table: Any, options: Paths) -> Iterator[pa.Array]:
    """What several columns have for a field, as long as any row has nothing yet."""
    lacking, searched = True, set()
    for path in options:
        top, _, below = path.partition("/")
        column = _whole(table.column(top))
        if pa.types.is_string(column.type) and below:
            key = (top, below.rpartition("/")[2])
            if key in searched:
                continue
            searched.add(key)
        if lacking:
            part = _nested(column, below.split("/") if below else ())
            lacking = part.null_count > 0
            yield part


def _alike(parts: Iterator[pa.Array]) -> list[pa.Array]:
    """Arrays of one type, of text where theirs differ."""
    found = list(parts)
    return found if len({part.type for part in found}) == 1 else [part.cast(pa.string()) for part in found]


def _whole(column: Any) -> pa.Array:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if (
        pa.types.is_large_string(array.type)
        or pa.types.is_boolean(array.type)
        or pa.types.is_decimal(array.type)
    ):
        array = array.cast(pa.string())
    return array


def _nested(array: pa.Array, keys: Sequence[str]) -> pa.Array:
    """What stands under keys in a struct, a map, or a text that is JSON."""
    for place, key in enumerate(keys):
        if pa.types.is_string(array.type):
            return _in_text(array, keys[place:])
        if pa.types.is_struct(array.type):
            if array.type.get_field_index(key) < 0:
                return pa.nulls(len(array), pa.string())
            array = pc.struct_field(array, key)
        elif pa.types.is_map(array.type):
            array = pc.map_lookup(array, pa.scalar(key, array.type.key_type), "first")
        else:
            return pa.nulls(len(array), pa.string())
    return _whole(array)


def _without_nothing(column: Any) -> pa.Array:
    """A column in which words for nothing are nothing."""
    array = _whole(column)
    if pa.types.is_string(array.type):
        return pc.if_else(pc.is_in(array, pa.array(_NULLS)), pa.scalar(None, pa.string()), array)
    return array


def _in_text(array: pa.Array, keys: Sequence[str]) -> pa.Array:
    """The number or word that stands behind the last key of a path in JSON text.

    Keys stand in quotes that no backslash precedes, so that what is quoted within a value does not count.
    """
    pattern = rf'(?:^|[{{,\s])"{re.escape(keys[-1])}"\s*:\s*"?(?P<v>[^",}}\]\s]+)'
    found = pc.struct_field(pc.extract_regex(array, pattern), "v")
    return pc.if_else(pc.equal(found, "null"), pa.scalar(None, pa.string()), found)


def _table(opened: Opened, source: Source, own: Mapping[str, str], log: LogFile) -> Iterator[Stretch]:
    paths = _chosen(opened.name, opened.header, source, own, log)
    needed = sorted({path.partition("/")[0] for options in paths.values() for path in options})
    for column in needed:
        if opened.header.count(column) > 1:
            raise refusal(
                opened.name, None, column, f"stands {opened.header.count(column)} times in the header"
            )

    def torn(_: Any) -> str:
        log.torn += 1
        log.first_torn = log.first_torn or log.rows + 1
        return "skip"

    parse = pa.csv.ParseOptions(delimiter=opened.separator, newlines_in_values=True, invalid_row_handler=torn)
    convert = pa.csv.ConvertOptions(
        include_columns=needed,
        column_types=dict.fromkeys(needed, pa.string()),
        strings_can_be_null=True,
        null_values=_NULLS,
    )
    for number, block in enumerate(_blocks(opened.content)):
        if not block.isascii():
            block = _readable(block, opened.name, log)
        names = list(opened.header)
        read = pa.csv.ReadOptions(
            column_names=names, skip_rows=number == 0, block_size=len(block) + 1, use_threads=False
        )
        try:
            table = pa.csv.read_csv(pa.BufferReader(block), read, parse, convert)
        except pa.ArrowInvalid:  # which holds cells
            message = "or one of those after it is no row of a table"
            raise refusal(opened.name, log.rows + 1, "", message) from None
        if len(table):
            yield Stretch(len(table), log.rows + 1, _cells(table, paths))
            log.rows += len(table)


def _readable(block: bytes, name: str, log: LogFile) -> bytes:
    """The same in UTF-8, of which what is none is replaced."""
    try:
        block.decode()
    except UnicodeDecodeError:
        told = f"{name}: holds bytes that are no UTF-8 text, which are read as \ufffd"
        log.told += [told] if told not in log.told else []
        return block.decode(errors="replace").encode()
    return block


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    """Whole rows of a table, some megabytes at a time: cut where a line ends and all quotes are closed."""
    rest = b""
    while read := content.read(_BLOCK):
        block = rest + read
        cut = _end_of_rows(block)
        rest = block[cut:]
        if cut:
            yield block[:cut]
    if rest:
        yield rest


def _end_of_rows(block: bytes) -> int:
    """Behind the last line end before which quotes are closed; behind the last one where that is far away."""
    last = end = block.rfind(b"\n") + 1
    open_quotes = block.count(b'"', 0, end) % 2
    while end and open_quotes:
        before = block.rfind(b"\n", 0, end - 1) + 1
        open_quotes ^= block.count(b'"', before, end) % 2
        end = before
    return end if end or len(block) < _MOST_OPEN else last


def _parquet(opened: Opened, source: Source, own: Mapping[str, str], log: LogFile) -> Iterator[Stretch]:
    content: Any = opened.name
    if opened.name == STDIN:
        content = io.BytesIO(opened.content.read())
    try:
        file = pq.ParquetFile(content, pre_buffer=False)
        paths = _chosen(opened.name, file.schema_arrow.names, source, own, log)
        needed = sorted({path.partition("/")[0] for options in paths.values() for path in options})
        for batch in file.iter_batches(_ROWS, columns=needed):
            batch.validate(full=True)
            if len(batch):
                plain = pa.record_batch(
                    [_without_nothing(column) for column in batch.columns], batch.schema.names
                )
                yield Stretch(len(batch), log.rows + 1, _cells(plain, paths))
                log.rows += len(batch)
    except (pa.ArrowInvalid, OSError) as error:
        raise refusal(
            opened.name, None, "", f"is no whole Parquet file: {str(error).splitlines()[0]}"
        ) from None


def _json(opened: Opened, source: Source, own: Mapping[str, str], log: LogFile) -> Iterator[Stretch]:
    rows: list[dict[str, Any]] = []
    paths: dict[str, Paths] | None = None
    routes: dict[str, list[list[str]]] = {}

    def stretch() -> Stretch:
        cells = {name: _array(_values(rows, ways)) for name, ways in routes.items()}
        made = Stretch(len(rows), log.rows + 1, cells)
        log.rows += len(rows)
        rows.clear()
        return made

    for row in read_objects(opened, spans=source.kind == "otel"):
        rows.append(row)
        if len(rows) == _JSON_ROWS:
            if paths is None:
                paths, routes = _of_rows(opened.name, rows, source, own, log)
            yield stretch()
    if rows:
        if paths is None:
            paths, routes = _of_rows(opened.name, rows, source, own, log)
        yield stretch()


def _of_rows(
    name: str, rows: Sequence[Mapping[str, Any]], source: Source, own: Mapping[str, str], log: LogFile
) -> tuple[dict[str, Paths], dict[str, list[list[str]]]]:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    paths = _chosen(name, columns, source, own, log)
    release = source.release(columns)
    # What no row has had so far may come yet, but for times, of which one kind was chosen.
    alone = {each for each in release.paths if not any(each in family for family in _FAMILIES)}
    wider = {each: release.paths[each] for each in release.paths if each in alone or each in paths}
    chosen: dict[str, Paths] = {**wider, **{each: paths[each] for each in own}}
    return paths, {each: [way.split("/") for way in options] for each, options in chosen.items()}


def _values(rows: Sequence[Mapping[str, Any]], ways: Sequence[Sequence[str]]) -> list[Any]:
    """What rows have under the first of several ways that leads to something."""
    found: list[Any] = [None] * len(rows)
    for way in ways:
        there = [row.get(way[0]) for row in rows]
        for key in way[1:]:
            there = [each.get(key) if type(each) is dict else _below(each, key) for each in there]
        found = [
            other if value is None or value == "" else value
            for value, other in zip(found, there, strict=True)
        ]
        if None not in found:
            break
    return [None if value == "" else value for value in found]


def _below(value: Any, key: str) -> Any:
    """What stands under a key of a text that is JSON."""
    if not isinstance(value, str) or not value.startswith("{"):
        return None
    try:
        return json.loads(value).get(key)
    except ValueError:
        return None


def _array(values: list[Any]) -> pa.Array:
    """An array of numbers or texts; lists as JSON."""
    try:
        array = pa.array(values)
        if (
            pa.types.is_integer(array.type)
            or pa.types.is_floating(array.type)
            or pa.types.is_string(array.type)
        ):
            return array
        if pa.types.is_null(array.type):
            return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)
