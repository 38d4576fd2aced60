"""An advice as a page: what to do, what that changes, what would turn it and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coalesce_sim.numbers import NOTHING, number, with_half_width
from coalesce_sim.report.advice.table import WORTH
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.closing import provenance_section, scenario_checks
from coalesce_sim.report.html.page import (
    Cell,
    Column,
    Drawing,
    Page,
    Passage,
    Section,
    Table,
    number_cell,
)
from coalesce_sim.statistics.intervals import Estimate

_HALF = "±: half of the 95 % interval."


def advice_page(facts: Mapping[str, Any]) -> Page:
    """Put the page together; `facts` are those of ``advice.json``."""
    when = facts["period"]
    sections = [
        Section("who", "Who should do what", [_jobs(facts)]),
        Section("policies", f"What it costs, USD {when}", [Drawing(_costs(facts)), _policies(facts)]),
    ]
    if facts["turns"]:
        heading = f"What would turn the advice to: {facts['second']}"
        sections.append(Section("turns", heading, [_turning(facts)]))
        drawn = [Drawing(each) for each in _levers(facts)]
        sections.append(Section("levers", "How far ahead it is as these change", drawn))
    if facts["worth_from"]:
        sections.append(Section("worth", WORTH, [_worth(facts)]))
    if facts["assumptions"]:
        sections.append(Section("assumed", "What it assumed", [_assumed(facts)]))
    origin = facts["provenance"]
    scenarios = {facts["scenario"]: origin["scenario"]}
    checks = scenario_checks(scenarios, {facts["scenario"]: origin["origins"]})
    sections += [
        Section("notes", "What the figures mean", [Passage(each) for each in facts["notes"]]),
        Section("diagnostics", "Diagnostics", checks),
        provenance_section(origin),
    ]
    return Page(
        title=facts["findings"][0].removesuffix("."),
        overline=f"Advice for {facts['scenario']}",
        answer=facts["findings"],
        figures=_figures(facts),
        sections=sections,
    )


def _figures(facts: Mapping[str, Any]) -> dict[str, str]:
    best = facts["policies"][facts["best"]]
    saved = {name: Estimate.of_dict(told) for name, told in best["saves"].items()}
    told = {
        f"Saved {facts['period']}": f"{with_half_width(saved['usd'])} USD",
        "Of the costs": f"{with_half_width(saved['share'])} %",
        "Success": f"{number(best['success_rate']['mean'], 1)} %",
    }
    if facts["lead_usd"] is not None:
        told["Ahead of the next advice"] = f"{with_half_width(Estimate.of_dict(facts['lead_usd']))} USD"
    return told


def _jobs(facts: Mapping[str, Any]) -> Table:
    rows = [
        [
            Cell(each["type"]),
            Cell(each["worker"]),
            number_cell(each["share"]["mean"], number(each["share"]["mean"], 1)),
            _cell(each["usd_per_task"]),
            _cell(each["turnaround_s"]),
            number_cell(each["success_rate"]["mean"], number(each["success_rate"]["mean"], 1)),
        ]
        for each in facts["jobs"]
    ]
    columns = [
        Column("Type", numeric=False),
        Column("Worker", numeric=False),
        Column("Of its tasks, %"),
        Column("USD a task"),
        Column("Turnaround, s"),
        Column("Success, %"),
    ]
    return Table(f"Under {facts['best']}, which is advised", columns, rows, _HALF)


def _policies(facts: Mapping[str, Any]) -> Table:
    policies, advised = facts["policies"], facts["advised"]
    reserved = any(each["costs_as_reserved_usd"] for each in policies.values())
    columns = [Column("Policy", numeric=False), Column("Costs")]
    if reserved:
        columns.append(Column("Box as reserved", help="Hardware at home paid for by the hour, used or not"))
    columns += [Column(each) for each in ("Saves", "Of that cash", "Delay", "Losses")]
    columns += [Column("Success, %"), Column("95th percentile, s"), Column("Advised", numeric=False)]
    rows = []
    for label in [*advised, *(each for each in policies if each not in advised)]:
        each = policies[label]
        row = [Cell(label), _cell(each["costs_usd"])]
        row += [_cell(each["costs_as_reserved_usd"])] if reserved else []
        row += [_cell(each["saves"][name]) for name in ("usd", "cash", "delay", "losses")]
        row += [number_cell(each[name]["mean"]) for name in ("success_rate", "turnaround_p95_s")]
        rows.append([*row, Cell("yes" if label in advised else "no")])
    caption = f"Policies on the same tasks and luck, USD {facts['period']}, against {facts['baseline']}"
    return Table(caption, columns, rows, _HALF)


def _costs(facts: Mapping[str, Any]) -> Chart:
    labels = facts["advised"]
    names = {"costs_usd": "Cost", "saves": "Saved"}
    told = {
        "costs_usd": [facts["policies"][each]["costs_usd"] for each in labels],
        "saves": [facts["policies"][each]["saves"]["usd"] for each in labels],
    }
    return Chart(
        "costs",
        [Quantity(name, label, f"USD {facts['period']}") for name, label in names.items()],
        [Axis("policy", tuple(labels), None)],
        [list(range(len(labels)))],
        [columns_of([Estimate.of_dict(each) for each in told[name]]) for name in names],
        0,
        None,
        [0],
        "Policies that are advised, on the same tasks and luck; lines are 95 % intervals.",
        grid=False,
    )


def _turning(facts: Mapping[str, Any]) -> Table:
    rows = [
        [Cell(each["what"]), Cell(words)]
        for each, words in zip(facts["turns"], facts["in_words"]["turns"], strict=True)
    ]
    columns = [Column("If", numeric=False), Column("It turns at", numeric=False)]
    caption = "Levels at which the second advice costs as little; in brackets where that is open"
    return Table(caption, columns, rows)


def _levers(facts: Mapping[str, Any]) -> Iterator[Chart]:
    """By how much the best is ahead of the second at the levels of each lever that were played."""
    months = facts["replications_a_month"] or 1.0
    for place, each in enumerate(facts["turns"]):
        levels, gains = each["shown"], [Estimate.of_dict(one["gain_usd"]) for one in each["tried"]]
        order = sorted(range(len(levels)), key=lambda at: levels[at])
        yield Chart(
            f"turn{place}",
            [Quantity("ahead", f"Ahead of {facts['second']}", f"USD {facts['period']}")],
            [
                Axis(
                    f"{each['what']} ({each['unit']})",
                    tuple(number(levels[at]) for at in order),
                    tuple(levels[at] for at in order),
                )
            ],
            [list(range(len(levels)))],
            [columns_of([_times(gains[at], months) for at in order])],
            0,
            None,
            [0],
            "Where it reaches 0, the advice turns; intervals of 95 %.",
        )


def _worth(facts: Mapping[str, Any]) -> Table:
    months = facts["replications_a_month"] or 1.0
    rows = [
        [
            Cell(each["type"]),
            Cell(each["worker"]),
            Cell(each["instead_of"]),
            Cell(words, each["break_even_success_rate"]),
            _stated(each["stated_success_rate"]),
            number_cell(months * (each["saves_usd"]["mean"] or 0.0)),
        ]
        for each, words in zip(facts["worth_from"], facts["in_words"]["worth_from"], strict=True)
    ]
    columns = [
        Column("Type", numeric=False),
        Column("Given to", numeric=False),
        Column("In place of", numeric=False),
        Column("Worth it from", help="The share of good answers from which the move saves"),
        Column("Stated"),
        Column(f"Saves at most, USD {facts['period']}"),
    ]
    return Table("Moves, and how good the work would have to be", columns, rows)


def _stated(percent: float | None) -> Cell:
    return Cell("not known") if percent is None else Cell(f"{number(percent, 1)} %", percent)


def _assumed(facts: Mapping[str, Any]) -> Table:
    months = facts["replications_a_month"] or 1.0
    rows = [
        [
            Cell(each["assumed"]),
            Cell(each["instead"]),
            number_cell(months * (each["moves_saving_usd"]["mean"] or 0.0)),
        ]
        for each in facts["assumptions"]
    ]
    columns = [
        Column("Assumed", numeric=False),
        Column("Were it", numeric=False),
        Column(f"The saving moves by, USD {facts['period']}"),
    ]
    return Table("In order of how much it matters", columns, rows)


def _cell(told: Mapping[str, Any] | None) -> Cell:
    if told is None or told["mean"] is None:
        return Cell(NOTHING)
    return Cell(with_half_width(Estimate.of_dict(told)), told["mean"])


def _times(value: Estimate, factor: float) -> Estimate:
    """The same in another period."""
    if value.mean is None:
        return value
    ends: Sequence[float] | None = value.ci95
    scaled = None if ends is None else (factor * ends[0], factor * ends[1])
    return Estimate(factor * value.mean, None, scaled, value.n)
