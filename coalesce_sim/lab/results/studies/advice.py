"""What an advice tells: who should do what, what that changes, and what would turn it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.lab.results.studies.cells import estimate_cell, plain_cell
from coalesce_sim.lab.results.studies.files import Study
from coalesce_sim.numbers import duration, number
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.closing import provenance_section, scenario_checks, scenario_section
from coalesce_sim.report.html.page import Cell, Column, Drawing, Page, Section, Source, Table
from coalesce_sim.statistics.intervals import Estimate

PICTURES = {
    "costs.png": "What policies cost",
    "who.png": "Who should do what",
    "turning.png": "What would turn the advice",
}
_PARTS = {
    "usd": Quantity("usd", "Saved", "USD a replication"),
    "cash": Quantity("cash", "Saved in cash", "USD a replication"),
    "delay": Quantity("delay", "Saved in delay", "USD a replication"),
    "losses": Quantity("losses", "Saved in losses", "USD a replication"),
}
_MONTHLY = "In the answer amounts are by the month where a day or more is played; here of a replication."


def advice_page(study: Study) -> Page:
    """Put it together."""
    facts, origin = study.facts, study.origin
    scenarios = {study.name: origin["scenario"]}
    results = [_jobs(facts), _policies(facts), *_turns(facts), *_worths(facts), *_assumed(facts)]
    page = study.checked("advice.md").read_text(encoding="utf-8")
    return Page(
        title=f"{study.title}: what to outsource, and to whom",
        overline=f"Advice on {study.name}",
        answer=facts["findings"],
        figures={
            "Policies": f"{len(facts['policies']):,}",
            "Replications": f"{facts['replications']:,}",
            "Seed": str(facts["seed"]),
            "Wall time": duration(origin["wall_s"]),
        },
        sections=[
            Section("curves", "What policies save", [Drawing(_chart(facts))]),
            Section("results", "Results", results),
            Section("page", "To pass on", [Source("advice.md, as Markdown", page)]),
            Section(
                "diagnostics",
                "Diagnostics",
                scenario_checks(scenarios, {study.name: origin.get("origins", {})}),
            ),
            scenario_section(scenarios),
            provenance_section(origin),
        ],
    )


def _chart(facts: Mapping[str, Any]) -> Chart:
    policies = facts["policies"]
    return Chart(
        name="policies",
        quantities=list(_PARTS.values()),
        axes=[Axis("Policy", tuple(policies), None)],
        codes=[list(range(len(policies)))],
        figures=[
            columns_of([Estimate.of_dict(each["saves"][name]) for each in policies.values()])
            for name in _PARTS
        ],
        x=0,
        by=None,
        start=[0],
        describes=f"Against {facts['baseline']}. Bars are 95 % intervals. {_MONTHLY}",
    )


def _jobs(facts: Mapping[str, Any]) -> Table:
    names = ("share", "usd_per_task", "turnaround_s", "success_rate")
    rows = [
        [Cell(str(each["type"])), Cell(str(each["worker"])), *(estimate_cell(each[name]) for name in names)]
        for each in facts["jobs"]
    ]
    columns = [
        *(Column(name, numeric=False) for name in ("Type", "Worker")),
        *map(Column, ("Of its tasks (%)", "USD a task", "Turnaround (s)", "Success (%)")),
    ]
    return Table(f"Who should do what ({facts['best']})", columns, rows)


def _policies(facts: Mapping[str, Any]) -> Table:
    rows = [
        [
            Cell(policy),
            estimate_cell(each["costs_usd"]),
            *(estimate_cell(each["saves"][name]) for name in _PARTS),
            *(estimate_cell(each.get(name)) for name in ("success_rate", "turnaround_s")),
        ]
        for policy, each in facts["policies"].items()
    ]
    heads = ("Costs", "Saves", "In cash", "In delay", "In losses", "Success (%)", "Turnaround (s)")
    columns = [Column("Policy", numeric=False), *map(Column, heads)]
    return Table(f"Policies, USD a replication, against {facts['baseline']}", columns, rows, _MONTHLY)


def _turns(facts: Mapping[str, Any]) -> list[Table]:
    if not facts["turns"]:
        return []
    rows = [[Cell(str(each["what"])), _turn(each)] for each in facts["turns"]]
    columns = [Column("If", numeric=False), Column("Turns at", numeric=False)]
    return [Table(f"What would turn the advice to: {facts['second']}", columns, rows)]


def _turn(turn: Mapping[str, Any]) -> Cell:
    if not turn["pays_without"]:
        return Cell("as it stands, on these replications")
    return Cell("nothing that was tried" if turn["turns_at"] is None else _text(turn["turns_at"]))


def _text(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _worths(facts: Mapping[str, Any]) -> list[Table]:
    if not facts["worth_from"]:
        return []
    names = ("break_even_success_rate", "stated_success_rate")
    rows = [
        [
            *(Cell(str(each[name])) for name in ("type", "worker", "instead_of")),
            *(plain_cell(each[name]) for name in names),
        ]
        for each in facts["worth_from"]
    ]
    columns = [
        *(Column(name, numeric=False) for name in ("Type", "Given to", "In place of")),
        *map(Column, ("Worth it from a success rate of (%)", "Stated (%)")),
    ]
    return [Table("How good work must be", columns, rows)]


def _assumed(facts: Mapping[str, Any]) -> list[Table]:
    if not facts["assumptions"]:
        return []
    rows = [
        [Cell(str(each["assumed"])), Cell(str(each["instead"])), estimate_cell(each["moves_saving_usd"])]
        for each in facts["assumptions"]
    ]
    columns = [
        *(Column(name, numeric=False) for name in ("Assumed", "Were it")),
        Column("Saving moves by (USD a replication)"),
    ]
    return [Table("What it assumed, and by how much that moves the saving", columns, rows)]
