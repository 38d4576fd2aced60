"""What a calibration tells: what was fitted, and the error that is left on runs that were held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.lab.results.studies.files import Study
from coalesce_sim.numbers import NOTHING, number
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.closing import provenance_section
from coalesce_sim.report.html.page import (
    Block,
    Cell,
    Check,
    Column,
    Drawing,
    Facts,
    Page,
    Section,
    Source,
    Table,
    number_cell,
)
from coalesce_sim.statistics.intervals import Estimate

PICTURES = {"calibration.png": "Errors by component before and after, and predicted against measured"}


def calibration_page(study: Study) -> Page:
    """Put it together."""
    facts = study.facts
    scenario = study.checked("calibrated.yaml").read_text(encoding="utf-8")
    remarks: list[Block] = [Check(True, f"{remark}.") for remark in facts["remarks"]]
    return Page(
        title=f"{study.title}: fitted to measured runs",
        overline=f"Calibration of {study.name}",
        answer=facts["findings"],
        figures={
            "Measured runs": f"{facts['runs']:,}",
            "Held out": f"{100 * facts['hold_out']:g} %",
            "Limit of errors": f"{facts['limit']:g} %",
            "Above it": f"{len(facts['above']):,}",
        },
        sections=[
            Section("curves", "Errors on the runs held out", [Drawing(_chart(facts))]),
            Section("results", "Results", [_components(facts), _parameters(facts)]),
            Section("asked", "What was asked", [Facts(_asked(facts))]),
            Section("remarks", "Remarks", remarks),
            Section("scenario", "Scenario", [Source("calibrated.yaml", scenario)]),
            provenance_section(study.origin),
        ],
    )


def _asked(facts: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Runs": str(facts["runs_file"]),
        "Held out": f"{100 * facts['hold_out']:g} % of them, {facts['held_out']}",
        "Seed": str(facts["seed"]),
    }


def _percent(value: Mapping[str, Any] | None) -> Estimate:
    """An error, of one to percent."""
    if value is None or value["mean"] is None:
        return Estimate(None, None, None, 0)
    ends = value["ci95"]
    interval = None if ends is None else (100 * ends[0], 100 * ends[1])
    return Estimate(100 * value["mean"], None, interval, int(value["n"]))


def _chart(facts: Mapping[str, Any]) -> Chart:
    known = [each for each in facts["components"] if each["error"] is not None]
    stages = ("error_before", "error")
    estimates = [_percent(each[stage]) for stage in stages for each in known]
    places = range(len(known))
    return Chart(
        name="errors",
        quantities=[Quantity("error", "Error on runs held out", "%")],
        axes=[
            Axis("Component", tuple(str(each["component"]) for each in known), None),
            Axis("Scenario", ("as it was", "calibrated"), None),
        ],
        codes=[[*places, *places], [0] * len(known) + [1] * len(known)],
        figures=[columns_of(estimates)],
        x=0,
        by=1,
        start=[0, 0],
        describes=f"The limit is {facts['limit']:g} %. Bars are 95 % intervals.",
    )


def _error_cell(value: Mapping[str, Any] | None) -> Cell:
    told = _percent(value)
    if told.mean is None:
        return Cell(NOTHING)
    ends = "" if told.ci95 is None else f" [{number(told.ci95[0], 1)}, {number(told.ci95[1], 1)}]"
    return number_cell(told.mean, f"{number(told.mean, 1)}{ends}")


def _components(facts: Mapping[str, Any]) -> Table:
    rows = [
        [
            Cell(str(each["component"])),
            Cell(str(each["law"] or NOTHING)),
            number_cell(each["runs"], number(each["runs"], 0)),
            number_cell(each["held_out"], number(each["held_out"], 0)),
            _error_cell(each["error_before"]),
            _error_cell(each["error"]),
            Cell(str(each["not_fitted"] or "; ".join(each["notes"]))),
        ]
        for each in facts["components"]
    ]
    columns = [
        *(Column(name, numeric=False) for name in ("Component", "Law")),
        *map(Column, ("Fitted to runs", "Held out", "Error before (%)", "Error after (%)")),
        Column("Remark", numeric=False),
    ]
    return Table("What was fitted, and the error on runs held out", columns, rows, "[ ]: 95 % intervals.")


def _parameters(facts: Mapping[str, Any]) -> Table:
    rows = [
        [
            Cell(str(each["path"])),
            _value_cell(each["stated"]),
            _value_cell(each["value"]),
            Cell(NOTHING if each["ci95"] is None else " to ".join(map(number, each["ci95"]))),
            number_cell(each["runs"], number(each["runs"], 0)),
        ]
        for component in facts["components"]
        for each in component["parameters"]
    ]
    columns = [
        Column("Field", numeric=False),
        *map(Column, ("Stated", "Fitted", "95 % interval", "Runs")),
    ]
    return Table("Fields of the scenario", columns, rows)


def _value_cell(value: Any) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_cell(value)
    return Cell(NOTHING if value is None else str(value))
