"""What a search for the best settings tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coalesce_sim.lab.results.studies.cells import estimate_cell
from coalesce_sim.lab.results.studies.closing import closing_sections
from coalesce_sim.lab.results.studies.files import Study
from coalesce_sim.metrics import describe
from coalesce_sim.numbers import level_text, plural
from coalesce_sim.optimisation.goals import Goal
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, axis_of, rounded
from coalesce_sim.report.html.page import Cell, Column, Drawing, Page, Section, Table, number_cell
from coalesce_sim.report.optimisation.findings import NOTE, VERDICTS, best_told, compared
from coalesce_sim.statistics.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd

PICTURES = {"trials.png": "What every trial came to, over each field that was searched"}
_MOST_ROWS = 1_000


def optimisation_page(study: Study) -> Page:
    """Put it together."""
    facts, origin = study.facts, study.origin
    trials = study.table("trials.csv")
    told = _told_metrics(facts, trials)
    return Page(
        title=f"{study.title}: the best settings found",
        overline=f"Search for settings of {study.name}",
        answer=_answer(facts),
        figures={
            "Trials": f"{facts['trials']:,}",
            "Keep all constraints": f"{facts['feasible']:,}",
            "Failed": f"{facts['failed']:,}",
            "Replications a trial": f"{facts['replications']:,}",
            "Seed": str(facts["seed"]),
        },
        sections=[
            Section("curves", "Every trial", [Drawing(_chart(facts, trials, told))]),
            Section("results", "Results", [*_compared(facts, told), _trials(facts, trials, told)]),
            *closing_sections(study, _asked(facts, origin), told),
        ],
    )


def _goal(facts: Mapping[str, Any]) -> Goal:
    return Goal(facts["goal"]["metric"], bool(facts["goal"]["maximise"]))


def _answer(facts: Mapping[str, Any]) -> list[str]:
    """The best setting, what it is worth on a fresh seed beside the scenario's own, and what holds."""
    goal, best, validation = _goal(facts), facts["best"], facts["validation"]
    if best is None:
        told = [f"{goal.text}: none of {plural(facts['trials'], 'trial')} keeps all constraints."]
        closest = facts["closest"]
        return told if closest is None else [*told, f"The closest: {_setting(closest['setting'])}."]
    fresh = validation is not None and validation["error"] is None
    figures = validation["best"] if fresh else best["search"]
    known = {name: Estimate.of_dict(each) for name, each in figures.items()}
    answer = [f"{best_told(goal, known, facts['outcome'], fresh=fresh)} at {_setting(best['setting'])}."]
    if not fresh:
        why = "" if validation is None else f": {validation['error']}"
        return [*answer, f"It could not be validated on a fresh seed{why}."]
    saved_more = {name: Estimate.of_dict(each) for name, each in validation["saved_more"].items()}
    answer.append(compared(goal, Estimate.of_dict(validation["difference"]), saved_more))
    for constraint, verdict in zip(facts["constraints"], validation["constraints"], strict=True):
        answer.append(f"{constraint['written']}: {VERDICTS[verdict][0]}.")
    return [*answer, NOTE]


def _setting(setting: Mapping[str, Any]) -> str:
    return ", ".join(f"{label_of(path)} = {level_text(value)}" for path, value in setting.items())


def _asked(facts: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Goal": _goal(facts).text,
        "Over": "\n".join(f"{label_of(path)} ({path}): {levels}" for path, levels in facts["over"].items()),
        "Subject to": "\n".join(each["written"] for each in facts["constraints"]),
        "Scenario": str(facts["scenario"]),
        "Fixed changes": "\n".join(origin.get("overrides", ())),
    }


def _told_metrics(facts: Mapping[str, Any], trials: pd.DataFrame) -> list[str]:
    """The metrics of the trials, the goal first."""
    names = [name for name in trials if f"{name}_low" in trials]
    first = facts["goal"]["metric"]
    return sorted(map(str, names), key=lambda name: name != first)


def _chart(facts: Mapping[str, Any], trials: pd.DataFrame, told: Sequence[str]) -> Chart:
    """Every trial over each field; trials that keep the constraints apart from those that do not."""
    columns = [str(each) for each in trials]
    fields = columns[columns.index("trial") + 1 : columns.index(_first_metric(columns))]
    pairs = [axis_of(name, trials[name]) for name in fields]
    keeps = [0 if each else 1 for each in trials["feasible"].tolist()]
    constrained = bool(facts["constraints"])
    kept = Axis("Mean keeps all constraints", ("keeps all constraints", "breaks one"), None)
    axes = [axis for axis, _ in pairs] + ([kept] if constrained else [])
    codes = [each for _, each in pairs] + ([keeps] if constrained else [])
    count = float(facts["replications"])
    ends = {"mean": "", "low": "_low", "high": "_high"}
    metrics = [describe(name) for name in told]
    return Chart(
        name="trials",
        quantities=[Quantity(each.name, each.label, each.unit) for each in metrics],
        axes=axes,
        codes=codes,
        figures=[
            {
                **{end: rounded(trials[f"{name}{suffix}"].tolist()) for end, suffix in ends.items()},
                "n": [count] * len(trials),
            }
            for name in told
        ],
        x=0,
        by=len(pairs) if constrained else None,
        start=[0] * len(axes),
        describes=f"A point a trial, the mean of {plural(facts['replications'], 'replication')}; bars are "
        "95 % intervals.",
        grid=False,
        turns=True,
    )


def _first_metric(columns: Sequence[str]) -> str:
    return next(name for name in columns if f"{name}_low" in columns)


def _compared(facts: Mapping[str, Any], told: Sequence[str]) -> list[Table]:
    """The best setting as the search saw it and as it was validated, beside the scenario's own."""
    best, validation = facts["best"], facts["validation"]
    if best is None or validation is None:
        return []
    columns = {
        f"Search, seed {facts['seed']}, n = {facts['replications']}": best["search"],
        f"Validated, seed {validation['seed']}, n = {validation['replications']}": validation["best"],
        f"Own settings, seed {validation['seed']}, n = {validation['replications']}": validation["own"],
    }
    rows = [
        [Cell(describe(name).axis), *(estimate_cell(each.get(name)) for each in columns.values())]
        for name in told
    ]
    heads = [Column("Metric", numeric=False), *map(Column, columns)]
    return [Table("The best setting beside the scenario's own", heads, rows, NOTE)]


def _trials(facts: Mapping[str, Any], trials: pd.DataFrame, told: Sequence[str]) -> Table:
    columns = [str(each) for each in trials]
    fields = columns[columns.index("trial") + 1 : columns.index(_first_metric(columns))]
    goal = facts["goal"]
    ordered = trials.sort_values(goal["metric"], ascending=not goal["maximise"], na_position="last")
    rows = []
    for row in ordered.head(_MOST_ROWS).to_dict("records"):
        values = [
            estimate_cell(
                None
                if row[name] != row[name]
                else {
                    "mean": row[name],
                    "sd": None,
                    "ci95": None
                    if row[f"{name}_low"] != row[f"{name}_low"]
                    else (row[f"{name}_low"], row[f"{name}_high"]),
                    "n": facts["replications"],
                }
            )
            for name in told
        ]
        error = "" if row["error"] != row["error"] else str(row["error"])
        state = error or ("yes" if row["feasible"] else "no")
        rows.append(
            [number_cell(row["trial"]), *(_level(row[name]) for name in fields), *values, Cell(state)]
        )
    heads = [
        Column("Trial"),
        *(Column(label_of(name), numeric=not isinstance(trials[name].iloc[0], str)) for name in fields),
        *(Column(describe(name).axis) for name in told),
        Column("Keeps all constraints", numeric=False),
    ]
    left = len(trials) - len(rows)
    note = f"{left:,} more are in trials.csv." if left else ""
    return Table("Every trial, the best first", heads, rows, note)


def _level(value: Any) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(level_text(value), float(value) if number else None)
