"""Differences in sentences, in tables and as a chart: always of one against another, with their interval."""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.lab.pages.compare.contest import Contest, Difference
from coalesce_sim.metrics import (
    COST_REDUCTION,
    COST_REDUCTION_AS_LOGGED,
    COST_REDUCTION_NET,
    METRICS,
    SAVINGS,
    Metric,
)
from coalesce_sim.numbers import NOTHING, number, plural, with_half_width
from coalesce_sim.report.costs import SAVED_IN, made_of
from coalesce_sim.report.html.answer import difference_unit
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.page import Cell, Column, Table, number_cell, share_cell

MAIN = (
    COST_REDUCTION,
    *SAVINGS,
    COST_REDUCTION_NET,
    COST_REDUCTION_AS_LOGGED,
    "success_rate",
    "late_rate",
    "turnaround_p95_s",
    "realised_usd",
    "cash_usd",
    "delay_usd",
    "losses_usd",
    "outsourcing_rate",
    "exploration_rate",
    "revenue_hhi",
)
"""Metrics that come first wherever they are chosen or told."""

CHANCE = "random"
"""The yardstick that whoever has learned something does better than."""

_YARDSTICKS = {
    "oracle": "is told what comes, task by task",
    "best_fixed": "is told who is best for all tasks",
    CHANCE: "hires blindly among the eligible",
    "as_logged": "does what the log says",
}
"""What is played unasked, for the others to be measured by."""

_SAVED = {
    COST_REDUCTION: "",
    **{name: f" of {group}" for name, group in SAVED_IN.items()},
    COST_REDUCTION_NET: " net of settlement",
    COST_REDUCTION_AS_LOGGED: " against the log",
}
"""Metrics of which one saves so many points more than another, and what of."""


def answer(contest: Contest, metric: Metric) -> list[str]:
    """What was found of a metric: the best against the next and the last, and what the tests are."""
    order = contest.best(metric)
    if not order:
        return [f"{metric.label} is undefined for all: there is no answer."]
    if len(order) == 1:
        return _alone(contest, metric, order[0])
    first = contest.between(metric.name, order[0], order[1])
    told = [_headline(contest, metric, first, len(order))]
    if len(order) > 2 and first.low is not None:
        last = contest.between(metric.name, order[0], order[-1])
        verdict = "shown" if last.shown else "not shown"
        end = "worst" if metric.better else "lowest"
        told.append(f"Against the {end}: {_told(contest, metric, last)}, {verdict}.")
        told.append(_counted(contest, metric, order))
    return [*told, *_against_chance(contest, metric, order[0]), basis(contest)]


def _alone(contest: Contest, metric: Metric, only: str) -> list[str]:
    """One that was asked for by itself, against the yardsticks."""
    found = [each.turned for each in contest.against(metric.name, only) if each.yardstick]
    if not found:
        return [
            f"{metric.label} is known of {contest.called(only)} only: there is nothing to compare it with."
        ]
    told = [f"{_told(contest, metric, each)}{', shown' if each.shown else ', not shown'}." for each in found]
    return [*told, f"Paired over {plural(contest.replications, 'replication')}, each test by itself."]


def _against_chance(contest: Contest, metric: Metric, best: str) -> list[str]:
    """Whether the best of those asked for does better than hiring at random, where that was played too."""
    if CHANCE not in contest.yardsticks:
        return []
    found = [each for each in contest.against(metric.name, best) if each.one == CHANCE]
    if any(each.mean is None for each in found):
        return []
    return [
        f"Against hiring at random, by a test of its own: {_told(contest, metric, each.turned)}, "
        f"{'shown' if each.shown else 'not shown'}."
        for each in found
    ]


def _headline(contest: Contest, metric: Metric, first: Difference, count: int) -> str:
    said = _told(contest, metric, first)
    if first.low is None:
        return f"{said} in the one replication that both have: no interval, and nothing is shown."
    if not first.shown:
        pair = f"{contest.called(first.one)} and {contest.called(first.other)}"
        if count > 2:
            pair = f"the {'best' if metric.better else 'highest'} two, {pair}"
        return f"No difference in {_lower(metric.label)} is shown between {pair}: {said}."
    return f"{said}{_parts(contest, metric, first)}: the difference is shown."


def _counted(contest: Contest, metric: Metric, order: Sequence[str]) -> str:
    shown = sum(contest.between(metric.name, order[0], other).shown for other in order[1:])
    others = plural(len(order) - 1, "other")
    return f"{contest.called(order[0])} is shown to differ from {shown or 'none'} of the {others}."


def _told(contest: Contest, metric: Metric, found: Difference) -> str:
    """``X saves 3.2 ± 1.1 points more than Y``."""
    one, other = contest.called(found.one), contest.called(found.other)
    if found.mean is None:
        return f"{one} and {other} have nothing in common to be compared"
    higher = found.mean >= 0
    by = f"{with_half_width((found if higher else found.turned).estimate)} {difference_unit(metric)}".strip()
    if metric.name in _SAVED:
        return f"{one} saves {by}{_SAVED[metric.name]} {'more' if higher else 'less'} than {other}"
    direction = "higher" if higher else "lower"
    return f"{metric.label} is {by} {direction} with {one} than with {other}"


def _parts(contest: Contest, metric: Metric, found: Difference) -> str:
    """What a difference in cost reduction is made of, where that is known."""
    if metric.name != COST_REDUCTION or not set(SAVINGS) <= set(contest.metrics):
        return ""
    return made_of({name: contest.between(name, found.one, found.other).estimate for name in SAVINGS})


def basis(contest: Contest) -> str:
    """What the verdicts rest on."""
    played = plural(contest.replications, "replication")
    if contest.replications < 2:
        return f"{played} of each: without a second one nothing is tested."
    if contest.pairs <= 1:
        return f"Paired over {played} on the same random numbers; 95 % interval."
    return (
        f"Paired over {played} on the same random numbers. Intervals and verdicts are corrected for all "
        f"{contest.pairs} pairs (Holm): the chance of even one false difference is 5 %."
    )


def chart(contest: Contest, metric: Metric, reference: str) -> Chart:
    """The differences against the reference, a row each, around zero."""
    found = contest.against(metric.name, reference)
    labels = tuple(each.one for each in found)
    unit = difference_unit(metric)
    whom = contest.called(reference)
    describes = f"Each less {whom}, paired by replication; the line at 0 is {whom}."
    if contest.replications > 1:
        describes += " A bar that does not reach 0 is a difference that is shown."
    return Chart(
        name="differences",
        quantities=[Quantity(metric.name, f"{metric.label}, less that of {whom}", unit)],
        axes=[Axis(contest.noun, labels, None)],
        codes=[list(range(len(labels)))],
        figures=[columns_of([each.estimate for each in found])],
        x=0,
        by=None,
        start=[0],
        describes=describes,
        grid=False,
    )


def table(contest: Contest, metric: Metric, reference: str) -> Table:
    """The differences against the reference, with their intervals and verdicts."""
    found = contest.against(metric.name, reference)
    rows = [
        [
            Cell(each.one),
            number_cell(each.mean, with_half_width(each.estimate)),
            Cell(verdict(each, metric)),
            number_cell(each.p, _p(each.p)),
            share_cell(each.removed),
            number_cell(each.n, number(each.n, 0)),
        ]
        for each in found
    ]
    unit = difference_unit(metric)
    columns = [
        Column(contest.noun.capitalize(), numeric=False),
        Column(f"Difference ({unit})" if unit else "Difference", help=metric.definition),
        Column("Verdict", numeric=False),
        Column("p", help="Corrected for all pairs (Holm)."),
        Column(
            "Variance removed by pairing (%)", help="What the same random numbers took from its variance."
        ),
        Column("n", help="Replications in which both are defined."),
    ]
    note = ""
    if contest.replications > 1:
        note = "±: half of the 95 % interval, which leaves out 0 exactly where a difference is shown."
    if any(each.yardstick for each in found):
        told = "; ".join(
            f"{label} {what}" for label, what in _YARDSTICKS.items() if label in contest.yardsticks
        )
        note += f" Yardsticks are tested by themselves: {told}."
    return Table(f"{metric.label}: each less {contest.called(reference)}", columns, rows, note)


def verdict(found: Difference, metric: Metric) -> str:
    """What the test says, in a few words."""
    if found.p is None or found.mean is None:
        return NOTHING
    if not found.shown:
        return "no difference shown"
    direction = "higher" if found.mean > 0 else "lower"
    if metric.better is None:
        return direction
    return f"{direction}: {'better' if direction == metric.better else 'worse'}"


def overview(contest: Contest, reference: str, metrics: Sequence[str]) -> Table:
    """A row a metric, a column each of those asked for: its difference from the reference."""
    others = [label for label in contest.asked if label != reference]
    rows = []
    for name in metrics:
        metric = METRICS[name]
        told = {label: contest.between(name, label, reference) for label in others}
        if all(not told[label].mean for label in others):
            continue
        unit = difference_unit(metric)
        axis = f"{metric.label} ({unit})" if unit else metric.label
        rows.append([Cell(axis), *(_bracketed(told[label]) for label in others)])
    columns = [Column("Metric", numeric=False), *(Column(label) for label in others)]
    note = "Half-widths are of corrected 95 % intervals; (in brackets): no difference shown."
    if contest.replications < 2:
        note = "One replication: no intervals, and nothing is tested."
    return Table(f"Every metric: each less {contest.called(reference)}", columns, rows, f"{note} {_WITHIN}")


_WITHIN = (
    "Tests are corrected within a metric, not over all of them. Metrics in which none differ are left out."
)


def _bracketed(found: Difference) -> Cell:
    text = with_half_width(found.estimate)
    return number_cell(found.mean, text if found.shown or found.p is None else f"({text})")


def _p(value: float | None) -> str | None:
    if value is None:
        return None
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
