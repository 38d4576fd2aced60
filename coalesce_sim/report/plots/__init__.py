"""Figures of tables of results, for notebooks (a DataFrame and an `Axes`) and for ``coalesce-sim plot``.

All have one look, colours that colour-blind readers tell apart, axes with units, and a title that says what
the intervals or tests show.
"""

from __future__ import annotations

from coalesce_sim.report.plots.heat_map import plot_heat_map
from coalesce_sim.report.plots.learning import plot_learning
from coalesce_sim.report.plots.lines import plot_lines
from coalesce_sim.report.plots.timeline import plot_timeline
from coalesce_sim.report.plots.tornado import plot_tornado

__all__ = ["plot_heat_map", "plot_learning", "plot_lines", "plot_timeline", "plot_tornado"]
