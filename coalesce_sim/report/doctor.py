"""A diagnosis, for people."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.experiments.diagnosis.doctor import Diagnosis
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.metrics import COST_REDUCTION_NET
from coalesce_sim.numbers import number, percent, plural
from coalesce_sim.report.layout import print_wrapped
from coalesce_sim.scenario.schema import Scenario

_STYLES = {"problem": "bold red", "note": "bold"}


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print what was found, causes below what they cause, and the figures that were looked at."""
    scenario, figures = diagnosis.scenario, diagnosis.figures
    console.print(Text(f"{scenario.name}: {scenario.title}", "bold"), soft_wrap=True)
    console.print(
        f"{plural(len(diagnosis.metrics), 'replication')}, seed {diagnosis.seed}; "
        f"{plural(figures['tasks'], 'task')}, {_contractors(figures['contractors'])}, "
        f"{_policies(scenario)}\n"
    )
    problems = [each for each in diagnosis.findings if each.severity == "problem"]
    if not (diagnosis.findings or diagnosis.warnings or diagnosis.notes):
        console.print(Text("Nothing found.", "bold green"))
    elif not (problems or diagnosis.warnings):
        console.print(Text("Nothing wrong, but worth knowing:", "bold green"))
    for finding in diagnosis.findings:
        _print_finding(console, finding)
    for title, sentences in (("WARNING", diagnosis.warnings), ("NOTE", diagnosis.notes)):
        for sentence in sentences:
            console.print(Text(title, "bold"))
            print_wrapped(console, sentence, inset="  ")
    console.print(Text("\nWhat was looked at", "bold"))
    console.print(_figures_table(figures))


def _contractors(mean: float) -> str:
    whole = float(mean).is_integer()
    return plural(round(mean), "contractor") if whole else f"{number(mean, 1)} contractors on average"


def _policies(scenario: Scenario) -> str:
    """Who decides, for groups of clients too."""
    kinds = [str(getattr(each, "kind", None) or getattr(each, "class_", "")) for _, each in scenario.policies]
    several = len(set(kinds)) > 1
    return f"{'policies' if several else 'policy'} {', '.join(dict.fromkeys(kinds))}"


def _print_finding(console: Console, finding: Finding) -> None:
    """A finding under its code; a cause, whose code has a dot, further in."""
    inset = "  " if "." in finding.code else ""
    title = f"{inset}{finding.severity.upper()} {finding.code}"
    console.print(Text(title, _STYLES[finding.severity]), soft_wrap=True)
    print_wrapped(console, finding.sentence, inset=f"{inset}  ")
    if finding.settings:
        print_wrapped(console, f"look at: {', '.join(finding.settings)}", "dim", inset=f"{inset}  ")


def _figures_table(figures: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    for label, text in _rows(figures).items():
        table.add_row(Text(label), Text(text.replace(" %", "\u00a0%")))
    return table


def _rows(figures: dict[str, Any]) -> dict[str, str]:
    def of(name: str, decimals: int = 1) -> str:
        return number(figures[name], decimals)

    epsilon = figures["epsilon"]
    rows = {
        "outsourced": f"{of('outsourcing_rate')} % of tasks; {of('decided_rate')} % of decisions, "
        "exploration aside",
        "explored": f"{of('exploration_rate')} % of decisions"
        + ("" if epsilon is None else f"; ε = {epsilon:g}"),
        "for a decision": f"{of('offers_per_decision')} offers, {of('eligible_per_decision')} eligible; "
        f"in {of('cheaper_offer_rate', 0)} % an eligible one is estimated below home",
    }
    if figures["mean_best_score"] is not None:
        rows["best TOPSIS score"] = (
            f"{of('mean_best_score', 2)} on average; {of('near_half_rate', 0)} % near 0.5"
        )
    rows["estimates at home"] = _error(figures["estimates_home"])
    rows["estimates at contractors"] = _error(figures["estimates_contractors"])
    rows["cost reduction, honest"] = percent(figures["cost_reduction"])
    if COST_REDUCTION_NET in figures:
        rows["net of settlement"] = percent(figures[COST_REDUCTION_NET])
    rows["tasks that ended well"] = (
        f"{of('success_rate')} %; {of('all_local_success_rate')} % where all stay at home"
    )
    decimals = 0 if float(figures["contractors"]).is_integer() else 1  # others may enter in each replication
    rows["contractors"] = (
        f"{of('contractors', decimals)} a replication, {of('contractors_ever_eligible')} of them "
        f"ever eligible, {of('contractors_ever_hired')} ever hired"
    )
    if figures["contracts"]:
        parts = (f"{count:,} {how}" for how, count in figures["contracts"].items())
        rows["contracts"] = ", ".join(parts)
    rows["conservation"] = "tasks, money and capacity add up in every replication"
    return rows


def _error(error: dict[str, Any]) -> str:
    if not error["tasks"]:
        return "no task"
    return (
        f"{number(error['estimated_usd'])} USD a task, realised {number(error['realised_usd'])} (bias "
        f"{number(error['bias'], 1)} %, mean absolute error {number(error['mean_absolute_error'], 1)} %)"
    )
