"""A calibration on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from coalesce_sim.arrays import FloatArray
from coalesce_sim.calibration.components import Component
from coalesce_sim.calibration.study import Calibration
from coalesce_sim.numbers import NOTHING, number, plural
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written

_NOTE = (
    "Measured, predicted: means over the runs held out (s, J, GB, USD; of spread what a tenth exceed). "
    "Errors, before and as fitted: mean of |predicted / measured − 1| with its 95 % interval; of spread, "
    "success and gaps that of the figure itself."
)


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
        Column("before, %", [_percent(each.before.mean) for each in shown]),
        Column("error, %", [_percent(each.after.mean) for each in shown]),
        Column("95 %", [_interval(each) for each in shown]),
    ]
    print_columns(console, keys, columns, ["red" if each in found.above else "" for each in shown])
    _print_figures(console, found)
    for told in _remarks(found):
        print_wrapped(console, told, hang="  ")
    print_wrapped(console, _NOTE, "dim")
    told, colour = _verdict(found)
    print_wrapped(console, told, f"bold {colour}")
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


def _remarks(found: Calibration) -> Iterator[str]:
    """What is to be known besides, a sentence a line."""
    yield from found.notes
    for each in found.components:
        if each.reason:
            stays = f"{each.name}: not fitted, stays as stated: {each.reason}"
            yield stays
        elif not each.checked:
            yield f"{each.name}: no run is held out that it could be held against"
        yield from (f"{each.name}: {note}" for note in each.notes)


def _verdict(found: Calibration) -> tuple[str, str]:
    """Whether all that was held against runs is within the limit, and what is not."""
    limit = f"{found.limit:g} %"
    if not found.above:
        checked = sum(each.checked for each in found.components)
        return f"All {plural(checked, 'component')} that could be checked are within {limit}.", "green"
    named = [
        f"{each.name} ({_percent(each.after.mean)} %{_doubt(each, found.limit)})" for each in found.above
    ]
    return f"Above {limit}: {', '.join(named)}.", "red"


def _doubt(component: Component, limit: float) -> str:
    ends = component.after.ci95
    if ends is None:
        return ", of too few runs for an interval"
    return ", though its interval reaches below" if 100 * ends[0] <= limit else ""


def _mean(values: FloatArray) -> str:
    return number(float(values.mean())) if len(values) else NOTHING


def _percent(share: float | None) -> str:
    return NOTHING if share is None else number(100 * share, 1)


def _interval(component: Component) -> str:
    ends = component.after.ci95
    return "" if ends is None else f"{_percent(ends[0])} to {_percent(ends[1])}"
