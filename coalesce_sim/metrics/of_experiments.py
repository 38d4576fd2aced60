"""Metrics of comparisons and sweeps."""

from __future__ import annotations

from typing import Final

from coalesce_sim.metrics.metric import Metric

OF_EXPERIMENTS: Final = [
    Metric(
        "regret_oracle_usd_per_task",
        "Regret against oracle",
        "USD/task",
        "(Σ realised cost − Σ realised cost with the policy `oracle`) / tasks, on common random numbers",
        "lower",
    ),
    Metric(
        "regret_best_fixed_usd_per_task",
        "Regret against best_fixed",
        "USD/task",
        "(Σ realised cost − Σ realised cost with the policy `best_fixed`) / tasks, on common random numbers",
        "lower",
    ),
    Metric(
        "warm_up_s",
        "Warm-up",
        "s",
        "When the first task arrived that counts after the cut of MSER-5: after the d batches, of 5 tasks in "
        "order of arrival, for which Σ (batch mean − their mean)² / (their number)², over the later batches, "
        "is least",
        None,
    ),
    Metric(
        "warm_up_found",
        "Warm-up found",
        "",
        "1 where the cut of MSER-5 lies in the first half of the run, 0 where the run is too short to tell",
        None,
    ),
]
