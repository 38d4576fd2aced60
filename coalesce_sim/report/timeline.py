"""The timelines of all replications of a run, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.columns import numbers

TIMELINE_COLUMNS = ("start_s", "tasks", "outsourced", "realised_usd", "all_local_usd")
"""The columns of the timeline that the figures are drawn from."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the figures are drawn from: `start_s` of each interval, else (replications, intervals)."""

    start_s: FloatArray
    tasks: FloatArray
    outsourced: FloatArray
    realised_usd: FloatArray
    all_local_usd: FloatArray

    @classmethod
    def of(cls, table: pa.Table, replications: int) -> Timeline:
        """From the rows of all replications one after the other, up to the last interval with a task."""
        columns = {
            name: numbers(table, name).astype(float).reshape(replications, -1) for name in TIMELINE_COLUMNS
        }
        busy = np.flatnonzero(columns["tasks"].any(axis=0))
        end = busy[-1] + 1 if len(busy) else 0
        columns = {name: values[:, :end] for name, values in columns.items()}
        return cls(columns.pop("start_s")[0], **columns)
