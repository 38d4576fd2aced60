"""What a search for settings says, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coalesce_sim.metrics import COST_REDUCTION, describe
from coalesce_sim.numbers import with_half_width
from coalesce_sim.optimisation.goals import Goal, Verdict
from coalesce_sim.report.costs import made_of, saved
from coalesce_sim.statistics.intervals import Estimate

NOTE: Final = (
    "The search's figure is the best of many and so flatters; the validated one is of a seed that the search "
    "has not met. ±, [ ]: 95 % intervals."
)
VERDICTS: Final[Mapping[Verdict, tuple[str, str]]] = {
    "holds": ("holds: the whole interval keeps the bound", "green"),
    "not shown": (
        "not shown to hold: the interval reaches beyond the bound; more --validate-replications may tell",
        "yellow",
    ),
    "violated": ("violated: the whole interval breaks the bound", "red"),
}
"""What is said of a constraint, and the colour in which a terminal does."""

_VALIDATED = {
    "violated": "validated, but breaks a constraint",
    "not shown": "validated, but not shown to keep all constraints",
}


def best_told(goal: Goal, figures: Mapping[str, Estimate], outcome: str, *, fresh: bool) -> str:
    """What the best setting comes to, and how far that holds; `fresh` are figures of a fresh seed."""
    metric = describe(goal.metric)
    told = _VALIDATED.get(outcome, "validated") if fresh else "not validated"
    if goal.metric == COST_REDUCTION:
        return f"Saved, {told}: {saved(figures)}"
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{metric.label} {with_half_width(figures[goal.metric])}{unit}, {told},"


def compared(goal: Goal, difference: Estimate, saved_more: Mapping[str, Estimate]) -> str:
    """What the best setting is worth beside the scenario's own, on the same fresh random numbers."""
    unit = describe(goal.metric).unit
    points = {"": "", "%": " points"}.get(unit, f" {unit}")
    if difference.mean is None or difference.ci95 is None:
        return "The difference from the scenario's own settings is undefined."
    low, high = difference.ci95
    better, parts = goal.better(difference.mean, 0.0), dict(saved_more)
    if difference.mean < 0 and not low <= 0 <= high:  # better or worse by so much
        difference = difference.negated
        parts = {name: each.negated for name, each in parts.items()}
    told = f"{with_half_width(difference)}{points}, paired{made_of(parts)}"
    if low <= 0 <= high:
        return f"No difference from the scenario's own settings is shown: {told}."
    return f"{'Better' if better else 'Worse'} than the scenario's own settings by {told}."
