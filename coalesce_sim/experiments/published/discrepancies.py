"""Discrepancies D1 to D3 of the published model, measured on the engine (D4: `realllm`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coalesce_sim.experiments.published.digest import Run
from coalesce_sim.statistics.intervals import Estimate, estimate

UNITS = ("hour", "minute", "second")
FASTER = 4
"""How many times as fast the clients' GPUs are in the market that loses money."""

_NO_OPPORTUNITY = "cost_model.internal.opportunity=none"
_RTX_3080_FLOP_S = 29.77e12

VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{
        f"dur_04 in {unit}s": (
            "dur_04",
            (_NO_OPPORTUNITY, f"cost_model.internal.execution_time_unit={unit}"),
        )
        for unit in UNITS
    },
    "dur_04 with faster clients": (
        "dur_04",
        (_NO_OPPORTUNITY, f"clients.hardware.peak_flop_s={FASTER * _RTX_3080_FLOP_S}"),
    ),
    "agt_01 in hours": ("agt_01", (_NO_OPPORTUNITY,)),
}
"""Scenarios and what is changed in them, played with the seed of the scenario, so on the same tasks."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The published and the honest cost reduction of the same runs, percent, and USD a task all-local."""

    cost_reduction_published: Estimate
    cost_reduction: Estimate
    all_local_usd_per_task: Estimate


@dataclass(frozen=True, slots=True)
class Steps:
    """From the published cost reduction to the honest one, percent, one step at a time.

    `losses_counted` keeps the published denominator, the tasks that stayed at home; `all_tasks` compares
    with all of them. The honest figure differs from it only in using the realised cost at home.
    """

    published: Estimate
    losses_counted: Estimate
    all_tasks: Estimate
    honest: Estimate


@dataclass(frozen=True, slots=True)
class Opportunity:
    """Share of opportunity in the estimated cost at home, percent, and the figures with and without it."""

    opportunity_share: Estimate
    published: Figures
    without: Figures


@dataclass(frozen=True, slots=True)
class Discrepancies:
    """All that is measured of D1, D2 and D3; `above_100` is the percent of agt_01's runs over 100 %."""

    units: dict[str, Figures]
    steps: Steps
    losing: Figures
    highest: float
    above_100: float
    opportunity: dict[str, Opportunity]


def discrepancies(runs: Mapping[str, Sequence[Run]]) -> Discrepancies:
    """Measure them from the runs of dur_04, agt_01 and all `VARIANTS`, by name."""
    small = [run.metrics["cost_reduction_published"] for run in runs["agt_01"]]
    return Discrepancies(
        units={unit: figures(runs[f"dur_04 in {unit}s"]) for unit in UNITS},
        steps=_steps(runs["dur_04 in hours"]),
        losing=figures(runs["dur_04 with faster clients"]),
        highest=max(small),
        above_100=100 * sum(value > 100 for value in small) / len(small),
        opportunity={
            name: Opportunity(
                _over(runs[name], lambda run: run.opportunity_share),
                figures(runs[name]),
                figures(runs[f"{name} in hours"]),
            )
            for name in ("agt_01", "dur_04")
        },
    )


def figures(runs: Sequence[Run]) -> Figures:
    """Both cost reductions of the runs."""
    return Figures(
        _over(runs, lambda run: run.metrics["cost_reduction_published"]),
        _over(runs, lambda run: run.metrics["cost_reduction"]),
        _over(runs, lambda run: run.metrics["all_local_usd"] / run.metrics["tasks"]),
    )


def _steps(runs: Sequence[Run]) -> Steps:
    return Steps(
        published=_over(runs, lambda run: run.metrics["cost_reduction_published"]),
        losses_counted=_over(runs, lambda run: 100 * run.net_gain_usd / run.local_realised_usd),
        all_tasks=_over(runs, lambda run: 100 * run.net_gain_usd / run.metrics["all_local_usd"]),
        honest=_over(runs, lambda run: run.metrics["cost_reduction"]),
    )


def _over(runs: Sequence[Run], value: Callable[[Run], float]) -> Estimate:
    return estimate([value(run) for run in runs])
