"""Tables that kernels read and write, a row an agent or a task, with names for what stands in them.

A class with annotated fields says what a row holds; its table is one structured array, however many fields
there are, and so costs a compiled function no more to be handed than one number. A field is a `float`, an
`int`, a `bool` or the `np.uint64` at which draws begin.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple, Protocol, TypeVar, overload

import numpy as np

R_co = TypeVar("R_co", covariant=True)

Rows = Any
"""A table outside of kernels: a structured array, whose columns go by the names of the fields."""


class Table(Protocol[R_co]):
    """How a kernel sees a table: rows that it may change. Outside it is told by columns, too."""

    @overload
    def __getitem__(self, place: int) -> R_co: ...
    @overload
    def __getitem__(self, place: str | slice) -> Rows: ...
    def __getitem__(self, place: Any) -> Any: ...
    def __setitem__(self, place: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...


class Grid(Protocol[R_co]):
    """The same in two dimensions."""

    @overload
    def __getitem__(self, place: int) -> Table[R_co]: ...
    @overload
    def __getitem__(self, place: tuple[int, int]) -> R_co: ...
    @overload
    def __getitem__(self, place: str | tuple[slice, slice]) -> Rows: ...
    def __getitem__(self, place: Any) -> Any: ...
    def __len__(self) -> int: ...


class Stack(Protocol[R_co]):
    """The same in three dimensions."""

    def __getitem__(self, place: tuple[int, int, int]) -> R_co: ...


_KINDS: Final = {"float": "f8", "int": "i8", "bool": "?", "np.uint64": "u8"}


def table(row: type, count: int | tuple[int, ...]) -> Rows:
    """So many rows of zeros, or a grid of them; the columns go by the names of the fields."""
    return np.zeros(count, dtype_of(row))


@cache
def dtype_of(row: type) -> np.dtype[Any]:
    """How a row lies in memory, one object for each kind of row. What it inherits comes last: where it came
    first, numba would take a row for one of the kind that it inherits from, and warn."""
    fields = [each for kind in row.__mro__[:-1] for each in kind.__annotations__.items()]
    return np.dtype([(name, _KINDS[stated]) for name, stated in fields], align=True)


def filled(row: type, count: int | tuple[int, ...], **columns: Any) -> Rows:
    """A table with the given values; the other fields are 0."""
    return fill(table(row, count), **columns)


def fill(rows: Rows, **columns: Any) -> Rows:
    """The rows, with these values entered: arrays, or one for all rows.

    Raises ValueError for a column that there is not.
    """
    for name, values in columns.items():
        rows[name] = values
    return rows


def more_of(rows: Rows, count: int) -> Rows:
    """The same rows with room for so many in all."""
    made = np.zeros(count, rows.dtype)
    copy_rows(rows, made)
    return made


def copy_rows(rows: Rows, others: Rows) -> None:
    """Copy rows into the first of others of their kind: byte by byte, which numpy does field by field."""
    bytes_of = np.dtype((np.void, rows.dtype.itemsize))
    others[: len(rows)].view(bytes_of)[:] = rows.view(bytes_of)


def word_of(row: type, name: str) -> int:
    """Where a number stands in a row that is read as words of eight bytes."""
    return byte_of(row, name) // 8


def byte_of(row: type, name: str) -> int:
    """Where a field stands in a row that is read as bytes, or as flags."""
    fields = dtype_of(row).fields
    assert fields is not None
    return fields[name][1]


class Words(NamedTuple):
    """A table's memory as whole numbers, as amounts and as flags: Python reads one word of it some times as
    fast as one field of a row."""

    whole: memoryview[int]
    amounts: memoryview[float]
    flags: memoryview[bool]


def words_of(rows: Rows) -> Words:
    """The memory of a table."""
    views: Any = (memoryview(rows.view(kind)) for kind in (np.int64, np.float64, np.bool_))
    return Words(*views)
