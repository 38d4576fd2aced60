"""The report of a study of frictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.frictions.bearing import PARTIES
from coalesce_sim.frictions.results import COST_POINTS, GROSS, NET
from coalesce_sim.numbers import NOTHING, number, percent, with_half_width
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.closing import ending, scenario_checks
from coalesce_sim.report.html.page import Cell, Column, Drawing, Facts, Page, Section, Table, number_cell
from coalesce_sim.report.opening import Opened
from coalesce_sim.statistics.intervals import Estimate

_NOTE = (
    "Frictions are switched on from top to bottom, on the same random numbers. Means ± half of the 95 % "
    "interval; below 0: gives back. Of the two largest, what each takes before the other one is on and after "
    "it; × is what they do together with what stands between them."
)


def frictions_page(opened: Opened, title: str | None) -> Page:
    """Put the report of a study of frictions together."""
    facts, origin = opened.facts, opened.facts["provenance"]
    scenarios = {opened.name: origin["scenario"]}
    checks = scenario_checks(scenarios, {opened.name: origin.get("origins", {})})
    results = [_waterfall(facts), *_rules(facts), *_bearing(facts)]
    sections = [
        Section("asked", "What was asked", [Facts(_asked(facts, origin))]),
        Section("curves", "From gross to net", [Drawing(_chart(facts))]),
        Section("results", "Results", results),
        *ending(checks, scenarios, origin),
    ]
    reduction = {name: Estimate.of_dict(each) for name, each in facts["cost_reduction"].items()}
    return Page(
        title=title or f"{opened.title}: what survives payment",
        overline=f"Frictions of {opened.name}",
        answer=facts["findings"],
        figures={
            "Cost reduction, gross": percent(reduction[GROSS]),
            "Cost reduction, net": percent(reduction[NET]),
            "Replications": f"{facts['replications']:,}",
            "Seed": str(facts["seed"]),
        },
        sections=sections,
    )


def _asked(facts: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, str]:
    price = facts["median_price_usd"]
    entries = {
        "Scenario": facts["scenario"],
        "Switched on, in this order": ", ".join(
            each["bar"] for each in facts["bars"] if each["kind"] != "interaction"
        ),
        "Median price of a contract": NOTHING if price is None else f"{number(price)} USD",
        "Replications": f"{facts['replications']:,}, each on the same random numbers for every market",
        "Seed": str(facts["seed"]),
    }
    if origin["overrides"]:
        entries["Fixed changes"] = "\n".join(origin["overrides"])
    return entries


def _savings(facts: Mapping[str, Any]) -> tuple[Estimate, Estimate]:
    """Gross and net."""
    gross, net = (Estimate.of_dict(facts[f"{name}_usd_per_task"]) for name in (GROSS, NET))
    return gross, net


def _chart(facts: Mapping[str, Any]) -> Chart:
    gross, net = _savings(facts)
    left = [gross, *(Estimate.of_dict(each["left"]) for each in facts["bars"]), net]
    nothing = Estimate(None, None, None, 0)
    taken = [nothing, *(Estimate.of_dict(each) for each in facts["bars"]), nothing]
    labels = (GROSS, *(each["bar"] for each in facts["bars"]), NET)
    return Chart(
        name="waterfall",
        quantities=[
            Quantity("left", "Left of the saving", "USD/task"),
            Quantity("taken", "Taken", "USD/task"),
        ],
        axes=[Axis("friction", labels, None)],
        codes=[list(range(len(labels)))],
        figures=[columns_of(left), columns_of(taken)],
        x=0,
        by=None,
        start=[0],
        describes="What is left of the saving after each friction; bars are 95 % intervals (t).",
    )


def _waterfall(facts: Mapping[str, Any]) -> Table:
    gross, net = _savings(facts)
    rows = [[Cell(GROSS), _estimate(gross), _estimate(gross), *[Cell("")] * 3]]
    for each in facts["bars"]:
        orders = [
            Estimate.of_dict(each[name]) if name in each else None for name in ("before_other", "after_other")
        ]
        rows.append(
            [
                Cell(each["bar"]),
                _estimate(Estimate.of_dict(each)),
                _estimate(Estimate.of_dict(each["left"])),
                *(Cell("") if order is None else _estimate(order) for order in orders),
                Cell("shown" if each["shown"] else "not shown"),
            ]
        )
    rows.append([Cell(NET), _estimate(net), _estimate(net), *[Cell("")] * 3])
    columns = [
        Column("Friction or rule", numeric=False),
        Column("Taken, USD a task"),
        Column("Left, USD a task"),
        Column("Before the other one"),
        Column("After the other one"),
        Column("Difference from 0", numeric=False, help="Holm over all bars"),
    ]
    return Table("From gross to net", columns, rows, _NOTE)


def _rules(facts: Mapping[str, Any]) -> list[Table]:
    """What each rule costs, where there are any."""
    if not facts[COST_POINTS]:
        return []
    rows = [
        [Cell(label), _estimate(Estimate.of_dict(each)), Cell("shown" if each["shown"] else "not shown")]
        for label, each in facts[COST_POINTS].items()
    ]
    columns = [
        Column("Rule", numeric=False),
        Column("Costs, points of cost reduction"),
        Column("Difference from 0", numeric=False, help="Holm over all rules"),
    ]
    note = "Cost reduction, net, without the rule less that with all, on the same random numbers."
    return [Table("What each rule costs", columns, rows, note)]


def _bearing(facts: Mapping[str, Any]) -> list[Table]:
    if not facts["bearing_usd_per_task"]:
        return []
    rows = [
        [Cell(part), *(_estimate(Estimate.of_dict(each[party])) for party in PARTIES)]
        for part, each in facts["bearing_usd_per_task"].items()
    ]
    columns = [
        Column("Part", numeric=False),
        *(Column(f"{party.capitalize()}, USD a task") for party in PARTIES),
    ]
    return [Table("Who bears what", columns, rows, "With all frictions on; below 0: gains.")]


def _estimate(value: Estimate) -> Cell:
    return number_cell(value.mean, None if value.mean is None else with_half_width(value))
