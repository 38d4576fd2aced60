"""Columns as the tables of a run have them: nulls for what there is not, names in place of numbers.

They are made and read by their buffers: pyarrow's own conversions import pandas, half a second of a core.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray, IntArray


def table_of(columns: Mapping[str, pa.Array | NDArray[Any]]) -> pa.Table:
    """A table of columns by name, arrays of numbers or truth values among them."""
    arrays = [_plain(each) if isinstance(each, np.ndarray) else each for each in columns.values()]
    return pa.table(arrays, names=list(columns))


def nullable(values: FloatArray) -> pa.Array:
    """The values with null for NaN."""
    return _plain(values, ~np.isnan(values))


def numbered(values: IntArray) -> pa.Array:
    """The values with null for negative ones."""
    return _plain(values, values >= 0)


def dates(days: NDArray[np.datetime64]) -> pa.Array:
    """A column of days."""
    return _plain(days.astype("datetime64[D]").astype(np.int32)).view(pa.date32())


def named(codes: NDArray[np.integer], names: Sequence[str]) -> pa.DictionaryArray:
    """The name that each code is the place of; null for a negative code."""
    indices = codes.astype(np.int32)
    return pa.DictionaryArray.from_arrays(_plain(indices, indices >= 0), texts(names))


def texts(words: Sequence[str | None]) -> pa.StringArray:
    """A column of words, or nulls."""
    encoded = [b"" if word is None else word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    valid = _validity(np.array([word is not None for word in words], dtype=bool))
    content = pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), content, valid)


def same(value: int, rows: int) -> NDArray[np.int32]:
    """A column of one number."""
    return np.full(rows, value, dtype=np.int32)


def numbers(table: pa.Table, name: str) -> NDArray[Any]:
    """A column of numbers that has no nulls."""
    return np.from_dlpack(table[name].combine_chunks())


def places(column: pa.DictionaryArray) -> NDArray[np.int32]:
    """The place of each name in the dictionary, -1 for null: what `named` was given."""
    return _codes(column.indices, np.int32)


def codes(column: pa.Int64Array) -> IntArray:
    """The values, -1 for null: what `numbered` was given."""
    return _codes(column, np.int64)


def _codes(column: pa.Array, kind: type[Any]) -> NDArray[Any]:
    valid, content = column.buffers()
    values = np.frombuffer(content, kind)[column.offset :][: len(column)]
    return values if valid is None else np.where(_bits(valid, column), values, kind(-1))


def _plain(values: NDArray[Any], known: NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers or truth values; null where they are not known."""
    valid = None if known is None else _validity(known)
    content = _packed(values) if values.dtype == np.bool_ else np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(content)])


def _validity(known: NDArray[np.bool_]) -> pa.Buffer | None:
    """Which values are not null; None where all are not."""
    return None if known.all() else pa.py_buffer(_packed(known))


def _packed(truths: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(truths, bitorder="little")


def _bits(packed: pa.Buffer, column: pa.Array) -> NDArray[np.bool_]:
    first, rows = column.offset, len(column)
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    return bits[first : first + rows].astype(bool)
