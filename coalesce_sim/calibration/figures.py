"""The picture of a calibration: predicted against measured, and errors before and after."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.calibration.components import Component
from coalesce_sim.calibration.study import Calibration
from coalesce_sim.numbers import plural
from coalesce_sim.report.look import (
    BAND,
    BLUE,
    GREY,
    VERMILLION,
    name_axis,
    our_style,
    page,
)

_UNITS: Final = {"s": "Seconds a run", "USD": "USD a run", "J": "Joules a run", "GB": "GB a run"}
_MOST_PANELS: Final = 3
_MOST_POINTS: Final = 1000
_LEAST: Final = 0.1
"""Percent: errors below are drawn here, on an axis of logarithms."""

_PANEL_IN, _ROW_IN, _AXIS_IN = 2.3, 0.2, 0.8


def draw(found: Calibration) -> Figure:
    """Panels of predicted against measured amounts of the runs held out, a unit each, above the errors of all
    components with their 95 % intervals."""
    shown = [each for each in found.components if each.checked]
    units = [unit for unit in _UNITS if any(_of_runs(each, unit) for each in shown)][:_MOST_PANELS]
    errors_in = _AXIS_IN + _ROW_IN * max(3, len(shown))
    panels_in = _PANEL_IN if units else 0.0
    with our_style():
        figure = page(_title(found, shown), _note(found), panels_in + errors_in)
        rows = figure.add_gridspec(
            2 if units else 1, 1, height_ratios=[panels_in, errors_in] if units else [1]
        )
        if units:
            panels = rows[0].subgridspec(1, len(units))
            for place, unit in enumerate(units):
                axes = figure.add_subplot(panels[place])
                _draw_predictions(axes, [each for each in shown if _of_runs(each, unit)], unit, found.limit)
        errors = figure.add_subplot(rows[-1])
        _draw_errors(errors, shown, found.limit)
        figure.legend(*errors.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _of_runs(component: Component, unit: str) -> bool:
    """Whether a component has predictions of single runs, in that unit."""
    held = component.held_out
    return component.unit == unit and held.runs > 0 and len(held.measured) == held.runs


def _draw_predictions(axes: Axes, shown: list[Component], unit: str, limit: float) -> None:
    """Every run held out, a mark each; of many, a thousand of a component."""
    seen: set[str] = set()
    for each in shown:
        at_home = each.name.endswith(" at home")
        step = -(-len(each.held_out.measured) // _MOST_POINTS)
        label = "home" if at_home else "contractors"
        look: dict[str, Any] = {"color": BLUE if at_home else VERMILLION, "marker": "o" if at_home else "s"}
        axes.plot(
            each.held_out.measured[::step],
            each.held_out.predicted[::step],
            linestyle="none",
            alpha=0.5,
            markersize=2.6,
            markeredgewidth=0,
            label=None if label in seen else label,
            rasterized=True,
            **look,
        )
        seen.add(label)
    both = np.concatenate([np.append(each.held_out.measured, each.held_out.predicted) for each in shown])
    positive = both[both > 0]
    ends = np.array([positive.min() / 1.3, positive.max() * 1.3])
    axes.plot(ends, ends, color=GREY, linewidth=0.8)
    share = limit / 100
    axes.fill_between(
        ends,
        (1 - share) * ends,
        (1 + share) * ends,
        color=GREY,
        alpha=BAND,
        linewidth=0,
        label=f"within {limit:g} %",
    )
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    axes.set_xlabel(f"{_UNITS[unit]}, measured")
    axes.set_ylabel(f"{_UNITS[unit]}, predicted")
    axes.legend(loc="upper left", handletextpad=0.3)


def _draw_errors(axes: Axes, shown: list[Component], limit: float) -> None:
    """Errors before and after, a row a component."""
    for place, each in enumerate(shown):
        if each.before.mean is not None:
            before = _drawn(each.before.mean)
            axes.plot(before, place, "o", color=GREY, fillstyle="none", label=None if place else "as stated")
        assert each.after.mean is not None
        colour = VERMILLION if each.above(limit / 100) else BLUE
        if each.after.ci95 is not None:
            axes.plot([_drawn(end) for end in each.after.ci95], [place, place], color=colour)
        marker = "D" if each.above(limit / 100) else "o"
        axes.plot(_drawn(each.after.mean), place, marker, color=colour)
    axes.plot([], [], "o-", color=BLUE, label="as fitted, 95 % interval")
    if any(each.above(limit / 100) for each in shown):
        axes.plot([], [], "D-", color=VERMILLION, label=f"as fitted, above {limit:g} %")
    axes.axvline(limit, color=GREY, linestyle="--", linewidth=0.8)
    name_axis(axes, [f"{each.name} ({each.held_out.runs:,})" for each in shown])
    axes.set_xscale("log")
    axes.set_xlim(left=0.8 * _LEAST)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(
        f"Error on runs held out, their number in brackets (%; {_LEAST:g} and less at {_LEAST:g})"
    )


def _drawn(share: float) -> float:
    return max(_LEAST, 100 * share)


def _title(found: Calibration, shown: list[Component]) -> str:
    limit = f"{found.limit:g} %"
    above = found.above
    if not shown:
        return "Nothing was held out that predictions could be held against"
    if not above:
        return f"Fitted to {plural(len(found.runs), 'run')}, all {len(shown)} components are within {limit}"
    named = ", ".join(each.name for each in above[:3]) + (" and others" if len(above) > 3 else "")
    within = len(shown) - len(above)
    return f"{within} of {len(shown)} components are within {limit}; not {named}"


def _note(found: Calibration) -> str:
    held = sum(each.held_out.runs for each in found.components if each.name.startswith("seconds"))
    return f"{found.before.name}; {100 * found.hold_out:g} % of the runs held out, {found.parted}" + (
        f"; {plural(held, 'run')} with seconds among them" if held else ""
    )
