"""Tables by their addresses: what a kernel with dozens of tables is handed, as one small array.

numba looks at every array that it is given, and counts who refers to it, which takes longer than a decision.
So Python writes down where the tables lie, and keeps them alive; the kernel looks there. `laid_in` says in
which order, with which columns and how many dimensions, and refuses tables of any other kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from coalesce_sim.arrays import IntArray

_arrays: Any = arrayobj

_PER_TABLE: Final = 4
"""Numbers that say where a table lies: its address, and how long it is in up to three dimensions."""

Kind = tuple[np.dtype[Any], int]
"""What is in a table, and how many dimensions it has."""


def _found(dimensions: int) -> Any:
    """What finds a table of so many dimensions, without a function to be compiled for each kind of table."""

    def table_at(typing_context: Any, at: Any, place: Any, dtype: Any) -> Any:  # noqa: ARG001
        kind = types.Array(dtype.dtype, dimensions, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            numbers = _arrays.make_array(signature.args[0])(context, builder, arguments[0])
            first = builder.mul(arguments[1], arguments[1].type(_PER_TABLE))
            words = [
                builder.load(builder.gep(numbers.data, [builder.add(first, first.type(word))]))
                for word in range(1 + dimensions)
            ]
            made = _arrays.make_array(kind)(context, builder)
            itemsize = _arrays.get_itemsize(context, kind)
            strides = [context.get_constant(types.intp, itemsize)]
            for length in reversed(words[2:]):
                strides.insert(0, builder.mul(strides[0], length))
            _arrays.populate_array(
                made,
                data=builder.inttoptr(words[0], made.data.type),
                shape=words[1:],
                strides=strides,
                itemsize=context.get_constant(types.intp, itemsize),
                meminfo=None,
            )
            return made._getvalue()

        return kind(at, types.intp, dtype), generate

    return intrinsic(table_at)


rows_at: Any = _found(1)
"""The table of a place, of one dimension: ``rows_at(at, place, dtype)``."""
grid_at: Any = _found(2)
"""The same, of two dimensions."""
stack_at: Any = _found(3)
"""The same, of three dimensions."""


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
