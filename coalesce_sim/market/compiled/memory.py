"""Tables by their addresses: what a kernel with dozens of tables is handed, as one small array.

numba looks at every array that it is given, and counts who refers to it, which takes longer than a decision.
So Python writes down where the tables lie, and keeps them alive; the kernel looks there. `laid_in` says in
which order, with which columns and how many dimensions, and refuses tables of any other kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.building import part

_PER_TABLE: Final = 4
"""Numbers that say where a table lies: its address, and how long it is in up to three dimensions."""

Kind = tuple[np.dtype[Any], int]
"""What is in a table, and how many dimensions it has."""


def _as_pointer(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
    """An address as a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


_pointer: Any = intrinsic(_as_pointer)
_carray: Any = numba.carray  # type: ignore[attr-defined]


@part
def rows_at(at: IntArray, place: int, dtype: Any) -> Any:
    """The table of that place, of one dimension."""
    first = place * _PER_TABLE
    return _carray(_pointer(at[first]), at[first + 1], dtype)


@part
def row_at(at: IntArray, place: int, dtype: Any) -> Any:
    """The only row of such a table."""
    return rows_at(at, place, dtype)[0]


@part
def grid_at(at: IntArray, place: int, dtype: Any) -> Any:
    """The same, of two dimensions."""
    first = place * _PER_TABLE
    return _carray(_pointer(at[first]), (at[first + 1], at[first + 2]), dtype)


@part
def stack_at(at: IntArray, place: int, dtype: Any) -> Any:
    """The same, of three dimensions."""
    first = place * _PER_TABLE
    return _carray(_pointer(at[first]), (at[first + 1], at[first + 2], at[first + 3]), dtype)


def laid_in(kinds: Sequence[Kind], tables: Iterable[Any]) -> IntArray:
    """Where the tables lie, for a kernel that takes tables of these kinds.

    Raises TypeError for a table of another kind.
    """
    at = np.zeros((len(kinds), _PER_TABLE), dtype=np.int64)
    for row, (dtype, dimensions), table in zip(at, kinds, tables, strict=True):
        if (
            (table.dtype is not dtype and table.dtype != dtype)
            or table.ndim != dimensions
            or not table.flags.c_contiguous
        ):
            raise TypeError(f"a table must be of {dtype} in {dimensions} dimensions (got {table.dtype})")
        row[0] = table.ctypes.data
        row[1 : 1 + dimensions] = table.shape
    return at.ravel()


def flat(tables: Iterable[Any]) -> list[Any]:
    """The tables of groups within groups, in order."""
    found: list[Any] = []
    for each in tables:
        found += flat(each) if isinstance(each, tuple) else [each]
    return found
