"""A calibration on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from coalesce_sim.arrays import FloatArray
from coalesce_sim.calibration.components import Component
from coalesce_sim.calibration.findings import NOTE, percent, remarks, verdict
from coalesce_sim.calibration.study import Calibration
from coalesce_sim.numbers import NOTHING, number, plural
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written


def print_calibration(console: Console, written: Written[Calibration]) -> None:
    """Print errors by component, what was fitted, what is left, and where the files are."""
    found = written.result
    console.print(Text(f"{found.before.name}: {found.before.title}", "bold"), soft_wrap=True)
    print_wrapped(
        console,
        f"{plural(len(found.runs), 'run')} of {found.runs.file}, {100 * found.hold_out:g} % held out: "
        f"{found.parted}",
    )
    shown = [each for each in found.components if not each.reason or each.checked]
    keys = [Column("", [each.name for each in shown], figures=False)]
    columns = [
        Column("runs", [number(each.runs, 0) if each.runs else NOTHING for each in shown]),
        Column("held out", [number(each.held_out.runs, 0) for each in shown]),
        Column("measured", [_mean(each.held_out.measured) for each in shown]),
        Column("predicted", [_mean(each.held_out.predicted) for each in shown]),
        Column("before, %", [percent(each.before.mean) for each in shown]),
        Column("error, %", [percent(each.after.mean) for each in shown]),
        Column("95 %", [_interval(each) for each in shown]),
    ]
    print_columns(console, keys, columns, ["red" if each in found.above else "" for each in shown])
    _print_figures(console, found)
    for told in remarks(found):
        print_wrapped(console, told, hang="  ")
    print_wrapped(console, NOTE, "dim")
    print_wrapped(console, verdict(found), f"bold {'red' if found.above else 'green'}")
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def _print_figures(console: Console, found: Calibration) -> None:
    figures = found.fitted
    keys = [Column("fitted", [each.name for each in figures], figures=False)]
    columns = [
        Column("stated", [number(each.stated) for each in figures]),
        Column("value", [number(each.value) for each in figures]),
        Column("95 % interval", [each.told_interval for each in figures]),
        Column("runs", [number(each.runs, 0) for each in figures]),
    ]
    print_columns(console, keys, columns)


def _mean(values: FloatArray) -> str:
    return number(float(values.mean())) if len(values) else NOTHING


def _interval(component: Component) -> str:
    ends = component.after.ci95
    return "" if ends is None else f"{percent(ends[0])} to {percent(ends[1])}"
