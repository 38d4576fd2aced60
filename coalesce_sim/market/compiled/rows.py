"""Tables that kernels read and write, a row an agent or a task, with names for what stands in them.

A class with annotated fields says what a row holds; its table is one structured array, however many fields
there are, and so costs a compiled function no more to be handed than one number. A field is a `float`, an
`int`, a `bool` or the `np.uint64` at which draws begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import numpy as np

R = TypeVar("R")

Table = Sequence[R]
"""How a kernel sees a table: rows that it may change."""

Rows = Any
"""The same outside of kernels: a structured array, whose columns go by the names of the fields."""

_KINDS: Final = {"float": "f8", "int": "i8", "bool": "?", "np.uint64": "u8"}


def table(row: type[R], count: int) -> Rows:
    """So many rows of zeros; the columns go by the names of the fields."""
    fields = [(name, _KINDS[kind]) for name, kind in row.__annotations__.items()]
    return np.zeros(count, np.dtype(fields, align=True))


def filled(row: type[R], count: int, **columns: Any) -> Rows:
    """A table with the given values, arrays or one for all rows; the other fields are 0.

    Raises ValueError for a column that there is not.
    """
    made = table(row, count)
    for name, values in columns.items():
        made[name] = values
    return made
