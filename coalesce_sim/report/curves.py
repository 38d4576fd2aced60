"""Curves over time: means over replications with their bands, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.numbers import number
from coalesce_sim.report.look import BAND, BLUE
from coalesce_sim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A mean over replications and its 95 % band, NaN where fewer than two replications tell; times in s."""

    time_s: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


def curve_of(time_s: FloatArray, values: FloatArray, *, share: bool = False) -> Curve:
    """The curve of (replications, times), shares in percent or not; NaN where a replication does not tell."""
    estimates = [estimate(each, share=share) for each in values.T.tolist()]

    def column(figures: Sequence[float | None]) -> FloatArray:
        return np.array([math.nan if figure is None else figure for figure in figures])

    return Curve(
        time_s,
        column([each.mean for each in estimates]),
        column([None if each.ci95 is None else each.ci95[0] for each in estimates]),
        column([None if each.ci95 is None else each.ci95[1] for each in estimates]),
    )


def draw(axes: Axes, curve: Curve, end_s: float, marker: str | None = None) -> None:
    """Draw a curve and its band over the time up to `end_s`."""
    scale_s, unit = time_unit(end_s)
    time = curve.time_s / scale_s
    axes.fill_between(time, curve.low, curve.high, color=BLUE, alpha=BAND, linewidth=0)
    axes.plot(time, curve.mean, color=BLUE, marker=marker)
    axes.set_xlabel(f"Time since the start ({unit})")
    axes.set_xlim(0, end_s / scale_s)


def last(curve: Curve) -> Estimate:
    """The last point of a curve, where it has one."""
    mean, low, high = (float(ends[-1]) for ends in (curve.mean, curve.low, curve.high))
    return Estimate(None if math.isnan(mean) else mean, None, None if math.isnan(low) else (low, high), n=1)


def trend(curve: Curve) -> str:
    """How the course of a mean in percent goes, as far as the intervals of its points do not overlap.

    From the first to the last point, unless the mean goes well beyond both in between: then how far.
    """
    first, last = float(curve.mean[0]), float(curve.mean[-1])
    lowest, highest = int(np.nanargmin(curve.mean)), int(np.nanargmax(curve.mean))
    dips = curve.high[lowest] < min(curve.low[0], curve.low[-1])
    peaks = curve.low[highest] > max(curve.high[0], curve.high[-1])
    if dips or peaks:
        ends = number(float(curve.mean[lowest]), 1), number(float(curve.mean[highest]), 1)
        return f", from time to time between {ends[0]} % and {ends[1]} %"
    if curve.low[-1] > curve.high[0]:
        return f", up from {number(first, 1)} % to {number(last, 1)} %"
    if curve.high[-1] < curve.low[0]:
        return f", down from {number(first, 1)} % to {number(last, 1)} %"
    return ""


def settled_range(curve: Curve) -> tuple[float, float]:
    """Limits that show the whole mean, and the band once a tenth of the time has passed."""
    settled = curve.time_s >= 0.1 * curve.time_s[-1]
    seen = np.concatenate([curve.mean, curve.low[settled], curve.high[settled], [0.0]])
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    margin = 0.08 * ((high - low) or 1.0)
    return low - margin, high + margin


def time_unit(end_s: float) -> tuple[float, str]:
    """Seconds a unit, and its name."""
    if end_s >= 2 * DAY_S:
        return DAY_S, "days"
    return (3600.0, "hours") if end_s >= 3 * 3600 else (60.0, "minutes")
