"""The best of several points, for titles of figures and answers of reports alike."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.metrics import Metric
from coalesce_sim.statistics.ranking import Ranking, ranked

UNEVEN = "Points have different numbers of replications: they are compared on those that they have in common."


def ranking_of(metric: Metric, values: FloatArray) -> Ranking:
    """The ranking of (points, replications) of a metric; where it has no better direction, highest first."""
    return ranked(values, lower_is_better=metric.better == "lower")


def top(metric: Metric) -> str:
    """What the best is: ``highest`` or ``lowest``."""
    return "lowest" if metric.better == "lower" else "highest"
