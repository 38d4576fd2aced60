"""How much of a sweep is there, where it is not all, and what of it came to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.numbers import plural
from coalesce_sim.sweeps.design import design_of
from coalesce_sim.sweeps.specification import Precision

if TYPE_CHECKING:
    from coalesce_sim.sweeps.results import SweepResult


def unfinished(result: SweepResult) -> str:
    """What there is of a sweep that is under way or was interrupted, in a sentence; empty if it has ended."""
    if result.complete:
        return ""
    points, played = len(design_of(result.specification)), result.rows["point"].to_numpy()
    runs = np.unique(played, return_counts=True)[1]
    if isinstance(result.specification.replications, Precision):
        return f"Not complete: {plural(len(played), 'run')} so far, at {len(runs):,} of {points:,} points."
    asked = int(result.facts["asked"]["sweep"]["replications"])
    return f"Not complete: {(runs >= asked).sum():,} of {plural(points, 'point')} have all their runs."


def left_out(result: SweepResult) -> str:
    """How many runs failed and so are in no figure, in a sentence; empty if none did."""
    failed = len(result.failed_rows)
    if not failed:
        return ""
    points = len(np.unique(result.failed_rows["point"].to_numpy()))
    return f"{plural(failed, 'run')} failed, at {plural(points, 'design point')}, and are left out."
