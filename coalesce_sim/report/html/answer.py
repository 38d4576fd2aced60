"""The answer that a sweep gives, in sentences that claim no more than its tests show."""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.metrics import Metric
from coalesce_sim.numbers import plural, with_half_width
from coalesce_sim.report.best import UNEVEN, top
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.statistics.ranking import Ranking

_JUDGED = {0: "the next best", -1: "the worst"}


def sentences(
    metric: Metric, labels: Sequence[str], ranking: Ranking, *, common_random_numbers: bool
) -> list[str]:
    """The best point, and whether it is shown to differ from the next and from the worst.

    `labels` are those of the rows that were ranked.
    """
    if not ranking.order:
        return [f"{metric.label} is undefined in every run: there is no answer."]
    names, count = [labels[row] for row in ranking.order], len(ranking.order)
    value = _told(ranking.best, metric, count)
    if count == 1:
        return [f"{metric.label} is {value} at the only design point that has any, {names[0]}."]
    headline = f"{metric.label} is {top(metric)} at {names[0]}: {value}"
    if not ranking.tested:
        return [f"{headline}.", "No difference is shown: that takes two replications of two points."]
    told = [_against(ranking, metric, names, 0)]
    if count > 2:
        told += [_against(ranking, metric, names, -1), _counted(ranking)]
    told += [_tests(ranking, common_random_numbers), *([UNEVEN] if ranking.uneven else [])]
    if len(ranking.alike) == count - 1:
        what = metric.label[0].lower() + metric.label[1:]
        whom = "the best point and any other" if count > 2 else "the two points"
        return [f"No difference in {what} is shown between {whom}. {headline}.", *told]
    return [f"{headline}.", *told]


def _against(ranking: Ranking, metric: Metric, names: Sequence[str], place: int) -> str:
    """What is shown of the best against one of the others, such as the next (0) or the worst (-1)."""
    lead, label = ranking.leads[place], names[1:][place]
    which = ("the next" if place == 0 else "the last") if metric.better is None else _JUDGED[place]
    name = f"{which}, {label}" if len(names) > 2 else label
    if lead.ci_holm is None:
        return f"There are too few replications to compare it with {name}."
    widened = Estimate(lead.difference.mean, lead.difference.sd, lead.ci_holm, lead.difference.n)
    by = f"{with_half_width(widened)} {difference_unit(metric)}".strip()
    if ranking.order[1:][place] not in ranking.alike:
        return f"It differs from {name}, by {by}."
    return f"No difference is shown from {name}: {by}."


def _counted(ranking: Ranking) -> str:
    alike, others = len(ranking.alike), plural(len(ranking.leads), "other point")
    if alike == 0:
        return f"All {others} are shown to differ from it."
    if alike == len(ranking.leads):
        return f"None of the {others} is shown to differ from it."
    which = "is" if alike == 1 else "are"
    return f"Of the {others}, {alike:,} {which} not shown to differ from it."


def _tests(ranking: Ranking, common_random_numbers: bool) -> str:
    paired = "paired by replication" + (" on common random numbers" if common_random_numbers else "")
    if ranking.pairs == 1:
        return f"The test is {paired}, at the 5 % level."
    return (
        f"Tests are {paired}; the chance of even one false difference over all {ranking.pairs:,} pairs of "
        f"points is 5 % ({ranking.procedure}), and the intervals of differences are as wide as that takes."
    )


def _told(value: Estimate, metric: Metric, points: int) -> str:
    unit = f" {metric.unit}" if metric.unit else ""
    interval = "95 % interval"
    if points > 2:
        interval += f" that holds for all {points:,} points at once"
    interval = "" if value.half_width is None else f"{interval}, "
    return f"{with_half_width(value)}{unit} ({interval}{plural(value.n, 'replication')})"


def difference_unit(metric: Metric) -> str:
    """What a difference of the metric is counted in."""
    return "points" if metric.unit == "%" else metric.unit
