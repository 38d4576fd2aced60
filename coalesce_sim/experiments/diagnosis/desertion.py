"""Types of task for which nobody is left in the market, before a run where it can be known, and by it."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.numbers import number
from coalesce_sim.scenario.pool import Contractor
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate

Span = tuple[float, float]


def deserted_hours(scenario: Scenario) -> list[str]:
    """Sentences on when none of the listed contractors that offer for a type is in the market."""
    listed = scenario.contractors
    if not isinstance(listed, list) or not scenario.turns_over:
        return []
    hours = scenario.clock.horizon_s / 3600
    by_spans: dict[tuple[Span, ...], list[str]] = {}
    for name, kind in scenario.workload.types.items():
        offer = [each for each in listed if each.outcomes is None or name in each.outcomes]
        if offer and not kind.in_steps and (spans := tuple(_without(offer, hours))):
            by_spans.setdefault(spans, []).append(name)
    return [
        f"nobody who offers to do {', '.join(names)} is in the market "
        f"{' and '.join(f'from {since:g} to {until:g} h' for since, until in spans)} "
        "(contractors[*].enter_h, leave_h): such tasks stay at home then"
        for spans, names in by_spans.items()
    ]


def _without(contractors: list[Contractor], hours: float) -> Iterator[Span]:
    """The hours of the clock in which none of them is in the market."""
    since = 0.0
    for each in sorted(contractors, key=lambda each: each.enter_h):
        if each.enter_h > since:
            yield since, each.enter_h
        since = max(since, hours if each.leave_h is None else each.leave_h)
    if since < hours:
        yield since, hours


def desertion(share: Estimate | None) -> list[Finding]:
    """What a run has shown of tasks for which nobody was left; `share` is that of all tasks, in percent."""
    if share is None or not share.mean:
        return []
    sentence = (
        f"{number(share.mean)} % of tasks came when nobody who offers to do them was in the market; they "
        "stayed at home"
    )
    settings = ("turnover.entry.per_day", "turnover.exit")
    return [Finding("market_deserted", "problem", sentence, {"share": share.mean}, settings)]
