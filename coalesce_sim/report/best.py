"""The best of several points, for titles of figures and answers of reports alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.metrics import Metric
from coalesce_sim.statistics.ranking import Ranking, ranked

if TYPE_CHECKING:
    import pandas as pd

UNEVEN = "Points have different numbers of replications: they are compared on those that they have in common."


_POLICIES = ("policy", "policy.kind")
"""Factors whose levels are policies by name."""


def contending(points: pd.DataFrame) -> BoolArray:
    """Which design points a headline may tell of: no yardsticks such as `oracle`, if there are others."""
    named = [points[name].isin(YARDSTICKS).to_numpy(dtype=bool) for name in _POLICIES if name in points]
    told: BoolArray = np.logical_or.reduce([np.zeros(len(points), dtype=bool), *named])
    return told if told.all() else ~told


def ranking_of(metric: Metric, values: FloatArray) -> Ranking:
    """The ranking of (points, replications) of a metric; where it has no better direction, highest first."""
    return ranked(values, lower_is_better=metric.better == "lower", share=metric.share)


def top(metric: Metric) -> str:
    """What the best is: ``highest`` or ``lowest``."""
    return "lowest" if metric.better == "lower" else "highest"
