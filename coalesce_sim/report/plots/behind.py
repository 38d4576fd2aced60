"""The points behind a figure, as a table for those who want the numbers."""

from __future__ import annotations

import pandas as pd

from coalesce_sim.report.plots.heat_map import HeatMap
from coalesce_sim.report.plots.learning import LearningCurves
from coalesce_sim.report.plots.plot import Plot
from coalesce_sim.report.plots.series import Series
from coalesce_sim.report.plots.timeline import TimeCurve
from coalesce_sim.report.plots.tornado import Tornado


def points_behind(plot: Plot) -> pd.DataFrame:
    """A row a point: where it is, its mean, and the ends or the half of its 95 % interval."""
    match plot:
        case Series() | HeatMap():
            return plot.points.table
        case LearningCurves() | Tornado():
            return plot.table
        case TimeCurve(curve=curve):
            columns = {"time_s": curve.time_s, "mean": curve.mean, "low": curve.low, "high": curve.high}
            return pd.DataFrame(columns)
        case _:
            raise AssertionError(f"{type(plot).__name__}: no points are known of it")
