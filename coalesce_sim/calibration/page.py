"""A calibration as a page: how far off it was and is, what was fitted, and what stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coalesce_sim.calibration.components import told_interval
from coalesce_sim.calibration.findings import NOTE, percent
from coalesce_sim.numbers import NOTHING, number, plural
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
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
from coalesce_sim.texts import sentence


def calibration_page(facts: Mapping[str, Any]) -> Page:
    """Put the page together; `facts` are those of ``calibration.json``."""
    checked = [each for each in facts["components"] if each["error"]["mean"] is not None]
    errors: list[Drawing | Table] = [Drawing(_chart(facts, checked))] if checked else []
    sections = [
        Section("errors", "How far the market is from the log", [*errors, _errors(facts)]),
        Section("fitted", "What was fitted", [_fitted(facts)]),
    ]
    if facts["remarks"]:
        sections.append(
            Section(
                "not", "What the log could not teach", list(map(Passage, map(sentence, facts["remarks"])))
            )
        )
    within = len(checked) - len(facts["above"])
    return Page(
        title=f"{facts['scenario']}, calibrated",
        overline=f"Calibration of {facts['scenario']}",
        answer=[
            *facts["findings"],
            f"{plural(facts['runs'], 'run')}, {100 * facts['hold_out']:g} % held out: {facts['held_out']}.",
        ],
        figures={
            f"Within {facts['limit']:g} %": f"{within} of {len(checked)}",
            "Runs": f"{facts['runs']:,}",
            "Figures fitted": f"{sum(len(each['parameters']) for each in facts['components']):,}",
        },
        sections=sections,
    )


def _errors(facts: Mapping[str, Any]) -> Table:
    shown = [
        each for each in facts["components"] if not each["not_fitted"] or each["error"]["mean"] is not None
    ]
    rows = [
        [
            Cell(each["component"]),
            number_cell(each["runs"] or None, number(each["runs"], 0)),
            number_cell(each["held_out"], number(each["held_out"], 0)),
            number_cell(each["measured"]),
            number_cell(each["predicted"]),
            _percent(each["error_before"]),
            _percent(each["error"]),
            Cell(_interval(each["error"])),
            Cell(_met(each, facts["above"]), None),
        ]
        for each in shown
    ]
    columns = [
        Column("Component", numeric=False),
        Column("Runs"),
        Column("Held out"),
        Column("Measured"),
        Column("Predicted"),
        Column("Error before, %"),
        Column("Error, %"),
        Column("95 % interval"),
        Column(f"Within {facts['limit']:g} %", numeric=False),
    ]
    return Table("Predicted and measured, on the runs that nothing was fitted to", columns, rows, NOTE)


def _met(component: Mapping[str, Any], above: Sequence[str]) -> str:
    if component["error"]["mean"] is None:
        return "not checked"
    return "no" if component["component"] in above else "yes"


def _chart(facts: Mapping[str, Any], checked: Sequence[Mapping[str, Any]]) -> Chart:
    names = [each["component"] for each in checked]
    quantities = {"error": "Error on runs held out", "error_before": "Error as stated before"}
    return Chart(
        "errors",
        [Quantity(name, label, "%") for name, label in quantities.items()],
        [Axis("component", tuple(names), None)],
        [list(range(len(names)))],
        [columns_of([_in_percent(each[name]) for each in checked]) for name in quantities],
        0,
        None,
        [0],
        f"Runs that nothing was fitted to; none should exceed {facts['limit']:g} %; lines: 95 % intervals.",
        grid=False,
    )


def _fitted(facts: Mapping[str, Any]) -> Table:
    rows = [
        [
            Cell(each["path"]),
            number_cell(each["stated"]),
            number_cell(each["value"]),
            Cell(told_interval(each["ci95"], each["value"])),
            number_cell(each["runs"], number(each["runs"], 0)),
            Cell(each["source"]),
        ]
        for component in facts["components"]
        for each in component["parameters"]
    ]
    columns = [
        Column("Field", numeric=False),
        Column("Stated"),
        Column("Fitted"),
        Column("95 % interval"),
        Column("Runs"),
        Column("Fitted to", numeric=False),
    ]
    return Table("Figures of the scenario as they were stated and as they are now", columns, rows)


def _percent(error: Mapping[str, Any]) -> Cell:
    return number_cell(None if error["mean"] is None else 100 * error["mean"], percent(error["mean"]))


def _interval(error: Mapping[str, Any]) -> str:
    ends = error["ci95"]
    return NOTHING if ends is None else f"{percent(ends[0])} to {percent(ends[1])}"


def _in_percent(error: Mapping[str, Any]) -> Estimate:
    ends = error["ci95"]
    mean = error["mean"]
    return Estimate(
        None if mean is None else 100 * mean,
        None,
        None if ends is None else (100 * ends[0], 100 * ends[1]),
        error["n"],
    )
