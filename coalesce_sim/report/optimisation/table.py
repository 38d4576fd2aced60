"""A search on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from coalesce_sim.metrics import describe
from coalesce_sim.numbers import NOTHING, number, plural, with_half_width
from coalesce_sim.optimisation.result import Optimisation, Validation
from coalesce_sim.optimisation.search import Figures, Trial
from coalesce_sim.optimisation.space import shown
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.optimisation.findings import NOTE, VERDICTS, compared
from coalesce_sim.report.results_folder import Written

_HEADLINES = {
    "not shown": ("The best of the search, not shown to keep all constraints", "yellow"),
    "violated": ("The best of the search, which breaks a constraint", "red"),
}


def print_optimisation(console: Console, written: Written[Optimisation]) -> None:
    """Print what was found, what it is worth on fresh seeds, and where the files are."""
    found = written.result
    asked, scenario = found.question, found.question.own
    console.print(Text(f"{scenario.name}: {scenario.title}", "bold"), soft_wrap=True)
    by = " (compiled core, where it covers the setting)" if found.core.core == "compiled" else ""
    print_wrapped(
        console,
        f"{asked.goal.text} over {', '.join(axis.name for axis in asked.axes)}: "
        f"{plural(len(found.trials), 'trial')} of {plural(found.replications, 'replication')}, "
        f"seed {asked.plan.seed}, in {number(written.wall_s)} s{by}",
    )
    for constraint in asked.constraints:
        read = f" ({constraint.written} is read as a share)" if constraint.read_as_share else ""
        console.print(Text(f"subject to {constraint.text}{read}"))
    if found.failed:
        first = found.failed[0]
        console.print(
            Text(
                f"{plural(len(found.failed), 'trial')} failed; trial {first.number}, {shown(first.setting)}: "
                f"{first.error}",
                "red",
            )
        )
    if found.best is None:
        _print_infeasible(console, found)
    elif found.validation is not None:
        _print_found(console, found, found.best, found.validation)
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def _print_infeasible(console: Console, found: Optimisation) -> None:
    constraints = found.question.constraints
    if not constraints or found.closest is None:
        console.print(Text("\nNo trial came to a figure of all the metrics that decide.", "red"))
        return
    console.print(Text("\nNo trial keeps all constraints. The closest:", "red"))
    console.print(Text(shown(found.closest.setting), "bold"))
    for name in found.question.told:
        console.print(Text(f"  {name} {_figure(found.closest.figures, name)}"))


def _print_found(console: Console, found: Optimisation, best: Trial, validation: Validation) -> None:
    asked = found.question
    headline, colour = _HEADLINES.get(found.outcome, ("Best", ""))
    console.print(Text(f"\n{headline}: {shown(best.setting)}", f"bold {colour}"))
    if validation.error is not None:
        console.print(Text(f"It could not be validated on seed {validation.seed}: {validation.error}", "red"))
        return
    played = {
        f"search,\nseed {asked.plan.seed}, n = {found.replications}": best.figures,
        f"validated,\nseed {validation.seed}, n = {validation.replications}": validation.best,
        f"own settings,\nseed {validation.seed}, n = {validation.replications}": validation.own,
    }
    columns = [
        Column(heading, [_figure(figures, name) for name in asked.told])
        for heading, figures in played.items()
    ]
    print_columns(console, [Column("", [_named(name) for name in asked.told], figures=False)], columns)
    print_wrapped(console, compared(asked.goal, validation.difference, validation.saved_more))
    for constraint, verdict in zip(asked.constraints, validation.verdicts, strict=True):
        told, colour = VERDICTS[verdict]
        print_wrapped(console, f"{constraint.text}: {told}", colour)
    if (several := len(asked.constraints)) > 1:
        told = f"{100 - 5 / several:.4g} % intervals, so that all {several} verdicts hold together at 95 %"
        print_wrapped(console, f"Constraints are judged by {told}.", "dim")
    print_wrapped(console, NOTE, "dim")


def _figure(figures: Figures, name: str) -> str:
    return with_half_width(figures[name]) if name in figures else NOTHING


def _named(name: str) -> str:
    unit = describe(name).unit
    return f"{name}, {unit}" if unit else name
