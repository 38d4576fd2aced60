"""What a market comes to know: ``ratings.parquet`` and ``estimation_error.parquet``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from coalesce_sim.columns import named, same, table_of
from coalesce_sim.economics.correction import ErrorWindow
from coalesce_sim.reputation.ratings import RatingRows


def ratings_table(
    rows: RatingRows,
    replication: int,
    type_names: tuple[str, ...],
    contractor_names: tuple[str, ...],
) -> pa.Table:
    """One row a rating, oldest first: who rated whom, from 0 (bad work) to 1, and the score after it.

    `score_after` is the contractor's public score, for the type where `reputation.by_task_type` is set.
    """
    return table_of(
        {
            "replication": same(replication, len(rows.time_s)),
            "time_s": rows.time_s,
            "client": rows.client.astype(np.int32),
            "contractor": named(rows.contractor, contractor_names),
            "type": named(rows.type_id, type_names),
            "rating": rows.rating,
            "score_after": rows.score_after,
        }
    )


def estimation_error_table(windows: Sequence[ErrorWindow], replication: int) -> pa.Table:
    """One row for every 50 charges, at home or by contractors, up to `until_s`; in percent of what was due.

    `estimation_error` is ``Σ|estimated − charged| / Σ charged``, `bias` what the estimates of all 50 together
    exceed the charges by.
    """
    until_s, charges, charged_usd, error, bias = np.array(windows, dtype=np.float64).reshape(-1, 5).T
    return table_of(
        {
            "replication": same(replication, len(windows)),
            "until_s": until_s,
            "charges": charges.astype(np.int32),
            "charged_usd": charged_usd,
            "estimation_error": 100 * error,
            "bias": 100 * bias,
        }
    )
