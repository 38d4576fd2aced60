"""What is said of indices, on a terminal and in reports alike; `facts` are those of sensitivity.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.numbers import number

MEANING = {
    "sobol": "Shares of the variance between design points: first-order, a factor by itself; total, with its "
    "interactions. ±: 95 % bootstrap intervals, for the choice of design points.",
    "morris": "μ* is the mean of the absolute changes of the metric as one factor goes over its whole range, "
    "μ that with signs, σ their standard deviation: 0 where the others do not matter. ±: 95 % t intervals, "
    "for the choice of design points.",
}

NOISE_RAISES = "Chance between replications raises every μ*, since absolute changes do not cancel."


def chance_told(facts: Mapping[str, Any]) -> str:
    """How much of the indices is chance between replications."""
    raises = f" {NOISE_RAISES}" if facts["method"] == "morris" else ""
    if facts["noise_share"] is None:
        return f"How much of this is chance between replications takes more than one of them to tell.{raises}"
    share = number(100 * facts["noise_share"], 0)
    compare = " μ* of chance is what a factor that does nothing would have." if raises else ""
    return (
        f"{share} % of the variance between design points is chance between replications, which counts among "
        f"the interactions; more --replications take it away.{raises}{compare}"
    )


def width_told(facts: Mapping[str, Any]) -> str:
    """What would narrow intervals that are wide; empty where none is."""
    needed = facts["samples_needed"]
    if needed is None:
        return ""
    wide = "0.1" if facts["method"] == "sobol" else "a tenth of the largest μ*"
    return (
        f"Some intervals are wider than ± {wide}: that takes about --samples {needed} "
        f"(now {facts['samples']}); --extend keeps the runs that are there."
    )
