"""The replication study as pictures: printed against ours and honest, and the cold start by day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import stdtrit

from coalesce_sim.experiments.published.cold_start import ColdStart
from coalesce_sim.experiments.published.study import Cell, Printed, Study
from coalesce_sim.numbers import number
from coalesce_sim.report.costs import saved
from coalesce_sim.report.look import BAND, BLUE, COLOURS, VERMILLION, mean_shown, our_style, page, save
from coalesce_sim.statistics.intervals import Estimate

NAMES = ("table.png", "cold_start.png")

METRIC_NAMES = {"cost_reduction_published": "cost reduction", "time_savings_published": "time savings"}

_GREEN = COLOURS[2]


def draw_figures(folder: Path, study: Study) -> list[str]:
    """Draw both figures into the folder and return their names."""
    with our_style():
        for name, figure in zip(NAMES, (_table_figure(study), _cold_start_figure(study)), strict=True):
            save(figure, folder / name)
    return list(NAMES)


def _table_figure(study: Study) -> Figure:
    agree = sum(cell.agrees and cell.agrees_resampled for cell in study.cells)
    cost = study.grand_mean["cost_reduction_published"]
    figure = page(
        f"{agree} of {len(study.cells)} printed figures agree with ours; of cost the same runs honestly "
        f"save {saved(study.metrics)}, not {number(cost.ours.mean, 0)} %",
        f"{mean_shown(study.replications, 'bars')}; seed {study.seed}",
        height_in=4.2,
    )
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (metric, name) in zip(panels, METRIC_NAMES.items(), strict=True):
        _draw_cells(axes, study.cells_of(metric))
        axes.set_xlabel(f"{name.capitalize()} (%)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_cells(axes: Axes, cells: Sequence[Cell]) -> None:
    y = np.arange(len(cells), dtype=float)
    rows = (
        (-0.22, [_printed(cell.printed) for cell in cells], VERMILLION, "s", "printed"),
        (0.0, [_mean(cell.ours) for cell in cells], BLUE, "o", "ours, the same metric"),
        (0.22, [_mean(cell.honest) for cell in cells], _GREEN, "D", "ours, honest"),
    )
    for shift, points, colour, marker, label in rows:
        axes.errorbar(
            [mean for mean, _ in points],
            y + shift,
            xerr=[half_width for _, half_width in points],
            color=colour,
            marker=marker,
            linestyle="none",
            elinewidth=1.2,
            label=label,
        )
    axes.set_yticks(y, [f"{cell.experiment}: {cell.days:g} d, {cell.clients} clients" for cell in cells])
    axes.set_ylim(len(cells) - 0.5, -0.5)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))


def _printed(value: Printed) -> tuple[float, float]:
    """Mean and half of the 95 % t interval."""
    return value.mean, float(stdtrit(value.n - 1, 0.975)) * value.sd / math.sqrt(value.n)


def _mean(value: Estimate) -> tuple[float, float]:
    return (
        math.nan if value.mean is None else value.mean,
        math.nan if value.half_width is None else value.half_width,
    )


def _cold_start_figure(study: Study) -> Figure:
    without = study.cold_start["cold_start"]
    first = without.days[0].outsourcing_rate.mean
    share = "nothing" if first == 0 else f"{number(first, 2)} %"
    steady = "never steady" if without.steady is None else f"steady from day {without.steady}"
    figure = page(
        f"Without exploration {share} is outsourced on day 1; the rate is {steady}",
        f"{mean_shown(without.replications, 'band')}; seed {study.seed}",
        height_in=2.9,
    )
    axes = figure.add_subplot()
    for name, label, colour, marker in (
        ("cold_start", "ε = 0", BLUE, "o"),
        ("cold_start_explore", "ε = 0.1", VERMILLION, "s"),
    ):
        _draw_days(axes, study.cold_start[name], label, colour, marker)
    axes.set_xlabel("Day (24 h from 08:00; day 1 is a Sunday)")
    axes.set_ylabel("Tasks outsourced (%)")
    axes.set_ylim(0, None)
    axes.set_xticks([each.day for each in without.days])
    axes.legend(frameon=False, loc="lower right")
    return figure


def _draw_days(axes: Axes, curve: ColdStart, label: str, colour: str, marker: str) -> None:
    days = [each.day for each in curve.days]
    points = [_mean(each.outsourcing_rate) for each in curve.days]
    mean = np.array([point[0] for point in points])
    half_width = np.array([point[1] for point in points])
    axes.fill_between(days, mean - half_width, mean + half_width, color=colour, alpha=BAND, linewidth=0)
    axes.plot(days, mean, color=colour, marker=marker, label=label)
