"""Estimates against what was realised, and whether outsourcing pays at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from coalesce_sim.experiments.diagnosis.evidence import PARTS, Corrections, Estimates, Evidence
from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors, percent
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate

FAR = 20.0
"""Percent of the realised cost from which an estimate's bias is far off, if it is also beyond chance."""

LEAST = 30
"""Tasks from which a bias is told."""

BEYOND_CHANCE = 3.0
"""Standard errors from which a difference is beyond chance."""

HARM = 5.0
"""Percent of what was charged from which calibration adds to the error of estimates, if beyond chance."""

_READ_AS = {"hour": 3600, "minute": 60}
_PLACES = {"home": "at home", "contractors": "at contractors"}


def found(scenario: Scenario, evidence: Evidence, cost_reduction: Estimate) -> Iterator[Finding]:
    """Estimates off by place and part, or by calibration; outsourcing that saves nothing; worse work."""
    yield from _saving(scenario, evidence, cost_reduction)
    yield from _quality(evidence)
    if scenario.cost_model.realised.basis == "physical":
        yield from _bias(scenario, "home", evidence.home)
        yield from _bias(scenario, "contractors", evidence.away)
        yield from _harm("home", evidence.corrected_home)
        yield from _harm("contractors", evidence.corrected_away)
    else:
        yield from _by_construction(scenario, evidence)


def error_of(estimates: Estimates) -> dict[str, Any]:
    """Mean estimate and realised cost, USD a task; bias and mean absolute error in percent of the latter."""
    n = estimates.tasks
    if not n:
        return {"tasks": 0}
    bias_usd = estimates.estimated_usd - estimates.realised_usd
    return {
        "tasks": n,
        "estimated_usd": estimates.estimated_usd / n,
        "realised_usd": estimates.realised_usd / n,
        "bias": percent(bias_usd, estimates.realised_usd),
        "mean_absolute_error": percent(estimates.absolute_usd, estimates.realised_usd),
    }


def _bias(scenario: Scenario, place: str, estimates: Estimates) -> Iterator[Finding]:
    numbers, n = error_of(estimates), estimates.tasks
    if n < LEAST or not abs(numbers["bias"]) >= FAR:
        return
    bias_usd = numbers["estimated_usd"] - numbers["realised_usd"]
    variance = max(0.0, estimates.squared_usd2 / n - bias_usd**2) * n / (n - 1)
    if abs(bias_usd) <= BEYOND_CHANCE * math.sqrt(variance / n):
        return
    parts = {
        name: (float(expected) / n, float(realised) / n)
        for name, expected, realised in zip(
            PARTS, estimates.parts_estimated, estimates.parts_realised, strict=True
        )
        if expected or realised
    }
    worst = max(parts, key=lambda name: (parts[name][0] - parts[name][1]) * math.copysign(1, bias_usd))
    numbers["parts_usd"] = {name: {"estimated": a, "realised": b} for name, (a, b) in parts.items()}
    sentence = (
        f"Estimates {_PLACES[place]} are {'too high' if bias_usd > 0 else 'too low'} by "
        f"{abs(numbers['bias']):,.0f} % of what is realised: {_usd(numbers['estimated_usd'])} against "
        f"{_usd(numbers['realised_usd'])} USD a task over {n:,} tasks (mean absolute error "
        f"{numbers['mean_absolute_error']:,.0f} %). Most of it is {worst}: {_usd(parts[worst][0])} "
        f"estimated, {_usd(parts[worst][1])} realised."
    )
    unit = scenario.cost_model.internal.execution_time_unit
    if place == "home" and unit != "second":
        sentence += f" Seconds are read as {unit}s (D1), {_READ_AS[unit]:,} times as many."
    if place == "contractors" and worst == "bad work" and bias_usd > 0 and _does_over(scenario):
        sentence += " Estimates take the whole loss, though failed work is done over (contracts.recovery)."
    yield Finding(
        f"estimate_bias_{place}",
        "problem",
        sentence,
        numbers,
        _settings(scenario, place, worst, bias_usd > 0),
    )


def _harm(place: str, corrections: Corrections) -> Iterator[Finding]:
    """Calibration (eq. 10) that takes estimates further from what came of them."""
    n, added_usd = corrections.outcomes, corrections.corrected_usd - corrections.plain_usd
    if n < LEAST or not percent(added_usd, corrections.actual_usd) >= HARM:
        return
    variance = max(0.0, corrections.squared_usd2 / n - (added_usd / n) ** 2) * n / (n - 1)
    if added_usd / n <= BEYOND_CHANCE * math.sqrt(variance / n):
        return
    numbers = {
        "outcomes": n,
        "error": percent(corrections.corrected_usd, corrections.actual_usd),
        "error_without": percent(corrections.plain_usd, corrections.actual_usd),
    }
    sentence = (
        f"Calibration makes estimates {_PLACES[place]} worse: off by {numbers['error']:,.0f} % of what was "
        f"charged and lost by lateness, {numbers['error_without']:,.0f} % without it, over {n:,} outcomes."
    )
    settings = (
        "calibration=null",
        "calibration.proven_only=true",
        "calibration.forgetting=1",
        "calibration.rate",
    )
    yield Finding(f"calibration_harms_{place}", "problem", sentence, numbers, settings)


def _settings(scenario: Scenario, place: str, worst: str, too_high: bool) -> tuple[str, ...]:
    """What an estimate's worst part follows from."""
    internal = scenario.cost_model.internal
    learns = scenario.learning and scenario.calibration is None
    calibration = ("calibration={rate: 0.2}",) if learns else ()
    if place == "home":
        if worst == "bad work":
            return ("clients.success",)
        if worst == "work":
            return ("clients", *calibration)
        delay = "queue" if scenario.learning else "expected_delay"
        if internal.execution_time_unit != "second":
            calibration = ("cost_model.internal.execution_time_unit=second", *calibration)
        if internal.opportunity != delay:
            return (f"cost_model.internal.opportunity={delay}", *calibration)
        if internal.work == "tokens" and not too_high:
            return ("workload.attributes.expected_output_tokens", "clients.slots", *calibration)
        return ("clients.slots", *calibration)
    if worst == "bad work":
        if too_high and _does_over(scenario):
            return ("contracts.recovery", "contracts.rework_usd")
        risks = ("cost_model.external.security_risk", "cost_model.external.quality_risk")
        return ("reputation", *risks) if scenario.learning else risks
    cause = of_contractors(scenario, "slots") if worst == "delay" else "cost_model.external"
    return (cause, *calibration)


def _does_over(scenario: Scenario) -> bool:
    rule = None if scenario.contracts is None else scenario.contracts.recovery
    return rule is not None and rule.goes_on_after(1)


def _by_construction(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    home, away = evidence.home, evidence.away
    sentence = (
        "Estimates are realised by construction (cost_model.realised.basis is estimate): that they agree "
        "with what is realised says nothing about them."
    )
    numbers: dict[str, Any] = {}
    if home.tasks:
        numbers["opportunity_share"] = share = percent(home.parts_estimated[2], home.estimated_usd)
        sentence += f" {share:.0f} % of the cost at home is opportunity."
        unit = scenario.cost_model.internal.execution_time_unit
        if unit != "second":
            sentence += f" Seconds read as {unit}s (D1) make it {_READ_AS[unit]:,} times as large."
    if away.tasks:
        numbers["risk_share"] = share = percent(away.parts_estimated[1], away.estimated_usd)
        sentence += (
            f" {share:.0f} % of the cost at contractors is risk, charged whether or not anything goes wrong."
        )
    settings = ("cost_model.realised.basis=physical", "cost_model.internal.execution_time_unit=second")
    yield Finding("estimates_by_construction", "note", sentence, numbers, settings)


def _saving(scenario: Scenario, evidence: Evidence, cost_reduction: Estimate) -> Iterator[Finding]:
    tasks = evidence.tasks
    if not tasks.outsourced:
        return
    numbers = {
        "outsourced": tasks.outsourced,
        "cheaper_than_at_home": tasks.outsourced_cheaper,
        "saved_usd": tasks.outsourced_saving_usd,
        "cost_reduction": cost_reduction.as_dict(),
    }
    cheaper = percent(tasks.outsourced_cheaper, tasks.outsourced)
    settings = ("policy", of_contractors(scenario, "price_usd"), "cost_model.external")
    if tasks.outsourced_cheaper == 0:
        sentence = (
            f"Nothing outsourced saves anything: none of {tasks.outsourced:,} tasks at contractors cost "
            f"less than the same task at home; together they cost {_usd(-tasks.outsourced_saving_usd)} USD "
            "more."
        )
        yield Finding("saves_nothing", "problem", sentence, numbers, settings)
    elif cost_reduction.mean is not None and (cost_reduction.ci95 or (cost_reduction.mean,) * 2)[1] < 0:
        sentence = (
            f"Outsourcing costs more than it saves: cost reduction {cost_reduction.mean:.1f} % of "
            f"all-local, though {cheaper:.0f} % of {tasks.outsourced:,} tasks at contractors cost less than "
            "at home."
        )
        yield Finding("costs_more", "problem", sentence, numbers, settings)


def _quality(evidence: Evidence) -> Iterator[Finding]:
    tasks = evidence.tasks
    if not tasks.tasks:
        return
    ours, theirs = tasks.good / tasks.tasks, tasks.all_local_good / tasks.tasks
    spread = math.sqrt((ours * (1 - ours) + theirs * (1 - theirs)) / tasks.tasks)
    if theirs - ours <= max(0.01, BEYOND_CHANCE * spread):
        return
    sentence = (
        f"Work gets worse: {100 * ours:.1f} % of {tasks.tasks:,} tasks end with good work, against "
        f"{100 * theirs:.1f} % where all stay at home."
    )
    settings = ("contracts.verification", "contracts.recovery={retries: 1, then: local}", "reputation")
    numbers = {"success_rate": 100 * ours, "all_local_success_rate": 100 * theirs}
    yield Finding("success_falls", "problem", sentence, numbers, settings)


def _usd(value: float) -> str:
    return f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
