"""Every metric that runs, comparisons and sweeps report: what it is called, its unit, its definition."""

from coalesce_sim.metrics.catalogue import (
    METRICS,
    SPLIT,
    UnknownMetric,
    describe,
    in_order,
    is_input,
    is_share,
    of_group,
    of_input,
)
from coalesce_sim.metrics.metric import Direction, Metric
from coalesce_sim.metrics.of_settlement import COST_REDUCTION_NET
from coalesce_sim.metrics.of_tasks import COST_REDUCTION, COST_REDUCTION_AS_LOGGED, SAVINGS

__all__ = [
    "COST_REDUCTION",
    "COST_REDUCTION_AS_LOGGED",
    "COST_REDUCTION_NET",
    "METRICS",
    "SAVINGS",
    "SPLIT",
    "Direction",
    "Metric",
    "UnknownMetric",
    "describe",
    "in_order",
    "is_input",
    "is_share",
    "of_group",
    "of_input",
]
