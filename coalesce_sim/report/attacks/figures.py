"""A study of attacks as pictures: the matrix of gain and harm, and both over what is varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from coalesce_sim.attacks.results import DRAWN, AttackStudy, Place
from coalesce_sim.metrics import METRICS
from coalesce_sim.numbers import number
from coalesce_sim.report.attacks.findings import bent, headline
from coalesce_sim.report.attacks.names import names
from coalesce_sim.report.look import (
    BAND,
    GREY,
    NOTE_PT,
    PAGE_IN,
    label_ends,
    looks,
    mean_shown,
    our_style,
    page,
    save,
    value_axis,
)

MATRIX, CURVE = "matrix.png", "curve.png"

_COLOURS = "PuOr_r"
"""Orange above 0, purple below: colour-blind readers tell them apart, and 0 is white."""

_CELL_IN, _LETTER_IN = 0.4, 0.062
_PANEL_IN, _CURVE_IN = 0.75, 2.6
_TEXT_PT = 6.5
_DARK = 0.3
"""Colours further from the middle of their scale are dark: their text is white."""


def draw_figures(folder: Path, study: AttackStudy) -> list[str]:
    """Draw the figures into the folder and return their names."""
    with our_style():
        drawn = {MATRIX: _matrix(study)}
        if study.curves:
            drawn[CURVE] = _curves(study)
        for name, figure in drawn.items():
            save(figure, folder / name)
    return list(drawn)


def _matrix(study: AttackStudy) -> Figure:
    """A row of two maps a policy: what attacks gain, and what they cost the market."""
    policies, attacks = list(study.asked.policies), study.asked.attacks
    called = names(study)
    scenario = study.asked.scenario
    note = (
        f"{scenario.name}, seed {study.seed}; {mean_shown(study.replications, '±')}; white, in brackets: not "
        "shown to differ from 0 (Holm)"
    )
    height_in = len(policies) * (_PANEL_IN + _CELL_IN * len(attacks))
    figure = page(headline(study), note, height_in)
    panels: Any = figure.subplots(len(policies), len(DRAWN), squeeze=False, sharey=True)
    scales = {name: _scale(study, name) for name in DRAWN}
    for row, policy in enumerate(policies):
        for axes, metric in zip(panels[row], DRAWN, strict=True):
            _map(axes, study, policy, metric, scales[metric], called)
            head = f"{METRICS[metric].axis}, {policy}" if len(policies) > 1 else METRICS[metric].axis
            axes.set_title(head, fontsize=NOTE_PT, parse_math=False)
            axes.tick_params(labelbottom=row == len(policies) - 1)
    return figure


def _scale(study: AttackStudy, metric: str) -> TwoSlopeNorm:
    """The same colours for all policies, and white for 0."""
    means = [abs(each.estimates[metric].mean or 0.0) for each in study.of_attacks]
    largest = max(means) or 1.0
    return TwoSlopeNorm(0.0, -largest, largest)


def _map(
    axes: Axes, study: AttackStudy, policy: str, metric: str, scale: TwoSlopeNorm, called: Mapping[str, str]
) -> None:
    attacks, defences = (
        [each.label for each in part] for part in (study.asked.attacks, study.asked.defences)
    )
    tested = [[study.contrasts[metric][policy, a, d] for d in defences] for a in attacks]
    means = np.array([[each.difference.mean if each.shown else np.nan for each in row] for row in tested])
    axes.imshow(means, cmap=_COLOURS, norm=scale, aspect="auto", interpolation="nearest")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_yticks(range(len(attacks)), [called[each] for each in attacks], parse_math=False)
    most = max(len(called[each]) for each in defences)
    slanted = len(defences) * most * _LETTER_IN > 0.35 * PAGE_IN
    axes.set_xticks(
        range(len(defences)),
        [called[each] for each in defences],
        rotation=25 if slanted else 0,
        ha="right" if slanted else "center",
        rotation_mode="anchor" if slanted else None,
        parse_math=False,
    )
    for row, column in np.ndindex(means.shape):
        told, mean = _cell(study, (policy, attacks[row], defences[column]), metric), means[row, column]
        shown = not np.isnan(mean)
        dark = shown and abs(float(scale(mean)) - 0.5) > _DARK
        axes.text(
            column,
            row,
            told if shown else f"({told})",
            color="white" if dark else "black" if shown else GREY,
            fontsize=_TEXT_PT,
            ha="center",
            va="center",
            linespacing=1.1,
        )


def _cell(study: AttackStudy, place: Place, metric: str) -> str:
    """A mean, and below it half of its interval."""
    value = study.at[place].estimates[metric]
    half = value.half_width
    largest = max(abs(value.mean or 0.0), half or 0.0)
    decimals = 0 if largest >= 100 else 1 if largest >= 10 else 2
    return number(value.mean, decimals) + (f"\n±{number(half, decimals)}" if half else "")


def _curves(study: AttackStudy) -> Figure:
    """Gain and harm over what is varied: a line for each attack, defence and policy."""
    assert study.asked.varied is not None
    lines = list(study.curves)
    called = names(study)
    labels = _line_labels(study, lines, called)
    levels = np.array(study.asked.varied.levels)
    scenario = study.asked.scenario
    note = f"{scenario.name}, seed {study.seed}; {mean_shown(study.replications, 'bands')}"
    figure = page(bent(study), note, 2 * _CURVE_IN)
    panels: Any = figure.subplots(len(DRAWN), 1, sharex=True)
    for axes, metric in zip(panels, DRAWN, strict=True):
        ends, colours = [], []
        for place, (colour, marker, style) in zip(lines, looks(labels, ()), strict=True):
            found = [each.estimates[metric] for each in study.curves[place]]
            mean = np.array([each.mean or 0.0 for each in found])
            half = np.array([each.half_width or 0.0 for each in found])
            axes.fill_between(levels, mean - half, mean + half, color=colour, alpha=BAND, linewidth=0)
            axes.plot(levels, mean, color=colour, marker=marker, linestyle=style)
            bend = study.bends[place, metric]
            if bend is not None:
                axes.axvspan(*bend.at_ci95, color=colour, alpha=BAND / 2, linewidth=0)
            ends.append(float(mean[-1]))
            colours.append(colour)
        value_axis(axes, METRICS[metric].axis, along="y")
        label_ends(axes, "", labels, ends, colours)
    varied = study.asked.varied
    panels[-1].set_xlabel("Share of those who cheat" if varied.of_share else varied.path, parse_math=False)
    return figure


def _line_labels(study: AttackStudy, lines: Sequence[Place], called: Mapping[str, str]) -> list[str]:
    """What tells the lines apart: of policy, attack and defence those that differ."""
    asked = study.asked
    several = [len(asked.policies) > 1, len(asked.attacks) > 1, len(asked.defences) > 1]
    told = [
        ", ".join(called.get(part, part) for part, differs in zip(place, several, strict=True) if differs)
        for place in lines
    ]
    return [each or called[lines[0][1]] for each in told]
