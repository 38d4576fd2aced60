"""Columns as the tables of a run have them: nulls for what there is not, names in place of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray


def nullable(values: FloatArray) -> pa.Array:
    """The values with null for NaN."""
    column = pa.array(values)
    return pc.if_else(pc.is_nan(column), None, column)


def named(codes: NDArray[np.integer], names: Sequence[str]) -> pa.DictionaryArray:
    """The name that each code is the place of; null for a negative code."""
    indices = pa.array(codes.astype(np.int32))
    indices = pc.if_else(pc.less(indices, 0), None, indices)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def same(value: int, rows: int) -> NDArray[np.int32]:
    """A column of one number."""
    return np.full(rows, value, dtype=np.int32)
