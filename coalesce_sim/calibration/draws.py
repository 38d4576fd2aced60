"""Joint draws of what was fitted, for replications that are to differ by what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from coalesce_sim.arrays import FloatArray
from coalesce_sim.calibration.components import Parameter
from coalesce_sim.calibration.marginals import draws

DRAWS: Final = 1000
"""Rows of the file of draws, of which each replication draws one."""


def correlation(parameters: Sequence[Parameter]) -> FloatArray:
    """How the errors of figures hang together: the correlation of what each session moves them by."""
    from scipy.sparse import csr_array

    columns = np.repeat(np.arange(len(parameters)), [len(each.sessions) for each in parameters])
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(each.sessions for each in parameters)])
    moved = np.concatenate([np.empty(0), *(each.influence for each in parameters)])
    shape = (int(rows.max(initial=0)) + 1, len(parameters))
    of_sessions = csr_array((moved, (rows, columns)), shape=shape)
    products = np.asarray((of_sessions.T @ of_sessions).todense())
    sizes = np.sqrt(np.diag(products))
    sizes[sizes == 0] = 1.0
    related = products / np.outer(sizes, sizes)
    np.fill_diagonal(related, 1.0)
    return np.asarray(np.clip(related, -1.0, 1.0))


def joint_draws(parameters: Sequence[Parameter], seed: int, count: int = DRAWS) -> pd.DataFrame:
    """A column a parameter, by its path, and a row a joint draw.

    Each figure is drawn from its own distribution. They hang together as in the multiplier bootstrap by
    session: one standard normal multiplier a session moves all figures by what the session moved them by.
    """
    related = correlation(parameters)
    values, vectors = np.linalg.eigh(related)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    scores = np.random.default_rng(seed).standard_normal((count, len(parameters))) @ root.T
    return pd.DataFrame(
        {
            each.name: draws(each.marginal, scores[:, place])
            for place, each in enumerate(parameters)
            if each.marginal is not None
        }
    )
